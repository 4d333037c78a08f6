//! What a location's reason for not shipping says about its stock.

use serde::{Deserialize, Serialize};

/// What became of units that a location could not ship.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// The shelf is empty, whatever the count said: the count becomes zero.
    NotThere,
    /// They are broken: these units leave the count.
    Damaged,
}

impl Loss {
    /// What a location's reason for refusing says about its stock; most reasons say nothing.
    pub fn of_reason(reason: &str) -> Option<Self> {
        let word = reason.trim().to_ascii_lowercase().replace([' ', '-'], "_");
        match word.as_str() {
            "not_in_stock" | "out_of_stock" => Some(Self::NotThere),
            "damaged" => Some(Self::Damaged),
            _ => None,
        }
    }
}
