//! Money that a person gives back although it was earned, and the ways that refunds go: over the
//! tenders as policy ranks them, then as credit where policy has it, then to a person. That it goes
//! is the business of `capture::give_back`.

use rust_decimal::Decimal;

use super::super::{
    Account, Edge, Event, Granted, Hold, HoldScope, MoneyEvent, OnExpiry, Order,
    REASON_REFUND_FAILED, Rejection, transfer,
};
use super::Draft;
use crate::money::Money;
use crate::policy::PaymentPolicy;

/// Instead of a gateway's code: a tender needs for itself what it gave in place of others.
const CODE_NEEDED_ITSELF: &str = "needed_itself";

impl Order {
    /// Numbers of the tenders in the order in which they give money back.
    fn refund_sequence(&self, policy: &PaymentPolicy) -> Vec<u16> {
        let mut numbers: Vec<u16> = self.tender_numbers().collect();
        numbers.sort_by_key(|number| {
            let gateway = self.tender(*number).and_then(|tender| tender.gateway());
            (policy.refund_place(gateway), *number)
        });
        numbers
    }

    /// Shares of an amount over the tenders that can give it, in the order of policy, without one that
    /// could not. Less than the amount when they cannot give all of it.
    pub(super) fn shares_of_refund(
        &self,
        amount: Money,
        policy: &PaymentPolicy,
        without: Option<u16>,
    ) -> Vec<Granted> {
        let mut rest = amount;
        let mut shares = Vec::new();
        for tender in self.refund_sequence(policy) {
            let failed = self
                .tender(tender)
                .is_some_and(|t| t.refund_failed.is_some());
            if without.is_some_and(|failing| failing == tender || failed) {
                continue;
            }
            let amount = rest.min(self.refundable_of(tender));
            rest = rest.minus(amount);
            if !amount.is_zero() {
                shares.push(Granted { tender, amount });
            }
        }
        shares
    }

    /// What a tender lacks because it gave in place of others before, and who gives it instead: those
    /// whose money is still there, the one that could not before at the last.
    pub(super) fn to_hand_on(
        &self,
        policy: &PaymentPolicy,
        over: bool,
    ) -> Option<(u16, Vec<Granted>)> {
        let (lacking, mut rest) = self.overcommitted(over)?;
        let mut others = self.refund_sequence(policy);
        others.retain(|number| *number != lacking);
        others.sort_by_key(|number| {
            let other = self.tender(*number);
            other.is_some_and(|other| other.refund_failed.is_some())
        });
        let mut to = Vec::new();
        for tender in others {
            let amount = rest.min(self.can_spare(tender, over));
            rest = rest.minus(amount);
            if amount.is_positive() {
                to.push(Granted { tender, amount });
            }
        }
        (!to.is_empty()).then_some((lacking, to))
    }
}

impl Draft<'_> {
    /// Grants an amount, or all that is there, as money or as credit. Tenders give in the order of
    /// policy, each what it can: together exactly the amount, and none more than was taken of it.
    pub(super) fn grant_refund(
        &mut self,
        amount: Option<Decimal>,
        as_credit: bool,
        reason: &str,
    ) -> Result<(), Rejection> {
        let left = self.order.refundable();
        if left.is_zero() {
            return Err(Rejection::NothingToRefund);
        }
        let amount = match amount {
            Some(amount) => self.exactly(amount)?,
            None => left,
        };
        if amount > left {
            return Err(Rejection::RefundTooLarge { left });
        }
        let policy = &self.context.policy.payment;
        let refunds = self.order.shares_of_refund(amount, policy, None);
        let postings = transfer(Account::Receivable, Account::Allowance, amount);
        let reason = reason.to_owned();
        self.emit(Event::RefundGranted {
            refunds: refunds.clone(),
            reason,
            postings,
        });
        if as_credit {
            self.issue_credit(refunds);
        }
        Ok(())
    }

    /// A refund failed: the next tender gives it, then it becomes credit where policy has that, then
    /// a person has to look; when nobody has in time, it is tried once more. It is never taken for
    /// given.
    pub(super) fn go_another_way(&mut self, number: u16, due: Money) -> bool {
        let Some(code) = self
            .order
            .tender(number)
            .and_then(|t| t.refund_failed.clone())
        else {
            return false;
        };
        if self.is_blocked(Edge::Refund, None) {
            return false;
        }
        let policy = &self.context.policy.payment;
        let to = self.order.shares_of_refund(due, policy, Some(number));
        if !to.is_empty() {
            self.emit(Event::Money(MoneyEvent::RefundRerouted {
                tender: number,
                code,
                to,
            }));
            return true;
        }
        if self.context.policy.payment.gives_credit() {
            self.issue_credit(vec![Granted {
                tender: number,
                amount: due,
            }]);
            return true;
        }
        self.queue_refund()
    }

    /// A tender that gave in place of another has to give its own money, too, because more was
    /// cancelled since: others give what it lacks.
    pub(super) fn hand_on(&mut self, over: bool) -> bool {
        let policy = &self.context.policy.payment;
        let Some((tender, to)) = self.order.to_hand_on(policy, over) else {
            return false;
        };
        if self.is_blocked(Edge::Refund, None) {
            return false;
        }
        self.emit(Event::Money(MoneyEvent::RefundRerouted {
            tender,
            code: CODE_NEEDED_ITSELF.to_owned(),
            to,
        }));
        true
    }

    /// Puts a refund that nobody takes before a person, for as long as policy says.
    fn queue_refund(&mut self) -> bool {
        if self.order.is_held_for(REASON_REFUND_FAILED) {
            return false;
        }
        let now = self.context.now;
        let sla = self.context.policy.payment.refund_sla;
        let hold = Hold {
            id: self.order.last_hold + 1,
            scope: HoldScope::Order,
            blocks: vec![Edge::Refund],
            reason: REASON_REFUND_FAILED.to_owned(),
            owner: "system".into(),
            since: now,
            until: now.saturating_add(sla).ok(),
            on_expiry: OnExpiry::Release,
        };
        self.emit(Event::HoldPlaced { hold });
        true
    }

    /// The buyer gets credit for what tenders would have given. The retailer owes it from here on;
    /// what it is known by is made of the order and the version, so it is the same in every repeat.
    fn issue_credit(&mut self, shares: Vec<Granted>) {
        let amounts = shares.iter().map(|share| share.amount);
        let amount = Money::sum(self.order.draft.currency, amounts);
        let order = self.order.id.to_string();
        let order = order.strip_prefix("ord_").unwrap_or(&order);
        let reference = format!("sc_{order}_{}", self.order.version + 1);
        let postings = transfer(Account::StoreCredit, Account::Receivable, amount);
        self.emit(Event::Money(MoneyEvent::StoreCreditIssued {
            reference,
            amount,
            shares,
            postings,
        }));
    }

    /// The amount in the order's currency, if it has such an amount.
    fn exactly(&self, amount: Decimal) -> Result<Money, Rejection> {
        let currency = self.order.draft.currency;
        let refused = Rejection::NoAmount {
            currency: currency.code(),
            exponent: currency.exponent(),
        };
        match Money::exact(amount, currency) {
            Ok(money) if money.is_positive() => Ok(money),
            _ => Err(refused),
        }
    }
}
