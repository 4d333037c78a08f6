//! How an order's decision becomes a commit, and what follows from it.

use std::sync::Arc;

use jiff::Timestamp;
use orderhub_domain::ids::EffectId;
use orderhub_domain::order::{
    Asked, Context, Decided, Event, Input, InputBody, Order, Placement, REMEMBERED_REQUESTS,
    Recorded, Rejection, Request, decide, place, wake_at,
};

use orderhub_domain::append::{Protocol, Signal};

use super::address::Sealed;
use super::measure::{count_overdue, count_transitions};
use super::refs::{new_refs, own_name};
use super::screen::{self, Arrival};
use super::{OrderState, dispatch, fold, is_at_rest};
use crate::api::{Done, HubError, NewOrder};
use crate::lanes::{LaneAnswer, Urgency};
use crate::ports::{Append, Appended, Identity};
use crate::shard::{Birth, ShardMsg};
use crate::shared::Hint;

/// How long a client that was shed stays away.
pub(crate) const RETRY_AFTER: std::time::Duration = std::time::Duration::from_secs(1);

impl OrderState {
    /// Becomes a new order: the first commit creates it.
    pub(super) async fn place(&mut self, new: NewOrder) -> Birth {
        // Kept until the commit is answered: until then nobody else can read the order's marks.
        let (features, arrival) = screen::look(&self.shared, self.id, &new.submission).await;
        let identity = Identity {
            channel: new.channel,
            external_id: new.submission.draft.external_id.clone(),
            body_hash: new.body_hash.clone(),
        };
        let placement = Placement {
            id: self.id,
            channel: new.channel,
            channel_slug: new.channel_slug,
            draft: new.submission.draft,
            wanted: new.wanted,
            features,
            live_connection: new.live_connection,
            body_hash: new.body_hash,
        };
        self.mark = self.shared.board.mark();
        let (events, order) = {
            let context = self.context(new.channel);
            place(placement, &new.actor, new.request, &context)
        };
        let Some(received) = events.first().cloned().map(Arc::new) else {
            return Birth::Failed(HubError::Unavailable("the order could not be read".into()));
        };
        let mut append = self.append(0, &events, &order);
        append.identity = Some(identity);
        append.private = Some(new.submission.private);
        append.marks = arrival.as_ref().map(Arrival::marks).unwrap_or_default();
        match self.write(append, Urgency::Request).await {
            Written::Committed(stored) => {
                if !order.stage.is_terminal() {
                    let total = order.draft.stated_total;
                    self.shared.turnover.count(&order.channel_slug, total);
                }
                self.commit(stored, &events, order);
                Birth::Committed(received)
            }
            Written::Duplicate(existing) => Birth::Duplicate(existing),
            Written::Stale => Birth::Failed(HubError::Unavailable(
                "the new order's id was taken; send it again".into(),
            )),
            Written::Failed(error) => Birth::Failed(error),
        }
    }

    /// Decides an input and commits what comes of it.
    pub(super) async fn advance(
        &mut self,
        input: &Input,
        urgency: Urgency,
    ) -> Result<Done, HubError> {
        loop {
            self.make_sure().await?;
            if let Some(done) = self.answered_long_ago(input).await? {
                return Ok(done);
            }
            let sealed = self.sealed(input).await?;
            self.look_at_lanes(input).await;
            self.mark = self.shared.board.mark();
            let order = self.order.as_deref().ok_or(HubError::NotFound("order"))?;
            let decided = {
                let context = Context {
                    ship_to: sealed.as_ref().and_then(Sealed::ship_to),
                    ..self.context(order.channel)
                };
                decide(order, input, &context)
            };
            let (events, next) = match decided {
                Ok(Decided::Commit(events, next)) => (events, next),
                nothing_to_write => {
                    let version = order.version;
                    self.protocol = Protocol::Idle;
                    if let Decided::Repeat(request) = nothing_to_write.map_err(refusal)? {
                        return Ok(self.done(request.version, true));
                    }
                    self.settle_if_due(input).await;
                    return Ok(self.done(version, false));
                }
            };
            let mut append = self.append(order.version, &events, &next);
            append.private = sealed.and_then(|sealed| sealed.changed_by(&events));
            match self.write(append, urgency).await {
                Written::Committed(stored) => {
                    let version = answered_version(&next, input);
                    self.commit(stored, &events, *next);
                    return Ok(self.done(version, false));
                }
                // Decided once more on what the log says now.
                Written::Stale if self.protocol == Protocol::Stale => {}
                Written::Stale => {
                    let crowded = "somebody else writes to this order; try again";
                    return Err(HubError::Unavailable(crowded.into()));
                }
                Written::Duplicate(_) => {
                    let odd = "the store took the order for a new one; try again";
                    return Err(HubError::Unavailable(odd.into()));
                }
                Written::Failed(error) => return Err(error),
            }
        }
    }

