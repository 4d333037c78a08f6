//! Money that was taken and that no line of a payout file has named: a read model, written by a trailing
//! reader of the log within seconds. What an order knows of its payouts, its log says.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use orderhub_actors::ports::Unavailable;
use orderhub_domain::ids::{OrderId, Slug};
use orderhub_domain::money::{Currency, Money};
use rust_decimal::Decimal;
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::Store;
use super::trail::{Follows, Trail};
use crate::settlement::{Unreconciled, UnreconciledFilter, UnreconciledPage, UnreconciledPlace};

// A capture is a row until lines that matched, or that a person has decided about, have named all of it, the
// oldest first; the posting says how much the report brought. Rows and cursors are of one moment: a cursor that somebody else has moved
// since this statement began says that the rows it sees are old, and the shard is left for next time.
const CATCH_UP: &str = "
with seen as materialized (
    select shard, seq
    from orderhub.unreconciled_cursor
    where shard = any($1::smallint[])
),
cur as materialized (
    select c.shard, c.seq
    from orderhub.unreconciled_cursor c
    where c.shard = any($1::smallint[])
    order by c.shard
    for update
),
fresh as materialized (
    select cur.shard, e.seq, e.stream_id, e.version, e.kind, e.recorded_at, e.body
    from cur
    join seen using (shard, seq)
    cross join lateral (
        select e.seq, e.stream_id, e.version, e.kind, e.recorded_at,
               case when e.stream_kind = 1 and e.kind in
                        ('payment.captured', 'payment.settled_by_channel', 'payment.reconciled',
                         'payment.variance_resolved', 'payment.variance_written_off')
                    then e.body end as body
        from orderhub.event e
        where e.shard = cur.shard and e.seq > cur.seq
        order by e.seq
        limit $2
    ) e
),
taken as materialized (
    select f.stream_id as order_id, (f.body ->> 'tender')::smallint as tender, f.version,
           substr(p.value ->> 'account', 6) as source,
           f.body -> 'payment' ->> 'reference' as reference,
           p.value -> 'amount' ->> 'currency' as currency,
           (p.value -> 'amount' ->> 'amount')::numeric as amount,
           f.recorded_at
    from fresh f
    cross join lateral jsonb_array_elements(f.body -> 'postings') as p (value)
    where f.kind in ('payment.captured', 'payment.settled_by_channel')
      and p.value ->> 'account' like 'cash:%'
      and (p.value -> 'amount' ->> 'amount')::numeric > 0
),
named as materialized (
    select f.stream_id as order_id, (f.body ->> 'tender')::smallint as tender,
           sum((coalesce(f.body -> 'settles', f.body -> 'line' -> 'gross') ->> 'amount')::numeric)
               as amount
    from fresh f
    where (f.kind = 'payment.reconciled' and f.body -> 'line' ->> 'kind' = 'charge')
       or (f.kind in ('payment.variance_resolved', 'payment.variance_written_off')
           and f.body ? 'settles')
    group by 1, 2
),
piece as (
    select u.order_id, u.tender, u.version, u.open
    from orderhub.unreconciled u
    join named n on n.order_id = u.order_id and n.tender = u.tender
    union all
    select order_id, tender, version, amount from taken
),
rest as materialized (
    select p.order_id, p.tender, p.version,
           least(p.open, greatest(
               sum(p.open) over (partition by p.order_id, p.tender order by p.version)
                   - coalesce(n.amount, 0), 0)) as open
    from piece p
    left join named n on n.order_id = p.order_id and n.tender = p.tender
),
added as (
    insert into orderhub.unreconciled
        (order_id, tender, version, source, reference, currency, captured, open, captured_at)
    select t.order_id, t.tender, t.version, t.source, t.reference, t.currency, t.amount, r.open,
           t.recorded_at
    from taken t
    join rest r using (order_id, tender, version)
    where r.open > 0
    on conflict do nothing
),
lowered as (
    update orderhub.unreconciled u
    set open = r.open
    from rest r
    where u.order_id = r.order_id and u.tender = r.tender and u.version = r.version
      and r.open > 0 and r.open < u.open
),
gone as (
    delete from orderhub.unreconciled u
    using rest r
    where u.order_id = r.order_id and u.tender = r.tender and u.version = r.version and r.open = 0
),
moved as (
    update orderhub.unreconciled_cursor u
    set seq = f.seq
    from (select shard, max(seq) as seq from fresh group by shard) f
    where u.shard = f.shard
)
select count(*) from fresh
";

