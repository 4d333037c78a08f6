//! Settlement: what a gateway or a marketplace says it paid out, held against what orders know.
//!
//! A payout file is a list of lines. Each is judged by the order that it is about, which remembers
//! it: matched, at variance for a named reason, or, where no order is found, unknown. What does not
//! live here: the vendors' file formats (`orderhub-channels`) and where lines are kept (the store).

mod judge;
#[cfg(test)]
mod tests;
mod totals;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use judge::{Claims, LineDecision, Variance, Verdict};
pub use totals::{PayoutParts, Totals, Unknown};

use crate::ids::OrderId;
use crate::money::Money;

/// A line of a payout file. Amounts are signed as the payer signs them: what it adds to the balance
/// is positive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutLine {
    /// The payer's id of the line; the same in every file that has it.
    pub id: String,
    /// What it is about.
    pub kind: LineKind,
    /// How much moved.
    pub gross: Money,
    /// What the payer kept of it.
    pub fee: Money,
    /// What is left: gross less fee.
    pub net: Money,
    /// When it happened, if the payer says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// What a line of a payout file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Money of a buyer came in.
    Charge,
    /// It went back.
    Refund,
    /// It was taken back by the buyer's bank.
    Dispute,
    /// A dispute was won.
    DisputeReversed,
    /// The payer's own costs, of no single order.
    Fee,
    /// Money left for the retailer's bank.
    Payout,
    /// Something that this version of the hub does not know.
    Other,
}

impl LineKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Charge,
        Self::Refund,
        Self::Dispute,
        Self::DisputeReversed,
        Self::Fee,
        Self::Payout,
        Self::Other,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::DisputeReversed => "dispute_reversed",
            Self::Fee => "fee",
            Self::Payout => "payout",
            Self::Other => "other",
        }
    }

    /// Whether an order has to know of it.
    pub const fn is_of_an_order(self) -> bool {
        matches!(
            self,
            Self::Charge | Self::Refund | Self::Dispute | Self::DisputeReversed
        )
    }
}

/// How a line says which order it is about. The first that leads to an order counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// The gateway's reference of a payment.
    Payment(String),
    /// The hub's own id, as the gateway was told it.
    Order(OrderId),
    /// The channel's id of the order.
    External(String),
}

/// A line as its file has it: with the ways to its order and the payout it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedLine {
    /// Where it stands in the file, from 1, the heading not counted.
    pub number: usize,
    /// The line.
    pub line: PayoutLine,
    /// The ways to its order.
    pub references: Vec<Reference>,
    /// The payout that it is a part of, or that it is, if the file says.
    pub payout: Option<String>,
}
