//! Stock: the lane that writes it, and the reads.

mod book;
mod columns;
mod lane;
mod logbook;
mod pauses;
mod quotas;
mod statement;

pub use lane::PgStockLane;
