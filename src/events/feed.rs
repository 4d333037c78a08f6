//! Tells those who watch what has just been committed, at once, without a gap and without a repeat.
//!
//! One task reads the logs once for everybody, and only while somebody watches. A watcher that begins
//! earlier, or that was too slow, reads for itself until it has caught up.
//!
//! Why nothing is missed: a watcher subscribes first, waits until the task reads from a known place,
//! and then reads for itself to the end of the logs, which lies behind that place. What the task tells
//! from then on and the watcher has read already, it passes over.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use orderhub_actors::ports::Unavailable;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OnceCell, broadcast, watch};
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;

use super::cloud_event::Envelope;
use super::pages::{self, told};
use super::{Batch, LARGEST_PAGE, Logs, Position, Told};
use crate::store::Log;

/// How often the logs that have grown are read.
const TICK: Duration = Duration::from_millis(100);
/// How often all logs are read: another node may have written them.
const SWEEP: Duration = Duration::from_secs(2);
/// Entries of one log that are read at a time.
const BITE: i64 = 500;
/// Batches that a slow watcher may be behind before it reads for itself.
const BEHIND: usize = 64;

/// What has just been committed, for those who watch. Cheap to clone.
#[derive(Clone)]
pub struct Feed {
    shared: Arc<Shared>,
}

struct Shared {
    logs: Arc<dyn Logs>,
    node: String,
    envelope: OnceCell<Envelope>,
    sender: broadcast::Sender<Arc<[Told]>>,
    /// Whether the task reads from a known place. Changed only under the lock.
    reads: watch::Sender<bool>,
    lock: Mutex<()>,
    stop: CancellationToken,
}

/// One who watches.
pub struct Watch {
    feed: Feed,
    receiver: broadcast::Receiver<Arc<[Told]>>,
    /// Where it has read to.
    position: Position,
    /// It reads for itself.
    behind: bool,
}

impl Feed {
    /// Of these logs. Watchers end at `stop`.
    pub fn new(logs: Arc<dyn Logs>, node: impl Into<String>, stop: CancellationToken) -> Self {
        let shared = Shared {
            logs,
            node: node.into(),
            envelope: OnceCell::new(),
            sender: broadcast::Sender::new(BEHIND),
            reads: watch::Sender::new(false),
            lock: Mutex::default(),
            stop,
        };
        let shared = Arc::new(shared);
        Self { shared }
    }

    /// A page after a position, for those who ask now and then. Moves the position.
    pub async fn page(
        &self,
        position: &mut Position,
        limit: usize,
    ) -> Result<Vec<Told>, Unavailable> {
        let envelope = self.envelope().await?;
        pages::page(&*self.shared.logs, envelope, position, limit).await
    }

    /// Begins to watch: after a position, or with what comes from now on.
    pub async fn watch(&self, after: Option<Position>) -> Result<Watch, Unavailable> {
        let (receiver, mut reads) = {
            let _held = self.lock();
            (
                self.shared.sender.subscribe(),
                self.shared.reads.subscribe(),
            )
        };
        let stopped = self.shared.stop.cancelled();
        // It fails when the sender is gone, which lives as long as this feed.
        tokio::select! {
            () = stopped => {}
            _ = reads.wait_for(|reads| *reads) => {}
        }
        let position = match after {
            Some(position) => position,
            None => Position(
                self.shared
                    .logs
                    .ends(&self.shared.logs.all().await?)
                    .await?,
            ),
        };
        Ok(Watch {
            feed: self.clone(),
            receiver,
            position,
            behind: true,
        })
    }

    /// Reads for those who watch, until `stop`.
    pub async fn run(self) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut position = None;
        let mut sweep_at = Instant::now();
        while self
            .shared
            .stop
            .run_until_cancelled(ticks.tick())
            .await
            .is_some()
        {
            let mut fresh = self.shared.logs.take_grown();
            if self.rests() {
                position = None;
                continue;
            }
            if Instant::now() >= sweep_at {
                match self.shared.logs.all().await {
                    Ok(all) => fresh = all,
                    Err(error) => tracing::debug!(%error, "the logs cannot be listed"),
                }
                sweep_at = Instant::now() + SWEEP;
            }
            if let Err(error) = self.follow(&mut position, &fresh).await {
                tracing::warn!(%error, "those who watch wait for the log");
                sweep_at = Instant::now();
            }
        }
    }

    /// Reads what these logs have after the position, or takes the first one.
    async fn follow(&self, at: &mut Option<Position>, fresh: &[Log]) -> Result<(), Unavailable> {
        let envelope = self.envelope().await?;
        let Some(position) = at else {
            let all = self.shared.logs.all().await?;
            *at = Some(Position(self.shared.logs.ends(&all).await?));
            let _held = self.lock();
            self.shared.reads.send_replace(true);
            return Ok(());
        };
        let mut open = fresh.to_vec();
        while !open.is_empty() {
            let read = self
                .shared
                .logs
                .after(&position.places(&open), BITE)
                .await?;
            if read.is_empty() {
                return Ok(());
            }
            for entry in &read {
                position.pass(&entry.log, entry.seq);
            }
            open.retain(|log| read.iter().any(|entry| entry.log == *log));
            let told: Vec<Told> = read.iter().map(|entry| told(envelope, entry)).collect();
            // Without receivers it goes nowhere, and nobody misses it.
            drop(self.shared.sender.send(told.into()));
        }
        Ok(())
    }

    /// Whether nobody watches. From then on the task reads nothing.
    fn rests(&self) -> bool {
        let _held = self.lock();
        let rests = self.shared.sender.receiver_count() == 0;
        if rests {
            self.shared.reads.send_replace(false);
        }
        rests
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ()> {
        self.shared
            .lock
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn envelope(&self) -> Result<&Envelope, Unavailable> {
        let read = async || {
            let generation = self.shared.logs.generation().await?;
            let node = self.shared.node.clone();
            Ok(Envelope { node, generation })
        };
        self.shared.envelope.get_or_try_init(read).await
    }
}

impl Watch {
    /// Where it has read to.
    pub const fn position(&self) -> &Position {
        &self.position
    }

    /// The next entries; `None` when the hub stops. A future of this that is dropped has lost nothing.
    pub async fn next(&mut self) -> Option<Result<Batch, Unavailable>> {
        let stop = self.feed.shared.stop.clone();
        stop.run_until_cancelled(self.await_next()).await.flatten()
    }

    async fn await_next(&mut self) -> Option<Result<Batch, Unavailable>> {
        loop {
            if self.behind {
                let mut after = self.position.clone();
                let told = match self.feed.page(&mut after, LARGEST_PAGE).await {
                    Ok(told) => told,
                    Err(error) => return Some(Err(error)),
                };
                self.behind = !told.is_empty();
                self.position = after;
                if self.behind {
                    return Some(Ok(self.batch(told)));
                }
            }
            match self.receiver.recv().await {
                Ok(told) => {
                    let told = self.unread(&told);
                    if !told.is_empty() {
                        return Some(Ok(self.batch(told)));
                    }
                }
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// What of this comes after this watcher's position, which goes on to there.
    fn unread(&mut self, told: &[Told]) -> Vec<Told> {
        let new = |told: &&Told| told.seq > self.position.place(&told.log);
        let told: Vec<Told> = told.iter().filter(new).cloned().collect();
        for entry in &told {
            self.position.pass(&entry.log, entry.seq);
        }
        told
    }

    fn batch(&self, told: Vec<Told>) -> Batch {
        let position = self.position.clone();
        Batch { told, position }
    }
}
