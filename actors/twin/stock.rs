//! Stock in memory: counters, holds and the append-only ledger of every location.

use async_trait::async_trait;
use orderhub_domain::ids::{EffectId, LocationCode, OrderId, Sku};
use orderhub_domain::stock::{
    Counters, HoldKey, HoldState, LedgerRow, LocationStock, LogbookEntry, StockChange, StockHold,
};
use std::collections::BTreeSet;

use super::{Fault, LocationRows, Twin, World};
use crate::ports::{Pause, StockAppend, StockAppended, StockBook, StockWriter, Unavailable};

pub(super) struct TwinStockLane(pub(super) Twin);

#[async_trait]
impl StockWriter for TwinStockLane {
    fn stopped(&self) -> Option<&str> {
        None
    }

    async fn commit(&mut self, batch: &[StockAppend]) -> Vec<StockAppended> {
        let fault = self.0.world().stock_faults.pop_front();
        let all = |outcome: StockAppended| vec![outcome; batch.len()];
        let silent = || StockAppended::Unavailable("the twin fails".into());
        match fault {
            Some(Fault::Delay(time)) => tokio::time::sleep(time).await,
            Some(Fault::Unavailable | Fault::UnknownLost) => return all(silent()),
            #[expect(clippy::panic, reason = "the fault is a panic")]
            Some(Fault::Panic) => panic!("the twin was told to panic"),
            Some(Fault::None | Fault::UnknownStored) | None => {}
        }
        let mut world = self.0.world();
        let mut stopped = BTreeSet::new();
        let mut outcomes = Vec::with_capacity(batch.len());
        for append in batch {
            let outcome = if stopped.contains(&append.location) {
                StockAppended::Conflict
            } else {
                world.change_stock(append)
            };
            if outcome != StockAppended::Committed {
                stopped.insert(append.location.clone());
            }
            outcomes.push(outcome);
        }
        if fault == Some(Fault::UnknownStored) {
            return all(silent());
        }
        outcomes
    }
}

impl World {
    fn change_stock(&mut self, append: &StockAppend) -> StockAppended {
        if self.location_epochs.get(&append.location) != Some(&append.epoch) {
            return StockAppended::Fenced;
        }
        let rows = self.locations.entry(append.location.clone()).or_default();
        if !rows.takes(&append.change) {
            return StockAppended::Conflict;
        }
        rows.moved.extend(moved(&append.change));
        rows.ledger.extend(append.change.ledger.iter().cloned());
        for (sku, counters) in &append.change.counters {
            rows.counters.insert(sku.clone(), *counters);
        }
        for (sku, reference, inbound) in &append.change.inbounds {
            let name = (sku.clone(), reference.clone());
            rows.inbounds.insert(name, inbound.clone());
        }
        rows.feeds.extend(append.change.feeds.iter().cloned());
        for (name, quota) in &append.change.quotas {
            rows.quotas.insert(name.clone(), *quota);
        }
        for (sku, told) in &append.change.told {
            rows.told.insert(sku.clone(), *told);
        }
        rows.log(&append.change.logbook);
        for (key, _, hold) in &append.change.holds {
            rows.holds.insert(*key, hold.clone());
        }
        StockAppended::Committed
    }
}

impl LocationRows {
    /// Writes the entries whose name is not there yet.
    fn log(&mut self, entries: &[LogbookEntry]) {
        for entry in entries {
            let known = |other: &LogbookEntry| other.name == entry.name;
            if entry.name.is_none() || !self.logbook.iter().any(known) {
                self.logbook.push(entry.clone());
            }
        }
    }

    /// Whether keys, revisions and the bound let the change in.
    fn takes(&self, change: &StockChange) -> bool {
        let mut seq = i64::try_from(self.ledger.len()).unwrap_or(i64::MAX);
        let ledger_follows = change.ledger.iter().all(|row| {
            seq += 1;
            row.seq == seq
        });
        let holds_follow = change.holds.iter().all(|(key, before, _)| {
            let stored = self.holds.get(key).map_or(0, |hold| hold.rev);
            stored == *before
        });
        // A receipt, or a message of a feed, is booked once, however often it is sent.
        let came = change.ledger.iter().any(|row| {
            let same = |known: &&LedgerRow| {
                (&known.sku, known.cause, &known.reference) == (&row.sku, row.cause, &row.reference)
            };
            row.reference.is_some() && self.ledger.iter().any(|known| same(&known))
        });
        let mut fresh = BTreeSet::new();
        // An effect moves a SKU once, however often it is sent.
        let each_once =
            moved(change).all(|moved| !self.moved.contains(&moved) && fresh.insert(moved));
        ledger_follows
            && holds_follow
            && !came
            && each_once
            && change.counters.values().all(Counters::holds)
    }
}

