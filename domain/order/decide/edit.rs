//! Edits of an order that stands. Fewer units are a part that is cancelled, as ever. More units are a
//! small order beside it: units and money of what is added are secured first, then all of it becomes
//! a part of the order in one event; or everything taken for it goes back, and the order is as before.

use rust_decimal::Decimal;

use super::super::{
    Account, Edge, EditCommand, EditEvent, EditRejection, EditedLine, Event, LineEdit, LineUnits,
    NewLine, Order, Plan, Posting, Rejection, ReservationState, Routing, Tender, plan_units, plus,
    transfer,
};
use super::Draft;
use crate::canonical::{DraftLine, FulfilledBy, KitPart, Tax, TaxMode, Terms};
use crate::money::Money;
use crate::quantity::Quantity;

/// Why an edit is refused.
const OUT_OF_STOCK: &str = "out_of_stock";
const DECLINED: &str = "payment_declined";
const BUYER_NEEDED: &str = "payment_needs_the_buyer";
const TIMED_OUT: &str = "edit_timed_out";
const ENDING: &str = "order_is_ending";

/// Lines of an order at most, with those that edits added.
const LINES_MOST: usize = 1000;

/// Tries of getting the units of an edit: only locations that refuse what they seem to have need more.
const TRIES_MOST: u16 = 8;

impl Draft<'_> {
    /// A person changes what an order consists of. Fewer units alone are cancelled like any part; with
    /// more units among them the whole edit waits for those.
    pub(super) fn edit(&mut self, command: &EditCommand) -> Result<(), Rejection> {
        self.order.can_edit()?;
        let Change { lines, less } = self.order.change_of(command)?;
        let reason = command.reason.clone();
        if lines.is_empty() {
            self.cancel_units(less, reason);
            return Ok(());
        }
        if let Some(hold) = self.order.blocking(Edge::Reserve, None) {
            return Err(Rejection::OnHold(Box::new(hold.clone())));
        }
        let lines_there = self.order.draft.lines.len();
        if lines_there + lines.len() > LINES_MOST {
            return Err(EditRejection::TooManyLines { most: LINES_MOST }.into());
        }
        let amount = self.order.worth_of_lines(&lines);
        let means = if amount.is_positive() {
            let means = self.order.means_for_more();
            Some(means.ok_or(EditRejection::NotChargeable)?)
        } else {
            None
        };
        let tender = means.map(|_| self.order.tender_numbers().count() + 1);
        self.emit(Event::Edit(EditEvent::Proposed {
            edit: self.order.edits + 1,
            lines,
            less,
            amount,
            tender: tender.map(|number| u16::try_from(number).unwrap_or(u16::MAX)),
            means,
            reason,
        }));
        Ok(())
    }

    /// The next step of securing an edit: get its units, set its money aside, and apply it once both
    /// stand. Refuses it when one of them cannot be had, when its time is over, or when the order is
    /// being ended; then what was taken for it goes back.
    pub(super) fn mind_the_edit(&mut self) -> bool {
        if self.order.editing.is_none() {
            return false;
        }
        let Some(editing) = self.order.open_edit().cloned() else {
            return self.give_back_edit();
        };
        let until = self.order.edit_until(self.context.policy);
        let over = until.is_some_and(|until| self.context.now >= until);
        let tender = editing.tender.and_then(|number| self.order.tender(number));
        let refusal = match tender.filter(|tender| tender.has_failed()) {
            _ if !self.order.is_standing() => Some(ENDING),
            Some(tender) if tender.action_required => Some(BUYER_NEEDED),
            Some(_) => Some(DECLINED),
            None if self.order.is_edit_stocked() && self.order.is_edit_paid() => None,
            None if over => Some(TIMED_OUT),
            None => None,
        };
        if let Some(reason) = refusal {
            return self.refuse_edit(reason);
        }
        if self.order.is_edit_stocked() && self.order.is_edit_paid() {
            return self.apply_edit();
        }
        if self.stock_edit() {
            return true;
        }
        let unpaid = editing.tender.filter(|_| !self.order.is_edit_paid());
        unpaid.is_some_and(|number| self.ask_gateway(number))
    }

    /// Asks locations for the units of an edit that nothing covers, by the same rules as for the
    /// order. What nobody has now is not waited for.
    fn stock_edit(&mut self) -> bool {
        let needs = self.order.edit_needs();
        // Work that somebody sends elsewhere is looked after first: where to is said for that.
        if needs.is_empty() || self.order.sent_to.is_some() {
            return false;
        }
        if self.is_blocked(Edge::Reserve, None) {
            return false;
        }
        let before = self.order.open_edit().map_or(0, |editing| editing.attempt);
        let tries = self.order.attempt.saturating_sub(before);
        match plan_units(&self.order, &needs, self.context) {
            Plan::Ask(sourced) if tries < TRIES_MOST => {
                self.ask_locations(sourced);
                true
            }
            _ => self.refuse_edit(OUT_OF_STOCK),
        }
    }

    /// Units and money stand: from here on it is a part of the order. What the same edit takes out is
    /// cancelled now, and not before.
    fn apply_edit(&mut self) -> bool {
        let Some(editing) = self.order.open_edit().cloned() else {
            return false;
        };
        let postings = self.order.edit_postings(&editing.lines, editing.amount);
        self.emit(Event::Edit(EditEvent::Applied {
            edit: editing.number,
            total: self.order.draft.stated_total.plus(editing.amount),
            lines: editing.lines,
            amount: editing.amount,
            tender: editing.tender,
            postings,
        }));
        if !editing.less.is_empty() {
            self.emit(Event::Routing(Routing::PartCancelRequested {
                lines: editing.less,
                reason: editing.reason,
            }));
        }
        true
    }

    fn refuse_edit(&mut self, reason: &str) -> bool {
        let Some(edit) = self.order.open_edit().map(|editing| editing.number) else {
            return false;
        };
        self.emit(Event::Edit(EditEvent::Refused {
            edit,
            reason: reason.to_owned(),
        }));
        true
    }

    /// Gives back what locations hold for an edit that was refused. Its money is released like any
    /// authorisation that will not be used.
    fn give_back_edit(&mut self) -> bool {
        let held = [
            ReservationState::Soft,
            ReservationState::Hard,
            ReservationState::Expired,
        ];
        let holds = self.order.holds_in(&held).into_iter();
        let holds: Vec<_> = holds
            .filter(|(_, _, lines)| self.order.is_for_edit(lines))
            .collect();
        holds
            .into_iter()
            .any(|(location, attempt, _)| self.release(&location, attempt))
    }
}

