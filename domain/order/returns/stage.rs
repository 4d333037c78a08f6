//! Where a return is: computed from its evidence, and the table of the moves that may be seen.

use super::super::{ParcelStatus, Scan, parcel_status};
use super::{Return, ReturnDecision};
use crate::quantity::Quantity;

/// Where a return is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReturnStage {
    /// Announced; the rules have not spoken yet.
    Requested,
    /// A person has to decide.
    Review,
    /// It may come.
    Approved,
    /// It may not come, and nobody waits for it.
    Declined,
    /// The label for the way back is there.
    LabelIssued,
    /// Its carrier has it.
    InTransit,
    /// Some of it came; the rest is waited for.
    PartlyReceived,
    /// What came is to be inspected.
    Received,
    /// What came is inspected.
    Inspected,
    /// Money is on its way back for it.
    RefundDue,
    /// Nothing came in time.
    NoShow,
    /// The buyer keeps it.
    Cancelled,
    /// Nothing more is expected.
    Closed,
}

use ReturnStage as At;

/// Every move between two stages that may be seen. A parcel is evidence: it opens again what was
/// thought to be over.
pub const RETURN_MOVES: &[(ReturnStage, &[ReturnStage])] = &[
    (
        At::Requested,
        &[At::Review, At::Approved, At::Declined, At::Received],
    ),
    (
        At::Review,
        &[
            At::Approved,
            At::Declined,
            At::Cancelled,
            At::PartlyReceived,
            At::Received,
            At::Inspected,
        ],
    ),
    (
        At::Approved,
        &[
            At::LabelIssued,
            At::PartlyReceived,
            At::Received,
            At::NoShow,
            At::Cancelled,
        ],
    ),
    (
        At::LabelIssued,
        &[
            At::InTransit,
            At::PartlyReceived,
            At::Received,
            At::NoShow,
            At::Cancelled,
        ],
    ),
    (
        At::InTransit,
        &[
            At::LabelIssued,
            At::PartlyReceived,
            At::Received,
            At::NoShow,
        ],
    ),
    (
        At::PartlyReceived,
        &[At::Received, At::Inspected, At::RefundDue, At::Closed],
    ),
    (At::Received, &[At::Inspected]),
    (At::Inspected, &[At::Received, At::RefundDue, At::Closed]),
    (
        At::RefundDue,
        &[At::PartlyReceived, At::Received, At::Inspected],
    ),
    (At::NoShow, &[At::Received, At::Inspected, At::Closed]),
    (At::Declined, &[At::Review]),
    (At::Cancelled, &[At::Review]),
    (
        At::Closed,
        &[At::PartlyReceived, At::Received, At::Inspected],
    ),
];

impl ReturnStage {
    /// Every stage.
    pub const ALL: [Self; 13] = [
        Self::Requested,
        Self::Review,
        Self::Approved,
        Self::Declined,
        Self::LabelIssued,
        Self::InTransit,
        Self::PartlyReceived,
        Self::Received,
        Self::Inspected,
        Self::RefundDue,
        Self::NoShow,
        Self::Cancelled,
        Self::Closed,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Review => "review",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::LabelIssued => "label_issued",
            Self::InTransit => "in_transit",
            Self::PartlyReceived => "partly_received",
            Self::Received => "received",
            Self::Inspected => "inspected",
            Self::RefundDue => "refund_due",
            Self::NoShow => "no_show",
            Self::Cancelled => "cancelled",
            Self::Closed => "closed",
        }
    }

    /// Whether something is still expected: of the buyer, of a person or of a gateway.
    pub const fn is_open(self) -> bool {
        !matches!(
            self,
            Self::Declined | Self::NoShow | Self::Cancelled | Self::Closed
        )
    }

    /// Whether the table lets a return be seen here and then at `to`.
    pub fn may_become(self, to: Self) -> bool {
        self == to
            || RETURN_MOVES
                .iter()
                .any(|(from, targets)| *from == self && targets.contains(&to))
    }
}

impl Return {
    /// Where it is.
    pub fn stage(&self) -> ReturnStage {
        if self.closed.is_some() {
            return ReturnStage::Closed;
        }
        match self.decision {
            ReturnDecision::Open => return ReturnStage::Requested,
            ReturnDecision::Review => return ReturnStage::Review,
            ReturnDecision::Declined => return ReturnStage::Declined,
            ReturnDecision::Cancelled => return ReturnStage::Cancelled,
            ReturnDecision::Approved => {}
        }
        let awaited = !self.no_show && !self.is_complete();
        match () {
            () if self.owed().is_some() => ReturnStage::RefundDue,
            () if self.parcels.is_empty() && self.no_show => ReturnStage::NoShow,
            () if self.parcels.is_empty() && self.is_on_its_way() => ReturnStage::InTransit,
            () if self.parcels.is_empty() && self.label.is_some() => ReturnStage::LabelIssued,
            () if self.parcels.is_empty() => ReturnStage::Approved,
            () if awaited => ReturnStage::PartlyReceived,
            () if self.is_inspected() => ReturnStage::Inspected,
            () => ReturnStage::Received,
        }
    }

    /// Whether its carrier has it, or had it.
    pub fn is_on_its_way(&self) -> bool {
        let mut seen = self.scans.iter();
        self.label.is_some() && seen.any(|scan| scan.status.implies_shipped())
    }

    /// When its carrier delivered it: a location should have it, and has not said so yet.
    pub fn delivered_at(&self) -> Option<jiff::Timestamp> {
        let delivered = |scan: &&Scan| scan.status == ParcelStatus::Delivered;
        let there = parcel_status(&self.scans) == ParcelStatus::Delivered;
        let seen = self.scans.iter().find(delivered).map(|scan| scan.at);
        seen.filter(|_| there && self.label.is_some())
    }

    /// Whether everything that was announced came.
    pub fn is_complete(&self) -> bool {
        self.missing().is_empty()
    }

    /// Whether everything that came was looked at.
    pub fn is_inspected(&self) -> bool {
        self.lines()
            .all(|line| self.uninspected(line) == Quantity::ZERO)
    }

    /// What was granted and has not gone back yet.
    pub fn owed(&self) -> Option<crate::money::Money> {
        let granted = self.payback.granted?;
        let owed = self
            .payback
            .refunded
            .map_or(granted, |done| granted.less(done));
        Some(owed).filter(|owed| owed.is_positive())
    }
}
