//! Events about exchanges. That units come back is said by events of their return, that others go out by
//! events of an edit.

use serde::{Deserialize, Serialize};

use super::super::ledger::Posting;
use super::super::state::EditedLine;
use super::Granted;
use crate::money::Money;

/// What can happen to an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum ExchangeEvent {
    /// Units are to go out for others, once those have come back and were accepted.
    #[serde(rename = "exchange.opened")]
    Opened {
        /// The exchange's number.
        number: u16,
        /// The number of the return.
        #[serde(rename = "return")]
        back: u16,
        /// What goes out.
        lines: Vec<EditedLine>,
        /// What that is worth.
        amount: Money,
        /// What the buyer pays beside what comes back, at most.
        charge: Money,
        /// It goes out before what comes back was accepted.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        advance: bool,
        /// Why, in a person's words.
        reason: String,
    },
    /// Units went out in advance and what was to pay for them has not come: the buyer is charged.
    #[serde(rename = "exchange.clawed_back")]
    ClawedBack {
        /// The exchange's number.
        number: u16,
        /// How much.
        amount: Money,
        /// The number of the tender that is to pay it.
        tender: u16,
        /// The tender whose means of payment, or whose terms, it is charged with.
        means: u16,
    },
    /// The buyer cannot be charged for what went out in advance.
    #[serde(rename = "exchange.claw_back_failed")]
    ClawBackFailed {
        /// The exchange's number.
        number: u16,
        /// What nobody has paid.
        amount: Money,
        /// Why: the gateway's code, or `not_chargeable`.
        code: String,
    },
    /// It is over.
    #[serde(rename = "exchange.settled")]
    Settled {
        /// The exchange's number.
        number: u16,
        /// How it ended: `exchanged`, `not_accepted`, `worth_less`, `cancelled`, or why its edit was
        /// refused.
        outcome: String,
        /// What accepted units have paid of what went out.
        spent: Money,
        /// What they pay that goes back instead, by tender. It was allowed when they were accepted.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refunds: Vec<Granted>,
        /// What of that no gateway of the hub's holds: it goes back by hand or through the channel.
        elsewhere: Money,
        /// What of that the buyer has already, by a dispute that was lost meanwhile.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        netted: Option<Money>,
        /// What it moves in the order's ledger: what was allowed and does not go back.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        postings: Vec<Posting>,
    },
}

impl ExchangeEvent {
    /// The public kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "exchange.opened",
            Self::ClawedBack { .. } => "exchange.clawed_back",
            Self::ClawBackFailed { .. } => "exchange.claw_back_failed",
            Self::Settled { .. } => "exchange.settled",
        }
    }

    /// What it moves in the order's ledger.
    pub fn postings(&self) -> &[Posting] {
        match self {
            Self::Settled { postings, .. } => postings,
            _ => &[],
        }
    }

    /// The number of the exchange that it is about.
    pub const fn number(&self) -> u16 {
        match self {
            Self::Opened { number, .. }
            | Self::ClawedBack { number, .. }
            | Self::ClawBackFailed { number, .. }
            | Self::Settled { number, .. } => *number,
        }
    }
}
