//! The contract, kept by Postgres.

use crate::contract::store_contract;

store_contract!(crate::world::Database::new);
