//! The scan: what `wake_at` says is due.
//!
//! Every second, per shard, by keyset from a trailing mark, a bounded number of pages. Orders that
//! are awake have a timer of their own and are skipped; orders whose wake-ups fail back off. What
//! is found gets a timer, so that it fires within its second.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use orderhub_domain::ids::{OrderId, ShardId};
use ractor::ActorRef;

use super::{ShardMsg, ShardState};
use crate::api::HubError;
use crate::order::unavailable;
use crate::shared::Shared;

/// Rows of one page.
const PAGE: u32 = 256;
/// Pages per second and shard.
const PAGES: usize = 4;
/// How far the scan looks ahead.
const AHEAD: SignedDuration = SignedDuration::from_secs(2);
/// How far the first one after a claim does: what a crash left under way is resumed at once.
const FIRST_AHEAD: SignedDuration = SignedDuration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Where the next page begins; `None` at the beginning.
    mark: Option<(Timestamp, OrderId)>,
    running: bool,
    /// The first pass after the claim is over.
    settled: bool,
}

/// Sends a tick per second; shards are spread over the second.
pub(super) async fn tick(shard: ShardId, actor: ActorRef<ShardMsg>) {
    tokio::time::sleep(Duration::from_millis(u64::from(shard.0) * 4)).await;
    while actor.cast(ShardMsg::Tick).is_ok() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

impl ShardState {
    pub(super) fn tick(&mut self) {
        if self.closed {
            return;
        }
        self.let_idle_ones_go();
        self.start_scan();
    }

    fn start_scan(&mut self) {
        if self.scan.running {
            return;
        }
        self.scan.running = true;
        let ahead = if self.scan.settled {
            AHEAD
        } else {
            FIRST_AHEAD
        };
        let until = self.shared.clock.now() + ahead;
        let (shared, myself) = (Arc::clone(&self.shared), self.myself.clone());
        let (id, mark) = (self.id, self.scan.mark);
        tokio::spawn(async move {
            let found = pages(&shared, id, mark, until).await;
            drop(myself.cast(ShardMsg::Due(found)));
        });
    }

    pub(super) fn due(&mut self, found: Result<Vec<(Timestamp, OrderId)>, HubError>) {
        self.scan.running = false;
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(shard = %self.id, %error, "what is due cannot be read");
                return;
            }
        };
        let complete = found.len() < PAGES * PAGE as usize;
        self.scan.mark = if complete {
            None
        } else {
            found.last().copied()
        };
        let now = self.shared.clock.now();
        for (at, order) in found {
            if self.is_here(order) || self.is_backing_off(order) {
                continue;
            }
            let at = if self.scan.settled { at } else { now };
            self.shared.timers.set(order, at);
        }
        self.scan.settled |= complete;
    }
}

async fn pages(
    shared: &Shared,
    id: ShardId,
    mut mark: Option<(Timestamp, OrderId)>,
    until: Timestamp,
) -> Result<Vec<(Timestamp, OrderId)>, HubError> {
    let _budget = shared.reads.acquire().await;
    let mut found = Vec::new();
    for _ in 0..PAGES {
        let page = shared.journal.due(id, mark, until, PAGE).await;
        let page = page.map_err(unavailable)?;
        mark = page.last().copied().or(mark);
        let last = page.len() < PAGE as usize;
        found.extend(page);
        if last {
            break;
        }
    }
    Ok(found)
}
