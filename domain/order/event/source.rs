//! Events about what an order's own sales channel says of it after it was placed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::LineUnits;
use crate::canonical::DraftLine;
use crate::quantity::Quantity;

/// What the channel says of an order after it was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum SourceEvent {
    /// It states the order anew. What follows from it stands in events of its own.
    #[serde(rename = "order.restated")]
    Restated {
        /// When it was changed there.
        changed_at: Timestamp,
        /// Units per line where they differ from the order as it came.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        quantities: BTreeMap<String, Quantity>,
        /// Units that are not wanted any more, and are cancelled as soon as they can be.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unwanted: Vec<LineUnits>,
        /// More units of the order's lines, which are added as soon as they can be.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        added: Vec<LineUnits>,
        /// Lines that the order does not have, which are added as soon as they can be.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        new_lines: Vec<DraftLine>,
        /// The channel wants more than it says that it was paid for.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unpaid: bool,
    },
    /// It keeps the order from being shipped, or does so no longer.
    #[serde(rename = "order.kept_back")]
    KeptBack {
        /// It does.
        kept: bool,
    },
    /// The buyer wants it cancelled.
    #[serde(rename = "order.cancel_asked")]
    CancelAsked {
        /// What the channel calls the wish.
        reference: String,
    },
}

impl SourceEvent {
    /// The public kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Restated { .. } => "order.restated",
            Self::KeptBack { .. } => "order.kept_back",
            Self::CancelAsked { .. } => "order.cancel_asked",
        }
    }
}
