//! Money that comes after the order has expired: it goes on if there still is stock, else the money
//! goes back. Either is decided once, at the moment when the money is known.

use super::super::{Effect, Event, Notice, NoticeEvidence, Order, Outcome, Plan, Stage, plan};
use super::Draft;

impl Draft<'_> {
    /// An expired order whose money came after all is reopened where any location has its units;
    /// otherwise `capture::give_back` releases or refunds the money. An order that was cancelled is
    /// not wanted any more, and a channel that was told the end is not contradicted.
    pub(super) fn revive(&mut self) -> bool {
        if self.order.stage != Stage::Expired
            || self.order.revived_at.is_some()
            || !self.order.is_money_untouched()
            || self.is_channel_told()
        {
            return false;
        }
        let covered = self
            .order
            .line_numbers()
            .all(|number| self.order.uncovered(number).is_zero());
        if !covered && !matches!(plan(&self.order, self.context), Plan::Ask(_)) {
            return false;
        }
        let reason = "late_payment".to_owned();
        self.emit(Event::Reopened { reason });
        true
    }

    /// An order that was reopened for its late money found no stock in time: it ends again, and the
    /// money goes back.
    pub(super) fn mind_the_revival(&mut self) -> bool {
        let now = self.context.now;
        let over = self.order.revival_until(self.context.policy);
        if self.order.ending.is_some() || over.is_none_or(|at| now < at) {
            return false;
        }
        self.emit(Event::EndDecided {
            outcome: Outcome::Expired,
            reason: "late_payment".to_owned(),
        });
        true
    }

    /// Whether the sales channel knows, or is being told, that nothing will come of the order.
    fn is_channel_told(&self) -> bool {
        let known = |(notice, answer): &(Notice, NoticeEvidence)| {
            *notice == Notice::Cancelled && *answer == NoticeEvidence::Told
        };
        let telling = |effect: &Effect| {
            matches!(
                effect,
                Effect::NotifyChannel {
                    notice: Notice::Cancelled
                }
            )
        };
        self.order.told.iter().any(known) || self.is_open(telling)
    }
}

impl Order {
    /// Whether all its money is there, and none of it is going back or has gone.
    fn is_money_untouched(&self) -> bool {
        let going = |effect: &Effect| {
            matches!(
                effect,
                Effect::VoidPayment { .. } | Effect::RefundPayment { .. }
            )
        };
        let untouched = self
            .tenders
            .iter()
            .all(|tender| tender.is_secured() && tender.refunded_sum().is_zero());
        untouched && !self.outstanding.values().any(|open| going(&open.effect))
    }

    /// Until when an order that was reopened for its late money looks for stock.
    pub(in crate::order) fn revival_until(
        &self,
        policy: &crate::policy::Policy,
    ) -> Option<jiff::Timestamp> {
        let looking = matches!(self.stage, Stage::Reserving | Stage::Authorizing);
        let since = self.revived_at.filter(|_| looking)?;
        since.saturating_add(policy.payment.reopen_within).ok()
    }
}
