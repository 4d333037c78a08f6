//! Events about edits of an order that stands: proposed, and then applied or refused as a whole.

use serde::{Deserialize, Serialize};

use super::super::fact::PickedLine;
use super::super::ledger::Posting;
use super::super::state::EditedLine;
use crate::money::Money;

/// What can happen to an edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum EditEvent {
    /// A person wants more than was ordered. The order is as before until its units and its money are
    /// secured.
    #[serde(rename = "order.edit_proposed")]
    Proposed {
        /// The edit's number.
        edit: u16,
        /// What is to be added.
        lines: Vec<EditedLine>,
        /// What is to be cancelled once that is done.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        less: Vec<PickedLine>,
        /// What the added lines are worth.
        amount: Money,
        /// What units that came back pay of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        credit: Option<Money>,
        /// The exchange that it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exchange: Option<u16>,
        /// The number of the tender that is to pay for them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tender: Option<u16>,
        /// The tender whose means of payment it uses.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        means: Option<u16>,
        /// Why, in a person's words.
        reason: String,
    },
    /// Its units and its money are secured: the order has it from here on.
    #[serde(rename = "order.edit_applied")]
    Applied {
        /// The edit's number.
        edit: u16,
        /// What was added.
        lines: Vec<EditedLine>,
        /// What it is worth.
        amount: Money,
        /// What the order comes to with it.
        total: Money,
        /// The number of the tender that pays for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tender: Option<u16>,
        /// What moved in the order's ledger.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        postings: Vec<Posting>,
    },
    /// It will not be part of the order; what was taken for it goes back.
    #[serde(rename = "order.edit_refused")]
    Refused {
        /// The edit's number.
        edit: u16,
        /// Why: `out_of_stock`, `payment_declined`, `edit_timed_out`, ...
        reason: String,
    },
}

impl EditEvent {
    /// The public kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Proposed { .. } => "order.edit_proposed",
            Self::Applied { .. } => "order.edit_applied",
            Self::Refused { .. } => "order.edit_refused",
        }
    }

    /// What it moves in the order's ledger.
    pub fn postings(&self) -> &[Posting] {
        match self {
            Self::Applied { postings, .. } => postings,
            _ => &[],
        }
    }
}
