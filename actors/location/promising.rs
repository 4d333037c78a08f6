//! Saying what can be promised: not with every sale, but once for all that moved since it was said last.

use orderhub_domain::ids::Sku;
use orderhub_domain::stock::{LocationStock, StockCommand};

use super::LocationState;

/// SKUs that are spoken of in one change.
const AT_ONCE: usize = 500;

impl LocationState {
    /// What can be promised of these may be another number now.
    pub(super) fn note_moved<'a>(&mut self, skus: impl Iterator<Item = &'a Sku>) {
        for sku in skus {
            if !self.moved.contains(sku) {
                self.moved.insert(sku.clone());
            }
        }
    }

    /// After a reading it is not known what moved meanwhile: everything is compared.
    pub(super) fn compare_all(&mut self, stock: &LocationStock) {
        let said = |sku: &Sku| stock.told.get(sku).map(|told| told.units);
        let counters = stock.counters.iter();
        let differ = counters.filter(|(sku, now)| said(sku) != Some(now.available()));
        self.note_moved(differ.map(|(sku, _)| sku));
    }

    /// Says of what has moved how many units can be promised, if that was not said yet.
    pub(super) async fn tell_available(&mut self) {
        let says =
            |command: &StockCommand| matches!(command, StockCommand::TellAvailability { .. });
        let waits = self.under_way.iter().any(|other| says(&other.command));
        if self.stock.is_none() || self.moved.is_empty() || waits {
            return;
        }
        let mut skus = Vec::new();
        while skus.len() < AT_ONCE
            && let Some(sku) = self.moved.pop_first()
        {
            skus.push(sku);
        }
        let tell = StockCommand::TellAvailability { skus };
        self.take(tell, None, 0, None).await;
    }
}
