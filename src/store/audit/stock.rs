//! Reads of stock for the auditor.

use orderhub_domain::drift::Drift;
use orderhub_domain::ids::{LocationCode, OrderId, Sku};
use orderhub_domain::stock::{Awaited, Granted, LedgerPart, StoredStock, Units, gap, orphan};
use uuid::Uuid;

use super::super::StoreError;
use super::AuditBook;

/// Rows of a ledger that are read at once.
pub const LEDGER_BITE: i64 = 10_000;

/// Gaps and orphans that are named of one bite; where there are more, these are enough to begin with.
const NAMED: i64 = 20;

const LOCATIONS: &str = "select location from orderhub.location_owner order by location";

const PART: &str = "
with bite as materialized (
    select seq, sku, d_on_hand, d_reserved, d_allocated
    from orderhub.stock_ledger
    where location = $1 and seq > $2
    order by seq
    limit $3
)
select sku, sum(d_on_hand)::bigint, sum(d_reserved)::bigint, sum(d_allocated)::bigint, count(*),
       max(seq)
from bite
group by sku
";

const GAPS: &str = "
with bite as (
    select seq, lag(seq, 1, $2) over (order by seq) as before
    from orderhub.stock_ledger
    where location = $1 and seq > $2 and seq <= $3
)
select before + 1, seq - 1
from bite
where seq <> before + 1
order by seq
limit $4
";

const ORPHANS: &str = "
select l.seq, l.order_id
from orderhub.stock_ledger l
where l.location = $1 and l.seq > $2 and l.seq <= $3 and l.order_id is not null
  and not exists (select from orderhub.orders o where o.id = l.order_id)
order by l.seq
limit $4
";

// One statement, so that all are of one moment. Nothing of it reads a whole table: counters, announcements
// and quotas are read by the location, which their keys begin with; the ledger from a place of its key on;
// and holds through reservation_live, which has none but those in force of the location. The last part
// looks each hold's quota up by its key.
const STOCK: &str = "
select 'counters', sku, on_hand, reserved, allocated, waiting, inbound, null
from orderhub.stock
where location = $1
union all
select 'fresh', sku, sum(d_on_hand)::bigint, sum(d_reserved)::bigint, sum(d_allocated)::bigint,
       0::bigint, 0::bigint, null
from orderhub.stock_ledger
where location = $1 and seq > $2
group by sku
union all
select 'held', sku, 0::bigint,
       coalesce(sum(quantity) filter (where state = 'soft'), 0)::bigint,
       coalesce(sum(quantity) filter (where state = 'hard'), 0)::bigint,
       coalesce(sum(quantity) filter (where state = 'waiting'), 0)::bigint, 0::bigint, null
from orderhub.reservation
where location = $1 and (state in ('soft', 'hard', 'expired', 'waiting') or rev <> told_rev)
group by sku
union all
select 'announced', sku, 0::bigint, 0::bigint, 0::bigint, 0::bigint,
       sum(greatest(quantity - received, 0))::bigint, null
from orderhub.inbound
where location = $1
group by sku
union all
select 'quota', q.sku, 0::bigint, q.reserved, q.taken, 0::bigint, 0::bigint,
       coalesce(c.slug, q.channel::text)
from orderhub.stock_quota q
left join orderhub.channel c on c.id = q.channel
where q.location = $1 and q.units is not null
union all
select 'granted', r.sku, 0::bigint,
       coalesce(sum(r.quantity) filter (where r.state = 'soft'), 0)::bigint,
       coalesce(sum(r.quantity) filter (where r.state in ('hard', 'waiting')), 0)::bigint,
       0::bigint, 0::bigint, coalesce(c.slug, r.channel::text)
from orderhub.reservation r
join orderhub.stock_quota q
  on q.location = r.location and q.sku = r.sku and q.channel = r.channel and q.units is not null
left join orderhub.channel c on c.id = r.channel
where r.location = $1 and (r.state in ('soft', 'hard', 'expired', 'waiting') or r.rev <> r.told_rev)
group by r.sku, r.channel, c.slug
";

/// What is said of a SKU: by whom, then the units in the order of [`Units`] and [`Awaited`], and the channel.
type StockRow = (String, String, i64, i64, i64, i64, i64, Option<String>);

