//! What the routes stand on: the hub's front door and the few things beside it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use orderhub_actors::api::HubApi;
use orderhub_actors::ports::Journal;
use orderhub_domain::ids::{ChannelId, OrderId, Slug};
use orderhub_domain::order::{Order, Recorded};
use orderhub_domain::policy::Policy;
use tokio::sync::Semaphore;

use super::auth::Keys;
use super::copies::WebhookCopies;
use super::hooks::Hooks;
use super::keys::Key;
use super::listing::OrderList;
use super::messages::Messages;
use super::problem::Problem;
use super::requests::Requests;
use super::streams::Streams;
use crate::events::Feed;
use crate::intake::Desk;
use crate::settlement::{Payer, Payouts};
use crate::stock_feeds::StockFeeds;

/// How many files are in memory at once; further ones wait at the door.
const FILES_AT_ONCE: usize = 2;

/// Room for files that are read in.
pub struct Rooms {
    /// For payout files.
    pub payouts: Semaphore,
    /// For pieces of files with orders of the past.
    pub pasts: Semaphore,
}

impl Default for Rooms {
    fn default() -> Self {
        Self {
            payouts: Semaphore::new(FILES_AT_ONCE),
            pasts: Semaphore::new(FILES_AT_ONCE),
        }
    }
}

/// What the routes stand on.
pub struct Edge {
    /// The front door.
    pub hub: Arc<dyn HubApi>,
    /// Personal data and parked messages.
    pub journal: Arc<dyn Journal>,
    /// The list of orders.
    pub list: Arc<dyn OrderList>,
    /// API keys.
    pub keys: Keys,
    /// Takes orders in the canonical form; knows the channels.
    pub desk: Arc<Desk>,
    /// Connections whose webhooks are taken.
    pub hooks: Hooks,
    /// Where copies of webhooks go.
    pub webhooks: Arc<dyn WebhookCopies>,
    /// Webhooks and parked messages, as operators look through them.
    pub messages: Arc<dyn Messages>,
    /// Payout files and their lines.
    pub payouts: Arc<dyn Payouts>,
    /// Connections that pay out, by slug: their kinds, and their channels if they are one.
    pub payers: BTreeMap<Slug, Payer>,
    /// Room for files: no more are in memory at once.
    pub rooms: Rooms,
    /// Stock that outside systems speak of.
    pub stock_feeds: StockFeeds,
    /// What was answered to requests that belong to no order.
    pub requests: Requests,
    /// What has just been committed.
    pub feed: Feed,
    /// Answers that go on.
    pub streams: Streams,
    /// The rules in force.
    pub policy: Policy,
    /// Renders the metrics.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// The hub has accepted orders at least once.
    pub started: AtomicBool,
}

impl Edge {
    /// An order and its log, if this key may see it. Another channel's order is as unknown as one
    /// that does not exist, and takes as long to find out.
    pub async fn visible(
        &self,
        key: &Key,
        order: OrderId,
    ) -> Result<(Order, Vec<Recorded>), Problem> {
        self.hub
            .order(order)
            .await?
            .filter(|(order, _)| self.may_see(key, order.channel))
            .ok_or_else(Problem::not_found)
    }

    /// Refuses what the key may not see; free for keys without a channel.
    pub async fn check_visible(&self, key: &Key, order: OrderId) -> Result<(), Problem> {
        if key.channel.is_some() {
            self.visible(key, order).await?;
        }
        Ok(())
    }

    /// Whether a key may see orders of a channel.
    pub fn may_see(&self, key: &Key, channel: ChannelId) -> bool {
        key.channel.as_ref().is_none_or(|bound| {
            let known = self.desk.channels.get(bound);
            known.is_some_and(|known| known.id == channel)
        })
    }

    /// Whether orders are accepted now; remembers that they once were.
    pub fn ready(&self) -> bool {
        let ready = self.hub.ready();
        if ready {
            self.started.store(true, Ordering::Relaxed);
        }
        ready
    }
}
