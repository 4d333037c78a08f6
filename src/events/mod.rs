//! Committed entries of the logs as everybody outside sees them: the same message with the same id on
//! the bus, over the API and in the console.
//!
//! `cloud_event` makes the message, `position` says how far somebody has read, `pages` reads what comes
//! after a position, and `feed` tells those who watch what has just been committed. What the bus has
//! is the business of `bus`.

pub(crate) mod cloud_event;
pub mod feed;
mod pages;
pub mod position;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use orderhub_actors::ports::Unavailable;
use orderhub_domain::ids::OrderId;

use crate::store::{Log, Logged};

pub use feed::{Feed, Watch};
pub use pages::LARGEST_PAGE;
pub use position::Position;

/// The place of the last entry of each log.
pub type Places = BTreeMap<Log, i64>;

/// The logs, as those who watch read them.
#[async_trait]
pub trait Logs: Send + Sync {
    /// Every log that has entries, and maybe others.
    async fn all(&self) -> Result<Vec<Log>, Unavailable>;

    /// Where these logs end.
    async fn ends(&self, logs: &[Log]) -> Result<Places, Unavailable>;

    /// The entries after these places, at most `most` of each log, each log's in order.
    async fn after(&self, places: &Places, most: i64) -> Result<Vec<Logged>, Unavailable>;

    /// The logs that have grown on this node since the last call.
    fn take_grown(&self) -> Vec<Log>;

    /// Part of every message's id; a restore from a backup raises it.
    async fn generation(&self) -> Result<i32, Unavailable>;
}

/// An entry as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The log that it stands in.
    pub log: Log,
    /// Its place there.
    pub seq: i64,
    /// `order.received.v1`, without the prefix of the type.
    pub kind: String,
    /// The order that it is about, if it is about one.
    pub order: Option<OrderId>,
    /// The channel of an order's event.
    pub channel: Option<String>,
    /// The `CloudEvent`, as the bus has it.
    pub body: Bytes,
}

/// Entries in the order of their commits, and how far one has read with them.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The entries.
    pub told: Vec<Told>,
    /// After the last of them.
    pub position: Position,
}
