//! Proof of delivery: what a carrier can show for a parcel that it says it has delivered. Who signed is
//! personal and never kept; that somebody did is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a carrier can show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryProof {
    /// When the parcel was delivered, as the carrier says.
    pub at: Timestamp,
    /// Somebody signed for it.
    pub signed: bool,
    /// Where the proof can be seen, or what it is called there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

impl DeliveryProof {
    /// What two reports show together, whichever came first.
    #[must_use]
    pub fn merged(self, other: &Self) -> Self {
        Self {
            at: self.at.min(other.at),
            signed: self.signed || other.signed,
            reference: self.reference.max(other.reference.clone()),
        }
    }
}

/// A carrier's report of a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFact {
    /// The carrier's tracking number.
    pub tracking_number: String,
    /// Whose number it is, as with sightings.
    pub carrier: Option<String>,
    /// What it can show.
    pub proof: DeliveryProof,
}
