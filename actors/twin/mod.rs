//! The store in memory: the same contract as Postgres, for tests and the simulator.
//!
//! Honest to the letter of [`crate::ports`]: epochs fence, versions are checked, duplicates are
//! answered with the existing order, `wake_at` is written lazily, the bound on stock never breaks.
//! Events go through their stored form on the way out, as they would through a database. Time is
//! the runtime's, so a paused runtime pauses the twin.

mod journal;
mod lane;
mod ownership;
mod stock;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use orderhub_domain::canonical::PrivateDetails;
use orderhub_domain::ids::{ChannelId, EffectId, LocationCode, OrderId, ShardId, Sku, Slug};
use orderhub_domain::order::{Event, Mark, Recorded, ReturnEvent, Stage, Transit};
use orderhub_domain::stock::{
    Availability, Counters, FeedMark, HoldKey, Inbound, LedgerRow, LogbookEntry, Quota, StockHold,
};
use tokio::time::Instant;
use uuid::Uuid;

use crate::locked;
use crate::ports::{
    Journal, LaneWriter, OrderRef, Ownership, Parked, Pause, StockBook, StockWriter, Unavailable,
};

/// A whole store in memory. Clones share it.
#[derive(Debug, Clone)]
pub struct Twin {
    world: Arc<Mutex<World>>,
}

/// What goes wrong with the next commits, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The commit goes well.
    None,
    /// The batch takes this long.
    Delay(Duration),
    /// Nothing is stored, and the store says so.
    Unavailable,
    /// It is stored, but nobody can say so.
    UnknownStored,
    /// It is not stored, and nobody can say so.
    UnknownLost,
    /// The writer panics before it stores anything.
    Panic,
}

#[derive(Debug)]
struct World {
    started: Instant,
    origin: Timestamp,
    orders: HashMap<OrderId, OrderRow>,
    keys: HashMap<(ChannelId, String), OrderId>,
    refs: HashMap<OrderRef, OrderId>,
    private: HashMap<OrderId, PrivateDetails>,
    marks: Vec<(Mark, Timestamp, OrderId)>,
    transits: BTreeMap<(OrderId, u16, u16), Transit>,
    parked: BTreeMap<(Timestamp, Uuid), Parked>,
    cursors: BTreeMap<String, String>,
    shards: BTreeMap<ShardId, i64>,
    location_epochs: BTreeMap<LocationCode, i64>,
    nodes: HashMap<String, u64>,
    locations: BTreeMap<LocationCode, LocationRows>,
    pauses: BTreeMap<LocationCode, Pause>,
    lane_faults: VecDeque<Fault>,
    stock_faults: VecDeque<Fault>,
    read_failures: u32,
    lane_batches: Vec<usize>,
    appends: usize,
    duplicates: usize,
}

#[derive(Debug)]
struct OrderRow {
    events: Vec<Recorded>,
    stage: Stage,
    wake_at: Option<Timestamp>,
}

impl OrderRow {
    /// Whether it is test data.
    fn is_test(&self) -> bool {
        let first = self.events.first().map(|recorded| &recorded.event);
        matches!(first, Some(Event::Received(received)) if received.draft.test)
    }

    /// Whether a return is under way whose label has this number.
    fn awaits(&self, number: &str) -> bool {
        let mut under_way = BTreeSet::new();
        for recorded in &self.events {
            let Event::Return(event) = &recorded.event else {
                continue;
            };
            match event {
                ReturnEvent::LabelIssued { label, .. } if label.tracking_number == number => {
                    under_way.insert(event.number());
                }
                ReturnEvent::Received { .. }
                | ReturnEvent::NoShow { .. }
                | ReturnEvent::Closed { .. }
                | ReturnEvent::LabelIssued { .. } => {
                    under_way.remove(&event.number());
                }
                _ => {}
            }
        }
        !under_way.is_empty()
    }
}

#[derive(Debug, Default)]
struct LocationRows {
    counters: BTreeMap<Sku, Counters>,
    holds: BTreeMap<HoldKey, StockHold>,
    inbounds: BTreeMap<(Sku, String), Inbound>,
    feeds: BTreeMap<Slug, FeedMark>,
    quotas: BTreeMap<(Sku, ChannelId), Quota>,
    told: BTreeMap<Sku, Availability>,
    logbook: Vec<LogbookEntry>,
    ledger: Vec<LedgerRow>,
    /// What was moved on behalf of effects.
    moved: BTreeSet<(EffectId, Sku)>,
}

impl World {
    fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.started.elapsed()).unwrap_or_default();
        self.origin.checked_add(elapsed).unwrap_or(Timestamp::MAX)
    }
}

