//! What a lane does when an answer is lost.
//!
//! A new connection first re-claims the lane's own shards: that waits for the old server process
//! to let go of their rows and fences off whatever it has not begun. Only then is it read back
//! what was committed: a look without the re-claim could come before a late commit.

use std::collections::BTreeSet;
use std::time::Duration;

use orderhub_domain::ids::ShardId;
use sqlx::FromRow;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::QueryAs;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::super::backend::{Backend, writer_options};
use super::super::failure::Failure;
use super::{Entry, Lost, PgLane};

/// Between two tries of reaching the database.
const PAUSE: Duration = Duration::from_millis(100);

// The rows are locked in shard order, as every claim does. `ceiling` is the highest epoch that the
// row can have if nobody else claimed it: a re-claim that arrives late, after a newer one has
// succeeded, must not raise the epoch behind the lane's back.
const RECLAIM: &str = "
with mine as materialized (
    select o.shard
    from orderhub.shard_owner o
    join unnest($3::smallint[], $4::bigint[]) as own (shard, ceiling)
      on o.shard = own.shard and o.epoch <= own.ceiling
    where o.node = $1 and o.incarnation = $2
    order by o.shard
    for update of o
)
update orderhub.shard_owner o
set epoch = o.epoch + 1
from mine
where o.shard = mine.shard
returning o.shard, o.epoch
";

