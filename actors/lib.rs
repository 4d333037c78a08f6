//! Processes and supervision: the node, its shards and their live orders, locations, partners and
//! commit lanes.
//!
//! Actors carry; they decide nothing. What an order or a location does with a message is
//! `orderhub-domain`'s business, what a partner's wire looks like is `orderhub-channels`', what
//! SQL says is the store's.

pub mod api;
pub mod ports;
