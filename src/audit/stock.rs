//! Walks over stock: the counters and quotas of each location against its holds and the sums of its ledger, and
//! the whole ledger, from which those sums are made again and again.

use std::collections::BTreeMap;

use orderhub_domain::drift::Drift;
use orderhub_domain::ids::LocationCode;
use orderhub_domain::stock::{
    LedgerSums, STOCK_COUNTERS, STOCK_HOLDS, STOCK_LEDGER, STOCK_QUOTAS, STOCK_SUPPLY,
};

use super::Auditor;
use super::orders::is_among;
use crate::store::{LEDGER_BITE, StoreError};

/// How far the walks over stock are.
#[derive(Default)]
pub(super) struct Shelves {
    /// Locations whose counters are still to be looked at in this round.
    counters: Vec<LocationCode>,
    /// Locations whose ledger is still to be read in this round, the one that is being read last.
    ledgers: Vec<LocationCode>,
    /// The sums of the ledger that is being read, and what was found in it.
    reading: LedgerSums,
    found: Vec<Drift>,
    /// The sums of whole ledgers, carried on row by row since they were read.
    sums: BTreeMap<LocationCode, LedgerSums>,
}

impl Auditor {
    /// Looks at the next location's counters.
    pub(super) async fn counters(&mut self) -> Result<bool, StoreError> {
        if self.shelves.counters.is_empty() {
            self.shelves.counters = self.book.locations().await?;
        }
        let Some(location) = self.shelves.counters.last().cloned() else {
            return Ok(true);
        };
        self.carry_on(&location).await?;
        let mut found = self.compare(&location).await?;
        if found.iter().any(|drift| !self.findings.know(drift)) {
            self.wait_for_a_second_look().await;
            let again = self.compare(&location).await?;
            found.retain(|drift| self.findings.know(drift) || is_among(&again, drift));
        }
        let is_summed = self.shelves.sums.contains_key(&location);
        let here = format!("{location}/");
        let covered = |rule: &str, subject: &str| {
            let held = [STOCK_HOLDS, STOCK_SUPPLY, STOCK_QUOTAS].contains(&rule);
            let compared = held || (rule == STOCK_COUNTERS && is_summed);
            compared && subject.starts_with(&here)
        };
        self.findings
            .settle(&mut self.book, &found, covered)
            .await?;
        self.shelves.counters.pop();
        Ok(self.shelves.counters.is_empty())
    }

    /// Adds the rows that a ledger has got since its sums were made.
    async fn carry_on(&mut self, location: &LocationCode) -> Result<(), StoreError> {
        let Some(sums) = self.shelves.sums.get_mut(location) else {
            return Ok(());
        };
        loop {
            let part = self.book.ledger_part(location, sums.seq).await?;
            let rows = part.rows;
            sums.add(part);
            if rows < LEDGER_BITE {
                return Ok(());
            }
        }
    }

    async fn compare(&mut self, location: &LocationCode) -> Result<Vec<Drift>, StoreError> {
        let sums = self.shelves.sums.get(location);
        let after = sums.map_or(i64::MAX, |sums| sums.seq);
        let stock = self.book.stored_stock(location, after).await?;
        Ok(stock.drifts(location, sums))
    }

    /// Reads the next rows of the ledger that is being read.
    pub(super) async fn ledger(&mut self) -> Result<bool, StoreError> {
        if self.shelves.ledgers.is_empty() {
            self.shelves.ledgers = self.book.locations().await?;
        }
        let Some(location) = self.shelves.ledgers.last().cloned() else {
            return Ok(true);
        };
        let after = self.shelves.reading.seq;
        let part = self.book.ledger_part(&location, after).await?;
        let (rows, last) = (part.rows, part.last);
        if rows > 0 {
            let mut found = self.book.ledger_orphans(&location, after, last).await?;
            if last - after != rows {
                found.extend(self.book.ledger_gaps(&location, after, last).await?);
            }
            self.findings
                .settle(&mut self.book, &found, |_, _| false)
                .await?;
            self.shelves.reading.add(part);
            self.shelves.found.extend(found);
        }
        if rows == LEDGER_BITE {
            return Ok(false);
        }
        let here = format!("{location}/");
        let covered =
            |rule: &str, subject: &str| rule == STOCK_LEDGER && subject.starts_with(&here);
        let found = std::mem::take(&mut self.shelves.found);
        self.findings
            .settle(&mut self.book, &found, covered)
            .await?;
        let sums = std::mem::take(&mut self.shelves.reading);
        self.shelves.sums.insert(location, sums);
        self.shelves.ledgers.pop();
        Ok(self.shelves.ledgers.is_empty())
    }
}
