//! The lane of orders' events.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use metrics::Histogram;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{BATCH, QUEUE, SHED_AFTER, count};
use crate::health::Health;
use crate::ports::{Append, Appended, LaneWriter};

/// Whether a write may be refused when the lane is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// Somebody waits who can come back: refused when the wait is too long.
    Request,
    /// A report or a wake-up: never refused.
    Fact,
}

/// What became of a write.
#[derive(Debug)]
pub(crate) enum LaneAnswer {
    /// The store's final word.
    Settled(Appended),
    /// The lane is behind; nothing was written.
    Shed,
}

struct Job {
    append: Append,
    urgency: Urgency,
    since: Instant,
    answer: oneshot::Sender<LaneAnswer>,
}

/// A way to a lane.
#[derive(Clone)]
pub(crate) struct Lane {
    queue: mpsc::Sender<Job>,
}

impl Lane {
    /// Writes, and waits for the commit.
    pub(crate) async fn append(&self, append: Append, urgency: Urgency) -> LaneAnswer {
        let (answer, committed) = oneshot::channel();
        let job = Job {
            append,
            urgency,
            since: Instant::now(),
            answer,
        };
        let closed = || LaneAnswer::Settled(Appended::Unavailable("the lane is closed".into()));
        match urgency {
            Urgency::Request => match self.queue.try_send(job) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(_)) => return LaneAnswer::Shed,
                Err(mpsc::error::TrySendError::Closed(_)) => return closed(),
            },
            Urgency::Fact => {
                if self.queue.send(job).await.is_err() {
                    return closed();
                }
            }
        }
        committed.await.unwrap_or_else(|_| {
            LaneAnswer::Settled(Appended::OutcomeUnknown("the lane ended".into()))
        })
    }
}

/// Starts a lane. It ends when `closing` is cancelled and everything queued is committed.
pub(crate) fn open_lane(
    name: String,
    writer: Box<dyn LaneWriter>,
    health: Arc<Health>,
    closing: CancellationToken,
) -> (Lane, JoinHandle<()>) {
    let (queue, jobs) = mpsc::channel(QUEUE);
    let keeper = LaneKeeper {
        wait: metrics::histogram!("orderhub_lane_wait_seconds", "lane" => name.clone()),
        took: metrics::histogram!("orderhub_commit_duration_seconds", "lane" => name.clone()),
        size: metrics::histogram!("orderhub_commit_batch_orders", "lane" => name.clone()),
        name,
        writer: Some(writer),
        health,
    };
    let task = tokio::spawn(keeper.keep(jobs, closing));
    (Lane { queue }, task)
}

struct LaneKeeper {
    name: String,
    /// Gone after it panicked: what it left behind on its connection cannot be trusted.
    writer: Option<Box<dyn LaneWriter>>,
    health: Arc<Health>,
    wait: Histogram,
    took: Histogram,
    size: Histogram,
}

impl LaneKeeper {
    async fn keep(mut self, mut jobs: mpsc::Receiver<Job>, closing: CancellationToken) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut closed = false;
        loop {
            tokio::select! {
                biased;
                received = jobs.recv_many(&mut batch, BATCH) => {
                    if received == 0 {
                        return;
                    }
                }
                () = closing.cancelled(), if !closed => {
                    closed = true;
                    jobs.close();
                    continue;
                }
            }
            self.commit(&mut batch).await;
        }
    }

    async fn commit(&mut self, jobs: &mut Vec<Job>) {
        let now = Instant::now();
        let mut appends = Vec::with_capacity(jobs.len());
        let mut answers = Vec::with_capacity(jobs.len());
        // What fits into one commit is never refused: it would cost nothing less. A wait alone may
        // be one slow disk; a wait behind a full batch is more work than the lane can do.
        let behind = jobs.len() >= BATCH;
        for job in jobs.drain(..) {
            let waited = now.duration_since(job.since);
            self.wait.record(waited.as_secs_f64());
            if behind && job.urgency == Urgency::Request && waited > SHED_AFTER {
                tell(job.answer, LaneAnswer::Shed);
                continue;
            }
            appends.push(job.append);
            answers.push(job.answer);
        }
        if appends.is_empty() {
            return;
        }
        self.size.record(count(appends.len()));
        let outcomes = self.write(&appends).await;
        let well = outcomes.iter().any(is_answered);
        self.health.committed(&self.name, well);
        let mut outcomes = outcomes.into_iter();
        self.took.record(now.elapsed().as_secs_f64());
        for answer in answers {
            let missing = || Appended::OutcomeUnknown("the store gave no answer".into());
            tell(
                answer,
                LaneAnswer::Settled(outcomes.next().unwrap_or_else(missing)),
            );
        }
    }

    async fn write(&mut self, appends: &[Append]) -> Vec<Appended> {
        let all = |outcome: Appended| vec![outcome; appends.len()];
        let Some(writer) = self.writer.as_mut() else {
            return all(Appended::Unavailable(format!("{} is dead", self.name)));
        };
        let committed = AssertUnwindSafe(writer.commit(appends))
            .catch_unwind()
            .await;
        if committed.is_ok() && writer.stopped().is_none() {
            return committed.unwrap_or_default();
        }
        self.writer = None;
        self.health.died(&self.name);
        committed.unwrap_or_else(|_| all(Appended::OutcomeUnknown(format!("{} died", self.name))))
    }
}

/// Whether the store did its work, whatever it said.
fn is_answered(outcome: &Appended) -> bool {
    !matches!(
        outcome,
        Appended::Unavailable(_) | Appended::OutcomeUnknown(_)
    )
}

/// Whoever asked may be gone; the commit stands all the same.
fn tell(answer: oneshot::Sender<LaneAnswer>, outcome: LaneAnswer) {
    drop(answer.send(outcome));
}
