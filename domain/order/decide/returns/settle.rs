//! What the buyer gets for units that were accepted: their stored share, fees taken off, through the
//! tenders that paid for them, once.

use super::super::super::{
    Account, Event, Order, Posting, Return, ReturnDecision, ReturnEvent, Settlement, Stage, Tender,
    transfer,
};
use super::super::Draft;
use crate::money::Money;

impl Draft<'_> {
    /// Grants what is due for accepted units, once everything of a parcel was looked at. While the buyer
    /// disputes a charge it is frozen, and what a lost dispute took is not paid again: chargeback during
    /// a return, net in the ledger, never pay twice.
    pub(super) fn settle_return(&mut self) -> bool {
        if self.order.is_disputed() || !self.is_paid() || self.order.stage == Stage::Cancelling {
            return false;
        }
        let due = |back: &&Return| {
            back.decision == ReturnDecision::Approved
                && back.is_inspected()
                && !back.unsettled().is_empty()
        };
        let Some(back) = self.order.returns.iter().find(due).cloned() else {
            return false;
        };
        let settlement = self.settlement(&back);
        let granted = ReturnEvent::RefundGranted(Box::new(settlement));
        self.emit(Event::Return(granted));
        true
    }

    /// What the buyer gets for the accepted units of a return: first what a lost dispute gave already,
    /// then what the gateways hold, then what the channel or the retailer has; never more than was paid.
    fn settlement(&self, back: &Return) -> Settlement {
        let order = &self.order;
        let rules = &self.context.policy.returns;
        let zero = Money::zero(order.draft.currency);
        let units = back.unsettled();
        let worth = order.worth_of(&units, rules.shipping);
        let before = back.worth.unwrap_or(zero);
        let all = back.net_of(before.plus(worth), rules);
        let entitled = all.less(back.entitled.unwrap_or(zero));
        let netted = entitled.min(order.disputed_away().less(order.netted()));
        let rest = entitled.minus(netted);
        let refunds = order.shares_of_refund(rest.min(order.refundable()));
        let granted = Money::sum(order.draft.currency, refunds.iter().map(|one| one.amount));
        let elsewhere = rest.minus(granted).min(order.held_elsewhere());
        let postings = allowance(granted.plus(elsewhere));
        Settlement {
            number: back.number,
            units,
            worth,
            entitled,
            netted,
            refunds,
            elsewhere,
            policy: self.context.policy.version,
            postings,
        }
    }

    /// Says that a return's money has gone back, once no tender owes anything any more.
    pub(super) fn note_refunded(&mut self) -> bool {
        let owes = |tender: &Tender| tender.owed().is_positive();
        if self.order.tenders.iter().any(owes) {
            return false;
        }
        let paid = |back: &Return| Some((back.number, back.owed().and(back.granted)?));
        let Some((number, amount)) = self.order.returns.iter().find_map(paid) else {
            return false;
        };
        self.emit(Event::Return(ReturnEvent::Refunded { number, amount }));
        true
    }
}

fn allowance(amount: Money) -> Vec<Posting> {
    transfer(Account::Receivable, Account::Allowance, amount)
}

impl Order {
    /// What lost disputes gave back for returned units already.
    fn netted(&self) -> Money {
        let netted = self.returns.iter().filter_map(|back| back.netted);
        Money::sum(self.draft.currency, netted)
    }

    /// What no gateway of the hub's holds and returns have not claimed yet: invoices, cash on delivery,
    /// what the channel took.
    fn held_elsewhere(&self) -> Money {
        let theirs = self.tenders.iter().filter(|tender| !tender.is_ours());
        let currency = self.draft.currency;
        let claimed = self.returns.iter().filter_map(|back| back.elsewhere);
        Money::sum(currency, theirs.map(|tender| tender.amount)).less(Money::sum(currency, claimed))
    }
}
