//! The fold of who does which part of the work.

use jiff::Timestamp;

use super::super::{
    Fulfilment, FulfilmentStage, LineUnits, Order, Parcel, Parting, Reservation, ReservationKey,
    ReservationState, Routing, units_of,
};

impl Order {
    pub(super) fn routed(&mut self, routing: &Routing, at: Timestamp) {
        match routing {
            Routing::Sourced(sourced) => {
                self.sourced = Some(sourced.clone());
                self.sent_to = None;
            }
            Routing::Split {
                fulfilment,
                child,
                attempt,
                lines,
                ..
            } => {
                if self.cut(*fulfilment, *child, *attempt, lines, at) {
                    for number in [*fulfilment, *child] {
                        self.back_to_planned(number, at);
                    }
                }
            }
            Routing::Merged {
                fulfilment,
                from,
                attempt,
                ..
            } => self.merged(*fulfilment, *from, *attempt, at),
            Routing::Moved {
                fulfilment,
                to,
                reason,
            } => self.moved(*fulfilment, to.as_ref(), reason, at),
            Routing::Scheduled {
                fulfilment,
                not_before,
                ..
            } => {
                if let Some(work) = self.fulfilment_mut(*fulfilment) {
                    work.not_before = Some(*not_before);
                }
                self.move_work(*fulfilment, FulfilmentStage::Scheduled, at);
            }
            Routing::ShortPicked {
                fulfilment,
                child,
                attempt,
                lines,
                reason,
            } => {
                if self.cut(*fulfilment, *child, *attempt, lines, at) {
                    self.off(*child, FulfilmentStage::Rejected, reason, at);
                }
            }
            Routing::PickupExpired { fulfilment } => self.pickup_expired(*fulfilment, at),
            Routing::PartCancelRequested { lines, reason } => {
                self.at_source.unwanted.clear();
                self.part(lines, reason, at);
            }
            Routing::PartWithdrawn { fulfilment, lines } => {
                if let Some(work) = self.fulfilment_mut(*fulfilment) {
                    work.to_cancel.clone_from(lines);
                }
            }
            Routing::RestKept {
                fulfilment,
                attempt,
                lines,
            } => {
                let Some(work) = self.fulfilment_mut(*fulfilment) else {
                    return;
                };
                work.lines = less(&work.lines, lines);
                work.picked = Vec::new();
                let (location, from) = (work.location.clone(), work.attempt);
                self.regroup(&location, &[from], *attempt, lines);
            }
            Routing::PartCancelRefused { .. } => self.parting = None,
        }
    }

    /// A part is to be cancelled, beside what is to be already.
    fn part(&mut self, lines: &[LineUnits], reason: &str, at: Timestamp) {
        let parting = self.parting.get_or_insert_with(|| Parting {
            lines: Vec::new(),
            reason: String::new(),
            since: at,
        });
        reason.clone_into(&mut parting.reason);
        parting.lines = plus(&parting.lines, lines);
    }

    /// Units of a part were cancelled.
    pub(super) fn part_done(&mut self, cancelled: &LineUnits) {
        if let Some(parting) = &mut self.parting {
            parting.lines = less(&parting.lines, std::slice::from_ref(cancelled));
        }
        if self.parting.as_ref().is_some_and(|p| p.lines.is_empty()) {
            self.parting = None;
        }
    }

    /// Cuts units off a piece of work, for a new one beside it.
    fn cut(
        &mut self,
        number: u16,
        child: u16,
        attempt: u16,
        lines: &[LineUnits],
        at: Timestamp,
    ) -> bool {
        let Some(work) = self.fulfilment_mut(number) else {
            return false;
        };
        work.lines = less(&work.lines, lines);
        let part = Fulfilment {
            number: child,
            attempt,
            lines: lines.to_vec(),
            since: at,
            resumes: None,
            cancel_refused: false,
            picked: Vec::new(),
            parcels: vec![Parcel::new(1)],
            shipped_at: None,
            consumed: false,
            moving: false,
            to_cancel: Vec::new(),
            brought_by: None,
            ..work.clone()
        };
        let (location, from) = (work.location.clone(), work.attempt);
        self.fulfilments.push(part);
        self.regroup(&location, &[from], attempt, lines);
        true
    }

