//! Holds: they block edges, never states. Any number at once; releasing one releases nothing else.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::command::Edge;
use super::event::units_of;
use super::state::Order;

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
    /// When its time is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What happens then.
    #[serde(default, skip_serializing_if = "OnExpiry::is_release")]
    pub on_expiry: OnExpiry,
}

/// What happens when a hold's time is over and nobody has released it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExpiry {
    /// It ends, and the order goes on.
    #[default]
    Release,
    /// It ends, and the order is cancelled as far as it has not shipped.
    Cancel,
}

impl OnExpiry {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Cancel => "cancel",
        }
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands a reference over"
    )]
    const fn is_release(&self) -> bool {
        matches!(self, Self::Release)
    }
}

/// The part of an order that a hold is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum HoldScope {
    /// All of it.
    Order,
    /// One line, and the fulfilments that it is a part of.
    Line {
        /// The channel's id of the line.
        line: String,
    },
    /// One fulfilment.
    Fulfilment {
        /// Its number.
        number: u16,
    },
}

impl Order {
    /// Whether one of the hub's own holds is in force.
    pub fn is_held_for(&self, reason: &str) -> bool {
        self.holds.iter().any(|hold| hold.reason == reason)
    }

    /// The hold that blocks `edge`, for this fulfilment or for the order as a whole. Money is taken
    /// and given back for the whole order, and a basket is reserved as a whole: so a hold on a part of
    /// it that blocks money blocks all money, and one that blocks reserving does so while units of that
    /// part have to be found.
    pub fn blocking(&self, edge: Edge, fulfilment: Option<u16>) -> Option<&Hold> {
        let concerns = |hold: &&Hold| match (&hold.scope, fulfilment) {
            (HoldScope::Order, _) => true,
            (HoldScope::Fulfilment { number }, Some(asked)) => *number == asked,
            (HoldScope::Line { line }, Some(asked)) => self.line_of(line).is_some_and(|line| {
                let work = self.fulfilment(asked);
                work.is_some_and(|work| !units_of(&work.lines, line).is_zero())
            }),
            (_, None) if matches!(edge, Edge::Capture | Edge::Refund) => true,
            (scope, None) => {
                let lines = self.lines_in(scope);
                lines
                    .into_iter()
                    .any(|line| !self.uncovered(line).is_zero())
            }
        };
        let mut blocking = self.holds.iter().filter(|hold| hold.blocks.contains(&edge));
        blocking.find(concerns)
    }

    /// The number of the line with this id of the channel.
    pub(super) fn line_of(&self, external_id: &str) -> Option<u16> {
        let named = |number: &u16| {
            let line = self.line(*number);
            line.is_some_and(|line| line.external_id == external_id)
        };
        self.line_numbers().find(named)
    }

    fn lines_in(&self, scope: &HoldScope) -> Vec<u16> {
        match scope {
            HoldScope::Order => self.line_numbers().collect(),
            HoldScope::Line { line } => self.line_of(line).into_iter().collect(),
            HoldScope::Fulfilment { number } => {
                let work = self.fulfilment(*number).into_iter();
                work.flat_map(|work| &work.lines)
                    .map(|units| units.line)
                    .collect()
            }
        }
    }
}
