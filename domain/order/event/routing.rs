//! Events about who does which part of the work: sourcing, splits, merges, moves, short picks and
//! cancelled parts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::fact::PickedLine;
use crate::ids::{EffectId, LocationCode};
use crate::sourcing::Sourced;

/// What can happen to the routing of an order's work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum Routing {
    /// Locations were chosen, and what that rests on.
    #[serde(rename = "order.sourced")]
    Sourced(Box<Sourced>),
    /// A piece of work became two.
    #[serde(rename = "order.split")]
    Split {
        /// The fulfilment that gives units.
        fulfilment: u16,
        /// The new one.
        child: u16,
        /// The try that the new one's holds stand under.
        attempt: u16,
        /// What the new one is about.
        lines: Vec<PickedLine>,
        /// The request for the larger work, which is not wanted any more.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        closes: Vec<EffectId>,
    },
    /// Two pieces of work of one location became one.
    #[serde(rename = "fulfilment.merged")]
    Merged {
        /// The fulfilment that goes on.
        fulfilment: u16,
        /// The one that ends in it.
        from: u16,
        /// The try that the holds of both stand under from now on.
        attempt: u16,
        /// The requests for the two, which are not wanted any more.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        closes: Vec<EffectId>,
    },
    /// Work is taken from its location, to be done by another.
    #[serde(rename = "fulfilment.moved")]
    Moved {
        /// The fulfilment.
        fulfilment: u16,
        /// Where to, when somebody said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<LocationCode>,
        /// Why.
        reason: String,
    },
    /// Work is not asked for before a time.
    #[serde(rename = "fulfilment.scheduled")]
    Scheduled {
        /// The fulfilment.
        fulfilment: u16,
        /// When it may be asked for.
        not_before: Timestamp,
        /// Why.
        reason: String,
        /// The request for it, which came too early.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        closes: Vec<EffectId>,
    },
    /// A location has picked all that it could find; the rest is looked for elsewhere.
    #[serde(rename = "fulfilment.short_picked")]
    ShortPicked {
        /// The fulfilment that goes on with what was picked.
        fulfilment: u16,
        /// The refused rest, under a number of its own.
        child: u16,
        /// The try that the rest's holds stand under.
        attempt: u16,
        /// What was not picked.
        lines: Vec<PickedLine>,
        /// Why: it decides what becomes of the units.
        reason: String,
    },
    /// Nobody came for what was ready.
    #[serde(rename = "fulfilment.pickup_expired")]
    PickupExpired {
        /// The fulfilment.
        fulfilment: u16,
    },
    /// Somebody wants a part of the order to end.
    #[serde(rename = "order.part_cancel_requested")]
    PartCancelRequested {
        /// What.
        lines: Vec<PickedLine>,
        /// Why.
        reason: String,
    },
    /// These units of a fulfilment are to be cancelled as soon as its location has stopped.
    #[serde(rename = "fulfilment.part_withdrawn")]
    PartWithdrawn {
        /// The fulfilment.
        fulfilment: u16,
        /// Which of its units.
        lines: Vec<PickedLine>,
    },
    /// The location has stopped; what was not cancelled stays there, for work of its own.
    #[serde(rename = "fulfilment.rest_kept")]
    RestKept {
        /// The fulfilment that was stopped.
        fulfilment: u16,
        /// The try that the holds of the rest stand under.
        attempt: u16,
        /// What stays.
        lines: Vec<PickedLine>,
    },
    /// A part could not be cancelled any more: it has shipped, or its location does not stop.
    #[serde(rename = "order.part_cancel_refused")]
    PartCancelRefused {
        /// What.
        lines: Vec<PickedLine>,
        /// Why.
        reason: String,
    },
}

impl Routing {
    /// The public kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Sourced(_) => "order.sourced",
            Self::Split { .. } => "order.split",
            Self::Merged { .. } => "fulfilment.merged",
            Self::Moved { .. } => "fulfilment.moved",
            Self::Scheduled { .. } => "fulfilment.scheduled",
            Self::ShortPicked { .. } => "fulfilment.short_picked",
            Self::PickupExpired { .. } => "fulfilment.pickup_expired",
            Self::PartCancelRequested { .. } => "order.cancel_requested",
            Self::PartWithdrawn { .. } => "fulfilment.part_withdrawn",
            Self::RestKept { .. } => "fulfilment.rest_kept",
            Self::PartCancelRefused { .. } => "order.cancel_refused",
        }
    }

    /// The open effects that it closes.
    pub fn closes(&self) -> &[EffectId] {
        match self {
            Self::Split { closes, .. }
            | Self::Merged { closes, .. }
            | Self::Scheduled { closes, .. } => closes,
            _ => &[],
        }
    }
}
