//! Events about where an order goes. They hold no part of an address but the country.

use serde::{Deserialize, Serialize};

use crate::sourcing::Point;

/// What can happen to an order's address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum AddressEvent {
    /// It goes to another address, which was sealed in the same commit.
    #[serde(rename = "order.address_changed")]
    Changed {
        /// The number of the change, from 1.
        change: u16,
        /// ISO 3166 two-letter country.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        destination: Option<String>,
        /// About where that is, to a tenth of a degree.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        point: Option<Point>,
        /// Fulfilments whose labels say the address before.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        keep: Vec<u16>,
        /// Why, in a person's words.
        reason: String,
    },
}

impl AddressEvent {
    /// The public kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Changed { .. } => "order.address_changed",
        }
    }
}
