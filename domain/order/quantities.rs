//! The quantity vector of a line and the money that belongs to its units: arithmetic over the
//! state, never stored.

use rust_decimal::Decimal;

use super::{
    Fulfilment, LineUnits, Order, ParcelStatus, ReservationKey, ReservationState, units_of,
};
use crate::canonical::{FulfilledBy, TaxMode};
use crate::ids::LocationCode;
use crate::money::{Money, share_between, spread};
use crate::quantity::Quantity;

/// Where the units of a line are. `ordered = cancelled + open`, and open units are in exactly one
/// of unallocated, backordered, soft, hard, picked, shipped and `not_stocked`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quantities {
    /// What was ordered.
    pub ordered: Quantity,
    /// Cancelled.
    pub cancelled: Quantity,
    /// Not held anywhere.
    pub unallocated: Quantity,
    /// Promised from supply that is still to come.
    pub backordered: Quantity,
    /// Held until the hold lapses.
    pub soft: Quantity,
    /// Held firmly.
    pub hard: Quantity,
    /// Taken off the shelf.
    pub picked: Quantity,
    /// Left the building.
    pub shipped: Quantity,
    /// Nothing to pick: digital, services, shipped by the channel.
    pub not_stocked: Quantity,
    /// Of the shipped: with the buyer.
    pub delivered: Quantity,
    /// Of the shipped: gone.
    pub lost: Quantity,
    /// Of the shipped: came back undelivered.
    pub returned_to_sender: Quantity,
    /// Came back, undelivered or from the buyer.
    pub returned: Quantity,
}

impl Fulfilment {
    /// Whether it is the work on what this reservation held.
    pub fn holds(&self, key: &ReservationKey) -> bool {
        self.location == key.location
            && self.attempt == key.attempt
            && self.lines.iter().any(|units| units.line == key.line)
    }
}

impl Order {
    /// Numbers of the lines, from 1.
    pub fn line_numbers(&self) -> impl Iterator<Item = u16> + use<> {
        1..=u16::try_from(self.draft.lines.len()).unwrap_or(u16::MAX)
    }

    /// The line with this number, counted from 1.
    pub fn line(&self, number: u16) -> Option<&crate::canonical::DraftLine> {
        usize::from(number)
            .checked_sub(1)
            .and_then(|index| self.draft.lines.get(index))
    }

    /// Units of a line that were not cancelled.
    pub fn open(&self, number: u16) -> Quantity {
        let Some(line) = self.line(number) else {
            return Quantity::ZERO;
        };
        let state = self
            .lines
            .get(usize::from(number) - 1)
            .copied()
            .unwrap_or_default();
        line.quantity.minus(state.cancelled)
    }

    /// Units of a line that a location has to provide.
    pub fn stocked(&self, number: u16) -> Quantity {
        match self.line(number).map(|line| line.fulfilled_by) {
            Some(FulfilledBy::Us) => self.open(number),
            _ => Quantity::ZERO,
        }
    }

    /// Units of a line held at locations in one of these states.
    pub fn held(&self, number: u16, states: &[ReservationState]) -> Quantity {
        let holds = self
            .reservations
            .iter()
            .filter(|(key, hold)| key.line == number && states.contains(&hold.state))
            .filter(|(key, _)| !self.is_replaced(&key.location, key.attempt));
        Quantity::sum(holds.map(|(_, hold)| hold.quantity))
    }

    /// Whether the work on these holds counts no more, because its units are sent again.
    fn is_replaced(&self, location: &LocationCode, attempt: u16) -> bool {
        self.fulfilments.iter().any(|work| {
            work.replaced_at.is_some() && work.location == *location && work.attempt == attempt
        })
    }

    /// Stocked units of a line that nothing holds, nobody has been asked for, and no work will ship.
    pub fn uncovered(&self, number: u16) -> Quantity {
        const COVERING: [ReservationState; 6] = [
            ReservationState::Waiting,
            ReservationState::Requested,
            ReservationState::Soft,
            ReservationState::Hard,
            ReservationState::Expired,
            ReservationState::Consumed,
        ];
        let covered = self
            .held(number, &COVERING)
            .plus(self.in_work_though_cut(number));
        self.stocked(number).minus(covered)
    }

    /// Units of a line whose promise was taken back while a location works on them: until it has
    /// stopped they may still ship.
    fn in_work_though_cut(&self, number: u16) -> Quantity {
        let cut = self
            .reservations
            .iter()
            .filter(|(key, hold)| key.line == number && hold.state == ReservationState::Cut);
        let in_work = cut.filter(|(key, _)| {
            let works = |f: &Fulfilment| f.holds(key) && !f.is_off();
            self.fulfilments.iter().any(works)
        });
        Quantity::sum(in_work.map(|(_, hold)| hold.quantity))
    }

    /// Stocked units of a line that are not held; those asked for count as not held.
    pub fn unheld(&self, number: u16) -> Quantity {
        const HOLDING: [ReservationState; 4] = [
            ReservationState::Soft,
            ReservationState::Hard,
            ReservationState::Expired,
            ReservationState::Consumed,
        ];
        self.stocked(number).minus(self.held(number, &HOLDING))
    }

