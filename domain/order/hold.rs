//! Holds: they block edges, never states. Any number at once; releasing one releases nothing else.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::command::Edge;

/// A hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Its number within the order, from 1, never used again.
    pub id: u32,
    /// Which part of the order.
    pub scope: HoldScope,
    /// Which edges it blocks.
    pub blocks: Vec<Edge>,
    /// Why: a stable word for the hub's own (`total_mismatch`), a person's words otherwise.
    pub reason: String,
    /// Who placed it: `system` or `operator:<name>`.
    pub owner: String,
    /// Since when.
    pub since: Timestamp,
    /// When it releases itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// The part of an order that a hold is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum HoldScope {
    /// All of it.
    Order,
    /// One fulfilment.
    Fulfilment {
        /// Its number.
        number: u16,
    },
}

impl Hold {
    /// Whether it blocks `edge` for this fulfilment (or for the order as a whole).
    pub fn blocks(&self, edge: Edge, fulfilment: Option<u16>) -> bool {
        let concerns = match self.scope {
            HoldScope::Order => true,
            HoldScope::Fulfilment { number } => fulfilment == Some(number),
        };
        concerns && self.blocks.contains(&edge)
    }
}

impl super::Order {
    /// Whether one of the hub's own holds is in force.
    pub fn is_held_for(&self, reason: &str) -> bool {
        self.holds.iter().any(|hold| hold.reason == reason)
    }
}
