//! The store against a real Postgres.

#[path = "../contract/mod.rs"]
mod contract;
#[path = "../support/postgres.rs"]
mod postgres;

mod store_contract;
mod world;
