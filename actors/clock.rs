//! The one clock of a node: monotonic time plus an offset to the database's clock.
//!
//! The wall clock of the machine is never asked. The offset is learnt from the database at the
//! start and at each lease renewal; the clock never runs backwards when it is corrected.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// Tells the database's time without asking it. Microseconds, as the database keeps them.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    /// The database's time at `started`, in microseconds since 1970.
    origin_us: AtomicI64,
    /// The latest time told.
    told_us: AtomicI64,
}

impl Clock {
    /// A clock that shows `now` now.
    pub(crate) fn starting_at(now: Timestamp) -> Self {
        Self {
            started: Instant::now(),
            origin_us: AtomicI64::new(now.as_microsecond()),
            told_us: AtomicI64::new(i64::MIN),
        }
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        let us = self.origin_us.load(Ordering::Relaxed) + self.elapsed_us();
        let told = self.told_us.fetch_max(us, Ordering::Relaxed).max(us);
        Timestamp::from_microsecond(told).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Corrects the clock: the database said `now`, and the answer took `round_trip`.
    pub(crate) fn learn(&self, now: Timestamp, round_trip: Duration) {
        let half = i64::try_from(round_trip.as_micros() / 2).unwrap_or(0);
        let origin = now.as_microsecond() + half - self.elapsed_us();
        self.origin_us.store(origin, Ordering::Relaxed);
    }

    /// How long until `at`; nothing when it is over.
    pub(crate) fn until(&self, at: Timestamp) -> Duration {
        let us = at.as_microsecond() - self.now().as_microsecond();
        Duration::from_micros(u64::try_from(us).unwrap_or(0))
    }

    fn elapsed_us(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_correction_never_turns_the_clock_back() {
        let start = Timestamp::from_second(1_000).expect("a time");
        let clock = Clock::starting_at(start);
        tokio::time::advance(Duration::from_secs(5)).await;
        let before = clock.now();
        clock.learn(start, Duration::ZERO);
        assert_eq!(clock.now(), before);
        tokio::time::advance(Duration::from_secs(6)).await;
        assert_eq!(clock.now().as_second(), 1_006);
    }
}
