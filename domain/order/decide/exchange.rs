//! Exchanges: what goes out is held until what comes back was accepted, and is paid with that. What is
//! over goes back to the buyer, what lacks is charged, and neither by a cent more.

use super::super::{
    Account, Edge, EditEvent, EditRejection, EditedLine, Effect, Event, Exchange, ExchangeCommand,
    ExchangeEvent, ExchangeLine, ExchangeRejection, LineUnits, Order, Rejection, Return,
    ReturnStage, Stage, transfer,
};
use super::Draft;
use super::edit::LINES_MOST;
use crate::canonical::FulfilledBy;
use crate::money::Money;
use crate::policy::ReturnPolicy;
use crate::quantity::Quantity;

/// How an exchange ends.
pub(super) const EXCHANGED: &str = "exchanged";
const NOT_ACCEPTED: &str = "not_accepted";
const WORTH_LESS: &str = "worth_less";
const CANCELLED: &str = "cancelled";
pub(super) const NOT_CHARGEABLE: &str = "not_chargeable";

impl Draft<'_> {
    pub(super) fn exchange_request(&mut self, command: &ExchangeCommand) -> Result<(), Rejection> {
        let ExchangeCommand::Open {
            back,
            lines,
            advance,
            reason,
        } = command;
        self.open_exchange(back.as_deref(), lines, *advance, reason)
    }

    /// Opens a return, and says what goes out for it. Nothing of that is secured or visible before the
    /// return was accepted, or in advance approved; what the buyer pays beside it then is said now, and
    /// never more.
    fn open_exchange(
        &mut self,
        back: Option<&[(String, Quantity)]>,
        stated: &[ExchangeLine],
        advance: bool,
        reason: &str,
    ) -> Result<(), Rejection> {
        self.order.can_exchange()?;
        let lines = self.order.lines_that_go_out(stated)?;
        if self.order.draft.lines.len() + lines.len() > LINES_MOST {
            let most = LINES_MOST;
            return Err(EditRejection::TooManyLines { most }.into());
        }
        self.open_return(back, reason)?;
        let Some(back) = self.order.returns.last().cloned() else {
            return Ok(());
        };
        let amount = self.order.worth_of_lines(&lines);
        let rules = &self.context.policy.returns;
        let charge = amount.less(self.order.entitled_for(&back, &back.announced, rules));
        // What goes out in advance may have to be charged in the end.
        let may_cost = charge.is_positive() || advance && amount.is_positive();
        if may_cost && self.order.means_for_more().is_none() {
            return Err(self.order.why_nobody_pays_more().into());
        }
        self.emit(Event::Exchange(ExchangeEvent::Opened {
            number: self.order.next_exchange(),
            back: back.number,
            lines,
            amount,
            charge,
            advance,
            reason: reason.to_owned(),
        }));
        Ok(())
    }

    /// What accepted units of a return pay of what goes out for them: all of it that they are worth, of
    /// what the buyer has really paid. Nothing when the buyer would have to pay more beside it than was
    /// said: then they are refunded as in any return, and the exchange is over. With the exchange's number.
    pub(super) fn paid_by_return(&self, back: u16, rest: Money) -> Option<(u16, Money)> {
        let exchange = self.order.exchange_for(back)?;
        let there = self.order.there_for(exchange.number);
        if let Some(owed) = exchange.on_trust() {
            return Some((exchange.number, owed.min(rest).min(there)));
        }
        let credit = exchange.amount.min(rest).min(there);
        let lacks = exchange.amount.minus(credit);
        (lacks <= exchange.charge).then_some((exchange.number, credit))
    }

    /// The next step of any exchange: what its return paid brings its lines into the order as an edit
    /// does; once all of them have left or were cancelled, or nothing will come of it, it is settled.
    pub(super) fn mind_exchanges(&mut self) -> bool {
        let open = self.order.exchanges.iter().filter(|one| one.is_open());
        let open: Vec<Exchange> = open.cloned().collect();
        open.into_iter().any(|exchange| self.mind(&exchange))
    }

    fn mind(&mut self, exchange: &Exchange) -> bool {
        let Some(credit) = exchange.credit else {
            return match self.trusted(exchange) {
                Some(credit) => self.bring_in(exchange, credit),
                None => self.end_unpaid(exchange),
            };
        };
        let Some(edit) = exchange.edit else {
            return self.bring_in(exchange, credit);
        };
        if self
            .order
            .editing
            .as_ref()
            .is_some_and(|open| open.number == edit)
        {
            return false;
        }
        if let Some(reason) = &exchange.refused {
            return self.settle_exchange(exchange, reason, Money::zero(credit.currency()));
        }
        if !self.order.is_part_served(edit) {
            return false;
        }
        let earned = self.order.earned_of(edit);
        if exchange.advance && earned.is_positive() {
            return self.mind_advance(exchange, earned.min(credit));
        }
        let outcome = if earned.is_zero() && exchange.amount.is_positive() {
            CANCELLED
        } else {
            EXCHANGED
        };
        self.settle_exchange(exchange, outcome, earned.min(credit))
    }

    /// Its return is over, or was paid back as any other: nothing goes out for it.
    fn end_unpaid(&mut self, exchange: &Exchange) -> bool {
        let Some(back) = self.order.returned(exchange.back) else {
            return false;
        };
        let outcome = match back.stage() {
            _ if !back.payback.settled.is_empty() => WORTH_LESS,
            ReturnStage::Declined
            | ReturnStage::Cancelled
            | ReturnStage::NoShow
            | ReturnStage::Closed => NOT_ACCEPTED,
            _ => return false,
        };
        let nothing = Money::zero(self.order.draft.currency);
        self.settle_exchange(exchange, outcome, nothing)
    }

    /// Proposes the edit that brings in what goes out. It waits for an edit that is under way, for the
    /// shelf to have what came back, and for the end of a cancellation, a hold or a dispute; what a dispute
    /// or a person has given back meanwhile pays for nothing more.
    fn bring_in(&mut self, exchange: &Exchange, credit: Money) -> bool {
        let order = &self.order;
        let ready = order.is_standing() || order.stage == Stage::Completed;
        let held = order.blocking(Edge::Reserve, None).is_some();
        let busy = order.editing.is_some() || order.ending.is_some() || order.is_disputed() || held;
        // What came back may be what goes out.
        let shelving = self.is_open(|effect| matches!(effect, Effect::RestockUnits { .. }));
        if busy || shelving || !ready {
            return false;
        }
        let nothing = Money::zero(credit.currency());
        if credit > order.there_for(exchange.number) {
            return self.settle_exchange(exchange, WORTH_LESS, nothing);
        }
        let charge = exchange.amount.minus(credit);
        let means = self.order.means_for_more();
        if charge.is_positive() && means.is_none() {
            return self.settle_exchange(exchange, NOT_CHARGEABLE, nothing);
        }
        let means = means.filter(|_| charge.is_positive());
        let tender = means.map(|_| self.order.tender_numbers().count() + 1);
        let edit = self.order.edits + 1;
        self.emit(Event::Edit(EditEvent::Proposed {
            edit,
            lines: exchange.lines.clone(),
            less: Vec::new(),
            amount: exchange.amount,
            credit: Some(credit),
            exchange: Some(exchange.number),
            tender: tender.map(|number| u16::try_from(number).unwrap_or(u16::MAX)),
            means,
            reason: format!("exchange {}", exchange.number),
        }));
        true
    }

    /// Settles an exchange: what its return paid and nothing went out for goes back to the buyer. While
    /// the buyer disputes a charge, or something that was earned is not taken yet, nobody knows how.
    pub(super) fn settle_exchange(
        &mut self,
        exchange: &Exchange,
        outcome: &str,
        spent: Money,
    ) -> bool {
        let zero = Money::zero(self.order.draft.currency);
        let paid = if exchange.advance {
            exchange.repaid
        } else {
            exchange.credit
        };
        let unspent = paid.unwrap_or(zero).less(spent);
        if unspent.is_positive() && (self.order.is_disputed() || !self.order.is_paid()) {
            return false;
        }
        let number = exchange.number;
        let most = unspent.min(self.order.refundable_beside(Some(number)));
        let policy = &self.context.policy.payment;
        let refunds = self.order.shares_of_refund(most, policy, None);
        let granted = Money::sum(zero.currency(), refunds.iter().map(|one| one.amount));
        let rest = unspent.minus(granted);
        let elsewhere = rest.min(self.order.held_elsewhere(Some(number)));
        // What the bank took back for the buyer was allowed once already.
        let netted = rest.minus(elsewhere);
        self.emit(Event::Exchange(ExchangeEvent::Settled {
            number,
            outcome: outcome.to_owned(),
            spent,
            refunds,
            elsewhere,
            netted: Some(netted).filter(|netted| netted.is_positive()),
            postings: transfer(Account::Allowance, Account::Receivable, netted),
        }));
        true
    }
}

