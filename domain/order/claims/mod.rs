//! Claims: units that shipped and did not arrive as they should, without coming back from the buyer. A
//! parcel that is lost or comes back to the sender opens one by itself; people open one for what
//! arrived damaged. A person, or the policy, says how it ends.

mod command;
mod explain;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::{LineUnits, units_of};
use super::returns::Payback;
use super::{Fulfilment, Order, Parcel, ParcelStatus};
use crate::policy::ClaimDefault;
use crate::quantity::Quantity;

pub use command::{ClaimCommand, ClaimRejection};

/// Units that did not arrive as they should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Its number, from 1.
    pub number: u16,
    /// The fulfilment whose parcel it is about.
    pub fulfilment: u16,
    /// The number of the parcel; damaged units may come out of any.
    pub parcel: u16,
    /// What became of the units.
    pub kind: ClaimKind,
    /// The units; none when nobody knows what was in the parcel.
    pub lines: Vec<LineUnits>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
    /// What the buyer got for the units.
    #[serde(default)]
    pub payback: Payback,
}

/// What became of units that shipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    /// The carrier does not find the parcel any more.
    Lost,
    /// The parcel could not be delivered and goes back, or is back.
    ReturnedToSender,
    /// They arrived broken.
    Damaged,
}

impl ClaimKind {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::ReturnedToSender => "returned_to_sender",
            Self::Damaged => "damaged",
        }
    }

    /// What a parcel's status says, if it says that something is wrong for good.
    pub(super) const fn of(parcel: ParcelStatus) -> Option<Self> {
        match parcel {
            ParcelStatus::Lost => Some(Self::Lost),
            ParcelStatus::ReturnToSender | ParcelStatus::Returned => Some(Self::ReturnedToSender),
            _ => None,
        }
    }
}

/// How a claim ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// The units are sent again.
    Reship,
    /// The buyer is paid back.
    Refund,
    /// Neither: the buyer has them after all, or is not to be compensated.
    Deny,
}

impl Resolution {
    /// Every resolution.
    pub const ALL: [Self; 3] = [Self::Reship, Self::Refund, Self::Deny];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reship => "reship",
            Self::Refund => "refund",
            Self::Deny => "deny",
        }
    }

    /// What the policy says without a person, if it does.
    pub(super) const fn of(default: ClaimDefault) -> Option<Self> {
        match default {
            ClaimDefault::Review => None,
            ClaimDefault::Refund => Some(Self::Refund),
            ClaimDefault::Reship => Some(Self::Reship),
        }
    }
}

impl Claim {
    /// Whether somebody, or the policy, has still to say how it ends.
    pub const fn is_open(&self) -> bool {
        self.resolution.is_none()
    }

    /// Whether it is about a parcel with everything in it, not about single units.
    pub const fn is_whole(&self) -> bool {
        !matches!(self.kind, ClaimKind::Damaged)
    }

    /// Units of a line that it speaks for, of those that the buyer has from this fulfilment.
    fn speaks_for(&self, work: &Fulfilment, line: u16) -> Quantity {
        let here = |parcel: &Parcel| work.has_arrived(parcel) && parcel.replaced_at.is_none();
        let elsewhere = self.is_whole() && !work.parcel(self.parcel).is_some_and(here);
        if elsewhere || self.resolution == Some(Resolution::Deny) {
            return Quantity::ZERO;
        }
        units_of(&self.lines, line).min(work.arrived(line))
    }

    /// Units that the buyer is to be paid back for and is not yet.
    pub fn unsettled(&self) -> Vec<LineUnits> {
        if self.resolution != Some(Resolution::Refund) {
            return Vec::new();
        }
        let left = self.lines.iter().map(|units| LineUnits {
            line: units.line,
            quantity: units
                .quantity
                .minus(units_of(&self.payback.settled, units.line)),
        });
        left.filter(|units| !units.quantity.is_zero()).collect()
    }
}

impl Order {
    /// The claim with this number.
    pub fn claim(&self, number: u16) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.number == number)
    }

    /// The claim about a whole parcel, if there is one.
    pub(in crate::order) fn parcel_claim(&self, fulfilment: u16, parcel: u16) -> Option<&Claim> {
        let about = |claim: &&Claim| claim.fulfilment == fulfilment && claim.parcel == parcel;
        let mut claims = self.claims.iter().filter(about);
        claims.find(|claim| claim.is_whole())
    }

    /// The units that a claim is about; `None` when nobody knows what was in its parcel.
    pub fn claimed_units(&self, claim: &Claim) -> Option<Vec<LineUnits>> {
        if !claim.lines.is_empty() || !claim.is_whole() {
            return Some(claim.lines.clone());
        }
        let work = self.fulfilment(claim.fulfilment)?;
        work.contents(work.parcel(claim.parcel)?)
    }

    /// Units of a line in a fulfilment that the buyer has and that no claim speaks for.
    pub(in crate::order) fn unclaimed(&self, work: &Fulfilment, line: u16) -> Quantity {
        let here = |claim: &&Claim| claim.fulfilment == work.number;
        let claims = self.claims.iter().filter(here);
        let claimed = Quantity::sum(claims.map(|claim| claim.speaks_for(work, line)));
        work.arrived(line).minus(claimed)
    }

    /// Units of a line that arrived and that a claim speaks for.
    pub(in crate::order) fn in_claims(&self, line: u16) -> Quantity {
        let claims = self.claims.iter().filter_map(|claim| {
            let work = self.fulfilment(claim.fulfilment)?;
            Some(claim.speaks_for(work, line))
        });
        Quantity::sum(claims)
    }

    /// Units of a line that the buyer was paid back for without sending them back.
    pub(in crate::order) fn claimed_back(&self, line: u16) -> Quantity {
        let claims = self.claims.iter();
        Quantity::sum(claims.map(|claim| units_of(&claim.payback.settled, line)))
    }
}
