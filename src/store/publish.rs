//! The log as the publisher reads it: events after a cursor per shard, and the cursors.
//!
//! A shard's sequence is given by one writer in the order of its commits, with gaps and never
//! late: even after an unknown outcome the lane first fences the old statement off and then sends
//! again under new, higher places. So "everything after the cursor" misses nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use orderhub_domain::ids::ShardId;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{ConnectOptions, Connection, Row};
use tokio::time::timeout;
use uuid::Uuid;

use super::logged::LoggedEvent;
use super::{Shared, Store, StoreError};

/// Longer than this no statement of the publisher takes, however far it has to catch up.
const PATIENCE: Duration = Duration::from_mins(1);

const CURSORS: &str = "
select c.shard, c.published_seq, c.stream_seq, c.msg_id,
       (select e.recorded_at
        from orderhub.event e
        where e.shard = c.shard and e.seq = c.published_seq) as recorded_at
from orderhub.publish_cursor c
where c.shard = any($1::smallint[])
";

const BITE: &str = "
select e.shard, e.seq, e.stream_id, e.version, e.kind, e.schema, e.actor, e.occurred_at,
       e.recorded_at, e.body, c.slug as channel, clock_timestamp() as read_at
from unnest($1::smallint[], $2::bigint[]) as cur (shard, seq)
cross join lateral (
    select *
    from orderhub.event e
    where e.shard = cur.shard and e.seq > cur.seq
    order by e.seq
    limit $3
) e
left join orderhub.orders o on o.id = e.stream_id
left join orderhub.channel c on c.id = o.channel_id
order by e.shard, e.seq
";

// A cursor moves only from where its mover believes it to be: of two publishers, as during a
// takeover, the slower one does not move it back.
const ADVANCE: &str = "
with mine as materialized (
    select c.shard, n.seq, n.stream_seq, n.msg_id
    from orderhub.publish_cursor c
    join unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::uuid[])
        as n (shard, had, seq, stream_seq, msg_id)
      on c.shard = n.shard and c.published_seq = n.had
    order by c.shard
    for update of c
)
update orderhub.publish_cursor c
set published_seq = mine.seq, stream_seq = mine.stream_seq, msg_id = mine.msg_id
from mine
where c.shard = mine.shard
returning c.shard
";

const COUNT: &str = "
select cur.shard, n.events, n.last
from unnest($1::smallint[], $2::bigint[]) as cur (shard, seq)
cross join lateral (
    select count(*) as events, max(e.seq) as last
    from orderhub.event e
    where e.shard = cur.shard and e.seq > cur.seq
) n
where n.events > 0
";

/// How far a shard's log is on the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishCursor {
    /// The shard.
    pub shard: ShardId,
    /// Everything up to this place of the shard's sequence has been published or parked.
    pub published: i64,
    /// Place and id of the shard's last message on the bus; `None` before the first.
    pub last: Option<LastMessage>,
    /// When the event at `published` was recorded, if there is one.
    pub recorded_at: Option<Timestamp>,
}

/// A message on the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastMessage {
    /// Its place in the stream.
    pub stream_seq: u64,
    /// Its id.
    pub id: Uuid,
}

/// Reads the log for the bus and keeps the cursors, on a connection of its own. Its futures must
/// run to their end.
pub struct PublishLog {
    shared: Arc<Shared>,
    conn: Option<PgConnection>,
}

impl Store {
    /// The publisher's view of the log. One per node; several do no harm but repeats.
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

    /// The shards whose log has grown on this node since the last call.
    pub fn take_fresh(&self) -> Vec<ShardId> {
        let fresh = self.shared.fences.take_unpublished();
        fresh.into_iter().map(shard).collect()
    }

    /// The shards that this node has claimed.
    pub fn owned(&self) -> Vec<ShardId> {
        ShardId::all()
            .filter(|shard| self.shared.fences.claim_of(*shard) > 0)
            .collect()
    }

    /// Part of every event's public id; a restore from a backup raises it.
    pub async fn generation(&mut self) -> Result<i32, StoreError> {
        let conn = self.connect().await?;
        let query = sqlx::query_scalar("select generation from orderhub.bus").fetch_one(conn);
        let found = query.await;
        self.finish(found)
    }

