//! Taking the money for what shipped, and giving back what is not ours to keep.

use jiff::Timestamp;

use super::super::{
    Edge, Effect, Fulfilment, HoldScope, Order, Outcome, Owed, REASON_CAPTURE_FAILED,
    REASON_PAYMENT_LOST, REASON_PAYMENT_MISMATCH, Tender,
};
use super::Draft;
use crate::canonical::{CaptureMode, Terms};
use crate::money::Money;
use crate::policy::{OnceCapture, Policy};

impl Draft<'_> {
    /// Takes what was earned. Nothing is captured of an authorisation that has ended, or a second
    /// time where only one capture is possible.
    pub(super) fn capture(&mut self) -> bool {
        if self.order.confirmed_at.is_none() || self.order.stage.is_dead() {
            return false;
        }
        let finished = self.order.is_shipping_over();
        for number in self.order.payers() {
            let Some(tender) = self.order.tender(number).cloned() else {
                continue;
            };
            if !tender.is_ours() {
                continue;
            }
            let captured = tender.captured_sum();
            let (policy, now) = (self.context.policy, self.context.now);
            let due = self.order.capturable(number, policy, now).less(captured);
            if due.is_zero() {
                continue;
            }
            if tender.voided || tender.lapsed {
                // It ended before what it pays for had left; as long as the order stands, a renewal
                // is tried first. What was clawed back is minded by its exchange.
                let blocks = [Edge::Release, Edge::Ship];
                if !self.order.is_standing()
                    && !self.order.is_clawed(number)
                    && self.hold_once(REASON_PAYMENT_LOST, HoldScope::Order, &blocks)
                {
                    return true;
                }
                continue;
            }
            let busy = |effect: &Effect| effect.tender() == Some(number);
            if tender.is_used_up() || self.is_open(busy) || self.is_taken_of_former(number) {
                continue;
            }
            // A gateway may make by itself what has failed: before a person has looked, it is not tried again.
            if tender.lost_capture().is_some() {
                continue;
            }
            // What is clawed back for units that have left is set aside first.
            if tender.authorized_sum().is_zero() {
                continue;
            }
            if tender.capture_failed.is_some() && !self.may_capture_again(&tender) {
                if self.hold_failed_capture(&tender) {
                    return true;
                }
                continue;
            }
            if self.is_blocked(Edge::Capture, None) {
                continue;
            }
            self.open(Effect::CapturePayment {
                tender: number,
                amount: due,
                total: captured.plus(due),
                last: finished,
            });
            return true;
        }
        false
    }

    /// A capture that was told as made has come to nothing: a person has to look, and says by releasing the hold
    /// that it is to be tried again. What is unpaid at the end, and nobody can be charged for, is shown again. A
    /// gateway that makes the capture after all leaves nothing to look at.
    pub(super) fn mind_lost_captures(&mut self) -> bool {
        if self.order.stage.is_dead() {
            return false;
        }
        let lost = |tender: &Tender| tender.lost_capture().is_some();
        if self.order.tenders.iter().any(lost) || self.is_unpaid_for_good() {
            let blocks = [Edge::Capture, Edge::Ship];
            return self.hold_once(REASON_CAPTURE_FAILED, HoldScope::Order, &blocks);
        }
        let failing = |tender: &Tender| {
            tender.capture_failed.is_some() || tender.captured.failures().next().is_some()
        };
        !self.order.tenders.iter().any(failing)
            && self.order.is_paid()
            && self.lift(REASON_CAPTURE_FAILED, "the money was taken after all")
    }

    /// Whether a capture came to nothing, the order goes on no more by itself, and no tender that pays can be
    /// captured for what is missing.
    fn is_unpaid_for_good(&self) -> bool {
        let order = &self.order;
        if order.is_standing() || !order.lacks_a_capture() || self.is_open(|e| e.tender().is_some())
        {
            return false;
        }
        let (policy, now) = (self.context.policy, self.context.now);
        let due = |number: &u16| {
            let captured = order.tender(*number).map(Tender::captured_sum);
            captured.is_some_and(|sum| order.capturable(*number, policy, now) > sum)
        };
        !order.payers().iter().any(due)
    }

    /// A tender that this one renews is being captured: until that is answered nobody knows what is
    /// left for the renewal to pay, and what it took now would be taken twice.
    fn is_taken_of_former(&self, number: u16) -> bool {
        let former = |number: &u16| self.order.tender(*number)?.renews;
        std::iter::successors(former(&number), former).any(|former| {
            let taking = |effect: &Effect| matches!(effect, Effect::CapturePayment { .. });
            self.is_open(|effect| taking(effect) && effect.tender() == Some(former))
        })
    }

    /// Whether a refused capture is tried again now: refusals that may pass are, by a schedule.
    fn may_capture_again(&self, tender: &Tender) -> bool {
        let again = tender.capture_again_at(self.context.policy);
        again.is_some_and(|at| self.context.now >= at)
    }

    /// A capture was refused for good and no renewal can help any more: a person has to look.
    fn hold_failed_capture(&mut self, tender: &Tender) -> bool {
        let waits = tender.capture_again_at(self.context.policy).is_some();
        let blocks = [Edge::Capture, Edge::Ship];
        !waits
            && !self.order.is_standing()
            && self.hold_once(REASON_CAPTURE_FAILED, HoldScope::Order, &blocks)
    }

    /// Returns what a person granted and what was taken for what will not be delivered. Releases
    /// authorisations of an order that ended before its time, or is being cancelled as a whole.
    pub(super) fn give_back(&mut self) -> bool {
        let over = self.order.is_over_for_money();
        if self.hand_on(over) {
            return true;
        }
        let earned = self.order.earned_by_tender();
        let mut failed = Vec::new();
        for (number, earned) in self.order.tender_numbers().zip(earned) {
            if self.is_open(|effect| effect.tender() == Some(number)) {
                continue;
            }
            let Some(tender) = self.order.tender(number).cloned() else {
                continue;
            };
            if !gives_back(&tender) {
                continue;
            }
            let unused = tender.captured_sum().is_zero() && earned.is_zero();
            if over && unused && !tender.voided && !tender.lapsed {
                self.open(Effect::VoidPayment { tender: number });
                return true;
            }
            let due = self.order.due_back(number, over);
            if tender.refund_failed.is_some() && due.is_positive() {
                failed.push((number, due));
                continue;
            }
            if !due.is_zero() && !self.is_blocked(Edge::Refund, None) {
                let total = tender.refunded_sum().plus(due);
                self.open(Effect::RefundPayment {
                    tender: number,
                    amount: due,
                    total,
                });
                return true;
            }
        }
        // What goes without a hand is not kept waiting by what does not.
        let mut failed = failed.into_iter();
        failed.any(|(number, due)| self.go_another_way(number, due))
    }

    /// Whether a cancellation still waits for money: a call is under way, or something that has to
    /// go back has not gone.
    pub(super) fn money_is_unsettled(&self) -> bool {
        let earned = self.order.earned_by_tender();
        let over = self.order.is_over_for_money();
        let open = self.is_open(|effect| effect.tender().is_some());
        let numbered = self.order.tender_numbers().zip(&self.order.tenders);
        let owing = numbered.zip(earned).any(|((number, tender), earned)| {
            let unused = tender.captured_sum().is_zero() && earned.is_zero();
            let set_aside = unused && !tender.voided && !tender.lapsed;
            let due = self.order.due_back(number, over);
            gives_back(tender) && (set_aside || due.is_positive())
        });
        let policy = &self.context.policy.payment;
        open || owing || self.order.to_hand_on(policy, over).is_some()
    }
}

