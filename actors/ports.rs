//! What the actors need of the world: a journal, a stock book, a clock. Implemented by the store
//! for Postgres and by [`crate::twin`] in memory; both pass the same contract suite.

mod parked;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_channels::port::UnderWay;
use orderhub_domain::canonical::PrivateDetails;
use orderhub_domain::ids::{ChannelId, CommandId, EffectId, LocationCode, OrderId, ShardId, Sku};
use orderhub_domain::order::{Mark, Recorded, RememberedRequest, ShippingLane, Stage, Transit};
use orderhub_domain::stock::{Counters, HoldKey, LocationStock, StockChange, StockHold};

pub use parked::{OrderRef, Parked, ParkedState, RefKind};

/// The store cannot answer now. The same question may be asked again.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the store is not available: {0}")]
pub struct Unavailable(pub String);

/// A write to one order's stream: events with consecutive versions and what goes with them.
#[derive(Debug, Clone)]
pub struct Append {
    /// The order.
    pub order: OrderId,
    /// The owner's epoch of the order's shard; a write under an old one is fenced.
    pub epoch: i64,
    /// The version before; 0 creates the order.
    pub expected: u64,
    /// What names a new order outside; required when `expected` is 0.
    pub identity: Option<Identity>,
    /// What happened, versions `expected + 1 ..`. Nothing, when an order that exists only settles
    /// its `wake_at`.
    pub events: Vec<Recorded>,
    /// Stage after the events.
    pub stage: Stage,
    /// When the order wants attention at the latest, folded after the events.
    pub wake_at: Option<Timestamp>,
    /// Write `wake_at` even if it is later than the stored one, because the stored one is due or
    /// the order falls asleep. An earlier one is always written.
    pub settle_wake: bool,
    /// References that become known with these events.
    pub refs: Vec<OrderRef>,
    /// Personal data that belongs to these events.
    pub private: Option<PrivateDetails>,
    /// By what a new order is recognised as one of many. Stored as keyed hashes.
    pub marks: Vec<Mark>,
    /// Deliveries that these events tell of; one of a parcel that was counted before is left out.
    pub transits: Vec<Transit>,
}

/// Which parcels are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those whose numbers are known under the account: it gave them, or may hear of their returns.
    Own,
    /// Those too that any carrier has given a number, whoever sold the label.
    Everybodys,
}

/// Orders that had a mark.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Those within the window, at most [`MARKS_COUNTED`].
    pub recent: Vec<OrderId>,
    /// Whether any is remembered, however old.
    pub before: bool,
}

/// How many orders of one mark are counted; more are no worse.
pub const MARKS_COUNTED: u16 = 1_000;

/// What names an order outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The channel.
    pub channel: ChannelId,
    /// The channel's id of the order.
    pub external_id: String,
    /// Hexadecimal SHA-256 of the canonical value of the body.
    pub body_hash: String,
}

/// What became of an append. Final: an unknown commit is resolved before this is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// It is on disk.
    Committed,
    /// The order has another version: drop the state and load it again.
    Stale,
    /// This node does not own the shard any more.
    Fenced,
    /// The channel and external id are taken by this order.
    Duplicate(OrderId),
    /// The database refuses these values for good; nothing of it was stored.
    Refused(String),
    /// The store could not be reached in time; nothing of it was stored.
    Unavailable(String),
    /// It could not be found out in time whether it is on disk. Ask again with the same key.
    OutcomeUnknown(String),
}

/// A lane's own connection: commits batches of appends, each with a final answer. Answers stand in
/// the order of the batch. Not cancellable: called from a task that nobody drops.
#[async_trait]
pub trait LaneWriter: Send {
    /// Commits what can be committed.
    async fn commit(&mut self, batch: &[Append]) -> Vec<Appended>;

    /// Why it will never write again, if so: the store is broken inside.
    fn stopped(&self) -> Option<&str>;
}

