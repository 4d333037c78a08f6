//! The state of an edit that is being secured. Nothing of it is part of the order: its lines stand
//! here and not in the draft, its tender pays for nothing yet.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::event::LineUnits;
use super::super::reasons::REASON_CHANGED_AT_SOURCE;
use crate::canonical::DraftLine;
use crate::money::Money;

/// An edit of an order that is not part of it (yet).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Editing {
    /// Its number, from 1.
    pub number: u16,
    /// What is added. The lines are numbered after those of the draft, and join it in this order.
    pub lines: Vec<EditedLine>,
    /// What is cancelled once the rest of it is part of the order.
    pub less: Vec<LineUnits>,
    /// What the added lines are worth.
    pub amount: Money,
    /// The tender that pays for them; none where there is nothing to pay.
    pub tender: Option<u16>,
    /// Why, in a person's words.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// The last try of getting stock before it.
    pub attempt: u16,
    /// Why it was refused, while what was taken for it is still being given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl Editing {
    /// Whether the sales channel wants it, and no person here.
    pub fn is_at_source(&self) -> bool {
        self.reason == REASON_CHANGED_AT_SOURCE
    }
}

/// A line that an edit adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditedLine {
    /// The number of the line that it adds units to; none for what the order did not have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adds_to: Option<u16>,
    /// The line.
    pub line: DraftLine,
}
