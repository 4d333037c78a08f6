//! What one shop has to be told, by SKU: only the newest number, one call at a time.
//!
//! Pure: it makes no call and reads no clock. Each new number of a SKU is a version; numbers that came
//! while another was under way are skipped, and one that failed is not sent again once there is a newer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use orderhub_domain::ids::Sku;
use tokio::time::Instant;

/// The first wait after a failure; doubles up to `LONGEST`.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);

/// How long after a call without an answer the shop is looked at once more: the call may still be on its
/// way, and may find the very number that it was to change.
const SECOND_LOOK: Duration = Duration::from_mins(1);

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The shop has the number, or will never want it.
    Told,
    /// It certainly has not, and may say when to come again.
    NotDone(Option<Duration>),
    /// Nobody knows.
    Unknown,
}

/// A number to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Push {
    pub(super) sku: Sku,
    pub(super) units: i64,
    /// Which number of the SKU this is: 1, 2, 3, ...
    pub(super) version: u64,
    /// Which try of it.
    pub(super) attempt: u32,
}

#[derive(Debug, Default)]
struct Line {
    units: i64,
    version: u64,
    /// The last version that the shop is known to have.
    told: u64,
    under_way: bool,
    /// A call without an answer may still be carried out.
    in_doubt: bool,
    /// Failures in a row.
    failures: u32,
}

/// What one shop has and should have.
#[derive(Debug, Default)]
pub(super) struct Book {
    lines: BTreeMap<Sku, Line>,
    /// SKUs whose newest number is to be told now.
    open: BTreeSet<Sku>,
    /// The same, later.
    later: BTreeSet<(Instant, Sku)>,
}

impl Book {
    /// The shop should offer so many units.
    pub(super) fn wants(&mut self, sku: Sku, units: i64) {
        let line = self.lines.entry(sku.clone()).or_default();
        if line.version > 0 && line.units == units {
            return;
        }
        line.units = units;
        line.version += 1;
        // One that waits after a failure goes on waiting: the shop is what failed, not the number.
        if !line.under_way && line.failures == 0 {
            self.open.insert(sku);
        }
    }

    /// Tells everything once more: what the shop offers may have been changed there.
    pub(super) fn doubt(&mut self) {
        for (sku, line) in &mut self.lines {
            line.told = 0;
            if !line.under_way && line.failures == 0 {
                self.open.insert(sku.clone());
            }
        }
    }

    /// Whether there is something to tell by then.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        while self.later.first().is_some_and(|(due, _)| *due <= now) {
            let Some((_, sku)) = self.later.pop_first() else {
                break;
            };
            if self.lines.get(&sku).is_some_and(|line| line.under_way) {
                self.later.insert((now + SECOND_LOOK, sku));
            } else {
                self.open.insert(sku);
            }
        }
        !self.open.is_empty()
    }

    /// When the next number that waits is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.later.first().map(|(due, _)| *due)
    }

    /// The next number to tell. It is under way until it has ended.
    pub(super) fn next(&mut self) -> Option<Push> {
        let sku = self.open.pop_first()?;
        let line = self.lines.get_mut(&sku)?;
        line.under_way = true;
        Some(Push {
            sku,
            units: line.units,
            version: line.version,
            attempt: line.failures + 1,
        })
    }

    /// A call ended.
    pub(super) fn ended(&mut self, push: &Push, how: Ended, now: Instant) {
        let Some(line) = self.lines.get_mut(&push.sku) else {
            return;
        };
        line.under_way = false;
        let asked = match how {
            Ended::Told => {
                line.failures = 0;
                line.told = push.version;
                if line.told < line.version {
                    self.open.insert(push.sku.clone());
                } else if std::mem::take(&mut line.in_doubt) {
                    self.later.insert((now + SECOND_LOOK, push.sku.clone()));
                }
                return;
            }
            Ended::NotDone(asked) => asked,
            Ended::Unknown => {
                line.in_doubt = true;
                None
            }
        };
        let doubled = SHORTEST.saturating_mul(1 << line.failures.min(6));
        line.failures = line.failures.saturating_add(1);
        let wait = asked.unwrap_or_else(|| doubled.min(LONGEST));
        self.later.insert((now + wait, push.sku.clone()));
    }

    /// How many SKUs the shop does not have the newest number of.
    pub(super) fn waiting(&self) -> usize {
        let behind = self.lines.values().filter(|line| line.told < line.version);
        behind.count()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Wants(u8, i64),
        Start,
        End(usize, Ended),
        Doubt,
        Pass(u64),
    }

    fn how() -> impl Strategy<Value = Ended> {
        prop_oneof![
            2 => Just(Ended::Told),
            1 => Just(Ended::NotDone(None)),
            1 => Just(Ended::Unknown),
        ]
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            5 => (0_u8..3, 0_i64..5).prop_map(|(sku, units)| Step::Wants(sku, units)),
            5 => Just(Step::Start),
            5 => (0_usize..4, how()).prop_map(|(which, how)| Step::End(which, how)),
            1 => Just(Step::Doubt),
            2 => (0_u64..70).prop_map(Step::Pass),
        ]
    }

    proptest! {
        #[test]
        fn the_shop_ends_with_the_newest_number_and_never_hears_an_older_one_after_a_newer(
            steps in prop::collection::vec(step(), 1..80),
        ) {
            let mut book = Book::default();
            let mut now = Instant::now();
            let mut wanted: BTreeMap<Sku, i64> = BTreeMap::new();
            let mut shop: BTreeMap<Sku, (u64, i64)> = BTreeMap::new();
            let mut under_way: Vec<Push> = Vec::new();
            let mut end = |book: &mut Book, push: &Push, how, now| {
                // What nobody knows about is carried out here.
                if !matches!(how, Ended::NotDone(_)) {
                    let heard = shop.get(&push.sku).map_or(0, |(version, _)| *version);
                    assert!(heard <= push.version, "{push:?} after {heard}");
                    shop.insert(push.sku.clone(), (push.version, push.units));
                }
                book.ended(push, how, now);
            };
            for step in steps {
                match step {
                    Step::Wants(sku, units) => {
                        let sku = Sku(format!("SKU-{sku}"));
                        wanted.insert(sku.clone(), units);
                        book.wants(sku, units);
                    }
                    Step::Start => {
                        if book.is_due(now) && let Some(push) = book.next() {
                            prop_assert!(under_way.iter().all(|other| other.sku != push.sku));
                            prop_assert_eq!(Some(&push.units), wanted.get(&push.sku));
                            under_way.push(push);
                        }
                    }
                    Step::End(which, how) if !under_way.is_empty() => {
                        let push = under_way.remove(which % under_way.len());
                        end(&mut book, &push, how, now);
                    }
                    Step::Doubt => book.doubt(),
                    Step::Pass(seconds) => now += Duration::from_secs(seconds),
                    Step::End(..) => {}
                }
            }
            // Everything succeeds from now on.
            for push in under_way {
                end(&mut book, &push, Ended::Told, now);
            }
            for _ in 0..3 {
                now += LONGEST;
                while book.is_due(now) {
                    let push = book.next().expect("one that is due");
                    end(&mut book, &push, Ended::Told, now);
                }
            }
            prop_assert_eq!(book.waiting(), 0);
            let offered: BTreeMap<Sku, i64> = shop.into_iter().map(|(sku, (_, units))| (sku, units)).collect();
            prop_assert_eq!(offered, wanted);
        }
    }
}
