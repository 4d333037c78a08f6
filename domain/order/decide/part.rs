//! Cancelling a part of an order, and what becomes of goods that nobody collects. Nothing is
//! cancelled before its location has stopped and its units are free again; money follows by the
//! stored shares of the units.

use super::super::{
    Account, Event, Fulfilment, FulfilmentEvidence, FulfilmentStage, LineUnits, Order, Recorded,
    Rejection, ReservationState, Routing, Stage, StatedLines, less, plus, transfer, units_of,
};
use super::Draft;
use crate::ids::LocationCode;
use crate::quantity::Quantity;

impl Order {
    /// Units of a line that could still be cancelled: they have not left, no location has refused to
    /// stop, and nobody wants them cancelled already.
    pub fn cancellable(&self, line: u16) -> Quantity {
        let stays = |work: &&Fulfilment| {
            let goes_on = work.cancel_refused && !work.is_between();
            (work.is_shipped() || goes_on) && !work.is_off()
        };
        let staying = self.fulfilments.iter().filter(stays);
        let kept = Quantity::sum(staying.map(|work| units_of(&work.lines, line)));
        let wanted = self.parting.as_ref();
        let wanted = wanted.map_or(Quantity::ZERO, |p| units_of(&p.lines, line));
        self.stocked(line).minus(kept).minus(wanted)
    }

    /// Whether these units, with those that are being cancelled, are all that is open.
    pub(super) fn is_everything(&self, lines: &[LineUnits]) -> bool {
        let parting = self.parting.as_ref().map_or(&[][..], |p| &p.lines);
        self.is_all_open(&plus(parting, lines))
    }

    /// Whether these units are all that is open.
    pub(super) fn is_all_open(&self, lines: &[LineUnits]) -> bool {
        self.line_numbers()
            .all(|line| self.is_component_of_kit(line) || units_of(lines, line) >= self.open(line))
    }

    /// Units of a piece of work that are about to become free for cancelling.
    fn coming_free(&self, line: u16) -> Quantity {
        let held = |work: &&Fulfilment| {
            !work.is_shipped() && !work.cancel_refused && self.holds_firmly(work)
        };
        let coming = self.fulfilments.iter().filter(held);
        Quantity::sum(coming.map(|work| units_of(&work.to_cancel, line)))
    }

    /// Where units of these lines stand in line for supply, if they do.
    pub(super) fn in_line_for(&self, lines: &[LineUnits]) -> Option<(LocationCode, u16)> {
        let mut holds = self.reservations.iter();
        let waits = holds.find(|(key, hold)| {
            hold.state == ReservationState::Waiting && !units_of(lines, key.line).is_zero()
        });
        waits.map(|(key, _)| (key.location.clone(), key.attempt))
    }

    /// Whether the holds of a piece of work still stand.
    fn holds_firmly(&self, work: &Fulfilment) -> bool {
        self.reservations.iter().any(|(key, hold)| {
            key.location == work.location
                && key.attempt == work.attempt
                && hold.state == ReservationState::Hard
        })
    }
}

