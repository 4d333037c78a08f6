//! The lane of stock changes.
//!
//! Locations send ahead: a change is decided on a state that assumes the changes before it. So
//! after the first change of a location that did not commit, the lane refuses everything that
//! was decided on the same footing, until the location has loaded again (a higher `generation`).

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use orderhub_domain::ids::LocationCode;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{BATCH, QUEUE, count};
use crate::health::Health;
use crate::ports::{StockAppend, StockAppended, StockWriter};

/// Its name in health and logs.
const LANE: &str = "stock-lane";

struct Job {
    append: StockAppend,
    generation: u64,
    since: Instant,
    answer: oneshot::Sender<StockAppended>,
}

/// A change on its way: resolves after its commit. An error means that the lane ended.
pub(crate) type StockTicket = oneshot::Receiver<StockAppended>;

/// A way to the stock lane.
#[derive(Clone)]
pub(crate) struct StockLane {
    queue: mpsc::Sender<Job>,
}

impl StockLane {
    /// Queues a change; changes of one location commit in the order of the calls.
    pub(crate) async fn send(&self, append: StockAppend, generation: u64) -> StockTicket {
        let (answer, ticket) = oneshot::channel();
        let job = Job {
            append,
            generation,
            since: Instant::now(),
            answer,
        };
        // A closed lane drops the job, and with it the ticket's other half.
        drop(self.queue.send(job).await);
        ticket
    }
}

/// Starts the stock lane. It ends when `closing` is cancelled and everything queued is committed.
pub(crate) fn open_stock_lane(
    writer: Box<dyn StockWriter>,
    health: Arc<Health>,
    closing: CancellationToken,
) -> (StockLane, JoinHandle<()>) {
    let (queue, jobs) = mpsc::channel(QUEUE);
    let keeper = StockKeeper {
        writer: Some(writer),
        health,
        broken: HashMap::new(),
    };
    let task = tokio::spawn(keeper.keep(jobs, closing));
    (StockLane { queue }, task)
}

struct StockKeeper {
    writer: Option<Box<dyn StockWriter>>,
    health: Arc<Health>,
    /// Generations up to this one rest on a change that did not commit.
    broken: HashMap<LocationCode, u64>,
}

impl StockKeeper {
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
        for job in jobs.drain(..) {
            let waited = now.duration_since(job.since).as_secs_f64();
            metrics::histogram!("orderhub_lane_wait_seconds", "lane" => "stock").record(waited);
            let broken = self.broken.get(&job.append.location);
            if broken.is_some_and(|generation| job.generation <= *generation) {
                drop(job.answer.send(StockAppended::Conflict));
                continue;
            }
            answers.push((job.append.location.clone(), job.generation, job.answer));
            appends.push(job.append);
        }
        if appends.is_empty() {
            return;
        }
        let outcomes = self.write(&appends).await;
        let failed = |outcome: &StockAppended| matches!(outcome, StockAppended::Unavailable(_));
        self.health.committed(LANE, !outcomes.iter().all(failed));
        let mut outcomes = outcomes.into_iter();
        let took = now.elapsed().as_secs_f64();
        metrics::histogram!("orderhub_commit_duration_seconds", "lane" => "stock").record(took);
        metrics::histogram!("orderhub_commit_batch_changes").record(count(appends.len()));
        for (location, generation, answer) in answers {
            let missing = || StockAppended::Unavailable("the store gave no answer".into());
            let outcome = outcomes.next().unwrap_or_else(missing);
            if outcome != StockAppended::Committed {
                let broken = self.broken.entry(location).or_default();
                *broken = generation.max(*broken);
            }
            drop(answer.send(outcome));
        }
    }

    async fn write(&mut self, appends: &[StockAppend]) -> Vec<StockAppended> {
        let all = |outcome: StockAppended| vec![outcome; appends.len()];
        let Some(writer) = self.writer.as_mut() else {
            return all(StockAppended::Unavailable("the stock lane is dead".into()));
        };
        let committed = AssertUnwindSafe(writer.commit(appends))
            .catch_unwind()
            .await;
        if committed.is_ok() && writer.stopped().is_none() {
            return committed.unwrap_or_default();
        }
        self.writer = None;
        self.health.died(LANE);
        committed.unwrap_or_else(|_| all(StockAppended::Unavailable("the stock lane died".into())))
    }
}
