//! The statement that moves stock: ledger rows, counters and holds of any number of locations,
//! each location all or nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orderhub_actors::ports::StockAppend;
use orderhub_domain::ids::{LocationCode, Sku, Slug};
use orderhub_domain::stock::{Counters, FeedMark, HoldKey, Inbound, LedgerRow, StockHold};
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;

use super::columns::Rows;
use super::logbook::LogbookMoves;
use super::quotas::QuotaMoves;

// `fence` is as in the order lane. `good` are the locations whose memory was right: the ledger goes
// on where it ends, and every hold has the rev that the writer saw before. An entry of a logbook gets the
// next place: the fence lets one writer in at a time. One whose name is there already is left out; two alike
// in a batch are refused by the key, and then taken one by one.
const MOVE: &str = "
with fence as materialized (
    select o.location, o.epoch
    from orderhub.location_owner o
    join unnest($1::text[], $2::bigint[]) as mine (location, epoch)
      on o.location = mine.location and o.epoch = mine.epoch
    order by o.location
    for share of o
),
hold as materialized (
    select *
    from unnest($4::text[], $5::uuid[], $6::int[], $7::int[], $8::int[], $9::text[], $10::bigint[],
                $11::text[], $12::int[], $13::int[], $14::timestamptz[], $33::timestamptz[],
                $34::timestamptz[], $44::int[], $49::uuid[])
        as h (location, order_id, line, attempt, before, sku, quantity, state, rev, told_rev, expires_at,
              since, promise, work_day, channel)
),
wrong as materialized (
    select hold.location
    from hold
    left join orderhub.reservation r
      on r.order_id = hold.order_id and r.line = hold.line
     and r.location = hold.location and r.attempt = hold.attempt
    where coalesce(r.rev, 0) <> hold.before
),
good as materialized (
    select mine.location
    from unnest($1::text[], $2::bigint[], $3::bigint[]) as mine (location, epoch, first_seq)
    where (mine.location in (select fence.location from fence)) is true
      and (mine.location in (select wrong.location from wrong)) is not true
      and (mine.first_seq is null
           or mine.first_seq = 1 + coalesce(
               (select max(l.seq) from orderhub.stock_ledger l where l.location = mine.location), 0))
),
led as (
    insert into orderhub.stock_ledger
        (location, seq, sku, d_on_hand, d_reserved, d_allocated, cause, order_id, effect_id, recorded_at,
         reference)
    select l.location, l.seq, l.sku, l.d_on_hand, l.d_reserved, l.d_allocated, l.cause, l.order_id,
           l.effect_id, l.recorded_at, l.reference
    from unnest($15::text[], $16::bigint[], $17::text[], $18::bigint[], $19::bigint[], $20::bigint[],
                $21::text[], $22::uuid[], $23::uuid[], $24::timestamptz[], $35::text[])
        as l (location, seq, sku, d_on_hand, d_reserved, d_allocated, cause, order_id, effect_id,
              recorded_at, reference)
    where (l.location in (select good.location from good)) is true
),
cnt as (
    insert into orderhub.stock
        (location, sku, on_hand, reserved, allocated, buffer, backorder_limit, shortfall, waiting, inbound)
    select c.location, c.sku, c.on_hand, c.reserved, c.allocated, c.buffer, c.backorder_limit, c.shortfall,
           c.waiting, c.inbound
    from unnest($25::text[], $26::text[], $27::bigint[], $28::bigint[], $29::bigint[], $30::bigint[],
                $31::bigint[], $32::bigint[], $36::bigint[], $37::bigint[])
        as c (location, sku, on_hand, reserved, allocated, buffer, backorder_limit, shortfall, waiting,
              inbound)
    where (c.location in (select good.location from good)) is true
    on conflict (location, sku) do update
    set on_hand = excluded.on_hand, reserved = excluded.reserved, allocated = excluded.allocated,
        buffer = excluded.buffer, backorder_limit = excluded.backorder_limit,
        shortfall = excluded.shortfall, waiting = excluded.waiting, inbound = excluded.inbound
),
inb as (
    insert into orderhub.inbound (location, sku, reference, quantity, received, expected_at)
    select i.location, i.sku, i.reference, i.quantity, i.received, i.expected_at
    from unnest($38::text[], $39::text[], $40::text[], $41::bigint[], $42::bigint[], $43::timestamptz[])
        as i (location, sku, reference, quantity, received, expected_at)
    where (i.location in (select good.location from good)) is true
    on conflict (location, sku, reference) do update
    set quantity = excluded.quantity, received = excluded.received, expected_at = excluded.expected_at
),
fed as (
    insert into orderhub.stock_feed (location, source, sequence, digest)
    select f.location, f.source, f.sequence, f.digest
    from unnest($45::text[], $46::text[], $47::bigint[], $48::text[])
        as f (location, source, sequence, digest)
    where (f.location in (select good.location from good)) is true
    on conflict (location, source) do update
    set sequence = excluded.sequence, digest = excluded.digest
),
quo as (
    insert into orderhub.stock_quota (location, sku, channel, units, reserved, taken, rev)
    select q.location, q.sku, q.channel, q.units, q.reserved, q.taken, q.rev
    from unnest($50::text[], $51::text[], $52::uuid[], $53::bigint[], $54::bigint[], $55::bigint[],
                $56::bigint[])
        as q (location, sku, channel, units, reserved, taken, rev)
    where (q.location in (select good.location from good)) is true
    on conflict (location, sku, channel) do update
    set units = excluded.units, reserved = excluded.reserved, taken = excluded.taken, rev = excluded.rev
),
word as (
    insert into orderhub.stock_quota_word
        (location, sku, channel, rev, units, said_at, said_by, reason, after_seq)
    select w.location, w.sku, w.channel, w.rev, w.units, w.said_at, w.said_by, w.reason, w.after_seq
    from unnest($57::text[], $58::text[], $59::uuid[], $60::bigint[], $61::bigint[], $62::timestamptz[],
                $63::text[], $64::text[], $65::bigint[])
        as w (location, sku, channel, rev, units, said_at, said_by, reason, after_seq)
    where (w.location in (select good.location from good)) is true
),
told as (
    insert into orderhub.stock_told (location, sku, version, units)
    select t.location, t.sku, t.version, t.units
    from unnest($73::text[], $74::text[], $75::bigint[], $76::bigint[])
        as t (location, sku, version, units)
    where (t.location in (select good.location from good)) is true
    on conflict (location, sku) do update
    set version = excluded.version, units = excluded.units
),
note as (
    insert into orderhub.logbook
        (location, seq, after_seq, kind, sku, name, body, recorded_at)
    select n.location,
           coalesce((select max(b.seq) from orderhub.logbook b where b.location = n.location), 0)
               + row_number() over (partition by n.location order by n.place),
           n.after_seq, n.kind, n.sku, n.name, n.body, n.recorded_at
    from unnest($66::text[], $67::text[], $68::text[], $69::text[], $70::jsonb[], $71::timestamptz[],
                $72::bigint[]) with ordinality
        as n (location, kind, sku, name, body, recorded_at, after_seq, place)
    where (n.location in (select good.location from good)) is true
      and not exists (
          select from orderhub.logbook known
          where known.name = n.name and known.location = n.location)
),
res as (
    insert into orderhub.reservation
        (order_id, line, location, attempt, sku, quantity, state, rev, told_rev, expires_at, since, promise,
         work_day, channel)
    select hold.order_id, hold.line, hold.location, hold.attempt, hold.sku, hold.quantity, hold.state,
           hold.rev, hold.told_rev, hold.expires_at, hold.since, hold.promise,
           hold.work_day, hold.channel
    from hold
    where (hold.location in (select good.location from good)) is true
    on conflict (order_id, line, location, attempt) do update
    set sku = excluded.sku, quantity = excluded.quantity, state = excluded.state, rev = excluded.rev,
        told_rev = excluded.told_rev, expires_at = excluded.expires_at, since = excluded.since,
        promise = excluded.promise, work_day = excluded.work_day, channel = excluded.channel
)
select fence.location, (fence.location in (select good.location from good)) is true as committed
from fence
";

