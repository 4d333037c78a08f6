//! One actor per live order. It owns the order's state and is the only one that writes it.
//!
//! A message is decided on the state, written through the lane, and only after the commit applied,
//! answered and acted upon. The commit is awaited inside the handler, so the mailbox itself is the
//! queue behind it. Nothing durable happens when the actor ends; a killed one loses nothing.

mod address;
mod commit;
mod dispatch;
mod flights;
mod goods;
mod measure;
mod news;
mod refs;
mod screen;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use orderhub_domain::append::Protocol;
use orderhub_domain::ids::{ChannelId, OrderId, Sku};
use orderhub_domain::order::{
    Context, Input, InputBody, Order, Recorded, Stage, due_effects, evolve, waits_for_stock,
    wake_at,
};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::oneshot;

use crate::api::{Done, HubError, NewOrder};
use crate::lanes::Urgency;
use crate::shard::{Birth, NaturalKey, Permit, ShardMsg};
use crate::shared::Shared;

pub(crate) use commit::unavailable;
use flights::Flights;
pub(crate) use screen::Arrivals;

/// Where an answer goes.
pub(crate) type Reply = oneshot::Sender<Result<Done, HubError>>;

/// What an order can be told.
pub(crate) enum OrderMsg {
    /// Become this order. The first message of a new actor, and of no other.
    Place(NaturalKey, Box<NewOrder>),
    /// A request, a report or a wake-up.
    Input(Box<Envelope>),
    /// The actor is about to be drained: write down when the order wants to be woken.
    Sleep,
}

/// An input and everything that travels with it.
pub(crate) struct Envelope {
    pub(crate) input: Input,
    pub(crate) urgency: Urgency,
    /// Earlier wake-ups failed: the shard wants to hear how this one ends.
    pub(crate) troubled: bool,
    pub(crate) reply: Option<Reply>,
    /// Given back when the message is gone, however it goes.
    pub(crate) permits: Vec<Permit>,
}

impl Envelope {
    /// A wake-up.
    pub(crate) fn wake(troubled: bool) -> Self {
        Self {
            input: Input {
                actor: "system".into(),
                body: InputBody::Wake,
            },
            urgency: Urgency::Fact,
            troubled,
            reply: None,
            permits: Vec::new(),
        }
    }

    /// Answers the sender, if it waits for an answer.
    pub(crate) fn answer(self, outcome: Result<Done, HubError>) {
        if let Some(reply) = self.reply {
            // A sender that has gone away asks again.
            drop(reply.send(outcome));
        }
    }
}

/// How an actor begins.
pub(crate) enum Start {
    /// As an order that is not there yet.
    New,
    /// From the log.
    Loaded(Box<Awake>),
    /// With the state of the actor before it.
    Again(Box<OrderState>),
}

/// An order as loaded.
pub(crate) struct Awake {
    pub(crate) order: Order,
    pub(crate) stored_wake: Option<Timestamp>,
}

pub(crate) struct OrderArgs {
    pub(crate) id: OrderId,
    pub(crate) shared: Arc<Shared>,
    pub(crate) shard: ActorRef<ShardMsg>,
    pub(crate) start: Start,
}

pub(crate) struct OrderState {
    id: OrderId,
    shared: Arc<Shared>,
    shard: ActorRef<ShardMsg>,
    /// None until the order is placed.
    order: Option<Box<Order>>,
    /// `wake_at` as the row has it.
    stored_wake: Option<Timestamp>,
    /// Whether the state in memory is the log.
    protocol: Protocol,
    /// Loaded and not looked after yet: what is open may be under way or lost.
    fresh: bool,
    flights: Flights,
    /// SKUs in whose queues the order stands.
    queued_for: Vec<Sku>,
    /// The state of the board before the last decision.
    mark: u64,
    leaving: bool,
}

pub(crate) struct OrderActor;

impl Actor for OrderActor {
    type Msg = OrderMsg;
    type State = OrderState;
    type Arguments = OrderArgs;

    async fn pre_start(
        &self,
        _myself: ActorRef<OrderMsg>,
        args: OrderArgs,
    ) -> Result<OrderState, ActorProcessingErr> {
        let (order, stored_wake) = match args.start {
            Start::New => (None, None),
            Start::Loaded(awake) => (Some(Box::new(awake.order)), awake.stored_wake),
            Start::Again(mut state) => {
                state.shard = args.shard;
                state.leaving = false;
                return Ok(*state);
            }
        };
        Ok(OrderState {
            id: args.id,
            fresh: order.is_some(),
            order,
            stored_wake,
            protocol: Protocol::Idle,
            flights: Flights::default(),
            queued_for: Vec::new(),
            mark: args.shared.board.mark(),
            leaving: false,
            shared: args.shared,
            shard: args.shard,
        })
    }

    async fn post_start(
        &self,
        _myself: ActorRef<OrderMsg>,
        state: &mut OrderState,
    ) -> Result<(), ActorProcessingErr> {
        if state.fresh {
            state.resume();
        }
        state.look_ahead(false);
        Ok(())
    }

    async fn handle(
        &self,
        _myself: ActorRef<OrderMsg>,
        message: OrderMsg,
        state: &mut OrderState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            OrderMsg::Place(key, order) => {
                let birth = Box::pin(state.place(*order)).await;
                if matches!(birth, Birth::Committed(_)) {
                    state.look_ahead(false);
                }
                let id = state.id;
                state.tell_shard(ShardMsg::Born { key, id, birth });
            }
            OrderMsg::Input(envelope) => Box::pin(state.take(*envelope)).await,
            OrderMsg::Sleep => Box::pin(state.fall_asleep()).await,
        }
        Ok(())
    }
}

