//! The statements about logs and their cursors. Shards and locations differ by their tables, by
//! the type of their key, and by what stands in a row.

/// The statements about one kind of log. Keys are given and answered as text.
pub(super) struct Statements {
    /// Makes the cursors of these logs that are not there yet.
    pub(super) begin: &'static str,
    /// Where these logs are.
    pub(super) cursors: &'static str,
    /// The next entries of each of these logs after its place.
    pub(super) bite: &'static str,
    /// Moves cursors, keeps the checkpoints that they passed, and drops those from which they went
    /// back. A cursor moves only from where its mover believes it to be: of two publishers, as during
    /// a takeover, the slower one does not move it back.
    pub(super) advance: &'static str,
    /// The checkpoints of these logs, newest first.
    pub(super) checkpoints: &'static str,
    /// How much stands after a place.
    pub(super) count: &'static str,
    /// Where these logs end.
    pub(super) ends: &'static str,
    /// How old the oldest entry after a place is, in seconds, over all logs.
    pub(super) oldest: &'static str,
}

#[rustfmt::skip]
macro_rules! statements {
    (
        cursors: $cursors:literal, checkpoints: $checkpoints:literal, log: $log:literal,
        key: $key:literal $type:literal, bite: $bite:expr
    ) => {
        Statements {
            begin: concat!("
insert into ", $cursors, " (", $key, ")
select unnest($1::text[])::", $type, "
on conflict do nothing
"),
            cursors: concat!("
select c.", $key, "::text as log, c.published_seq, c.stream_seq, c.msg_id,
       (select e.recorded_at
        from ", $log, " e
        where e.", $key, " = c.", $key, " and e.seq = c.published_seq) as recorded_at
from ", $cursors, " c
where c.", $key, " = any($1::text[]::", $type, "[])
"),
            bite: $bite,
            advance: concat!("
with mine as materialized (
    select c.", $key, ", n.had, n.seq, n.stream_seq, n.msg_id
    from ", $cursors, " c
    join unnest($1::text[]::", $type, "[], $2::bigint[], $3::bigint[], $4::bigint[], $5::uuid[])
        as n (", $key, ", had, seq, stream_seq, msg_id)
      on c.", $key, " = n.", $key, " and c.published_seq = n.had
    order by c.", $key, "
    for update of c
),
passed as (
    insert into ", $checkpoints, "
        (", $key, ", slot, published_seq, stream_seq, msg_id, published_at)
    select mine.", $key, ", n.slot, n.seq, n.stream_seq, n.msg_id, now()
    from mine
    join unnest($6::text[]::", $type, "[], $7::smallint[], $8::bigint[], $9::bigint[], $10::uuid[])
        as n (", $key, ", slot, seq, stream_seq, msg_id)
      on n.", $key, " = mine.", $key, "
    on conflict (", $key, ", slot) do update
    set published_seq = excluded.published_seq, stream_seq = excluded.stream_seq,
        msg_id = excluded.msg_id, published_at = excluded.published_at
),
undone as (
    delete from ", $checkpoints, " p
    using mine
    where mine.seq < mine.had and p.", $key, " = mine.", $key, " and p.published_seq > mine.seq
)
update ", $cursors, " c
set published_seq = mine.seq, stream_seq = mine.stream_seq, msg_id = mine.msg_id
from mine
where c.", $key, " = mine.", $key, "
returning c.", $key, "::text
"),
            checkpoints: concat!("
select ", $key, "::text as log, published_seq, stream_seq, msg_id, published_at,
       clock_timestamp() as read_at
from ", $checkpoints, "
where ", $key, " = any($1::text[]::", $type, "[])
order by ", $key, ", published_seq desc
"),
            count: concat!("
select cur.", $key, "::text, n.entries, n.last
from unnest($1::text[]::", $type, "[], $2::bigint[]) as cur (", $key, ", seq)
cross join lateral (
    select count(*) as entries, max(e.seq) as last
    from ", $log, " e
    where e.", $key, " = cur.", $key, " and e.seq > cur.seq
) n
where n.entries > 0
"),
            ends: concat!("
select cur.", $key, "::text, e.seq
from unnest($1::text[]::", $type, "[]) as cur (", $key, ")
cross join lateral (
    select e.seq
    from ", $log, " e
    where e.", $key, " = cur.", $key, "
    order by e.seq desc
    limit 1
) e
"),
            oldest: concat!("
select extract(epoch from clock_timestamp() - min(n.recorded_at))::float8
from unnest($1::text[]::", $type, "[], $2::bigint[]) as cur (", $key, ", seq)
cross join lateral (
    select e.recorded_at
    from ", $log, " e
    where e.", $key, " = cur.", $key, " and e.seq > cur.seq
    order by e.seq
    limit 1
) n
"),
        }
    };
}

/// Orders' events, by shard.
pub(super) const SHARDS: Statements = statements!(
    cursors: "orderhub.publish_cursor",
    checkpoints: "orderhub.publish_checkpoint",
    log: "orderhub.event",
    key: "shard" "smallint",
    bite: "
select e.shard::text as log, e.seq, e.stream_id, e.version, e.kind, e.schema, e.actor,
       e.occurred_at, e.recorded_at, e.body, c.slug as channel, clock_timestamp() as read_at
from unnest($1::text[]::smallint[], $2::bigint[]) as cur (shard, seq)
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
"
);

/// Changes of stock, by location.
pub(super) const LOCATIONS: Statements = statements!(
    cursors: "orderhub.stock_cursor",
    checkpoints: "orderhub.stock_checkpoint",
    log: "orderhub.stock_ledger",
    key: "location" "text",
    bite: "
select l.location as log, l.seq, l.sku, l.d_on_hand, l.d_reserved, l.d_allocated, l.cause,
       l.order_id, l.recorded_at, clock_timestamp() as read_at
from unnest($1::text[], $2::bigint[]) as cur (location, seq)
cross join lateral (
    select *
    from orderhub.stock_ledger l
    where l.location = cur.location and l.seq > cur.seq
    order by l.seq
    limit $3
) l
order by l.location, l.seq
"
);

/// What happened at a location and moved no units, by location.
pub(super) const LOGBOOKS: Statements = statements!(
    cursors: "orderhub.logbook_cursor",
    checkpoints: "orderhub.logbook_checkpoint",
    log: "orderhub.logbook",
    key: "location" "text",
    bite: "
select b.location as log, b.seq, b.after_seq, b.kind, b.sku, b.body, b.recorded_at,
       clock_timestamp() as read_at
from unnest($1::text[], $2::bigint[]) as cur (location, seq)
cross join lateral (
    select *
    from orderhub.logbook l
    where l.location = cur.location and l.seq > cur.seq
    order by l.seq
    limit $3
) b
order by b.location, b.seq
"
);

/// The locations that somebody has owned.
pub(super) const EVERY_LOCATION: &str = "select location from orderhub.location_owner";

/// Part of every event's public id.
pub(super) const GENERATION: &str = "select generation from orderhub.bus";
