//! What may be asked about returns, and why it is refused.

use crate::ids::LocationCode;
use crate::money::Money;
use crate::quantity::Quantity;

use super::Disposition;

/// A request about a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReturnCommand {
    /// The buyer wants to send units back.
    Open {
        /// Lines by the channel's line id; everything that can come back when absent.
        lines: Option<Vec<(String, Quantity)>>,
        /// Why, in a person's words.
        reason: String,
    },
    /// A parcel from the buyer that nobody announced.
    ReceiveUnannounced {
        /// What came.
        parcel: Arrival,
        /// Why it is thought to belong to the order, in a person's words.
        reason: String,
    },
    /// It may come back.
    Approve {
        /// Which return.
        number: u16,
        /// Why, in a person's words.
        reason: String,
        /// The label for the way back: carrier, tracking number and what it cost.
        label: Option<(String, String, Option<Money>)>,
    },
    /// It may not come back.
    Decline {
        /// Which return.
        number: u16,
        /// Why, in a person's words.
        reason: String,
    },
    /// A parcel of it came.
    Receive {
        /// Which return.
        number: u16,
        /// What came.
        parcel: Arrival,
    },
    /// Units of it were looked at.
    Inspect {
        /// Which return.
        number: u16,
        /// What was found.
        lines: Vec<InspectedLine>,
        /// What was found of everything else that came.
        rest: Option<Disposition>,
    },
    /// Nothing more is expected of it.
    Close {
        /// Which return.
        number: u16,
        /// Why, in a person's words.
        reason: String,
    },
}

/// A parcel that a location opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Its name: a tracking number, or what the location calls it. The same parcel told again adds
    /// nothing. A number of the hub's when absent.
    pub parcel: Option<String>,
    /// Where it was opened.
    pub location: LocationCode,
    /// What was in it; everything that was announced and has not come when absent.
    pub lines: Option<Vec<ReceivedLine>>,
}

/// Something in a parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceivedLine {
    /// Units of one of the order's lines, by the channel's line id.
    Line(String, Quantity),
    /// Something that the order never had, as the location spells it.
    Unexpected(String, Quantity),
}

/// What was found of units of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectedLine {
    /// The channel's line id.
    pub line: String,
    /// How many units.
    pub quantity: Quantity,
    /// What becomes of them.
    pub disposition: Disposition,
    /// Whether they are paid back; by policy when absent.
    pub accepted: Option<bool>,
}

impl ReturnCommand {
    /// The word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Open { .. } => "return",
            Self::Approve { .. } => "approve-return",
            Self::Decline { .. } => "decline-return",
            Self::Receive { .. } | Self::ReceiveUnannounced { .. } => "receive-return",
            Self::Inspect { .. } => "inspect-return",
            Self::Close { .. } => "close-return",
        }
    }
}

/// Why a request about a return is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReturnRejection {
    /// There is no such return.
    #[error("the order has no return {0}")]
    NoSuchReturn(u16),
    /// Its stage does not allow it.
    #[error("a return that is {stage} cannot be {verb}")]
    WrongStage {
        /// Where it is.
        stage: &'static str,
        /// What was asked, as a participle: "approved".
        verb: &'static str,
    },
    /// The buyer has nothing that could come back.
    #[error("the buyer has nothing of it that could come back")]
    NothingToReturn,
    /// The order has no such line.
    #[error("the order has no line \"{line}\"")]
    NoSuchLine {
        /// The channel's line id.
        line: String,
        /// Its place in the request, from 0.
        place: usize,
    },
    /// More than there can be.
    #[error("line \"{line}\" has {left} left {to}")]
    TooMany {
        /// The channel's line id.
        line: String,
        /// Its place in the request, from 0.
        place: usize,
        /// How many there are.
        left: Quantity,
        /// What for: "to come back".
        to: &'static str,
    },
    /// There is no such location.
    #[error("there is no location \"{0}\"")]
    NoSuchLocation(LocationCode),
    /// Something that came was not looked at.
    #[error("{0} of what came is not inspected yet")]
    NotInspected(Quantity),
}

impl ReturnRejection {
    /// The stable code that clients branch on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSuchReturn(_) => "no_such_return",
            Self::WrongStage { .. } | Self::NotInspected(_) => "wrong_stage",
            Self::NothingToReturn => "nothing_to_return",
            Self::NoSuchLine { .. } => "no_such_line",
            Self::TooMany { .. } => "too_many",
            Self::NoSuchLocation(_) => "no_such_location",
        }
    }

    /// The part of the request that is wrong, as a JSON pointer, if one is.
    pub fn pointer(&self) -> Option<String> {
        match self {
            Self::NoSuchLine { place, .. } => Some(format!("/lines/{place}/line")),
            Self::TooMany { place, .. } => Some(format!("/lines/{place}/quantity")),
            Self::NoSuchLocation(_) => Some("/location".to_owned()),
            _ => None,
        }
    }
}
