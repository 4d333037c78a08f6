//! The store against a real Postgres.

#[path = "../contract/mod.rs"]
mod contract;
#[path = "../support/postgres.rs"]
mod postgres;

mod proxy;
mod store_contract;
mod store_unknown;
mod world;
