//! What an order is and what may happen to it.
//!
//! The pure core of the hub: no I/O, no clock, no randomness, no iteration over hash maps. Time,
//! stock and policy come in as arguments; events and effects come out as values.

#![deny(missing_docs)]

pub mod append;
pub mod canonical;
pub mod customs;
pub mod drift;
pub mod ids;
pub mod money;
pub mod order;
pub mod places;
pub mod policy;
pub mod quantity;
pub mod settlement;
pub mod simulation;
pub mod sourcing;
pub mod stock;