impl OrderState {
    async fn take(&mut self, envelope: Envelope) {
        let woken = envelope.input.body == InputBody::Wake;
        let outcome = self.advance(&envelope.input, envelope.urgency).await;
        if woken {
            match &outcome {
                Ok(_) => self.send_what_is_due(),
                Err(error) => {
                    let counts = !is_outage(error);
                    self.tell_shard(ShardMsg::WakeFailed(self.id, counts));
                }
            }
            if envelope.troubled && outcome.is_ok() {
                self.tell_shard(ShardMsg::WakeWorked(self.id));
            }
        }
        let failed = woken && outcome.is_err();
        envelope.answer(outcome);
        if !failed {
            self.look_ahead(woken);
        }
    }

    /// After a load: everything open that was not put off may have been sent, or not.
    fn resume(&mut self) {
        self.fresh = false;
        let Some(order) = self.order.as_deref() else {
            return;
        };
        let now = self.shared.clock.now();
        for (id, open) in &order.outstanding {
            let put_off = open.attempts > 0 && open.next_try_at > now;
            if !put_off && !self.flights.is_aloft(*id) {
                self.flights.launch(*id, &open.effect);
                dispatch::dispatch(&self.shared, order, *id, open, true);
            }
        }
    }

    /// Sends effects whose next try is due and which are not under way.
    fn send_what_is_due(&mut self) {
        let Some(order) = self.order.as_deref() else {
            return;
        };
        for (id, open) in due_effects(order, self.shared.clock.now()) {
            if self.flights.is_aloft(id) {
                continue;
            }
            let perhaps_done = open.unknown || !self.flights.is_known_undone(id);
            self.flights.launch(id, &open.effect);
            dispatch::dispatch(&self.shared, order, id, &open, perhaps_done);
        }
    }

    /// Sets the timer, joins or leaves the queues in front of stock, and asks to leave when there
    /// is nothing left to do.
    fn look_ahead(&mut self, woken: bool) {
        let Some(order) = self.order.as_deref() else {
            return;
        };
        let now = self.shared.clock.now();
        match wake_at(order, &self.shared.policy) {
            None => self.shared.timers.clear(self.id),
            Some(at) if at > now => self.shared.timers.set(self.id, at),
            // Still due right after a wake-up: what is due is under way. Look again later.
            Some(_) if woken => {
                let pause = self
                    .flights
                    .next_landing()
                    .unwrap_or(Duration::from_secs(5));
                let pause = pause.clamp(Duration::from_secs(1), Duration::from_secs(5));
                let pause = SignedDuration::try_from(pause).unwrap_or_default();
                self.shared.timers.set(self.id, now + pause);
            }
            Some(_) => self.shared.timers.set(self.id, now),
        }
        let done = is_at_rest(order);
        self.queue_up();
        if done && !self.leaving {
            self.leaving = true;
            self.tell_shard(ShardMsg::Leave(self.id));
        } else if !done {
            self.leaving = false;
        }
    }

    fn queue_up(&mut self) {
        let Some(order) = self.order.as_deref() else {
            return;
        };
        let wanted = waits_for_stock(order);
        for sku in self.queued_for.iter().filter(|sku| !wanted.contains(sku)) {
            self.shared.waiters.leave(self.id, sku);
        }
        for sku in &wanted {
            self.shared.waiters.join(self.id, sku);
        }
        // Units that came free between the decision and the queueing were offered to nobody here.
        let missed = wanted
            .iter()
            .any(|sku| self.shared.board.rose_since(sku, self.mark));
        self.queued_for = wanted;
        if missed {
            self.mark = self.shared.board.mark();
            self.shared.timers.set(self.id, self.shared.clock.now());
        }
    }

    /// It is an order, and another actor may go on with this state.
    pub(crate) const fn is_usable(&self) -> bool {
        self.order.is_some() && self.protocol.may_decide()
    }

    /// Something that it asked for is under way.
    pub(crate) fn expects_answers(&self) -> bool {
        self.flights.next_landing().is_some()
    }

    fn tell_shard(&self, message: ShardMsg) {
        // A shard that is gone takes its orders with it.
        drop(self.shard.cast(message));
    }

    /// What a decision about an order of this channel may look at.
    fn context(&self, channel: ChannelId) -> Context<'_> {
        let listens = self.shared.listening.get(&channel);
        Context {
            ship_to: None,
            now: self.shared.clock.now(),
            policy: &self.shared.policy,
            places: &self.shared.board,
            channel_listens: listens.map_or(&[][..], |(_, topics)| topics),
        }
    }
}

/// Nothing will happen before somebody comes, or before a far-off day.
fn is_at_rest(order: &Order) -> bool {
    (order.stage.is_terminal() || order.stage == Stage::Completed) && order.outstanding.is_empty()
}

/// The store's trouble, not the order's.
fn is_outage(error: &HubError) -> bool {
    matches!(
        error,
        HubError::Unavailable(_) | HubError::OutcomeUnknown(_) | HubError::Overloaded { .. }
    )
}

/// Folds a log.
pub(crate) fn fold(events: &[Recorded]) -> Result<Order, HubError> {
    let mut order = None;
    for event in events {
        let next = evolve(order, event).map_err(|error| HubError::ReadOnly(error.to_string()))?;
        order = Some(next);
    }
    let order = order.ok_or(HubError::NotFound("order"))?;
    // Counted by the auditor, once, however often the order is woken.
    for (invariant, detail) in order.violations() {
        tracing::error!(order.id = %order.id, invariant, detail, "an order breaks an invariant; look at its log");
    }
    Ok(order)
}
