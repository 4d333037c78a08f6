//! The store of a simulated hub: logs, rows and the stock's tables. It outlives every crash. Each
//! write goes into one running hash, which says whether two runs were the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::address::sealed_by;
use super::logbook::Logbook;
use crate::append::Signal;
use crate::ids::{EffectId, LocationCode, OrderId, Sku};
use crate::order::Recorded;
use crate::stock::{HoldKey, LocationStock, StockChange, StockHold};

/// One location's tables.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    /// Sequence, counters and every hold, final ones included.
    pub(super) stock: LocationStock,
    /// Effects and SKUs that the ledger has a row for.
    booked: BTreeSet<(EffectId, Sku)>,
    /// Names under which the ledger has a row for a SKU already, by cause.
    referred: BTreeSet<(&'static str, Sku, String)>,
    /// The counters as the ledger adds them up: on hand, reserved, allocated.
    pub(super) sums: BTreeMap<Sku, (i64, i64, i64)>,
    pub(super) logbook: Logbook,
}

/// Everything on disk.
pub(super) struct Store {
    pub(super) epoch: u64,
    pub(super) logs: BTreeMap<OrderId, Vec<Recorded>>,
    pub(super) wake: BTreeMap<OrderId, Option<Timestamp>>,
    /// The number of the address that is sealed beside each log; none is the first.
    pub(super) sealed: BTreeMap<OrderId, u16>,
    pub(super) shelves: BTreeMap<LocationCode, Shelf>,
    pub(super) events: usize,
    hash: Sha256,
}

impl Store {
    pub(super) fn new(locations: &[LocationCode]) -> Self {
        let shelves = locations.iter().map(|code| {
            let shelf = Shelf {
                stock: LocationStock::empty(code.clone()),
                booked: BTreeSet::new(),
                referred: BTreeSet::new(),
                sums: BTreeMap::new(),
                logbook: Logbook::default(),
            };
            (code.clone(), shelf)
        });
        Self {
            epoch: 1,
            logs: BTreeMap::new(),
            wake: BTreeMap::new(),
            sealed: BTreeMap::new(),
            shelves: shelves.collect(),
            events: 0,
            hash: Sha256::new(),
        }
    }

    /// Appends to an order's log if it has `expected` events.
    pub(super) fn append(
        &mut self,
        order: OrderId,
        expected: u64,
        events: &[Recorded],
        wake: Option<Timestamp>,
    ) -> Signal {
        let log = self.logs.entry(order).or_default();
        if u64::try_from(log.len()) != Ok(expected) {
            return Signal::Stale;
        }
        for recorded in events {
            let head = format!(
                "{order} {} {} {}",
                recorded.version,
                recorded.recorded_at,
                recorded.event.kind()
            );
            self.hash.update(head.as_bytes());
            self.hash
                .update(recorded.event.body().to_string().as_bytes());
        }
        self.events += events.len();
        log.extend(events.iter().cloned());
        self.wake.insert(order, wake);
        if let Some(address) = sealed_by(events) {
            self.sealed.insert(order, address);
        }
        Signal::Committed
    }

    /// Writes a change of stock; `false` when it does not follow on what is there.
    pub(super) fn change_stock(&mut self, location: &LocationCode, change: &StockChange) -> bool {
        let Some(tables) = self.shelves.get_mut(location) else {
            return false;
        };
        let follows = change.ledger.iter().zip(1_i64..);
        let gapless = follows
            .into_iter()
            .all(|(row, ahead)| row.seq == tables.stock.seq + ahead);
        let again = change.ledger.iter().any(|row| {
            let named = |effect| tables.booked.contains(&(effect, row.sku.clone()));
            row.effect.is_some_and(named)
        });
        let current = |(key, before, _): &(HoldKey, i32, StockHold)| {
            tables.stock.holds.get(key).map_or(0, |hold| hold.rev) == *before
        };
        let received = change.ledger.iter().any(|row| {
            let name = row.reference.clone();
            let name = name.map(|name| (row.cause, row.sku.clone(), name));
            name.is_some_and(|name| tables.referred.contains(&name))
        });
        if !gapless || again || received || !change.holds.iter().all(current) {
            return false;
        }
        for row in &change.ledger {
            if let Some(effect) = row.effect {
                tables.booked.insert((effect, row.sku.clone()));
            }
            let sums = tables.sums.entry(row.sku.clone()).or_default();
            sums.0 += row.d_on_hand;
            sums.1 += row.d_reserved;
            sums.2 += row.d_allocated;
            if let Some(reference) = &row.reference {
                let (sku, name) = (row.sku.clone(), reference.clone());
                tables
                    .referred
                    .insert((row.cause, sku.clone(), name.clone()));
                if row.cause == "receipt" {
                    tables.stock.receipts.insert((sku, name), row.d_on_hand);
                }
            }
            let line = format!(
                "{location} {} {} {} {} {} {}",
                row.seq, row.sku, row.cause, row.d_on_hand, row.d_reserved, row.d_allocated
            );
            self.hash.update(line.as_bytes());
            tables.stock.seq = row.seq;
        }
        for (sku, counters) in &change.counters {
            tables.stock.counters.insert(sku.clone(), *counters);
        }
        for (sku, reference, inbound) in &change.inbounds {
            let name = (sku.clone(), reference.clone());
            tables.stock.inbounds.insert(name, inbound.clone());
        }
        tables.stock.feeds.extend(change.feeds.iter().cloned());
        for (name, quota) in &change.quotas {
            tables.stock.quotas.insert(name.clone(), *quota);
        }
        for (key, _, hold) in &change.holds {
            tables.stock.holds.insert(*key, hold.clone());
        }
        for (sku, told) in &change.told {
            tables.stock.told.insert(sku.clone(), *told);
        }
        for line in tables.logbook.write(&tables.stock, change) {
            self.hash.update(format!("{location} {line}").as_bytes());
        }
        true
    }

    /// The hash over everything written.
    pub(super) fn hash(&self) -> String {
        let digest = self.hash.clone().finalize();
        digest.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string does not fail.
            write!(text, "{byte:02x}").ok();
            text
        })
    }
}

impl Shelf {
    /// Effects that the ledger has a row for.
    pub(super) fn booked_effects(&self) -> BTreeSet<EffectId> {
        self.booked.iter().map(|(effect, _)| *effect).collect()
    }

    /// What a location keeps in memory: final holds and receipts only where they are asked for.
    pub(super) fn memory(&self) -> LocationStock {
        let mut stock = self.stock.clone();
        stock.receipts.clear();
        stock
            .holds
            .retain(|_, hold| hold.state.is_live() || hold.rev != hold.told_rev);
        stock
    }
}
