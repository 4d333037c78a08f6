//! Taking the money for what shipped, and giving back what is not ours to keep.

use super::super::{
    Edge, Effect, Fulfilment, HoldScope, Order, Outcome, REASON_CAPTURE_FAILED,
    REASON_PAYMENT_LOST, REASON_PAYMENT_MISMATCH, REASON_REFUND_FAILED, Tender,
};
use super::Draft;
use crate::canonical::{CaptureMode, Terms};
use crate::money::Money;

impl Order {
    /// What each tender pays of what was earned so far: tenders pay in their order, each up to its
    /// amount.
    pub fn earned_by_tender(&self) -> Vec<Money> {
        let mut left = self.earned();
        self.tenders
            .iter()
            .map(|tender| {
                let share = left.min(tender.amount);
                left = left.minus(share);
                share
            })
            .collect()
    }
}

impl Draft<'_> {
    /// Takes what was earned. A gateway that captures only once is asked when nothing more will
    /// ship.
    pub(super) fn capture(&mut self) -> bool {
        if self.order.confirmed_at.is_none() || self.order.stage.is_dead() {
            return false;
        }
        let finished = self.is_shipping_over();
        let earned = self.order.earned_by_tender();
        for (number, earned) in self.order.tender_numbers().zip(earned) {
            let Some(tender) = self.order.tender(number) else {
                continue;
            };
            if !tender.is_ours() {
                continue;
            }
            if tender.voided {
                // It was released before what it pays for had left: nothing can be taken any more.
                let owed = earned > tender.captured_sum();
                let blocks = [Edge::Release, Edge::Ship];
                if owed && self.hold_once(REASON_PAYMENT_LOST, HoldScope::Order, &blocks) {
                    return true;
                }
                continue;
            }
            if tender.capture_failed.is_some() {
                let blocks = [Edge::Capture, Edge::Ship];
                if self.hold_once(REASON_CAPTURE_FAILED, HoldScope::Order, &blocks) {
                    return true;
                }
                continue;
            }
            let captured = tender.captured_sum();
            let due = earned.less(captured);
            let once = tender.capture_mode() == CaptureMode::Once;
            let too_early = once && (!finished || captured.is_positive());
            let busy = |effect: &Effect| effect.tender() == Some(number);
            if due.is_zero()
                || too_early
                || self.is_blocked(Edge::Capture, None)
                || self.is_open(busy)
            {
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

    /// Whether nothing more will leave the building: all work is shipped or ended, and all open
    /// units are served.
    fn is_shipping_over(&self) -> bool {
        let decided = self
            .order
            .fulfilments
            .iter()
            .all(|f| f.is_shipped() || f.is_off());
        decided && self.order.is_served()
    }

    /// Whether all that was earned was taken, where the hub takes it. Where it can be taken only once,
    /// what was taken is all, unless a person still has to look at it.
    pub(super) fn is_paid(&self) -> bool {
        let earned = self.order.earned_by_tender();
        let in_doubt = self.order.is_held_for(REASON_PAYMENT_MISMATCH);
        self.order
            .tenders
            .iter()
            .zip(earned)
            .all(|(tender, earned)| {
                let captured_once = tender.capture_mode() == CaptureMode::Once
                    && !in_doubt
                    && tender.captured_sum().is_positive();
                !tender.is_ours() || captured_once || tender.captured_sum() >= earned
            })
    }

    /// Returns what a person granted. Releases authorisations and returns money that nothing will be
    /// delivered for: when the order ended before its time, or is being cancelled as a whole.
    pub(super) fn give_back(&mut self) -> bool {
        let over = self.is_over_for_money();
        let earned = self.order.earned_by_tender();
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
            let captured = tender.captured_sum();
            let kept = captured.less(tender.refunded_sum());
            let unearned = kept.less(earned);
            let due = if over { unearned } else { tender.zero() };
            let excess = due.max(tender.owed()).min(kept);
            if over && captured.is_zero() && earned.is_zero() && !tender.voided {
                self.open(Effect::VoidPayment { tender: number });
                return true;
            }
            if excess.is_zero() {
                continue;
            }
            if tender.refund_failed.is_some() {
                if self.hold_once(REASON_REFUND_FAILED, HoldScope::Order, &[Edge::Refund]) {
                    return true;
                }
                continue;
            }
            if !self.is_blocked(Edge::Refund, None) {
                let total = tender.refunded_sum().plus(excess);
                self.open(Effect::RefundPayment {
                    tender: number,
                    amount: excess,
                    total,
                });
                return true;
            }
        }
        false
    }

    /// Whether money that was not earned has to go back now.
    fn is_over_for_money(&self) -> bool {
        let undone = self.order.ending.as_ref().is_some_and(|ending| {
            // Before a location has agreed to stop, nothing is refunded; an order that is only
            // refused gives its stock back first.
            ending.outcome == Outcome::Cancelled
                && self.order.fulfilments.iter().all(Fulfilment::is_off)
        });
        self.order.stage.is_dead() || undone
    }

    /// Whether a cancellation still waits for money: a call is under way, or something that has to
    /// go back has not gone.
    pub(super) fn money_is_unsettled(&self) -> bool {
        let earned = self.order.earned_by_tender();
        let open = self.is_open(|effect| effect.tender().is_some());
        let owing = self
            .order
            .tenders
            .iter()
            .zip(earned)
            .any(|(tender, earned)| {
                let captured = tender.captured_sum();
                let kept = captured.less(tender.refunded_sum());
                gives_back(tender)
                    && (kept > earned || (captured.is_zero() && earned.is_zero() && !tender.voided))
            });
        open || owing
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
