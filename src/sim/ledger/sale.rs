//! An order of a channel, as its book keeps it, and the lines of the book.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::sim::courier::Letter;
use crate::sim::goods::Line;

/// A line of the book.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::sim) enum Entry {
    /// A buyer left an order.
    Sold(Box<Sale>),
    /// The hub said that it has the order.
    Acknowledged(Box<Sale>),
    /// The hub said what left.
    Shipped(Box<Sale>),
    /// The order was cancelled, by its buyer or by the hub.
    Cancelled(Box<Sale>),
    /// Its buyer asked not to get it.
    Asked(Box<Sale>),
    /// A line of it was taken out before it had left.
    TakenOut(Box<Sale>),
    /// A part of its money went back.
    Refunded(Box<Sale>),
    /// The hub took the letter with this number.
    Told(u64),
}

/// An order of the channel.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::sim) struct Sale {
    pub(in crate::sim) id: u64,
    pub(in crate::sim) number: u64,
    pub(in crate::sim) placed_at: Timestamp,
    pub(in crate::sim) changed_at: Timestamp,
    /// Counted from 1, one more with each change.
    pub(in crate::sim) version: u64,
    pub(in crate::sim) buyer: u64,
    pub(in crate::sim) lines: Vec<Line>,
    pub(in crate::sim) shipping: u64,
    pub(in crate::sim) acknowledged: bool,
    pub(in crate::sim) parcels: Vec<Parcel>,
    pub(in crate::sim) cancelled: Option<Cancelled>,
    /// When its buyer asked not to get it.
    #[serde(default)]
    pub(in crate::sim) asked_at: Option<Timestamp>,
    /// The line that was taken out before it had left, counted from 1.
    #[serde(default)]
    pub(in crate::sim) taken_out: Option<u64>,
    /// What went back of its money.
    #[serde(default)]
    pub(in crate::sim) refund: Option<Refund>,
    /// What will come into its buyer's mind, and after how many seconds.
    #[serde(default)]
    pub(in crate::sim) thought: Option<(Thought, u64)>,
    /// Seconds by which its first news is late.
    pub(in crate::sim) late: u64,
    /// Seconds until its first news is told once more, if it is.
    pub(in crate::sim) repeated_after: Option<u64>,
}

/// What comes into a buyer's mind after an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::sim) enum Thought {
    /// One unit of the first line is brought back to the counter.
    BringsBack,
    /// The last line is taken out, where another stays.
    TakesOut,
    /// All of it is taken back.
    Cancels,
    /// All of it is not wanted any more; the seller is asked.
    Asks,
}

/// Money that went back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::sim) struct Refund {
    pub(in crate::sim) at: Timestamp,
    pub(in crate::sim) cents: u64,
}

/// What left in one parcel.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::sim) struct Parcel {
    pub(in crate::sim) carrier: String,
    pub(in crate::sim) tracking: String,
    /// What the channel counts by (lines or single units, by their places) and how many of it.
    pub(in crate::sim) units: Vec<(u64, u64)>,
}

/// That an order was cancelled.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::sim) struct Cancelled {
    pub(in crate::sim) at: Timestamp,
    pub(in crate::sim) by_buyer: bool,
    pub(in crate::sim) reason: String,
}

impl Sale {
    /// How many of the thing at this place have left.
    pub(in crate::sim) fn shipped(&self, place: u64) -> u64 {
        let units = self.parcels.iter().flat_map(|parcel| &parcel.units);
        let units = units.filter(|(there, _)| *there == place);
        units.map(|(_, units)| units).sum()
    }

    /// How many units of this line, counted from 1, were taken out before they had left.
    pub(in crate::sim) fn taken_out(&self, place: u64) -> u64 {
        let line = usize::try_from(place.saturating_sub(1)).ok();
        let line = line.and_then(|line| self.lines.get(line));
        let units = line.filter(|_| self.taken_out == Some(place));
        units.map_or(0, |line| line.quantity)
    }

    /// Whether its buyer has asked not to get it and nobody has decided.
    pub(in crate::sim) fn is_asked_for(&self) -> bool {
        self.asked_at.is_some() && self.cancelled.is_none() && self.parcels.is_empty()
    }

    /// What the buyer pays for the goods.
    pub(in crate::sim) fn goods(&self) -> u64 {
        self.lines.iter().map(Line::net).sum()
    }

    /// What the buyer pays in all; taxes are in it.
    pub(in crate::sim) fn total(&self) -> u64 {
        self.goods() + self.shipping
    }

    /// That many seconds after the order.
    pub(in crate::sim) fn after(&self, seconds: u64) -> Timestamp {
        let wait = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or_default());
        self.placed_at
            .saturating_add(wait)
            .unwrap_or(self.placed_at)
    }

    /// A letter about the order as it now is; `again` for one that says the same once more.
    pub(in crate::sim) fn letter(&self, again: bool, body: &serde_json::Value) -> Letter {
        // An order changes a few times only: parcels, one acknowledgement, one thought of its buyer's, one
        // cancellation.
        let place = 2 * self.version.min(31) + u64::from(again);
        Letter {
            number: self.number * 64 + place,
            topic: "",
            body: body.to_string(),
        }
    }

    /// When its buyer will think again, and of what; only once, and never when something has left.
    pub(super) fn thinks_at(&self) -> Option<(Timestamp, Thought)> {
        let had = self.asked_at.is_some() || self.taken_out.is_some() || self.refund.is_some();
        let open = self.parcels.is_empty() && self.cancelled.is_none() && !had;
        let (thought, seconds) = self.thought.filter(|_| open)?;
        Some((self.after(seconds), thought))
    }
}

impl Entry {
    /// The order that the line is about.
    pub(in crate::sim) const fn sale(&self) -> Option<&Sale> {
        match self {
            Self::Sold(sale)
            | Self::Acknowledged(sale)
            | Self::Shipped(sale)
            | Self::Cancelled(sale)
            | Self::Asked(sale)
            | Self::TakenOut(sale)
            | Self::Refunded(sale) => Some(sale),
            Self::Told(_) => None,
        }
    }
}
