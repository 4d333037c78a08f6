//! One actor per owned shard: it finds, wakes and creates the shard's orders and lets them sleep.
//!
//! It never waits: logs are read beside it and come back as messages, and so does every commit.
//! An order has at most one actor; whoever comes while it is loading or leaving waits in front of
//! it. Nothing here is durable: a shard that dies is started again and finds what is due by its
//! scan.

mod births;
mod door;
mod live;
mod scan;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use orderhub_domain::ids::{ChannelId, OrderId, ShardId};
use orderhub_domain::order::Recorded;
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};
use tokio::sync::oneshot;

use crate::api::{HubError, NewOrder, Placed};
use crate::order::{Awake, Envelope, OrderState};
use crate::shared::Shared;

use births::Pending;
pub(crate) use door::{Permit, ShardDoor, overloaded};
use live::{Entry, Trouble};
use scan::Scan;

/// What names an order in its channel.
pub(crate) type NaturalKey = (ChannelId, String);

/// How a new order's first commit ended.
pub(crate) enum Birth {
    /// On disk, with its first event.
    Committed(Arc<Recorded>),
    /// The order was there before.
    Duplicate(OrderId),
    /// It is not there, or nobody knows.
    Failed(HubError),
}

/// Where the answer to a create goes.
pub(crate) type PlaceReply = oneshot::Sender<Result<Placed, HubError>>;

/// What was read of an order: `None` when there is no such order.
pub(crate) type ReadOrder = Result<Option<Box<Awake>>, HubError>;

pub(crate) enum ShardMsg {
    /// An order to record.
    Place(Box<NewOrder>, Permit, PlaceReply),
    /// Something for an order. The flag says whether the bound per order holds for it.
    Deliver(OrderId, Box<Envelope>, bool),
    /// A timer fired, or something that the order waits for may have changed.
    Wake(OrderId),
    /// A new order's first commit ended.
    Born {
        key: NaturalKey,
        id: OrderId,
        birth: Birth,
    },
    /// The order that has a natural key already was read.
    Existing {
        key: NaturalKey,
        id: OrderId,
        read: Result<Arc<Recorded>, HubError>,
    },
    /// Logs were read.
    Loaded(Vec<(OrderId, ReadOrder)>),
    /// Orders that are due were found.
    Due(Result<Vec<(Timestamp, OrderId)>, HubError>),
    /// An order has nothing more to do.
    Leave(OrderId),
    /// A wake-up failed; the flag says whether it was the order's own fault.
    WakeFailed(OrderId, bool),
    /// A wake-up worked after earlier ones had failed.
    WakeWorked(OrderId),
    /// A second has passed.
    Tick,
    /// Let every order sleep; answer when none is awake.
    Drain(oneshot::Sender<()>),
    /// Ends an order's actor in the middle of whatever it does.
    #[cfg(test)]
    Kill(OrderId),
}

pub(crate) struct ShardArgs {
    pub(crate) id: ShardId,
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct ShardState {
    id: ShardId,
    shared: Arc<Shared>,
    myself: ActorRef<ShardMsg>,
    orders: HashMap<OrderId, Entry>,
    by_actor: HashMap<ActorId, OrderId>,
    /// Creates under way, with everybody who waits for them.
    births: HashMap<NaturalKey, Pending>,
    /// Orders that were created here and are still awake.
    known: HashMap<NaturalKey, OrderId>,
    to_load: Vec<OrderId>,
    loading: bool,
    scan: Scan,
    troubles: HashMap<OrderId, Trouble>,
    draining: Vec<oneshot::Sender<()>>,
    closed: bool,
}

pub(crate) struct ShardActor;

impl Actor for ShardActor {
    type Msg = ShardMsg;
    type State = ShardState;
    type Arguments = ShardArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<ShardMsg>,
        args: ShardArgs,
    ) -> Result<ShardState, ActorProcessingErr> {
        Ok(ShardState {
            id: args.id,
            shared: args.shared,
            myself,
            orders: HashMap::new(),
            by_actor: HashMap::new(),
            births: HashMap::new(),
            known: HashMap::new(),
            to_load: Vec::new(),
            loading: false,
            scan: Scan::default(),
            troubles: HashMap::new(),
            draining: Vec::new(),
            closed: false,
        })
    }

    async fn post_start(
        &self,
        myself: ActorRef<ShardMsg>,
        state: &mut ShardState,
    ) -> Result<(), ActorProcessingErr> {
        tokio::spawn(scan::tick(state.id, myself));
        Ok(())
    }

    async fn handle(
        &self,
        _myself: ActorRef<ShardMsg>,
        message: ShardMsg,
        state: &mut ShardState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ShardMsg::Place(order, permit, reply) => state.place(*order, permit, reply).await,
            ShardMsg::Deliver(order, envelope, bounded) => {
                state.deliver(order, *envelope, bounded);
            }
            ShardMsg::Wake(order) => state.wake(order),
            ShardMsg::Born { key, id, birth } => state.born(key, id, birth),
            ShardMsg::Existing { key, id, read } => state.existing(&key, id, read),
            ShardMsg::Loaded(read) => state.loaded(read).await,
            ShardMsg::Due(found) => state.due(found),
            ShardMsg::Leave(order) => state.let_go(order),
            ShardMsg::WakeFailed(order, counts) => state.wake_failed(order, counts),
            ShardMsg::WakeWorked(order) => state.wake_worked(order),
            ShardMsg::Tick => state.tick(),
            ShardMsg::Drain(done) => state.drain(done),
            #[cfg(test)]
            ShardMsg::Kill(order) => state.kill(order),
        }
        state.start_loading();
        state.report_drained();
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _myself: ActorRef<ShardMsg>,
        event: SupervisionEvent,
        state: &mut ShardState,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorTerminated(who, last, _) => {
                let last = last.and_then(|mut boxed| boxed.take::<OrderState>().ok());
                state.ended(who.get_id(), last).await;
            }
            SupervisionEvent::ActorFailed(who, error) => {
                tracing::error!(shard = %state.id, %error, "an order's actor failed");
                metrics::counter!("orderhub_actor_panics_total").increment(1);
                state.ended(who.get_id(), None).await;
            }
            _ => {}
        }
        state.start_loading();
        state.report_drained();
        Ok(())
    }
}
