//! The arithmetic of units that come back: what was announced, came, was looked at, and what the
//! buyer still has.

use std::collections::BTreeSet;

use super::super::event::{LineUnits, units_of};
use super::super::{Order, ReturnStage, StockLine};
use super::{Disposition, InspectedUnits, Return};
use crate::ids::LocationCode;
use crate::quantity::Quantity;

impl Return {
    /// The numbers of the lines that it is about, in their order.
    pub fn lines(&self) -> impl Iterator<Item = u16> + use<> {
        let came = self.parcels.values().flat_map(|parcel| &parcel.units);
        let lines: BTreeSet<u16> = self
            .announced
            .iter()
            .chain(came)
            .map(|units| units.line)
            .collect();
        lines.into_iter()
    }

    /// Units of a line that came, as counted when the parcel was opened.
    pub fn received(&self, line: u16) -> Quantity {
        let parcels = self.parcels.values();
        Quantity::sum(parcels.map(|parcel| units_of(&parcel.units, line)))
    }

    /// Units of a line that were announced and have not come.
    pub fn missing(&self) -> Vec<LineUnits> {
        let left = |line| LineUnits {
            line,
            quantity: units_of(&self.announced, line).minus(self.received(line)),
        };
        self.lines()
            .map(left)
            .filter(|units| !units.quantity.is_zero())
            .collect()
    }

    /// Units of a line that were looked at, in every parcel or in one.
    fn seen(&self, line: u16, parcel: Option<&str>) -> Quantity {
        let here = self.inspected.iter().filter(|units| {
            units.line == line && parcel.is_none_or(|parcel| units.parcel == parcel)
        });
        Quantity::sum(here.map(|units| units.quantity))
    }

    /// Units of a line that came and were not looked at yet.
    pub fn uninspected(&self, line: u16) -> Quantity {
        self.received(line).minus(self.seen(line, None))
    }

    /// Units of a line in a parcel that were not looked at yet.
    pub fn uninspected_in(&self, parcel: &str, line: u16) -> Quantity {
        let came = self.parcels.get(parcel);
        let came = came.map_or(Quantity::ZERO, |parcel| units_of(&parcel.units, line));
        came.minus(self.seen(line, Some(parcel)))
    }

    /// Takes in what was found of units of a line, parcel by parcel.
    pub(in crate::order) fn look_at(
        &mut self,
        line: u16,
        quantity: Quantity,
        disposition: Disposition,
        accepted: bool,
    ) {
        let mut rest = quantity;
        let parcels: Vec<String> = self.parcels.keys().cloned().collect();
        for parcel in parcels {
            let quantity = rest.min(self.uninspected_in(&parcel, line));
            if quantity.is_zero() {
                continue;
            }
            rest = rest.minus(quantity);
            self.inspected.push(InspectedUnits {
                parcel,
                line,
                quantity,
                disposition,
                accepted: accepted && disposition.came_back(),
            });
        }
    }

    /// Units of a line that the buyer does not have any more: those that came, but for what turned out
    /// to be missing or something else.
    pub fn came_back(&self, line: u16) -> Quantity {
        let not_it = self
            .inspected
            .iter()
            .filter(|units| units.line == line && !units.disposition.came_back());
        let not_it = Quantity::sum(not_it.map(|units| units.quantity));
        self.received(line).minus(not_it)
    }

    /// Units of a line that it speaks for: those that came back, and those that still may.
    fn claimed(&self, line: u16) -> Quantity {
        let back = self.came_back(line);
        if self.stage().is_open() && !self.no_show {
            back.max(units_of(&self.announced, line))
        } else {
            back
        }
    }

    /// Accepted units that are not settled yet.
    pub fn unsettled(&self) -> Vec<LineUnits> {
        let left = |line| {
            let accepted = self
                .inspected
                .iter()
                .filter(|units| units.line == line && units.accepted);
            let accepted = Quantity::sum(accepted.map(|units| units.quantity));
            LineUnits {
                line,
                quantity: accepted.minus(units_of(&self.payback.settled, line)),
            }
        };
        self.lines()
            .map(left)
            .filter(|units| !units.quantity.is_zero())
            .collect()
    }

    /// Units for the shelf that no location was asked to take yet: the first location with any.
    pub(in crate::order) fn unshelved(&self) -> Option<(LocationCode, Vec<LineUnits>)> {
        self.parcels.values().find_map(|parcel| {
            let location = &parcel.location;
            let left = |line| LineUnits {
                line,
                quantity: self
                    .for_the_shelf(location, line)
                    .minus(self.shelved(location, line)),
            };
            let units: Vec<LineUnits> = self
                .lines()
                .map(left)
                .filter(|units| !units.quantity.is_zero())
                .collect();
            (!units.is_empty()).then(|| (location.clone(), units))
        })
    }

    /// How many units for the shelf no location was asked to take yet.
    pub fn unshelved_units(&self) -> Quantity {
        let units = self.unshelved().map(|(_, units)| units).unwrap_or_default();
        Quantity::sum(units.iter().map(|units| units.quantity))
    }

    fn for_the_shelf(&self, location: &LocationCode, line: u16) -> Quantity {
        let here = |parcel: &String| {
            self.parcels
                .get(parcel)
                .is_some_and(|parcel| parcel.location == *location)
        };
        let good = self.inspected.iter().filter(|units| {
            units.line == line && units.disposition == Disposition::Restock && here(&units.parcel)
        });
        Quantity::sum(good.map(|units| units.quantity))
    }

    fn shelved(&self, location: &LocationCode, line: u16) -> Quantity {
        let asked = self
            .restocked
            .iter()
            .filter(|units| units.line == line && units.location == *location);
        Quantity::sum(asked.map(|units| units.quantity))
    }

    /// Takes in that a location was asked to put units on its shelf.
    pub(in crate::order) fn shelve(&mut self, location: &LocationCode, lines: &[StockLine]) {
        self.restocked
            .extend(lines.iter().map(|line| super::RestockedUnits {
                location: location.clone(),
                line: line.line,
                quantity: line.quantity,
            }));
    }
}

impl Order {
    /// The return with this number.
    pub fn returned(&self, number: u16) -> Option<&Return> {
        self.returns.iter().find(|back| back.number == number)
    }

    /// Units of a line that came back from the buyer.
    pub fn came_back(&self, line: u16) -> Quantity {
        Quantity::sum(self.returns.iter().map(|back| back.came_back(line)))
    }

    /// Units of a line that the buyer has and has not announced to send back.
    pub fn returnable(&self, line: u16) -> Quantity {
        let claimed = Quantity::sum(self.returns.iter().map(|back| back.claimed(line)));
        let delivered = self.quantities(line).delivered;
        delivered.minus(claimed).minus(self.in_claims(line))
    }

    /// Units of a line that may be in a parcel from the buyer: all that shipped and did not come back.
    /// What never shipped cannot come back, whoever says so.
    pub fn may_come_back(&self, line: u16) -> Quantity {
        self.shipped(line).minus(self.came_back(line))
    }

    /// Whether a return is still expected to come to an end.
    pub fn has_open_return(&self) -> bool {
        self.returns.iter().any(|back| back.stage().is_open())
    }

    /// The first return that is at this stage.
    pub(in crate::order) fn return_at(&self, stage: ReturnStage) -> Option<&Return> {
        self.returns.iter().find(|back| back.stage() == stage)
    }
}
