//! Walks over orders: those that live, the versions of all, and all in depth. Each goes on where it
//! stopped, one bite at a time.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::{SignedDuration, Timestamp};
use orderhub_domain::drift::Drift;
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::{ORDER_LOG, StoredOrder};
use uuid::Uuid;

use super::Auditor;
use super::findings::is_about_an_order;
use crate::store::{HotMark, StoreError};

/// Orders that are folded in one bite.
const BITE: usize = 50;

/// An order that changed within this time lives, whatever its stage.
const LATELY: SignedDuration = SignedDuration::from_mins(10);

/// How far the walks over orders are.
#[derive(Default)]
pub(super) struct Places {
    live: Option<(HotMark, Timestamp, Timestamp)>,
    counted: Option<OrderId>,
    folded: Option<OrderId>,
    found: Option<OrderId>,
}

impl Auditor {
    /// Looks at the next orders that are in hand or changed lately.
    pub(super) async fn live_orders(&mut self) -> Result<bool, StoreError> {
        let (mark, since, until) = if let Some(place) = self.orders.live {
            place
        } else {
            let now = self.book.now().await?;
            let since = now.saturating_sub(LATELY).unwrap_or(now);
            (HotMark::InHand(0, Uuid::nil()), since, now)
        };
        let (orders, next) = self.book.hot_orders(mark, (since, until), BITE).await?;
        self.look_at(&orders).await?;
        self.orders.live = next.map(|mark| (mark, since, until));
        Ok(next.is_none())
    }

    /// Counts the versions of the next orders, and looks at those where row and log differ.
    pub(super) async fn versions(&mut self) -> Result<bool, StoreError> {
        let suspects = self.book.suspects(self.orders.counted).await?;
        for orders in suspects.orders.chunks(BITE) {
            self.look_at(orders).await?;
        }
        self.orders.counted = suspects.upto;
        Ok(suspects.upto.is_none())
    }

    /// Looks at the next orders by id.
    pub(super) async fn all_orders(&mut self) -> Result<bool, StoreError> {
        let orders = self.book.orders_after(self.orders.folded, BITE).await?;
        self.look_at(&orders).await?;
        let more = orders.len() == BITE;
        self.orders.folded = orders.last().copied().filter(|_| more);
        Ok(!more)
    }

    /// Looks again at the next orders that something was found about.
    pub(super) async fn found_orders(&mut self) -> Result<bool, StoreError> {
        if self.orders.found.is_none() {
            self.findings.reload(&mut self.book).await?;
        }
        let found = self.findings.orders();
        let found: BTreeSet<OrderId> = found.filter_map(|subject| subject.parse().ok()).collect();
        let next = found
            .into_iter()
            .filter(|order| Some(*order) > self.orders.found);
        let orders: Vec<OrderId> = next.take(BITE).collect();
        self.look_at(&orders).await?;
        let more = orders.len() == BITE;
        self.orders.found = orders.last().copied().filter(|_| more);
        Ok(!more)
    }

    /// Looks at these orders; what is new is named only when a second look finds it too.
    async fn look_at(&mut self, orders: &[OrderId]) -> Result<(), StoreError> {
        if orders.is_empty() {
            return Ok(());
        }
        let mut found = self.judge(orders).await?;
        let doubtful: BTreeSet<OrderId> = found
            .iter()
            .filter(|drift| !self.findings.know(drift))
            .filter_map(|drift| drift.subject.parse().ok())
            .collect();
        if !doubtful.is_empty() {
            self.wait_for_a_second_look().await;
            let doubtful: Vec<OrderId> = doubtful.into_iter().collect();
            let again = self.judge(&doubtful).await?;
            found.retain(|drift| self.findings.know(drift) || is_among(&again, drift));
        }
        let looked: BTreeSet<String> = orders.iter().map(OrderId::to_string).collect();
        let covered =
            |rule: &str, subject: &str| is_about_an_order(rule) && looked.contains(subject);
        self.findings.settle(&mut self.book, &found, covered).await
    }

    async fn judge(&mut self, orders: &[OrderId]) -> Result<Vec<Drift>, StoreError> {
        let stored = self.book.stored_orders(orders).await?;
        Ok(stored.iter().flat_map(|order| self.drifts(order)).collect())
    }

    fn drifts(&self, order: &StoredOrder) -> Vec<Drift> {
        let last = order.log.as_ref().ok().and_then(|log| log.last());
        let ours = last.is_some_and(|event| event.recorded_at >= self.since);
        let policy = Some(&self.policy).filter(|_| ours);
        // A log that somebody wrote to can be such that no order ever was like it.
        catch_unwind(AssertUnwindSafe(|| order.drifts(policy))).unwrap_or_else(|_| {
            vec![Drift {
                invariant: ORDER_LOG,
                subject: order.id.to_string(),
                detail: "its log cannot be folded".to_owned(),
            }]
        })
    }
}

/// Whether the same is found broken, whatever the values.
pub(super) fn is_among(found: &[Drift], drift: &Drift) -> bool {
    let same =
        |other: &Drift| (other.invariant, &other.subject) == (drift.invariant, &drift.subject);
    found.iter().any(same)
}