/// What is to be done at one location: one append, or several in order, folded into one change.
#[derive(Default)]
pub(super) struct Move<'a> {
    /// Places in the caller's batch.
    pub(super) places: Vec<usize>,
    /// The epoch to write under.
    pub(super) epoch: i64,
    pub(super) ledger: Vec<(&'a LedgerRow, Timestamp)>,
    pub(super) counters: BTreeMap<&'a Sku, &'a Counters>,
    pub(super) holds: BTreeMap<HoldKey, (i32, &'a StockHold)>,
    pub(super) inbounds: BTreeMap<(&'a Sku, &'a str), &'a Inbound>,
    pub(super) feeds: BTreeMap<&'a Slug, &'a FeedMark>,
    pub(super) quotas: QuotaMoves<'a>,
    pub(super) logbook: LogbookMoves<'a>,
    /// Ledger rows or revs do not follow on each other: the writer's memory was wrong.
    broken: bool,
}

impl<'a> Move<'a> {
    /// Nothing yet, to be written under this epoch.
    pub(super) fn under(epoch: i64) -> Self {
        Self {
            epoch,
            ..Self::default()
        }
    }

    /// Adds an append behind those that are in it already.
    pub(super) fn add(&mut self, place: usize, append: &'a StockAppend) {
        self.places.push(place);
        for row in &append.change.ledger {
            let last = self.ledger.last().map(|(last, _)| last.seq);
            self.broken |= last.is_some_and(|last| row.seq != last + 1);
            self.ledger.push((row, append.now));
        }
        for (sku, counters) in &append.change.counters {
            self.counters.insert(sku, counters);
        }
        for (sku, reference, inbound) in &append.change.inbounds {
            self.inbounds.insert((sku, reference.as_str()), inbound);
        }
        for (source, mark) in &append.change.feeds {
            self.feeds.insert(source, mark);
        }
        self.quotas.add(&append.change, append.now);
        self.logbook.add(&append.change, append.now);
        for (key, before, hold) in &append.change.holds {
            let known = self.holds.get(key).map(|(first, last)| (*first, last.rev));
            self.broken |= known.is_some_and(|(_, last)| last != *before);
            let first = known.map_or(*before, |(first, _)| first);
            self.holds.insert(*key, (first, hold));
        }
    }

    /// Whether its parts contradict each other.
    pub(super) const fn is_broken(&self) -> bool {
        self.broken
    }
}

/// The statement for these moves. Answers each owned location and whether it was moved.
pub(super) fn query<'a>(
    moves: &BTreeMap<&'a LocationCode, Move<'a>>,
) -> QueryAs<'a, Postgres, (String, bool), PgArguments> {
    let mut rows = Rows::default();
    for (location, moved) in moves {
        rows.push(location.as_str(), moved);
    }
    let Rows {
        holds,
        ledger,
        counters,
        inbounds,
        feeds,
        quotas,
        logbook,
        ..
    } = rows;
    let query = sqlx::query_as(MOVE)
        .bind(rows.location)
        .bind(rows.epoch)
        .bind(rows.first_seq)
        .bind(holds.location)
        .bind(holds.order)
        .bind(holds.line)
        .bind(holds.attempt)
        .bind(holds.before)
        .bind(holds.sku)
        .bind(holds.quantity)
        .bind(holds.state)
        .bind(holds.rev)
        .bind(holds.told_rev)
        .bind(holds.expires_at)
        .bind(ledger.location)
        .bind(ledger.seq)
        .bind(ledger.sku)
        .bind(ledger.d_on_hand)
        .bind(ledger.d_reserved)
        .bind(ledger.d_allocated)
        .bind(ledger.cause)
        .bind(ledger.order)
        .bind(ledger.effect)
        .bind(ledger.recorded_at)
        .bind(counters.location)
        .bind(counters.sku)
        .bind(counters.on_hand)
        .bind(counters.reserved)
        .bind(counters.allocated)
        .bind(counters.buffer)
        .bind(counters.backorder_limit)
        .bind(counters.shortfall)
        .bind(holds.since)
        .bind(holds.promise)
        .bind(ledger.reference)
        .bind(counters.waiting)
        .bind(counters.inbound)
        .bind(inbounds.location)
        .bind(inbounds.sku)
        .bind(inbounds.reference)
        .bind(inbounds.quantity)
        .bind(inbounds.received)
        .bind(inbounds.expected_at)
        .bind(holds.work_day)
        .bind(feeds.location)
        .bind(feeds.source)
        .bind(feeds.sequence)
        .bind(feeds.digest)
        .bind(holds.channel);
    logbook.bind(quotas.bind(query))
}
