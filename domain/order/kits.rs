//! Kits: a line that is sold as one thing and stocked, picked and shipped as its components. The
//! components are lines of their own without a price; the kit has the price and no stock.

use super::{LineUnits, Order, plus, units_of};
use crate::canonical::{FulfilledBy, KitPart};
use crate::quantity::Quantity;

impl Order {
    /// The lines that a kit consists of, with the units in one kit; none for what is no kit.
    pub fn components(&self, kit: u16) -> Vec<(u16, u32)> {
        let numbers = self.line_numbers();
        let parts = numbers.filter_map(|number| {
            let part: KitPart = self.line(number)?.part_of?;
            (part.line == kit).then_some((number, part.each))
        });
        parts.collect()
    }

    /// Whether a line is a component of a kit.
    pub fn is_component_of_kit(&self, number: u16) -> bool {
        self.line(number).is_some_and(|line| line.part_of.is_some())
    }

    /// Whether a line is a kit.
    pub fn is_kit(&self, number: u16) -> bool {
        self.line(number)
            .is_some_and(|line| line.fulfilled_by == FulfilledBy::Components)
    }

    /// Whole kits that these units of components make up.
    fn whole_kits(&self, kit: u16, units: impl Fn(u16) -> Quantity) -> Quantity {
        let parts = self.components(kit).into_iter();
        let kits = parts.map(|(line, each)| {
            let there = units(line).whole().unwrap_or(0);
            there / i64::from(each.max(1))
        });
        let kits = kits.min().unwrap_or(0);
        Quantity::units(u32::try_from(kits).unwrap_or(0))
    }

    /// Kits of which everything left the building.
    pub fn shipped_kits(&self, kit: u16) -> Quantity {
        self.whole_kits(kit, |line| self.shipped(line))
    }

    /// Units of a line that may be named in a request to cancel a part: a component is cancelled with
    /// its kit only.
    pub(super) fn cancellable_as_stated(&self, line: u16) -> Quantity {
        if self.is_component_of_kit(line) {
            Quantity::ZERO
        } else if self.is_kit(line) {
            let most = self.whole_kits(line, |component| self.cancellable(component));
            most.min(self.open(line))
        } else {
            self.cancellable(line)
        }
    }

    /// The kits that cannot be whole without these units of their components.
    pub(super) fn kits_short_of(&self, lost: &[LineUnits]) -> Vec<LineUnits> {
        let kits = self.line_numbers().filter(|number| self.is_kit(*number));
        let short = kits.map(|line| {
            let parts = self.components(line).into_iter();
            let kits = parts.map(|(part, each)| {
                let units = units_of(lost, part).whole().unwrap_or(0);
                let each = i64::from(each.max(1));
                (units + each - 1) / each
            });
            let kits = kits.max().unwrap_or(0);
            let quantity = Quantity::units(u32::try_from(kits).unwrap_or(0));
            LineUnits { line, quantity }
        });
        short.filter(|kit| !kit.quantity.is_zero()).collect()
    }

    /// Units with the components of the kits among them.
    pub(super) fn with_components(&self, lines: &[LineUnits]) -> Vec<LineUnits> {
        let mut all = lines.to_vec();
        for units in lines {
            for (line, each) in self.components(units.line) {
                let quantity = units.quantity.times(each);
                all = plus(&all, &[LineUnits { line, quantity }]);
            }
        }
        all
    }

    /// Units of a line that nothing holds and that can be cancelled now; a kit goes with the last of
    /// its components.
    pub(super) fn uncancelled_free(&self, line: u16) -> Quantity {
        if self.is_kit(line) {
            Quantity::ZERO
        } else {
            self.uncovered(line)
        }
    }

    /// Units of a line as the channel states it that nothing holds: whole kits, of a kit.
    pub(super) fn free_as_stated(&self, line: u16) -> Quantity {
        if self.is_kit(line) {
            self.whole_kits(line, |component| self.uncovered(component))
        } else {
            self.uncovered(line)
        }
    }

    /// Units that are cancelled, with the kits that are whole in what was cancelled before and now.
    pub(super) fn with_whole_kits(&self, lines: &[LineUnits]) -> Vec<LineUnits> {
        let mut all = lines.to_vec();
        for kit in self.line_numbers().filter(|number| self.is_kit(*number)) {
            let ordered = |line: u16| self.line(line).map_or(Quantity::ZERO, |l| l.quantity);
            let gone = self.whole_kits(kit, |line| {
                let before = ordered(line).minus(self.open(line));
                before.plus(units_of(lines, line))
            });
            let before = ordered(kit).minus(self.open(kit));
            let quantity = gone.minus(before);
            if !quantity.is_zero() {
                all.push(LineUnits {
                    line: kit,
                    quantity,
                });
            }
        }
        all
    }
}
