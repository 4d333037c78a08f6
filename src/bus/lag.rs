//! How many committed events wait for the bus, exact and cheap: every event is counted once when it
//! appears and once when it is published.

use std::collections::BTreeMap;

use orderhub_domain::ids::ShardId;

use crate::store::{PublishCursor, PublishLog, StoreError};

/// The events that wait, by shard.
#[derive(Debug, Default)]
pub(super) struct Lag(BTreeMap<ShardId, Waiting>);

#[derive(Debug, Clone, Copy)]
struct Waiting {
    /// Events behind the cursor, up to `counted`.
    events: i64,
    /// The last place that has been counted.
    counted: i64,
}

impl Lag {
    /// Starts again at this cursor: what comes after it is counted next time.
    pub(super) fn restart(&mut self, cursor: &PublishCursor) {
        let waiting = Waiting {
            events: 0,
            counted: cursor.published,
        };
        self.0.insert(cursor.shard, waiting);
    }

    /// The next event of a shard, the one at `seq`, does not wait any more.
    pub(super) fn done(&mut self, shard: ShardId, seq: i64) {
        if let Some(waiting) = self.0.get_mut(&shard) {
            if seq <= waiting.counted {
                waiting.events -= 1;
            } else {
                waiting.counted = seq;
            }
        }
    }

    /// Counts what has been committed since the last call.
    pub(super) async fn count(&mut self, log: &mut PublishLog) -> Result<(), StoreError> {
        let after = self.0.iter().map(|(shard, w)| (*shard, w.counted));
        for (shard, events, last) in log.count(&after.collect()).await? {
            if let Some(waiting) = self.0.get_mut(&shard) {
                waiting.events += events;
                waiting.counted = last;
            }
        }
        Ok(())
    }

    /// The shards whose events wait.
    pub(super) fn waiting(&self) -> impl Iterator<Item = ShardId> {
        let waiting = self.0.iter().filter(|(_, waiting)| waiting.events > 0);
        waiting.map(|(shard, _)| *shard)
    }

    /// Shows the sum.
    pub(super) fn show(&self) {
        let events: i64 = self.0.values().map(|waiting| waiting.events).sum();
        let events = u32::try_from(events.max(0)).unwrap_or(u32::MAX);
        metrics::gauge!("orderhub_publish_lag_events").set(f64::from(events));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_taken_off_only_if_it_was_counted() {
        let shard = ShardId(7);
        let mut lag = Lag::default();
        lag.restart(&PublishCursor {
            shard,
            published: 10,
            last: None,
            recorded_at: None,
        });
        // Published before anybody counted it.
        lag.done(shard, 12);
        assert_eq!((lag.0[&shard].events, lag.0[&shard].counted), (0, 12));
        // Two were counted, up to 15; then both are published, and a third that came since.
        if let Some(waiting) = lag.0.get_mut(&shard) {
            *waiting = Waiting {
                events: 2,
                counted: 15,
            };
        }
        for seq in [14, 15, 18] {
            lag.done(shard, seq);
        }
        assert_eq!((lag.0[&shard].events, lag.0[&shard].counted), (0, 18));
    }
}