/// What an edit adds, and what it takes out.
struct Change {
    lines: Vec<EditedLine>,
    less: Vec<LineUnits>,
}

impl Order {
    /// Whether an order may be edited now, and if not, why.
    pub fn can_edit(&self) -> Result<(), Rejection> {
        if !self.is_standing() {
            let (stage, verb) = (self.stage, "edited");
            return Err(Rejection::WrongStage { stage, verb });
        }
        match &self.editing {
            Some(editing) => Err(EditRejection::Open(editing.number).into()),
            None => Ok(()),
        }
    }

    /// What an edit adds and takes out, as stated against the order as it is.
    fn change_of(&self, command: &EditCommand) -> Result<Change, Rejection> {
        let (mut lines, mut less) = (Vec::new(), Vec::new());
        let mut named: Vec<u16> = Vec::new();
        for (place, stated) in command.lines.iter().enumerate() {
            let (line, quantity) = match stated {
                LineEdit::Add(new) => {
                    let line = self.new_line(new, lines.len(), place)?;
                    lines.push(EditedLine {
                        adds_to: None,
                        line,
                    });
                    continue;
                }
                LineEdit::Set { line, quantity } => (line.clone(), *quantity),
            };
            let same = |number: &u16| self.line(*number).is_some_and(|l| l.external_id == line);
            let Some(number) = self.line_numbers().find(same) else {
                return Err(Rejection::NoSuchOrderLine { line, place });
            };
            if named.contains(&number) {
                return Err(EditRejection::Twice { line, place }.into());
            }
            named.push(number);
            if self.is_component_of_kit(number) {
                return Err(EditRejection::PartOfKit { line, place }.into());
            }
            let there = self.open_with_added(number);
            if quantity > there {
                let more = quantity.minus(there);
                self.add_units(number, more, place, &mut lines)?;
            } else {
                let fewer = there.minus(quantity);
                less = plus(&less, &self.take_out(number, fewer, place)?);
            }
        }
        if lines.is_empty() && less.is_empty() {
            return Err(EditRejection::Unchanged.into());
        }
        Ok(Change { lines, less })
    }