impl Draft<'_> {
    /// A person wants a part of the order to end. All that is open is the order itself.
    pub(super) fn cancel_lines(
        &mut self,
        stated: &StatedLines,
        reason: &str,
    ) -> Result<(), Rejection> {
        let stage = self.order.stage;
        let standing = matches!(stage, Stage::Confirmed | Stage::Fulfilling);
        if !standing || self.order.ending.is_some() {
            let verb = "cancelled in part";
            return Err(Rejection::WrongStage { stage, verb });
        }
        let lines = self
            .order
            .stated_units(stated, |line| self.order.cancellable_as_stated(line))?;
        let lines = self.order.with_components(&lines);
        self.cancel_units(lines, reason.to_owned());
        Ok(())
    }

    /// These units of an order that stands are to be cancelled. All that is open is the order itself.
    pub(super) fn cancel_units(&mut self, lines: Vec<LineUnits>, reason: String) {
        if self.order.is_everything(&lines) {
            self.emit(Event::CancelRequested { reason });
        } else {
            self.emit(Event::Routing(Routing::PartCancelRequested {
                lines,
                reason,
            }));
        }
    }

    /// The next step of cancelling a part: cancel what is free, stop work that has what is not, keep
    /// the rest of stopped work where it is, and say so when nothing more can be stopped.
    pub(super) fn cancel_part(&mut self) -> bool {
        if !self.order.is_standing() {
            return false;
        }
        if self.keep_rest() {
            return true;
        }
        let Some(parting) = self.order.parting.clone() else {
            return false;
        };
        let free = parting.lines.iter().map(|units| LineUnits {
            line: units.line,
            quantity: units.quantity.min(self.order.uncancelled_free(units.line)),
        });
        let free: Vec<LineUnits> = free.filter(|units| !units.quantity.is_zero()).collect();
        if !free.is_empty() {
            self.cancel_free(&free);
            return true;
        }
        let missing: Vec<LineUnits> = parting
            .lines
            .iter()
            .map(|units| LineUnits {
                line: units.line,
                quantity: units.quantity.minus(self.order.coming_free(units.line)),
            })
            .filter(|units| !units.quantity.is_zero())
            .collect();
        if missing.is_empty() {
            return false;
        }
        if let Some((location, attempt)) = self.order.in_line_for(&missing) {
            // What is left of it stands in line again, where it stood.
            return self.release(&location, attempt);
        }
        if self.withdraw_between(&missing, &parting.reason) || self.withdraw_part(&missing) {
            return true;
        }
        if missing != parting.lines || self.is_freeing() {
            // Something is still coming free; what is missing then is told at the end.
            return false;
        }
        self.emit(Event::Routing(Routing::PartCancelRefused {
            lines: missing,
            reason: "it has shipped, or its location does not stop".into(),
        }));
        true
    }

    /// Whether holds are under way of being given back or found: their units come free, or not.
    fn is_freeing(&self) -> bool {
        let live = [
            ReservationState::Requested,
            ReservationState::Soft,
            ReservationState::Expired,
        ];
        let order = &self.order;
        let asking = order.reservations.values().any(|h| live.contains(&h.state));
        let stopping = order.fulfilments.iter().any(|work| {
            work.stage == FulfilmentStage::CancelRequested
                || (work.is_off() && order.holds_firmly(work))
        });
        // What is on its way with units that are wanted can be told apart at the store.
        let parting = order.parting.as_ref().map_or(&[][..], |part| &part.lines);
        let arriving = order.is_bringing(parting);
        asking || stopping || arriving || self.is_open(|effect| effect.stock().is_some())
    }

    /// Cancels units that nothing holds any more.
    pub(super) fn cancel_free(&mut self, lines: &[LineUnits]) {
        let lines = self.order.with_whole_kits(lines);
        self.cancel_for_good(lines);
    }

    /// Cancels these units, and what they are worth is owed no more.
    pub(super) fn cancel_for_good(&mut self, lines: Vec<LineUnits>) {
        let before = self.order.cancelled_value();
        let mut after = self.order.clone();
        after.apply(&Recorded {
            version: after.version + 1,
            recorded_at: self.context.now,
            occurred_at: None,
            actor: String::new(),
            command_id: None,
            event: Event::LinesCancelled {
                lines: lines.clone(),
                at_channel: None,
                postings: Vec::new(),
            },
        });
        let claimed = self.order.claimed_at_channel();
        let at_channel = after.claimed_at_channel().less(claimed);
        let at_channel = (!self.order.is_cut_at_source()).then_some(at_channel);
        let worth = after.cancelled_value().minus(before);
        // What was never booked as sold is not when the order stands either.
        let booked = self.order.confirmed_at.is_some();
        let postings = if booked {
            transfer(Account::Receivable, Account::Revenue, worth)
        } else {
            Vec::new()
        };
        self.emit(Event::LinesCancelled {
            lines,
            at_channel,
            postings,
        });
    }

    /// Stops one piece of work that has what is missing: what nobody was asked for first, then what is
    /// least far.
    fn withdraw_part(&mut self, missing: &[LineUnits]) -> bool {
        let stoppable = |work: &&Fulfilment| {
            !work.is_off()
                && !work.has_left()
                && !work.cancel_refused
                && !work.moving
                && work.stage != FulfilmentStage::CancelRequested
                && work.to_cancel.is_empty()
                && missing
                    .iter()
                    .any(|units| !units_of(&work.lines, units.line).is_zero())
        };
        let works = self.order.fulfilments.iter().filter(stoppable);
        let Some(work) = works.min_by_key(|work| (work.stage, std::cmp::Reverse(work.number)))
        else {
            return false;
        };
        let fulfilment = work.number;
        let unasked = work.is_unasked();
        let lines = work.lines.iter().map(|units| LineUnits {
            line: units.line,
            quantity: units.quantity.min(units_of(missing, units.line)),
        });
        let lines = lines.filter(|units| !units.quantity.is_zero()).collect();
        self.emit(Event::Routing(Routing::PartWithdrawn { fulfilment, lines }));
        if unasked {
            self.emit(Event::FulfilmentReported {
                fulfilment,
                work: FulfilmentEvidence::Cancelled,
                closes: Vec::new(),
            });
        } else {
            self.open(super::super::Effect::CancelFulfilment { fulfilment });
        }
        true
    }

    /// The location has stopped: what is not cancelled stays there, for work of its own.
    fn keep_rest(&mut self) -> bool {
        let stopped = self.order.fulfilments.iter().find(|work| {
            work.stage == FulfilmentStage::Cancelled
                && !work.to_cancel.is_empty()
                && work.lines != work.to_cancel
                && self.order.holds_firmly(work)
                && !self.is_open(|effect| effect.concerns(&work.location, work.attempt))
        });
        let Some(work) = stopped.cloned() else {
            return false;
        };
        let rest = less(&work.lines, &work.to_cancel);
        let (_, attempt) = self.next_piece();
        self.emit(Event::Routing(Routing::RestKept {
            fulfilment: work.number,
            attempt,
            lines: rest.clone(),
        }));
        self.regroup(&work.location, &[work.attempt], attempt, &rest);
        true
    }

    /// Nobody came for what was ready: it is sold to others and paid back.
    pub(super) fn mind_pickups(&mut self) -> bool {
        if !self.order.is_standing() {
            return false;
        }
        let now = self.context.now;
        let time = self.context.policy.pickup_time;
        let late = self.order.fulfilments.iter().find(|work| {
            let since = self.order.ready_since(work);
            since.is_some_and(|since| since.saturating_add(time).is_ok_and(|at| now >= at))
        });
        let Some(work) = late.cloned() else {
            return false;
        };
        let all = self.order.is_everything(&work.lines);
        let fulfilment = work.number;
        self.emit(Event::Routing(Routing::PickupExpired { fulfilment }));
        if all {
            let reason = "pickup_expired".to_owned();
            self.emit(Event::CancelRequested { reason });
        }
        true
    }
}
