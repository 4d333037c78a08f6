//! What the sightings of a parcel mean together, and what those of several parcels say of the work that
//! went out in them. Sightings are a set; the meaning is computed, so the order in which they were
//! reported cannot matter.

mod carrier;
mod contents;
mod explain;

use std::collections::BTreeSet;

use super::{Fulfilment, FulfilmentStage, Order, Parcel, ParcelStatus, Scan};

pub use carrier::carrier_word;
pub use contents::Share;

/// How many sightings of one parcel are kept; more are counted as ignored.
pub const SCANS_KEPT: usize = 200;

impl ParcelStatus {
    /// Whether seeing it means that the carrier has, or had, the parcel.
    pub const fn implies_shipped(self) -> bool {
        matches!(
            self,
            Self::PickedUp
                | Self::InTransit
                | Self::OutForDelivery
                | Self::AttemptFailed
                | Self::AvailableForPickup
                | Self::ReturnToSender
                | Self::Returned
                | Self::Lost
                | Self::Delivered
        )
    }

    /// Whether only a correction leaves it.
    const fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Returned)
    }

    /// Whether it corrects a final status when it is newer.
    const fn corrects(self) -> bool {
        matches!(
            self,
            Self::ReturnToSender | Self::Returned | Self::Lost | Self::Exception
        )
    }

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::LabelCreated => "label_created",
            Self::PickedUp => "picked_up",
            Self::InTransit => "in_transit",
            Self::Delayed => "delayed",
            Self::OnHold => "on_hold",
            Self::OutForDelivery => "out_for_delivery",
            Self::AttemptFailed => "attempt_failed",
            Self::AvailableForPickup => "available_for_pickup",
            Self::Exception => "exception",
            Self::ReturnToSender => "return_to_sender",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Returned => "returned",
            Self::Lost => "lost",
            Self::Delivered => "delivered",
        }
    }
}

/// What the sightings mean: by event time, then by rank. `Unknown` and `LabelCreated` never
/// overwrite anything; `Delivered` and `Returned` are left only by a newer correction.
pub fn parcel_status(scans: &BTreeSet<Scan>) -> ParcelStatus {
    // A set of scans iterates by time, then by the rank of the status.
    scans.iter().fold(ParcelStatus::Unknown, |current, scan| {
        let news = scan.status;
        let says_nothing = news <= ParcelStatus::LabelCreated;
        if says_nothing {
            return current.max(news);
        }
        if current.is_final() && !news.corrects() {
            return current;
        }
        news
    })
}

impl Parcel {
    /// What the carrier says about it.
    pub fn status(&self) -> ParcelStatus {
        parcel_status(&self.scans)
    }
}

impl Fulfilment {
    /// The parcel with this number.
    pub fn parcel(&self, number: u16) -> Option<&Parcel> {
        self.parcels.iter().find(|parcel| parcel.number == number)
    }

    /// How far the carrier is with all of it: as far as with the parcel that is furthest behind.
    pub fn seen(&self) -> ParcelStatus {
        let seen = self.parcels.iter().map(Parcel::status);
        seen.min().unwrap_or(ParcelStatus::Unknown)
    }

    /// Whether it left the building for the buyer. What goes to a store is still to be handed out there.
    pub const fn is_shipped(&self) -> bool {
        self.has_left() && self.transfer.is_none()
    }

    /// Whether each of its parcels has its label.
    pub fn is_labelled(&self) -> bool {
        self.parcels.iter().all(Parcel::is_labelled)
    }

    /// Whether the buyer has one of its parcels.
    pub fn has_arrived(&self, parcel: &Parcel) -> bool {
        self.stage == FulfilmentStage::Collected
            || parcel.came_back_at.is_some()
            || (self.is_shipped() && parcel.status() == ParcelStatus::Delivered)
    }

    /// Whether one of its parcels is where it was sent: with the buyer, or at the store.
    pub fn has_reached(&self, parcel: &Parcel) -> bool {
        let delivered = self.is_at_store() || parcel.status() == ParcelStatus::Delivered;
        self.has_arrived(parcel) || (self.transfer.is_some() && self.has_left() && delivered)
    }

    /// Whether the buyer has all of its parcels.
    pub fn is_delivered(&self) -> bool {
        self.parcels.iter().all(|parcel| self.has_arrived(parcel))
    }

    /// Whether the buyer has some of its parcels, and not all.
    pub fn is_partly_delivered(&self) -> bool {
        let mut arrived = self.parcels.iter().map(|parcel| self.has_arrived(parcel));
        arrived.any(|arrived| arrived) && !self.is_delivered()
    }

    /// Whether all of its parcels are to be sent again: it counts no more.
    pub fn is_replaced(&self) -> bool {
        self.parcels
            .iter()
            .all(|parcel| parcel.replaced_at.is_some())
    }

