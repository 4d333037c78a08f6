//! The fold of units on their way to a store, and of the store's taking them in.

use jiff::Timestamp;

use super::super::{
    Effect, FulfilmentStage, Order, Reservation, ReservationKey, ReservationState, TransferEvent,
};

impl Order {
    pub(super) fn transferred(&mut self, event: &TransferEvent, at: Timestamp) {
        let number = event.fulfilment();
        match event {
            TransferEvent::Arrived { .. } => {
                let Some(work) = self.fulfilment_mut(number) else {
                    return;
                };
                if let Some(transfer) = &mut work.transfer {
                    transfer.arrived_at.get_or_insert(at);
                }
                let parcels = work.parcels.iter_mut();
                parcels.for_each(|parcel| parcel.overdue_at = None);
            }
            TransferEvent::Withdrawn { reason, .. } => {
                if let Some(work) = self.fulfilment_mut(number) {
                    work.reason = Some(reason.clone());
                }
                self.move_work(number, FulfilmentStage::Cancelled, at);
            }
        }
    }

    /// The store is asked to hold what arrived. Its sender has done its part.
    pub(super) fn received_at_store(&mut self, effect: &Effect, at: Timestamp) {
        let Effect::ReceiveTransfer {
            sent_by,
            location,
            attempt,
            lines,
        } = effect
        else {
            return;
        };
        let (sent_by, attempt) = (*sent_by, *attempt);
        self.attempt = self.attempt.max(attempt);
        for line in lines {
            let key = ReservationKey {
                line: line.line,
                location: location.clone(),
                attempt,
            };
            let asked = Reservation {
                sku: None,
                quantity: line.quantity,
                state: ReservationState::Requested,
                expires_at: at,
                promise: None,
            };
            self.reservations.entry(key).or_insert(asked);
        }
        let work = self.fulfilment_mut(sent_by);
        if let Some(transfer) = work.and_then(|work| work.transfer.as_mut()) {
            transfer.received = Some(attempt);
        }
        self.move_work(sent_by, FulfilmentStage::Transferred, at);
    }
}
