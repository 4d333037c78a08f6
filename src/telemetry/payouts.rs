//! The gauge over money that payouts should have named by now, read from the store.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use metrics::gauge;
use orderhub_domain::ids::Slug;
use tokio_util::sync::CancellationToken;

use crate::store::Store;

/// How often the store is asked. The answer comes from a small index, in milliseconds.
const EVERY: Duration = Duration::from_secs(10);

/// Keeps the gauge of these connections up to date until `stop`. When the store cannot be read it stays
/// as it was; that it cannot be read is told by others.
pub async fn watch_payouts(
    store: Store,
    payers: Vec<Slug>,
    payout_within: SignedDuration,
    stop: CancellationToken,
) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        let before = Timestamp::now()
            .checked_sub(payout_within)
            .unwrap_or(Timestamp::MIN);
        match store.count_unreconciled(&payers, before).await {
            Ok(counts) => {
                for (gateway, count) in counts {
                    gauge!("orderhub_payments_unreconciled", "gateway" => gateway).set(count);
                }
            }
            Err(error) => tracing::warn!(%error, "unreconciled payments cannot be counted"),
        }
    }
}
