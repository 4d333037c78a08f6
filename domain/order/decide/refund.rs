//! Money that a person gives back although it was earned: how much there is to give, and from which
//! tender it goes. That it goes is the business of `capture::give_back`.

use rust_decimal::Decimal;

use super::super::{Account, Event, Granted, Order, Rejection, Tender, transfer};
use super::Draft;
use crate::money::Money;

impl Tender {
    /// What was granted and has not gone back yet.
    pub fn owed(&self) -> Money {
        self.granted
            .unwrap_or(self.zero())
            .less(self.refunded_sum())
    }

    /// What a person can still give back of it. Money that the buyer disputes is not given twice.
    pub fn refundable(&self) -> Money {
        if !self.is_ours() {
            return self.zero();
        }
        let given = self.refunded_sum().plus(self.owed());
        let disputed = self
            .disputes
            .values()
            .filter(|dispute| dispute.won != Some(true));
        let disputed = Money::sum(
            self.amount.currency(),
            disputed.map(|dispute| dispute.amount),
        );
        self.captured_sum().less(given).less(disputed)
    }
}

impl Order {
    /// What a person can still give back, over all tenders.
    pub fn refundable(&self) -> Money {
        let tenders = self.tenders.iter().map(Tender::refundable);
        Money::sum(self.draft.currency, tenders)
    }

    /// Which tender gives how much of an amount: in their order, each what it can.
    pub(super) fn shares_of_refund(&self, amount: Money) -> Vec<Granted> {
        let mut rest = amount;
        let mut refunds = Vec::new();
        for (tender, number) in self.tenders.iter().zip(1..) {
            let share = rest.min(tender.refundable());
            rest = rest.minus(share);
            if !share.is_zero() {
                let amount = share;
                refunds.push(Granted {
                    tender: number,
                    amount,
                });
            }
        }
        refunds
    }
}

impl Draft<'_> {
    /// Grants an amount, or all that is there.
    pub(super) fn grant_refund(
        &mut self,
        amount: Option<Decimal>,
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
        let refunds = self.order.shares_of_refund(amount);
        let postings = transfer(Account::Receivable, Account::Allowance, amount);
        let reason = reason.to_owned();
        self.emit(Event::RefundGranted {
            refunds,
            reason,
            postings,
        });
        Ok(())
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
