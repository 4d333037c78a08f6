//! What a sales channel says about an order of its own after it was placed, and what an order remembers
//! of it. What follows from it is decided in `decide::source`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::LineUnits;
use crate::canonical::{Address, DraftLine, OrderDraft};
use crate::money::Money;
use crate::quantity::Quantity;

/// What a sales channel says about an order that it sent before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelFact {
    /// It was cancelled there.
    Cancelled {
        /// When.
        at: Timestamp,
    },
    /// It was paid there.
    Paid {
        /// The channel's reference.
        reference: Option<String>,
    },
    /// The buyer wants it cancelled, and the retailer is asked.
    CancelAsked {
        /// What the channel calls the wish; the same for every repeat.
        reference: String,
    },
    /// The channel gave money back that it had taken.
    Refunded {
        /// The channel's own reference of the refund; the same for every repeat.
        reference: String,
        /// How much.
        amount: Money,
        /// When.
        at: Option<Timestamp>,
    },
    /// The channel states the sum of what it gave back so far, and names no movement.
    RefundedSoFar {
        /// How much in all.
        amount: Money,
        /// When the last of it, if it says so.
        at: Option<Timestamp>,
    },
    /// Whether it keeps the order from being shipped, as it stands there now.
    KeptBack {
        /// It does.
        kept: bool,
    },
    /// The order as the channel states it now.
    Restated(Box<Restatement>),
}

impl ChannelFact {
    /// Whether an order that is new has it in what it is placed with.
    pub const fn is_in_the_order(&self) -> bool {
        matches!(
            self,
            Self::Cancelled { .. } | Self::Paid { .. } | Self::Restated(_)
        )
    }
}

/// An order as its channel states it after it was placed.
#[derive(Clone, PartialEq, Eq)]
pub struct Restatement {
    /// All of it. Without a time of its change it cannot be told from an older one, and is not used.
    pub draft: OrderDraft,
    /// Units per line that are still wanted or were sent, where the draft counts others.
    pub wanted: BTreeMap<String, Quantity>,
    /// Where it goes, if the channel says so. Kept sealed beside the log.
    pub ship_to: Option<Address>,
    /// The channel has the money for all that it states.
    pub paid: bool,
}

/// Prints no address: facts may be printed, addresses may not.
impl fmt::Debug for Restatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Restatement")
            .field("changed_at", &self.draft.changed_at)
            .finish_non_exhaustive()
    }
}

impl Restatement {
    /// Units of a line that the channel wants now; none of a line that it does not state any more.
    pub fn wants(&self, line: &str) -> Quantity {
        let stated = || {
            let mut lines = self.draft.lines.iter();
            let same = lines.find(|stated| stated.external_id == line);
            same.map_or(Quantity::ZERO, |stated| stated.quantity)
        };
        self.wanted.get(line).copied().unwrap_or_else(stated)
    }
}

/// What an order remembers of what its channel said, and of what the channel has to hear.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtSource {
    /// When the channel changed it last, as far as we heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// Units per line as the channel stated them last, where they differ from the order as it came.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub quantities: BTreeMap<String, Quantity>,
    /// Units that the channel does not want any more, until they can be cancelled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unwanted: Vec<LineUnits>,
    /// More units of the order's lines that the channel wants, until they can be added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<LineUnits>,
    /// Lines that the order did not have and the channel wants, until they can be added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub new_lines: Vec<DraftLine>,
    /// The channel wants more than it says that it was paid for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unpaid: bool,
    /// The channel keeps the order from being shipped, as far as we heard.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub kept_back: bool,
    /// Wishes to cancel that were heard.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub asked: BTreeSet<String>,
    /// Parts that the hub cancelled, and what the channel gives back for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<CutPart>,
}

/// A part of an order that the hub cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutPart {
    /// What.
    pub lines: Vec<LineUnits>,
    /// What of its worth the channel has taken.
    pub amount: Money,
}

impl AtSource {
    /// What the channel wants beside is not wanted any more, or is being secured.
    pub(super) fn forget_added(&mut self) {
        self.added.clear();
        self.new_lines.clear();
    }

    /// Whether there is nothing to remember.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}
