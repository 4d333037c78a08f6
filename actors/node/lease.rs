//! Keeping the lease, and the clock that is learnt with it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::End;
use crate::ports::Ownership;
use crate::shared::Shared;

/// How often the lease is renewed.
const EVERY: Duration = Duration::from_secs(2);

/// A lease this old, counted from before it was asked for, is not served under.
const STALE: Duration = Duration::from_secs(6);

/// Renews the lease until the node ends or is superseded.
pub(super) async fn keep(
    shared: Arc<Shared>,
    ownership: Arc<dyn Ownership>,
    end: watch::Sender<Option<End>>,
) {
    let mut renewed = Instant::now();
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let asked = Instant::now();
        match tokio::time::timeout(STALE, ownership.renew()).await {
            Ok(Ok(true)) => {
                renewed = asked;
                learn(&shared).await;
            }
            Ok(Ok(false)) => {
                tracing::error!("a newer process with this name took over; this one ends");
                shared.health.admit(false);
                shared.health.end();
                end.send_replace(Some(End::Superseded));
                return;
            }
            Ok(Err(error)) => tracing::warn!(%error, "the lease cannot be renewed"),
            Err(_) => tracing::warn!("the lease cannot be renewed in time"),
        }
        shared.health.lease(renewed.elapsed() < STALE);
    }
}

async fn learn(shared: &Shared) {
    let asked = Instant::now();
    if let Ok(Ok(now)) = tokio::time::timeout(EVERY, shared.journal.now()).await {
        shared.clock.learn(now, asked.elapsed());
    }
}
