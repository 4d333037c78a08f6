//! What parcels of a simulated world take on their lanes: some lanes have a past when the world begins, and
//! every delivery adds to it.

use std::collections::{BTreeMap, BTreeSet};

use super::dice::Dice;
use super::laws::{Verdict, must};
use super::parcels::ParcelKey;
use super::world::World;
use crate::ids::OrderId;
use crate::order::{
    Event, FulfilmentStage, Order, ParcelEvent, Recorded, ShippingLane, TRANSITS_NEEDED, Transit,
    TransitTime,
};

/// What is remembered of deliveries.
#[derive(Default)]
pub(super) struct Transits {
    /// What each took, in seconds, the newest first.
    took: BTreeMap<ShippingLane, Vec<i64>>,
    /// Parcels that were counted.
    counted: BTreeSet<ParcelKey>,
}

impl Transits {
    /// Lanes with a past, and one that has too little of it.
    pub(super) fn with_a_past(setting: u64) -> Self {
        // Dice of its own: the rest of the world is the same with and without lanes.
        let mut dice = Dice::seeded(setting ^ 0x1A_4E5);
        let mut transits = Self::default();
        for (origin, deliveries) in [("DE", dice.between(20, 300)), ("FR", dice.between(0, 19))] {
            let lane = ShippingLane {
                account: "easypost".into(),
                carrier: "UPS".to_owned(),
                service: None,
                origin: origin.to_owned(),
                destination: "DE".to_owned(),
            };
            let days = dice.between(1, 9);
            let took = (0..deliveries).map(|_| dice.between(3_600, days * 86_400));
            transits.took.insert(lane, took.collect());
        }
        transits
    }

    /// What the lane says.
    pub(super) fn time(&self, lane: &ShippingLane) -> Option<TransitTime> {
        TransitTime::of(self.took.get(lane)?)
    }

    fn learn(&mut self, order: OrderId, transit: Transit) {
        if self
            .counted
            .insert((order, transit.fulfilment, transit.parcel))
        {
            let took = self.took.entry(transit.lane).or_default();
            took.insert(0, transit.took.as_secs());
        }
    }
}

impl World<'_> {
    /// Remembers what was delivered by a commit.
    pub(super) fn learn_transits(&mut self, events: &[Recorded], next: &Order) {
        for transit in next.transits(events, &self.board) {
            self.board.transits.learn(next.id, transit);
        }
    }
}

/// A parcel is watched from the moment that the carrier takes it, once, by a lane that knows enough; and it
/// is overdue by that lane's time or the policy's, whichever it began with.
pub(super) fn before_watch(before: &Order, recorded: &Recorded) -> Verdict {
    let Event::Parcel(event) = &recorded.event else {
        return Ok(());
    };
    let (fulfilment, number) = event.parcel();
    let (Some(work), Some(parcel)) = (
        before.fulfilment(fulfilment),
        before.parcel(fulfilment, number),
    ) else {
        return Ok(());
    };
    match event {
        ParcelEvent::Watched { time, .. } => {
            let leaves = work.stage == FulfilmentStage::HandedOver
                && work.shipped_at == Some(recorded.recorded_at);
            must(
                leaves && parcel.watched.is_none(),
                "watched_as_it_leaves",
                || format!("parcel {number} of {fulfilment} is watched at another time"),
            )?;
            must(
                time.deliveries >= TRANSITS_NEEDED && time.after.is_positive(),
                "watched_by_enough",
                || format!("{time:?} is no time of a lane"),
            )
        }
        ParcelEvent::Overdue { since, lane, .. } => {
            must(*lane == parcel.watched, "overdue_as_watched", || {
                format!("overdue by {lane:?}, watched by {:?}", parcel.watched)
            })?;
            let waited = recorded.recorded_at.duration_since(*since);
            let early = lane.is_some_and(|time| waited < time.after);
            must(!early, "overdue_in_time", || {
                format!("overdue after {waited} by {lane:?}")
            })
        }
        _ => Ok(()),
    }
}