    /// Makes sure that the state in memory is the log.
    async fn make_sure(&mut self) -> Result<(), HubError> {
        match self.protocol {
            Protocol::Idle | Protocol::Appending { .. } => Ok(()),
            Protocol::Fenced => Err(not_ours()),
            Protocol::Stale | Protocol::Unknown => {
                self.flights.doubt();
                self.reload().await?;
                self.protocol = self.protocol.on(Signal::Loaded).0;
                Ok(())
            }
        }
    }

    /// Where the input may send parcels off, what their lanes take has to be at hand.
    async fn look_at_lanes(&self, input: &Input) {
        let Some(order) = self.order.as_deref() else {
            return;
        };
        let (board, journal) = (&self.shared.board, &*self.shared.journal);
        let lanes = order.lanes_ahead(input, board);
        board.transits.prepare(&lanes, journal).await;
    }

    /// A repeat of a request that the state has forgotten: the log remembers it.
    async fn answered_long_ago(&self, input: &Input) -> Result<Option<Done>, HubError> {
        let InputBody::Request(Asked {
            request:
                Some(Request {
                    command_id,
                    body_hash,
                    ..
                }),
            ..
        }) = &input.body
        else {
            return Ok(None);
        };
        let Some(order) = self.order.as_deref() else {
            return Ok(None);
        };
        let known = order.requests.iter().any(|r| r.command_id == *command_id);
        if known || order.requests.len() < REMEMBERED_REQUESTS {
            return Ok(None);
        }
        let found = self.shared.journal.request(self.id, *command_id).await;
        match found.map_err(unavailable)? {
            Some(request) if request.body_hash != *body_hash => Err(HubError::KeyReused),
            Some(request) => Ok(Some(self.done(request.version, true))),
            None => Ok(None),
        }
    }

    /// Reads the log again; what was in memory is not trusted.
    async fn reload(&mut self) -> Result<(), HubError> {
        let loaded = self.shared.journal.load(&[self.id]).await;
        let loaded = loaded.map_err(unavailable)?.into_iter().next();
        let loaded = loaded.ok_or(HubError::NotFound("order"))?;
        let events = loaded.events.map_err(HubError::ReadOnly)?;
        let order = fold(&events)?;
        self.flights.keep(|id| order.outstanding.contains_key(id));
        self.order = Some(Box::new(order));
        self.stored_wake = loaded.wake_at;
        self.resume();
        Ok(())
    }

    /// Nothing came of a wake-up although the row says that one is due: correct the row, or the
    /// scan finds it for ever.
    async fn settle_if_due(&mut self, input: &Input) {
        let now = self.shared.clock.now();
        if input.body == InputBody::Wake && self.stored_wake.is_some_and(|at| at <= now) {
            self.settle().await;
        }
    }

    /// Writes down when the order wants to be woken, before its actor goes.
    pub(super) async fn fall_asleep(&mut self) {
        self.shared.timers.clear(self.id);
        if self.protocol.may_decide() {
            self.settle().await;
        }
    }

    async fn settle(&mut self) {
        let Some(order) = self.order.as_deref() else {
            return;
        };
        if wake_at(order, &self.shared.policy) == self.stored_wake {
            return;
        }
        let mut append = self.append(order.version, &[], order);
        append.settle_wake = true;
        match self.write(append, Urgency::Fact).await {
            Written::Committed(stored) => self.stored_wake = stored,
            // A row that wakes the order too early costs a look, no more.
            Written::Stale | Written::Duplicate(_) | Written::Failed(_) => {}
        }
    }

    fn append(&self, expected: u64, events: &[Recorded], next: &Order) -> Append {
        let now = self.shared.clock.now();
        Append {
            order: self.id,
            epoch: self.shared.epochs.shard(self.id.shard()),
            expected,
            identity: None,
            events: events.to_vec(),
            stage: next.stage,
            wake_at: wake_at(next, &self.shared.policy),
            settle_wake: is_at_rest(next) || self.stored_wake.is_some_and(|at| at <= now),
            refs: new_refs(self.order.as_deref(), next, events, &self.shared.carriers()),
            private: None,
            marks: Vec::new(),
            transits: next.transits(events, &self.shared.board),
        }
    }

