//! What the hub notices about parcels by itself, in the past tense.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::packing::{is_only, only};
use super::super::proof::DeliveryProof;
use super::super::transit::TransitTime;

/// What the hub notices about parcels, and what carriers can show for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum ParcelEvent {
    /// The carrier has a parcel, and its lane says from when on it is overdue. Where the lane says nothing
    /// there is no such event, and the policy's time holds.
    #[serde(rename = "shipment.watched")]
    Watched {
        /// The fulfilment's number.
        fulfilment: u16,
        /// The number of its parcel.
        #[serde(default = "only", skip_serializing_if = "is_only")]
        parcel: u16,
        /// How long it may not be seen, and from how many deliveries that was computed.
        #[serde(flatten)]
        time: TransitTime,
    },
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
        /// The time of its lane that is over; none where it was the policy's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lane: Option<TransitTime>,
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
            Self::Watched { .. } => "shipment.watched",
            Self::Overdue { .. } => "shipment.overdue",
            Self::ExceptionResolved { .. } => "shipment.exception_resolved",
            Self::ProofReceived { .. } => "shipment.proof_received",
        }
    }

    /// The fulfilment and the parcel that it is about.
    pub const fn parcel(&self) -> (u16, u16) {
        match self {
            Self::Watched {
                fulfilment, parcel, ..
            }
            | Self::Overdue {
                fulfilment, parcel, ..
            }
            | Self::ExceptionResolved { fulfilment, parcel }
            | Self::ProofReceived {
                fulfilment, parcel, ..
            } => (*fulfilment, *parcel),
        }
    }
}
