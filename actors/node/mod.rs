//! The root: starts everything, restarts what dies, keeps the lease, and ends in good order.

mod lease;
mod root;
#[cfg(test)]
pub(crate) mod tests;
mod timers;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::time::Duration;

use orderhub_channels::carriers::CarrierConnector;
use orderhub_channels::payments::PaymentConnector;
use orderhub_channels::sales::SalesConnector;
use orderhub_channels::warehouses::WarehouseConnector;
use orderhub_domain::ids::{ChannelId, LocationCode, Slug};
use orderhub_domain::order::{Location, Topic};
use orderhub_domain::policy::Policy;
use ractor::{Actor, ActorRef};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::health::Health;
use crate::lanes::{open_lane, open_stock_lane};
use crate::location::{Board, LocationMsg, Waiters};
use crate::offers::{Marks, Offers, Pusher};
use crate::order::Arrivals;
use crate::partner::DeskMsg;
use crate::ports::{Journal, LaneWriter, Ownership, StockBook, StockWriter, Unavailable};
use crate::read;
use crate::router::{Hub, Inlets, sweep};
use crate::shard::ShardMsg;
use crate::shared::{Addresses, Epochs, Hints, Limits, Shared, Site};
use crate::turnover::Turnover;
use crate::{follows, polls};

pub(crate) use root::NodeMsg;
use root::{Root, RootArgs};
pub(crate) use timers::{Timers, timers};

/// Hints that may wait for the sweep.
const HINTS: usize = 1_024;

/// Logs and scans that are read at once on this node.
const READS: usize = 8;

/// What a node is told by its configuration.
#[derive(Debug, Clone, Default)]
pub struct NodeConfig {
    /// The rules in force.
    pub policy: Policy,
    /// Bounds.
    pub limits: Limits,
    /// The locations, in the operator's order.
    pub locations: Vec<LocationConfig>,
}

/// A location.
#[derive(Debug, Clone)]
pub struct LocationConfig {
    /// What sourcing knows of it.
    pub location: Location,
    /// Who works there and how parcels leave it.
    pub site: Site,
}

/// Partners by the slug of their connection.
#[derive(Clone, Default)]
pub struct Connectors {
    /// Gateways.
    pub payments: BTreeMap<Slug, Arc<dyn PaymentConnector>>,
    /// Carriers.
    pub carriers: BTreeMap<Slug, Arc<dyn CarrierConnector>>,
    /// Systems that run locations.
    pub warehouses: BTreeMap<Slug, Arc<dyn WarehouseConnector>>,
    /// Where orders come from.
    pub sales: BTreeMap<Slug, Arc<dyn SalesConnector>>,
    /// The present slug of each sales channel: orders know the channel by its id.
    pub channels: BTreeMap<ChannelId, Slug>,
}

impl Connectors {
    /// Sales channels that are told what they can offer.
    fn offering(&self) -> Vec<(ChannelId, Slug, Arc<dyn SalesConnector>)> {
        let offers = |(id, slug): (&ChannelId, &Slug)| {
            let connector = self.sales.get(slug)?;
            connector.stock_way()?;
            Some((*id, slug.clone(), Arc::clone(connector)))
        };
        self.channels.iter().filter_map(offers).collect()
    }

    /// Sales channels that can be told what becomes of their orders.
    fn listening(&self) -> BTreeMap<ChannelId, (Slug, &'static [Topic])> {
        let channels = self.channels.iter().filter_map(|(id, slug)| {
            let back = self.sales.get(slug)?.way_back()?;
            Some((*id, (slug.clone(), back.hears())))
        });
        channels.collect()
    }
}

/// The store, as the node uses it. Each lane writer owns a connection.
pub struct Stores {
    /// One per lane; two are usual. A shard's lane is fixed for the life of the process.
    pub lanes: Vec<Box<dyn LaneWriter>>,
    /// The stock lane's.
    pub stock_lane: Box<dyn StockWriter>,
    /// The journal.
    pub journal: Arc<dyn Journal>,
    /// The stock book.
    pub stock_book: Arc<dyn StockBook>,
    /// Leases and epochs of this incarnation.
    pub ownership: Arc<dyn Ownership>,
}

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] Unavailable),
    /// A process does not start.
    #[error("the node's processes do not start: {0}")]
    Spawn(String),
    /// There is nothing to write with.
    #[error("the node has no commit lane; configure at least one")]
    NoLane,
}