    fn merged(&mut self, number: u16, from: u16, attempt: u16, at: Timestamp) {
        let Some(other) = self.fulfilment_mut(from) else {
            return;
        };
        other.reason = Some("merged".into());
        let (added, under) = (other.lines.clone(), other.attempt);
        self.move_work(from, FulfilmentStage::Cancelled, at);
        let Some(work) = self.fulfilment_mut(number) else {
            return;
        };
        work.lines = plus(&work.lines, &added);
        let before = std::mem::replace(&mut work.attempt, attempt);
        let (location, lines) = (work.location.clone(), work.lines.clone());
        self.regroup(&location, &[before, under], attempt, &lines);
        self.back_to_planned(number, at);
    }

    fn moved(
        &mut self,
        number: u16,
        to: Option<&crate::ids::LocationCode>,
        reason: &str,
        at: Timestamp,
    ) {
        self.sent_to = to.cloned();
        let Some(work) = self.fulfilment_mut(number) else {
            return;
        };
        work.moving = true;
        work.reason = Some(reason.to_owned());
        let unasked = work.is_unasked();
        let (location, lines) = (work.location.clone(), work.lines.clone());
        self.excluded
            .extend(lines.iter().map(|units| (location.clone(), units.line)));
        if unasked {
            self.move_work(number, FulfilmentStage::Cancelled, at);
        }
    }

    fn pickup_expired(&mut self, number: u16, at: Timestamp) {
        let Some(work) = self.fulfilment_mut(number) else {
            return;
        };
        work.reason = Some("pickup_expired".into());
        work.to_cancel = work.lines.clone();
        let lines = work.lines.clone();
        self.move_work(number, FulfilmentStage::PickupExpired, at);
        self.part(&lines, "pickup_expired", at);
    }

    /// Work that changed is asked for afresh.
    fn back_to_planned(&mut self, number: u16, at: Timestamp) {
        let scheduled = self
            .fulfilment(number)
            .is_some_and(|work| work.not_before.is_some());
        let stage = if scheduled {
            FulfilmentStage::Scheduled
        } else {
            FulfilmentStage::Planned
        };
        self.move_work(number, stage, at);
    }

    /// Puts units of holds under another try, as the location will: firm ones first. A line of which
    /// some are known to be cut is lost whole, and the location gives back what it still has of it.
    fn regroup(
        &mut self,
        location: &crate::ids::LocationCode,
        from: &[u16],
        into: u16,
        lines: &[LineUnits],
    ) {
        self.attempt = self.attempt.max(into);
        for units in lines {
            let key = |attempt| ReservationKey {
                line: units.line,
                location: location.clone(),
                attempt,
            };
            let mut left = units.quantity;
            let mut state = ReservationState::Hard;
            let mut expires_at = self.updated_at;
            for kind in [ReservationState::Hard, ReservationState::Cut] {
                for attempt in from {
                    let Some(hold) = self.reservations.get_mut(&key(*attempt)) else {
                        continue;
                    };
                    if hold.state != kind || left.is_zero() {
                        continue;
                    }
                    let taken = left.min(hold.quantity);
                    left = left.minus(taken);
                    expires_at = hold.expires_at;
                    if taken == hold.quantity {
                        hold.state = ReservationState::Moved;
                    } else {
                        hold.quantity = hold.quantity.minus(taken);
                    }
                }
                if !left.is_zero() {
                    state = ReservationState::Cut;
                }
            }
            let hold = Reservation {
                sku: None,
                quantity: units.quantity,
                state,
                expires_at,
                promise: None,
            };
            self.reservations.insert(key(into), hold);
        }
    }
}

/// Units less others, by line; lines with nothing left are dropped.
pub(in crate::order) fn less(units: &[LineUnits], others: &[LineUnits]) -> Vec<LineUnits> {
    let left = units.iter().map(|units| LineUnits {
        line: units.line,
        quantity: units.quantity.minus(units_of(others, units.line)),
    });
    left.filter(|units| !units.quantity.is_zero()).collect()
}

/// Units and others, each line once.
pub(in crate::order) fn plus(units: &[LineUnits], others: &[LineUnits]) -> Vec<LineUnits> {
    let mut sum: Vec<LineUnits> = units.to_vec();
    for more in others {
        match sum.iter_mut().find(|known| known.line == more.line) {
            Some(known) => known.quantity = known.quantity.plus(more.quantity),
            None => sum.push(more.clone()),
        }
    }
    sum
}
