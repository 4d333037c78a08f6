//! The seam to the list of orders, which a trailing reader of the log keeps.

use async_trait::async_trait;
use orderhub_actors::ports::Unavailable;

use crate::store::{OrderFilter, OrderPage};

/// The list of orders.
#[async_trait]
pub trait OrderList: Send + Sync {
    /// At most `filter.limit` orders, newest first.
    async fn list(&self, filter: &OrderFilter) -> Result<OrderPage, Unavailable>;
}
