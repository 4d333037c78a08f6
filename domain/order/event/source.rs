//! Events about what an order's own sales channel says of it after it was placed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::LineUnits;
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
        /// Units that are not wanted any more, of an order that does not stand yet: they are cancelled
        /// when it does.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unwanted: Vec<LineUnits>,
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
            Self::CancelAsked { .. } => "order.cancel_asked",
        }
    }
}
