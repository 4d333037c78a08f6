//! The root of the tree: its children are shards, locations and desks, and it starts again
//! whichever of them dies. What they knew is in the store.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use orderhub_domain::ids::{LocationCode, ShardId, Slug};
use ractor::{Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::{Connectors, End};
use crate::location::{LocationActor, LocationArgs, LocationDoor};
use crate::partner::{
    Caller, CarrierCaller, ChannelCaller, Desk, DeskArgs, Family, PaymentCaller, WarehouseCaller,
};
use crate::ports::Ownership;
use crate::shard::{ShardActor, ShardArgs, ShardDoor};
use crate::shared::Shared;
use crate::write;

/// Claims are not repeated faster than this.
const RECLAIM: std::time::Duration = std::time::Duration::from_secs(1);

pub(crate) enum NodeMsg {
    /// Start the shards: the board is complete.
    OpenShards(oneshot::Sender<Result<(), String>>),
    /// A write was fenced: find out whether this node still owns anything.
    Fenced,
    /// Start a child again that died.
    Restart(Child),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Child {
    Shard(ShardId),
    Location(LocationCode),
    Desk(Family, Slug),
}

pub(crate) struct RootArgs {
    pub(crate) shared: Arc<Shared>,
    pub(crate) connectors: Connectors,
    pub(crate) ownership: Arc<dyn Ownership>,
    pub(crate) end: watch::Sender<Option<End>>,
}

pub(crate) struct RootState {
    args: RootArgs,
    myself: ActorRef<NodeMsg>,
    children: HashMap<ActorId, Child>,
    claimed: Instant,
}

pub(crate) struct Root;

impl Actor for Root {
    type Msg = NodeMsg;
    type State = RootState;
    type Arguments = RootArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<NodeMsg>,
        args: RootArgs,
    ) -> Result<RootState, ActorProcessingErr> {
        write(&args.shared.addresses).node = Some(myself.clone());
        let mut state = RootState {
            args,
            myself,
            children: HashMap::new(),
            claimed: Instant::now(),
        };
        let sites: Vec<LocationCode> = state.args.shared.sites.keys().cloned().collect();
        for code in sites {
            state.start(Child::Location(code)).await?;
        }
        for desk in state.desks() {
            state.start(desk).await?;
        }
        Ok(state)
    }

    async fn handle(
        &self,
        _myself: ActorRef<NodeMsg>,
        message: NodeMsg,
        state: &mut RootState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            NodeMsg::OpenShards(reply) => {
                let mut outcome = Ok(());
                for shard in ShardId::all() {
                    if let Err(error) = state.start(Child::Shard(shard)).await {
                        outcome = Err(error.to_string());
                        break;
                    }
                }
                drop(reply.send(outcome));
            }
            NodeMsg::Fenced => state.find_out().await,
            NodeMsg::Restart(child) => {
                if let Err(error) = state.start(child.clone()).await {
                    tracing::error!(?child, %error, "a process does not start again");
                    state.restart_soon(child);
                }
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _myself: ActorRef<NodeMsg>,
        event: SupervisionEvent,
        state: &mut RootState,
    ) -> Result<(), ActorProcessingErr> {
        let (who, reason) = match event {
            SupervisionEvent::ActorFailed(who, error) => (who.get_id(), error.to_string()),
            SupervisionEvent::ActorTerminated(who, _, reason) => {
                (who.get_id(), reason.unwrap_or_default())
            }
            _ => return Ok(()),
        };
        if let Some(child) = state.children.remove(&who) {
            tracing::error!(?child, reason, "a process died and is started again");
            metrics::counter!("orderhub_actor_panics_total").increment(1);
            metrics::gauge!("orderhub_actors", "kind" => child.word()).decrement(1.0);
            if let Child::Shard(shard) = child {
                state.args.shared.forget_shard(shard);
            }
            state.restart_soon(child);
        }
        Ok(())
    }
}

impl Child {
    const fn word(&self) -> &'static str {
        match self {
            Self::Shard(_) => "shard",
            Self::Location(_) => "location",
            Self::Desk(family, _) => family.word(),
        }
    }
}

impl RootState {
    fn desks(&self) -> Vec<Child> {
        let connectors = &self.args.connectors;
        let payments = connectors.payments.keys().map(|s| (Family::Payments, s));
        let carriers = connectors.carriers.keys().map(|s| (Family::Carriers, s));
        let warehouses = connectors
            .warehouses
            .keys()
            .map(|s| (Family::Warehouses, s));
        let listening = self.args.shared.listening.values();
        let listening = listening.map(|(s, _)| (Family::Sales, s));
        let all = payments.chain(carriers).chain(warehouses).chain(listening);
        all.map(|(family, slug)| Child::Desk(family, slug.clone()))
            .collect()
    }

    async fn start(&mut self, child: Child) -> Result<(), SpawnErr> {
        let shared = Arc::clone(&self.args.shared);
        let cell = self.myself.get_cell();
        let id = match &child {
            Child::Shard(id) => start_shard(*id, shared, cell).await?,
            Child::Location(code) => start_location(code.clone(), shared, cell).await?,
            Child::Desk(family, slug) => {
                let Some(caller) = self.caller(*family, slug) else {
                    return Ok(());
                };
                let name = format!("{}/{slug}", family.word());
                let args = DeskArgs {
                    name,
                    shared: Arc::clone(&shared),
                    caller,
                };
                let (actor, _) = Desk::spawn_linked(None, Desk, args, cell).await?;
                let id = actor.get_id();
                let key = (*family, slug.clone());
                write(&shared.addresses).desks.insert(key, actor);
                id
            }
        };
        metrics::gauge!("orderhub_actors", "kind" => child.word()).increment(1.0);
        self.children.insert(id, child);
        Ok(())
    }

    fn caller(&self, family: Family, slug: &Slug) -> Option<Arc<dyn Caller>> {
        let connectors = &self.args.connectors;
        let shared = &self.args.shared;
        Some(match family {
            Family::Payments => Arc::new(PaymentCaller {
                slug: slug.clone(),
                connector: Arc::clone(connectors.payments.get(slug)?),
            }),
            Family::Carriers => Arc::new(CarrierCaller {
                connector: Arc::clone(connectors.carriers.get(slug)?),
                journal: Arc::clone(&shared.journal),
                sites: shared.sites.clone(),
                customs: shared.policy.customs,
            }),
            Family::Warehouses => Arc::new(WarehouseCaller {
                connector: Arc::clone(connectors.warehouses.get(slug)?),
            }),
            Family::Sales => Arc::new(ChannelCaller {
                connector: Arc::clone(connectors.sales.get(slug)?),
            }),
        })
    }

    fn restart_soon(&self, child: Child) {
        let myself = self.myself.clone();
        // Not at once: what dies at every start must not spin.
        tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            drop(myself.cast(NodeMsg::Restart(child)));
        });
    }

    /// Somebody raised an epoch. If this incarnation still holds its lease, it was our own lane
    /// that could not say what it had committed: claim again. If not, this is the end.
    async fn find_out(&mut self) {
        if self.claimed.elapsed() < RECLAIM {
            return;
        }
        self.claimed = Instant::now();
        match self.args.ownership.renew().await {
            Ok(false) => {
                self.args.shared.health.admit(false);
                self.args.shared.health.end();
                self.args.end.send_replace(Some(End::Superseded));
            }
            Ok(true) => {
                let codes: Vec<LocationCode> = self.args.shared.sites.keys().cloned().collect();
                match self.args.ownership.claim_all(&codes).await {
                    Ok(claims) => self.args.shared.epochs.renew(&claims),
                    Err(error) => tracing::warn!(%error, "the shards cannot be claimed again"),
                }
            }
            Err(error) => tracing::warn!(%error, "the lease cannot be asked for"),
        }
    }
}

async fn start_shard(
    id: ShardId,
    shared: Arc<Shared>,
    cell: ActorCell,
) -> Result<ActorId, SpawnErr> {
    let args = ShardArgs {
        id,
        shared: Arc::clone(&shared),
    };
    let (actor, _) = ShardActor::spawn_linked(None, ShardActor, args, cell).await?;
    let started = actor.get_id();
    let door = ShardDoor {
        actor,
        busy: Arc::new(AtomicUsize::new(0)),
    };
    write(&shared.addresses).shards.insert(id, door);
    Ok(started)
}

async fn start_location(
    code: LocationCode,
    shared: Arc<Shared>,
    cell: ActorCell,
) -> Result<ActorId, SpawnErr> {
    let args = LocationArgs {
        code: code.clone(),
        shared: Arc::clone(&shared),
    };
    let (actor, _) = LocationActor::spawn_linked(None, LocationActor, args, cell).await?;
    let started = actor.get_id();
    let door = LocationDoor {
        actor,
        busy: Arc::new(AtomicUsize::new(0)),
    };
    write(&shared.addresses).locations.insert(code, door);
    Ok(started)
}