impl Order {
    fn next_exchange(&self) -> u16 {
        self.exchanges.last().map_or(0, |one| one.number) + 1
    }

    /// What an exchange can be paid with: what the buyer has paid and nobody else needs.
    pub(super) fn there_for(&self, exchange: u16) -> Money {
        let beside = Some(exchange);
        self.refundable_beside(beside)
            .plus(self.held_elsewhere(beside))
    }

    /// What the buyer gets for units of a return if all of them are accepted.
    pub(super) fn entitled_for(
        &self,
        back: &Return,
        units: &[LineUnits],
        rules: &ReturnPolicy,
    ) -> Money {
        back.net_of(self.worth_of(units, rules.shipping), rules)
    }

    /// What goes out, as stated against the order as it is.
    fn lines_that_go_out(&self, stated: &[ExchangeLine]) -> Result<Vec<EditedLine>, Rejection> {
        let suffix = format!("+x{}", self.next_exchange());
        let mut lines = Vec::new();
        for (place, stated) in stated.iter().enumerate() {
            let (adds_to, mut line) = match stated {
                ExchangeLine::Other(new) => (None, self.new_line(new, lines.len(), place)?),
                ExchangeLine::Again { line, quantity } => {
                    let number = self.plain_line(line, place)?;
                    let Some(known) = self.line(number) else {
                        continue;
                    };
                    let mut more = self.more_of(known, *quantity);
                    more.external_id.clone_from(&known.external_id);
                    (Some(self.first_of(number)), more)
                }
            };
            let stem = match adds_to {
                Some(_) => line.external_id.clone(),
                None => format!("new{}", lines.len() + 1),
            };
            line.external_id = self.free_id(&stem, &suffix, &lines);
            super::edit_lines::check_line(&line, place, self)?;
            lines.push(EditedLine { adds_to, line });
        }
        if lines.is_empty() {
            return Err(ExchangeRejection::NothingGoesOut.into());
        }
        Ok(lines)
    }

