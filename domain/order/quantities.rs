//! The quantity vector of a line: arithmetic over the state, never stored. The money that belongs to
//! its units is `worth`.

use super::{Fulfilment, LineUnits, Order, ReservationKey, ReservationState, units_of};
use crate::canonical::FulfilledBy;
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
            .filter(|(key, hold)| key.line == number && states.contains(&hold.state));
        Quantity::sum(holds.map(|(key, hold)| self.unreplaced(key, hold.quantity)))
    }

    /// Units of a hold that still count: not those that are sent again with others, or went to a store.
    fn unreplaced(&self, key: &ReservationKey, held: Quantity) -> Quantity {
        let same =
            |work: &&Fulfilment| work.location == key.location && work.attempt == key.attempt;
        match self.fulfilments.iter().find(same) {
            // What left and counts no more is held again where it is, or not wanted.
            Some(work) if work.is_replaced() || (work.is_off() && work.has_left()) => {
                Quantity::ZERO
            }
            Some(work) => held.minus(work.replaced(key.line)),
            None => held,
        }
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
        let shipped = self.fulfilments.iter().filter(|f| f.is_shipped());
        Quantity::sum(shipped.map(|f| f.whereabouts(number).shipped))
    }

    /// Where the units of a line are.
    pub fn quantities(&self, number: u16) -> Quantities {
        let Some(line) = self.line(number) else {
            return Quantities::default();
        };
        let open = self.open(number);
        if self.is_past() {
            return Self::past_quantities(line.fulfilled_by, line.quantity, open);
        }
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
        let mut mixed = Quantity::ZERO;
        for fulfilment in self.fulfilments.iter().filter(|f| !f.is_off()) {
            if !fulfilment.is_shipped() {
                let picked = units_of(&fulfilment.picked, number);
                vector.picked = vector
                    .picked
                    .plus(picked.minus(fulfilment.replaced(number)));
                continue;
            }
            let found = fulfilment.whereabouts(number);
            vector.shipped = vector.shipped.plus(found.shipped);
            vector.delivered = vector.delivered.plus(found.delivered);
            vector.lost = vector.lost.plus(found.lost);
            vector.returned_to_sender = vector.returned_to_sender.plus(found.returned_to_sender);
            mixed = mixed.plus(found.mixed);
        }
        // What came back from the buyer was delivered, in whichever parcel it was.
        let told = self.brought_somehow(number).min(mixed);
        vector.delivered = vector.delivered.plus(told);
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
