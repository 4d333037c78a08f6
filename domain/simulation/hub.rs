//! A simulated node of the hub: the way from an input through a decision and a commit to calls, and
//! what is left of it after a crash. It follows the append protocol, as the actors do.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::world::{Call, Crash, Fault, Letter, World};
use crate::append::{Protocol, Signal, Step};
use crate::ids::{EffectId, OrderId};
use crate::money::Money;
use crate::order::{
    Asked, Decided, Event, Input, InputBody, Order, Outstanding, REMEMBERED_REQUESTS, Recorded,
    Rejection, due_effects, waits_for_stock,
};

/// What a node has in memory of one order.
pub(super) struct Memory {
    pub(super) order: Order,
    pub(super) protocol: Protocol,
    /// Calls under way, with the end of their lease.
    aloft: BTreeMap<EffectId, Timestamp>,
    /// Calls whose last try this node saw fail for certain.
    undone: BTreeSet<EffectId>,
}

/// A node.
pub(super) struct Node {
    pub(super) epoch: u64,
    pub(super) memory: BTreeMap<OrderId, Memory>,
    /// Raised by every crash: answers to a former life reach nobody.
    pub(super) life: u32,
    /// The store has told it that it is not the owner any more.
    pub(super) fenced: bool,
}

impl Node {
    pub(super) const fn new(epoch: u64) -> Self {
        Self {
            epoch,
            memory: BTreeMap::new(),
            life: 0,
            fenced: false,
        }
    }
}

/// What a node did with an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Took {
    /// It is in the log, or changes nothing.
    Yes,
    /// A request that was refused; nothing happened.
    Refused(Rejection),
    /// It was not taken, or nobody knows: it has to come again.
    No,
}

