//! How far readers of the logs say they are, against where the logs end.

use orderhub_domain::drift::Drift;

use super::super::StoreError;
use super::AuditBook;

/// A reader of a log is not ahead of it.
pub const LOG_CURSORS: &str = "log_cursors";

// A cursor is moved by what was read of the log before, so in one snapshot it is never ahead.
const AHEAD: &str = "
with place as (
    select 'the bus, shard ' || c.shard as reader, c.published_seq as at, log.seq as ends
    from orderhub.publish_cursor c
    cross join lateral (
        select coalesce(max(e.seq), 0) as seq from orderhub.event e where e.shard = c.shard
    ) log
    union all
    select 'the order list, shard ' || c.shard, c.seq, log.seq
    from orderhub.order_list_cursor c
    cross join lateral (
        select coalesce(max(e.seq), 0) as seq from orderhub.event e where e.shard = c.shard
    ) log
    union all
    select 'the unreconciled payments, shard ' || c.shard, c.seq, log.seq
    from orderhub.unreconciled_cursor c
    cross join lateral (
        select coalesce(max(e.seq), 0) as seq from orderhub.event e where e.shard = c.shard
    ) log
    union all
    select 'the bus, stock of ' || c.location, c.published_seq, log.seq
    from orderhub.stock_cursor c
    cross join lateral (
        select coalesce(max(l.seq), 0) as seq
        from orderhub.stock_ledger l
        where l.location = c.location
    ) log
    union all
    select 'the bus, logbook of ' || c.location, c.published_seq, log.seq
    from orderhub.logbook_cursor c
    cross join lateral (
        select coalesce(max(b.seq), 0) as seq from orderhub.logbook b where b.location = c.location
    ) log
)
select reader, at, ends
from place
where at > ends
";

impl AuditBook {
    /// Readers that are ahead of their log.
    pub async fn readers_ahead(&mut self) -> Result<Vec<Drift>, StoreError> {
        let mut conn = self.take().await?;
        let ahead: Vec<(String, i64, i64)> = sqlx::query_as(AHEAD)
            .fetch_all(&mut conn)
            .await
            .map_err(StoreError::database)?;
        self.give_back(conn);
        let drift = |(reader, at, ends)| Drift {
            invariant: LOG_CURSORS,
            subject: reader,
            detail: format!("its cursor is at {at}, the log ends at {ends}"),
        };
        Ok(ahead.into_iter().map(drift).collect())
    }
}
