//! The shell of the hub: configuration, HTTP, command line, telemetry, the store and the
//! composition root.
//!
//! No rule about orders lives here; those are `orderhub-domain`'s. What runs lives in
//! `orderhub-actors`, what others' protocols look like in `orderhub-channels`.

pub mod audit;
pub mod bus;
pub mod cli;
pub mod config;
pub mod console;
pub mod dev;
pub mod events;
pub mod http;
pub mod imports;
pub mod intake;
pub mod serve;
pub mod settlement;
pub mod sim;
pub mod stock_feeds;
pub mod store;
pub mod telemetry;
pub mod views;
