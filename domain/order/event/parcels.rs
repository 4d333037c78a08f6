//! What the hub notices about parcels by itself, in the past tense.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::packing::{is_only, only};
use super::super::proof::DeliveryProof;

/// What the hub notices about parcels, and what carriers can show for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum ParcelEvent {
    /// A parcel was not seen for too long.
    #[serde(rename = "shipment.overdue")]
    Overdue {
        /// The fulfilment's number.
        fulfilment: u16,
        /// The number of its parcel.
        #[serde(default = "only", skip_serializing_if = "is_only")]
        parcel: u16,
        /// When it was heard of last.
        since: Timestamp,
    },
    /// It was seen again.
    #[serde(rename = "shipment.exception_resolved")]
    ExceptionResolved {
        /// The fulfilment's number.
        fulfilment: u16,
        /// The number of its parcel.
        #[serde(default = "only", skip_serializing_if = "is_only")]
        parcel: u16,
    },
    /// The carrier can show that it was delivered.
    #[serde(rename = "shipment.proof_received")]
    ProofReceived {
        /// The fulfilment's number.
        fulfilment: u16,
        /// The number of its parcel.
        #[serde(default = "only", skip_serializing_if = "is_only")]
        parcel: u16,
        /// What it can show.
        proof: DeliveryProof,
    },
}

impl ParcelEvent {
    /// The public kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Overdue { .. } => "shipment.overdue",
            Self::ExceptionResolved { .. } => "shipment.exception_resolved",
            Self::ProofReceived { .. } => "shipment.proof_received",
        }
    }

    /// The fulfilment and the parcel that it is about.
    pub const fn parcel(&self) -> (u16, u16) {
        match self {
            Self::Overdue {
                fulfilment, parcel, ..
            }
            | Self::ExceptionResolved { fulfilment, parcel }
            | Self::ProofReceived {
                fulfilment, parcel, ..
            } => (*fulfilment, *parcel),
        }
    }
}
