//! Stock: the lane that writes it, and the reads.

mod book;
mod lane;
mod pauses;
mod statement;

pub use lane::PgStockLane;