    /// Where these shards are.
    pub async fn cursors(&mut self, shards: &[ShardId]) -> Result<Vec<PublishCursor>, StoreError> {
        let shards: Vec<i16> = shards.iter().copied().map(number).collect();
        let conn = self.connect().await?;
        let query = sqlx::query(CURSORS).bind(shards).fetch_all(conn);
        let rows = query.await;
        let rows = rows.and_then(|rows| rows.iter().map(cursor).collect());
        self.finish(rows)
    }

    /// The next events after these cursors, at most `limit` of each shard, in order.
    pub async fn bite(
        &mut self,
        after: &[PublishCursor],
        limit: i64,
    ) -> Result<Vec<LoggedEvent>, StoreError> {
        let conn = self.connect().await?;
        let query = sqlx::query_as(BITE)
            .bind(after.iter().map(|c| number(c.shard)).collect::<Vec<_>>())
            .bind(after.iter().map(|c| c.published).collect::<Vec<_>>())
            .bind(limit)
            .fetch_all(conn);
        let found = query.await;
        self.finish(found)
    }

    /// Moves cursors, each from where it was (`.0`) to where it is now. Answers the shards that were
    /// moved: another publisher has moved the others.
    pub async fn advance(
        &mut self,
        moves: &[(i64, PublishCursor)],
    ) -> Result<Vec<ShardId>, StoreError> {
        let column = |of: fn(&PublishCursor) -> i64| -> Vec<i64> {
            moves.iter().map(|(_, to)| of(to)).collect()
        };
        let stream_seqs: Vec<Option<i64>> = moves
            .iter()
            .map(|(_, to)| to.last.and_then(|m| i64::try_from(m.stream_seq).ok()))
            .collect();
        let ids: Vec<Option<Uuid>> = moves.iter().map(|(_, to)| to.last.map(|m| m.id)).collect();
        let shards: Vec<i16> = moves.iter().map(|(_, to)| number(to.shard)).collect();
        let had: Vec<i64> = moves.iter().map(|(had, _)| *had).collect();
        let conn = self.connect().await?;
        let query = sqlx::query_scalar::<_, i16>(ADVANCE)
            .bind(shards)
            .bind(had)
            .bind(column(|to| to.published))
            .bind(stream_seqs)
            .bind(ids)
            .fetch_all(conn);
        let found = query.await;
        let shards = self.finish(found)?;
        Ok(shards.into_iter().map(shard).collect())
    }

    /// How many events each of these shards has after a place, and the last one's place. Shards
    /// without any are left out.
    pub async fn count(
        &mut self,
        after: &BTreeMap<ShardId, i64>,
    ) -> Result<Vec<(ShardId, i64, i64)>, StoreError> {
        let conn = self.connect().await?;
        let query = sqlx::query_as::<_, (i16, i64, i64)>(COUNT)
            .bind(after.keys().copied().map(number).collect::<Vec<_>>())
            .bind(after.values().copied().collect::<Vec<_>>())
            .fetch_all(conn);
        let found = query.await;
        let rows = self.finish(found)?;
        let counted = rows.into_iter();
        Ok(counted.map(|(s, n, last)| (shard(s), n, last)).collect())
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

fn cursor(row: &PgRow) -> Result<PublishCursor, sqlx::Error> {
    let stream_seq: Option<i64> = row.try_get("stream_seq")?;
    let id: Option<Uuid> = row.try_get("msg_id")?;
    let recorded_at: Option<jiff_sqlx::Timestamp> = row.try_get("recorded_at")?;
    let stream_seq = stream_seq.and_then(|seq| u64::try_from(seq).ok());
    Ok(PublishCursor {
        shard: shard(row.try_get("shard")?),
        published: row.try_get("published_seq")?,
        last: stream_seq
            .zip(id)
            .map(|(stream_seq, id)| LastMessage { stream_seq, id }),
        recorded_at: recorded_at.map(jiff_sqlx::Timestamp::to_jiff),
    })
}

fn number(shard: ShardId) -> i16 {
    i16::from(shard.0)
}

fn shard(number: i16) -> ShardId {
    ShardId(u8::try_from(number).unwrap_or_default())
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