/// Why a node must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// A newer process with the same name took over. Nothing may be written any more.
    Superseded,
}

/// How a drain went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Everybody finished.
    Clean,
    /// The deadline came first; the log knows what is open.
    CutShort,
}

/// A running node.
pub struct Node {
    shared: Arc<Shared>,
    hub: Hub,
    root: ActorRef<NodeMsg>,
    lanes: Vec<JoinHandle<()>>,
    closing: CancellationToken,
    ended: watch::Receiver<Option<End>>,
}

/// The board of these locations, of which some take no new work.
async fn board_of(
    locations: &[LocationConfig],
    book: &dyn StockBook,
) -> Result<Board, Unavailable> {
    let locations = locations.iter().map(|one| one.location.clone());
    let board = Board::new(locations.collect());
    for (code, pause) in book.pauses().await? {
        board.pause(code, pause);
    }
    Ok(board)
}

/// Starts telling sales channels what they can offer.
fn tell_offers(
    shared: &Arc<Shared>,
    offering: Vec<(ChannelId, Slug, Arc<dyn SalesConnector>)>,
    marks: Vec<Arc<Marks>>,
) {
    for ((channel, slug, connector), marks) in offering.into_iter().zip(marks) {
        let pusher = Pusher {
            slug,
            channel,
            connector,
            marks,
            shared: Arc::clone(shared),
        };
        tokio::spawn(pusher.run());
    }
}

/// Asks partners that do not push: for what is new, and for the parcels under way.
fn begin_asking(hub: &Hub, inlets: &Arc<dyn Inlets>) {
    polls::begin(hub, inlets);
    follows::begin(hub, inlets);
}

/// Starts a node: claims its shards and locations, reads the stock, then opens the door.
///
/// # Errors
/// When the store does not answer the first questions. A store that goes away later is waited for.
pub async fn start(
    config: NodeConfig,
    stores: Stores,
    connectors: Connectors,
    inlets: Arc<dyn Inlets>,
) -> Result<Node, StartError> {
    if stores.lanes.is_empty() {
        return Err(StartError::NoLane);
    }
    let asked = Instant::now();
    let now = stores.journal.now().await?;
    let clock = Clock::starting_at(now);
    clock.learn(now, asked.elapsed());
    let codes: Vec<LocationCode> = config
        .locations
        .iter()
        .map(|l| l.location.code.clone())
        .collect();
    let claims = stores.ownership.claim_all(&codes).await?;

    let health = Arc::new(Health::default());
    let closing = CancellationToken::new();
    let mut lanes = Vec::new();
    let mut keepers = Vec::new();
    for (number, writer) in stores.lanes.into_iter().enumerate() {
        let name = format!("lane-{number}");
        let (lane, keeper) = open_lane(name, writer, Arc::clone(&health), closing.clone());
        lanes.push(lane);
        keepers.push(keeper);
    }
    let (stock_lane, keeper) =
        open_stock_lane(stores.stock_lane, Arc::clone(&health), closing.clone());
    keepers.push(keeper);

    let (timers, alarms) = timers();
    let (hints, hinted) = Hints::new(HINTS);
    let board = board_of(&config.locations, stores.stock_book.as_ref()).await?;
    let offering = connectors.offering();
    let (offers, marks) = Offers::of(offering.len());
    let sites = config.locations.into_iter();
    let shared = Arc::new(Shared {
        policy: config.policy,
        limits: config.limits,
        clock,
        health,
        journal: stores.journal,
        stock_book: stores.stock_book,
        lanes,
        stock_lane,
        sites: sites.map(|l| (l.location.code, l.site)).collect(),
        listening: connectors.listening(),
        board,
        waiters: Waiters::default(),
        offers,
        timers,
        epochs: Epochs::new(&claims),
        hints,
        arrivals: Arrivals::default(),
        turnover: Turnover::default(),
        reads: Semaphore::new(READS),
        awake: AtomicUsize::new(0),
        generations: AtomicU64::new(0),
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
        addresses: RwLock::new(Addresses::default()),
    });
    tokio::spawn(alarms.ring(Arc::clone(&shared)));

    let (end, ended) = watch::channel(None);
    let args = RootArgs {
        shared: Arc::clone(&shared),
        connectors,
        ownership: Arc::clone(&stores.ownership),
        end: end.clone(),
    };
    let (root, _) = Root::spawn(None, Root, args)
        .await
        .map_err(|error| StartError::Spawn(error.to_string()))?;
    // The board is complete before the first order looks at it.
    for code in &codes {
        let (reply, ready) = oneshot::channel();
        if let Some(door) = shared.location(code) {
            drop(door.actor.cast(LocationMsg::WhenReady(reply)));
        }
        ready
            .await
            .map_err(|_| StartError::Spawn(format!("location {code} ended")))?;
    }
    tell_offers(&shared, offering, marks);
    let (reply, open) = oneshot::channel();
    drop(root.cast(NodeMsg::OpenShards(reply)));
    open.await
        .map_err(|_| StartError::Spawn("the root ended".into()))?
        .map_err(StartError::Spawn)?;
    let hub = Hub::new(Arc::clone(&shared));
    tokio::spawn(lease::keep(Arc::clone(&shared), stores.ownership, end));
    begin_asking(&hub, &inlets);
    tokio::spawn(sweep(hub.clone(), inlets, hinted));
    shared.health.lease(true);
    shared.health.admit(true);
    Ok(Node {
        shared,
        hub,
        root,
        lanes: keepers,
        closing,
        ended,
    })
}

