//! How many committed entries wait for the bus, exact and cheap: each is counted once when it
//! appears and once when it is published.

use std::collections::BTreeMap;

use crate::store::{Log, PublishCursor, PublishLog, StoreError};

/// The entries that wait, by log.
#[derive(Debug, Default)]
pub(super) struct Lag {
    logs: BTreeMap<Log, Waiting>,
    /// How old the oldest of them was when they were last counted, in seconds.
    oldest: f64,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    /// Entries behind the cursor, up to `counted`.
    entries: i64,
    /// The last place that has been counted.
    counted: i64,
}

impl Lag {
    /// Starts again at this cursor: what comes after it is counted next time.
    pub(super) fn restart(&mut self, cursor: &PublishCursor) {
        let waiting = Waiting {
            entries: 0,
            counted: cursor.published,
        };
        self.logs.insert(cursor.log.clone(), waiting);
    }

    /// The next entry of a log, the one at `seq`, does not wait any more.
    pub(super) fn done(&mut self, log: &Log, seq: i64) {
        if let Some(waiting) = self.logs.get_mut(log) {
            if seq <= waiting.counted {
                waiting.entries -= 1;
            } else {
                waiting.counted = seq;
            }
        }
    }

    /// Counts what has been committed since the last call.
    pub(super) async fn count(&mut self, logs: &mut PublishLog) -> Result<(), StoreError> {
        let after = self.logs.iter().map(|(log, w)| (log.clone(), w.counted));
        for (log, entries, last) in logs.count(&after.collect()).await? {
            if let Some(waiting) = self.logs.get_mut(&log) {
                waiting.entries += entries;
                waiting.counted = last;
            }
        }
        Ok(())
    }

    /// The logs whose entries wait.
    pub(super) fn waiting(&self) -> impl Iterator<Item = Log> {
        let waiting = self.logs.iter().filter(|(_, waiting)| waiting.entries > 0);
        waiting.map(|(log, _)| log.clone())
    }

    /// Takes down how old the oldest entry is that waits.
    pub(super) const fn note_oldest(&mut self, seconds: f64) {
        self.oldest = seconds;
    }

    /// Shows the sum, and the age.
    pub(super) fn show(&self) {
        let entries: i64 = self.logs.values().map(|waiting| waiting.entries).sum();
        let entries = u32::try_from(entries.max(0)).unwrap_or(u32::MAX);
        metrics::gauge!("orderhub_publish_lag_events").set(f64::from(entries));
        let oldest = if entries == 0 { 0.0 } else { self.oldest };
        metrics::gauge!("orderhub_publish_oldest_age_seconds").set(oldest);
    }
}

#[cfg(test)]
mod tests {
    use orderhub_domain::ids::ShardId;

    use super::*;

    #[test]
    fn an_event_is_taken_off_only_if_it_was_counted() {
        let log = Log::Shard(ShardId(7));
        let mut lag = Lag::default();
        lag.restart(&PublishCursor {
            published: 10,
            ..PublishCursor::start(log.clone())
        });
        // Published before anybody counted it.
        lag.done(&log, 12);
        assert_eq!((lag.logs[&log].entries, lag.logs[&log].counted), (0, 12));
        // Two were counted, up to 15; then both are published, and a third that came since.
        if let Some(waiting) = lag.logs.get_mut(&log) {
            *waiting = Waiting {
                entries: 2,
                counted: 15,
            };
        }
        for seq in [14, 15, 18] {
            lag.done(&log, seq);
        }
        assert_eq!((lag.logs[&log].entries, lag.logs[&log].counted), (0, 18));
    }
}
