//! What may be asked about claims, and why it is refused.

use super::Resolution;
use crate::quantity::Quantity;

/// A request about a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimCommand {
    /// Units arrived damaged, and the buyer keeps them.
    Open {
        /// The fulfilment that they came with.
        fulfilment: u16,
        /// The number of the parcel; any that fits when absent.
        parcel: Option<u16>,
        /// Lines by the channel's line id; everything of the fulfilment when absent.
        lines: Option<Vec<(String, Quantity)>>,
        /// Why, in a person's words.
        reason: String,
    },
    /// Says how a claim ends.
    Resolve {
        /// Which claim.
        number: u16,
        /// How.
        resolution: Resolution,
        /// What was in the parcel, by the channel's line id, where nobody has said yet.
        lines: Option<Vec<(String, Quantity)>>,
        /// Why, in a person's words.
        reason: String,
    },
}

impl ClaimCommand {
    /// The word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Open { .. } => "claim",
            Self::Resolve { .. } => "resolve-claim",
        }
    }
}

/// Why a request about a claim is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimRejection {
    /// There is no such claim.
    #[error("the order has no claim {0}")]
    NoSuchClaim(u16),
    /// It has ended otherwise.
    #[error("claim {number} has ended with {resolution}")]
    Ended {
        /// Which.
        number: u16,
        /// How.
        resolution: &'static str,
    },
    /// The parcel is not with the buyer.
    #[error("fulfilment {0} was not delivered; a lost parcel opens its claim by itself")]
    NotDelivered(u16),
    /// Another claim speaks for the units already, or there are none.
    #[error("line \"{line}\" has {left} left to claim in it")]
    TooMany {
        /// The channel's line id.
        line: String,
        /// Its place in the request, from 0.
        place: usize,
        /// How many there are.
        left: Quantity,
    },
    /// Nothing of the fulfilment can be claimed.
    #[error("nothing of fulfilment {0} is left to claim")]
    NothingToClaim(u16),
    /// There is no such parcel.
    #[error("fulfilment {fulfilment} has no parcel {parcel}")]
    NoSuchParcel {
        /// The fulfilment's number.
        fulfilment: u16,
        /// The parcel's number.
        parcel: u16,
    },
    /// Nobody has said what was in the parcel, so nobody can be paid for it or sent it again.
    #[error("nobody has said what was in the parcel of claim {0}: give its lines")]
    UnitsUnknown(u16),
    /// It is known what the claim is about.
    #[error("it is known what claim {0} is about: leave lines out")]
    UnitsKnown(u16),
    /// Single units cannot be sent again.
    #[error("only a whole parcel that was lost or came back can be sent again; refund or deny it")]
    NotReshippable,
    /// A store waits for it.
    #[error(
        "the store waits for fulfilment {0}: make it ready if it is there after all, else reship or refund it"
    )]
    AwaitedAtStore(u16),
}

impl ClaimRejection {
    /// The stable code that clients branch on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSuchClaim(_) => "no_such_claim",
            Self::Ended { .. }
            | Self::NotDelivered(_)
            | Self::NotReshippable
            | Self::AwaitedAtStore(_) => "wrong_stage",
            Self::TooMany { .. } => "too_many",
            Self::NothingToClaim(_) => "nothing_to_claim",
            Self::NoSuchParcel { .. } => "no_such_parcel",
            Self::UnitsUnknown(_) => "units_unknown",
            Self::UnitsKnown(_) => "units_known",
        }
    }

    /// The part of the request that is wrong, as a JSON pointer, if one is.
    pub fn pointer(&self) -> Option<String> {
        match self {
            Self::TooMany { place, .. } => Some(format!("/lines/{place}/quantity")),
            Self::UnitsUnknown(_) | Self::UnitsKnown(_) => Some("/lines".to_owned()),
            Self::NoSuchParcel { .. } => Some("/parcel".to_owned()),
            _ => None,
        }
    }
}