    /// More units of a line: a line of its own, at the same price for each, with its discounts and
    /// taxes in proportion. A kit brings its components.
    fn add_units(
        &self,
        number: u16,
        more: Quantity,
        place: usize,
        lines: &mut Vec<EditedLine>,
    ) -> Result<(), Rejection> {
        let Some(stated) = self.line(number) else {
            return Ok(());
        };
        if stated.fulfilled_by == FulfilledBy::Channel {
            let line = stated.external_id.clone();
            return Err(EditRejection::NotOurs { line, place }.into());
        }
        let mut line = self.more_of(stated, more);
        line.external_id = self.edited_id(&stated.external_id);
        check_line(&line, place, self)?;
        let kit = self.draft.lines.len() + lines.len() + 1;
        lines.push(EditedLine {
            adds_to: Some(self.first_of(number)),
            line,
        });
        for (component, each) in self.components(number) {
            let Some(stated) = self.line(component) else {
                continue;
            };
            let mut line = self.more_of(stated, more.times(each));
            line.external_id = self.edited_id(&stated.external_id);
            line.part_of = Some(KitPart {
                line: u16::try_from(kit).unwrap_or(u16::MAX),
                each,
            });
            check_line(&line, place, self)?;
            lines.push(EditedLine {
                adds_to: Some(self.first_of(component)),
                line,
            });
        }
        Ok(())
    }

    /// The line that the order came with, of which this one is more.
    fn first_of(&self, number: u16) -> u16 {
        let index = usize::from(number).checked_sub(1);
        let state = index.and_then(|index| self.lines.get(index));
        state.and_then(|line| line.adds_to).unwrap_or(number)
    }

    /// An id for what this edit adds to a line, or for what it brings.
    fn edited_id(&self, stem: &str) -> String {
        let taken = |id: &str| self.draft.lines.iter().any(|line| line.external_id == id);
        let mut id = format!("{stem}+{}", self.edits + 1);
        while taken(&id) {
            id.push('+');
        }
        id
    }

    /// So many more units of a line, with its discounts and taxes in proportion.
    fn more_of(&self, stated: &DraftLine, more: Quantity) -> DraftLine {
        let currency = self.draft.currency;
        let whole = stated.quantity.value();
        let part = |amount: Money| {
            let each = amount.amount().checked_mul(more.value());
            let each = each.and_then(|all| all.checked_div(whole));
            each.map_or(Money::zero(currency), |exact| {
                Money::rounded(exact, currency)
            })
        };
        let mut line = stated.clone();
        line.quantity = more;
        for discount in &mut line.discounts {
            discount.amount = part(discount.amount);
        }
        for tax in &mut line.taxes {
            tax.amount = part(tax.amount);
        }
        line
    }

    /// A line that the order does not have.
    fn new_line(&self, new: &NewLine, before: usize, place: usize) -> Result<DraftLine, Rejection> {
        let mut taxes = Vec::new();
        for tax in &new.taxes {
            let amount = self.tax_amount(tax.amount);
            let what = || EditRejection::BadLine {
                what: "a tax is an amount of the order's currency, zero or more".to_owned(),
                place,
            };
            taxes.push(Tax {
                name: tax.name.clone(),
                rate: tax.rate,
                amount: amount.ok_or_else(what)?,
                included: tax.included,
            });
        }
        let line = DraftLine {
            external_id: self.edited_id(&format!("new{}", before + 1)),
            sku: Some(new.sku.clone()),
            title: new.title.clone(),
            quantity: new.quantity,
            unit_price: new.unit_price,
            discounts: Vec::new(),
            taxes,
            weight_g: None,
            fulfilled_by: FulfilledBy::Us,
            part_of: None,
        };
        check_line(&line, place, self)?;
        Ok(line)
    }