/// What a change moves on behalf of effects.
fn moved(change: &StockChange) -> impl Iterator<Item = (EffectId, Sku)> {
    let rows = change.ledger.iter();
    rows.filter_map(|row| Some((row.effect?, row.sku.clone())))
}

#[async_trait]
impl StockBook for Twin {
    async fn load(&self, location: &LocationCode) -> Result<LocationStock, Unavailable> {
        let world = self.reading()?;
        let mut stock = LocationStock::empty(location.clone());
        let Some(rows) = world.locations.get(location) else {
            return Ok(stock);
        };
        stock.seq = i64::try_from(rows.ledger.len()).unwrap_or(i64::MAX);
        stock.counters.clone_from(&rows.counters);
        stock.inbounds.clone_from(&rows.inbounds);
        stock.feeds.clone_from(&rows.feeds);
        stock.quotas.clone_from(&rows.quotas);
        stock.told.clone_from(&rows.told);
        stock.holds = rows
            .holds
            .iter()
            .filter(|(_, hold)| hold.state.is_live() || hold.rev != hold.told_rev)
            .map(|(key, hold)| (*key, hold.clone()))
            .collect();
        Ok(stock)
    }

    async fn holds(
        &self,
        location: &LocationCode,
        keys: &[HoldKey],
    ) -> Result<Vec<(HoldKey, StockHold)>, Unavailable> {
        let world = self.reading()?;
        let Some(rows) = world.locations.get(location) else {
            return Ok(Vec::new());
        };
        let found = keys
            .iter()
            .filter_map(|key| Some((*key, rows.holds.get(key)?.clone())));
        Ok(found.collect())
    }

    async fn booked(
        &self,
        location: &LocationCode,
        effects: &[EffectId],
    ) -> Result<BTreeSet<EffectId>, Unavailable> {
        let world = self.reading()?;
        let rows = world.locations.get(location).into_iter();
        let moved = rows.flat_map(|rows| rows.moved.iter().map(|(effect, _)| *effect));
        Ok(moved.filter(|effect| effects.contains(effect)).collect())
    }

    async fn receipts(
        &self,
        location: &LocationCode,
        names: &[(Sku, String)],
    ) -> Result<Vec<((Sku, String), i64)>, Unavailable> {
        let world = self.reading()?;
        let Some(rows) = world.locations.get(location) else {
            return Ok(Vec::new());
        };
        let found = rows.ledger.iter().filter_map(|row| {
            let name = (row.sku.clone(), row.reference.clone()?);
            (row.cause == "receipt" && names.contains(&name)).then_some((name, row.d_on_hand))
        });
        Ok(found.collect())
    }

    async fn works(
        &self,
        location: &LocationCode,
        from_day: i32,
    ) -> Result<Vec<(i32, OrderId, u16)>, Unavailable> {
        let world = self.reading()?;
        let rows = world.locations.get(location).into_iter();
        let holds = rows.flat_map(|rows| &rows.holds);
        let works = holds.filter_map(|(key, hold)| {
            let day = hold.work_day.filter(|day| *day >= from_day)?;
            let ended = !matches!(
                hold.state,
                HoldState::Soft | HoldState::Hard | HoldState::Consumed
            );
            (!ended).then_some((day, key.order, key.attempt))
        });
        Ok(works.collect())
    }

    async fn pauses(&self) -> Result<Vec<(LocationCode, Pause)>, Unavailable> {
        let world = self.reading()?;
        let pauses = world.pauses.iter();
        Ok(pauses
            .map(|(code, pause)| (code.clone(), pause.clone()))
            .collect())
    }

    async fn note_pause(
        &self,
        location: &LocationCode,
        paused: bool,
        change: &Pause,
    ) -> Result<(), Unavailable> {
        let mut world = self.reading()?;
        if paused {
            world.pauses.insert(location.clone(), change.clone());
        } else {
            world.pauses.remove(location);
        }
        Ok(())
    }

    async fn by_sku(&self, sku: &Sku) -> Result<Vec<(LocationCode, Counters)>, Unavailable> {
        let world = self.reading()?;
        let rows = world.locations.iter();
        Ok(rows
            .filter_map(|(code, rows)| Some((code.clone(), *rows.counters.get(sku)?)))
            .collect())
    }
}
