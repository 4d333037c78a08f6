//! A location that takes no new work: its orders are told, until none of their work is there that
//! another can do, and who waits for its units is woken when it works again. And how much it has to do.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::StreamExt;
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::{Fact, Places};
use orderhub_domain::stock::HoldState;

use super::LocationState;

/// Orders that are told at once.
const AT_ONCE: usize = 32;

impl LocationState {
    /// Tells everybody with firm holds here that the location takes no work. Orders that have nothing
    /// to move answer without a commit.
    pub(super) fn tell_paused(&self) {
        if !self.shared.board.is_paused(&self.code) {
            return;
        }
        let Some(stock) = &self.stock else {
            return;
        };
        let firm = stock.holds.iter();
        let firm = firm.filter(|(_, hold)| hold.state == HoldState::Hard);
        let orders: BTreeSet<OrderId> = firm.map(|(key, _)| key.order).collect();
        if orders.is_empty() || self.pausing.swap(true, Ordering::AcqRel) {
            return;
        }
        let (shared, code) = (Arc::clone(&self.shared), self.code.clone());
        let pausing = Arc::clone(&self.pausing);
        self.shared.tasks.spawn(async move {
            let told = futures_util::stream::iter(orders).for_each_concurrent(AT_ONCE, |order| {
                let (shared, code) = (&shared, &code);
                async move {
                    // Who could not be told is told with the next round.
                    if shared.board.is_paused(code) {
                        shared.report(order, Fact::Paused(code.clone())).await;
                    }
                }
            });
            told.await;
            pausing.store(false, Ordering::Release);
        });
    }

    /// The location works again: its units can be had.
    pub(super) fn resumed(&self) {
        let Some(stock) = &self.stock else {
            return;
        };
        for (sku, counters) in &stock.counters {
            let units = u64::try_from(counters.available()).unwrap_or(0);
            for order in self.shared.waiters.call(sku, units) {
                self.shared.wake(order);
            }
        }
    }

    /// Makes known how much work each day has.
    pub(super) fn publish_works(&self) {
        let Some(stock) = &self.stock else {
            return;
        };
        let days = stock.room.works.keys();
        let days = days.map(|day| (*day, stock.room.taken(*day))).collect();
        self.shared.board.post_works(&self.code, days);
    }

    /// Days that are over are not counted any more.
    pub(super) fn forget_days(&mut self) {
        let now = self.shared.clock.now();
        if let Some(stock) = self.stock.as_mut() {
            stock.room.forget_before(now);
        }
    }
}