/// An order as the store keeps it: its log, from the beginning.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The order.
    pub order: OrderId,
    /// Every event, or why the log cannot be read by this binary.
    pub events: Result<Vec<Recorded>, String>,
    /// The stored wake-up time.
    pub wake_at: Option<Timestamp>,
}

/// Reads of the journal and the small writes beside it. Each call is one statement in the store.
#[async_trait]
pub trait Journal: Send + Sync {
    /// The database's time.
    async fn now(&self) -> Result<Timestamp, Unavailable>;

    /// The logs of these orders; absent ones are left out.
    async fn load(&self, orders: &[OrderId]) -> Result<Vec<Loaded>, Unavailable>;

    /// The order with this external id.
    async fn find(
        &self,
        channel: ChannelId,
        external_id: &str,
    ) -> Result<Option<OrderId>, Unavailable>;

    /// The orders of a channel that have one of these external ids.
    async fn find_all(
        &self,
        channel: ChannelId,
        external_ids: &[String],
    ) -> Result<BTreeMap<String, OrderId>, Unavailable> {
        let mut found = BTreeMap::new();
        for external_id in external_ids {
            let order = self.find(channel, external_id).await?;
            found.extend(order.map(|order| (external_id.clone(), order)));
        }
        Ok(found)
    }

    /// The order with this other name.
    async fn resolve(&self, reference: &OrderRef) -> Result<Option<OrderId>, Unavailable>;

    /// A request that an order answered long ago.
    async fn request(
        &self,
        order: OrderId,
        command: CommandId,
    ) -> Result<Option<RememberedRequest>, Unavailable>;

    /// Orders of a shard whose `wake_at` is at most `until`, by (`wake_at`, id), after `mark`.
    async fn due(
        &self,
        shard: ShardId,
        mark: Option<(Timestamp, OrderId)>,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<(Timestamp, OrderId)>, Unavailable>;

    /// The orders that had these marks, in the order of the marks, counted since a time.
    async fn seen(&self, marks: &[Mark], since: Timestamp) -> Result<Vec<Seen>, Unavailable>;

    /// Parcels of orders which are still in hand, and of returns that are under way whatever became of their
    /// order, as this account is to know them, after `mark`, in the order of their
    /// [places](UnderWay::place).
    async fn under_way(
        &self,
        account: &str,
        whose: Whose,
        mark: &str,
        limit: u32,
    ) -> Result<Vec<UnderWay>, Unavailable>;

    /// What the newest deliveries of a lane took, in seconds, the newest first, at most
    /// [`TRANSITS_COUNTED`](orderhub_domain::order::TRANSITS_COUNTED).
    async fn transits(&self, lane: &ShippingLane) -> Result<Vec<i64>, Unavailable>;

    /// The personal data of an order; `None` when it was erased or never given.
    async fn private(&self, order: OrderId) -> Result<Option<PrivateDetails>, Unavailable>;

    /// Keeps a verified message that has no order yet, or that nobody can read. The same again takes
    /// the new reason and what it waits for now; one that died waiting for the same stays dead.
    /// Whether it died by this: `false` when it lives, or was dead before.
    async fn park(&self, message: &Parked) -> Result<bool, Unavailable>;

    /// Messages that wait for this reference, the dead among them, by (`received_at`, id), after
    /// `mark`.
    async fn parked(
        &self,
        reference: &OrderRef,
        mark: Option<(Timestamp, uuid::Uuid)>,
        limit: u32,
    ) -> Result<Vec<Parked>, Unavailable>;

    /// References that living messages wait for, each once, in an order of the store's own, after
    /// `mark`.
    async fn awaited(
        &self,
        mark: Option<&OrderRef>,
        limit: u32,
    ) -> Result<Vec<OrderRef>, Unavailable>;

    /// Declares a message dead. `false` when it is gone, or was dead before.
    async fn bury(&self, id: uuid::Uuid, reason: &str, now: Timestamp)
    -> Result<bool, Unavailable>;

    /// Forgets a parked message that was applied or discarded. `false` when it was gone.
    async fn unpark(&self, id: uuid::Uuid) -> Result<bool, Unavailable>;

    /// How many messages are kept, by state; states without any are left out.
    async fn count_parked(&self) -> Result<BTreeMap<ParkedState, u64>, Unavailable>;

    /// Up to where a connection was asked what is new; `None` when it never was.
    async fn cursor(&self, source: &str) -> Result<Option<String>, Unavailable>;

    /// Everything that a connection stated up to here is on disk.
    async fn move_cursor(&self, source: &str, cursor: &str) -> Result<(), Unavailable>;
}

/// A write to one location's stock.
#[derive(Debug, Clone)]
pub struct StockAppend {
    /// The location.
    pub location: LocationCode,
    /// The owner's epoch; a write under an old one is fenced.
    pub epoch: i64,
    /// What to change.
    pub change: StockChange,
    /// When.
    pub now: Timestamp,
}

/// What became of a stock write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StockAppended {
    /// It is on disk.
    Committed,
    /// A hold exists that the writer did not know, or a ledger place is taken: load and decide
    /// again.
    Conflict,
    /// This node does not own the location any more.
    Fenced,
    /// The store could not be reached, or it could not be found out in time: load and decide again.
    Unavailable(String),
}

