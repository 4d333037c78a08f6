//! What a sales channel is told about an order of its own. That it is told, and when, is decided in
//! `decide::notice`; in which words, its connector knows.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::order::LineUnits;

/// What a sales channel is told about an order of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "notice")]
pub enum Notice {
    /// The order stands: its stock and its money are secured.
    Accepted,
    /// A fulfilment has left the building, with its tracking number if it has one.
    Shipped {
        /// The fulfilment's number.
        fulfilment: u16,
    },
    /// Nothing of the order will be shipped.
    Cancelled,
    /// Some units will not be shipped; the rest goes on.
    PartCancelled {
        /// Which part, counted from 1.
        part: u16,
        /// What.
        lines: Vec<LineUnits>,
        /// What the channel, which took the money, gives the buyer back for it.
        amount: Money,
        /// The channel's names of what was known to be given back when it was asked: another one like it may
        /// be this. Nothing in logs that are older.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        given: Option<BTreeSet<String>>,
    },
    /// The buyer gets money back that the channel took.
    Refund {
        /// For what.
        of: RefundOf,
        /// The first, the second, ... for the same.
        nth: u16,
        /// The units it is for.
        lines: Vec<LineUnits>,
        /// How much.
        amount: Money,
        /// As of a part that is cancelled.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        given: Option<BTreeSet<String>>,
    },
}

/// What the buyer gets money back for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "for", content = "number")]
pub enum RefundOf {
    /// Units that came back.
    Return(u16),
    /// Units that did not arrive as they should.
    Claim(u16),
    /// Units that came back, of whose worth not all went out again.
    Exchange(u16),
}

/// Kinds of notices: what a channel may be able to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// That an order stands.
    Accepted,
    /// That something has left the building.
    Shipped,
    /// That nothing will be shipped.
    Cancelled,
    /// That some units will not be shipped.
    PartCancelled,
    /// That money goes back.
    Refund,
}

impl Topic {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::Accepted,
        Self::Shipped,
        Self::Cancelled,
        Self::PartCancelled,
        Self::Refund,
    ];
}

impl Notice {
    /// Its kind.
    pub const fn topic(&self) -> Topic {
        match self {
            Self::Accepted => Topic::Accepted,
            Self::Shipped { .. } => Topic::Shipped,
            Self::Cancelled => Topic::Cancelled,
            Self::PartCancelled { .. } => Topic::PartCancelled,
            Self::Refund { .. } => Topic::Refund,
        }
    }

    /// Whether the channel gives the buyer money back for it.
    pub fn gives_back(&self) -> bool {
        match self {
            Self::PartCancelled { amount, .. } | Self::Refund { amount, .. } => !amount.is_zero(),
            _ => false,
        }
    }

    /// Whether two say the same thing, whatever they say of its amount.
    pub fn is_same_news(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::PartCancelled { part, .. }, Self::PartCancelled { part: same, .. }) => {
                part == same
            }
            (
                Self::Refund { of, nth, .. },
                Self::Refund {
                    of: what,
                    nth: same,
                    ..
                },
            ) => (of, nth) == (what, same),
            _ => self == other,
        }
    }
}
