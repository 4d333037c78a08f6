//! Money that moved, as it is reported: by sums and by single movements, some of which come to nothing after
//! all. Everything that is kept of a report merges by maximum or union, so that neither the order of reports nor
//! their number matters. What the movements mean for a tender is `tender.rs`'s business.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::order::fact::Reported;

/// Money that moved, as reported by cumulative totals and by single movements.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movements {
    /// The largest total reported.
    pub total: Option<Money>,
    /// Single movements by reference.
    pub parts: BTreeMap<String, Money>,
    /// When a movement was last said to have been made, by the vendor's clock, where a vendor said so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub made_at: BTreeMap<String, Timestamp>,
    /// Movements that were said to have come to nothing, by reference.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failed: BTreeMap<String, Failure>,
}

/// The last word that a movement came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When, by the vendor's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The gateway's code.
    pub code: String,
    /// A person has looked at it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub seen: bool,
}

impl Movements {
    /// Nothing moved.
    pub const fn nothing() -> Self {
        Self {
            total: None,
            parts: BTreeMap::new(),
            made_at: BTreeMap::new(),
            failed: BTreeMap::new(),
        }
    }

    /// The sum: what the totals say or what the parts add up to, whichever is more. A total always
    /// covers the parts before it, so the larger one knows more, in whatever order they came.
    pub fn sum(&self, zero: Money) -> Money {
        let stand = self.parts.iter();
        let stand = stand.filter(|(reference, _)| !self.has_failed(reference));
        let parts = Money::sum(zero.currency(), stand.map(|(_, amount)| *amount));
        self.total.unwrap_or(zero).max(parts)
    }

    /// The sum of what was ever told as moved, whatever came to nothing since.
    pub fn ever(&self, zero: Money) -> Money {
        let parts = Money::sum(zero.currency(), self.parts.values().copied());
        self.total.unwrap_or(zero).max(parts)
    }

    /// Whether a movement has come to nothing. A gateway may make one after all that had failed, and then says
    /// so later, by its own clock; without two times to compare, the failure stands.
    pub fn has_failed(&self, reference: &str) -> bool {
        let made = self.made_at.get(reference);
        self.failed.get(reference).is_some_and(|failure| {
            let made_later = made.zip(failure.at).is_some_and(|(made, at)| *made > at);
            !made_later
        })
    }

    /// Whether this movement was told of before, one way or the other.
    pub fn knows(&self, reference: Option<&str>) -> bool {
        reference.is_some_and(|reference| {
            self.parts.contains_key(reference) || self.failed.contains_key(reference)
        })
    }

    /// The movements that have come to nothing.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        let failed = self.failed.iter();
        let failed = failed.filter(|(reference, _)| self.has_failed(reference));
        failed.map(|(_, failure)| failure)
    }

    /// Whether a report is no news: of a total, that the single movements that are known add up to it, and none
    /// of them has failed since, for one that comes after a failure may speak of another movement; of a
    /// movement, that it was known before anybody told when it was made, and nobody said that it failed.
    pub fn explains(&self, reported: &Reported) -> bool {
        match reported {
            Reported::Total { amount } => {
                self.failed.is_empty()
                    && !self.parts.is_empty()
                    && *amount <= Money::sum(amount.currency(), self.parts.values().copied())
            }
            Reported::Part { reference, amount } => {
                let known = self
                    .parts
                    .get(reference)
                    .is_some_and(|known| known >= amount);
                let timed = self.made_at.contains_key(reference);
                known && !timed && !self.failed.contains_key(reference)
            }
        }
    }

    /// Takes in that money moved.
    pub(in crate::order) fn made(&mut self, reported: &Reported, at: Option<Timestamp>) {
        match reported {
            Reported::Total { amount } => {
                self.total = Some(self.total.map_or(*amount, |known| known.max(*amount)));
            }
            Reported::Part { reference, amount } => {
                let known = self.parts.entry(reference.clone()).or_insert(*amount);
                *known = (*known).max(*amount);
                if let Some(at) = at {
                    let known = self.made_at.entry(reference.clone()).or_insert(at);
                    *known = (*known).max(at);
                }
            }
        }
    }

    /// Takes in that a movement came to nothing; whether that is news, and so by now.
    pub(in crate::order) fn came_to_nothing(
        &mut self,
        reference: &str,
        at: Option<Timestamp>,
        code: &str,
    ) -> bool {
        let known = self.failed.get(reference);
        let later = |known: &Failure| (at, code) > (known.at, known.code.as_str());
        if !known.is_none_or(later) {
            return false;
        }
        let failure = Failure {
            at,
            code: code.to_owned(),
            seen: false,
        };
        self.failed.insert(reference.to_owned(), failure);
        self.has_failed(reference)
    }

    /// A person has looked at what has come to nothing; not at what was made after all.
    pub(in crate::order) fn look(&mut self) {
        let stand = self.failed.keys().filter(|name| self.has_failed(name));
        let stand: Vec<String> = stand.cloned().collect();
        for name in stand {
            if let Some(failure) = self.failed.get_mut(&name) {
                failure.seen = true;
            }
        }
    }
}
