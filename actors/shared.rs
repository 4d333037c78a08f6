//! What the actors of one node share: rules, clock, store, lanes, the board, and the addresses.
//!
//! Actors refer to each other only through here, so that no two of them hold each other and a
//! restarted one is found under its old name. There is no global registry.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use orderhub_domain::canonical::Address;
use orderhub_domain::ids::{ChannelId, LocationCode, OrderId, ShardId, Slug};
use orderhub_domain::order::Topic;
use orderhub_domain::policy::Policy;
use ractor::ActorRef;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::clock::Clock;
use crate::health::Health;
use crate::lanes::{Lane, StockLane};
use crate::location::{Board, LocationDoor, Waiters};
use crate::node::{NodeMsg, Timers};
use crate::offers::Offers;
use crate::order::Arrivals;
use crate::partner::{DeskMsg, Family};
use crate::ports::{Claims, Journal, OrderRef, StockBook};
use crate::shard::ShardDoor;
use crate::turnover::Turnover;
use crate::{read, write};

/// Bounds of a node. All of them hold before a mailbox, none behind it.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Requests and reports under way per order.
    pub per_order: usize,
    /// Requests and reports under way per shard.
    pub per_shard: usize,
    /// Counts under way per location.
    pub per_location: usize,
    /// Orders awake on this node; above it the least recently used fall asleep.
    pub awake: usize,
    /// An order without messages for this long falls asleep.
    pub idle: Duration,
    /// Calls under way per partner account.
    pub calls: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_order: 32,
            per_shard: 512,
            per_location: 2_048,
            awake: 50_000,
            idle: Duration::from_mins(1),
            calls: 64,
        }
    }
}

/// A location beyond its stock: who works there and how parcels leave it.
#[derive(Debug, Clone)]
pub struct Site {
    /// The warehouse connection that runs it.
    pub warehouse: Slug,
    /// The carrier connection that labels are bought through.
    pub carrier: Option<Slug>,
    /// Where parcels start.
    pub address: Address,
}

pub(crate) struct Shared {
    pub(crate) policy: Policy,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    pub(crate) health: Arc<Health>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) stock_book: Arc<dyn StockBook>,
    pub(crate) lanes: Vec<Lane>,
    pub(crate) stock_lane: StockLane,
    pub(crate) sites: BTreeMap<LocationCode, Site>,
    /// Sales channels that can be told what becomes of their orders.
    pub(crate) listening: BTreeMap<ChannelId, (Slug, &'static [Topic])>,
    pub(crate) board: Board,
    pub(crate) waiters: Waiters,
    /// SKUs whose number sales channels have to be told.
    pub(crate) offers: Offers,
    pub(crate) timers: Timers,
    pub(crate) epochs: Epochs,
    /// What the sweep of kept messages wants to hear.
    pub(crate) hints: Hints,
    /// Orders that are being placed, for those that come at the same moment.
    pub(crate) arrivals: Arrivals,
    /// What accepted orders are worth.
    pub(crate) turnover: Turnover,
    /// Loads and scans under way on this node.
    pub(crate) reads: Semaphore,
    /// Orders awake on this node.
    pub(crate) awake: AtomicUsize,
    pub(crate) generations: AtomicU64,
    /// Answers on their way to orders; a node that ends waits for them.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the node is at its end.
    pub(crate) stop: CancellationToken,
    pub(crate) addresses: RwLock<Addresses>,
}

/// News for the sweep of kept messages. Only hints: it looks for itself now and then, and at once
/// when it missed one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hint {
    /// A commit made the reference known.
    Known(OrderRef),
    /// A message waits for the reference.
    Awaited(OrderRef),
}

/// The way of news to the sweep. It never makes anybody wait: what finds no room is only noted.
pub(crate) struct Hints {
    queue: mpsc::Sender<Hint>,
    missed: AtomicBool,
}

impl Hints {
    /// Room for so many; the other end is the sweep's.
    pub(crate) fn new(room: usize) -> (Self, mpsc::Receiver<Hint>) {
        let (queue, hints) = mpsc::channel(room);
        let missed = AtomicBool::new(false);
        (Self { queue, missed }, hints)
    }

