//! Gauges over all orders and stock feeds, read from the store: right after a restart, and the same on every node.
//!
//! When the store cannot be read they stay as they were; that it cannot be read is told by others.

use std::collections::BTreeMap;
use std::time::Duration;

use metrics::gauge;
use orderhub_domain::order::{HOLD_REASONS, Stage};
use tokio_util::sync::CancellationToken;

use crate::stock_feeds::{Sources, show_success};
use crate::store::{Standing, Store};

/// How often the store is asked. The answer comes from small indexes, in milliseconds.
const EVERY: Duration = Duration::from_secs(10);

/// Keeps the gauges up to date until `stop`. An order that wanted attention, or whose calls have failed, for
/// longer than this `patience` is stuck.
pub async fn watch_orders(store: Store, patience: Duration, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        match store.standing(patience).await {
            Ok(standing) => show(&standing),
            Err(error) => tracing::warn!(%error, "orders cannot be counted"),
        }
        match store.review_queue().await {
            Ok(queue) => {
                gauge!("orderhub_review_oldest_age_seconds").set(queue.oldest_s);
                gauge!("orderhub_review_time_used_ratio").set(queue.used);
            }
            Err(error) => tracing::warn!(%error, "orders in review cannot be counted"),
        }
        match Sources::all(&store).await {
            Ok(sources) => {
                for known in sources {
                    show_success(&known.source, known.applied_at);
                }
            }
            Err(error) => tracing::warn!(%error, "sources of stock feeds cannot be listed"),
        }
    }
}

fn show(standing: &Standing) {
    let of = |counts: &BTreeMap<String, f64>, label| counts.get(label).copied().unwrap_or_default();
    for stage in Stage::ALL {
        let word = stage.word();
        gauge!("orderhub_orders_stuck", "stage" => word).set(of(&standing.stuck, word));
        if stage.is_in_hand() {
            let age = of(&standing.oldest, word);
            gauge!("orderhub_order_oldest_age_seconds", "stage" => word).set(age);
        }
    }
    for reason in HOLD_REASONS.into_iter().chain(["other"]) {
        gauge!("orderhub_orders_on_hold", "reason" => reason).set(of(&standing.held, reason));
    }
}
