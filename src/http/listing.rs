//! The seam to the list of orders, which a trailing reader of the log keeps.

use async_trait::async_trait;
use orderhub_actors::ports::Unavailable;
use orderhub_domain::ids::ChannelId;
use orderhub_domain::order::Stage;
use tokio::sync::watch;

use crate::store::{OrderFilter, OrderPage};

/// The list of orders.
#[async_trait]
pub trait OrderList: Send + Sync {
    /// At most `filter.limit` orders, newest first.
    async fn list(&self, filter: &OrderFilter) -> Result<OrderPage, Unavailable>;

    /// How many orders are in each stage that somebody still works on; all channels, or one.
    async fn in_hand(&self, channel: Option<ChannelId>) -> Result<Vec<(Stage, u64)>, Unavailable>;

    /// Marks each change of the list.
    fn changes(&self) -> watch::Receiver<()>;
}
