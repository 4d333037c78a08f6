//! Stock feeds: what an outside system says of many SKUs at once, under numbers of its own.
//!
//! A message is taken whole or not at all by each location that it speaks of, and each location
//! remembers the last number that it took: a message that was interrupted between two locations is sent
//! again, and only those take it that have not. What a source has sent so far as a whole is judged
//! beside them, because a message need not speak of every location.

use std::collections::BTreeMap;

use super::draft::Draft;
use super::{FeedGap, FeedRefusal, Happening, HoldKey, LocationStock, StockCommand, Taken};
use crate::ids::{Sku, Slug};

/// Which message of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedMark {
    /// Its number; a later message has a higher one.
    pub sequence: i64,
    /// Hexadecimal hash of what it says: the same number with another one is no repeat.
    pub digest: String,
}

/// How many units a feed says there are of a SKU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// So many are in the building.
    OnHand(i64),
    /// So many more, or fewer, than before. A count never falls below zero.
    Delta(i64),
}

impl Level {
    /// Units in the building afterwards.
    pub fn after(self, before: i64) -> i64 {
        match self {
            Self::OnHand(units) => units.max(0),
            Self::Delta(units) => before.saturating_add(units).max(0),
        }
    }
}

/// What a feed says of one SKU at a location. A message says one thing of a SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRow {
    /// What.
    pub sku: Sku,
    /// How many.
    pub says: Level,
}

impl FeedMark {
    /// What becomes of this message where `known` was the last one taken.
    pub fn after(&self, known: Option<&Self>) -> Taken {
        match known {
            Some(last) if last == self => Taken::Repeated,
            Some(last) if last.sequence == self.sequence => Taken::Conflicting,
            Some(last) if last.sequence > self.sequence => Taken::Outdated,
            _ => Taken::Applied,
        }
    }

    /// The numbers, first and last, that are missing between `known` and this message. The first
    /// message of a source may have any number.
    pub fn gap_after(&self, known: Option<&Self>) -> Option<(i64, i64)> {
        let expected = known?.sequence.saturating_add(1);
        (self.sequence > expected).then(|| (expected, self.sequence - 1))
    }
}

impl Draft<'_> {
    /// Books what a message says of each SKU, as a count does, unless the location has taken it or a
    /// later one of its source.
    pub(super) fn feed(
        &mut self,
        source: &Slug,
        mark: &FeedMark,
        rows: &[FeedRow],
        gap: Option<FeedGap>,
        unpicked: &[HoldKey],
    ) {
        self.taken = mark.after(self.stock.feeds.get(source));
        if let Some(why) = FeedRefusal::of(self.taken) {
            self.refuse_feed(source, mark, rows.len(), why);
        }
        if self.taken != Taken::Applied {
            return;
        }
        let mut changed = 0;
        let name = format!("{source}/{}", mark.sequence);
        for FeedRow { sku, says } in rows {
            let before = self.counters(sku).on_hand;
            let on_hand = says.after(before);
            self.make_room(sku, on_hand, unpicked, &[]);
            let known = self.stock.counters.contains_key(sku);
            if !known || on_hand != before {
                changed += 1;
                self.book(sku, None, "feed", (on_hand - before, 0, 0));
                if let Some(row) = self.change.ledger.last_mut() {
                    row.reference = Some(name.clone());
                }
            }
        }
        self.change.feeds.push((source.clone(), mark.clone()));
        let says = Happening::FeedApplied {
            source: source.clone(),
            sequence: mark.sequence,
            lines: rows.len(),
            changed,
            gap,
        };
        self.log(Some(format!("feed/{name}")), says);
    }
}

impl StockCommand {
    /// Units in the building by SKU after this, where it says so: a count, or a feed.
    pub fn counted(&self, stock: &LocationStock) -> BTreeMap<Sku, i64> {
        match self {
            Self::Count { sku, on_hand, .. } => BTreeMap::from([(sku.clone(), *on_hand)]),
            Self::Feed { rows, .. } => {
                let after = |row: &FeedRow| row.says.after(stock.counters(&row.sku).on_hand);
                let rows = rows.iter().map(|row| (row.sku.clone(), after(row)));
                rows.collect()
            }
            _ => BTreeMap::new(),
        }
    }

    /// The same, now that it is known for which firm holds nobody has picked.
    #[must_use]
    pub fn knowing(mut self, found: Vec<HoldKey>) -> Self {
        if let Self::Count { unpicked, .. } | Self::Feed { unpicked, .. } = &mut self {
            *unpicked = found;
        }
        self
    }
}
