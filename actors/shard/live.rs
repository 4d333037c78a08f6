//! The orders of a shard that are awake, on their way up, or on their way to sleep.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use orderhub_domain::ids::OrderId;
use orderhub_domain::order::Recorded;
use ractor::{Actor, ActorId, ActorRef, MessagingErr};
use tokio::time::Instant;

use super::door::{overloaded, starting};
use super::{NaturalKey, Permit, ReadOrder, ShardMsg, ShardState};
use crate::api::HubError;
use crate::order::{
    Awake, Envelope, OrderActor, OrderArgs, OrderMsg, OrderState, Start, fold, unavailable,
};

/// Logs that are read at once.
const LOADS: usize = 64;

/// Failed wake-ups after which a person has to look.
const POISON: u32 = 5;

/// An order that somebody needs.
pub(super) struct Entry {
    pub(super) phase: Phase,
    /// Who came while it was loading or leaving.
    waiting: Vec<Envelope>,
    /// Requests and reports under way.
    busy: Arc<AtomicUsize>,
    last_used: Instant,
    /// The first event, of orders that were created here.
    pub(super) received: Option<Arc<Recorded>>,
    pub(super) key: Option<NaturalKey>,
}

pub(super) enum Phase {
    /// Its log is being read.
    Loading,
    /// Awake.
    Live(ActorRef<OrderMsg>),
    /// Finishing what it has in its mailbox.
    Leaving,
}

/// Wake-ups that failed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trouble {
    tries: u32,
    /// Its timer is set until then; the scan leaves it alone.
    until: Instant,
}

impl Entry {
    pub(super) fn new(phase: Phase) -> Self {
        Self {
            phase,
            waiting: Vec::new(),
            busy: Arc::default(),
            last_used: Instant::now(),
            received: None,
            key: None,
        }
    }
}

impl ShardState {
    pub(super) async fn spawn(&mut self, id: OrderId, start: Start) -> Option<ActorRef<OrderMsg>> {
        let args = OrderArgs {
            id,
            shared: Arc::clone(&self.shared),
            shard: self.myself.clone(),
            start,
        };
        let cell = self.myself.get_cell();
        let spawned = OrderActor::spawn_linked(None, OrderActor, args, cell).await;
        match spawned {
            Ok((actor, _)) => {
                self.by_actor.insert(actor.get_id(), id);
                self.shared.awake.fetch_add(1, Ordering::Relaxed);
                metrics::gauge!("orderhub_actors", "kind" => "order").increment(1.0);
                Some(actor)
            }
            Err(error) => {
                tracing::error!(order.id = %id, %error, "an order's actor does not start");
                None
            }
        }
    }

    pub(super) fn deliver(&mut self, id: OrderId, mut envelope: Envelope, bounded: bool) {
        if self.closed {
            return envelope.answer(Err(starting()));
        }
        let entry = self.orders.entry(id).or_insert_with(|| {
            self.to_load.push(id);
            Entry::new(Phase::Loading)
        });
        if bounded {
            let most = self.shared.limits.per_order;
            let Some(permit) = Permit::take(&entry.busy, most) else {
                return envelope.answer(Err(overloaded()));
            };
            envelope.permits.push(permit);
        }
        entry.last_used = Instant::now();
        match &entry.phase {
            Phase::Loading | Phase::Leaving => entry.waiting.push(envelope),
            Phase::Live(actor) => match actor.cast(OrderMsg::Input(Box::new(envelope))) {
                Ok(()) => {}
                // It just ended; the news is behind this message in our own mailbox.
                Err(MessagingErr::SendErr(OrderMsg::Input(envelope))) => {
                    entry.waiting.push(*envelope);
                }
                Err(_) => tracing::error!(order.id = %id, "a message was lost on the way"),
            },
        }
    }

    pub(super) fn wake(&mut self, id: OrderId) {
        let troubled = self.troubles.contains_key(&id);
        self.deliver(id, Envelope::wake(troubled), false);
    }

