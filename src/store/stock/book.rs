//! Reads of stock.

use std::collections::BTreeSet;

use async_trait::async_trait;
use orderhub_actors::ports::{Pause, StockBook, Unavailable};
use orderhub_domain::ids::{ChannelId, EffectId, LocationCode, OrderId, Sku};
use orderhub_domain::stock::{
    Counters, FeedMark, HoldKey, HoldState, Inbound, LocationStock, StockHold,
};
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::super::Store;
use super::logbook::told;
use super::quotas::quota;

// One statement, so that counters, holds, announcements, feeds, quotas, what was said and the ledger's
// end are of one moment. The row of the ledger has neither counters nor hold; that of an announcement has a reference,
// that of a feed a source, that of a quota a channel and no order, that of what was said to be available
// a version of that.
const LOAD: &str = "
select coalesce(max(l.seq), 0) as seq, null::text as sku,
       null::bigint as on_hand, null::bigint as reserved, null::bigint as allocated,
       null::bigint as buffer, null::bigint as backorder_limit, null::bigint as shortfall,
       null::uuid as order_id, null::int as line, null::int as attempt, null::bigint as quantity,
       null::text as state, null::int as rev, null::int as told_rev, null::timestamptz as expires_at,
       null::timestamptz as since, null::timestamptz as promise,
       null::bigint as waiting, null::bigint as inbound,
       null::text as reference, null::bigint as received, null::timestamptz as expected_at,
       null::int as work_day,
       null::text as source, null::bigint as sequence, null::text as digest, null::uuid as channel,
       null::bigint as told
from orderhub.stock_ledger l
where l.location = $1
union all
select null, s.sku, s.on_hand, s.reserved, s.allocated, s.buffer, s.backorder_limit, s.shortfall,
       null, null, null, null, null, null, null, null, null, null, s.waiting, s.inbound, null, null, null,
       null, null, null, null, null, null
from orderhub.stock s
where s.location = $1
union all
select null, r.sku, null, null, null, null, null, null,
       r.order_id, r.line, r.attempt, r.quantity, r.state, r.rev, r.told_rev, r.expires_at,
       r.since, r.promise, null, null, null, null, null, r.work_day, null, null, null, r.channel, null
from orderhub.reservation r
where r.location = $1 and (r.state in ('soft', 'hard', 'expired', 'waiting') or r.rev <> r.told_rev)
union all
select null, i.sku, null, null, null, null, null, null, null, null, null, i.quantity, null, null, null, null,
       null, null, null, null, i.reference, i.received, i.expected_at,
       null, null, null, null, null, null
from orderhub.inbound i
where i.location = $1
union all
select null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
       null, null, null, null, null, null, null, null, f.source, f.sequence, f.digest, null, null
from orderhub.stock_feed f
where f.location = $1
union all
select null, q.sku, null, q.reserved, q.taken, null, null, null, null, null, null, q.units, null, null, null, null,
       null, null, null, null, null, null, null, null, null, q.rev, null, q.channel, null
from orderhub.stock_quota q
where q.location = $1
union all
select null, t.sku, null, null, null, null, null, null, null, null, null, t.units, null, null, null, null,
       null, null, null, null, null, null, null, null, null, null, null, null, t.version
from orderhub.stock_told t
where t.location = $1
";

#[async_trait]
impl StockBook for Store {
    async fn load(&self, location: &LocationCode) -> Result<LocationStock, Unavailable> {
        let query = || {
            sqlx::query(LOAD)
                .bind(location.as_str())
                .fetch_all(self.pool())
        };
        let rows = self.read(query).await?;
        let mut stock = LocationStock::empty(location.clone());
        for row in &rows {
            gather(&mut stock, row).map_err(|error| Unavailable(error.to_string()))?;
        }
        Ok(stock)
    }

