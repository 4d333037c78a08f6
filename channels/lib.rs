//! Everything that speaks someone else's protocol.
//!
//! A connector translates and calls; it decides nothing, keeps nothing and knows neither actors nor
//! tables. One folder per connector, one line per connector in its family's registry.

#![deny(missing_docs)]

pub mod canonical;
pub mod carriers;
pub mod conformance;
pub mod imports;
mod json;
mod key_ring;
mod measured;
pub mod outbound;
pub mod payments;
pub mod port;
mod public_key;
pub mod registry;
mod rows;
pub mod sales;
pub mod settings;
pub mod settlement;
mod signature;
mod spare;
pub mod specimen;
mod standard_webhooks;
mod token;
#[cfg(test)]
mod traps;
pub mod warehouses;
mod wire;
