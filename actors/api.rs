//! The hub's front door, as the edges (HTTP, command line, later the inbox) see it.
//!
//! Every answer that says "done" is given after the commit. What the edges send has been verified
//! and parsed; who may send it is the edge's business.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use orderhub_channels::port::Inbound;
use orderhub_domain::canonical::Submission;
use orderhub_domain::ids::{ChannelId, LocationCode, OrderId, Sku, Slug};
use orderhub_domain::order::{Asked, Fact, Order, Places, Recorded, Rejection, Request};
use orderhub_domain::quantity::Quantity;
use orderhub_domain::stock::{Counters, StockCommand, Taken};

use crate::past::{self, NewPast, PastSource};
use crate::ports::Pause;

/// The front door.
#[async_trait]
pub trait HubApi: Send + Sync {
    /// Whether orders are accepted now.
    fn ready(&self) -> bool;

    /// Records a new order, or recognises it. Never decided twice, whoever asks how often at once.
    async fn place(&self, order: NewOrder) -> Result<Placed, HubError>;

    /// Records orders of the past; the answers stand in their order. Nothing is done about any of them.
    async fn import(
        &self,
        source: PastSource,
        orders: Vec<NewPast>,
    ) -> Result<Vec<past::Recorded>, HubError>;

    /// Carries out a request about an order.
    async fn command(&self, order: OrderId, asked: Asked, actor: String) -> Result<Done, HubError>;

    /// Takes what a verified webhook said. `source` names the connection: `payments/stripe-eu`.
    async fn inbound(&self, delivery: Delivery) -> Result<Receipt, HubError>;

    /// Takes a report about an order that is known. It may be applied, known already, or ignored.
    async fn report(&self, order: OrderId, actor: &str, fact: Fact) -> Result<(), HubError>;

    /// An order and its log, as committed. Never wakes it.
    async fn order(&self, order: OrderId) -> Result<Option<(Order, Vec<Recorded>)>, HubError>;

    /// Takes what somebody says about a location's stock: what was counted, what a feed says, what is
    /// to come, what came.
    async fn tell_stock(
        &self,
        location: LocationCode,
        command: StockCommand,
    ) -> Result<Said, HubError>;

    /// Sets what was counted at a location.
    async fn count(
        &self,
        location: LocationCode,
        sku: Sku,
        on_hand: i64,
        buffer: Option<i64>,
    ) -> Result<Counters, HubError> {
        let command = StockCommand::Count {
            sku,
            on_hand,
            buffer,
            backorder_limit: None,
            unpicked: Vec::new(),
        };
        let said = self.tell_stock(location, command).await?;
        Ok(said.counters)
    }

    /// Says that a location takes no new work or takes some again, and why. Open work that
    /// has not begun goes to others. Answers whether that is news.
    async fn pause(
        &self,
        location: LocationCode,
        paused: bool,
        change: Pause,
    ) -> Result<bool, HubError>;

    /// Since when and why a location takes no new work.
    fn pause_of(&self, location: &LocationCode) -> Option<Pause>;

    /// Locations and their stock, as last heard: what an order may look at.
    fn places(&self) -> Arc<dyn Places + Send + Sync>;

    /// The counters of a SKU at every location.
    async fn stock(&self, sku: Sku) -> Result<Vec<(LocationCode, Counters)>, HubError>;
}

/// What became of what somebody said about stock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Said {
    /// The counters of the SKU that it was about afterwards; none of a feed.
    pub counters: Counters,
    /// Whether it stands.
    pub taken: Taken,
}

/// An order to record.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// The channel.
    pub channel: ChannelId,
    /// Its slug.
    pub channel_slug: Slug,
    /// The connection is live: test orders are recorded and nothing else.
    pub live_connection: bool,
    /// The order.
    pub submission: Submission,
    /// Units per line that the channel still wants, where it had taken others out before.
    pub wanted: BTreeMap<String, Quantity>,
    /// Hexadecimal SHA-256 of the canonical value of the body.
    pub body_hash: String,
    /// How its repeat is recognised, when the sender gave an idempotency key.
    pub request: Option<Request>,
    /// Who: `channel:<slug>`, `key:<name>` or `inbox`.
    pub actor: String,
}

/// A recorded order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its id.
    pub order: OrderId,
    /// It was there before; this is the same order again.
    pub repeated: bool,
    /// This answers an earlier request with the same key.
    pub replayed: bool,
    /// The first event, from which the answer is built.
    pub received: Recorded,
}

