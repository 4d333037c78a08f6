//! The statement that appends: one text for any number of orders.

use std::collections::{BTreeMap, BTreeSet};

use jiff_sqlx::{Timestamp, ToSqlx};
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::Event;
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use uuid::Uuid;

use super::super::failure::Failure;
use super::super::journal::{DETAILS, ORDER_STREAM};
use super::transits::TransitRows;
use super::{Entry, PgLane};

/// Place in the chunk -> whether it was committed. Absent: fenced.
pub(super) type Verdicts = BTreeMap<usize, bool>;

// `fence` locks the owners' rows, so that a claim waits for this statement, and a statement that
// comes after a claim finds no row. Everything else reads `put`, which is empty without `fence`.
//
// Membership is asked with `(... in (select ...)) is true`: the planner hashes it whatever it
// believes about the sizes, where a join of two lists of 512 might compare each with each.
const APPEND: &str = "
with fence as materialized (
    select o.shard, o.epoch
    from orderhub.shard_owner o
    join unnest($1::smallint[], $2::bigint[]) as mine (shard, epoch)
      on o.shard = mine.shard and o.epoch = mine.epoch
    order by o.shard
    for share of o
),
put as materialized (
    select *
    from unnest($3::int[], $4::smallint[], $5::bigint[], $6::uuid[], $7::bigint[], $8::bigint[],
                $9::text[], $10::timestamptz[], $11::bool[], $12::uuid[], $13::text[], $14::text[])
        as p (place, shard, epoch, id, expected, version, stage, wake_at, settle, channel_id,
              external_id, body_hash)
    where ((p.shard, p.epoch) in (select f.shard, f.epoch from fence f)) is true
),
ins as (
    insert into orderhub.orders
        (id, shard, channel_id, external_id, version, stage, wake_at, body_hash)
    select id, shard, channel_id, external_id, version, stage, wake_at, body_hash
    from put
    where expected = 0
    on conflict do nothing
    returning id
),
upd as (
    update orderhub.orders o
    set version = put.version,
        stage = put.stage,
        wake_at = case
            when put.settle or o.wake_at is null or put.wake_at < o.wake_at
                or o.wake_at <= statement_timestamp()
            then put.wake_at
            else o.wake_at
        end
    from put
    where put.expected > 0 and o.id = put.id and o.version = put.expected
    returning o.id
),
ok as materialized (
    select id from ins union all select id from upd
),
ev as (
    insert into orderhub.event
        (shard, seq, stream_kind, stream_id, version, epoch, kind, schema, command_id, actor,
         occurred_at, recorded_at, body)
    select e.shard, e.seq, $15, e.id, e.version, e.epoch, e.kind, $16, e.command_id, e.actor,
           e.occurred_at, e.recorded_at, e.body::jsonb
    from unnest($17::smallint[], $18::bigint[], $19::uuid[], $20::bigint[], $21::bigint[],
                $22::text[], $23::uuid[], $24::text[], $25::timestamptz[], $26::timestamptz[],
                $27::text[])
        as e (shard, seq, id, version, epoch, kind, command_id, actor, occurred_at, recorded_at, body)
    where (e.id in (select ok.id from ok)) is true
),
rf as (
    insert into orderhub.order_ref (kind, scope, value, order_id)
    select r.kind, r.scope, r.value, r.id
    from unnest($28::uuid[], $29::text[], $30::text[], $31::text[]) as r (id, kind, scope, value)
    where (r.id in (select ok.id from ok)) is true
    on conflict do nothing
),
pv as (
    insert into orderhub.order_private (order_id, slot, ciphertext)
    select p.id, $32, p.ciphertext
    from unnest($33::uuid[], $34::bytea[]) as p (id, ciphertext)
    where (p.id in (select ok.id from ok)) is true
    on conflict (order_id, slot) do update set ciphertext = excluded.ciphertext
),
mk as (
    insert into orderhub.order_mark (mark, kind, seen_at, order_id)
    select m.mark, m.kind, m.seen_at, m.id
    from unnest($35::uuid[], $36::uuid[], $37::smallint[], $38::timestamptz[])
        as m (id, mark, kind, seen_at)
    where (m.id in (select ok.id from ok)) is true
),
tr as (
    insert into orderhub.transit
        (order_id, fulfilment, parcel, account, carrier, service, origin, destination, took_s,
         delivered_at)
    select t.id, t.fulfilment, t.parcel, t.account, t.carrier, t.service, t.origin, t.destination,
           t.took_s, t.delivered_at
    from unnest($39::uuid[], $40::int[], $41::int[], $42::text[], $43::text[], $44::text[],
                $45::text[], $46::text[], $47::bigint[], $48::timestamptz[])
        as t (id, fulfilment, parcel, account, carrier, service, origin, destination, took_s,
              delivered_at)
    where (t.id in (select ok.id from ok)) is true
    on conflict do nothing
)
select put.place, (put.id in (select ok.id from ok)) is true as committed
from put
";

