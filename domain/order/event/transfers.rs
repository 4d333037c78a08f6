//! Events about units on their way to the store where the buyer collects them.

use serde::{Deserialize, Serialize};

/// What happens to parcels that other locations send to a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum TransferEvent {
    /// They are at the store: the carrier has delivered all of them, or somebody there says so.
    #[serde(rename = "fulfilment.arrived")]
    Arrived {
        /// The fulfilment that sent them.
        fulfilment: u16,
    },
    /// They are on their way, and not wanted any more: when they arrive they are the store's.
    #[serde(rename = "fulfilment.withdrawn")]
    Withdrawn {
        /// The fulfilment that sent them.
        fulfilment: u16,
        /// Why.
        reason: String,
    },
}

impl TransferEvent {
    /// The public kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Arrived { .. } => "fulfilment.arrived",
            Self::Withdrawn { .. } => "fulfilment.cancelled",
        }
    }

    /// The fulfilment that it is about.
    pub const fn fulfilment(&self) -> u16 {
        match self {
            Self::Arrived { fulfilment } | Self::Withdrawn { fulfilment, .. } => *fulfilment,
        }
    }
}
