//! Whether the node may serve, and what is wrong when it may not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use orderhub_domain::ids::OrderId;
use tokio::time::Instant;

use crate::locked;

/// How long a lane counts as failing after a commit failed, unless one succeeds before. Then
/// somebody has to try again, to find out.
const FAILING: Duration = Duration::from_secs(5);

/// What readiness is made of.
#[derive(Debug, Default)]
pub struct Health {
    admitting: AtomicBool,
    leased: AtomicBool,
    ended: AtomicBool,
    dead: Mutex<BTreeSet<String>>,
    /// Lanes whose last commit failed, and when.
    failing: Mutex<BTreeMap<String, Instant>>,
    poison: Mutex<BTreeSet<OrderId>>,
}

impl Health {
    /// Orders and requests are accepted now.
    pub fn is_ready(&self) -> bool {
        self.is_open() && !self.is_failing()
    }

    /// The door is open. It stays open while commits fail: only a request that is tried shows that
    /// the store writes again.
    pub(crate) fn is_open(&self) -> bool {
        self.admitting.load(Ordering::Relaxed)
            && self.leased.load(Ordering::Relaxed)
            && locked(&self.dead).is_empty()
    }

    fn is_failing(&self) -> bool {
        let failing = locked(&self.failing);
        failing.values().any(|since| since.elapsed() < FAILING)
    }

    /// A lane's commit went well, or nothing of it could be stored.
    pub(crate) fn committed(&self, lane: &str, well: bool) {
        let mut failing = locked(&self.failing);
        if well {
            if failing.remove(lane).is_some() {
                tracing::info!(lane, "commits succeed again");
            }
        } else if failing.insert(lane.to_owned(), Instant::now()).is_none() {
            tracing::error!(lane, "commits fail; the node is not ready");
        }
    }

    /// Answers can still be delivered: the node is not being superseded or ended.
    pub(crate) fn is_serving(&self) -> bool {
        !self.ended.load(Ordering::Relaxed)
    }

    /// The node is at its end.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Opens or closes the door.
    pub(crate) fn admit(&self, open: bool) {
        self.admitting.store(open, Ordering::Relaxed);
    }

    /// The lease is valid, or too old to serve under.
    pub(crate) fn lease(&self, valid: bool) {
        self.leased.store(valid, Ordering::Relaxed);
    }

    /// Names a part that died and cannot be started again.
    pub(crate) fn died(&self, part: &str) {
        tracing::error!(part, "a part of the node died; restart the node");
        locked(&self.dead).insert(part.to_owned());
    }

    /// Parts that died: `lane-0`, `stock-lane`.
    pub fn dead_parts(&self) -> Vec<String> {
        locked(&self.dead).iter().cloned().collect()
    }

    /// An order whose wake-up failed again and again: a person has to look.
    pub(crate) fn poisoned(&self, order: OrderId) {
        if locked(&self.poison).insert(order) {
            tracing::error!(order.id = %order, "an order cannot be woken; look at its log");
            metrics::counter!("orderhub_poison_orders_total").increment(1);
        }
    }

    /// The order was woken after all.
    pub(crate) fn cured(&self, order: OrderId) {
        locked(&self.poison).remove(&order);
    }

    /// Orders whose wake-up failed again and again.
    pub fn poison(&self) -> Vec<OrderId> {
        locked(&self.poison).iter().copied().collect()
    }
}
