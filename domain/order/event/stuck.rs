//! Events about an order that does not go on by itself, and that does again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why an order is stuck.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum StuckBy {
    /// The hub itself put it on hold for a person.
    Hold {
        /// The hub's word for why.
        reason: String,
    },
    /// The tries of a call have failed for longer than policy bears.
    Call {
        /// What is asked for: `buy_label`, ...
        effect: String,
    },
}

/// What is said of an order that does not go on by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum StuckEvent {
    /// It does not go on by itself any more. Said once, until it goes on.
    #[serde(rename = "order.stuck")]
    Stuck {
        /// Why.
        by: StuckBy,
        /// What a person does about it, if anything helps.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recommended: Option<String>,
    },
    /// It goes on again, or has ended.
    #[serde(rename = "order.unstuck")]
    Unstuck {
        /// Since when it was stuck.
        since: Timestamp,
    },
}

impl StuckEvent {
    /// The public kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Stuck { .. } => "order.stuck",
            Self::Unstuck { .. } => "order.unstuck",
        }
    }
}
