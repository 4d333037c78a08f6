//! Transfers: units that other locations send to the store where the buyer collects them. The work of the
//! sender is work like any other until its parcels are at the store; there its units stand under a hold of
//! the store's own, and work at the store hands them out. So the sender's shelf loses them when they leave,
//! and the store's has them from when they are there.
//!
//! An order with transfers is gathered: the buyer may fetch it when all of it is there, and the time for
//! that begins then. The rules that act on this stand in `decide/transfer.rs`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::{LineUnits, units_of};
use super::{
    Claim, Context, Fulfilment, FulfilmentStage, Location, Order, Parcel, ReservationState, less,
};
use crate::ids::LocationCode;
use crate::policy::PickupSupply;
use crate::quantity::Quantity;
use crate::sourcing;

/// Where work sends its units, when that is a store and not the buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// The store.
    pub to: LocationCode,
    /// Since when its parcels are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived_at: Option<Timestamp>,
    /// The try that the store holds its units under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<u16>,
}

impl Transfer {
    /// A transfer that has not begun.
    pub const fn to(store: LocationCode) -> Self {
        Self {
            to: store,
            arrived_at: None,
            received: None,
        }
    }
}

impl Fulfilment {
    /// Whether its parcels left its location, to the buyer or to a store.
    pub const fn has_left(&self) -> bool {
        self.shipped_at.is_some()
    }

    /// Whether it has left for a store and counts there: not any more once the store holds its units, or
    /// they are not wanted.
    pub const fn is_between(&self) -> bool {
        self.transfer.is_some() && self.has_left() && !self.is_off()
    }

    /// Whether its parcels are at the store, as far as anybody said.
    pub fn is_at_store(&self) -> bool {
        let transfer = self.transfer.as_ref();
        transfer.is_some_and(|transfer| transfer.arrived_at.is_some())
    }

    /// Units that arrive with it: not those that are looked for anew because their parcel was lost.
    pub(super) fn arriving(&self) -> Vec<LineUnits> {
        let lines = self.lines.iter().map(|units| LineUnits {
            line: units.line,
            quantity: self.replaced(units.line),
        });
        less(&self.lines, &lines.collect::<Vec<_>>())
    }

    /// Whether one of its parcels brings something: not one whose units are looked for anew, or that is
    /// known to be empty.
    pub(super) fn counts(&self, parcel: &Parcel) -> bool {
        let empty = self.contents(parcel).is_some_and(|units| units.is_empty());
        parcel.replaced_at.is_none() && !empty
    }

    /// Whether it lies at the counter of the store, packed, with the buyer's time begun or not.
    const fn is_there(&self) -> bool {
        self.pickup
            && matches!(
                self.stage,
                FulfilmentStage::Packed
                    | FulfilmentStage::ReadyForPickup
                    | FulfilmentStage::Collected
            )
    }
}

impl Order {
    /// Whether others may send to the store where the buyer collects it: the rules say so, somebody works
    /// there, and its address is known.
    pub(super) fn transfer_of(&self, context: &Context<'_>) -> sourcing::Transfer {
        let local = context.policy.sourcing.pickup_supply == PickupSupply::Local;
        let store = self.store(context).filter(|_| !local);
        match store {
            Some(store) if context.places.is_paused(&store.code) => sourcing::Transfer::None,
            Some(store) if store.addressed => sourcing::Transfer::To(store.code.clone()),
            Some(store) => sourcing::Transfer::NoAddress(store.code.clone()),
            None => sourcing::Transfer::None,
        }
    }

