//! Waiting for supply: who may, where, for what, and when the waiting ends.

use super::super::{
    Edge, Effect, Event, Order, Outcome, REASON_BACKORDER_LAPSED, Reservation, ReservationState,
    Split, Stage, split,
};
use super::Draft;
use crate::policy::WhenShort;

impl Draft<'_> {
    /// Part of the lines cannot be reserved: by policy what is missing stands in line. With `wait`
    /// what is there is held at once (half a basket, on purpose); with `backorder` nothing is held
    /// until the missing units have come, and they have to have been declared.
    pub(super) fn backorder(&mut self) -> bool {
        let policy = self.context.policy;
        let declared_only = match policy.when_short {
            WhenShort::Reject => return false,
            WhenShort::Wait => false,
            WhenShort::Backorder => true,
        };
        let since = self.order.received_at;
        let Ok(until) = since.saturating_add(policy.backorder_wait) else {
            return false;
        };
        if self.context.now >= until || self.order.has_tried_enough() {
            return false;
        }
        let Some(Split { now, later }) = split(&self.order, self.context, declared_only) else {
            return false;
        };
        if !declared_only && !now.is_empty() {
            self.ask_for(now, false);
        }
        for (location, lines) in later {
            // Each line is a try of its own: what is supplied at another time is other work.
            for line in lines {
                let attempt = self.order.attempt + 1;
                self.open(Effect::AwaitStock {
                    location: location.clone(),
                    attempt,
                    lines: vec![line],
                    since,
                    declared_only,
                    until,
                });
            }
        }
        true
    }

    /// With `backorder` nothing else is asked for while a part still waits.
    pub(super) fn waits_as_a_whole(&self) -> bool {
        let whole = self.context.policy.when_short == WhenShort::Backorder;
        let asking = |effect: &Effect| matches!(effect, Effect::AwaitStock { .. });
        whole && (self.order.is_waiting() || self.is_open(asking))
    }

    /// What an order holds softly while another part of it waits is made firm: it would lapse long
    /// before the rest has come.
    pub(super) fn keep_while_waiting(&mut self) -> bool {
        let waits = self.order.is_waiting() && self.context.policy.when_short == WhenShort::Wait;
        if !waits || self.order.stage != Stage::Reserving || self.order.ending.is_some() {
            return false;
        }
        self.make_firm()
    }

    /// The supply did not come in time: an order that does not stand yet is refused, and one that
    /// stands leaves the line, so that what it lacks is looked for once more and then given up.
    pub(super) fn mind_the_wait(&mut self) -> bool {
        let now = self.context.now;
        let over =
            |hold: &Reservation| hold.state == ReservationState::Waiting && hold.expires_at <= now;
        if self.order.ending.is_some() || !self.order.reservations.values().any(over) {
            return false;
        }
        if self.order.stage == Stage::Reserving {
            self.emit(Event::EndDecided {
                outcome: Outcome::Rejected,
                reason: REASON_BACKORDER_LAPSED.to_owned(),
            });
            return true;
        }
        if self.is_blocked(Edge::Reserve, None) {
            return false;
        }
        let waiting = self.order.holds_in(&[ReservationState::Waiting]);
        waiting
            .into_iter()
            .any(|(location, attempt, _)| self.release(&location, attempt))
    }
}

impl Order {
    /// Whether a part of it stands in line for supply.
    pub fn is_waiting(&self) -> bool {
        let waits = |hold: &Reservation| hold.state == ReservationState::Waiting;
        self.reservations.values().any(waits)
    }
}
