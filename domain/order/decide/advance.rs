//! Exchanges in advance: units go out on trust, and the buyer is charged for what does not come back for
//! them. Nothing is charged twice: what comes later is refunded as in any return, and what nobody can be
//! charged for is paid by what still comes, or is written off by a person.

use super::super::{
    Account, Edge, Event, Exchange, ExchangeEvent, HoldScope, REASON_CLAW_BACK_FAILED, Tender,
    transfer,
};
use super::Draft;
use super::edit::BUYER_NEEDED;
use super::exchange::{EXCHANGED, NOT_CHARGEABLE};
use crate::money::Money;

/// How an exchange ends whose units did not come back.
const CLAWED_BACK: &str = "clawed_back";
const WRITTEN_OFF: &str = "written_off";

/// Why it cannot be charged: its authorisation ended before anything could be taken of it.
const EXPIRED: &str = "authorization_expired";

impl Draft<'_> {
    /// What units that are on their way are trusted to pay of what goes out for them in advance, once their
    /// return was approved and as long as it is waited for: what they are worth if all of them are
    /// accepted, of what the buyer has really paid.
    pub(super) fn trusted(&self, exchange: &Exchange) -> Option<Money> {
        let order = &self.order;
        let there = order.is_approved(exchange.back) && order.is_awaited(exchange.back);
        let back = order.returned(exchange.back).filter(|_| there)?;
        let rules = &self.context.policy.returns;
        let worth = order.entitled_for(back, &back.announced, rules);
        let credit = exchange
            .amount
            .min(worth)
            .min(order.there_for(exchange.number));
        let lacks = exchange.amount.minus(credit);
        (exchange.advance && lacks <= exchange.charge).then_some(credit)
    }

    /// Whether what pays for units that went out in advance is overdue.
    pub(super) fn is_claw_back_due(&self, exchange: &Exchange) -> bool {
        let until = self.order.claw_back_at(exchange, self.context.policy);
        until.is_some_and(|until| self.context.now >= until)
    }

    /// The next step of an exchange whose units have gone out in advance: `owed` is what of them came back
    /// is to pay for. When nothing comes for it in time, or too little, the buyer is charged; nobody is
    /// while a charge is disputed.
    pub(super) fn mind_advance(&mut self, exchange: &Exchange, owed: Money) -> bool {
        let zero = Money::zero(owed.currency());
        let repaid = exchange.repaid.unwrap_or(zero);
        if let Some(unpaid) = exchange.unpaid {
            return self.mind_the_unpaid(exchange, unpaid, owed.min(repaid));
        }
        if let Some((tender, _)) = exchange.clawed {
            return self.take_back(exchange, tender, repaid);
        }
        if repaid >= owed {
            return self.settle_exchange(exchange, EXCHANGED, owed);
        }
        let decided = exchange.repaid.is_some() && !self.order.is_disputed();
        let over = !self.order.is_awaited(exchange.back) && !self.order.is_disputed();
        if decided || over || self.is_claw_back_due(exchange) {
            return self.claw_back(exchange, owed.minus(repaid));
        }
        false
    }

    /// Asks for what did not come back, as for what an edit adds: with a means of payment that can be
    /// charged without the buyer.
    fn claw_back(&mut self, exchange: &Exchange, amount: Money) -> bool {
        let Some(means) = self.order.means_for_more() else {
            return self.claw_back_failed(exchange, amount, NOT_CHARGEABLE);
        };
        let tender = self.order.tender_numbers().count() + 1;
        self.emit(Event::Exchange(ExchangeEvent::ClawedBack {
            number: exchange.number,
            amount,
            tender: u16::try_from(tender).unwrap_or(u16::MAX),
            means,
        }));
        true
    }

    /// Gets what was clawed back, or finds that it cannot be had.
    fn take_back(&mut self, exchange: &Exchange, number: u16, repaid: Money) -> bool {
        let Some(tender) = self.order.tender(number).cloned() else {
            return false;
        };
        let ended = (tender.lapsed || tender.voided) && tender.captured_sum().is_zero();
        if ended || tender.has_failed() {
            let why = if ended { EXPIRED } else { BUYER_NEEDED };
            let code = tender.declined.as_deref().unwrap_or(why);
            return self.claw_back_failed(exchange, tender.amount, code);
        }
        if !tender.is_secured() {
            return tender.authorized.is_none() && self.ask_gateway(number);
        }
        let paid = |tender: &Tender| !tender.is_ours() || tender.covered() >= tender.amount;
        paid(&tender) && self.settle_exchange(exchange, CLAWED_BACK, repaid)
    }

    /// Nobody pays for what went out: a person has to look.
    fn claw_back_failed(&mut self, exchange: &Exchange, amount: Money, code: &str) -> bool {
        self.emit(Event::Exchange(ExchangeEvent::ClawBackFailed {
            number: exchange.number,
            amount,
            code: code.to_owned(),
        }));
        self.hold_once(REASON_CLAW_BACK_FAILED, HoldScope::Order, &[Edge::Release]);
        true
    }

    /// What nobody could be charged for: it may still come back, and a person who releases the hold gives it
    /// up.
    fn mind_the_unpaid(&mut self, exchange: &Exchange, unpaid: Money, spent: Money) -> bool {
        if unpaid.is_zero() {
            let owed = |one: &Exchange| one.is_open() && one.unpaid.is_some_and(Money::is_positive);
            let alone = !self.order.exchanges.iter().any(owed);
            return alone && self.lift(REASON_CLAW_BACK_FAILED, "it came back after all")
                || self.settle_exchange(exchange, EXCHANGED, spent);
        }
        if self.order.is_held_for(REASON_CLAW_BACK_FAILED) || self.order.is_disputed() {
            return false;
        }
        self.emit(Event::Exchange(ExchangeEvent::Settled {
            number: exchange.number,
            outcome: WRITTEN_OFF.to_owned(),
            spent,
            refunds: Vec::new(),
            elsewhere: Money::zero(unpaid.currency()),
            netted: None,
            postings: transfer(Account::Receivable, Account::Allowance, unpaid),
        }));
        true
    }
}