    /// Reads the logs of orders that are wanted, many at once, one batch at a time.
    pub(super) fn start_loading(&mut self) {
        if self.loading || self.to_load.is_empty() {
            return;
        }
        self.loading = true;
        let rest = self.to_load.split_off(self.to_load.len().min(LOADS));
        let batch = std::mem::replace(&mut self.to_load, rest);
        let (shared, myself) = (Arc::clone(&self.shared), self.myself.clone());
        tokio::spawn(async move {
            let _budget = shared.reads.acquire().await;
            let loaded = shared.journal.load(&batch).await.map_err(unavailable);
            let read = match loaded {
                Err(error) => batch.iter().map(|id| (*id, Err(error.clone()))).collect(),
                Ok(mut loaded) => {
                    let mut take = |id: &OrderId| -> ReadOrder {
                        let found = loaded.iter().position(|one| one.order == *id);
                        let Some(found) = found.map(|at| loaded.swap_remove(at)) else {
                            return Ok(None);
                        };
                        let events = found.events.map_err(HubError::ReadOnly)?;
                        let order = fold(&events)?;
                        let stored_wake = found.wake_at;
                        Ok(Some(Box::new(Awake { order, stored_wake })))
                    };
                    batch.iter().map(|id| (*id, take(id))).collect()
                }
            };
            drop(myself.cast(ShardMsg::Loaded(read)));
        });
    }

    pub(super) async fn loaded(&mut self, read: Vec<(OrderId, ReadOrder)>) {
        self.loading = false;
        for (id, order) in read {
            let error = match order {
                Ok(Some(awake)) => {
                    self.rise(id, Start::Loaded(awake)).await;
                    continue;
                }
                Ok(None) => HubError::NotFound("order"),
                Err(error) => error,
            };
            let Some(entry) = self.orders.remove(&id) else {
                continue;
            };
            let woken = entry
                .waiting
                .iter()
                .any(|envelope| envelope.reply.is_none());
            if woken && !matches!(error, HubError::NotFound(_)) {
                self.wake_failed(id, !matches!(error, HubError::Unavailable(_)));
            }
            for envelope in entry.waiting {
                envelope.answer(Err(error.clone()));
            }
        }
    }

    /// Starts the actor and hands it what waited for it.
    async fn rise(&mut self, id: OrderId, start: Start) {
        let actor = self.spawn(id, start).await;
        let Some(entry) = self.orders.get_mut(&id) else {
            return;
        };
        let Some(actor) = actor else {
            for envelope in std::mem::take(&mut entry.waiting) {
                envelope.answer(Err(starting()));
            }
            self.orders.remove(&id);
            return;
        };
        for envelope in entry.waiting.drain(..) {
            drop(actor.cast(OrderMsg::Input(Box::new(envelope))));
        }
        entry.last_used = Instant::now();
        entry.phase = Phase::Live(actor);
        if self.closed {
            self.let_go(id);
        }
    }

    /// Lets an order fall asleep: it finishes what it has, and newcomers wait for its successor.
    pub(super) fn let_go(&mut self, id: OrderId) {
        let Some(entry) = self.orders.get_mut(&id) else {
            return;
        };
        if let Phase::Live(actor) = &entry.phase {
            let actor = actor.clone();
            drop(actor.cast(OrderMsg::Sleep));
            drop(actor.drain());
            entry.phase = Phase::Leaving;
        }
    }

    /// Sends an actor away that never became an order.
    pub(super) fn dismiss(&mut self, id: OrderId) {
        self.let_go(id);
    }