#[derive(Default)]
struct Rows<'a> {
    fence: BTreeSet<(i16, i64)>,
    place: Vec<i32>,
    shard: Vec<i16>,
    epoch: Vec<i64>,
    id: Vec<Uuid>,
    expected: Vec<i64>,
    version: Vec<i64>,
    stage: Vec<&'static str>,
    wake_at: Vec<Option<Timestamp>>,
    settle: Vec<bool>,
    channel_id: Vec<Option<Uuid>>,
    external_id: Vec<Option<&'a str>>,
    body_hash: Vec<Option<&'a str>>,
    events: EventRows<'a>,
    ref_id: Vec<Uuid>,
    ref_kind: Vec<&'static str>,
    ref_scope: Vec<&'a str>,
    ref_value: Vec<&'a str>,
    private_id: Vec<Uuid>,
    private: Vec<&'a [u8]>,
    marked_id: Vec<Uuid>,
    mark: Vec<Uuid>,
    mark_kind: Vec<i16>,
    seen_at: Vec<Timestamp>,
    transits: TransitRows<'a>,
}

#[derive(Default)]
struct EventRows<'a> {
    shard: Vec<i16>,
    seq: Vec<i64>,
    id: Vec<Uuid>,
    version: Vec<i64>,
    epoch: Vec<i64>,
    kind: Vec<&'static str>,
    command_id: Vec<Option<Uuid>>,
    actor: Vec<&'a str>,
    occurred_at: Vec<Option<Timestamp>>,
    recorded_at: Vec<Timestamp>,
    body: Vec<String>,
}

impl<'a> Rows<'a> {
    fn of(entries: &'a [Entry<'_>]) -> Result<Self, Failure> {
        let mut rows = Self::default();
        for (place, entry) in entries.iter().enumerate() {
            rows.push(place, entry)?;
        }
        Ok(rows)
    }

    fn push(&mut self, place: usize, entry: &'a Entry<'_>) -> Result<(), Failure> {
        let append = entry.append;
        let id = append.order.uuid();
        let shard = i16::from(append.order.shard().0);
        let version = append.expected + u64::try_from(append.events.len()).unwrap_or(u64::MAX);
        if entry.epoch > 0 {
            self.fence.insert((shard, entry.epoch));
        }
        self.place.push(i32::try_from(place).unwrap_or(i32::MAX));
        self.shard.push(shard);
        self.epoch.push(entry.epoch);
        self.id.push(id);
        self.expected.push(number(append.expected)?);
        self.version.push(number(version)?);
        self.stage.push(append.stage.word());
        self.wake_at.push(append.wake_at.map(ToSqlx::to_sqlx));
        self.settle.push(append.settle_wake);
        let identity = append.identity.as_ref();
        self.channel_id
            .push(identity.map(|identity| identity.channel.0));
        self.external_id
            .push(identity.map(|identity| identity.external_id.as_str()));
        self.body_hash
            .push(identity.map(|identity| identity.body_hash.as_str()));
        for (seq, recorded) in (entry.first_seq..).zip(&append.events) {
            let events = &mut self.events;
            events.shard.push(shard);
            events.seq.push(seq);
            events.id.push(id);
            events.version.push(number(recorded.version)?);
            events.epoch.push(entry.epoch);
            events.kind.push(recorded.event.kind());
            events
                .command_id
                .push(recorded.command_id.map(|command| command.0));
            events.actor.push(&recorded.actor);
            events
                .occurred_at
                .push(recorded.occurred_at.map(ToSqlx::to_sqlx));
            events.recorded_at.push(recorded.recorded_at.to_sqlx());
            events.body.push(recorded.event.body().to_string());
        }
        for reference in &append.refs {
            self.ref_id.push(id);
            self.ref_kind.push(reference.kind.word());
            self.ref_scope.push(&reference.scope);
            self.ref_value.push(&reference.value);
        }
        for transit in &append.transits {
            self.transits.push(id, transit);
        }
        if let Some(sealed) = &entry.private {
            self.private_id.push(id);
            self.private.push(sealed);
        }
        let seen_at = append.events.first().map(|first| first.recorded_at);
        for ((kind, mark), seen_at) in entry.marks.iter().zip(seen_at.into_iter().cycle()) {
            self.marked_id.push(id);
            self.mark.push(*mark);
            self.mark_kind.push(*kind);
            self.seen_at.push(seen_at.to_sqlx());
        }
        Ok(())
    }

    fn query(self) -> QueryAs<'a, Postgres, (i32, bool), PgArguments> {
        let (shards, epochs): (Vec<i16>, Vec<i64>) = self.fence.into_iter().unzip();
        let events = self.events;
        let query = sqlx::query_as(APPEND)
            .bind(shards)
            .bind(epochs)
            .bind(self.place)
            .bind(self.shard)
            .bind(self.epoch)
            .bind(self.id)
            .bind(self.expected)
            .bind(self.version)
            .bind(self.stage)
            .bind(self.wake_at)
            .bind(self.settle)
            .bind(self.channel_id)
            .bind(self.external_id)
            .bind(self.body_hash)
            .bind(ORDER_STREAM)
            .bind(Event::SCHEMA)
            .bind(events.shard)
            .bind(events.seq)
            .bind(events.id)
            .bind(events.version)
            .bind(events.epoch)
            .bind(events.kind)
            .bind(events.command_id)
            .bind(events.actor)
            .bind(events.occurred_at)
            .bind(events.recorded_at)
            .bind(events.body)
            .bind(self.ref_id)
            .bind(self.ref_kind)
            .bind(self.ref_scope)
            .bind(self.ref_value)
            .bind(DETAILS)
            .bind(self.private_id)
            .bind(self.private)
            .bind(self.marked_id)
            .bind(self.mark)
            .bind(self.mark_kind)
            .bind(self.seen_at);
        self.transits.bind(query)
    }
}