    /// Units of a line that left the building and were not replaced by others.
    pub fn shipped(&self, number: u16) -> Quantity {
        let counts = |f: &&Fulfilment| f.is_shipped() && f.replaced_at.is_none();
        let shipped = self.fulfilments.iter().filter(counts);
        Quantity::sum(shipped.map(|f| units_of(&f.lines, number)))
    }

    /// Where the units of a line are.
    pub fn quantities(&self, number: u16) -> Quantities {
        let Some(line) = self.line(number) else {
            return Quantities::default();
        };
        let open = self.open(number);
        let mut vector = Quantities {
            ordered: line.quantity,
            cancelled: line.quantity.minus(open),
            soft: self.held(number, &[ReservationState::Soft]),
            backordered: self.held(number, &[ReservationState::Waiting]),
            ..Quantities::default()
        };
        if line.fulfilled_by != FulfilledBy::Us {
            vector.shipped = self.shipped_kits(number).min(open);
            vector.not_stocked = open.minus(vector.shipped);
            return vector;
        }
        let counts = |f: &&Fulfilment| !f.is_off() && f.replaced_at.is_none();
        for fulfilment in self.fulfilments.iter().filter(counts) {
            let units = units_of(&fulfilment.lines, number);
            if !fulfilment.is_shipped() {
                vector.picked = vector.picked.plus(units_of(&fulfilment.picked, number));
                continue;
            }
            vector.shipped = vector.shipped.plus(units);
            match fulfilment.parcel() {
                _ if fulfilment.is_delivered() => vector.delivered = vector.delivered.plus(units),
                ParcelStatus::Lost => vector.lost = vector.lost.plus(units),
                ParcelStatus::Returned => {
                    vector.returned_to_sender = vector.returned_to_sender.plus(units);
                }
                _ => {}
            }
        }
        vector.returned = vector.returned_to_sender.plus(self.came_back(number));
        let firm = self.held(
            number,
            &[ReservationState::Hard, ReservationState::Consumed],
        );
        vector.hard = firm.minus(vector.picked).minus(vector.shipped);
        let placed = Quantity::sum([
            vector.backordered,
            vector.soft,
            vector.hard,
            vector.picked,
            vector.shipped,
        ]);
        vector.unallocated = open.minus(placed);
        vector
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
        let weights: Vec<Decimal> = self
            .draft
            .lines
            .iter()
            .map(|line| line.net(currency).plus(on_top(&line.taxes)).amount())
            .collect();
        let charges = self.draft.shipping.iter().chain(&self.draft.fees);
        let beside = Money::sum(currency, charges.map(|c| c.amount.plus(on_top(&c.taxes))));
        spread(self.draft.stated_total.minus(beside), &weights)
    }

    /// What shipping and fees are worth in the order's total.
    pub fn charges_value(&self) -> Money {
        let lines = Money::sum(self.draft.currency, self.line_values());
        self.draft.stated_total.minus(lines)
    }

    /// What is owed for what was served: shipped units, and units that need no shipping once the
    /// order stands. Shipping and fees are owed with the first of them. Units are valued from the
    /// first to the last, so the parts telescope however the line is cut.
    pub fn earned(&self) -> Money {
        let mut anything = false;
        let mut owed = Money::zero(self.draft.currency);
        for (number, value) in self.line_numbers().zip(self.line_values()) {
            let Some(line) = self.line(number) else {
                continue;
            };
            let served = match line.fulfilled_by {
                FulfilledBy::Us => self.shipped(number),
                FulfilledBy::Components => self.shipped_kits(number),
                _ if self.stands() => self.open(number),
                _ => Quantity::ZERO,
            };
            anything |= !served.is_zero();
            let whole = line.quantity.value();
            owed = owed.plus(share_between(value, Decimal::ZERO, served.value(), whole));
        }
        if anything {
            owed.plus(self.charges_value())
        } else {
            owed
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
        if self
            .line_numbers()
            .all(|number| self.open(number).is_zero())
        {
            return self.draft.stated_total;
        }
        let mut value = Money::zero(self.draft.currency);
        for (number, worth) in self.line_numbers().zip(self.line_values()) {
            let Some(line) = self.line(number) else {
                continue;
            };
            let whole = line.quantity.value();
            value = value.plus(share_between(
                worth,
                self.open(number).value(),
                whole,
                whole,
            ));
        }
        value
    }

    /// Whether every open unit was served: nothing more will be earned.
    pub fn is_served(&self) -> bool {
        self.line_numbers()
            .all(|number| self.stocked(number) <= self.shipped(number))
    }

    /// Units of a fulfilment that are still to be picked.
    pub fn left_to_pick(fulfilment: &Fulfilment) -> Vec<LineUnits> {
        fulfilment
            .lines
            .iter()
            .map(|planned| LineUnits {
                line: planned.line,
                quantity: planned
                    .quantity
                    .minus(units_of(&fulfilment.picked, planned.line)),
            })
            .filter(|left| !left.quantity.is_zero())
            .collect()
    }
}
