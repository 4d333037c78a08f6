//! Where the units of a line are: the quantity vector, computed from the order's state.
//!
//! `ordered = cancelled + unallocated + backordered + soft + hard + picked + shipped + not_stocked`
//! always holds: evidence that claims more units than there are is cut, in the order shipped,
//! picked, hard, soft.

use std::collections::BTreeSet;

use orderhub_domain::canonical::FulfilledBy;
use orderhub_domain::order::{
    Fulfilment, FulfilmentStage, Order, ParcelStatus, ReservationState, Scan, units_of,
};
use orderhub_domain::quantity::Quantity;
use serde_json::{Value, json};

/// The quantity vector of one line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quantities {
    /// As stated.
    pub ordered: Quantity,
    /// Given up.
    pub cancelled: Quantity,
    /// Not held anywhere yet.
    pub unallocated: Quantity,
    /// Promised from supply to come.
    pub backordered: Quantity,
    /// Held until it lapses.
    pub soft: Quantity,
    /// Held firmly, not picked yet.
    pub hard: Quantity,
    /// In a picker's hands or packed.
    pub picked: Quantity,
    /// Out of the building, wherever it is by now.
    pub shipped: Quantity,
    /// Of the shipped: with the buyer.
    pub delivered: Quantity,
    /// Of the shipped: gone.
    pub lost: Quantity,
    /// Of the shipped: back at the sender.
    pub returned: Quantity,
    /// Nothing to pick: digital, services, shipped by the channel.
    pub not_stocked: Quantity,
}

/// The quantities of the line with this number, from 1.
pub fn quantities(order: &Order, line: u16) -> Quantities {
    let index = usize::from(line.saturating_sub(1));
    let (Some(stated), Some(state)) = (order.draft.lines.get(index), order.lines.get(index)) else {
        return Quantities::default();
    };
    let mut left = stated.quantity.minus(state.cancelled);
    let mut vector = Quantities {
        ordered: stated.quantity,
        cancelled: stated.quantity.minus(left),
        ..Quantities::default()
    };
    if stated.fulfilled_by != FulfilledBy::Us {
        vector.not_stocked = left;
        return vector;
    }
    let shipped = |fulfilment: &&Fulfilment| fulfilment.shipped_at.is_some();
    let units = |counted: &dyn Fn(&&Fulfilment) -> bool| {
        let counted = order.fulfilments.iter().filter(counted);
        Quantity::sum(counted.map(|fulfilment| units_of(&fulfilment.lines, line)))
    };
    let at = |status: ParcelStatus| units(&|f| f.shipped_at.is_some() && parcel(f) == Some(status));
    let picked = order
        .fulfilments
        .iter()
        .filter(|f| !shipped(f) && is_working(f.stage));
    let picked = Quantity::sum(picked.map(|fulfilment| units_of(&fulfilment.picked, line)));
    let firm = held(order, line, |state| {
        matches!(state, ReservationState::Hard | ReservationState::Consumed)
    });
    let soft = held(order, line, |state| state == ReservationState::Soft);

    vector.shipped = take(&mut left, units(&shipped));
    vector.picked = take(&mut left, picked);
    let firm = firm.minus(vector.shipped).minus(vector.picked);
    vector.hard = take(&mut left, firm);
    vector.soft = take(&mut left, soft);
    vector.unallocated = left;

    let mut arrived = vector.shipped;
    vector.delivered = take(&mut arrived, at(ParcelStatus::Delivered));
    vector.lost = take(&mut arrived, at(ParcelStatus::Lost));
    vector.returned = take(&mut arrived, at(ParcelStatus::Returned));
    vector
}

fn take(left: &mut Quantity, wanted: Quantity) -> Quantity {
    let taken = wanted.min(*left);
    *left = left.minus(taken);
    taken
}

fn held(order: &Order, line: u16, counts: impl Fn(ReservationState) -> bool) -> Quantity {
    let held = order
        .reservations
        .iter()
        .filter(|(key, reservation)| key.line == line && counts(reservation.state));
    Quantity::sum(held.map(|(_, reservation)| reservation.quantity))
}

const fn is_working(stage: FulfilmentStage) -> bool {
    !matches!(
        stage,
        FulfilmentStage::Rejected | FulfilmentStage::Unanswered | FulfilmentStage::Cancelled
    )
}

/// Where the parcel of a fulfilment is, from everything that was seen of it. A buyer who collected
/// it has it.
pub fn parcel(fulfilment: &Fulfilment) -> Option<ParcelStatus> {
    if fulfilment.stage == FulfilmentStage::Collected {
        return Some(ParcelStatus::Delivered);
    }
    merged(&fulfilment.scans)
}

/// What sightings mean together. The newest wins and rank breaks ties in time; a code that says
/// nothing never wins over one that does, and a delivery is left only by a newer correction.
fn merged(scans: &BTreeSet<Scan>) -> Option<ParcelStatus> {
    let mut latest: Option<&Scan> = None;
    for scan in scans {
        let replaces = match latest.map(|latest| (latest.status, latest.at)) {
            None => true,
            Some((ParcelStatus::Delivered, at)) => {
                let correction = matches!(
                    scan.status,
                    ParcelStatus::ReturnToSender
                        | ParcelStatus::Returned
                        | ParcelStatus::Lost
                        | ParcelStatus::Exception
                );
                correction && scan.at > at
            }
            Some((known, _)) => {
                let says_little = matches!(
                    scan.status,
                    ParcelStatus::Unknown | ParcelStatus::LabelCreated
                );
                !says_little || scan.status > known
            }
        };
        if replaces {
            latest = Some(scan);
        }
    }
    latest.map(|scan| scan.status)
}

impl Quantities {
    /// As the API shows it.
    pub fn json(&self) -> Value {
        let mut shown = json!({
            "ordered": self.ordered.to_string(),
            "cancelled": self.cancelled.to_string(),
            "unallocated": self.unallocated.to_string(),
            "backordered": self.backordered.to_string(),
            "soft": self.soft.to_string(),
            "hard": self.hard.to_string(),
            "picked": self.picked.to_string(),
            "shipped": self.shipped.to_string(),
            "delivered": self.delivered.to_string(),
            "lost": self.lost.to_string(),
            "returned": self.returned.to_string(),
        });
        if !self.not_stocked.is_zero() {
            shown["not_stocked"] = self.not_stocked.to_string().into();
        }
        shown
    }
}