    /// Hands a write to the lane and takes its answer into the protocol.
    async fn write(&mut self, append: Append, urgency: Urgency) -> Written {
        let stored = after(self.stored_wake, append.wake_at, append.settle_wake);
        let mut known = append.refs.clone();
        known.extend(append.events.first().and_then(own_name));
        let transits = append.transits.clone();
        let Some(lane) = self.shared.lane(self.id.shard()).cloned() else {
            return Written::Failed(HubError::Unavailable("the node has no lane".into()));
        };
        self.protocol = self.protocol.on(Signal::Sent).0;
        let (signal, written) = match lane.append(append, urgency).await {
            LaneAnswer::Shed => (
                Signal::NotStored,
                Written::Failed(HubError::Overloaded {
                    retry_after: RETRY_AFTER,
                }),
            ),
            LaneAnswer::Settled(answer) => weigh(answer, stored),
        };
        self.protocol = self.protocol.on(signal).0;
        match signal {
            Signal::Committed => {
                for reference in known {
                    // A full queue loses only the hint; the sweep looks for itself then.
                    self.shared.hints.give(Hint::Known(reference));
                }
                self.shared.board.transits.outdate(&transits);
            }
            Signal::Fenced => {
                self.shared.fenced();
                // Its successor reads the log under the new epoch, if there is one.
                self.tell_shard(ShardMsg::Leave(self.id));
            }
            _ => {}
        }
        written
    }

    /// Takes over what is on disk and starts what it opened.
    fn commit(&mut self, stored: Option<Timestamp>, events: &[Recorded], next: Order) {
        count_transitions(self.order.as_deref(), events, &next);
        count_overdue(events, &next);
        self.stored_wake = stored;
        for recorded in events {
            if let Event::EffectPostponed {
                postpones, unknown, ..
            } = &recorded.event
            {
                self.flights.land(*postpones, !unknown);
            }
        }
        self.flights.keep(|id| next.outstanding.contains_key(id));
        let opened = events.iter().filter_map(|e| e.event.opens());
        let opened: Vec<EffectId> = opened.map(|effect| effect.id).collect();
        for id in opened {
            if let Some(open) = next.outstanding.get(&id) {
                self.flights.launch(id, &open.effect);
                dispatch::dispatch(&self.shared, &next, id, open, false);
            }
        }
        self.order = Some(Box::new(next));
    }

    fn done(&self, version: u64, repeated: bool) -> Done {
        Done {
            order: self.id,
            version,
            repeated,
        }
    }
}

/// What became of a write.
enum Written {
    /// On disk; the row's `wake_at` is this now.
    Committed(Option<Timestamp>),
    Stale,
    Duplicate(orderhub_domain::ids::OrderId),
    Failed(HubError),
}

/// What a lane's final answer means.
fn weigh(answer: Appended, stored: Option<Timestamp>) -> (Signal, Written) {
    match answer {
        Appended::Committed => (Signal::Committed, Written::Committed(stored)),
        Appended::Stale => (Signal::Stale, Written::Stale),
        Appended::Duplicate(existing) => (Signal::NotStored, Written::Duplicate(existing)),
        Appended::Fenced => (Signal::Fenced, Written::Failed(not_ours())),
        Appended::Refused(reason) => {
            let refused = HubError::ReadOnly(format!("the store refuses it: {reason}"));
            (Signal::NotStored, Written::Failed(refused))
        }
        Appended::Unavailable(reason) => (
            Signal::NotStored,
            Written::Failed(HubError::Unavailable(reason)),
        ),
        Appended::OutcomeUnknown(reason) => (
            Signal::OutcomeUnknown,
            Written::Failed(HubError::OutcomeUnknown(reason)),
        ),
    }
}

fn not_ours() -> HubError {
    HubError::Unavailable("this node does not own the order any more; try again".into())
}

/// The stored wake-up time after a commit, by the lane's contract.
fn after(stored: Option<Timestamp>, folded: Option<Timestamp>, settle: bool) -> Option<Timestamp> {
    if settle {
        return folded;
    }
    match (stored, folded) {
        (Some(stored), Some(folded)) => Some(stored.min(folded)),
        (stored, folded) => stored.or(folded),
    }
}

/// The version that the answer to a request names, the same one that a repeat gets.
fn answered_version(next: &Order, input: &Input) -> u64 {
    let InputBody::Request(Asked {
        request: Some(request),
        ..
    }) = &input.body
    else {
        return next.version;
    };
    let remembered = next
        .requests
        .iter()
        .find(|r| r.command_id == request.command_id);
    remembered.map_or(next.version, |r| r.version)
}

fn refusal(rejection: Rejection) -> HubError {
    match rejection {
        Rejection::KeyReused => HubError::KeyReused,
        other => HubError::Rejected(other),
    }
}

pub(crate) fn unavailable(error: crate::ports::Unavailable) -> HubError {
    HubError::Unavailable(error.0)
}
