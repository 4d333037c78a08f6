//! Telling orders what the location decided by itself, until they have committed it.

use std::collections::BTreeMap;
use std::sync::Arc;

use orderhub_domain::ids::OrderId;
use orderhub_domain::order::{Fact, StockFact};
use orderhub_domain::stock::{HoldKey, News, Told};

use super::{LocationMsg, LocationState};

impl LocationState {
    /// Tells the orders of these holds what became of them.
    pub(super) fn tell(&mut self, holds: &[Told]) {
        let mut by_try: BTreeMap<(OrderId, u16, News), Vec<(HoldKey, i32)>> = BTreeMap::new();
        for Told { key, rev, news } in holds {
            if self.telling.insert(*key) {
                let told = by_try.entry((key.order, key.attempt, *news)).or_default();
                told.push((*key, *rev));
            }
        }
        for ((order, attempt, news), told) in by_try {
            let fact = Fact::Stock(StockFact {
                location: self.code.clone(),
                attempt,
                effect: None,
                evidence: news.evidence(told.iter().map(|(key, _)| key.line).collect()),
            });
            let (shared, myself) = (Arc::clone(&self.shared), self.myself.clone());
            self.shared.tasks.spawn(async move {
                let answer = if shared.report(order, fact).await {
                    LocationMsg::Told(told)
                } else {
                    LocationMsg::NotTold(told.into_iter().map(|(key, _)| key).collect())
                };
                drop(myself.cast(answer));
            });
        }
    }

    /// Tells again what no order has committed yet.
    pub(super) fn tell_untold(&mut self) {
        let untold = self.untold();
        if !untold.is_empty() {
            self.tell(&untold);
        }
    }

    /// These will be told again with the next round.
    pub(super) fn not_told(&mut self, holds: &[HoldKey]) {
        for key in holds {
            self.telling.remove(key);
        }
    }
}
