//! The fold of effects that were opened and of what locations answered about stock.

use super::super::{
    Effect, Event, Fulfilment, FulfilmentStage, OpenedEffect, Order, Outstanding, Reservation,
    ReservationKey, ReservationState, RestockSource, Stage, StockEvidence,
};

impl Order {
    pub(super) fn opened(&mut self, opened: &OpenedEffect, at: jiff::Timestamp) {
        let effect = opened.effect.clone();
        match &effect {
            Effect::ReserveStock {
                location,
                attempt,
                lines,
                expires_at,
                ..
            } => {
                self.attempt = self.attempt.max(*attempt);
                for line in lines {
                    let key = key(line.line, location, *attempt);
                    let proposed = self.line(line.line).is_none();
                    let asked = Reservation {
                        sku: proposed.then(|| line.sku.clone()),
                        quantity: line.quantity,
                        state: ReservationState::Requested,
                        expires_at: *expires_at,
                        promise: None,
                    };
                    // Asking again for what is held is an extension; it becomes true when answered.
                    self.reservations.entry(key).or_insert(asked);
                }
            }
            Effect::AwaitStock {
                location,
                attempt,
                lines,
                until,
                ..
            } => {
                self.attempt = self.attempt.max(*attempt);
                for line in lines {
                    let asked = Reservation {
                        sku: None,
                        quantity: line.quantity,
                        state: ReservationState::Requested,
                        expires_at: *until,
                        promise: None,
                    };
                    let key = key(line.line, location, *attempt);
                    self.reservations.entry(key).or_insert(asked);
                }
            }
            Effect::ReceiveTransfer { .. } => self.received_at_store(&effect, at),
            Effect::RequestFulfilment { fulfilment } => {
                self.move_work(*fulfilment, FulfilmentStage::Requested, at);
                if self.stage == Stage::Confirmed {
                    self.enter(Stage::Fulfilling, at);
                }
            }
            Effect::CancelFulfilment { fulfilment } => {
                if let Some(work) = self.fulfilment_mut(*fulfilment) {
                    work.resumes = Some(work.stage);
                }
                self.move_work(*fulfilment, FulfilmentStage::CancelRequested, at);
            }
            Effect::CapturePayment { tender, total, .. } => {
                if let Some(tender) = self.tender_mut(*tender) {
                    tender.capture_asked = Some(*total);
                    tender.capture_failed = None;
                }
            }
            Effect::RefundPayment { tender, .. } => {
                if let Some(tender) = self.tender_mut(*tender) {
                    tender.refund_failed = None;
                }
            }
            Effect::RestockUnits {
                location,
                lines,
                source: RestockSource::Return(number),
            } => {
                if let Some(back) = self.return_mut(*number) {
                    back.shelve(location, lines);
                }
            }
            Effect::RestockUnits {
                source: RestockSource::Parcel(named),
                ..
            } => {
                if let Some(parcel) = self.parcel_mut(named.fulfilment, named.parcel) {
                    parcel.restocked_at = Some(at);
                }
            }
            _ => {}
        }
        let next_try_at = at.saturating_add(effect.lease()).unwrap_or(at);
        let open = Outstanding {
            effect,
            opened_at: at,
            attempts: 0,
            failing_since: None,
            next_try_at,
            unknown: false,
        };
        self.outstanding.insert(opened.id, open);
    }

    /// When calls that came to nothing are made again.
    pub(super) fn put_off_until(&mut self, event: &Event, at: jiff::Timestamp) {
        match event {
            Event::EffectPostponed {
                postpones,
                attempt,
                next_try_at,
                unknown,
                ..
            } => {
                if let Some(open) = self.outstanding.get_mut(postpones) {
                    open.attempts = *attempt;
                    open.failing_since.get_or_insert(at);
                    open.next_try_at = *next_try_at;
                    open.unknown |= *unknown;
                }
            }
            Event::RetryRequested { effects, .. } => {
                for id in effects {
                    if let Some(open) = self.outstanding.get_mut(id) {
                        open.next_try_at = open.next_try_at.min(at);
                    }
                }
            }
            _ => {}
        }
    }

    pub(super) fn stock_answered(
        &mut self,
        location: &crate::ids::LocationCode,
        attempt: u16,
        evidence: &StockEvidence,
    ) {
        use ReservationState as State;
        let here = |key: &ReservationKey| key.location == *location && key.attempt == attempt;
        // What another location does instead has moved there.
        let same = |f: &&Fulfilment| f.location == *location && f.attempt == attempt;
        let work = self.fulfilments.iter().find(same);
        let moving = work.is_some_and(|work| work.moving);
        let shipped = work.map_or_else(Vec::new, |work| work.lines.clone());
        let stays =
            |line: u16| !shipped.is_empty() && shipped.iter().all(|units| units.line != line);
        for (key, hold) in self.reservations.iter_mut().filter(|(key, _)| here(key)) {
            let next = match (evidence, hold.state) {
                (StockEvidence::Reserved { expires_at }, State::Requested | State::Soft) => {
                    hold.expires_at = hold.expires_at.max(*expires_at);
                    State::Soft
                }
                (StockEvidence::Refused { .. }, State::Requested) => State::Refused,
                (StockEvidence::Confirmed, State::Requested | State::Soft | State::Expired) => {
                    State::Hard
                }
                (
                    StockEvidence::Lost { lines },
                    State::Requested | State::Soft | State::Expired,
                ) => {
                    if lines.contains(&key.line) {
                        State::Lost
                    } else {
                        State::Hard
                    }
                }
                (
                    StockEvidence::Expired { lines },
                    State::Requested | State::Soft | State::Waiting,
                ) if lines.contains(&key.line) => State::Expired,
                (StockEvidence::Waiting, State::Requested) => State::Waiting,
                (
                    StockEvidence::Supplied { lines, expires_at },
                    State::Requested | State::Waiting,
                ) if lines.contains(&key.line) => {
                    hold.expires_at = *expires_at;
                    hold.promise = None;
                    State::Soft
                }
                (StockEvidence::Dated { lines, promise }, State::Requested | State::Waiting)
                    if lines.contains(&key.line) =>
                {
                    hold.promise = *promise;
                    hold.state
                }
                (StockEvidence::Cut { lines }, state)
                    if lines.contains(&key.line) && state.is_live() =>
                {
                    State::Cut
                }
                (StockEvidence::Released, state) if state.is_live() => {
                    if moving {
                        State::Moved
                    } else {
                        State::Released
                    }
                }
                (StockEvidence::Regrouped { missing }, State::Hard)
                    if missing.contains(&key.line) =>
                {
                    State::Cut
                }
                // Of the lines asked for together, those that were lost, refused or stand elsewhere
                // never left.
                (StockEvidence::Consumed, State::Lost | State::Refused | State::Moved) => {
                    hold.state
                }
                (StockEvidence::Consumed, _) if stays(key.line) => hold.state,
                (StockEvidence::Consumed, _) => State::Consumed,
                (_, state) => state,
            };
            hold.state = next;
        }
        if *evidence == StockEvidence::Consumed {
            let same = |f: &&mut Fulfilment| f.location == *location && f.attempt == attempt;
            for work in self.fulfilments.iter_mut().filter(same) {
                work.consumed = true;
            }
        }
    }
}

fn key(line: u16, location: &crate::ids::LocationCode, attempt: u16) -> ReservationKey {
    ReservationKey {
        line,
        location: location.clone(),
        attempt,
    }
}
