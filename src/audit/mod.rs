//! The auditor: while the hub runs it reads what is committed and names what contradicts itself. It
//! repairs nothing, decides nothing, and knows no actor; what must agree is said by `domain`.
//!
//! It works in bites over one connection, each followed by a pause in proportion to what it took, so
//! that it takes a small share of one core and less when the store is busy. What lives is walked in
//! seconds; what is at rest is walked too, for ever, with places of its own. What a bite compares is
//! of one moment, and what looks broken is looked at twice before it is named.

mod findings;
mod orders;
mod stock;
mod telling;

use std::time::Duration;

use jiff::Timestamp;
use metrics::gauge;
use orderhub_domain::policy::Policy;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::store::{AuditBook, Store, StoreError};
use findings::Findings;
pub use findings::invariants;
pub use telling::tell_locations;

/// Between a look that finds something new and the one that confirms it.
const SECOND_LOOK: Duration = Duration::from_secs(1);

/// Left to a hub that starts, to come up.
const AFTER_START: Duration = Duration::from_secs(3);

/// After a bite that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Longer than any bite's statements may take together before the server ends them.
const LONGEST_BITE: Duration = Duration::from_mins(1);

/// How many times as long as a bite took is rested from it: a fifth of one core at most, the database's
/// work included.
const REST: u32 = 4;

/// The shortest pause after a bite, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(10));

/// What is walked. A turn takes bites of each that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Walk {
    Findings,
    Logs,
    Counters,
    LiveOrders,
    Versions,
    Ledger,
    AllOrders,
}

/// Each walk, with the bites that it may take in a turn. So shared, 300,000 orders' versions and a
/// million rows of ledgers are walked in about a minute, and what lives beside them comes first.
const TURN: [(Walk, usize); 7] = [
    (Walk::Findings, 1),
    (Walk::Logs, 1),
    (Walk::Counters, 4),
    (Walk::LiveOrders, 8),
    (Walk::Versions, 10),
    (Walk::Ledger, 8),
    (Walk::AllOrders, 8),
];

impl Walk {
    /// Its name in metrics.
    const fn word(self) -> &'static str {
        match self {
            Self::Findings => "findings",
            Self::Logs => "logs",
            Self::Counters => "counters",
            Self::LiveOrders => "live_orders",
            Self::Versions => "versions",
            Self::Ledger => "ledger",
            Self::AllOrders => "all_orders",
        }
    }

    /// How often it begins, if it is done by then.
    const fn period(self) -> Duration {
        match self {
            Self::Findings | Self::Logs | Self::Counters | Self::LiveOrders => {
                Duration::from_secs(5)
            }
            Self::Versions | Self::Ledger => Duration::from_secs(10),
            Self::AllOrders => Duration::from_secs(30),
        }
    }
}

/// Walks everything that must hold.
pub struct Auditor {
    book: AuditBook,
    findings: Findings,
    policy: Policy,
    /// What was committed from then on was decided under this policy.
    since: Timestamp,
    orders: orders::Places,
    shelves: stock::Shelves,
    /// When each walk of a turn begins its next round, and when it began this one.
    rounds: [(Instant, Option<Instant>); TURN.len()],
    /// What of the bite that is being taken was waiting.
    waited: Duration,
}

impl Auditor {
    fn new(store: &Store, policy: Policy) -> Self {
        Self {
            book: store.audit_book(),
            findings: Findings::default(),
            policy,
            since: Timestamp::MAX,
            orders: orders::Places::default(),
            shelves: stock::Shelves::default(),
            rounds: [(Instant::now(), None); TURN.len()],
            waited: Duration::ZERO,
        }
    }

    /// Starts one beside the orders, until `stop`.
    pub fn start(store: &Store, policy: &Policy, stop: &CancellationToken) -> JoinHandle<()> {
        tokio::spawn(Self::new(store, policy.clone()).run(stop.clone()))
    }

    async fn run(mut self, stop: CancellationToken) {
        for (walk, _) in TURN {
            round_ended(walk);
        }
        // A bite that is given up takes its connection along; it has changed nothing but findings.
        stop.run_until_cancelled(Box::pin(self.audit())).await;
        self.book.close().await;
    }

    async fn audit(&mut self) {
        while let Err(error) = in_time(self.begin()).await {
            tracing::warn!(%error, "the auditor cannot begin yet");
            tokio::time::sleep(AFTER_FAILURE).await;
        }
        tokio::time::sleep(AFTER_START).await;
        loop {
            for (place, (walk, bites)) in TURN.into_iter().enumerate() {
                for _ in 0..bites {
                    if self.rounds[place].0 > Instant::now() {
                        break;
                    }
                    self.walk(place, walk).await;
                }
            }
            let due = self.rounds.iter().map(|(due, _)| *due).min();
            if let Some(due) = due {
                tokio::time::sleep_until(due).await;
            }
        }
    }

    async fn begin(&mut self) -> Result<(), StoreError> {
        self.findings.reload(&mut self.book).await?;
        self.since = self.book.under(&self.policy).await?;
        Ok(())
    }

    /// Takes a bite, and rests from it.
    async fn walk(&mut self, place: usize, walk: Walk) {
        let since = Instant::now();
        let began = *self.rounds[place].1.get_or_insert(since);
        match in_time(self.bite(walk)).await {
            Ok(false) => {}
            Ok(true) => {
                self.rounds[place] = (began + walk.period(), None);
                round_ended(walk);
                tracing::debug!(walk = walk.word(), took = ?began.elapsed(), "walked");
            }
            Err(error) => {
                let walk = walk.word();
                tracing::warn!(walk, %error, "the auditor cannot read; it tries again");
                self.rounds[place].0 = Instant::now() + AFTER_FAILURE;
            }
        }
        let (shortest, longest) = PAUSES;
        let worked = since
            .elapsed()
            .saturating_sub(std::mem::take(&mut self.waited));
        let pause = worked.saturating_mul(REST);
        tokio::time::sleep(pause.clamp(shortest, longest)).await;
    }

    async fn wait_for_a_second_look(&mut self) {
        self.waited += SECOND_LOOK;
        tokio::time::sleep(SECOND_LOOK).await;
    }

    /// Takes a bite of a walk. Whether that ended its round.
    async fn bite(&mut self, walk: Walk) -> Result<bool, StoreError> {
        match walk {
            Walk::Findings => self.found_orders().await,
            Walk::Logs => self.logs().await,
            Walk::Counters => self.counters().await,
            Walk::LiveOrders => self.live_orders().await,
            Walk::Versions => self.versions().await,
            Walk::Ledger => self.ledger().await,
            Walk::AllOrders => self.all_orders().await,
        }
    }

    async fn logs(&mut self) -> Result<bool, StoreError> {
        let found = self.book.readers_ahead().await?;
        let covered = |rule: &str, _: &str| rule == crate::store::LOG_CURSORS;
        self.findings
            .settle(&mut self.book, &found, covered)
            .await?;
        Ok(true)
    }
}

/// Gives up what gets no answer: a server that has frozen says nothing and ends nothing. The connection
/// is given up with it.
async fn in_time<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let silence = || StoreError::Database(format!("no answer within {LONGEST_BITE:?}"));
    let answer = tokio::time::timeout(LONGEST_BITE, work).await;
    answer.unwrap_or_else(|_| Err(silence()))
}

fn round_ended(walk: Walk) {
    let now = Timestamp::now().as_duration().as_secs_f64();
    gauge!("orderhub_audit_last_round_timestamp_seconds", "walk" => walk.word()).set(now);
}
