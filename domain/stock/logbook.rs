//! A location's logbook: what happened to its stock that moved no unit, and that whoever follows the stock
//! wants to hear. What moves units stands in the ledger; an entry here says after which row of it.
//!
//! An entry may have a name of its own: one whose name the logbook has already is not written again,
//! however often it is asked for. The store holds that, because no memory does for ever.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::draft::Draft;
use super::{FeedMark, Taken};
use crate::ids::{Sku, Slug};

/// Every kind of entry, as it is published.
pub const LOGBOOK_KINDS: [&str; 4] = [
    "inventory.feed_applied",
    "inventory.feed_rejected",
    "inventory.availability_changed",
    "inventory.drift_found",
];

/// What is written into a location's logbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogbookEntry {
    /// The last row of the location's ledger that was written before it or with it.
    pub after_seq: i64,
    /// Its name, if it must not be written twice.
    pub name: Option<String>,
    /// What happened.
    pub says: Happening,
}

/// Something that happened to a location's stock and moved no unit by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum Happening {
    /// What a message of a feed says of this location is booked.
    #[serde(rename = "inventory.feed_applied")]
    FeedApplied {
        /// Who sent it.
        source: Slug,
        /// Its number.
        sequence: i64,
        /// SKUs that it speaks of here.
        lines: usize,
        /// SKUs of them whose count is another one now.
        changed: usize,
        /// The numbers that are missing before it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gap: Option<FeedGap>,
    },
    /// What a message of a feed says of this location is not booked.
    #[serde(rename = "inventory.feed_rejected")]
    FeedRejected {
        /// Who sent it.
        source: Slug,
        /// Its number.
        sequence: i64,
        /// SKUs that it speaks of here.
        lines: usize,
        /// Why not.
        why: FeedRefusal,
    },
    /// Another number of units of a SKU can be promised than was said last.
    #[serde(rename = "inventory.availability_changed")]
    AvailabilityChanged {
        /// Of what.
        sku: Sku,
        /// Of the SKU here: 1, 2, 3, ...
        version: i64,
        /// Units that can be promised now.
        available: i64,
        /// What was said before; nothing the first time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<i64>,
    },
    /// The auditor found that what is stored about this location contradicts itself.
    #[serde(rename = "inventory.drift_found")]
    DriftFound {
        /// The rule that is broken, as metrics name it.
        invariant: String,
        /// The location's SKU, channel's quota or row of the ledger.
        subject: String,
        /// What was found, and what was expected, in one sentence.
        detail: String,
        /// When.
        found_at: Timestamp,
    },
}

/// Numbers of a feed that had not come when a later one did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedGap {
    /// The first that is missing.
    pub first: i64,
    /// The last that is missing.
    pub last: i64,
}

/// Why a message of a feed is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedRefusal {
    /// A later one was taken before.
    Outdated,
    /// Another one was taken under its number.
    SequenceReused,
}

/// What was last said that can be promised of a SKU.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Availability {
    /// How often something was said of it: 1, 2, 3, ...
    pub version: i64,
    /// Units.
    pub units: i64,
}

impl Happening {
    /// The kind, as it is published.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::FeedApplied { .. } => "inventory.feed_applied",
            Self::FeedRejected { .. } => "inventory.feed_rejected",
            Self::AvailabilityChanged { .. } => "inventory.availability_changed",
            Self::DriftFound { .. } => "inventory.drift_found",
        }
    }

    /// The SKU that it is about, if it is about one.
    pub const fn sku(&self) -> Option<&Sku> {
        match self {
            Self::AvailabilityChanged { sku, .. } => Some(sku),
            _ => None,
        }
    }

    /// The body, as it is stored and published.
    pub fn body(&self) -> serde_json::Value {
        let mut whole = serde_json::to_value(self).unwrap_or_default();
        whole["body"].take()
    }
}

impl FeedRefusal {
    /// Why a message is not taken of which this became.
    pub const fn of(taken: Taken) -> Option<Self> {
        match taken {
            Taken::Outdated => Some(Self::Outdated),
            Taken::Conflicting => Some(Self::SequenceReused),
            Taken::Applied | Taken::Repeated => None,
        }
    }
}

impl Draft<'_> {
    /// Writes into the logbook.
    pub(super) fn log(&mut self, name: Option<String>, says: Happening) {
        let after_seq = self.stock.seq;
        self.change.logbook.push(LogbookEntry {
            after_seq,
            name,
            says,
        });
    }

    /// Entries stand after all rows that are written with them, whichever rule booked those.
    pub(super) fn date_the_logbook(&mut self) {
        let last = self
            .change
            .ledger
            .last()
            .map_or(self.stock.seq, |row| row.seq);
        for entry in &mut self.change.logbook {
            entry.after_seq = last;
        }
    }

    /// A message is refused, here or at its source. However often it is sent, the logbook says so once.
    pub(super) fn refuse_feed(
        &mut self,
        source: &Slug,
        mark: &FeedMark,
        lines: usize,
        why: FeedRefusal,
    ) {
        let FeedMark { sequence, digest } = mark;
        let name = format!("refused/{source}/{sequence}/{digest}");
        let says = Happening::FeedRejected {
            source: source.clone(),
            sequence: *sequence,
            lines,
            why,
        };
        self.log(Some(name), says);
    }

    /// Says of these SKUs how many units can be promised, where that is not what was said last. What rises
    /// and falls in between is not said: this is asked now and then, not with every sale.
    pub(super) fn tell_availability(&mut self, skus: &[Sku]) {
        for sku in skus {
            let known = self.stock.told.get(sku).copied();
            let available = self.counters(sku).available();
            let before = known.map(|known| known.units);
            if before == Some(available) || self.change.told.contains_key(sku) {
                continue;
            }
            let version = known.unwrap_or_default().version + 1;
            let units = available;
            let told = Availability { version, units };
            self.change.told.insert(sku.clone(), told);
            let says = Happening::AvailabilityChanged {
                sku: sku.clone(),
                version,
                available,
                before,
            };
            self.log(None, says);
        }
    }
}
