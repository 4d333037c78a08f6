//! Telling orders what the location decided by itself, until they have committed it.

use std::collections::BTreeMap;
use std::sync::Arc;

use orderhub_domain::ids::OrderId;
use orderhub_domain::order::{Fact, StockEvidence, StockFact};
use orderhub_domain::stock::HoldKey;

use super::{LocationMsg, LocationState};

impl LocationState {
    /// Tells the orders of these holds that they lapsed.
    pub(super) fn tell(&mut self, holds: &[(HoldKey, i32)]) {
        let mut by_try: BTreeMap<(OrderId, u16), Vec<(HoldKey, i32)>> = BTreeMap::new();
        for (key, rev) in holds {
            if self.telling.insert(*key) {
                let told = by_try.entry((key.order, key.attempt)).or_default();
                told.push((*key, *rev));
            }
        }
        for ((order, attempt), told) in by_try {
            let fact = Fact::Stock(StockFact {
                location: self.code.clone(),
                attempt,
                effect: None,
                evidence: StockEvidence::Expired {
                    lines: told.iter().map(|(key, _)| key.line).collect(),
                },
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