    /// Gives a hint.
    pub(crate) fn give(&self, hint: Hint) {
        if self.queue.try_send(hint).is_err() {
            self.missed.store(true, Ordering::Relaxed);
        }
    }

    /// Whether a hint found no room since this was last asked.
    pub(crate) fn any_missed(&self) -> bool {
        self.missed.swap(false, Ordering::Relaxed)
    }
}

/// Where the actors live now.
#[derive(Default)]
pub(crate) struct Addresses {
    pub(crate) shards: BTreeMap<ShardId, ShardDoor>,
    pub(crate) locations: BTreeMap<LocationCode, LocationDoor>,
    pub(crate) desks: BTreeMap<(Family, Slug), ActorRef<DeskMsg>>,
    pub(crate) node: Option<ActorRef<NodeMsg>>,
}

impl Shared {
    pub(crate) fn lane(&self, shard: ShardId) -> Option<&Lane> {
        self.lanes
            .get(usize::from(shard.0) % self.lanes.len().max(1))
    }

    /// The connections that labels are bought through.
    pub(crate) fn carriers(&self) -> BTreeSet<Slug> {
        let sites = self.sites.values();
        sites.filter_map(|site| site.carrier.clone()).collect()
    }

    pub(crate) fn shard(&self, shard: ShardId) -> Option<ShardDoor> {
        read(&self.addresses).shards.get(&shard).cloned()
    }

    pub(crate) fn location(&self, code: &LocationCode) -> Option<LocationDoor> {
        read(&self.addresses).locations.get(code).cloned()
    }

    pub(crate) fn desk(&self, family: Family, slug: &Slug) -> Option<ActorRef<DeskMsg>> {
        let addresses = read(&self.addresses);
        addresses.desks.get(&(family, slug.clone())).cloned()
    }

    /// A write was fenced: the node finds out whether it still owns anything.
    pub(crate) fn fenced(&self) {
        metrics::counter!("orderhub_fenced_writes_total").increment(1);
        let node = read(&self.addresses).node.clone();
        if let Some(node) = node {
            drop(node.cast(NodeMsg::Fenced));
        }
    }

    /// A number higher than all before it, for the stock lane's generations.
    pub(crate) fn next_generation(&self) -> u64 {
        self.generations.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A new order's id.
    pub(crate) fn new_order_id(&self, hash16: [u8; 2]) -> OrderId {
        let ms = self.clock.now().as_millisecond();
        let mut random = [0; 8];
        random.copy_from_slice(&Uuid::now_v7().as_bytes()[8..]);
        OrderId::new(u64::try_from(ms).unwrap_or(0), random, hash16)
    }

    pub(crate) fn forget_shard(&self, shard: ShardId) {
        write(&self.addresses).shards.remove(&shard);
    }
}

/// The epochs under which this node owns its shards and locations.
#[derive(Debug)]
pub(crate) struct Epochs {
    shards: Vec<AtomicI64>,
    locations: BTreeMap<LocationCode, AtomicI64>,
}

impl Epochs {
    pub(crate) fn new(claims: &Claims) -> Self {
        let epoch = |shard| claims.shards.get(&shard).copied().unwrap_or(-1);
        let locations = claims.locations.iter();
        Self {
            shards: ShardId::all().map(|s| AtomicI64::new(epoch(s))).collect(),
            locations: locations
                .map(|(code, epoch)| (code.clone(), AtomicI64::new(*epoch)))
                .collect(),
        }
    }

    /// Takes the epochs of a new claim.
    pub(crate) fn renew(&self, claims: &Claims) {
        for (shard, epoch) in &claims.shards {
            if let Some(held) = self.shards.get(usize::from(shard.0)) {
                held.store(*epoch, Ordering::Release);
            }
        }
        for (code, epoch) in &claims.locations {
            if let Some(held) = self.locations.get(code) {
                held.store(*epoch, Ordering::Release);
            }
        }
    }

    pub(crate) fn shard(&self, shard: ShardId) -> i64 {
        let held = self.shards.get(usize::from(shard.0));
        held.map_or(-1, |epoch| epoch.load(Ordering::Acquire))
    }

    pub(crate) fn location(&self, code: &LocationCode) -> i64 {
        let held = self.locations.get(code);
        held.map_or(-1, |epoch| epoch.load(Ordering::Acquire))
    }
}
