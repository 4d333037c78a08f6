//! What lines are worth, and what of it was earned or cancelled: arithmetic over the state, never
//! stored. What an order came with and what each edit added are parts of it, worth what they were
//! agreed for: whatever is added later changes no share of what was there before.

use rust_decimal::Decimal;

use super::{Fulfilment, Order};
use crate::canonical::{DraftLine, FulfilledBy, TaxMode};
use crate::money::{Money, share_between, spread};
use crate::quantity::Quantity;

impl Order {
    /// The parts of the order: 0 is what it came with, the others are the edits by their numbers.
    pub(super) fn parts(&self) -> impl Iterator<Item = u16> + use<> {
        0..=self.edits
    }

    /// The part of the order that a line belongs to.
    pub(super) fn part_of(&self, line: u16) -> u16 {
        let index = usize::from(line).checked_sub(1);
        index
            .and_then(|index| self.lines.get(index))
            .map_or(0, |line| line.edit)
    }

    /// The lines of a part, with what each is worth.
    fn lines_of(&self, part: u16) -> impl Iterator<Item = (u16, Money)> {
        let valued = self.line_numbers().zip(self.line_values());
        valued.filter(move |(number, _)| self.part_of(*number) == part)
    }

    /// What a part comes to. Shipping and fees belong to what the order came with.
    pub(super) fn stated_of(&self, part: u16) -> Money {
        let lines = Money::sum(
            self.draft.currency,
            self.lines_of(part).map(|(_, worth)| worth),
        );
        if part == 0 {
            lines.plus(self.charges_value())
        } else {
            lines
        }
    }

    /// What a line is worth in the order's total: its net price with its part of the order's
    /// discounts and taxes. Lines, shipping and fees add up to the stated total, to the minor unit.
    pub fn line_values(&self) -> Vec<Money> {
        let currency = self.draft.currency;
        let on_top = |taxes: &[crate::canonical::Tax]| match self.draft.tax_mode {
            TaxMode::Inclusive => Money::zero(currency),
            TaxMode::Exclusive => Money::sum(
                currency,
                taxes
                    .iter()
                    .filter(|tax| !tax.included)
                    .map(|tax| tax.amount),
            ),
        };
        let worth = |line: &DraftLine| line.net(currency).plus(on_top(&line.taxes));
        let charges = self.draft.shipping.iter().chain(&self.draft.fees);
        let beside = Money::sum(currency, charges.map(|c| c.amount.plus(on_top(&c.taxes))));
        // What edits added is worth what was agreed for it, and leaves all else as it was.
        let placed = self.lines.iter().take_while(|line| line.edit == 0).count();
        let (placed, added) = self
            .draft
            .lines
            .split_at(placed.min(self.draft.lines.len()));
        let added: Vec<Money> = added.iter().map(worth).collect();
        let beside = beside.plus(Money::sum(currency, added.iter().copied()));
        let weights: Vec<Decimal> = placed.iter().map(|line| worth(line).amount()).collect();
        let mut values = spread(self.draft.stated_total.minus(beside), &weights);
        values.extend(added);
        values
    }

    /// What shipping and fees are worth in the order's total.
    pub fn charges_value(&self) -> Money {
        let lines = Money::sum(self.draft.currency, self.line_values());
        self.draft.stated_total.minus(lines)
    }

    /// What is owed for what was served: shipped units, and units that need no shipping once the
    /// order stands. Shipping and fees are owed with the first of them.
    pub fn earned(&self) -> Money {
        Money::sum(
            self.draft.currency,
            self.parts().map(|part| self.earned_of(part)),
        )
    }

    /// What is owed for what was served of a part. Units are valued from the first to the last, so the
    /// shares telescope however the line is cut.
    pub(super) fn earned_of(&self, part: u16) -> Money {
        let mut owed = Money::zero(self.draft.currency);
        for (number, value) in self.lines_of(part) {
            let whole = self
                .line(number)
                .map_or(Decimal::ZERO, |l| l.quantity.value());
            let served = self.served(number).value();
            owed = owed.plus(share_between(value, Decimal::ZERO, served, whole));
        }
        let anything = || self.line_numbers().any(|line| !self.served(line).is_zero());
        if part == 0 && anything() {
            owed.plus(self.charges_value())
        } else {
            owed
        }
    }

    /// Units of a line that were served.
    fn served(&self, number: u16) -> Quantity {
        match self.line(number).map(|line| line.fulfilled_by) {
            Some(FulfilledBy::Us) => self.shipped(number),
            Some(FulfilledBy::Components) => self.shipped_kits(number),
            Some(_) if self.stands() => self.open(number),
            _ => Quantity::ZERO,
        }
    }

    /// Whether the order was confirmed and is not being undone as a whole.
    fn stands(&self) -> bool {
        let undone = self.ending.is_some() && !self.fulfilments.iter().any(Fulfilment::is_shipped);
        self.confirmed_at.is_some() && !self.stage.is_dead() && !undone
    }

    /// What the cancelled units were worth; cancelled units are the last of their line. With every
    /// unit cancelled, shipping and fees are not owed either.
    pub fn cancelled_value(&self) -> Money {
        Money::sum(
            self.draft.currency,
            self.parts().map(|part| self.cancelled_of(part)),
        )
    }

    /// What the cancelled units of a part were worth.
    pub(super) fn cancelled_of(&self, part: u16) -> Money {
        let all = |line: u16| self.open(line).is_zero();
        if self.line_numbers().all(all) {
            return self.stated_of(part);
        }
        let mut value = Money::zero(self.draft.currency);
        for (number, worth) in self.lines_of(part) {
            let whole = self
                .line(number)
                .map_or(Decimal::ZERO, |l| l.quantity.value());
            let open = self.open(number).value();
            value = value.plus(share_between(worth, open, whole, whole));
        }
        value
    }
}
