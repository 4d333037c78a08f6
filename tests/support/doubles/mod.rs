//! Doubles of the vendors in the test's own process: HTTP servers on loopback, and a warehouse that speaks NATS.
//!
//! They speak the vendors' wire formats and keep books of what they applied. They share no code
//! with the hub's connectors: two readings of a vendor's documentation that agree are worth more
//! than one that agrees with itself.

pub(crate) mod easypost;
pub(crate) mod easypost_wire;
pub(crate) mod faults;
pub(crate) mod graph;
pub(crate) mod mollie;
pub(crate) mod post;
pub(crate) mod server;
pub(crate) mod shop;
pub(crate) mod shop_refunds;
pub(crate) mod shop_stock;
pub(crate) mod signing;
pub(crate) mod stripe;
pub(crate) mod stripe_account;
mod stripe_balance;
pub(crate) mod stripe_wire;
pub(crate) mod wms;
pub(crate) mod woo;