    /// An actor ended: asleep as it was told, or killed by its own failure.
    pub(super) async fn ended(&mut self, actor: ActorId, last: Option<OrderState>) {
        let Some(id) = self.by_actor.remove(&actor) else {
            return;
        };
        self.shared.awake.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("orderhub_actors", "kind" => "order").decrement(1.0);
        let Some(entry) = self.orders.get(&id) else {
            return;
        };
        let awaited = !entry.waiting.is_empty();
        // Whoever reads it from the log again would have to ask everybody again whose answer is still
        // to come: the state that knows of them goes on.
        let expecting = |state: &OrderState| !self.closed && state.expects_answers();
        match last {
            Some(state) if (awaited || expecting(&state)) && state.is_usable() => {
                self.rise(id, Start::Again(Box::new(state))).await;
            }
            Some(_) if awaited => self.reload(id),
            Some(_) => self.forget(id),
            None if self.stillborn(id) => self.forget(id),
            None => {
                if awaited {
                    self.reload(id);
                } else {
                    self.forget(id);
                }
                // Whatever it was doing, the log knows what is open: look after it soon.
                self.wake_failed(id, true);
            }
        }
    }

    fn reload(&mut self, id: OrderId) {
        if let Some(entry) = self.orders.get_mut(&id) {
            entry.phase = Phase::Loading;
            self.to_load.push(id);
        }
    }

    fn forget(&mut self, id: OrderId) {
        if let Some(entry) = self.orders.remove(&id)
            && let Some(key) = entry.key
        {
            self.known.remove(&key);
        }
    }

    /// Orders that nobody needed for a while, and the least recently used above the node's cap.
    pub(super) fn let_idle_ones_go(&mut self) {
        let idle = self.shared.limits.idle;
        let awake = self.shared.awake.load(Ordering::Relaxed);
        let too_many = awake.saturating_sub(self.shared.limits.awake);
        let mut resting: Vec<(Instant, OrderId)> = self
            .orders
            .iter()
            .filter(|(_, entry)| matches!(entry.phase, Phase::Live(_)))
            .filter(|(_, entry)| entry.busy.load(Ordering::Relaxed) == 0)
            .map(|(id, entry)| (entry.last_used, *id))
            .collect();
        let share = too_many.div_ceil(256);
        if share > 0 {
            resting.sort_unstable();
        }
        let now = Instant::now();
        for (place, (last_used, id)) in resting.into_iter().enumerate() {
            if place < share || now.duration_since(last_used) >= idle {
                self.let_go(id);
            }
        }
    }

    pub(super) fn wake_failed(&mut self, id: OrderId, counts: bool) {
        let now = Instant::now();
        let trouble = self.troubles.entry(id).or_insert(Trouble {
            tries: 0,
            until: now,
        });
        if counts {
            trouble.tries += 1;
        }
        if trouble.tries >= POISON {
            self.shared.health.poisoned(id);
        }
        let pause = Duration::from_secs(1 << trouble.tries.min(8));
        trouble.until = now + pause;
        let pause = jiff::SignedDuration::try_from(pause).unwrap_or_default();
        self.shared.timers.set(id, self.shared.clock.now() + pause);
    }

    pub(super) fn wake_worked(&mut self, id: OrderId) {
        if self.troubles.remove(&id).is_some() {
            self.shared.health.cured(id);
        }
    }

    /// Every order falls asleep; nobody is let in any more.
    pub(super) fn drain(&mut self, done: tokio::sync::oneshot::Sender<()>) {
        self.closed = true;
        self.draining.push(done);
        let ids: Vec<OrderId> = self.orders.keys().copied().collect();
        for id in ids {
            self.let_go(id);
        }
    }

    pub(super) fn report_drained(&mut self) {
        if self.orders.is_empty() {
            for done in self.draining.drain(..) {
                done.send(()).ok();
            }
        }
    }

    #[cfg(test)]
    pub(super) fn kill(&mut self, id: OrderId) {
        if let Some(Phase::Live(actor)) = self.orders.get(&id).map(|entry| &entry.phase) {
            actor.kill();
        }
    }

    /// Whether somebody looks after the order already.
    pub(super) fn is_here(&self, id: OrderId) -> bool {
        self.orders.contains_key(&id)
    }

    /// Whether its wake-ups failed; its timer is set.
    pub(super) fn is_backing_off(&self, id: OrderId) -> bool {
        let trouble = self.troubles.get(&id);
        trouble.is_some_and(|trouble| trouble.until > Instant::now())
    }
}
