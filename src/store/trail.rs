//! Trailing readers of the log: each keeps a table up with it by one statement, on a connection of its
//! own. What is written, the statements say; they stand beside the tables they write.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::{Shared, Store, StoreError};

/// How often the shards that have grown are read.
const TICK: Duration = Duration::from_millis(250);
/// How often all shards are read: another node may have written them.
const SWEEP: Duration = Duration::from_secs(2);
/// Events read per shard at a time.
const BITE: i64 = 500;

/// When a reader looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Follows {
    /// Soon after each commit of this process, and once in a while. One reader can.
    EachCommit,
    /// Once in a while.
    InTime,
}

/// Keeps a table up with the log. Runs in a task of its own, on a connection of its own.
pub struct Trail {
    shared: Arc<Shared>,
    /// What it keeps, as people call it.
    keeps: &'static str,
    /// Reads up to `$2` events after the cursor of each of the shards `$1`, writes what follows from
    /// them, moves the cursors, and answers how many events it read.
    statement: &'static str,
    follows: Follows,
    conn: Option<PgConnection>,
    sweep_at: Instant,
}

impl Trail {
    pub(super) fn new(
        store: &Store,
        keeps: &'static str,
        statement: &'static str,
        follows: Follows,
    ) -> Self {
        Self {
            shared: store.shared.clone(),
            keeps,
            statement,
            follows,
            conn: None,
            sweep_at: Instant::now(),
        }
    }

    /// Follows the log until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
            }
            let mut shards = match self.follows {
                Follows::EachCommit => self.shared.fences.take_fresh(),
                Follows::InTime => Vec::new(),
            };
            if Instant::now() >= self.sweep_at {
                self.sweep_at = Instant::now() + SWEEP;
                shards = all_shards();
            }
            if let Err(error) = self.follow(&shards).await {
                tracing::warn!(%error, "the {} falls behind the log", self.keeps);
                // What was not read is found by the sweep.
                self.sweep_at = Instant::now();
            }
        }
    }

    /// Reads every shard to its end. Answers how many events that were.
    ///
    /// # Errors
    /// When the database does not answer; what was read until then is kept.
    pub async fn catch_up(&mut self) -> Result<u64, StoreError> {
        self.follow(&all_shards()).await
    }

    async fn follow(&mut self, shards: &[i16]) -> Result<u64, StoreError> {
        let mut events = 0;
        if shards.is_empty() {
            return Ok(events);
        }
        loop {
            let read = self.bite(shards).await;
            let read = match read {
                Ok(read) => u64::try_from(read).unwrap_or_default(),
                Err(error) => {
                    // Whatever happened to the statement, the cursor tells.
                    self.conn = None;
                    return Err(error);
                }
            };
            events += read;
            if read == 0 {
                return Ok(events);
            }
            if self.follows == Follows::EachCommit {
                self.shared.listed.send_replace(());
            }
        }
    }

    async fn bite(&mut self, shards: &[i16]) -> Result<i64, StoreError> {
        let limits = self.shared.options.limits;
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => timeout(limits.connect, self.options().connect())
                .await
                .map_err(|_| StoreError::Database("no connection in time".to_owned()))?
                .map_err(StoreError::database)?,
        };
        let query = sqlx::query_scalar(self.statement).bind(shards).bind(BITE);
        let read = query
            .fetch_one(&mut conn)
            .await
            .map_err(StoreError::database)?;
        self.conn = Some(conn);
        Ok(read)
    }

    fn options(&self) -> PgConnectOptions {
        self.shared
            .base
            .clone()
            .application_name(&format!("orderhub {}", self.keeps))
            .disable_statement_logging()
            .options([
                // Catching up after an outage may take long; a dead client is noticed all the same.
                ("statement_timeout", "60s"),
                ("client_connection_check_interval", "2s"),
                ("synchronous_commit", "off"),
                ("jit", "off"),
            ])
    }

    /// Ends the connection in order.
    pub async fn close(self) {
        if let Some(conn) = self.conn {
            conn.close().await.ok();
        }
    }
}

fn all_shards() -> Vec<i16> {
    (0..=i16::from(u8::MAX)).collect()
}
