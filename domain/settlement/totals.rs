//! The sums of a file: every line is counted once, as matched, at variance or unknown.

use std::collections::BTreeMap;

use super::{LineKind, StatedLine, Variance, Verdict};
use crate::money::{Currency, Money};

/// Why no order could judge a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// No order has one of its references.
    NoOrder,
    /// It is the payer's own cost.
    NotOfAnOrder,
    /// This version of the hub does not know its kind.
    UnknownKind,
    /// It belongs to a payout whose parts are not all in the file.
    NoParts,
}

impl Unknown {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoOrder => "no_order",
            Self::NotOfAnOrder => "not_of_an_order",
            Self::UnknownKind => "unknown_kind",
            Self::NoParts => "no_parts",
        }
    }
}

/// The sums of gross amounts in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Lines.
    pub lines: usize,
    /// All of them.
    pub total: Money,
    /// Those that orders know.
    pub matched: Money,
    /// Those that are at variance.
    pub variance: Money,
    /// Those that no order could judge.
    pub unknown: Money,
}

impl Totals {
    /// Of no line.
    pub fn nothing(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self {
            lines: 0,
            total: zero,
            matched: zero,
            variance: zero,
            unknown: zero,
        }
    }

    /// Counts a line.
    pub fn count(&mut self, gross: Money, verdict: Result<&Verdict, Unknown>) {
        self.lines += 1;
        self.total = self.total.plus(gross);
        let place = match verdict {
            Ok(Verdict::Matched) => &mut self.matched,
            Ok(Verdict::Variance(_)) => &mut self.variance,
            Err(_) => &mut self.unknown,
        };
        *place = place.plus(gross);
    }
}

/// What the lines of payouts add up to, by payout and currency.
#[derive(Debug, Clone, Default)]
pub struct PayoutParts(BTreeMap<(String, &'static str), Money>);

impl PayoutParts {
    /// Counts a line of the file, if it is a part of a payout.
    pub fn add(&mut self, stated: &StatedLine) {
        let Some(payout) = &stated.payout else {
            return;
        };
        if stated.line.kind == LineKind::Payout {
            return;
        }
        let net = stated.line.net;
        let currency = net.currency();
        let sum = self.0.entry((payout.clone(), currency.code()));
        let sum = sum.or_insert(Money::zero(currency));
        *sum = sum.plus(net);
    }

    /// Judges the line that stands for a payout, once every line of the file has been counted: what left
    /// for the bank must be what the other lines of the same payout add up to.
    ///
    /// # Errors
    /// When none of its parts is in the file.
    pub fn judge(&self, stated: &StatedLine) -> Result<Verdict, Unknown> {
        let gross = stated.line.gross;
        let named = stated.payout.clone();
        let sum = named.and_then(|id| self.0.get(&(id, gross.currency().code())));
        match sum {
            None => Err(Unknown::NoParts),
            Some(sum) if *sum == gross.negated() => Ok(Verdict::Matched),
            Some(sum) => Ok(Verdict::Variance(Variance::PayoutSum {
                expected: sum.negated(),
            })),
        }
    }
}
