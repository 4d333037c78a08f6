//! Asking connections what is new that do not push, or do not push reliably.
//!
//! A connection is read like a small stream: a page, everything on it on disk, then the cursor moves. So
//! a crash, a lost answer or a cursor taken back only makes things be said again, which changes nothing.
//! What cannot be read is put away with its reason and holds up nothing behind it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use orderhub_channels::port::{CallError, Poll};
use tokio::time::sleep;

use crate::router::{Hub, Inlet, Inlets};

/// First wait after a round that failed; each failure in a row doubles it.
const FIRST: Duration = Duration::from_secs(5);

/// The longest wait after a round that failed.
pub(crate) const LONGEST: Duration = Duration::from_mins(10);

/// So many rounds are waited for at most: who is asked often has urgent news.
const ROUNDS: u32 = 30;

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// The vendor did not answer.
    #[error("{0}")]
    Vendor(String, Option<Duration>),
    /// What it said could not be stored.
    #[error("what it stated cannot be stored yet: {0}")]
    Store(String),
}

impl Broken {
    /// What the vendor was asked could not be stored, or what it is to be asked not be read.
    pub(crate) fn stored(error: &dyn std::fmt::Display) -> Self {
        Self::Store(error.to_string())
    }
}

impl From<CallError> for Broken {
    fn from(error: CallError) -> Self {
        match error {
            CallError::NotDone {
                reason,
                retry_after,
                ..
            } => Self::Vendor(reason, retry_after),
            CallError::Unknown { reason, .. } => Self::Vendor(reason, None),
        }
    }
}

/// Something that a connection is asked round after round.
#[async_trait]
pub(crate) trait Rounds: Send {
    /// One question and what is done with its answer; how long to wait before the next.
    async fn round(&mut self) -> Result<Duration, Broken>;

    /// The longest wait after a round that failed.
    fn longest(&self) -> Duration {
        LONGEST
    }
}

/// Begins to ask every connection that is to be asked.
pub(crate) fn begin(hub: &Hub, inlets: &Arc<dyn Inlets>) {
    for inlet in inlets.polled() {
        let source = inlet.source.clone();
        let poller = Poller {
            hub: hub.clone(),
            inlets: Arc::clone(inlets),
            inlet,
        };
        tokio::spawn(keep_asking(hub.clone(), source, poller));
    }
}

/// Asks round after round until the hub ends, with longer and longer waits while there is no answer.
pub(crate) async fn keep_asking(hub: Hub, source: String, mut rounds: impl Rounds) {
    let mut failures: u32 = 0;
    loop {
        let round = tokio::select! {
            () = hub.shared.stop.cancelled() => return,
            round = AssertUnwindSafe(rounds.round()).catch_unwind() => round,
        };
        // Whatever a connector does inside, it is asked on.
        let failed = || Broken::Vendor("the connector failed inside".to_owned(), None);
        let round = round.unwrap_or_else(|_| Err(failed()));
        let pause = match round {
            Ok(pause) => {
                if failures > 0 {
                    tracing::info!(source, "the connection answers again");
                }
                failures = 0;
                pause
            }
            Err(broken) => {
                if failures == 0 {
                    tracing::warn!(
                        source,
                        why = %broken,
                        "the connection does not answer as it should; it is tried again by itself"
                    );
                }
                let asked_for = match broken {
                    Broken::Vendor(_, asked_for) => asked_for,
                    Broken::Store(_) => None,
                };
                let pause = FIRST.saturating_mul(1 << failures.min(8));
                let pause = pause.min(rounds.longest());
                failures = failures.saturating_add(1);
                pause.max(asked_for.unwrap_or_default())
            }
        };
        tokio::select! {
            () = hub.shared.stop.cancelled() => return,
            () = sleep(pause) => {}
        }
    }
}

struct Poller {
    hub: Hub,
    inlets: Arc<dyn Inlets>,
    inlet: Inlet,
}

impl Poller {
    /// Between two rounds: as configured, else as the connector says.
    fn every(&self, poll: &dyn Poll) -> Duration {
        self.inlet.poll_every.unwrap_or_else(|| poll.every())
    }
}

#[async_trait]
impl Rounds for Poller {
    fn longest(&self) -> Duration {
        let poll = self.inlet.connector.poll();
        poll.map_or(LONGEST, |poll| {
            self.every(poll).saturating_mul(ROUNDS).min(LONGEST)
        })
    }

    /// Asks for one page and takes it.
    async fn round(&mut self) -> Result<Duration, Broken> {
        let Some(poll) = self.inlet.connector.poll() else {
            return Ok(LONGEST);
        };
        let journal = &self.hub.shared.journal;
        let source = &self.inlet.source;
        let cursor = journal.cursor(source).await;
        let cursor = cursor.map_err(|error| Broken::stored(&error))?;
        let asked_at = self.hub.shared.clock.now();
        let page = poll.page(cursor.as_deref(), asked_at).await;
        let result = if page.is_ok() { "answered" } else { "failed" };
        metrics::counter!(
            "orderhub_polls_total", "source" => source.clone(), "result" => result
        )
        .increment(1);
        let page = page?;
        for statement in page.statements {
            let inlets = self.inlets.as_ref();
            let taken = self
                .hub
                .take_stated(inlets, &self.inlet, statement, asked_at);
            taken.await.map_err(|error| Broken::stored(&error))?;
        }
        if cursor.as_deref() != Some(page.next.as_str()) {
            let moved = journal.move_cursor(source, &page.next).await;
            moved.map_err(|error| Broken::stored(&error))?;
        }
        Ok(if page.more {
            Duration::ZERO
        } else {
            self.every(poll)
        })
    }
}
