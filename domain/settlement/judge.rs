//! One line against one payment: does the order know of this movement?

use serde::{Deserialize, Serialize};

use super::{LineKind, PayoutLine};
use crate::money::Money;

/// What an order knows of a payment, and what of it earlier lines have settled already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    /// Taken, as reported.
    pub captured: Money,
    /// It can be taken once only: a line has to be about all of it.
    pub once: bool,
    /// Given back, as reported.
    pub refunded: Money,
    /// In disputes, lost or not.
    pub disputed: Money,
    /// In disputes that were won.
    pub won: Money,
    /// Settled by earlier lines: charges, refunds, disputes, reversals; all positive.
    pub settled: [Money; 4],
}

/// What came of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// The order knows of it.
    Matched,
    /// The order knows something else.
    Variance(Variance),
}

/// Why a line does not match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "variance")]
pub enum Variance {
    /// Gross less fee is not net.
    NetDoesNotAdd,
    /// The order is in another currency.
    OtherCurrency,
    /// The order knows another amount.
    Amount {
        /// What is left of what it knows.
        expected: Money,
    },
    /// The order knows of no such movement, or it was settled before.
    NotKnown,
    /// The same line said something else before.
    Changed,
    /// The same line stands in the file before.
    Repeated,
    /// The parts of a payout add up to something else.
    PayoutSum {
        /// What they add up to.
        expected: Money,
    },
}

impl Variance {
    /// The word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::NetDoesNotAdd => "net_does_not_add",
            Self::OtherCurrency => "other_currency",
            Self::Amount { .. } => "amount",
            Self::NotKnown => "not_known",
            Self::Changed => "changed",
            Self::Repeated => "repeated",
            Self::PayoutSum { .. } => "payout_sum",
        }
    }

    /// What was expected instead, where that is an amount.
    pub const fn expected(&self) -> Option<Money> {
        match self {
            Self::Amount { expected } | Self::PayoutSum { expected } => Some(*expected),
            _ => None,
        }
    }
}

/// What a person decides about a line that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineDecision {
    /// The difference is explained.
    Resolved,
    /// The difference is borne.
    WrittenOff,
}

impl LineDecision {
    /// The word for it: `resolved` or `written_off`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::WrittenOff => "written_off",
        }
    }
}

impl Verdict {
    /// The word for it: `matched` or `variance`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Variance(_) => "variance",
        }
    }
}

impl Claims {
    /// Judges a line. A charge of a payment that is taken once has to be all of it; everything else
    /// may come in parts, which may not be more than what is known.
    pub fn judge(&self, line: &PayoutLine) -> Verdict {
        if line.gross.currency() != self.captured.currency() {
            return Verdict::Variance(Variance::OtherCurrency);
        }
        if !line.adds_up() {
            return Verdict::Variance(Variance::NetDoesNotAdd);
        }
        let [charged, refunded, disputed, reversed] = self.settled;
        let (known, settled, moved) = match line.kind {
            LineKind::Charge => (self.captured, charged, line.gross),
            LineKind::Refund => (self.refunded, refunded, line.gross.negated()),
            LineKind::Dispute => (self.disputed, disputed, line.gross.negated()),
            LineKind::DisputeReversed => (self.won, reversed, line.gross),
            LineKind::Fee | LineKind::Payout | LineKind::Other => {
                return Verdict::Variance(Variance::NotKnown);
            }
        };
        let left = known.less(settled);
        let whole = self.once && line.kind == LineKind::Charge;
        match () {
            () if left.is_zero() => Verdict::Variance(Variance::NotKnown),
            () if !moved.is_positive() || moved > left || (whole && moved != left) => {
                Verdict::Variance(Variance::Amount { expected: left })
            }
            () => Verdict::Matched,
        }
    }
}

impl PayoutLine {
    /// Whether gross less fee is net, in one currency.
    pub fn adds_up(&self) -> bool {
        let currency = self.gross.currency();
        self.fee.currency() == currency
            && self.net.currency() == currency
            && self.gross.minus(self.fee) == self.net
    }
}