    fn tax_amount(&self, amount: Decimal) -> Option<Money> {
        let amount = Money::exact(amount, self.draft.currency).ok();
        amount.filter(|amount| !amount.is_negative())
    }

    /// Fewer units of a line: what was added last goes first.
    fn take_out(
        &self,
        number: u16,
        fewer: Quantity,
        place: usize,
    ) -> Result<Vec<LineUnits>, Rejection> {
        let mut left = fewer;
        let mut units = Vec::new();
        let mut lines = self.added_to(number);
        lines.insert(0, number);
        for line in lines.iter().rev().copied() {
            let quantity = left.min(self.cancellable_as_stated(line));
            left = left.minus(quantity);
            if !quantity.is_zero() {
                units.push(LineUnits { line, quantity });
            }
        }
        if !left.is_zero() || fewer.whole().is_none() {
            let line = self.line(number).map(|line| line.external_id.clone());
            return Err(Rejection::TooManyLeft {
                line: line.unwrap_or_default(),
                place,
                left: fewer.minus(left),
            });
        }
        Ok(self.with_components(&units))
    }

    /// What added lines come to: their prices less their discounts, with the taxes that come on top.
    fn worth_of_lines(&self, lines: &[EditedLine]) -> Money {
        let currency = self.draft.currency;
        let net = lines.iter().map(|edited| edited.line.net(currency));
        Money::sum(currency, net).plus(self.taxes_on_top(lines))
    }

    fn taxes_on_top(&self, lines: &[EditedLine]) -> Money {
        let currency = self.draft.currency;
        let taxes = lines.iter().flat_map(|edited| &edited.line.taxes);
        match self.draft.tax_mode {
            TaxMode::Inclusive => Money::zero(currency),
            TaxMode::Exclusive => {
                let on_top = taxes.filter(|tax| !tax.included);
                Money::sum(currency, on_top.map(|tax| tax.amount))
            }
        }
    }

    /// What the buyer owes more, against what was sold more.
    fn edit_postings(&self, lines: &[EditedLine], amount: Money) -> Vec<Posting> {
        let on_top = self.taxes_on_top(lines);
        let sold = amount.minus(on_top);
        let mut postings = transfer(Account::Revenue, Account::Receivable, sold);
        postings.extend(transfer(Account::Tax, Account::Receivable, on_top));
        postings
    }

    /// The tender whose means of payment, or whose terms, more can be paid with: one that a gateway
    /// can charge again without the buyer, else one on terms that need no gateway.
    fn means_for_more(&self) -> Option<u16> {
        let numbers = || self.payers().into_iter();
        let of = |number: &u16| self.tender(*number);
        let again = |tender: &Tender| {
            let known = tender.reference.is_some() && tender.gateway().is_some();
            known && tender.is_ours() && !tender.has_failed()
        };
        let by_terms = |tender: &Tender| {
            matches!(
                tender.terms,
                Terms::Prepaid { .. } | Terms::OnDelivery | Terms::Invoice
            )
        };
        let chargeable = numbers().find(|number| of(number).is_some_and(again));
        chargeable.or_else(|| numbers().find(|number| of(number).is_some_and(by_terms)))
    }
}

/// Whether an order may have a line like this.
fn check_line(line: &DraftLine, place: usize, order: &Order) -> Result<(), Rejection> {
    let mut found = Vec::new();
    line.violations(place, order.draft.currency, &mut found);
    if let Some(wrong) = found.into_iter().next() {
        let what = wrong.hint;
        return Err(EditRejection::BadLine { what, place }.into());
    }
    Ok(())
}
