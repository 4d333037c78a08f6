//! Ending an order before its time: stop the work, give the stock back, give the money back, and
//! only then say so. Each step is asked for once and answered by evidence.

use super::super::{
    Effect, Event, Fulfilment, FulfilmentEvidence, FulfilmentStage, LineUnits, Outcome,
    ReservationState, units_of,
};
use super::Draft;

impl Draft<'_> {
    /// The next step of ending an order.
    pub(super) fn end_early(&mut self) -> bool {
        let Some(ending) = self.order.ending.clone() else {
            return false;
        };
        if self.stop_work(&ending.reason) || self.release_holds() {
            return true;
        }
        if self.work_is_undecided() || self.stock_is_unsettled() {
            return false;
        }
        match ending.outcome {
            Outcome::Rejected => self.emit(Event::Rejected {
                reason: ending.reason,
            }),
            // The gateway may still owe an answer; a late success is voided then.
            Outcome::Expired => self.emit(Event::Expired {
                reason: ending.reason,
            }),
            Outcome::Cancelled => return self.finish_cancel(ending.reason),
        }
        true
    }

    /// What is not wanted any more is not tried again, if no try of it was carried out: while one may
    /// have been, the answer has to be found out.
    pub(super) fn give_up(&mut self) -> bool {
        let over = self.order.ending.is_some() || self.order.stage.is_dead();
        let now = self.context.now;
        let unwanted = self.order.outstanding.iter().find(|(_, open)| {
            // Between two tries, after one that certainly did nothing.
            let idle = open.attempts > 0 && !open.unknown && open.next_try_at > now;
            let off = |number| {
                self.order
                    .fulfilment(number)
                    .is_some_and(Fulfilment::is_off)
            };
            idle && match open.effect {
                Effect::AuthorizePayment { tender, .. } => {
                    over || self.order.is_left_by_edit(tender)
                }
                Effect::BuyLabel { fulfilment, .. } => over || off(fulfilment),
                _ => false,
            }
        });
        let Some((id, open)) = unwanted else {
            return false;
        };
        let (id, effect_kind) = (*id, open.effect.word().to_owned());
        self.emit(Event::EffectGivenUp {
            effect_kind,
            closes: vec![id],
        });
        true
    }

    /// Work that nobody was asked for ends at once, and so does what is on its way to a store; locations are
    /// asked to stop.
    fn stop_work(&mut self, reason: &str) -> bool {
        for work in self.order.fulfilments.clone() {
            let fulfilment = work.number;
            if work.is_between() {
                // Its sender's shelf has to have lost it before.
                if work.consumed {
                    self.withdraw_transfer(fulfilment, reason);
                    return true;
                }
                continue;
            }
            if work.is_off() || work.is_shipped() || work.cancel_refused {
                continue;
            }
            match work.stage {
                FulfilmentStage::Planned | FulfilmentStage::Scheduled => {
                    let work = FulfilmentEvidence::Cancelled;
                    self.emit(Event::FulfilmentReported {
                        fulfilment,
                        work,
                        closes: Vec::new(),
                    });
                    return true;
                }
                FulfilmentStage::CancelRequested => {}
                _ => {
                    self.open(Effect::CancelFulfilment { fulfilment });
                    return true;
                }
            }
        }
        false
    }

    /// Whether a location has still to say whether it stops.
    fn work_is_undecided(&self) -> bool {
        let undecided = |f: &Fulfilment| {
            f.is_between() || (!f.is_off() && !f.is_shipped() && !f.cancel_refused)
        };
        self.order.fulfilments.iter().any(undecided)
    }

    /// Gives back the holds that no work will use.
    fn release_holds(&mut self) -> bool {
        let held = [
            ReservationState::Soft,
            ReservationState::Hard,
            ReservationState::Expired,
            ReservationState::Waiting,
        ];
        for (location, attempt, _) in self.order.holds_in(&held) {
            let same = |f: &&Fulfilment| f.location == location && f.attempt == attempt;
            let used = self
                .order
                .fulfilments
                .iter()
                .find(same)
                .is_some_and(|f| !f.is_off());
            if !used && self.release(&location, attempt) {
                return true;
            }
        }
        false
    }

    /// Whether a hold that no work will use has not been given back yet.
    fn stock_is_unsettled(&self) -> bool {
        self.order.reservations.iter().any(|(key, hold)| {
            let same = |f: &&Fulfilment| f.location == key.location && f.attempt == key.attempt;
            let used = self
                .order
                .fulfilments
                .iter()
                .find(same)
                .is_some_and(|f| !f.is_off());
            hold.state.is_live() && !used
        })
    }

    fn finish_cancel(&mut self, reason: String) -> bool {
        let shipping: Vec<&Fulfilment> = self
            .order
            .fulfilments
            .iter()
            .filter(|f| !f.is_off())
            .collect();
        if shipping.is_empty() {
            if self.money_is_unsettled() {
                return false;
            }
            let postings = self.order.undo_sale_postings();
            self.emit(Event::Cancelled { reason, postings });
            return true;
        }
        let kept = |number: u16| {
            let units = shipping.iter().map(|f| units_of(&f.lines, number));
            crate::quantity::Quantity::sum(units)
        };
        let lines: Vec<LineUnits> = self
            .order
            .line_numbers()
            .map(|line| LineUnits {
                line,
                quantity: self.order.stocked(line).minus(kept(line)),
            })
            .filter(|units| !units.quantity.is_zero())
            .collect();
        if lines.is_empty() {
            let reason = "everything has shipped or will ship".to_owned();
            self.emit(Event::CancelRefused { reason });
            return true;
        }
        self.cancel_for_good(lines);
        true
    }
}