impl Order {
    /// Whether all that was earned was taken, where the hub takes it; unless a person still has to
    /// look at it, a capture that was answered counts as what was asked for.
    pub(in crate::order) fn is_paid(&self) -> bool {
        let earned = self.earned_by_tender();
        let in_doubt = self.is_held_for(REASON_PAYMENT_MISMATCH);
        self.tenders.iter().zip(earned).all(|(tender, earned)| {
            let paid = if in_doubt {
                tender.captured_sum()
            } else {
                tender.covered()
            };
            !tender.is_ours() || paid >= earned
        })
    }

    /// Whether it is not paid because a capture has come to nothing after it was told as made.
    pub(in crate::order) fn lacks_a_capture(&self) -> bool {
        let failed = |tender: &Tender| tender.captured.failures().next().is_some();
        self.confirmed_at.is_some() && self.tenders.iter().any(failed) && !self.is_paid()
    }

    /// What may have been taken of a tender at a time, in all: what was earned, and where it can be
    /// taken only once, when and how much policy says. Never more than it is for.
    pub(in crate::order) fn capturable(
        &self,
        number: u16,
        policy: &Policy,
        at: Timestamp,
    ) -> Money {
        let Some(tender) = self.tender(number) else {
            return Money::zero(self.draft.currency);
        };
        let earned = self.share_of(number, Owed::Earned);
        if tender.capture_mode() == CaptureMode::Many || self.is_shipping_over() {
            return earned.min(tender.amount);
        }
        let ends_soon = self.renews_at(number, policy).is_some_and(|end| at >= end);
        let due = match policy.payment.once_capture {
            OnceCapture::AtFirstShipment if self.earned_beside(number).is_positive() => {
                self.share_of(number, Owed::Expected)
            }
            OnceCapture::ReauthorizeRest => earned,
            _ if ends_soon => earned,
            _ => tender.zero(),
        };
        due.min(tender.amount)
    }

    /// Whether nothing more will leave the building: all work is shipped or ended, and all open units
    /// are served.
    pub(super) fn is_shipping_over(&self) -> bool {
        let decided = |work: &Fulfilment| work.is_shipped() || work.is_off();
        self.fulfilments.iter().all(decided) && self.is_served()
    }

    /// Whether money that was not earned has to go back now.
    pub(in crate::order) fn is_over_for_money(&self) -> bool {
        let undone = self.ending.as_ref().is_some_and(|ending| {
            // Before a location has agreed to stop, nothing is refunded; an order that is only
            // refused gives its stock back first.
            ending.outcome == Outcome::Cancelled && self.fulfilments.iter().all(Fulfilment::is_off)
        });
        self.stage.is_dead() || undone
    }
}

/// Whether there is something at a gateway that the hub can give back: an authorisation, a payment
/// that waits for the buyer, or money. What the channel took, the channel gives back.
fn gives_back(tender: &Tender) -> bool {
    let there = tender.captured_sum().is_positive()
        || tender.authorized.is_some()
        || (tender.action_required && tender.declined.is_none());
    let ours = match &tender.terms {
        Terms::ToAuthorize { .. } => tender.reference.is_some(),
        _ => tender.is_ours(),
    };
    ours && there
}
