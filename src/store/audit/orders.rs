//! Reads of orders for the auditor: which to look at, and all that is stored of one.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::{HoldRow, OrderRow, Stage, StoredOrder};
use orderhub_domain::policy::Policy;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use super::super::StoreError;
use super::super::journal::{ORDER_STREAM, Stored};
use super::AuditBook;

/// Orders whose versions are counted at once: index entries only.
const COUNTED: i64 = 2_000;

// The events of each order of the page are counted along the key (shard, stream, version); the page
// reaches from the last order of the page before to its own last one, the last page to the end, so
// that a log or a hold without a row is seen too.
const SUSPECTS: &str = "
with page as materialized (
    select id, version from orderhub.orders where id > $1 order by id limit $2
),
bound as materialized (
    select case when (select count(*) from page) < $2
                then 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid
                else (select id from page order by id desc limit 1) end as upto
),
log as materialized (
    select e.stream_id, sum(e.events) as events, min(e.first) as first, max(e.last) as last
    from bound
    cross join generate_series(0, 255) as s (shard)
    cross join lateral (
        select stream_id, count(*) as events, min(version) as first, max(version) as last
        from orderhub.event e
        where e.shard = s.shard::smallint and e.stream_kind = $3
          and e.stream_id > $1 and e.stream_id <= bound.upto
        group by stream_id
    ) e
    group by e.stream_id
),
held as (
    select distinct r.order_id
    from bound
    join orderhub.reservation r on r.order_id > $1 and r.order_id <= bound.upto
),
suspect as (
    select id
    from (
        select id, version, null::numeric as events, null::bigint as first, null::bigint as last
        from page
        union all
        select stream_id, null, events, first, last from log
        union all
        select order_id, null, null, null, null from held
    ) part
    group by id
    having max(version) is distinct from max(last) or min(first) is distinct from 1
        or sum(events) is distinct from max(last)
)
select bound.upto, coalesce(s.id, bound.upto) as id, s.id is not null as suspect
from bound
left join suspect s on true
order by id
limit 500
";

const PAGE: &str = "select id from orderhub.orders where id > $1 order by id limit $2";

// From the list that follows the log: which to look at, not what is true of them.
const IN_HAND: &str = "
select order_id
from orderhub.order_list
where stage = $1 and order_id > $2
order by order_id
limit $3
";

const CHANGED: &str = "
select order_id, updated_at
from orderhub.order_list
where updated_at >= $1 and (updated_at, order_id) > ($1, $2) and updated_at <= $3
order by updated_at, order_id
limit $4
";

// Row, log and holds in one statement, so that they are of one moment. The holds come with the
// first event alone.
const STORED: &str = "
select wanted.id, o.version as row_version, o.stage, o.wake_at,
       case when e.version = 1 or e.version is null then (
           select jsonb_agg(jsonb_build_object(
               'line', r.line, 'location', r.location, 'attempt', r.attempt, 'sku', r.sku,
               'quantity', r.quantity, 'state', r.state, 'rev', r.rev, 'told_rev', r.told_rev))
           from orderhub.reservation r
           where r.order_id = wanted.id
       ) end as holds,
       e.version, e.kind, e.schema, e.command_id, e.actor, e.occurred_at, e.recorded_at, e.body
from unnest($1::uuid[], $2::smallint[]) as wanted (id, shard)
left join orderhub.orders o on o.id = wanted.id
left join orderhub.event e
  on e.shard = wanted.shard and e.stream_kind = $3 and e.stream_id = wanted.id
order by wanted.id, e.version
";

const UNDER_POLICY: &str = "
insert into orderhub.audit_policy as kept (policy, since)
values ($1, clock_timestamp())
on conflict (one) do update
set policy = excluded.policy,
    since = case when kept.policy = excluded.policy then kept.since else excluded.since end
returning since
";

/// Orders whose row and log differ at first sight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspects {
    /// Which.
    pub orders: Vec<OrderId>,
    /// How far was looked; `None` when that was the end.
    pub upto: Option<OrderId>,
}

/// How far a walk over the orders that live is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HotMark {
    /// Among those in the n-th stage, after this one.
    InHand(usize, Uuid),
    /// Among those that changed lately, after this one.
    Changed(Timestamp, Uuid),
}

impl AuditBook {
    /// Counts the versions of the next orders.
    pub async fn suspects(&mut self, after: Option<OrderId>) -> Result<Suspects, StoreError> {
        let mut conn = self.take().await?;
        let rows: Vec<(Uuid, Uuid, bool)> = sqlx::query_as(SUSPECTS)
            .bind(after.map_or(Uuid::nil(), OrderId::uuid))
            .bind(COUNTED)
            .bind(ORDER_STREAM)
            .fetch_all(&mut conn)
            .await
            .map_err(StoreError::database)?;
        self.give_back(conn);
        let upto = rows.first().map(|(upto, ..)| *upto);
        let suspects = rows.iter().filter(|(.., suspect)| *suspect);
        Ok(Suspects {
            orders: suspects.map(|(_, id, _)| OrderId::from_uuid(*id)).collect(),
            upto: upto.filter(|id| !id.is_max()).map(OrderId::from_uuid),
        })
    }

