//! The rules of claims as data: what becomes of parcels that do not arrive, without a person.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// What becomes of parcels that do not arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimPolicy {
    /// What becomes of a parcel that the carrier has lost.
    pub lost: ClaimDefault,
    /// What becomes of a parcel that is back at the sender.
    pub returned_to_sender: ClaimDefault,
    /// Units of a parcel that is back at the sender go back on the shelf.
    pub restock_returned: bool,
    /// How long a parcel may not be seen before it counts as overdue.
    pub overdue_after: SignedDuration,
}

/// What becomes of a parcel that did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimDefault {
    /// A person says.
    Review,
    /// The buyer is paid back.
    Refund,
    /// The units are sent again.
    Reship,
}

impl ClaimDefault {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Refund => "refund",
            Self::Reship => "reship",
        }
    }
}

impl Default for ClaimPolicy {
    fn default() -> Self {
        Self {
            lost: ClaimDefault::Review,
            returned_to_sender: ClaimDefault::Refund,
            restock_returned: true,
            overdue_after: SignedDuration::from_hours(7 * 24),
        }
    }
}
