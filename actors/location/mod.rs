//! The single writer of a location's stock.
//!
//! It decides with `orderhub_domain::stock` on a state that runs ahead of the commits, hands the
//! changes to the stock lane in order, and answers only after the commit. When a change does not
//! commit, everything that was decided after it is decided again on what the store really has.
//! What the location decides by itself (holds that lapse) is told to the orders until they have
//! committed it.

mod answers;
mod board;
mod cutting;
mod pausing;
mod pipeline;
mod promising;
mod reading;
mod telling;
#[cfg(test)]
mod tests;
mod waiters;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use orderhub_domain::ids::{EffectId, LocationCode, Sku};
use orderhub_domain::stock::{HoldKey, LocationStock, StockCommand};
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use tokio::sync::{mpsc, oneshot};

use crate::api::{HubError, Said};
use crate::lanes::StockTicket;
use crate::ports::StockAppended;
use crate::shard::Permit;
use crate::shared::Shared;

pub(crate) use board::Board;
pub(crate) use pipeline::LocationState;
pub(crate) use waiters::Waiters;

/// How often lapsed holds are looked for.
const TICK: Duration = Duration::from_secs(1);

/// Where a location can be reached.
#[derive(Clone)]
pub(crate) struct LocationDoor {
    pub(crate) actor: ActorRef<LocationMsg>,
    /// What people and feeds say, under way.
    pub(crate) busy: Arc<AtomicUsize>,
}

/// Where the answer to what somebody said goes.
pub(crate) type Reply = oneshot::Sender<Result<Said, HubError>>;

pub(crate) enum LocationMsg {
    /// An order's effect.
    Ask {
        effect: EffectId,
        attempt: u16,
        command: Box<StockCommand>,
    },
    /// Somebody counted, announced or received.
    Say {
        command: Box<StockCommand>,
        permit: Permit,
        reply: Reply,
    },
    /// The same, once it is known what orders have picked.
    Counted {
        command: Box<StockCommand>,
        permit: Permit,
        reply: Reply,
    },
    /// Promises of a SKU have to be taken back; which firm holds nobody has picked for.
    Cut { sku: Sku, unpicked: Vec<HoldKey> },
    /// Orders have committed what they were told.
    Told(Vec<(HoldKey, i32)>),
    /// Orders could not be told; later again.
    NotTold(Vec<HoldKey>),
    /// The oldest change under way has its answer.
    Settled {
        generation: u64,
        answer: StockAppended,
    },
    /// The stock was read.
    Loaded {
        generation: u64,
        stock: Box<LocationStock>,
    },
    /// Somebody said that the location takes no new work, or takes some again.
    Paused(bool),
    /// Time has passed.
    Tick,
    /// Answer as soon as the stock is known.
    WhenReady(oneshot::Sender<()>),
    /// Answer as soon as nothing is under way.
    WhenIdle(oneshot::Sender<()>),
}

pub(crate) struct LocationArgs {
    pub(crate) code: LocationCode,
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct LocationActor;

impl Actor for LocationActor {
    type Msg = LocationMsg;
    type State = LocationState;
    type Arguments = LocationArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<LocationMsg>,
        args: LocationArgs,
    ) -> Result<LocationState, ActorProcessingErr> {
        let (tickets, under_way) = mpsc::unbounded_channel();
        tokio::spawn(relay(under_way, myself.clone()));
        tokio::spawn(tick(myself.clone()));
        let mut state = LocationState::new(args, myself, tickets);
        state.load();
        Ok(state)
    }

    async fn handle(
        &self,
        _myself: ActorRef<LocationMsg>,
        message: LocationMsg,
        state: &mut LocationState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            LocationMsg::Ask {
                effect,
                attempt,
                command,
            } => state.ask(effect, attempt, *command).await,
            LocationMsg::Say {
                command,
                permit,
                reply,
            } => state.say(*command, permit, reply).await,
            LocationMsg::Counted {
                command,
                permit,
                reply,
            } => state.take(*command, None, 0, Some((reply, permit))).await,
            LocationMsg::Cut { sku, unpicked } => state.cut(sku, unpicked).await,
            LocationMsg::Told(holds) => state.told(holds).await,
            LocationMsg::NotTold(holds) => state.not_told(&holds),
            LocationMsg::Settled { generation, answer } => state.settled(generation, answer),
            LocationMsg::Loaded { generation, stock } => state.loaded(generation, *stock).await,
            LocationMsg::Paused(true) => state.tell_paused(),
            LocationMsg::Paused(false) => state.resumed(),
            LocationMsg::Tick => state.tick().await,
            LocationMsg::WhenReady(reply) => state.when_ready(reply),
            LocationMsg::WhenIdle(reply) => state.when_idle(reply),
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _myself: ActorRef<LocationMsg>,
        _event: SupervisionEvent,
        _state: &mut LocationState,
    ) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}

/// Turns tickets into messages, in the order in which the changes were sent.
async fn relay(
    mut tickets: mpsc::UnboundedReceiver<(u64, StockTicket)>,
    actor: ActorRef<LocationMsg>,
) {
    while let Some((generation, ticket)) = tickets.recv().await {
        let ended = || StockAppended::Unavailable("the stock lane ended".into());
        let answer = ticket.await.unwrap_or_else(|_| ended());
        let settled = LocationMsg::Settled { generation, answer };
        if actor.cast(settled).is_err() {
            return;
        }
    }
}

async fn tick(actor: ActorRef<LocationMsg>) {
    loop {
        tokio::time::sleep(TICK).await;
        if actor.cast(LocationMsg::Tick).is_err() {
            return;
        }
    }
}