impl World<'_> {
    /// Gives an input to an order on a node.
    pub(super) fn advance(&mut self, node: usize, id: OrderId, input: &Input) -> Took {
        loop {
            if self.nodes[node].fenced || !self.make_sure(node, id) {
                return Took::No;
            }
            let Some(memory) = self.nodes[node].memory.get(&id) else {
                return Took::No;
            };
            if self.answered_long_ago(&memory.order, input) {
                return Took::Yes;
            }
            let context = self.context(memory.order.channel);
            let decided = self.core.decide(&memory.order, input, &context);
            let (events, next) = match decided {
                Ok(Decided::Commit(events, next)) => (events, *next),
                other => {
                    if let Some(memory) = self.nodes[node].memory.get_mut(&id) {
                        memory.protocol = Protocol::Idle;
                    }
                    return other.map_or_else(Took::Refused, |_| Took::Yes);
                }
            };
            match self.write(node, id, input, &events, &next) {
                Step::Adopt => {
                    self.adopt(node, &events, next);
                    return Took::Yes;
                }
                Step::ReloadAndDecideAgain => {}
                Step::Leave => {
                    self.tell(&format!("node {node} is fenced and leaves"));
                    self.nodes[node].memory.clear();
                    self.nodes[node].fenced = true;
                    return Took::No;
                }
                _ => return Took::No,
            }
        }
    }

    /// A repeat of a request that the state has forgotten: the log remembers it.
    fn answered_long_ago(&self, order: &Order, input: &Input) -> bool {
        let InputBody::Request(Asked {
            request: Some(request),
            ..
        }) = &input.body
        else {
            return false;
        };
        let asked = request.command_id;
        if order.requests.len() < REMEMBERED_REQUESTS
            || order.requests.iter().any(|known| known.command_id == asked)
        {
            return false;
        }
        let log = self.store.logs.get(&order.id).into_iter().flatten();
        log.into_iter().any(|recorded| match &recorded.event {
            Event::Requested { request, .. } => request.command_id == asked,
            Event::Received(received) => {
                let first = received.request.as_ref();
                first.is_some_and(|request| request.command_id == asked)
            }
            _ => false,
        })
    }

    /// Makes sure that the state in memory is the log.
    fn make_sure(&mut self, node: usize, id: OrderId) -> bool {
        let at = self.nodes[node].memory.get(&id).map(|m| m.protocol);
        match at {
            Some(Protocol::Idle | Protocol::Appending { .. }) => true,
            Some(Protocol::Fenced) => false,
            Some(at) => {
                let (next, _) = self.core.protocol(at, Signal::Loaded);
                self.load(node, id, next)
            }
            None => self.load(node, id, Protocol::Idle),
        }
    }

    /// Reads the log and sends again what is open and was not put off.
    fn load(&mut self, node: usize, id: OrderId, protocol: Protocol) -> bool {
        let Some(order) = self.audit.folded(&self.store, id) else {
            self.fall(
                "log_folds",
                format!("the log of {} cannot be read", self.name(id)),
            );
            return false;
        };
        let before = self.nodes[node].memory.remove(&id);
        let mut aloft = before.map(|memory| memory.aloft).unwrap_or_default();
        aloft.retain(|id, _| order.outstanding.contains_key(id));
        let memory = Memory {
            order,
            protocol,
            aloft,
            undone: BTreeSet::new(),
        };
        let now = self.now;
        let open = memory.order.outstanding.iter();
        let resumed: Vec<(EffectId, Outstanding)> = open
            .filter(|(_, open)| open.attempts == 0 || open.next_try_at <= now)
            .map(|(id, open)| (*id, open.clone()))
            .collect();
        self.nodes[node].memory.insert(id, memory);
        self.send(node, id, resumed);
        true
    }

    /// Hands calls over that are not under way.
    fn send(&mut self, node: usize, order: OrderId, calls: Vec<(EffectId, Outstanding)>) {
        let now = self.now;
        let life = self.nodes[node].life;
        let Some(memory) = self.nodes[node].memory.get_mut(&order) else {
            return;
        };
        let price = Money::from_minor(410, memory.order.draft.currency);
        for (id, open) in calls {
            if memory.aloft.get(&id).is_some_and(|until| *until > now) {
                continue;
            }
            let lease = now.saturating_add(open.effect.lease()).unwrap_or(now);
            memory.aloft.insert(id, lease);
            let perhaps_done = open.unknown || !memory.undone.remove(&id);
            self.post.push(Letter::Call(Call {
                node,
                life,
                order,
                id,
                effect: open.effect,
                price,
                perhaps_done,
            }));
        }
    }

    /// Hands a decision to the store and takes its answer into the protocol.
    fn write(
        &mut self,
        node: usize,
        id: OrderId,
        input: &Input,
        events: &[Recorded],
        next: &Order,
    ) -> Step {
        let Some(at) = self.nodes[node].memory.get(&id).map(|m| m.protocol) else {
            return Step::Leave;
        };
        let (sent, _) = self.core.protocol(at, Signal::Sent);
        if std::mem::take(&mut self.elsewhere) {
            self.write_elsewhere(id, input);
        }
        let version = next.version.saturating_sub(events.len() as u64);
        if let Some(crash) = self.begin_commit() {
            if crash.written {
                let epoch = self.nodes[node].epoch;
                self.append(epoch, id, version, events, next);
            }
            self.crash(node);
            return Step::Fail;
        }
        let signal = match self.fault.take() {
            Some(Fault::NotStored) => Signal::NotStored,
            Some(Fault::UnwrittenUnheard) => Signal::OutcomeUnknown,
            fault => {
                let epoch = self.nodes[node].epoch;
                let answer = self.append(epoch, id, version, events, next);
                if fault.is_some() && answer == Signal::Committed {
                    Signal::OutcomeUnknown
                } else {
                    answer
                }
            }
        };
        if signal != Signal::Committed {
            self.tell(&format!("the store answers node {node}: {signal:?}"));
        }
        let (after, step) = self.core.protocol(sent, signal);
        if signal == Signal::OutcomeUnknown && after.may_decide() {
            let found = format!("node {node} would go on from what may not be the log");
            self.fall("decides_on_the_log", found);
        }
        if let Some(memory) = self.nodes[node].memory.get_mut(&id) {
            memory.protocol = after;
        }
        step
    }

    /// Writes under an epoch; every event that reaches the log is audited here.
    pub(super) fn append(
        &mut self,
        epoch: u64,
        id: OrderId,
        expected: u64,
        events: &[Recorded],
        next: &Order,
    ) -> Signal {
        if !self.core.admits(epoch, self.store.epoch) {
            return Signal::Fenced;
        }
        let wake = self.core.wake_at(next, &self.policy);
        let signal = self.store.append(id, expected, events, wake);
        if signal == Signal::Committed {
            if epoch != self.store.epoch {
                let found = format!(
                    "epoch {epoch} wrote to {} while {} was in force",
                    self.name(id),
                    self.store.epoch
                );
                self.fall("one_writer", found);
            }
            self.observe(id, events, next);
        }
        signal
    }

    /// Another writer of the same claim takes the same input first.
    fn write_elsewhere(&mut self, id: OrderId, input: &Input) {
        let Some(order) = self.audit.folded(&self.store, id) else {
            return;
        };
        let context = self.context(order.channel);
        let decided = self.core.decide(&order, input, &context);
        if let Ok(Decided::Commit(events, next)) = decided {
            self.tell(&format!("somebody else writes to {}", self.name(id)));
            let epoch = self.store.epoch;
            self.append(epoch, id, order.version, &events, &next);
        }
    }

    /// Takes over what is on disk and starts what it opened.
    pub(super) fn adopt(&mut self, node: usize, events: &[Recorded], next: Order) {
        let id = next.id;
        let opened = events.iter().filter_map(|e| e.event.opens());
        let opened = opened.filter_map(|effect| {
            let open = next.outstanding.get(&effect.id)?;
            Some((effect.id, open.clone()))
        });
        let opened: Vec<_> = opened.collect();
        let before = self.nodes[node].memory.remove(&id);
        let (mut aloft, mut undone) = before
            .map(|memory| (memory.aloft, memory.undone))
            .unwrap_or_default();
        // What was opened by this very commit was never tried.
        undone.extend(opened.iter().map(|(id, _)| *id));
        for recorded in events {
            if let Event::EffectPostponed {
                postpones, unknown, ..
            } = &recorded.event
            {
                aloft.remove(postpones);
                if *unknown {
                    undone.remove(postpones);
                } else {
                    undone.insert(*postpones);
                }
            }
        }
        aloft.retain(|id, _| next.outstanding.contains_key(id));
        undone.retain(|id| next.outstanding.contains_key(id));
        let memory = Memory {
            order: next,
            protocol: Protocol::Idle,
            aloft,
            undone,
        };
        self.nodes[node].memory.insert(id, memory);
        self.send(node, id, opened);
    }

    /// Wakes an order, and sends what is due.
    pub(super) fn wake(&mut self, node: usize, id: OrderId) -> Took {
        let input = Input {
            actor: "system".into(),
            body: InputBody::Wake,
        };
        let took = self.advance(node, id, &input);
        if took == Took::Yes
            && let Some(memory) = self.nodes[node].memory.get(&id)
        {
            let due = due_effects(&memory.order, self.now);
            self.send(node, id, due);
        }
        took
    }

    /// Wakes every order whose time has come, and those in the queues in front of stock.
    pub(super) fn wake_due(&mut self) {
        let now = self.now;
        let waits = |id: &OrderId| {
            let memory = self.nodes[self.owner].memory.get(id);
            memory.is_some_and(|memory| !waits_for_stock(&memory.order).is_empty())
        };
        let due: Vec<OrderId> = self
            .store
            .wake
            .iter()
            .filter(|(id, at)| at.is_some_and(|at| at <= now) || waits(id))
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            self.wake(self.owner, id);
            self.check_woken(id);
        }
    }

    /// A commit begins. The crash that hits it, if one does.
    pub(super) fn begin_commit(&mut self) -> Option<Crash> {
        self.commits += 1;
        let now = self.commits;
        let crash = self.crash.take_if(|crash| crash.commit <= now)?;
        let when = if crash.written { "after" } else { "before" };
        self.tell(&format!("the hub crashes {when} commit {now} is on disk"));
        Some(crash)
    }

    /// The node loses its memory. Calls on the wire may still arrive; their answers reach nobody.
    pub(super) fn crash(&mut self, node: usize) {
        self.nodes[node].memory.clear();
        self.nodes[node].life += 1;
        if node == self.owner {
            self.stockroom.clear();
        }
    }
}
