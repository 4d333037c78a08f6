//! The logbooks of a simulated hub's locations: what they say is what was so when they said it, each change
//! of what can be promised under its own version, and each message of a feed once.

use std::collections::{BTreeMap, BTreeSet};

use super::world::World;
use crate::ids::{LocationCode, Sku};
use crate::stock::{
    Availability, Happening, LocationStock, LogbookEntry, StockChange, StockCommand,
};

/// A location's logbook on disk.
#[derive(Debug, Clone, Default)]
pub(super) struct Logbook {
    entries: Vec<LogbookEntry>,
    names: BTreeSet<String>,
    /// What is wrong with what was written last.
    wrong: Option<String>,
}

impl Logbook {
    /// Writes what a change says, once the rest of it stands in `stock`. Answers what was written.
    pub(super) fn write(&mut self, stock: &LocationStock, change: &StockChange) -> Vec<String> {
        let mut written = Vec::new();
        for entry in &change.logbook {
            let known = entry.name.clone();
            if known.is_some_and(|name| !self.names.insert(name)) {
                continue;
            }
            self.wrong = self.wrong.take().or_else(|| self.doubt(stock, entry));
            written.push(format!("{} {}", entry.says.kind(), entry.says.body()));
            self.entries.push(entry.clone());
        }
        written
    }

    /// Why an entry is not true, or does not follow on those before it.
    fn doubt(&self, stock: &LocationStock, entry: &LogbookEntry) -> Option<String> {
        let wrong = |what: &str| Some(format!("{what}: {entry:?}"));
        if entry.after_seq != stock.seq {
            return wrong("it stands after another row of the ledger");
        }
        match &entry.says {
            Happening::AvailabilityChanged {
                sku,
                version,
                available,
                before,
            } => {
                let last = self.last_told(sku);
                let expected = last.map_or(1, |last| last.version + 1);
                if *version != expected || *before != last.map(|last| last.units) {
                    return wrong("it does not follow on what was said before");
                }
                let there = stock.counters(sku).available();
                (*available != there || *before == Some(there))
                    .then(|| format!("{there} can be promised: {entry:?}"))
            }
            Happening::FeedApplied {
                source, sequence, ..
            } => {
                let earlier = self.entries.iter().any(|entry| match &entry.says {
                    Happening::FeedApplied {
                        source: from,
                        sequence: known,
                        ..
                    } => from == source && known >= sequence,
                    _ => false,
                });
                if earlier {
                    return wrong("a message is taken again, or after a later one");
                }
                None
            }
            Happening::FeedRejected { .. } | Happening::DriftFound { .. } => None,
        }
    }

    fn last_told(&self, sku: &Sku) -> Option<Availability> {
        self.entries
            .iter()
            .rev()
            .find_map(|entry| match &entry.says {
                Happening::AvailabilityChanged {
                    sku: of,
                    version,
                    available,
                    ..
                } if of == sku => Some(Availability {
                    version: *version,
                    units: *available,
                }),
                _ => None,
            })
    }

    /// SKUs of which something else can be promised than was said last.
    fn behind(&self, stock: &LocationStock) -> BTreeMap<Sku, i64> {
        let now = stock.counters.iter();
        let now = now.map(|(sku, counters)| (sku, counters.available()));
        let told = |sku| self.last_told(sku).map(|told| told.units);
        now.filter(|(sku, units)| told(sku) != Some(*units))
            .map(|(sku, units)| (sku.clone(), units))
            .collect()
    }
}

impl World<'_> {
    /// A location says what can be promised, as it does now and then.
    pub(super) fn tell_available(&mut self, location: &LocationCode) {
        self.look_up(location, &[]);
        let Some(memory) = self.stockroom.get(location) else {
            return;
        };
        let differs = |sku: &&Sku| {
            let told = memory.told.get(*sku).map(|told| told.units);
            told != Some(memory.counters(sku).available())
        };
        let skus: Vec<Sku> = memory.counters.keys().filter(differs).cloned().collect();
        if !skus.is_empty() {
            self.ask_shelf(location, &StockCommand::TellAvailability { skus }, None);
        }
    }

    /// Locations say what can be promised until they have, through a crash.
    pub(super) fn tell_all_available(&mut self) {
        for location in self.places() {
            for _ in 0..2 {
                self.tell_available(&location);
            }
        }
    }

    /// What the logbook says is so.
    pub(super) fn check_logbook(&mut self, at: &LocationCode) {
        let tables = self.store.shelves.get(at);
        if let Some(wrong) = tables.and_then(|tables| tables.logbook.wrong.clone()) {
            self.fall("logbook_is_true", format!("{at}: {wrong}"));
        }
    }

    /// Once nothing happens any more, the logbooks have said what can be promised.
    pub(super) fn check_told(&mut self) {
        for at in self.places() {
            let tables = self.store.shelves.get(&at);
            let behind = tables.map(|tables| tables.logbook.behind(&tables.stock));
            if let Some(behind) = behind.filter(|behind| !behind.is_empty()) {
                let found = format!("{at} has not said what can be promised: {behind:?}");
                self.fall("availability_is_told", found);
            }
        }
    }
}
