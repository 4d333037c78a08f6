//! The fold of what happens to exchanges: what their returns paid, and what became of their edits.

use jiff::Timestamp;

use super::super::{EditEvent, Exchange, ExchangeEnd, ExchangeEvent, Order, Settlement, Tender};
use crate::money::Money;

impl Order {
    fn exchange_mut(&mut self, number: u16) -> Option<&mut Exchange> {
        self.exchanges.iter_mut().find(|one| one.number == number)
    }

    pub(super) fn exchanged(&mut self, event: &ExchangeEvent, at: Timestamp) {
        match event {
            ExchangeEvent::Opened {
                number,
                back,
                lines,
                amount,
                charge,
                advance,
                ..
            } => self.exchanges.push(Exchange {
                number: *number,
                back: *back,
                lines: lines.clone(),
                amount: *amount,
                charge: *charge,
                since: at,
                advance: *advance,
                credit: None,
                repaid: None,
                clawed: None,
                unpaid: None,
                edit: None,
                refused: None,
                settled: None,
            }),
            ExchangeEvent::ClawedBack {
                number,
                amount,
                tender,
                means,
            } => self.claw_back(*number, *amount, *tender, *means),
            ExchangeEvent::ClawBackFailed { number, amount, .. } => {
                if let Some(exchange) = self.exchange_mut(*number) {
                    // Until somebody pays it counts as given on trust: nothing else waits for it.
                    let credit = exchange.credit.unwrap_or(Money::zero(amount.currency()));
                    let clawed = exchange.clawed.map(|(_, clawed)| clawed);
                    exchange.credit = Some(clawed.map_or(credit, |clawed| credit.plus(clawed)));
                    exchange.unpaid = Some(*amount);
                }
            }
            ExchangeEvent::Settled {
                number,
                outcome,
                spent,
                refunds,
                elsewhere,
                netted,
                ..
            } => {
                self.granted(refunds);
                if let Some(exchange) = self.exchange_mut(*number) {
                    exchange.settled = Some(ExchangeEnd {
                        outcome: outcome.clone(),
                        spent: *spent,
                        elsewhere: *elsewhere,
                        netted: *netted,
                    });
                }
            }
        }
    }

    /// A return was accepted, and pays for what goes out for it.
    pub(super) fn pay_for_exchange(&mut self, settlement: &Settlement) {
        let Some(credit) = settlement.exchanged else {
            return;
        };
        let number = self.exchange_for(settlement.number).map(|one| one.number);
        let Some(exchange) = number.and_then(|number| self.exchange_mut(number)) else {
            return;
        };
        if let Some(unpaid) = &mut exchange.unpaid {
            *unpaid = unpaid.less(credit);
        }
        if exchange.advance {
            exchange.repaid = Some(exchange.repaid.map_or(credit, |before| before.plus(credit)));
        }
        if !exchange.advance || exchange.credit.is_none() {
            exchange.credit = Some(credit);
        }
    }

    /// What is charged for units that went out in advance is paid by a tender of its own; what those
    /// before it pay of them stays what it is.
    fn claw_back(&mut self, number: u16, amount: Money, tender: u16, means: u16) {
        let known = self.exchange(number);
        let Some((edit, credit)) = known.and_then(|one| Some((one.edit?, one.credit?))) else {
            return;
        };
        let repaid = known.and_then(|one| one.repaid);
        let before = self.earned_of(edit).less(credit);
        for paying in &mut self.tenders {
            if paying.edit == Some(edit) && paying.renews.is_none() {
                paying.amount = paying.amount.min(before);
            }
        }
        let terms = self.tender(means).map(|like| like.terms.for_another());
        if let Some(terms) = terms {
            let mut claw = Tender::bare(amount, terms);
            claw.edit = Some(edit);
            claw.means = Some(means);
            self.tenders.push(claw);
        }
        if let Some(exchange) = self.exchange_mut(number) {
            exchange.clawed = Some((tender, amount));
            exchange.credit = Some(repaid.unwrap_or(Money::zero(amount.currency())));
        }
    }

    /// The edit of an exchange begins, or is refused.
    pub(super) fn edit_of_exchange(&mut self, event: &EditEvent) {
        match event {
            EditEvent::Proposed {
                edit,
                credit,
                exchange: Some(number),
                ..
            } => {
                if let Some(exchange) = self.exchange_mut(*number) {
                    exchange.edit = Some(*edit);
                    exchange.credit = exchange.credit.or(*credit);
                }
            }
            EditEvent::Refused { edit, reason } => {
                let of_it = |one: &&mut Exchange| one.edit == Some(*edit);
                if let Some(exchange) = self.exchanges.iter_mut().find(of_it) {
                    exchange.refused = Some(reason.clone());
                }
            }
            _ => {}
        }
    }
}
