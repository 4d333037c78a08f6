//! Parcels that nobody has seen for too long.

use super::super::{Event, Fulfilment, FulfilmentStage, Order, ParcelEvent};
use super::Draft;
use crate::policy::Policy;

impl Draft<'_> {
    /// Notices that a parcel was not seen for too long, and that it was seen again.
    pub(super) fn watch_parcels(&mut self) -> bool {
        let seen_again = |work: &&Fulfilment| {
            let seen = work.overdue_at.zip(work.seen_at);
            seen.is_some_and(|(overdue, seen)| seen > overdue)
        };
        if let Some(work) = self.order.fulfilments.iter().find(seen_again) {
            let fulfilment = work.number;
            let event = ParcelEvent::ExceptionResolved { fulfilment };
            self.emit(Event::Parcel(event));
            return true;
        }
        let (now, policy) = (self.context.now, self.context.policy);
        let order = &self.order;
        let over = |work: &&Fulfilment| {
            let until = order.parcel_expected(work, policy);
            until.is_some_and(|until| now >= until)
        };
        let Some(work) = order.fulfilments.iter().find(over) else {
            return false;
        };
        let fulfilment = work.number;
        let since = work.heard_of_at().unwrap_or(now);
        self.emit(Event::Parcel(ParcelEvent::Overdue { fulfilment, since }));
        true
    }
}

impl Fulfilment {
    /// When the parcel was heard of last.
    fn heard_of_at(&self) -> Option<jiff::Timestamp> {
        self.seen_at.max(self.shipped_at)
    }
}

impl Order {
    /// Until when a parcel has to be seen, if it is on its way and not overdue already.
    pub fn parcel_expected(&self, work: &Fulfilment, policy: &Policy) -> Option<jiff::Timestamp> {
        let moving = work.stage == FulfilmentStage::HandedOver && !work.is_delivered();
        let waits = moving && work.overdue_at.is_none() && self.parcel_claim(work.number).is_none();
        let since = work.heard_of_at().filter(|_| waits)?;
        since.saturating_add(policy.claims.overdue_after).ok()
    }
}
