//! What an edit asks for, read against the order as it is: which lines it adds, at which price, and
//! which units it takes out. What is done about it is decided in the parent's `edit`.

use rust_decimal::Decimal;

use super::super::{
    EditCommand, EditRejection, EditedLine, LineEdit, LineUnits, NewLine, Order, Rejection, plus,
};
use crate::canonical::{DraftLine, FulfilledBy, KitPart, Tax, TaxMode};
use crate::money::Money;
use crate::quantity::Quantity;

/// What an edit adds, and what it takes out.
pub(super) struct Change {
    /// What is added.
    pub(super) lines: Vec<EditedLine>,
    /// What is taken out.
    pub(super) less: Vec<LineUnits>,
}

impl Order {
    /// What an edit adds and takes out, as stated against the order as it is.
    pub(super) fn change_of(&self, command: &EditCommand) -> Result<Change, Rejection> {
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

    /// More units of a line that the channel wants, at the price that it has, beside these; nothing when the
    /// line cannot have more.
    pub(super) fn more_at_source(
        &self,
        number: u16,
        more: Quantity,
        lines: &mut Vec<EditedLine>,
    ) -> Option<()> {
        self.add_units(number, more, 0, lines).ok()
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
    pub(super) fn first_of(&self, number: u16) -> u16 {
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
    pub(super) fn more_of(&self, stated: &DraftLine, more: Quantity) -> DraftLine {
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
    pub(super) fn new_line(
        &self,
        new: &NewLine,
        before: usize,
        place: usize,
    ) -> Result<DraftLine, Rejection> {
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
            customs: None,
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
        let (units, left) = self.units_out(number, fewer);
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

    /// Units of a line that can be taken out, at most so many, what was added last first; and how many are
    /// not there to be taken out.
    pub(super) fn units_out(&self, number: u16, fewer: Quantity) -> (Vec<LineUnits>, Quantity) {
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
        (units, left)
    }

    /// What added lines come to: their prices less their discounts, with the taxes that come on top.
    pub(super) fn worth_of_lines(&self, lines: &[EditedLine]) -> Money {
        let currency = self.draft.currency;
        let net = lines.iter().map(|edited| edited.line.net(currency));
        Money::sum(currency, net).plus(self.taxes_on_top(lines))
    }

    pub(super) fn taxes_on_top(&self, lines: &[EditedLine]) -> Money {
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
}

/// Whether an order may have a line like this.
pub(super) fn check_line(line: &DraftLine, place: usize, order: &Order) -> Result<(), Rejection> {
    let mut found = Vec::new();
    line.violations(place, order.draft.currency, &mut found);
    if let Some(wrong) = found.into_iter().next() {
        let what = wrong.hint;
        return Err(EditRejection::BadLine { what, place }.into());
    }
    Ok(())
}