impl Twin {
    /// An empty store whose clock shows `now` now.
    pub fn new(now: Timestamp) -> Self {
        let world = World {
            started: Instant::now(),
            origin: now,
            orders: HashMap::new(),
            keys: HashMap::new(),
            refs: HashMap::new(),
            private: HashMap::new(),
            marks: Vec::new(),
            transits: BTreeMap::new(),
            parked: BTreeMap::new(),
            cursors: BTreeMap::new(),
            shards: BTreeMap::new(),
            location_epochs: BTreeMap::new(),
            nodes: HashMap::new(),
            locations: BTreeMap::new(),
            pauses: BTreeMap::new(),
            lane_faults: VecDeque::new(),
            stock_faults: VecDeque::new(),
            read_failures: 0,
            lane_batches: Vec::new(),
            appends: 0,
            duplicates: 0,
        };
        Self {
            world: Arc::new(Mutex::new(world)),
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        locked(&self.world)
    }

    /// A reading of the journal, failed if the test asked for it.
    fn reading(&self) -> Result<MutexGuard<'_, World>, Unavailable> {
        let mut world = self.world();
        if world.read_failures > 0 {
            world.read_failures -= 1;
            return Err(Unavailable("the twin was told to fail".into()));
        }
        Ok(world)
    }

    /// A lane's connection.
    pub fn lane(&self) -> Box<dyn LaneWriter> {
        Box::new(lane::TwinLane(self.clone()))
    }

    /// The stock lane's connection.
    pub fn stock_lane(&self) -> Box<dyn StockWriter> {
        Box::new(stock::TwinStockLane(self.clone()))
    }

    /// The journal.
    pub fn journal(&self) -> Arc<dyn Journal> {
        Arc::new(self.clone())
    }

    /// The stock book.
    pub fn stock_book(&self) -> Arc<dyn StockBook> {
        Arc::new(self.clone())
    }

    /// Ownership as a new incarnation of `node` sees it.
    pub fn ownership(&self, node: &str) -> Arc<dyn Ownership> {
        Arc::new(ownership::TwinOwnership::new(self.clone(), node))
    }

    /// Moves the database's clock.
    pub fn shift_clock(&self, by: SignedDuration) {
        let mut world = self.world();
        world.origin = world.origin.checked_add(by).unwrap_or(world.origin);
    }

    /// What happens to the next batches of the order lanes.
    pub fn fail_commits(&self, faults: impl IntoIterator<Item = Fault>) {
        self.world().lane_faults.extend(faults);
    }

    /// What happens to the next batches of the stock lane.
    pub fn fail_stock_commits(&self, faults: impl IntoIterator<Item = Fault>) {
        self.world().stock_faults.extend(faults);
    }

    /// Lets the next `count` readings of the journal fail.
    pub fn fail_reads(&self, count: u32) {
        self.world().read_failures = count;
    }

    /// Takes a shard away, as another node would.
    pub fn steal_shard(&self, shard: ShardId) {
        *self.world().shards.entry(shard).or_default() += 1;
    }

    /// Forges the row of an order as if another writer had appended nothing but raised its
    /// `wake_at`.
    pub fn set_wake(&self, order: OrderId, at: Option<Timestamp>) {
        if let Some(row) = self.world().orders.get_mut(&order) {
            row.wake_at = at;
        }
    }

    /// Every order with its stage, version and stored wake-up time.
    pub fn orders(&self) -> Vec<(OrderId, Stage, usize, Option<Timestamp>)> {
        let world = self.world();
        let rows = world.orders.iter();
        rows.map(|(id, row)| (*id, row.stage, row.events.len(), row.wake_at))
            .collect()
    }

    /// Appends with events that were committed so far.
    pub fn appends(&self) -> usize {
        self.world().appends
    }

    /// Creates that came although the order was there.
    pub fn duplicates(&self) -> usize {
        self.world().duplicates
    }

    /// Sizes of the batches that order lanes committed so far.
    pub fn batches(&self) -> Vec<usize> {
        self.world().lane_batches.clone()
    }

    /// The ledger of a location.
    pub fn ledger(&self, location: &LocationCode) -> Vec<LedgerRow> {
        let world = self.world();
        let rows = world.locations.get(location);
        rows.map(|rows| rows.ledger.clone()).unwrap_or_default()
    }

    /// The logbook of a location.
    pub fn logbook(&self, location: &LocationCode) -> Vec<LogbookEntry> {
        let world = self.world();
        let rows = world.locations.get(location);
        rows.map(|rows| rows.logbook.clone()).unwrap_or_default()
    }

    /// Every kept message.
    pub fn kept(&self) -> Vec<Parked> {
        self.world().parked.values().cloned().collect()
    }
}