impl Placed {
    /// Whether this request, or the earlier one with its key, made the order.
    pub fn is_made_by(&self, request: Option<&Request>) -> bool {
        let maker = self.received.event.request();
        let same_key = |one: &Request, other: &Request| one.command_id == other.command_id;
        !self.repeated || maker.zip(request).is_some_and(|(m, r)| same_key(m, r))
    }
}

/// A request that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The order.
    pub order: OrderId,
    /// The order's version after it, or after its first time.
    pub version: u64,
    /// It was carried out before; this is the same answer again.
    pub repeated: bool,
}

/// What a verified webhook said, with what is needed to keep it.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The connection: `sales/shop-de`, `payments/stripe-eu`, `carriers/easypost`.
    pub source: String,
    /// The connection's slug.
    pub slug: Slug,
    /// The channel, for sales.
    pub channel: Option<ChannelId>,
    /// The connection is live: facts marked as test change nothing.
    pub live: bool,
    /// What it said.
    pub items: Vec<Inbound>,
    /// The raw body, kept (encrypted) when an item must wait or cannot be applied.
    pub body: Vec<u8>,
    /// Headers that reading it again needs, and [`KEPT_QUERY`]; no signatures.
    pub headers: std::collections::BTreeMap<String, String>,
}

/// The name under which a webhook's query stands among its kept headers: some vendors say there what a
/// webhook is about. It is part of what tells messages of the same body apart.
pub const KEPT_QUERY: &str = "x-orderhub-query";

/// What became of a webhook, to be answered and to be looked up later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// In one word.
    pub received: Received,
    /// Why a part of it changed nothing: `no_order`, `unknown_topic:<topic>`, `unreadable: ...`.
    pub reason: Option<String>,
    /// The order that it reached, the first one if there were several.
    pub order: Option<OrderId>,
    /// The parked messages that those of its parts would be, or were, which reached their order.
    pub applied: Vec<uuid::Uuid>,
}

impl Receipt {
    /// Of a delivery that says nothing.
    pub(crate) const fn empty() -> Self {
        Self {
            received: Received::Ignored,
            reason: None,
            order: None,
            applied: Vec::new(),
        }
    }

    /// A part reached its order.
    pub(crate) fn reached(&mut self, order: OrderId, message: uuid::Uuid) {
        self.received = self.received.max(Received::Applied);
        self.order.get_or_insert(order);
        self.applied.push(message);
    }

    /// A part was put away.
    pub(crate) fn put_away(&mut self, received: Received, reason: String) {
        if self.reason.is_none() || received > self.received {
            self.reason = Some(reason);
        }
        self.received = self.received.max(received);
    }
}

/// What became of a webhook, in one word. When its parts fare differently, the last of these counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Received {
    /// Nothing in it is acted on; what it said, if it said anything, is kept with the reason: answer
    /// 200.
    Ignored,
    /// It found its order and is on disk, or was known: answer 200.
    Applied,
    /// It waits for its order: answer 202.
    Unmatched,
    /// It cannot be read: answer 202.
    Invalid,
}

impl Received {
    /// Every word.
    pub const ALL: [Self; 4] = [Self::Ignored, Self::Applied, Self::Unmatched, Self::Invalid];

    /// The word that is counted, kept and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ignored => "ignored",
            Self::Applied => "applied",
            Self::Unmatched => "unmatched",
            Self::Invalid => "invalid",
        }
    }

    /// Whether it is put away for later, not done with.
    pub const fn is_parked(self) -> bool {
        matches!(self, Self::Unmatched | Self::Invalid)
    }
}

/// Why the hub did not do it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum HubError {
    /// The order refuses.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// There is no such order or location.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The channel and external id are taken by an order with another body.
    #[error("{existing} has this external id and another body")]
    ExternalIdConflict {
        /// The order that has it.
        existing: OrderId,
    },
    /// The key was used for another body.
    #[error("the idempotency key was used with another body")]
    KeyReused,
    /// The order can be read, but this binary must not write it.
    #[error("the order cannot be changed by this version of the hub: {0}")]
    ReadOnly(String),
    /// Too much at once; nothing was stored.
    #[error("the hub is busy; try again")]
    Overloaded {
        /// After this long.
        retry_after: Duration,
    },
    /// The store cannot be reached; nothing was stored.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// It is not known whether it was stored; the same request, sent again, finds out.
    #[error("it is not known yet whether it was stored: {0}")]
    OutcomeUnknown(String),
}
