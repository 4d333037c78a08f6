//! What follows from a committed change: answers, the board, and who is woken.

use std::collections::BTreeMap;
use std::sync::Arc;

use orderhub_domain::ids::{ChannelId, OrderId, Sku};
use orderhub_domain::order::{Fact, StockEvidence, StockFact};
use orderhub_domain::stock::{Counters, News, Quota, StockChange, StockCommand, Told};

use super::pipeline::{LocationState, Pending};
use crate::api::Said;

impl LocationState {
    pub(super) fn answer(&mut self, pending: Pending) {
        let Some(decision) = pending.decision else {
            return;
        };
        Self::count_result(decision.evidence.as_ref());
        if let (Some(evidence), Some(order)) = (decision.evidence, order_of(&pending.command)) {
            let fact = Fact::Stock(StockFact {
                location: self.code.clone(),
                attempt: pending.attempt,
                effect: pending.effect,
                evidence,
            });
            let reporter = Arc::clone(&self.shared);
            let report = async move { reporter.report(order, fact).await };
            self.shared.tasks.spawn(report);
        }
        if let Some((reply, _permit)) = pending.answer {
            let counters = sku_of(&pending.command).and_then(|sku| {
                let changed = decision.change.counters.get(sku).copied();
                changed.or_else(|| self.stock.as_ref().map(|s| s.counters(sku)))
            });
            drop(reply.send(Ok(Said {
                counters: counters.unwrap_or_default(),
                taken: decision.taken,
            })));
        }
        if !decision.told.is_empty() {
            Self::count_news(&decision.told);
            self.tell(&decision.told);
        }
    }

    /// Makes committed counters known and wakes who waits for them.
    pub(super) fn publish(&mut self, change: &StockChange) {
        self.publish_quotas(&change.quotas);
        self.publish_counters(&change.counters);
        self.note_moved(change.counters.keys());
        if change
            .holds
            .iter()
            .any(|(.., hold)| hold.work_day.is_some())
        {
            self.publish_works();
        }
        for (sku, counters) in &change.counters {
            if counters.shortfall > 0 {
                self.look_for_cut(sku);
            }
        }
    }

    /// Makes committed quotas known and wakes who waits for one that has room again.
    pub(super) fn publish_quotas(&self, quotas: &BTreeMap<(Sku, ChannelId), Quota>) {
        for (name, quota) in quotas {
            let risen = self.shared.board.post_quota(&self.code, name, *quota);
            self.shared.offers.mark(&name.0);
            for order in self.shared.waiters.call(&name.0, risen) {
                self.shared.wake(order);
            }
        }
    }

    pub(super) fn publish_counters(&self, counters: &BTreeMap<Sku, Counters>) {
        for (sku, counters) in counters {
            let moved = self.shared.board.post(&self.code, sku, *counters);
            self.shared.offers.mark(sku);
            metrics::counter!("orderhub_inventory_oversold_units_total").increment(moved.oversold);
            let called = if moved.exhausted {
                self.shared.waiters.call(sku, u64::MAX)
            } else {
                self.shared.waiters.call(sku, moved.risen)
            };
            for order in called {
                self.shared.wake(order);
            }
        }
    }

    fn count_news(told: &[Told]) {
        for told in told {
            let result = match told.news {
                News::Expired => "expired",
                News::Cut => "cut",
                News::Supplied(_) => "supplied",
                News::Dated(_) => continue,
            };
            metrics::counter!("orderhub_inventory_reservations_total", "result" => result)
                .increment(1);
        }
    }

    fn count_result(evidence: Option<&StockEvidence>) {
        let result = match evidence {
            Some(StockEvidence::Reserved { .. }) => "reserved",
            Some(StockEvidence::Refused { .. }) => "refused",
            Some(StockEvidence::Confirmed) => "confirmed",
            Some(StockEvidence::Lost { .. }) => "lost",
            Some(StockEvidence::Released) => "released",
            Some(StockEvidence::Consumed) => "consumed",
            Some(StockEvidence::Restocked) => "restocked",
            Some(StockEvidence::Waiting) => "waiting",
            Some(StockEvidence::Regrouped { .. }) => "regrouped",
            Some(
                StockEvidence::Expired { .. }
                | StockEvidence::Supplied { .. }
                | StockEvidence::Dated { .. }
                | StockEvidence::Cut { .. },
            )
            | None => return,
        };
        metrics::counter!("orderhub_inventory_reservations_total", "result" => result).increment(1);
    }
}

fn order_of(command: &StockCommand) -> Option<OrderId> {
    match command {
        StockCommand::Reserve { order, .. }
        | StockCommand::Wait { order, .. }
        | StockCommand::Confirm { order, .. }
        | StockCommand::Release { order, .. }
        | StockCommand::WriteOff { order, .. }
        | StockCommand::Regroup { order, .. }
        | StockCommand::Consume { order, .. }
        | StockCommand::TakeIn { order, .. }
        | StockCommand::Restock { order, .. } => Some(*order),
        _ => None,
    }
}

/// The SKU that somebody said something about; a feed speaks of many.
const fn sku_of(command: &StockCommand) -> Option<&Sku> {
    match command {
        StockCommand::Count { sku, .. }
        | StockCommand::Announce { sku, .. }
        | StockCommand::Receive { sku, .. } => Some(sku),
        StockCommand::SetQuota(wanted) => Some(&wanted.sku),
        _ => None,
    }
}
