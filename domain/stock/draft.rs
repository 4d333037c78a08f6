//! A decision of a location that is being made: what it has changed so far, and the ledger's rows for it.
//! The rules themselves stand in `machine`, `queue`, `quota` and the other files beside this one.

use super::{Counters, HoldKey, LedgerRow, LocationStock, StockChange, StockHold, Taken, Told};
use crate::ids::{ChannelId, EffectId, OrderId, Sku};

/// Who asks for units.
#[derive(Clone, Copy)]
pub(super) struct Claim {
    pub(super) order: OrderId,
    pub(super) attempt: u16,
    pub(super) channel: ChannelId,
}

impl Claim {
    pub(super) const fn of(order: OrderId, attempt: u16, channel: ChannelId) -> Self {
        Self {
            order,
            attempt,
            channel,
        }
    }

    /// The hold that it has, or wants, for a line.
    pub(super) const fn key(self, line: u16) -> HoldKey {
        HoldKey {
            order: self.order,
            line,
            attempt: self.attempt,
        }
    }
}

/// A decision being made: reads see what it has changed so far.
pub(super) struct Draft<'a> {
    pub(super) stock: &'a LocationStock,
    pub(super) change: StockChange,
    pub(super) effect: Option<EffectId>,
    pub(super) told: Vec<Told>,
    pub(super) taken: Taken,
}

impl Draft<'_> {
    pub(super) fn counters(&self, sku: &Sku) -> Counters {
        self.change
            .counters
            .get(sku)
            .copied()
            .unwrap_or_else(|| self.stock.counters(sku))
    }

    pub(super) fn hold(&self, key: HoldKey) -> Option<StockHold> {
        let changed = self.change.holds.iter().rev().find(|(k, ..)| *k == key);
        changed
            .map(|(.., hold)| hold)
            .or_else(|| self.stock.holds.get(&key))
            .cloned()
    }

    pub(super) fn put(&mut self, key: HoldKey, hold: StockHold) {
        if self.has_quotas() {
            let known = self.hold(key);
            self.follow_quota(known.as_ref(), &hold);
        }
        if let Some(changed) = self.change.holds.iter_mut().find(|(k, ..)| *k == key) {
            changed.2 = hold;
            return;
        }
        let before = self.stock.holds.get(&key).map_or(0, |hold| hold.rev);
        self.change.holds.push((key, before, hold));
    }

    /// Writes what the location decided by itself, to be told to the order.
    pub(super) fn put_and_tell(&mut self, key: HoldKey, mut hold: StockHold) {
        hold.rev += 1;
        let (rev, news) = (hold.rev, hold.news());
        self.told.retain(|told| told.key != key);
        self.told.push(Told { key, rev, news });
        self.put(key, hold);
    }

    /// Books one row and the counters after it. A falling promise works the shortfall off first.
    /// An effect moves a SKU in one row, however many lines of the order have it: the ledger knows
    /// an effect that comes again by location, effect and SKU.
    pub(super) fn book(
        &mut self,
        sku: &Sku,
        order: Option<OrderId>,
        cause: &'static str,
        (d_on_hand, d_reserved, d_allocated): (i64, i64, i64),
    ) {
        let mut counters = self.counters(sku);
        counters.on_hand += d_on_hand;
        counters.reserved += d_reserved;
        counters.allocated += d_allocated;
        let promised = counters.reserved + counters.allocated;
        counters.shortfall = (promised - counters.on_hand).max(0);
        self.change.counters.insert(sku.clone(), counters);
        let same = |row: &&mut LedgerRow| row.sku == *sku && row.cause == cause;
        if self.effect.is_some()
            && let Some(row) = self.change.ledger.iter_mut().find(same)
        {
            row.d_on_hand += d_on_hand;
            row.d_reserved += d_reserved;
            row.d_allocated += d_allocated;
            return;
        }
        let seq = self.stock.seq + 1 + i64::try_from(self.change.ledger.len()).unwrap_or(i64::MAX);
        self.change.ledger.push(LedgerRow {
            seq,
            sku: sku.clone(),
            d_on_hand,
            d_reserved,
            d_allocated,
            cause,
            order,
            effect: self.effect,
            reference: None,
        });
    }
}