impl Node {
    /// The front door; clones are cheap.
    pub fn hub(&self) -> Hub {
        self.hub.clone()
    }

    /// What readiness is made of.
    pub fn health(&self) -> Arc<Health> {
        Arc::clone(&self.shared.health)
    }

    /// Resolves when the process must end.
    pub async fn ended(&self) -> End {
        let mut ended = self.ended.clone();
        let superseded = ended.wait_for(Option::is_some).await;
        superseded
            .ok()
            .and_then(|end| *end)
            .unwrap_or(End::Superseded)
    }

    /// Ends in good order: lets nobody in, waits for calls under way, lets every order fall
    /// asleep, empties the lanes.
    pub async fn drain(self, deadline: Duration) -> Drained {
        self.shared.health.admit(false);
        let wind_down = self.wind_down(deadline / 3);
        let clean = tokio::time::timeout(deadline, wind_down).await == Ok(true);
        self.shared.health.end();
        self.closing.cancel();
        for lane in self.lanes {
            // The lane's own answers are final; how its task ended changes nothing any more.
            drop(lane.await);
        }
        self.shared.stop.cancel();
        self.root.stop(None);
        if clean {
            Drained::Clean
        } else {
            Drained::CutShort
        }
    }

    /// Whether everybody finished in time.
    async fn wind_down(&self, for_partners: Duration) -> bool {
        let (shards, locations, desks) = {
            let addresses = read(&self.shared.addresses);
            let shards: Vec<_> = addresses.shards.values().cloned().collect();
            let locations: Vec<_> = addresses.locations.values().cloned().collect();
            let desks: Vec<_> = addresses.desks.values().cloned().collect();
            (shards, locations, desks)
        };
        let partners = async {
            let quiet = desks.iter().map(|desk| {
                let (reply, done) = oneshot::channel();
                drop(desk.cast(DeskMsg::Quiesce(reply)));
                done
            });
            // A desk that is gone has nothing under way.
            for done in quiet.collect::<Vec<_>>() {
                drop(done.await);
            }
            self.shared.tasks.close();
            self.shared.tasks.wait().await;
        };
        let quiet = tokio::time::timeout(for_partners, partners).await.is_ok();
        let asleep = shards.iter().map(|shard| {
            let (reply, done) = oneshot::channel();
            drop(shard.actor.cast(ShardMsg::Drain(reply)));
            done
        });
        for done in asleep.collect::<Vec<_>>() {
            drop(done.await);
        }
        for location in &locations {
            let (reply, done) = oneshot::channel();
            drop(location.actor.cast(LocationMsg::WhenIdle(reply)));
            drop(done.await);
        }
        quiet
    }
}
