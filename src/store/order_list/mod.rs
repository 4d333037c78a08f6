//! Lists of orders: a read model, written by a trailing reader of the log within a second.
//!
//! It is for finding orders. What an order is, its row and its log say.

mod query;
mod trail;

pub use query::{OrderFilter, OrderListing, OrderPage};