    /// The number of a line that we ship and that is no kit, nor a part of one.
    fn plain_line(&self, line: &str, place: usize) -> Result<u16, Rejection> {
        let named = |number: &u16| self.line(*number).is_some_and(|l| l.external_id == line);
        let Some(number) = self.line_numbers().find(named) else {
            let line = line.to_owned();
            return Err(Rejection::NoSuchOrderLine { line, place });
        };
        let stated = self.line(number);
        let by = stated.map(|stated| stated.fulfilled_by);
        let line = line.to_owned();
        match by {
            Some(FulfilledBy::Us) if !self.is_component_of_kit(number) => Ok(number),
            Some(FulfilledBy::Us | FulfilledBy::Components) => {
                Err(ExchangeRejection::Kit { line, place }.into())
            }
            _ => Err(EditRejection::NotOurs { line, place }.into()),
        }
    }

    /// An id that neither the order nor what goes out with it has.
    fn free_id(&self, stem: &str, suffix: &str, beside: &[EditedLine]) -> String {
        let of_order = self.draft.lines.iter().map(|line| &line.external_id);
        let of_others = self.exchanges.iter().flat_map(|one| &one.lines);
        let others = of_others
            .chain(beside)
            .map(|edited| &edited.line.external_id);
        let taken: Vec<&String> = of_order.chain(others).collect();
        let mut id = format!("{stem}{suffix}");
        while taken.contains(&&id) {
            id.push('+');
        }
        id
    }

    /// Whether every unit of a part has left, or was cancelled. An edit that is still being secured has no
    /// lines yet, and is not.
    pub(in crate::order) fn is_part_served(&self, part: u16) -> bool {
        let secured = self.editing.as_ref().is_none_or(|open| open.number != part);
        let numbered = self.line_numbers().zip(&self.lines);
        let mut lines = numbered.filter(|(_, line)| line.edit == part);
        secured && lines.all(|(number, _)| self.shipped(number) >= self.stocked(number))
    }
}
