//! The statement that moves stock: ledger rows, counters and holds of any number of locations,
//! each location all or nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use orderhub_actors::ports::StockAppend;
use orderhub_domain::ids::{LocationCode, Sku, Slug};
use orderhub_domain::stock::{Counters, FeedMark, HoldKey, Inbound, LedgerRow, StockHold};
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use uuid::Uuid;

// `fence` is as in the order lane. `good` are the locations whose memory was right: the ledger goes
// on where it ends, and every hold has the rev that the writer saw before.
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
                $34::timestamptz[], $44::int[])
        as h (location, order_id, line, attempt, before, sku, quantity, state, rev, told_rev, expires_at,
              since, promise, work_day)
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
res as (
    insert into orderhub.reservation
        (order_id, line, location, attempt, sku, quantity, state, rev, told_rev, expires_at, since, promise,
         work_day)
    select hold.order_id, hold.line, hold.location, hold.attempt, hold.sku, hold.quantity, hold.state,
           hold.rev, hold.told_rev, hold.expires_at, hold.since, hold.promise,
           hold.work_day
    from hold
    where (hold.location in (select good.location from good)) is true
    on conflict (order_id, line, location, attempt) do update
    set sku = excluded.sku, quantity = excluded.quantity, state = excluded.state, rev = excluded.rev,
        told_rev = excluded.told_rev, expires_at = excluded.expires_at, since = excluded.since,
        promise = excluded.promise, work_day = excluded.work_day
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
    ledger: Vec<(&'a LedgerRow, Timestamp)>,
    counters: BTreeMap<&'a Sku, &'a Counters>,
    holds: BTreeMap<HoldKey, (i32, &'a StockHold)>,
    inbounds: BTreeMap<(&'a Sku, &'a str), &'a Inbound>,
    feeds: BTreeMap<&'a Slug, &'a FeedMark>,
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

#[derive(Default)]
struct Rows<'a> {
    location: Vec<&'a str>,
    epoch: Vec<i64>,
    first_seq: Vec<Option<i64>>,
    holds: HoldRows<'a>,
    ledger: LedgerRows<'a>,
    counters: CounterRows<'a>,
    inbounds: InboundRows<'a>,
    feeds: FeedRows<'a>,
}

#[derive(Default)]
struct HoldRows<'a> {
    location: Vec<&'a str>,
    order: Vec<Uuid>,
    line: Vec<i32>,
    attempt: Vec<i32>,
    before: Vec<i32>,
    sku: Vec<&'a str>,
    quantity: Vec<i64>,
    state: Vec<&'static str>,
    rev: Vec<i32>,
    told_rev: Vec<i32>,
    expires_at: Vec<jiff_sqlx::Timestamp>,
    since: Vec<Option<jiff_sqlx::Timestamp>>,
    promise: Vec<Option<jiff_sqlx::Timestamp>>,
    work_day: Vec<Option<i32>>,
}

#[derive(Default)]
struct LedgerRows<'a> {
    location: Vec<&'a str>,
    seq: Vec<i64>,
    sku: Vec<&'a str>,
    d_on_hand: Vec<i64>,
    d_reserved: Vec<i64>,
    d_allocated: Vec<i64>,
    cause: Vec<&'static str>,
    order: Vec<Option<Uuid>>,
    effect: Vec<Option<Uuid>>,
    recorded_at: Vec<jiff_sqlx::Timestamp>,
    reference: Vec<Option<&'a str>>,
}

#[derive(Default)]
struct CounterRows<'a> {
    location: Vec<&'a str>,
    sku: Vec<&'a str>,
    on_hand: Vec<i64>,
    reserved: Vec<i64>,
    allocated: Vec<i64>,
    buffer: Vec<i64>,
    backorder_limit: Vec<i64>,
    shortfall: Vec<i64>,
    waiting: Vec<i64>,
    inbound: Vec<i64>,
}

#[derive(Default)]
struct InboundRows<'a> {
    location: Vec<&'a str>,
    sku: Vec<&'a str>,
    reference: Vec<&'a str>,
    quantity: Vec<i64>,
    received: Vec<i64>,
    expected_at: Vec<Option<jiff_sqlx::Timestamp>>,
}

#[derive(Default)]
struct FeedRows<'a> {
    location: Vec<&'a str>,
    source: Vec<&'a str>,
    sequence: Vec<i64>,
    digest: Vec<&'a str>,
}

impl<'a> Rows<'a> {
    fn push(&mut self, location: &'a str, moved: &Move<'a>) {
        self.location.push(location);
        self.epoch.push(moved.epoch);
        self.first_seq
            .push(moved.ledger.first().map(|(row, _)| row.seq));
        let ledger = &mut self.ledger;
        for (row, now) in &moved.ledger {
            ledger.location.push(location);
            ledger.seq.push(row.seq);
            ledger.sku.push(row.sku.as_str());
            ledger.d_on_hand.push(row.d_on_hand);
            ledger.d_reserved.push(row.d_reserved);
            ledger.d_allocated.push(row.d_allocated);
            ledger.cause.push(row.cause);
            ledger
                .order
                .push(row.order.map(orderhub_domain::ids::OrderId::uuid));
            ledger.effect.push(row.effect.map(|effect| effect.0));
            ledger.recorded_at.push(now.to_sqlx());
            ledger.reference.push(row.reference.as_deref());
        }
        let counters = &mut self.counters;
        for (sku, after) in &moved.counters {
            counters.location.push(location);
            counters.sku.push(sku.as_str());
            counters.on_hand.push(after.on_hand);
            counters.reserved.push(after.reserved);
            counters.allocated.push(after.allocated);
            counters.buffer.push(after.buffer);
            counters.backorder_limit.push(after.backorder_limit);
            counters.shortfall.push(after.shortfall);
            counters.waiting.push(after.waiting);
            counters.inbound.push(after.inbound);
        }
        let inbounds = &mut self.inbounds;
        for ((sku, reference), inbound) in &moved.inbounds {
            inbounds.location.push(location);
            inbounds.sku.push(sku.as_str());
            inbounds.reference.push(reference);
            inbounds.quantity.push(inbound.quantity);
            inbounds.received.push(inbound.received);
            let expected_at = inbound.expected_at.map(ToSqlx::to_sqlx);
            inbounds.expected_at.push(expected_at);
        }
        let feeds = &mut self.feeds;
        for (source, mark) in &moved.feeds {
            feeds.location.push(location);
            feeds.source.push(source.as_str());
            feeds.sequence.push(mark.sequence);
            feeds.digest.push(mark.digest.as_str());
        }
        let holds = &mut self.holds;
        for (key, (before, hold)) in &moved.holds {
            holds.location.push(location);
            holds.order.push(key.order.uuid());
            holds.line.push(key.line.into());
            holds.attempt.push(key.attempt.into());
            holds.before.push(*before);
            holds.sku.push(hold.sku.as_str());
            holds.quantity.push(hold.quantity);
            holds.state.push(hold.state.word());
            holds.rev.push(hold.rev);
            holds.told_rev.push(hold.told_rev);
            holds.expires_at.push(hold.expires_at.to_sqlx());
            holds.since.push(hold.since.map(ToSqlx::to_sqlx));
            holds.promise.push(hold.promise.map(ToSqlx::to_sqlx));
            holds.work_day.push(hold.work_day);
        }
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
        ..
    } = rows;
    sqlx::query_as(MOVE)
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
}
