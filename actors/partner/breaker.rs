//! A breaker: after too many failed calls an account is left alone, then probed with one call.
//!
//! On the runtime's clock, so that tests and the simulator can pause it. While it is open each
//! effect gets one slot after the probe, spread by a rate: a partner that comes back is not run
//! over by everything that waited. What waits where is the desk's business.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Calls that are judged together.
const WINDOW: usize = 20;
/// Failures among them that open it.
const TOO_MANY: usize = 10;
/// Failures in a row that open it, however short the history.
const IN_A_ROW: usize = 5;
/// The first wait before a probe; doubles up to `LONGEST`. One call costs a broken partner nothing,
/// and an order's buyer waits for it.
const SHORTEST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(15);
/// Calls per second that a partner gets right after it came back.
const RATE: u32 = 50;

#[derive(Debug)]
pub(crate) enum Breaker {
    /// Calls go through; the last results, `true` for a failure.
    Closed(VecDeque<bool>),
    /// No call goes through before the probe is due.
    Open {
        probe_at: Instant,
        times: u32,
        slots: u32,
    },
    /// One call is under way to find out.
    Probing { times: u32, slots: u32 },
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed(VecDeque::new())
    }
}

impl Breaker {
    /// Asks to make a call. When refused, the answer is how long to stay away.
    pub(crate) fn admit(&mut self) -> Result<(), Duration> {
        let now = Instant::now();
        match self {
            Self::Closed(_) => Ok(()),
            Self::Open {
                probe_at,
                times,
                slots,
            } if *probe_at <= now => {
                *self = Self::Probing {
                    times: *times,
                    slots: *slots,
                };
                Ok(())
            }
            Self::Open {
                probe_at, slots, ..
            } => {
                *slots += 1;
                Err(probe_at.duration_since(now) + slot(*slots))
            }
            Self::Probing { slots, .. } => {
                *slots += 1;
                Err(SHORTEST + slot(*slots))
            }
        }
    }

    /// Notes how a call ended. A partner's refusal is no failure.
    pub(crate) fn note(&mut self, failed: bool) {
        match self {
            Self::Closed(results) => {
                results.push_back(failed);
                if results.len() > WINDOW {
                    results.pop_front();
                }
                let failures = results.iter().filter(|failed| **failed).count();
                let recent = results.iter().rev().take(IN_A_ROW);
                let in_a_row = recent.filter(|failed| **failed).count();
                if failures >= TOO_MANY || in_a_row == IN_A_ROW {
                    *self = Self::opened(0);
                }
            }
            Self::Probing { times, .. } if failed => *self = Self::opened(*times + 1),
            Self::Probing { .. } => *self = Self::default(),
            // A call from before it opened; the probe decides.
            Self::Open { .. } => {}
        }
    }

    /// How long until a probe may be made; `None` when none is waited for.
    pub(super) fn next_probe(&self) -> Option<Duration> {
        match self {
            Self::Open { probe_at, .. } => Some(probe_at.duration_since(Instant::now())),
            Self::Closed(_) | Self::Probing { .. } => None,
        }
    }

    /// Calls are refused now, but for a probe.
    pub(super) const fn is_open(&self) -> bool {
        !matches!(self, Self::Closed(_))
    }

    fn opened(times: u32) -> Self {
        let wait = SHORTEST.saturating_mul(1 << times.min(8)).min(LONGEST);
        Self::Open {
            probe_at: Instant::now() + wait,
            times,
            slots: 0,
        }
    }
}

/// The distance of the n-th waiting effect from the probe.
pub(super) fn slot(position: u32) -> Duration {
    Duration::from_secs(1) * position / RATE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken() -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..IN_A_ROW {
            assert_eq!(breaker.admit(), Ok(()));
            breaker.note(true);
        }
        breaker
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_breaker_gives_each_effect_its_own_slot_after_the_probe() {
        let mut breaker = broken();
        let first = breaker.admit().expect_err("it is open");
        let second = breaker.admit().expect_err("it is open");
        assert!(first > SHORTEST && second > first);
    }

    #[tokio::test(start_paused = true)]
    async fn one_probe_decides_and_a_failed_one_doubles_the_wait() {
        let mut breaker = broken();
        tokio::time::advance(SHORTEST).await;
        assert_eq!(breaker.admit(), Ok(()));
        assert!(breaker.admit().is_err(), "one probe at a time");
        breaker.note(true);
        tokio::time::advance(SHORTEST).await;
        assert!(breaker.admit().is_err(), "the second wait is longer");
        tokio::time::advance(SHORTEST).await;
        assert_eq!(breaker.admit(), Ok(()));
        breaker.note(false);
        assert!(!breaker.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn half_of_the_window_failing_opens_it() {
        let mut breaker = Breaker::default();
        let results = [true, false].into_iter().cycle().take(2 * TOO_MANY - 1);
        for failed in results {
            breaker.note(failed);
        }
        assert!(breaker.is_open());
    }
}
