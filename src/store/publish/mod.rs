//! The logs as the publisher reads them: entries after a cursor per log, the cursors and their
//! checkpoints.
//!
//! A log's sequence is given by one writer in the order of its commits, and never late: even after
//! an unknown outcome a lane first fences the old statement off, and then writes higher places. A
//! shard's has gaps, a location's ledger and logbook have none. So "everything after the cursor" misses nothing.

mod cursor;
mod kind;
mod logged;
mod read;
mod statement;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use orderhub_domain::ids::ShardId;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::time::timeout;

use super::{Shared, Store, StoreError};
use kind::{Kind, both, shard};

pub use cursor::{Checkpoint, Checkpoints, CursorMove, KeptCheckpoint, LastMessage, PublishCursor};
pub use logged::{Entry, Log, Logged, LoggedEntry, LoggedEvent, LoggedStock};

/// Longer than this no statement of the publisher takes, however far it has to catch up.
const PATIENCE: Duration = Duration::from_mins(1);

/// Reads the logs for the bus and keeps the cursors, on a connection of its own. Its futures must
/// run to their end.
pub struct PublishLog {
    shared: Arc<Shared>,
    conn: Option<PgConnection>,
}

impl Store {
    /// The publisher's view of the logs. One per node; several do no harm but repeats.
    pub fn publish_log(&self) -> PublishLog {
        PublishLog {
            shared: self.shared.clone(),
            conn: None,
        }
    }
}

impl PublishLog {
    /// Waits until a lane of this node has committed something since the last call.
    pub async fn grown(&self) {
        self.shared.fences.grown().await;
    }

    /// The logs that have grown on this node since the last call.
    pub fn take_fresh(&self) -> Vec<Log> {
        let fences = &self.shared.fences;
        let shards = fences.take_unpublished().into_iter().map(shard);
        let locations = fences.take_moved();
        shards.map(Log::Shard).chain(both(locations)).collect()
    }

    /// The logs that this node has claimed.
    pub fn owned(&self) -> Vec<Log> {
        let fences = &self.shared.fences;
        let shards = ShardId::all().filter(|shard| fences.claim_of(*shard) > 0);
        let locations = fences.claimed_locations();
        shards.map(Log::Shard).chain(both(locations)).collect()
    }

    /// Part of every event's public id; a restore from a backup raises it.
    pub async fn generation(&mut self) -> Result<i32, StoreError> {
        let conn = self.connect().await?;
        let query = sqlx::query_scalar(statement::GENERATION).fetch_one(conn);
        let found = query.await;
        self.finish(found)
    }

    /// Where these logs are.
    pub async fn cursors(&mut self, logs: &[Log]) -> Result<Vec<PublishCursor>, StoreError> {
        let mut cursors = Vec::new();
        for kind in Kind::ALL {
            let names = kind.names(logs.iter());
            if names.is_empty() {
                continue;
            }
            let statements = kind.statements();
            let conn = self.connect().await?;
            let begun = sqlx::query(statements.begin).bind(&names).execute(conn);
            let begun = begun.await;
            self.finish(begun)?;
            let conn = self.connect().await?;
            let query = sqlx::query(statements.cursors).bind(&names).fetch_all(conn);
            let rows = query.await;
            let found = rows.and_then(|rows| rows.iter().map(|row| kind.cursor(row)).collect());
            cursors.extend(self.finish::<Vec<_>>(found)?);
        }
        Ok(cursors)
    }

    /// The next entries after these cursors, at most `limit` of each log, in order.
    pub async fn bite(
        &mut self,
        after: &[PublishCursor],
        limit: i64,
    ) -> Result<Vec<Logged>, StoreError> {
        let mut entries = Vec::new();
        for kind in Kind::ALL {
            let names = kind.names(after.iter().map(|cursor| &cursor.log));
            if names.is_empty() {
                continue;
            }
            let of_kind = after.iter().filter(|cursor| cursor.log.kind() == kind);
            let conn = self.connect().await?;
            let query = sqlx::query(kind.statements().bite)
                .bind(names)
                .bind(of_kind.map(|cursor| cursor.published).collect::<Vec<_>>())
                .bind(limit)
                .fetch_all(conn);
            let rows = query.await;
            let found = rows.and_then(|rows| rows.iter().map(|row| kind.logged(row)).collect());
            entries.extend(self.finish::<Vec<_>>(found)?);
        }
        Ok(entries)
    }