    /// The store where the buyer collects it.
    fn store<'a>(&self, context: &Context<'a>) -> Option<&'a Location> {
        let code = self.draft.pickup_location.as_ref()?;
        let mut all = context.places.locations().iter();
        all.find(|location| location.code == *code)
    }

    /// Where its parcels go, as far as that is known: to the buyer, or to the store.
    pub(super) fn goes_to<'a>(
        &'a self,
        context: &Context<'a>,
    ) -> (Option<&'a str>, Option<sourcing::Point>) {
        match self.store(context) {
            Some(store) => (Some(&store.country), store.point),
            None => (self.draft.destination.as_deref(), self.draft.point),
        }
    }

    /// Whether there are units that a store lacks, although other locations have them and may send them:
    /// nothing is wrong but that its address is not known.
    pub(super) fn lacks_an_address(&self, context: &Context<'_>) -> bool {
        let unknown = matches!(self.transfer_of(context), sourcing::Transfer::NoAddress(_));
        let places = context.places;
        let needs = self.needs();
        let there = |need: &sourcing::Need| {
            let open = places.locations().iter();
            let open = open.filter(|known| !places.is_paused(&known.code));
            open.map(|known| self.available_at(&known.code, &need.sku, context))
                .sum::<i64>()
        };
        unknown && needs.iter().all(|need| there(need) >= need.units)
    }

    /// Whether parts of it come to the store from elsewhere, came, or were to come: it is made ready as a
    /// whole.
    pub fn is_gathered(&self) -> bool {
        let mut works = self.fulfilments.iter();
        works.any(|work| work.transfer.is_some())
    }

    /// Whether units of these lines are on their way to the store, or there and not yet in any work: what
    /// becomes of them is not known yet.
    pub(super) fn is_bringing(&self, lines: &[LineUnits]) -> bool {
        let wanted = |work: &Fulfilment| {
            let mut units = work.lines.iter();
            units.any(|units| !units_of(lines, units.line).is_zero())
        };
        let unplanned = |work: &Fulfilment| {
            let received = work.transfer.as_ref().and_then(|one| one.received);
            let held = self.reservations.iter().any(|(key, hold)| {
                received == Some(key.attempt) && hold.state == ReservationState::Hard
            });
            let mut works = self.fulfilments.iter();
            held && !works.any(|other| other.brought_by == Some(work.number))
        };
        let mut works = self.fulfilments.iter();
        works.any(|work| wanted(work) && (work.is_between() || unplanned(work)))
    }

    /// Whether all of it that is still wanted lies packed at the store.
    pub fn is_all_there(&self) -> bool {
        let parting = self.parting.as_ref().map_or(&[][..], |part| &part.lines);
        let works = || self.fulfilments.iter().filter(|work| !work.is_off());
        let there = |line: u16| Quantity::sum(works().map(|work| units_of(&work.lines, line)));
        works().all(Fulfilment::is_there)
            && self
                .line_numbers()
                .all(|line| there(line).plus(units_of(parting, line)) >= self.stocked(line))
    }

    /// Since when the buyer may fetch a piece of work, if nobody has yet. Of an order that is gathered the
    /// time of all pieces begins with the last one.
    pub(super) fn ready_since(&self, work: &Fulfilment) -> Option<Timestamp> {
        let ready = |work: &&Fulfilment| work.stage == FulfilmentStage::ReadyForPickup;
        let own = Some(work.since).filter(|_| ready(&work));
        if !self.is_gathered() {
            return own;
        }
        let all = self.fulfilments.iter().filter(ready);
        let last = all.map(|work| work.since).max();
        own.and(last).filter(|_| self.is_all_there())
    }

    /// Whether a claim is about a parcel on its way to a store.
    pub(super) fn is_about_transfer(&self, claim: &Claim) -> bool {
        let work = self.fulfilment(claim.fulfilment);
        work.is_some_and(|work| work.transfer.is_some())
    }

    /// Whether the store still waits for the parcel of a claim: one that nobody finds any more has to be
    /// sent again or given up, or the order would wait for ever.
    pub(super) fn is_awaited_at_store(&self, claim: &Claim) -> bool {
        let work = self.fulfilment(claim.fulfilment);
        let awaits = |work: &Fulfilment| {
            let parcel = work.parcel(claim.parcel);
            let open = |parcel: &Parcel| work.counts(parcel) && !work.has_reached(parcel);
            work.is_between() && parcel.is_some_and(open)
        };
        work.is_some_and(awaits)
    }
}
