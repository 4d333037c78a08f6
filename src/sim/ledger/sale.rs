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
    /// Seconds until the buyer takes it back, if nothing has left by then.
    pub(in crate::sim) regretted_after: Option<u64>,
    /// Seconds by which its first news is late.
    pub(in crate::sim) late: u64,
    /// Seconds until its first news is told once more, if it is.
    pub(in crate::sim) repeated_after: Option<u64>,
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
        // An order changes a few times only: parcels, one acknowledgement, one cancellation.
        let place = 2 * self.version.min(31) + u64::from(again);
        Letter {
            number: self.number * 64 + place,
            topic: "",
            body: body.to_string(),
        }
    }

    /// When second thoughts will come to its buyer.
    pub(super) fn regretted_at(&self) -> Option<Timestamp> {
        let open = self.parcels.is_empty() && self.cancelled.is_none();
        let seconds = self.regretted_after.filter(|_| open)?;
        Some(self.after(seconds))
    }
}

impl Entry {
    /// The order that the line is about.
    pub(in crate::sim) const fn sale(&self) -> Option<&Sale> {
        match self {
            Self::Sold(sale)
            | Self::Acknowledged(sale)
            | Self::Shipped(sale)
            | Self::Cancelled(sale) => Some(sale),
            Self::Told(_) => None,
        }
    }
}