/// The stock lane's own connection. Answers stand in the order of the batch; after the first
/// answer of a location that is not `Committed`, all later ones of that location are not either.
#[async_trait]
pub trait StockWriter: Send {
    /// Commits what can be committed.
    async fn commit(&mut self, batch: &[StockAppend]) -> Vec<StockAppended>;

    /// Why it will never write again, if so: the store is broken inside.
    fn stopped(&self) -> Option<&str>;
}

/// Reads of stock.
#[async_trait]
pub trait StockBook: Send + Sync {
    /// A location's counters, live holds and those whose order is not told yet.
    async fn load(&self, location: &LocationCode) -> Result<LocationStock, Unavailable>;

    /// Holds by key, whatever their state.
    async fn holds(
        &self,
        location: &LocationCode,
        keys: &[HoldKey],
    ) -> Result<Vec<(HoldKey, StockHold)>, Unavailable>;

    /// Those of these effects that the location's ledger has a row for.
    async fn booked(
        &self,
        location: &LocationCode,
        effects: &[EffectId],
    ) -> Result<BTreeSet<EffectId>, Unavailable>;

    /// Units of the receipts that came under these names, of those that came.
    async fn receipts(
        &self,
        location: &LocationCode,
        names: &[(Sku, String)],
    ) -> Result<Vec<((Sku, String), i64)>, Unavailable>;

    /// Pieces of work that the location took on for this day and later ones, and did not give back.
    async fn works(
        &self,
        location: &LocationCode,
        from_day: i32,
    ) -> Result<Vec<(i32, OrderId, u16)>, Unavailable>;

    /// Locations that take no new work.
    async fn pauses(&self) -> Result<Vec<(LocationCode, Pause)>, Unavailable>;

    /// Somebody says that a location takes no new work, or takes some again.
    async fn note_pause(
        &self,
        location: &LocationCode,
        paused: bool,
        change: &Pause,
    ) -> Result<(), Unavailable>;

    /// The counters of a SKU at every location that ever had it.
    async fn by_sku(&self, sku: &Sku) -> Result<Vec<(LocationCode, Counters)>, Unavailable>;
}

/// Since when a location takes no new work, who said so, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// When it was said.
    pub at: Timestamp,
    /// Who: `operator:<name>`.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
}

/// Who owns what: leases and epochs.
#[async_trait]
pub trait Ownership: Send + Sync {
    /// Takes every shard and every location for this incarnation of the node, with new epochs.
    async fn claim_all(&self, locations: &[LocationCode]) -> Result<Claims, Unavailable>;

    /// Says that this incarnation still lives; `false` when a newer one has superseded it.
    async fn renew(&self) -> Result<bool, Unavailable>;
}

/// What was claimed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// Epoch per shard.
    pub shards: BTreeMap<ShardId, i64>,
    /// Epoch per location.
    pub locations: BTreeMap<LocationCode, i64>,
}
