//! The seam to the list of orders, which a trailing consumer of the log keeps.

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_actors::ports::Unavailable;
use orderhub_domain::ids::{ChannelId, OrderId, Sku, Slug};
use orderhub_domain::money::Money;
use orderhub_domain::order::Stage;

/// Which orders to list. All conditions must hold; the newest order comes first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// At this stage.
    pub stage: Option<Stage>,
    /// Of this channel.
    pub channel: Option<ChannelId>,
    /// With a line of this SKU.
    pub sku: Option<Sku>,
    /// With a hold in force of this reason; `any` is any hold.
    pub hold: Option<String>,
    /// Whose number, external id or id is or begins with this text.
    pub q: Option<String>,
    /// Changed after this moment.
    pub updated_after: Option<Timestamp>,
    /// Older than this order: where the page before ended. Ids sort by the time of receipt.
    pub before: Option<OrderId>,
    /// At most so many.
    pub limit: u16,
}

/// An order in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedOrder {
    /// Its id.
    pub id: OrderId,
    /// Its channel's slug.
    pub channel: Slug,
    /// The channel's id of it.
    pub external_id: String,
    /// The number that people use.
    pub number: Option<String>,
    /// Its version when the list was written.
    pub version: u64,
    /// Where it is in its life.
    pub stage: Stage,
    /// It is test data.
    pub test: bool,
    /// When the buyer placed it.
    pub placed_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// What the buyer owes.
    pub total: Money,
    /// Holds in force.
    pub holds: u32,
}

/// The list of orders.
#[async_trait]
pub trait OrderList: Send + Sync {
    /// At most `query.limit` orders, newest first.
    async fn list(&self, query: &ListQuery) -> Result<Vec<ListedOrder>, Unavailable>;
}
