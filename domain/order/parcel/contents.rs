//! What is in which parcel, as far as it is known: arithmetic over what packers have said. Units that
//! nobody has put into a parcel are in those of which nobody has said anything; with one such parcel,
//! its contents are known all the same.

use super::super::event::{LineUnits, units_of};
use super::super::{Fulfilment, Order, PackedParcel, Parcel, ParcelStatus, less, plus};
use crate::quantity::Quantity;

/// Units, and the parcels that they are in: one, or several where nobody knows how.
#[derive(Debug, Clone)]
pub struct Share<'a> {
    /// The units.
    pub units: Vec<LineUnits>,
    /// The parcels; never none.
    pub parcels: Vec<&'a Parcel>,
}

impl Share<'_> {
    /// Whether it is so with each of its parcels.
    pub fn all(&self, holds: impl Fn(&Parcel) -> bool) -> bool {
        self.parcels.iter().all(|parcel| holds(parcel))
    }

    /// Whether nobody knows which of its units is in which parcel.
    pub const fn is_mixed(&self) -> bool {
        self.parcels.len() > 1
    }
}

/// Units of a line in a fulfilment that left, by what became of them.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::order) struct Whereabouts {
    pub(in crate::order) shipped: Quantity,
    pub(in crate::order) delivered: Quantity,
    pub(in crate::order) lost: Quantity,
    pub(in crate::order) returned_to_sender: Quantity,
    /// In several parcels with different fates, of which nobody knows which they are in.
    pub(in crate::order) mixed: Quantity,
}

impl Fulfilment {
    /// Its units by the parcels that they are in.
    pub fn shares(&self) -> Vec<Share<'_>> {
        let stated = |parcel: &&Parcel| parcel.lines.is_some();
        let (stated, silent): (Vec<&Parcel>, Vec<&Parcel>) = self.parcels.iter().partition(stated);
        let mut known = Vec::new();
        let mut shares = Vec::new();
        for parcel in stated {
            let units = parcel.lines.clone().unwrap_or_default();
            known = plus(&known, &units);
            shares.push(Share {
                units,
                parcels: vec![parcel],
            });
        }
        if !silent.is_empty() {
            shares.push(Share {
                units: less(&self.lines, &known),
                parcels: silent,
            });
        }
        shares
    }

    /// What is in a parcel, if that is known.
    pub fn contents(&self, parcel: &Parcel) -> Option<Vec<LineUnits>> {
        let mut shares = self.shares().into_iter();
        let with_it = |share: &Share<'_>| {
            let mut parcels = share.parcels.iter();
            parcels.any(|known| known.number == parcel.number)
        };
        let share = shares.find(with_it)?;
        (!share.is_mixed() || share.units.is_empty()).then_some(share.units)
    }

    /// Units of which nobody knows in which of several parcels they are.
    pub fn mixed_units(&self) -> Vec<LineUnits> {
        let mut shares = self.shares().into_iter();
        let mixed = shares.find(Share::is_mixed);
        mixed.map(|share| share.units).unwrap_or_default()
    }

    fn units_in(&self, line: u16, counts: impl Fn(&Parcel) -> bool) -> Quantity {
        let shares = self.shares().into_iter();
        let these = shares.filter(|share| share.all(&counts));
        Quantity::sum(these.map(|share| units_of(&share.units, line)))
    }

    /// Units of a line that the buyer has for certain, and that are not sent again.
    pub fn arrived(&self, line: u16) -> Quantity {
        self.units_in(line, |parcel| {
            self.has_arrived(parcel) && parcel.replaced_at.is_none()
        })
    }

    /// Units of a line that are sent again with others: here they count no more.
    pub fn replaced(&self, line: u16) -> Quantity {
        self.units_in(line, |parcel| parcel.replaced_at.is_some())
    }

    /// What became of the units of a line, once the work has left.
    pub(in crate::order) fn whereabouts(&self, line: u16) -> Whereabouts {
        let mut found = Whereabouts::default();
        for share in self.shares() {
            let units = units_of(&share.units, line);
            let is = |status| move |parcel: &Parcel| parcel.status() == status;
            if units.is_zero() || share.all(|parcel| parcel.replaced_at.is_some()) {
                continue;
            }
            found.shipped = found.shipped.plus(units);
            let fate = if share.all(|parcel| self.has_arrived(parcel)) {
                &mut found.delivered
            } else if share.parcels.iter().any(|parcel| self.has_arrived(parcel)) {
                &mut found.mixed
            } else if share.all(is(ParcelStatus::Lost)) {
                &mut found.lost
            } else if share.all(is(ParcelStatus::Returned)) {
                &mut found.returned_to_sender
            } else if share.is_mixed() {
                &mut found.mixed
            } else {
                continue;
            };
            *fate = fate.plus(units);
        }
        found
    }

    /// Whether it was packed into these parcels.
    pub(in crate::order) fn is_packed_into(&self, stated: &[PackedParcel]) -> bool {
        if stated.len() <= 1 {
            return self.parcels.len() == 1;
        }
        let same = |(known, stated): (&Parcel, &PackedParcel)| {
            known.lines.as_deref().unwrap_or_default() == stated.lines
        };
        self.parcels.len() == stated.len() && self.parcels.iter().zip(stated).all(same)
    }
}

impl Order {
    /// Units of a line that came back from the buyer and that no parcel is known to have brought: they were
    /// in one of those of which nobody knows what is in them.
    pub(in crate::order) fn brought_somehow(&self, line: u16) -> Quantity {
        let shipped = self.fulfilments.iter().filter(|work| work.is_shipped());
        let known = shipped.map(|work| work.whereabouts(line).delivered);
        self.came_back(line).minus(Quantity::sum(known))
    }

    /// Units of a line that may be in a parcel of which nobody has said what is in it: what the known
    /// ones leave, but for what the buyer has sent back.
    pub fn may_be_in_it(&self, work: &Fulfilment, line: u16) -> Quantity {
        let mixed = units_of(&work.mixed_units(), line);
        mixed.minus(self.brought_somehow(line))
    }

    /// Whether nothing more is expected of a parcel: the buyer has it, or a claim about it has ended.
    pub fn is_parcel_settled(&self, work: &Fulfilment, parcel: &Parcel) -> bool {
        let claim = self.parcel_claim(work.number, parcel.number);
        work.has_reached(parcel) || claim.is_some_and(|claim| !claim.is_open())
    }

    /// Whether nothing more is expected of any parcel of a piece of work.
    pub fn is_settled(&self, work: &Fulfilment) -> bool {
        work.parcels
            .iter()
            .all(|parcel| self.is_parcel_settled(work, parcel))
    }
}