    async fn holds(
        &self,
        location: &LocationCode,
        keys: &[HoldKey],
    ) -> Result<Vec<(HoldKey, StockHold)>, Unavailable> {
        let orders: Vec<Uuid> = keys.iter().map(|key| key.order.uuid()).collect();
        let lines: Vec<i32> = keys.iter().map(|key| key.line.into()).collect();
        let attempts: Vec<i32> = keys.iter().map(|key| key.attempt.into()).collect();
        let query = || {
            sqlx::query(
                "select r.order_id, r.line, r.attempt, r.sku, r.quantity, r.state, r.rev, \
                        r.told_rev, r.expires_at, r.since, r.promise, r.work_day, r.channel \
                 from unnest($2::uuid[], $3::int[], $4::int[]) as k (order_id, line, attempt) \
                 join orderhub.reservation r \
                   on r.order_id = k.order_id and r.line = k.line \
                  and r.location = $1 and r.attempt = k.attempt \
                 order by r.order_id, r.line, r.attempt",
            )
            .bind(location.as_str())
            .bind(&orders)
            .bind(&lines)
            .bind(&attempts)
            .fetch_all(self.pool())
        };
        let rows = self.read(query).await?;
        let holds: Result<_, sqlx::Error> = rows.iter().map(hold).collect();
        holds.map_err(|error| Unavailable(error.to_string()))
    }

    async fn booked(
        &self,
        location: &LocationCode,
        effects: &[EffectId],
    ) -> Result<BTreeSet<EffectId>, Unavailable> {
        let effects: Vec<Uuid> = effects.iter().map(|effect| effect.0).collect();
        let query = || {
            sqlx::query(
                "select distinct effect_id from orderhub.stock_ledger \
                 where location = $1 and effect_id = any($2)",
            )
            .bind(location.as_str())
            .bind(&effects)
            .fetch_all(self.pool())
        };
        let rows = self.read(query).await?;
        let found: Result<_, sqlx::Error> = rows
            .iter()
            .map(|row| Ok(EffectId(row.try_get("effect_id")?)))
            .collect();
        found.map_err(|error| Unavailable(error.to_string()))
    }

    async fn receipts(
        &self,
        location: &LocationCode,
        names: &[(Sku, String)],
    ) -> Result<Vec<((Sku, String), i64)>, Unavailable> {
        let (skus, references): (Vec<&str>, Vec<&str>) = names
            .iter()
            .map(|(sku, reference)| (sku.as_str(), reference.as_str()))
            .unzip();
        let query = || {
            sqlx::query(
                "select l.sku, l.reference, l.d_on_hand \
                 from unnest($2::text[], $3::text[]) as n (sku, reference) \
                 join orderhub.stock_ledger l \
                   on l.location = $1 and l.sku = n.sku and l.cause = 'receipt' \
                  and l.reference = n.reference",
            )
            .bind(location.as_str())
            .bind(&skus)
            .bind(&references)
            .fetch_all(self.pool())
        };
        let rows = self.read(query).await?;
        let found: Result<_, sqlx::Error> = rows
            .iter()
            .map(|row| {
                let name = (Sku(row.try_get("sku")?), row.try_get("reference")?);
                Ok((name, row.try_get("d_on_hand")?))
            })
            .collect();
        found.map_err(|error| Unavailable(error.to_string()))
    }

    async fn works(
        &self,
        location: &LocationCode,
        from_day: i32,
    ) -> Result<Vec<(i32, OrderId, u16)>, Unavailable> {
        let query = || {
            sqlx::query(
                "select distinct work_day, order_id, attempt from orderhub.reservation \
                 where location = $1 and work_day >= $2 and state in ('soft', 'hard', 'consumed')",
            )
            .bind(location.as_str())
            .bind(from_day)
            .fetch_all(self.pool())
        };
        let rows = self.read(query).await?;
        let found: Result<_, sqlx::Error> = rows.iter().map(work).collect();
        found.map_err(|error| Unavailable(error.to_string()))
    }

    async fn pauses(&self) -> Result<Vec<(LocationCode, Pause)>, Unavailable> {
        self.read_pauses().await
    }

    async fn note_pause(
        &self,
        location: &LocationCode,
        paused: bool,
        change: &Pause,
    ) -> Result<(), Unavailable> {
        self.write_pause(location, paused, change).await
    }

    async fn by_sku(&self, sku: &Sku) -> Result<Vec<(LocationCode, Counters)>, Unavailable> {
        if sku.as_str().contains('\0') {
            return Ok(Vec::new());
        }
        let query = || {
            sqlx::query(
                "select location, on_hand, reserved, allocated, buffer, backorder_limit, shortfall, \
                        waiting, inbound \
                 from orderhub.stock where sku = $1 order by location",
            )
            .bind(sku.as_str())
            .fetch_all(self.pool())
        };
        let rows = self.read(query).await?;
        let found: Result<_, sqlx::Error> = rows
            .iter()
            .map(|row| Ok((LocationCode(row.try_get("location")?), counters(row)?)))
            .collect();
        found.map_err(|error| Unavailable(error.to_string()))
    }
}

