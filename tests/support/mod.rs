//! What the live scenarios share: a database, the vendors' doubles, the real binary, and the books
//! that are compared afterwards.
//!
//! Nothing here uses the hub's own parsers, signers or state machines: what proves the hub must not
//! be built from its parts. Only the outside contract (`docs/interface.md`) is known here.

pub(crate) mod api;
pub(crate) mod board;
pub(crate) mod books;
pub(crate) mod checker;
pub(crate) mod demo;
pub(crate) mod doubles;
pub(crate) mod hub;
pub(crate) mod inbox;
pub(crate) mod journey;
pub(crate) mod lives;
pub(crate) mod nats;
pub(crate) mod operator;
pub(crate) mod orders;
pub(crate) mod patience;
pub(crate) mod postgres;
pub(crate) mod prometheus;
pub(crate) mod shopify;
pub(crate) mod sim;
pub(crate) mod world;