const LIST: &str = "
select order_id, tender, version, source, reference, currency, captured, open, captured_at
from orderhub.unreconciled
where source = any($1)
  and ($2::timestamptz is null or captured_at < $2)
  and ($3::timestamptz is null
       or (captured_at, order_id, tender, version) > ($3, $4::uuid, $5::smallint, $6::bigint))
order by captured_at, order_id, tender, version
limit $7
";

// Whether there are ten thousand or more makes no difference to anybody.
const COUNT: &str = "
select s.source, count(u.order_id)::float8
from unnest($1::text[]) as s (source)
left join lateral (
    select u.order_id
    from orderhub.unreconciled u
    where u.source = s.source and u.captured_at < $2
    limit 10000
) u on true
group by s.source
";

impl Store {
    /// The reader of the log behind this list. One per node; several do no harm.
    pub fn unreconciled_trail(&self) -> Trail {
        let keeps = "list of unreconciled payments";
        Trail::new(self, keeps, CATCH_UP, Follows::InTime)
    }

    /// How many captures of each of these connections are older than this and named by no payout, as of
    /// a few seconds ago; ten thousand at most.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_unreconciled(
        &self,
        sources: &[Slug],
        before: Timestamp,
    ) -> Result<BTreeMap<String, f64>, Unavailable> {
        let sources: Vec<&str> = sources.iter().map(Slug::as_str).collect();
        let query = || {
            sqlx::query_as::<_, (String, f64)>(COUNT)
                .bind(&sources)
                .bind(before.to_sqlx())
                .fetch_all(self.pool())
        };
        Ok(self.read(query).await?.into_iter().collect())
    }

    /// Captures that no payout has named, oldest first.
    pub(super) async fn list_unreconciled(
        &self,
        filter: &UnreconciledFilter,
    ) -> Result<UnreconciledPage, Unavailable> {
        let sources: Vec<&str> = filter.sources.iter().map(Slug::as_str).collect();
        let limit = usize::from(filter.limit.max(1));
        let after = filter.after.as_ref();
        let query = || {
            sqlx::query(LIST)
                .bind(&sources)
                .bind(filter.before.map(ToSqlx::to_sqlx))
                .bind(after.map(|place| place.captured_at.to_sqlx()))
                .bind(after.map(|place| place.order.uuid()))
                .bind(after.map(|place| place.tender))
                .bind(after.map(|place| place.version))
                .bind(i64::from(filter.limit.max(1)) + 1)
                .persistent(false)
                .fetch_all(self.pool())
        };
        let rows = self.read(query).await?;
        let found: Result<Vec<Unreconciled>, sqlx::Error> =
            rows.iter().take(limit).map(unreconciled).collect();
        let found = found.map_err(|error| Unavailable(error.to_string()))?;
        let next = found.last().filter(|_| rows.len() > limit);
        let next = next.map(|last| last.place);
        Ok((found, next))
    }
}

fn unreconciled(row: &PgRow) -> Result<Unreconciled, sqlx::Error> {
    let text: String = row.try_get("currency")?;
    let currency = Currency::from_code(&text)
        .ok_or_else(|| sqlx::Error::Decode(format!("\"{text}\" is no currency").into()))?;
    let money = |column: &str| -> Result<Money, sqlx::Error> {
        let amount: Decimal = row.try_get(column)?;
        Ok(Money::rounded(amount, currency))
    };
    let captured_at: jiff_sqlx::Timestamp = row.try_get("captured_at")?;
    Ok(Unreconciled {
        place: UnreconciledPlace {
            captured_at: captured_at.to_jiff(),
            order: OrderId::from_uuid(row.try_get::<Uuid, _>("order_id")?),
            tender: row.try_get("tender")?,
            version: row.try_get("version")?,
        },
        source: row.try_get::<String, _>("source")?.as_str().into(),
        reference: row.try_get("reference")?,
        captured: money("captured")?,
        open: money("open")?,
    })
}