impl AuditBook {
    /// Every location that has ever had stock here.
    pub async fn locations(&mut self) -> Result<Vec<LocationCode>, StoreError> {
        let mut conn = self.take().await?;
        let codes: Vec<String> = sqlx::query_scalar(LOCATIONS)
            .fetch_all(&mut conn)
            .await
            .map_err(StoreError::database)?;
        self.give_back(conn);
        Ok(codes.into_iter().map(LocationCode).collect())
    }

    /// The sums of the next rows of a ledger; none at its end.
    pub async fn ledger_part(
        &mut self,
        location: &LocationCode,
        after: i64,
    ) -> Result<LedgerPart, StoreError> {
        let mut conn = self.take().await?;
        let rows: Vec<(String, i64, i64, i64, i64, i64)> = sqlx::query_as(PART)
            .bind(location.as_str())
            .bind(after)
            .bind(LEDGER_BITE)
            .fetch_all(&mut conn)
            .await
            .map_err(StoreError::database)?;
        self.give_back(conn);
        let mut part = LedgerPart::default();
        for (sku, on_hand, reserved, allocated, rows, last) in rows {
            part.rows += rows;
            part.last = part.last.max(last);
            let units = Units {
                on_hand,
                reserved,
                allocated,
            };
            part.units.insert(Sku(sku), units);
        }
        Ok(part)
    }

    /// The first places between two rows of a ledger that have no row.
    pub async fn ledger_gaps(
        &mut self,
        location: &LocationCode,
        after: i64,
        upto: i64,
    ) -> Result<Vec<Drift>, StoreError> {
        let mut conn = self.take().await?;
        let gaps: Vec<(i64, i64)> = sqlx::query_as(GAPS)
            .bind(location.as_str())
            .bind(after)
            .bind(upto)
            .bind(NAMED)
            .fetch_all(&mut conn)
            .await
            .map_err(StoreError::database)?;
        self.give_back(conn);
        let gaps = gaps.into_iter();
        Ok(gaps
            .map(|(first, last)| gap(location, first, last))
            .collect())
    }

    /// The first rows of a part of a ledger that are for orders which do not exist.
    pub async fn ledger_orphans(
        &mut self,
        location: &LocationCode,
        after: i64,
        upto: i64,
    ) -> Result<Vec<Drift>, StoreError> {
        let mut conn = self.take().await?;
        let rows: Vec<(i64, Uuid)> = sqlx::query_as(ORPHANS)
            .bind(location.as_str())
            .bind(after)
            .bind(upto)
            .bind(NAMED)
            .fetch_all(&mut conn)
            .await
            .map_err(StoreError::database)?;
        self.give_back(conn);
        let rows = rows.into_iter();
        Ok(rows
            .map(|(seq, order)| orphan(location, seq, OrderId::from_uuid(order)))
            .collect())
    }

    /// Counters and holds of a location, and the sums of its ledger's rows after this one.
    pub async fn stored_stock(
        &mut self,
        location: &LocationCode,
        after: i64,
    ) -> Result<StoredStock, StoreError> {
        let mut conn = self.take().await?;
        let rows: Vec<StockRow> = sqlx::query_as(STOCK)
            .bind(location.as_str())
            .bind(after)
            .fetch_all(&mut conn)
            .await
            .map_err(StoreError::database)?;
        self.give_back(conn);
        let mut stock = StoredStock::default();
        for (who, sku, on_hand, reserved, allocated, waiting, inbound, channel) in rows {
            let sku = Sku(sku);
            let units = Units {
                on_hand,
                reserved,
                allocated,
            };
            match who.as_str() {
                "counters" => {
                    let awaited = Awaited { waiting, inbound };
                    stock.awaited.insert(sku.clone(), awaited);
                    stock.counters.insert(sku, units);
                }
                "fresh" => {
                    stock.fresh.insert(sku, units);
                }
                "quota" | "granted" => {
                    let granted = Granted {
                        reserved,
                        taken: allocated,
                    };
                    let name = (sku, channel.unwrap_or_default());
                    let of = match who.as_str() {
                        "quota" => &mut stock.quotas,
                        _ => &mut stock.granted,
                    };
                    of.insert(name, granted);
                }
                "announced" => stock.expected.entry(sku).or_default().inbound = inbound,
                _ => {
                    stock.expected.entry(sku.clone()).or_default().waiting = waiting;
                    stock.held.insert(sku, units);
                }
            }
        }
        Ok(stock)
    }
}
