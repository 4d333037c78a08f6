//! What the buyer gets for units that were accepted: their stored share, fees taken off, through the
//! tenders that paid for them, once.

use super::super::super::{
    Account, Event, LineUnits, Order, Payback, Posting, Return, ReturnDecision, ReturnEvent,
    Settlement, Stage, Tender, transfer,
};
use super::super::Draft;
use crate::money::Money;

impl Draft<'_> {
    /// Grants what is due for accepted units, once everything of a parcel was looked at. While the buyer
    /// disputes a charge it is frozen, and what a lost dispute took is not paid again: chargeback during
    /// a return, net in the ledger, never pay twice.
    pub(super) fn settle_return(&mut self) -> bool {
        if self.order.is_disputed()
            || !self.order.is_paid()
            || self.order.stage == Stage::Cancelling
        {
            return false;
        }
        // What pays for something else is counted once, when all of it is there or nobody waits longer.
        let counts = |back: &Return| {
            let exchange = self.order.exchange_for(back.number);
            let late =
                exchange.is_some_and(|one| one.unpaid.is_some() || self.is_claw_back_due(one));
            exchange.is_none() || late || back.is_complete() || back.no_show
        };
        let due = |back: &&Return| {
            back.decision == ReturnDecision::Approved
                && back.is_inspected()
                && !back.unsettled().is_empty()
                && counts(back)
        };
        let Some(back) = self.order.returns.iter().find(due).cloned() else {
            return false;
        };
        let rules = &self.context.policy.returns;
        let zero = Money::zero(self.order.draft.currency);
        let units = back.unsettled();
        let worth = self.order.worth_of(&units, rules.shipping);
        let before = back.payback.worth.unwrap_or(zero);
        let all = back.net_of(before.plus(worth), rules);
        let entitled = all.less(back.payback.entitled.unwrap_or(zero));
        let mut settlement = self.settlement(back.number, units, worth, entitled);
        self.exchange_instead(&mut settlement);
        let granted = ReturnEvent::RefundGranted(Box::new(settlement));
        self.emit(Event::Return(granted));
        true
    }

    /// What the buyer gets for units: first what a lost dispute or the channel gave already,
    /// then what the gateways hold, then what the channel or the retailer has; never more than was paid.
    pub(in crate::order::decide) fn settlement(
        &self,
        number: u16,
        units: Vec<LineUnits>,
        worth: Money,
        entitled: Money,
    ) -> Settlement {
        let order = &self.order;
        let had = order.disputed_away().plus(order.granted_at_channel());
        let netted = entitled.min(had.less(order.netted()));
        let rest = entitled.minus(netted);
        let most = rest.min(order.refundable());
        let refunds = order.shares_of_refund(most, &self.context.policy.payment, None);
        let granted = Money::sum(order.draft.currency, refunds.iter().map(|one| one.amount));
        let elsewhere = rest.minus(granted).min(order.held_elsewhere(None));
        let postings = allowance(granted.plus(elsewhere));
        Settlement {
            number,
            units,
            worth,
            entitled,
            netted,
            exchanged: None,
            refunds,
            elsewhere,
            policy: self.context.policy.version,
            postings,
        }
    }

    /// What pays for units that go out in exchange is not refunded.
    fn exchange_instead(&self, settlement: &mut Settlement) {
        let rest = settlement.entitled.minus(settlement.netted);
        let paid = self.paid_by_return(settlement.number, rest);
        let Some((exchange, exchanged)) = paid else {
            return;
        };
        let order = &self.order;
        // What the exchange itself has set aside is what is paid here: it counts once.
        let ours = order.refundable_beside(Some(exchange));
        let most = rest.minus(exchanged).min(ours.less(exchanged));
        let refunds = order.shares_of_refund(most, &self.context.policy.payment, None);
        let granted = Money::sum(most.currency(), refunds.iter().map(|one| one.amount));
        let theirs = order.held_elsewhere(Some(exchange));
        let theirs = theirs.less(exchanged.less(ours));
        let elsewhere = rest.minus(exchanged).minus(granted).min(theirs);
        settlement.postings = allowance(granted.plus(elsewhere).plus(exchanged));
        settlement.refunds = refunds;
        settlement.elsewhere = elsewhere;
        settlement.exchanged = Some(exchanged);
    }

    /// Says that a return's money has gone back, once no tender owes anything any more.
    pub(super) fn note_refunded(&mut self) -> bool {
        let owes = |tender: &Tender| tender.owed().is_positive();
        if self.order.tenders.iter().any(owes) {
            return false;
        }
        let paid = |back: &Return| Some((back.number, back.owed().and(back.payback.granted)?));
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
    /// What the buyer got for units, by return and by claim.
    fn paybacks(&self) -> impl Iterator<Item = &Payback> {
        let returns = self.returns.iter().map(|back| &back.payback);
        returns.chain(self.claims.iter().map(|claim| &claim.payback))
    }

    /// What lost disputes gave back already: for units, and of what was granted before.
    fn netted(&self) -> Money {
        let netted = self.paybacks().filter_map(|payback| payback.netted);
        let granted = self.tenders.iter().filter_map(|tender| tender.netted);
        let ended = self.exchanges.iter().filter_map(|one| one.settled.as_ref());
        let exchanged = ended.filter_map(|end| end.netted);
        Money::sum(self.draft.currency, netted.chain(granted).chain(exchanged))
    }

    /// Whether lost disputes are thought to have given more than they did: one was won after all.
    pub(in crate::order::decide) fn is_netted_too_much(&self) -> bool {
        self.netted() > self.disputed_away().plus(self.granted_at_channel())
    }

    /// What returns, claims and exchanges have left to whoever holds it, and no gateway of the hub's does.
    pub(in crate::order::decide) fn left_elsewhere(&self) -> Money {
        let ended = self.exchanges.iter().filter_map(|one| one.settled.as_ref());
        let left = self.paybacks().filter_map(|payback| payback.elsewhere);
        let left = left.chain(ended.map(|end| end.elsewhere));
        Money::sum(self.draft.currency, left)
    }

    /// What no gateway of the hub's holds and returns have not claimed yet: invoices, cash on delivery,
    /// what the channel took; without what an exchange other than this one needs of it.
    pub(in crate::order::decide) fn held_elsewhere(&self, exchange: Option<u16>) -> Money {
        let theirs = |tender: &&Tender| !tender.is_ours() && !tender.pending;
        let theirs = self.tenders.iter().filter(theirs);
        let currency = self.draft.currency;
        let ours = self.tender_numbers().map(|one| self.refundable_of(one));
        let needed = self.set_aside(exchange).less(Money::sum(currency, ours));
        Money::sum(currency, theirs.map(|tender| tender.amount))
            .less(self.left_elsewhere())
            .less(self.granted_at_channel())
            .less(needed)
    }
}
