//! Turning an order that stands into work at locations, and seeing it to its end.

use super::super::{
    Edge, Effect, Event, Fulfilment, FulfilmentStage, LineUnits, ReservationState, Stage,
};
use super::Draft;

impl Draft<'_> {
    /// Plans one fulfilment for each group of firm holds that has none.
    pub(super) fn plan_fulfilments(&mut self) -> bool {
        if !self.order.is_standing() {
            return false;
        }
        for (location, attempt, lines) in self.order.holds_in(&[ReservationState::Hard]) {
            let planned = |f: &Fulfilment| f.location == location && f.attempt == attempt;
            if self.order.fulfilments.iter().any(planned) || self.order.is_for_edit(&lines) {
                continue;
            }
            let number = self.order.fulfilments.last().map_or(0, |f| f.number) + 1;
            let lines = lines
                .into_iter()
                .map(|line| LineUnits {
                    line: line.line,
                    quantity: line.quantity,
                })
                .collect();
            // What is held elsewhere than where the buyer comes is sent there.
            let store = self.order.draft.pickup_location.clone();
            let pickup = store.as_ref() == Some(&location);
            let mut works = self.order.fulfilments.iter();
            let brings = works.find(|work| {
                let received = work.transfer.as_ref().and_then(|one| one.received);
                pickup && received == Some(attempt)
            });
            let brought_by = brings.map(|work| work.number);
            self.emit(Event::FulfilmentPlanned {
                fulfilment: number,
                location,
                attempt,
                lines,
                pickup,
                transfer_to: store.filter(|_| !pickup),
                brought_by,
            });
            return true;
        }
        false
    }

    /// Asks locations, and stops waiting for those that do not answer.
    pub(super) fn request_fulfilments(&mut self) -> bool {
        if !self.order.is_standing() {
            return false;
        }
        let now = self.context.now;
        for work in self.order.fulfilments.clone() {
            let fulfilment = work.number;
            match work.stage {
                FulfilmentStage::Planned | FulfilmentStage::Scheduled
                    if work.not_before.is_none_or(|at| now >= at)
                        && !self.is_blocked(Edge::Release, Some(fulfilment)) =>
                {
                    self.open(Effect::RequestFulfilment { fulfilment });
                    return true;
                }
                FulfilmentStage::Requested => {
                    let time = self.context.policy.acceptance_time;
                    if work
                        .since
                        .saturating_add(time)
                        .is_ok_and(|until| now >= until)
                    {
                        let closes = self.open_ids(|effect| {
                            matches!(effect, Effect::RequestFulfilment { .. })
                                && effect.fulfilment() == Some(fulfilment)
                        });
                        self.emit(Event::FulfilmentUnanswered { fulfilment, closes });
                        return true;
                    }
                }
                _ => {}
            }
        }
        false
    }

    /// Everything open was delivered, taken off the stock and paid: the order is complete.
    pub(super) fn complete(&mut self) -> bool {
        let order = &self.order;
        if !self.order.is_standing() || !order.is_served() || order.editing.is_some() {
            return false;
        }
        let delivered = order.fulfilments.iter().filter(|f| f.is_shipped());
        let all_delivered = delivered
            .into_iter()
            .all(|f| order.is_settled(f) && f.consumed);
        let undecided = order
            .fulfilments
            .iter()
            .any(|f| !f.is_shipped() && !f.is_off());
        let money_moves = order
            .outstanding
            .values()
            .any(|open| open.effect.tender().is_some());
        if !all_delivered || undecided || money_moves || !self.order.is_paid() {
            return false;
        }
        self.emit(Event::Completed);
        true
    }

    /// Closes a complete order when nothing has been heard of it for long enough, and nothing is open:
    /// no return, no dispute.
    pub(super) fn close(&mut self) -> bool {
        let busy = self.order.unfinished_business().is_some();
        if self.order.stage != Stage::Completed || busy {
            return false;
        }
        let wait = self.context.policy.auto_close;
        let due = self.order.stage_since.saturating_add(wait);
        if !due.is_ok_and(|due| self.context.now >= due) {
            return false;
        }
        self.emit(Event::Closed {
            reason: "auto_close".into(),
        });
        true
    }
}
