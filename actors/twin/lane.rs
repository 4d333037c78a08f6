//! Commits of orders' events in memory.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Fault, OrderRow, Twin, World};
use crate::ports::{Append, Appended, LaneWriter};

pub(super) struct TwinLane(pub(super) Twin);

#[async_trait]
impl LaneWriter for TwinLane {
    fn stopped(&self) -> Option<&str> {
        None
    }

    async fn commit(&mut self, batch: &[Append]) -> Vec<Appended> {
        let fault = self.0.world().lane_faults.pop_front();
        let all = |outcome: Appended| vec![outcome; batch.len()];
        match fault {
            Some(Fault::Delay(time)) => tokio::time::sleep(time).await,
            Some(Fault::Unavailable) => return all(Appended::Unavailable("the twin fails".into())),
            Some(Fault::UnknownLost) => {
                return all(Appended::OutcomeUnknown("the twin is silent".into()));
            }
            #[expect(clippy::panic, reason = "the fault is a panic")]
            Some(Fault::Panic) => panic!("the twin was told to panic"),
            Some(Fault::None | Fault::UnknownStored) | None => {}
        }
        let mut world = self.0.world();
        world.lane_batches.push(batch.len());
        let outcomes = batch.iter().map(|append| world.append(append)).collect();
        if fault == Some(Fault::UnknownStored) {
            return all(Appended::OutcomeUnknown("the twin is silent".into()));
        }
        outcomes
    }
}

impl World {
    fn append(&mut self, append: &Append) -> Appended {
        if self.shards.get(&append.order.shard()) != Some(&append.epoch) {
            return Appended::Fenced;
        }
        if !follows(append) {
            return Appended::Refused("the events' versions do not follow".into());
        }
        let outcome = if append.expected == 0 {
            self.create(append)
        } else {
            self.update(append)
        };
        if outcome == Appended::Committed {
            self.appends += usize::from(!append.events.is_empty());
            for reference in &append.refs {
                let taken = self.refs.entry(reference.clone());
                taken.or_insert(append.order);
            }
            let seen_at = append.events.first().map(|event| event.recorded_at);
            for (mark, at) in append.marks.iter().zip(seen_at.into_iter().cycle()) {
                self.marks.push((mark.clone(), at, append.order));
            }
            for transit in &append.transits {
                let parcel = (append.order, transit.fulfilment, transit.parcel);
                let known = self.transits.entry(parcel);
                known.or_insert_with(|| transit.clone());
            }
            if let Some(private) = &append.private {
                self.private.insert(append.order, private.clone());
            }
        }
        outcome
    }

    fn create(&mut self, append: &Append) -> Appended {
        let Some(identity) = &append.identity else {
            return Appended::Refused("a new order has no identity".into());
        };
        let key = (identity.channel, identity.external_id.clone());
        if let Some(existing) = self.keys.get(&key) {
            self.duplicates += 1;
            return Appended::Duplicate(*existing);
        }
        if self.orders.contains_key(&append.order) {
            return Appended::Stale;
        }
        self.keys.insert(key, append.order);
        let row = OrderRow {
            events: append.events.clone(),
            stage: append.stage,
            wake_at: append.wake_at,
        };
        self.orders.insert(append.order, row);
        Appended::Committed
    }

    fn update(&mut self, append: &Append) -> Appended {
        let now = self.now();
        let Some(row) = self.orders.get_mut(&append.order) else {
            return Appended::Stale;
        };
        if row.events.len() as u64 != append.expected {
            return Appended::Stale;
        }
        row.events.extend(append.events.iter().cloned());
        row.stage = append.stage;
        let settle = append.settle_wake || row.wake_at.is_some_and(|at| at <= now);
        row.wake_at = settled(row.wake_at, append.wake_at, settle);
        Appended::Committed
    }
}

/// The stored wake-up time after a commit: a lower bound, moved later only when told to settle.
fn settled(
    stored: Option<Timestamp>,
    folded: Option<Timestamp>,
    settle: bool,
) -> Option<Timestamp> {
    match (stored, folded) {
        _ if settle => folded,
        (Some(stored), Some(folded)) => Some(stored.min(folded)),
        (stored, folded) => stored.or(folded),
    }
}

fn follows(append: &Append) -> bool {
    let mut expected = append.expected;
    append.events.iter().all(|event| {
        expected += 1;
        event.version == expected
    }) && (append.expected > 0 || !append.events.is_empty())
}