fn gather(stock: &mut LocationStock, row: &PgRow) -> Result<(), sqlx::Error> {
    if let Some(seq) = row.try_get::<Option<i64>, _>("seq")? {
        stock.seq = seq;
        return Ok(());
    }
    if let Some(source) = row.try_get::<Option<String>, _>("source")? {
        let mark = FeedMark {
            sequence: row.try_get("sequence")?,
            digest: row.try_get("digest")?,
        };
        stock.feeds.insert(source.as_str().into(), mark);
        return Ok(());
    }
    if row.try_get::<Option<Uuid>, _>("order_id")?.is_some() {
        let (key, hold) = hold(row)?;
        stock.holds.insert(key, hold);
        return Ok(());
    }
    if let Some(channel) = row.try_get::<Option<Uuid>, _>("channel")? {
        let (name, quota) = quota(ChannelId(channel), row)?;
        stock.quotas.insert(name, quota);
        return Ok(());
    }
    if row.try_get::<Option<i64>, _>("told")?.is_some() {
        let (sku, said) = told(row)?;
        stock.told.insert(sku, said);
        return Ok(());
    }
    let sku = Sku(row.try_get("sku")?);
    if let Some(reference) = row.try_get("reference")? {
        let inbound = Inbound {
            quantity: row.try_get("quantity")?,
            received: row.try_get("received")?,
            expected_at: moment(row, "expected_at")?,
        };
        stock.inbounds.insert((sku, reference), inbound);
        return Ok(());
    }
    stock.counters.insert(sku, counters(row)?);
    Ok(())
}

fn counters(row: &PgRow) -> Result<Counters, sqlx::Error> {
    Ok(Counters {
        on_hand: row.try_get("on_hand")?,
        reserved: row.try_get("reserved")?,
        allocated: row.try_get("allocated")?,
        buffer: row.try_get("buffer")?,
        backorder_limit: row.try_get("backorder_limit")?,
        shortfall: row.try_get("shortfall")?,
        waiting: row.try_get("waiting")?,
        inbound: row.try_get("inbound")?,
    })
}

fn work(row: &PgRow) -> Result<(i32, OrderId, u16), sqlx::Error> {
    let attempt: i32 = row.try_get("attempt")?;
    let attempt = u16::try_from(attempt).map_err(|error| sqlx::Error::Decode(error.into()))?;
    let order = OrderId::from_uuid(row.try_get("order_id")?);
    Ok((row.try_get("work_day")?, order, attempt))
}

fn moment(row: &PgRow, column: &str) -> Result<Option<jiff::Timestamp>, sqlx::Error> {
    let moment: Option<jiff_sqlx::Timestamp> = row.try_get(column)?;
    Ok(moment.map(jiff_sqlx::Timestamp::to_jiff))
}

fn hold(row: &PgRow) -> Result<(HoldKey, StockHold), sqlx::Error> {
    let number = |column: &str| -> Result<u16, sqlx::Error> {
        let number: i32 = row.try_get(column)?;
        u16::try_from(number).map_err(|error| sqlx::Error::Decode(error.into()))
    };
    let key = HoldKey {
        order: OrderId::from_uuid(row.try_get("order_id")?),
        line: number("line")?,
        attempt: number("attempt")?,
    };
    let word: String = row.try_get("state")?;
    let state = HoldState::from_word(&word).ok_or_else(|| {
        sqlx::Error::Decode(format!("\"{word}\" is not a state of a hold").into())
    })?;
    let expires_at: jiff_sqlx::Timestamp = row.try_get("expires_at")?;
    let hold = StockHold {
        sku: Sku(row.try_get("sku")?),
        quantity: row.try_get("quantity")?,
        state,
        rev: row.try_get("rev")?,
        told_rev: row.try_get("told_rev")?,
        expires_at: expires_at.to_jiff(),
        since: moment(row, "since")?,
        promise: moment(row, "promise")?,
        work_day: row.try_get("work_day")?,
        channel: row.try_get::<Option<Uuid>, _>("channel")?.map(ChannelId),
    };
    Ok((key, hold))
}