    /// Whether the buyer gets nothing from it: refused, unanswered, cancelled, or handed out by other work.
    pub const fn is_off(&self) -> bool {
        matches!(
            self.stage,
            FulfilmentStage::Transferred
                | FulfilmentStage::Rejected
                | FulfilmentStage::Unanswered
                | FulfilmentStage::Cancelled
                | FulfilmentStage::PickupExpired
        )
    }

    /// Whether its location would not do it.
    pub const fn is_refused(&self) -> bool {
        matches!(
            self.stage,
            FulfilmentStage::Rejected | FulfilmentStage::Unanswered
        )
    }

    /// Whether its location knows nothing of it yet.
    pub const fn is_unasked(&self) -> bool {
        matches!(
            self.stage,
            FulfilmentStage::Planned | FulfilmentStage::Scheduled
        )
    }

    /// Whether its location has not agreed to it yet.
    pub const fn is_open(&self) -> bool {
        self.is_unasked() || matches!(self.stage, FulfilmentStage::Requested)
    }

    /// The word for where a parcel of it is.
    pub fn place_of(&self, parcel: &Parcel) -> &'static str {
        match self.stage {
            FulfilmentStage::HandedOver => with_carrier(parcel.status()),
            FulfilmentStage::Packed if parcel.is_labelled() => "labelled",
            _ => self.word(),
        }
    }

    /// The word for where it is, the carrier's part included.
    pub fn word(&self) -> &'static str {
        match self.stage {
            FulfilmentStage::Planned => "planned",
            FulfilmentStage::Scheduled => "scheduled",
            FulfilmentStage::PickupExpired => "pickup_expired",
            FulfilmentStage::Requested => "requested",
            FulfilmentStage::Accepted => "accepted",
            FulfilmentStage::Picking => "picking",
            FulfilmentStage::Packed => "packed",
            FulfilmentStage::Labelled => "labelled",
            FulfilmentStage::ReadyForPickup => "ready_for_pickup",
            FulfilmentStage::Transferred => "transferred",
            FulfilmentStage::Collected => "collected",
            FulfilmentStage::Rejected => "rejected",
            FulfilmentStage::Unanswered => "unanswered",
            FulfilmentStage::CancelRequested => "cancel_requested",
            FulfilmentStage::Cancelled => "cancelled",
            FulfilmentStage::HandedOver if self.is_partly_delivered() => "partly_delivered",
            FulfilmentStage::HandedOver => with_carrier(self.seen()),
        }
    }
}

/// The word for what the carrier does with a parcel that it has.
const fn with_carrier(seen: ParcelStatus) -> &'static str {
    match seen {
        ParcelStatus::Unknown | ParcelStatus::LabelCreated | ParcelStatus::PickedUp => {
            "handed_over"
        }
        seen => seen.word(),
    }
}

impl Order {
    /// Every parcel of the order, with the work that goes out in it.
    pub fn parcels(&self) -> impl Iterator<Item = (&Fulfilment, &Parcel)> {
        self.fulfilments
            .iter()
            .flat_map(|work| work.parcels.iter().map(move |parcel| (work, parcel)))
    }

    /// The parcel with this number of the fulfilment with that one.
    pub fn parcel(&self, fulfilment: u16, number: u16) -> Option<&Parcel> {
        self.fulfilment(fulfilment)?.parcel(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn scan(second: i64, status: ParcelStatus) -> Scan {
        let at = Timestamp::from_second(second).expect("a time");
        Scan {
            at,
            status,
            code: format!("{status:?}"),
        }
    }

    #[test]
    fn a_late_in_transit_never_leaves_delivered() {
        let scans = [
            scan(2, ParcelStatus::Delivered),
            scan(9, ParcelStatus::InTransit),
        ]
        .into();
        assert_eq!(parcel_status(&scans), ParcelStatus::Delivered);
    }

    #[test]
    fn a_newer_correction_leaves_delivered_and_an_older_one_does_not() {
        let newer = [
            scan(2, ParcelStatus::Delivered),
            scan(3, ParcelStatus::ReturnToSender),
        ]
        .into();
        assert_eq!(parcel_status(&newer), ParcelStatus::ReturnToSender);
        let older = [
            scan(2, ParcelStatus::Delivered),
            scan(1, ParcelStatus::ReturnToSender),
        ]
        .into();
        assert_eq!(parcel_status(&older), ParcelStatus::Delivered);
    }

    proptest! {
        #[test]
        fn unknown_codes_never_move_a_parcel(second in 0_i64..100) {
            let seen = scan(50, ParcelStatus::OutForDelivery);
            let scans = [seen, scan(second, ParcelStatus::Unknown)].into();
            prop_assert_eq!(parcel_status(&scans), ParcelStatus::OutForDelivery);
        }
    }
}