fn number(version: u64) -> Result<i64, Failure> {
    i64::try_from(version).map_err(|_| Failure::Poison("a version is out of range".to_owned()))
}

impl PgLane {
    /// Sends entries as one statement. Nothing is retried here.
    pub(super) async fn send(&mut self, entries: &mut [Entry<'_>]) -> Result<Verdicts, Failure> {
        self.line.ready().await.map_err(Failure::NotSent)?;
        self.learn_places(entries).await?;
        self.number(entries);
        let query = Rows::of(entries)?.query();
        let shards = entries.iter().map(|entry| entry.append.order.shard());
        let rows = self.line.write(shards, query).await?;
        let verdict = |(place, committed): (i32, bool)| {
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            (place, committed)
        };
        Ok(rows.into_iter().map(verdict).collect())
    }

    /// Reads the last place of shards that are new to the lane. A claim has fenced every other
    /// writer off before, so nothing is added behind this answer.
    async fn learn_places(&mut self, entries: &[Entry<'_>]) -> Result<(), Failure> {
        let shards: Vec<i16> = self.unplaced(entries).into_iter().map(i16::from).collect();
        if shards.is_empty() {
            return Ok(());
        }
        let query = sqlx::query_as(
            "select s.shard, coalesce((select max(e.seq) from orderhub.event e \
                                       where e.shard = s.shard), 0) \
             from unnest($1::smallint[]) as s (shard)",
        )
        .bind(shards);
        let rows: Vec<(i16, i64)> = self.line.read(query).await?;
        for (shard, last) in rows {
            self.place(u8::try_from(shard).unwrap_or_default(), last);
        }
        Ok(())
    }

    /// The orders that hold the names these entries wanted, by the entries' index.
    pub(super) async fn existing(
        &mut self,
        entries: &[&Entry<'_>],
    ) -> Result<BTreeMap<usize, OrderId>, Failure> {
        let wanted: Vec<(i64, Uuid, String)> = entries
            .iter()
            .filter_map(|entry| {
                let identity = entry.append.identity.as_ref()?;
                let index = i64::try_from(entry.index).ok()?;
                Some((index, identity.channel.0, identity.external_id.clone()))
            })
            .collect();
        let mut last = Failure::NotSent(String::new());
        for _ in 0..2 {
            self.line.ready().await.map_err(Failure::NotSent)?;
            let query = sqlx::query_as(
                "select w.place, o.id \
                 from unnest($1::bigint[], $2::uuid[], $3::text[]) as w (place, channel_id, external_id) \
                 join orderhub.orders o \
                   on o.channel_id = w.channel_id and o.external_id = w.external_id",
            )
            .bind(wanted.iter().map(|(index, ..)| *index).collect::<Vec<_>>())
            .bind(wanted.iter().map(|(_, channel, _)| *channel).collect::<Vec<_>>())
            .bind(wanted.iter().map(|(.., name)| name.clone()).collect::<Vec<_>>());
            match self.line.read::<(i64, Uuid)>(query).await {
                Ok(rows) => {
                    let by_index = rows.into_iter().filter_map(|(index, id)| {
                        Some((usize::try_from(index).ok()?, OrderId::from_uuid(id)))
                    });
                    return Ok(by_index.collect());
                }
                Err(failure) => last = failure,
            }
        }
        Err(last)
    }
}