    /// The next orders by id.
    pub async fn orders_after(
        &mut self,
        after: Option<OrderId>,
        limit: usize,
    ) -> Result<Vec<OrderId>, StoreError> {
        let mut conn = self.take().await?;
        let ids: Vec<Uuid> = sqlx::query_scalar(PAGE)
            .bind(after.map_or(Uuid::nil(), OrderId::uuid))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&mut conn)
            .await
            .map_err(StoreError::database)?;
        self.give_back(conn);
        Ok(ids.into_iter().map(OrderId::from_uuid).collect())
    }

    /// The next orders that are in hand, and then those that changed from `since` to `until`.
    /// `None` at the end.
    pub async fn hot_orders(
        &mut self,
        mark: HotMark,
        (since, until): (Timestamp, Timestamp),
        limit: usize,
    ) -> Result<(Vec<OrderId>, Option<HotMark>), StoreError> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let stages = || Stage::ALL.into_iter().filter(|stage| stage.is_in_hand());
        let mut conn = self.take().await?;
        let (ids, next) = match mark {
            HotMark::InHand(number, after) => {
                let stage = stages().nth(number).map(Stage::word).unwrap_or_default();
                let ids: Vec<Uuid> = sqlx::query_scalar(IN_HAND)
                    .bind(stage)
                    .bind(after)
                    .bind(most)
                    .fetch_all(&mut conn)
                    .await
                    .map_err(StoreError::database)?;
                let next = match ids.last() {
                    Some(last) if ids.len() == limit => HotMark::InHand(number, *last),
                    _ if number + 1 < stages().count() => HotMark::InHand(number + 1, Uuid::nil()),
                    _ => HotMark::Changed(since, Uuid::nil()),
                };
                (ids, Some(next))
            }
            HotMark::Changed(at, after) => {
                let rows: Vec<(Uuid, jiff_sqlx::Timestamp)> = sqlx::query_as(CHANGED)
                    .bind(at.to_sqlx())
                    .bind(after)
                    .bind(until.to_sqlx())
                    .bind(most)
                    .fetch_all(&mut conn)
                    .await
                    .map_err(StoreError::database)?;
                let last = rows.last().filter(|_| rows.len() == limit);
                let next = last.map(|(id, at)| HotMark::Changed(at.to_jiff(), *id));
                (rows.into_iter().map(|(id, _)| id).collect(), next)
            }
        };
        self.give_back(conn);
        Ok((ids.into_iter().map(OrderId::from_uuid).collect(), next))
    }

    /// All that is stored of these orders. Orders that a newer version of the hub has written to
    /// are left out: this one cannot judge them.
    pub async fn stored_orders(
        &mut self,
        orders: &[OrderId],
    ) -> Result<Vec<StoredOrder>, StoreError> {
        let ids: Vec<Uuid> = orders.iter().map(|order| order.uuid()).collect();
        let shards: Vec<i16> = orders.iter().map(|order| order.shard().0.into()).collect();
        let mut conn = self.take().await?;
        let rows = sqlx::query(STORED)
            .bind(&ids)
            .bind(&shards)
            .bind(ORDER_STREAM)
            .fetch_all(&mut conn)
            .await
            .map_err(StoreError::database)?;
        self.give_back(conn);
        let mut stored: BTreeMap<OrderId, (StoredOrder, bool)> = BTreeMap::new();
        for row in rows {
            gather(&mut stored, &row).map_err(StoreError::database)?;
        }
        let judged = stored.into_values().filter(|(_, newer)| !newer);
        Ok(judged.map(|(order, _)| order).collect())
    }

    /// Notes the policy that orders are decided under. Since when it is this one.
    pub async fn under(&mut self, policy: &Policy) -> Result<Timestamp, StoreError> {
        let mut conn = self.take().await?;
        let since: jiff_sqlx::Timestamp = sqlx::query_scalar(UNDER_POLICY)
            .bind(Json(policy))
            .fetch_one(&mut conn)
            .await
            .map_err(StoreError::database)?;
        self.give_back(conn);
        Ok(since.to_jiff())
    }

    /// The database's time.
    pub async fn now(&mut self) -> Result<Timestamp, StoreError> {
        let mut conn = self.take().await?;
        let now: jiff_sqlx::Timestamp = sqlx::query_scalar("select clock_timestamp()")
            .fetch_one(&mut conn)
            .await
            .map_err(StoreError::database)?;
        self.give_back(conn);
        Ok(now.to_jiff())
    }
}

fn gather(
    stored: &mut BTreeMap<OrderId, (StoredOrder, bool)>,
    row: &PgRow,
) -> Result<(), sqlx::Error> {
    let id = OrderId::from_uuid(row.try_get("id")?);
    let (order, newer) = match stored.entry(id) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(new) => {
            let order = StoredOrder {
                id,
                row: order_row(row)?,
                log: Ok(Vec::new()),
                holds: Vec::new(),
            };
            new.insert((order, false))
        }
    };
    if let Some(Json(holds)) = row.try_get::<Option<Json<Vec<HoldRow>>>, _>("holds")? {
        order.holds = holds;
    }
    if row.try_get::<Option<i64>, _>("version")?.is_none() {
        return Ok(());
    }
    let event = Stored::from_row(row)?;
    *newer |= event.is_newer();
    if let Ok(log) = &mut order.log {
        let next = u64::try_from(log.len()).unwrap_or_default() + 1;
        match event.read(next) {
            Ok(event) => log.push(event),
            Err(unreadable) => order.log = Err(unreadable),
        }
    }
    Ok(())
}

fn order_row(row: &PgRow) -> Result<Option<OrderRow>, sqlx::Error> {
    let Some(version) = row.try_get::<Option<i64>, _>("row_version")? else {
        return Ok(None);
    };
    let wake_at: Option<jiff_sqlx::Timestamp> = row.try_get("wake_at")?;
    Ok(Some(OrderRow {
        version: u64::try_from(version).unwrap_or_default(),
        stage: row.try_get("stage")?,
        wake_at: wake_at.map(jiff_sqlx::Timestamp::to_jiff),
    }))
}