impl PgLane {
    /// Gives the connection up: its statement may be running still.
    pub(super) fn lose(&mut self, entries: &[Entry<'_>]) {
        let lost = self.lost.get_or_insert_default();
        lost.shards
            .extend(entries.iter().map(|entry| entry.append.order.shard().0));
        if let Some(backend) = self.backend.take() {
            lost.backends.push(backend.id);
        }
    }

    /// Has a connection under which nothing of the past can still happen.
    pub(super) async fn ready(&mut self) -> Result<(), String> {
        if self.lost.is_some() {
            let until = Instant::now() + self.shared.options.limits.resolve;
            return self.reclaim(until).await;
        }
        if self.backend.is_none() {
            self.backend = Some(self.connect().await.map_err(|error| error.to_string())?);
        }
        Ok(())
    }

    /// Which of these entries (by index) were committed after all. `Err` when it could not be found
    /// out in time.
    pub(super) async fn resolve(
        &mut self,
        entries: &[Entry<'_>],
    ) -> Result<BTreeSet<usize>, String> {
        let until = Instant::now() + self.shared.options.limits.resolve;
        loop {
            if self.lost.is_some() {
                self.reclaim(until).await?;
            } else if self.backend.is_none() {
                // The re-claim has been made; only the read-back's connection broke.
                self.backend = self.connect().await.ok();
            }
            if self.backend.is_some() {
                match self.read_back(entries).await {
                    Ok(committed) => return Ok(committed),
                    Err(failure) if Instant::now() >= until => {
                        return Err(failure.message().to_owned());
                    }
                    Err(_) => {}
                }
            }
            if Instant::now() >= until {
                return Err("the database did not come back in time".to_owned());
            }
            sleep(PAUSE).await;
        }
    }

    /// Runs a read on the lane's connection; a connection that breaks is given up.
    pub(super) async fn read<T>(
        &mut self,
        query: QueryAs<'_, sqlx::Postgres, T, PgArguments>,
    ) -> Result<Vec<T>, Failure>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let Some(backend) = &mut self.backend else {
            return Err(Failure::NotSent("the lane is not connected".to_owned()));
        };
        let limit = self.shared.options.limits.answer;
        let answered = timeout(limit, query.fetch_all(&mut backend.conn)).await;
        let why = match answered {
            Ok(Ok(rows)) => return Ok(rows),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {limit:?}"),
        };
        // It was a read: whatever the server still does with it changes nothing.
        self.backend = None;
        Err(Failure::NotSent(why))
    }

    async fn connect(&self) -> Result<Backend, sqlx::Error> {
        let limits = self.shared.options.limits;
        let options = writer_options(
            &self.shared.base,
            "orderhub lane",
            limits.statement,
            limits.lock,
        );
        Backend::connect(&options, limits.connect).await
    }

    /// Connects and re-claims until it succeeds or the time is over.
    async fn reclaim(&mut self, until: Instant) -> Result<(), String> {
        let mut lost = self.lost.take().unwrap_or_default();
        let claimed = self.try_reclaim(&mut lost, until).await;
        if claimed.is_err() {
            self.backend = None;
            self.lost = Some(lost);
        }
        claimed
    }

    async fn try_reclaim(&mut self, lost: &mut Lost, until: Instant) -> Result<(), String> {
        let limits = self.shared.options.limits;
        let shards: Vec<i16> = lost.shards.iter().copied().map(i16::from).collect();
        loop {
            let why = match self.connect().await {
                Err(error) => error.to_string(),
                Ok(mut backend) => {
                    let known = lost.shards.iter().map(|shard| ShardId(*shard));
                    let ceilings: Vec<i64> = known
                        .map(|shard| self.shared.fences.epoch_of(shard) + lost.reclaims)
                        .collect();
                    let query = sqlx::query_as(RECLAIM)
                        .bind(&self.shared.options.node)
                        .bind(self.incarnation())
                        .bind(&shards)
                        .bind(ceilings);
                    lost.reclaims += 1;
                    let patience = limits.lock + limits.connect;
                    match timeout(patience, query.fetch_all(&mut backend.conn)).await {
                        Ok(Ok(rows)) => {
                            self.reclaimed(&rows);
                            self.backend = Some(backend);
                            return Ok(());
                        }
                        Ok(Err(error)) => {
                            let failure = Failure::of(&error);
                            if let Failure::LockTimeout(_) = failure {
                                self.end_lost(&mut backend, lost).await;
                            } else {
                                lost.backends.push(backend.id);
                            }
                            failure.message().to_owned()
                        }
                        Err(_) => {
                            // This one may hold the rows itself when it wakes up.
                            lost.backends.push(backend.id);
                            "the re-claim got no answer".to_owned()
                        }
                    }
                }
            };
            if Instant::now() >= until {
                return Err(why);
            }
            sleep(PAUSE).await;
        }
    }

    /// A shard that is missing here belongs to another node now, or to a newer process of ours:
    /// that claim has fenced the old statement off just the same, and the next write will learn it.
    fn reclaimed(&self, rows: &[(i16, i64)]) {
        for (shard, epoch) in rows {
            let shard = ShardId(u8::try_from(*shard).unwrap_or_default());
            self.shared.fences.raise_shard(shard, *epoch);
        }
    }

    async fn end_lost(&self, backend: &mut Backend, lost: &Lost) {
        tracing::warn!("an old connection still holds our shards; ending it");
        let limit = self.shared.options.limits.connect;
        let ended = timeout(limit, backend.terminate(&lost.backends)).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "the old connection could not be ended");
        }
    }

    /// An entry was committed if the event it sent stands in the place it was given, under the
    /// epoch it was sent with: nobody else ever has that pair.
    async fn read_back(&mut self, entries: &[Entry<'_>]) -> Result<BTreeSet<usize>, Failure> {
        let sent: Vec<&Entry<'_>> = entries
            .iter()
            .filter(|entry| entry.epoch > 0 && !entry.append.events.is_empty())
            .collect();
        let column = |of: fn(&Entry<'_>) -> i64| sent.iter().map(|e| of(e)).collect::<Vec<i64>>();
        let ids: Vec<Uuid> = sent.iter().map(|entry| entry.append.order.uuid()).collect();
        let query = sqlx::query_as(
            "select s.place \
             from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::uuid[]) \
                 as s (place, shard, seq, epoch, id) \
             join orderhub.event e \
               on e.shard = s.shard::smallint and e.seq = s.seq \
              and e.epoch = s.epoch and e.stream_id = s.id",
        )
        .bind(column(|entry| {
            i64::try_from(entry.index).unwrap_or(i64::MAX)
        }))
        .bind(column(|entry| i64::from(entry.append.order.shard().0)))
        .bind(column(|entry| entry.first_seq))
        .bind(column(|entry| entry.epoch))
        .bind(ids);
        let rows: Vec<(i64,)> = self.read(query).await?;
        let committed = rows.into_iter();
        Ok(committed
            .filter_map(|(index,)| usize::try_from(index).ok())
            .collect())
    }
}
