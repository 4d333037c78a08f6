//! What is found out about a new order before it is decided: who else ordered like this.
//!
//! Orders on disk are counted by the store, orders on their way there by this node, which owns them
//! all; each counts once. A store that does not answer in time keeps no order waiting: screening
//! goes on without counts, and says so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use orderhub_domain::canonical::Submission;
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::{Features, Mark, Sighting, Sightings, marks};

use crate::locked;
use crate::shared::Shared;

/// How long an order waits for its counts.
const PATIENCE: Duration = Duration::from_millis(250);

/// Orders that are being placed, by their marks.
#[derive(Default)]
pub(crate) struct Arrivals(Mutex<BTreeMap<Mark, BTreeSet<OrderId>>>);

/// An order that is being placed; dropped once its commit is answered.
pub(super) struct Arrival {
    shared: Arc<Shared>,
    order: OrderId,
    marks: Vec<Mark>,
}

impl Arrival {
    /// Enters an order and answers, mark by mark, who was there before it.
    fn enter(
        shared: &Arc<Shared>,
        order: OrderId,
        marks: Vec<Mark>,
    ) -> (Self, Vec<BTreeSet<OrderId>>) {
        let mut arriving = locked(&shared.arrivals.0);
        let others = marks.iter().map(|mark| {
            let orders = arriving.entry(mark.clone()).or_default();
            let others = orders.clone();
            orders.insert(order);
            others
        });
        let others = others.collect();
        drop(arriving);
        let shared = Arc::clone(shared);
        let arrival = Self {
            shared,
            order,
            marks,
        };
        (arrival, others)
    }

    /// The marks of the order, to be written with it.
    pub(super) fn marks(&self) -> Vec<Mark> {
        self.marks.clone()
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        let mut arriving = locked(&self.shared.arrivals.0);
        for mark in &self.marks {
            if let Some(orders) = arriving.get_mut(mark) {
                orders.remove(&self.order);
                if orders.is_empty() {
                    arriving.remove(mark);
                }
            }
        }
    }
}

/// What is known about a new order that may speak against it. While rules in force count orders, it
/// is counted itself until the arrival is dropped.
pub(super) async fn look(
    shared: &Arc<Shared>,
    order: OrderId,
    submission: &Submission,
) -> (Features, Option<Arrival>) {
    let rules = &shared.policy.screening;
    if !rules.counts_orders() {
        return (Features::of(submission, &Sightings::NotNeeded), None);
    }
    let (arrival, others) = Arrival::enter(shared, order, marks(submission));
    let since = shared.clock.now().saturating_sub(rules.window);
    let since = since.unwrap_or(jiff::Timestamp::MIN);
    let answer = if arrival.marks.is_empty() {
        Ok(Vec::new())
    } else {
        let reading = shared.journal.seen(&arrival.marks, since);
        let answer = tokio::time::timeout(PATIENCE, reading).await;
        answer.map_or_else(
            |_| Err(format!("no answer within {PATIENCE:?}")),
            |read| read.map_err(|error| error.0),
        )
    };
    let sightings = match answer {
        Ok(seen) => {
            let seen = arrival.marks.iter().zip(seen).zip(others);
            let counted = seen.map(|((mark, seen), mut orders)| {
                let before = seen.before || !orders.is_empty();
                orders.extend(seen.recent);
                Sighting {
                    kind: mark.kind,
                    recent: u32::try_from(orders.len()).unwrap_or(u32::MAX),
                    before,
                }
            });
            Sightings::Read(counted.collect())
        }
        Err(why) => {
            tracing::warn!(order.id = %order, why, "an order is screened without counts");
            Sightings::Unread
        }
    };
    (Features::of(submission, &sightings), Some(arrival))
}
