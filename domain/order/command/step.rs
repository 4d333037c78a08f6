//! Steps that people at a location take, as they ask for them.

use super::StatedLines;
use crate::order::packing::StatedParcel;
use crate::quantity::Quantity;

/// A step that a location takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FulfilmentStep {
    /// Take the work.
    Accept,
    /// Refuse the work.
    Reject {
        /// Why.
        reason: String,
    },
    /// Units were picked; `None` is everything that is left.
    Pick {
        /// Lines by the channel's line id.
        lines: Option<Vec<(String, Quantity)>>,
    },
    /// These units were picked, and nothing more of it can be.
    PickShort {
        /// Lines by the channel's line id.
        lines: StatedLines,
        /// Why the rest cannot be picked: it decides what becomes of its units.
        reason: String,
    },
    /// Everything is packed, into one parcel.
    Pack,
    /// Everything is packed into these parcels.
    PackInto {
        /// Each with what is in it, or none of them.
        parcels: Vec<StatedParcel>,
    },
    /// The carrier takes it.
    HandOver,
    /// The buyer can collect it.
    Ready,
    /// The buyer has it.
    Collect,
}
