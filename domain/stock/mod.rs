//! A location's stock: counters per SKU, the holds on them, and the pure machine that decides.
//!
//! The location's actor is the single writer. It decides here, commits, and only then answers;
//! the database's CHECK and keys are the net under it.

mod audit;
mod command;
mod cut;
mod draft;
mod feed;
mod logbook;
mod machine;
mod news;
mod queue;
mod quota;
mod restock;
mod room;
mod supply;
#[cfg(test)]
mod tests;

pub use command::StockCommand;
pub use feed::{FeedMark, FeedRow, Level};
pub use logbook::{Availability, FeedGap, FeedRefusal, Happening, LOGBOOK_KINDS, LogbookEntry};
pub use news::{News, Taken, Told};
pub use quota::{Quota, QuotaChange, QuotaWord};
pub use room::Room;
pub use supply::Inbound;

pub use audit::{
    Awaited, Granted, LedgerPart, LedgerSums, STOCK_COUNTERS, STOCK_HOLDS, STOCK_INVARIANTS,
    STOCK_LEDGER, STOCK_QUOTAS, STOCK_SUPPLY, Share, StoredStock, Units, gap, orphan,
};

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ids::{ChannelId, EffectId, LocationCode, OrderId, Sku, Slug};
use crate::order::StockEvidence;

/// The counters of one SKU at one location. All in whole units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Units in the building.
    pub on_hand: i64,
    /// Units held softly.
    pub reserved: i64,
    /// Units held firmly.
    pub allocated: i64,
    /// Units kept back from sale.
    pub buffer: i64,
    /// Units that orders may wait for beyond what was announced.
    pub backorder_limit: i64,
    /// Units promised that a count found missing; declared, and worked off first.
    pub shortfall: i64,
    /// Units that orders stand in line for.
    pub waiting: i64,
    /// Units that were announced and have not come yet.
    pub inbound: i64,
}

impl Counters {
    /// Units that nothing holds and that are not kept back. Negative when a count found too few.
    pub const fn free(&self) -> i64 {
        self.on_hand - self.reserved - self.allocated - self.buffer
    }

    /// Units that can still be promised: who stands in line goes first.
    pub fn available(&self) -> i64 {
        (self.free() - self.waiting).max(0)
    }

    /// Units that could be promised if every soft hold lapsed.
    pub fn attainable(&self) -> i64 {
        (self.free() + self.reserved - self.waiting).max(0)
    }

    /// Units that one may still stand in line for, as far as supply was declared.
    pub fn backorderable(&self) -> i64 {
        (self.backorder_limit + self.inbound - self.waiting).max(0)
    }

    /// The bound that never breaks, at any prefix of the ledger.
    pub fn holds(&self) -> bool {
        self.on_hand >= 0
            && self.reserved >= 0
            && self.allocated >= 0
            && self.shortfall >= 0
            && self.waiting >= 0
            && self.inbound >= 0
            && self.reserved + self.allocated
                <= self.on_hand + self.backorder_limit + self.shortfall
    }
}

/// Names a hold at a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HoldKey {
    /// The order.
    pub order: OrderId,
    /// The line's number.
    pub line: u16,
    /// The order's try.
    pub attempt: u16,
}

/// A hold, as the location knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockHold {
    /// What.
    pub sku: Sku,
    /// How many units.
    pub quantity: i64,
    /// How firm.
    pub state: HoldState,
    /// Raised by everything that happens to it.
    pub rev: i32,
    /// The last `rev` that the order has committed; lower than `rev` while the order must still
    /// be told what the location decided by itself.
    pub told_rev: i32,
    /// When it lapses, while soft.
    pub expires_at: Timestamp,
    /// Its place in the line, while it waits or has waited: older ones are served first.
    pub since: Option<Timestamp>,
    /// When the units that it waits for are expected.
    pub promise: Option<Timestamp>,
    /// The day that its location took the work on for, counted from 1970-01-01 by the location's own
    /// clock; of locations that count their work.
    pub work_day: Option<i32>,
    /// Through which channel its order came, whose quota it counts against; not known of holds from before
    /// that was written down, and of refused requests.
    pub channel: Option<ChannelId>,
}

/// How firm a hold is at its location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldState {
    /// Until it lapses.
    Soft,
    /// Until released or consumed.
    Hard,
    /// The units left the building. Final.
    Consumed,
    /// Lapsed; confirming takes it again if there still is stock.
    Expired,
    /// Given back. Final.
    Released,
    /// Lapsed, and the units were gone when it was confirmed. Final.
    Lost,
    /// Stands in line for units that are still to come.
    Waiting,
    /// Promised, and a count found the units missing. Final.
    Cut,
    /// All of it stands under another try of the order. Final.
    Moved,
}