    /// Moves cursors, with their checkpoints. Answers how many were moved: another publisher has
    /// moved the others.
    pub async fn advance(&mut self, moves: &[CursorMove]) -> Result<usize, StoreError> {
        let mut advanced = 0;
        for kind in Kind::ALL {
            let names = kind.names(moves.iter().map(|moved| &moved.to.log));
            if names.is_empty() {
                continue;
            }
            let of_kind = || moves.iter().filter(|moved| moved.to.log.kind() == kind);
            let last = || of_kind().map(|moved| moved.to.last);
            let passed: Vec<(&Log, i16, Checkpoint)> = of_kind()
                .flat_map(|moved| {
                    let passed = moved.checkpoints.iter();
                    passed.map(|(slot, checkpoint)| (&moved.to.log, *slot, *checkpoint))
                })
                .collect();
            let messages = || passed.iter().map(|(.., checkpoint)| checkpoint.last);
            let conn = self.connect().await?;
            let query = sqlx::query_scalar::<_, String>(kind.statements().advance)
                .bind(names)
                .bind(of_kind().map(|moved| moved.had).collect::<Vec<_>>())
                .bind(
                    of_kind()
                        .map(|moved| moved.to.published)
                        .collect::<Vec<_>>(),
                )
                .bind(last().map(|last| last.and_then(place)).collect::<Vec<_>>())
                .bind(
                    last()
                        .map(|last| last.map(|message| message.id))
                        .collect::<Vec<_>>(),
                )
                .bind(kind.names(passed.iter().map(|(log, ..)| *log)))
                .bind(passed.iter().map(|(_, slot, _)| *slot).collect::<Vec<_>>())
                .bind(passed.iter().map(|(.., c)| c.published).collect::<Vec<_>>())
                .bind(messages().map(place).collect::<Vec<_>>())
                .bind(messages().map(|message| message.id).collect::<Vec<_>>())
                .fetch_all(conn);
            let found = query.await;
            advanced += self.finish(found)?.len();
        }
        Ok(advanced)
    }

    /// The checkpoints of these logs, newest first. Logs without any are left out.
    pub async fn checkpoints(
        &mut self,
        logs: &[Log],
    ) -> Result<BTreeMap<Log, Vec<KeptCheckpoint>>, StoreError> {
        let mut checkpoints: BTreeMap<Log, Vec<KeptCheckpoint>> = BTreeMap::new();
        for kind in Kind::ALL {
            let names = kind.names(logs.iter());
            if names.is_empty() {
                continue;
            }
            let conn = self.connect().await?;
            let query = sqlx::query(kind.statements().checkpoints).bind(names);
            let rows = query.fetch_all(conn).await;
            let found = rows.and_then(|rows| rows.iter().map(|row| kind.kept(row)).collect());
            for (log, kept) in self.finish::<Vec<_>>(found)? {
                checkpoints.entry(log).or_default().push(kept);
            }
        }
        Ok(checkpoints)
    }

    /// How many entries each of these logs has after a place, and the last one's place. Logs
    /// without any are left out.
    pub async fn count(
        &mut self,
        after: &BTreeMap<Log, i64>,
    ) -> Result<Vec<(Log, i64, i64)>, StoreError> {
        let mut counted = Vec::new();
        for kind in Kind::ALL {
            let names = kind.names(after.keys());
            if names.is_empty() {
                continue;
            }
            let of_kind = after.iter().filter(|(log, _)| log.kind() == kind);
            let conn = self.connect().await?;
            let query = sqlx::query_as::<_, (String, i64, i64)>(kind.statements().count)
                .bind(names)
                .bind(of_kind.map(|(_, seq)| *seq).collect::<Vec<_>>())
                .fetch_all(conn);
            let counts = query.await.and_then(|rows| {
                let rows = rows.into_iter();
                let counts = rows.map(|(name, n, last)| Ok((kind.log(name)?, n, last)));
                counts.collect::<Result<Vec<_>, sqlx::Error>>()
            });
            counted.extend(self.finish(counts)?);
        }
        Ok(counted)
    }

    /// How old the oldest entry after these cursors is, in seconds; 0 when there is none.
    pub async fn oldest(&mut self, after: &[PublishCursor]) -> Result<f64, StoreError> {
        let mut oldest: f64 = 0.0;
        for kind in Kind::ALL {
            let of_kind = || after.iter().filter(|cursor| cursor.log.kind() == kind);
            let names = kind.names(of_kind().map(|cursor| &cursor.log));
            if names.is_empty() {
                continue;
            }
            let conn = self.connect().await?;
            let query = sqlx::query_scalar::<_, Option<f64>>(kind.statements().oldest)
                .bind(names)
                .bind(of_kind().map(|c| c.published).collect::<Vec<_>>())
                .fetch_one(conn);
            let age = query.await;
            oldest = oldest.max(self.finish(age)?.unwrap_or_default());
        }
        Ok(oldest)
    }

    async fn connect(&mut self) -> Result<&mut PgConnection, StoreError> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => timeout(
                self.shared.options.limits.connect,
                options(&self.shared.base).connect(),
            )
            .await
            .map_err(|_| StoreError::Database("no connection in time".to_owned()))?
            .map_err(StoreError::database)?,
        };
        Ok(self.conn.insert(conn))
    }

    /// A connection that failed once is not used again.
    fn finish<T>(&mut self, result: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        if result.is_err() {
            self.conn = None;
        }
        result.map_err(StoreError::database)
    }

    /// Ends the connection in order.
    pub async fn close(self) {
        if let Some(conn) = self.conn {
            conn.close().await.ok();
        }
    }
}

/// A column that holds what no writer of ours puts there: nobody guesses what it meant.
fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}

/// A message's place in the stream, as a column has it.
fn place(message: LastMessage) -> Option<i64> {
    i64::try_from(message.stream_seq).ok()
}

fn options(base: &PgConnectOptions) -> PgConnectOptions {
    base.clone()
        .application_name("orderhub publisher")
        .disable_statement_logging()
        .options([
            (
                "statement_timeout",
                format!("{}ms", PATIENCE.as_millis()).as_str(),
            ),
            ("client_connection_check_interval", "2s"),
            ("lock_timeout", "5s"),
            // A cursor that is lost in a crash costs repeats, nothing else.
            ("synchronous_commit", "off"),
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            ("jit", "off"),
        ])
}
