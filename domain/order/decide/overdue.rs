//! Parcels that nobody has seen for too long.

use jiff::SignedDuration;

use super::super::{Event, Fulfilment, FulfilmentStage, Order, Parcel, ParcelEvent};
use super::Draft;
use crate::policy::Policy;

impl Draft<'_> {
    /// Notices that a parcel was not seen for too long, and that it was seen again. Each parcel of a
    /// fulfilment is watched for itself, by what its lane says at the moment that the carrier takes it.
    pub(super) fn watch_parcels(&mut self) -> bool {
        let event = self.taken().or_else(|| self.seen_again());
        let Some(event) = event.or_else(|| self.not_seen()) else {
            return false;
        };
        self.emit(Event::Parcel(event));
        true
    }

    /// The carrier takes a parcel now, and its lane knows how long that takes. What is learned of the lane
    /// later changes nothing for it.
    fn taken(&self) -> Option<ParcelEvent> {
        let places = self.context.places;
        let leaves = |work: &Fulfilment, parcel: &Parcel| {
            work.stage == FulfilmentStage::HandedOver
                && work.shipped_at == Some(self.context.now)
                && parcel.watched.is_none()
        };
        let mut parcels = self.order.parcels();
        parcels.find_map(|(work, parcel)| {
            let lane = self.order.shipping_lane(work, parcel, places);
            let lane = lane.filter(|_| leaves(work, parcel))?;
            Some(ParcelEvent::Watched {
                fulfilment: work.number,
                parcel: parcel.number,
                time: places.transit_time(&lane)?,
            })
        })
    }

    fn seen_again(&self) -> Option<ParcelEvent> {
        let again = |parcel: &Parcel| {
            let seen = parcel.overdue_at.zip(parcel.seen_at);
            seen.is_some_and(|(overdue, seen)| seen > overdue)
        };
        let mut parcels = self.order.parcels();
        let (work, parcel) = parcels.find(|(_, parcel)| again(parcel))?;
        Some(ParcelEvent::ExceptionResolved {
            fulfilment: work.number,
            parcel: parcel.number,
        })
    }

    fn not_seen(&self) -> Option<ParcelEvent> {
        let (now, policy) = (self.context.now, self.context.policy);
        let over = |(work, parcel): &(&Fulfilment, &Parcel)| {
            let until = self.order.parcel_expected(work, parcel, policy);
            until.is_some_and(|until| now >= until)
        };
        let (work, parcel) = self.order.parcels().find(over)?;
        Some(ParcelEvent::Overdue {
            fulfilment: work.number,
            parcel: parcel.number,
            since: work.heard_of(parcel).unwrap_or(now),
            lane: parcel.watched,
        })
    }
}

impl Fulfilment {
    /// When one of its parcels was heard of last.
    fn heard_of(&self, parcel: &Parcel) -> Option<jiff::Timestamp> {
        parcel.seen_at.max(self.shipped_at)
    }
}

impl Order {
    /// Until when a parcel has to be seen, if it is on its way and not overdue already.
    pub fn parcel_expected(
        &self,
        work: &Fulfilment,
        parcel: &Parcel,
        policy: &Policy,
    ) -> Option<jiff::Timestamp> {
        let moving = work.stage == FulfilmentStage::HandedOver && !work.has_reached(parcel);
        let unclaimed = self.parcel_claim(work.number, parcel.number).is_none();
        let waits = moving && parcel.overdue_at.is_none() && unclaimed;
        let since = work.heard_of(parcel).filter(|_| waits)?;
        since.saturating_add(parcel.overdue_after(policy)).ok()
    }
}

impl Parcel {
    /// How long it may not be seen: as its lane said when it left, else as the policy says.
    pub fn overdue_after(&self, policy: &Policy) -> SignedDuration {
        let of_lane = self.watched.map(|time| time.after);
        of_lane.unwrap_or(policy.claims.overdue_after)
    }
}