impl HoldState {
    /// The word that the database keeps.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Soft => "soft",
            Self::Hard => "hard",
            Self::Consumed => "consumed",
            Self::Expired => "expired",
            Self::Released => "released",
            Self::Lost => "lost",
            Self::Waiting => "waiting",
            Self::Cut => "cut",
            Self::Moved => "moved",
        }
    }

    /// The state with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Soft,
            Self::Hard,
            Self::Consumed,
            Self::Expired,
            Self::Released,
            Self::Lost,
            Self::Waiting,
            Self::Cut,
            Self::Moved,
        ]
        .into_iter()
        .find(|state| state.word() == word)
    }

    /// Whether the location must keep it in memory: it holds units or may yet.
    pub const fn is_live(self) -> bool {
        matches!(
            self,
            Self::Soft | Self::Hard | Self::Expired | Self::Waiting
        )
    }
}

/// The stock of one location in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocationStock {
    /// Which.
    pub location: LocationCode,
    /// Sequence of the last ledger row: 1, 2, 3, ... without a gap.
    pub seq: i64,
    /// Counters by SKU.
    pub counters: BTreeMap<Sku, Counters>,
    /// Holds that are live, and final ones that were looked up.
    pub holds: BTreeMap<HoldKey, StockHold>,
    /// Effects without a hold that the ledger has a row for already; looked up like final holds.
    pub booked: BTreeSet<EffectId>,
    /// What was announced, by SKU and reference.
    pub inbounds: BTreeMap<(Sku, String), Inbound>,
    /// Units of the receipts that are known, by SKU and reference: those of this life, and those that
    /// were looked up.
    pub receipts: BTreeMap<(Sku, String), i64>,
    /// The last message that was taken of each feed.
    pub feeds: BTreeMap<Slug, FeedMark>,
    /// What channels may have promised, and have, of SKUs that are bounded for them.
    pub quotas: BTreeMap<(Sku, ChannelId), Quota>,
    /// What its logbook said last that can be promised.
    pub told: BTreeMap<Sku, Availability>,
    /// How long units are held softly for an order that stood in line for them.
    pub held_for: SignedDuration,
    /// How much work it takes on.
    pub room: Room,
}

/// What a decision changes, ready to be committed in one statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StockChange {
    /// Rows for the ledger, with consecutive `seq`.
    pub ledger: Vec<LedgerRow>,
    /// Counters after the change, by SKU.
    pub counters: BTreeMap<Sku, Counters>,
    /// Holds after the change, with the `rev` they had before (0: new).
    pub holds: Vec<(HoldKey, i32, StockHold)>,
    /// What is announced after the change.
    pub inbounds: Vec<(Sku, String, Inbound)>,
    /// Messages of feeds that are taken with it.
    pub feeds: Vec<(Slug, FeedMark)>,
    /// Quotas after the change.
    pub quotas: BTreeMap<(Sku, ChannelId), Quota>,
    /// What was said about quotas with it.
    pub words: Vec<QuotaWord>,
    /// What is said to be available from then on.
    pub told: BTreeMap<Sku, Availability>,
    /// Entries for the logbook.
    pub logbook: Vec<LogbookEntry>,
}

impl StockChange {
    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.ledger.is_empty()
            && self.counters.is_empty()
            && self.holds.is_empty()
            && self.inbounds.is_empty()
            && self.feeds.is_empty()
            && self.quotas.is_empty()
            && self.words.is_empty()
            && self.told.is_empty()
            && self.logbook.is_empty()
    }
}

/// One row of a location's append-only ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// Its place: 1, 2, 3, ... per location.
    pub seq: i64,
    /// What.
    pub sku: Sku,
    /// Change of what is in the building.
    pub d_on_hand: i64,
    /// Change of what is held softly.
    pub d_reserved: i64,
    /// Change of what is held firmly.
    pub d_allocated: i64,
    /// Why: `count`, `reserve`, `confirm`, `release`, `write_off`, `consume`, `expire`, `cut`,
    /// `receipt`, `supply`, `restock`, `transfer`, `feed`.
    pub cause: &'static str,
    /// For which order.
    pub order: Option<OrderId>,
    /// The effect that asked, if one did.
    pub effect: Option<EffectId>,
    /// The receipt's name, of a receipt; source and number of the message, of a feed.
    pub reference: Option<String>,
}

/// What comes of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockDecision {
    /// What to commit; empty for a repeat.
    pub change: StockChange,
    /// What to tell the order that asked.
    pub evidence: Option<StockEvidence>,
    /// What to tell other orders: what the location decided by itself.
    pub told: Vec<Told>,
    /// What became of what somebody said.
    pub taken: Taken,
}
