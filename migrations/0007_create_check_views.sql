-- Read-only views for auditors, one row per fact. They compute from log and rows, share no code with
-- the hub and are meant to be right rather than fast.

create schema orderhub_check;

create function orderhub_check.order_text(id uuid) returns text
    language sql immutable strict parallel safe
    return 'ord_' || replace(id::text, '-', '');

create view orderhub_check.events as
select
    orderhub_check.order_text(stream_id) as order_id,
    version,
    shard,
    seq,
    epoch,
    kind,
    command_id,
    recorded_at
from orderhub.event
where stream_kind = 1;

create view orderhub_check.money_ledger as
select
    orderhub_check.order_text(e.stream_id) as order_id,
    -- The event that booked it: the sides of one entry add up to zero.
    e.version as entry,
    posting.value ->> 'account' as account,
    (posting.value -> 'amount' ->> 'amount')::numeric as amount,
    posting.value -> 'amount' ->> 'currency' as currency
from orderhub.event e
cross join lateral jsonb_array_elements(e.body -> 'postings') as posting (value)
where e.stream_kind = 1
  and jsonb_typeof(e.body -> 'postings') = 'array';

create view orderhub_check.effects as
with opened as (
    select stream_id, version, body -> 'effect' ->> 'id' as effect_id,
           body -> 'effect' ->> 'kind' as kind, recorded_at
    from orderhub.event
    where stream_kind = 1 and body -> 'effect' ? 'id'
),
closed as (
    select e.stream_id, c.effect_id, min(e.recorded_at) as closed_at
    from orderhub.event e
    cross join lateral jsonb_array_elements_text(e.body -> 'closes') as c (effect_id)
    where e.stream_kind = 1 and jsonb_typeof(e.body -> 'closes') = 'array'
    group by e.stream_id, c.effect_id
),
postponed as (
    select stream_id, body ->> 'postpones' as effect_id, max((body ->> 'attempt')::integer) as attempts
    from orderhub.event
    where stream_kind = 1 and body ? 'postpones'
    group by stream_id, body ->> 'postpones'
)
select
    orderhub_check.order_text(o.stream_id) as order_id,
    o.effect_id,
    o.kind,
    case when c.closed_at is null then 'open' else 'closed' end as state,
    -- Tries that failed or got no answer.
    coalesce(p.attempts, 0) as attempts,
    o.recorded_at as opened_at,
    c.closed_at
from opened o
left join closed c using (stream_id, effect_id)
left join postponed p using (stream_id, effect_id);

create view orderhub_check.orders as
with received as (
    select stream_id, body -> 'draft' as draft
    from orderhub.event
    where stream_kind = 1 and version = 1 and kind = 'order.received'
),
tender as (
    select r.stream_id, t.number, t.value -> 'terms' ->> 'kind' as terms,
           (t.value -> 'amount' ->> 'amount')::numeric as amount
    from received r
    cross join lateral jsonb_array_elements(r.draft -> 'tenders') with ordinality as t (value, number)
),
report as (
    select stream_id, (body ->> 'tender')::bigint as number, kind, body
    from orderhub.event
    where stream_kind = 1
      and kind in ('payment.authorized', 'payment.captured', 'payment.refunded',
                   'payment.refund_failed', 'payment.settled_by_channel')
),
authorized as (
    select stream_id, number, max((body -> 'payment' -> 'amount' ->> 'amount')::numeric) as amount
    from report
    where kind = 'payment.authorized'
    group by stream_id, number
),
settled as (
    select stream_id, number, max((body -> 'amount' ->> 'amount')::numeric) as amount
    from report
    where kind = 'payment.settled_by_channel'
    group by stream_id, number
),
-- A refund that failed after all did not move anything.
failed as (
    select distinct stream_id, number, body -> 'payment' ->> 'refund' as reference
    from report
    where kind = 'payment.refund_failed' and body -> 'payment' ->> 'refund' is not null
),
-- The same movement reported twice is one movement.
movement as (
    select r.stream_id, r.number, r.kind,
           r.body -> 'payment' -> 'amount' ->> 'reported' as reported,
           r.body -> 'payment' -> 'amount' ->> 'reference' as reference,
           max((r.body -> 'payment' -> 'amount' -> 'amount' ->> 'amount')::numeric) as amount
    from report r
    where r.kind in ('payment.captured', 'payment.refunded')
    group by 1, 2, 3, 4, 5
),
-- A total covers the parts before it, so the larger of both knows more, in whatever order they came.
moved as (
    select m.stream_id, m.number, m.kind,
           greatest(
               coalesce(max(m.amount) filter (where m.reported = 'total'), 0),
               coalesce(sum(m.amount) filter (where m.reported = 'part' and f.reference is null), 0)
           ) as amount
    from movement m
    left join failed f
        on m.kind = 'payment.refunded'
       and f.stream_id = m.stream_id and f.number = m.number and f.reference = m.reference
    group by m.stream_id, m.number, m.kind
),
per_tender as (
    select t.stream_id, t.number,
           greatest(
               coalesce(a.amount, 0),
               case when t.terms = 'authorized' then t.amount else 0 end
           ) as authorized,
           -- What a channel took counts once it is settled: an order that arrives cancelled is not.
           greatest(coalesce(c.amount, 0), coalesce(s.amount, 0)) as captured,
           coalesce(r.amount, 0) as refunded
    from tender t
    left join authorized a using (stream_id, number)
    left join settled s using (stream_id, number)
    left join moved c
        on c.stream_id = t.stream_id and c.number = t.number and c.kind = 'payment.captured'
    left join moved r
        on r.stream_id = t.stream_id and r.number = t.number and r.kind = 'payment.refunded'
),
money as (
    select stream_id,
           -- What was taken had been authorised, whichever report came first.
           sum(greatest(authorized, captured)) as authorized,
           sum(captured) as captured,
           sum(refunded) as refunded
    from per_tender
    group by stream_id
)
select
    orderhub_check.order_text(o.id) as order_id,
    coalesce(c.slug, o.channel_id::text) as channel,
    o.external_id,
    o.version,
    o.stage,
    o.body_hash,
    r.draft ->> 'currency' as currency,
    (r.draft -> 'stated_total' ->> 'amount')::numeric as total,
    coalesce(m.authorized, 0) as authorized,
    coalesce(m.captured, 0) as captured,
    coalesce(m.refunded, 0) as refunded,
    o.wake_at
from orderhub.orders o
left join orderhub.channel c on c.id = o.channel_id
left join received r on r.stream_id = o.id
left join money m on m.stream_id = o.id;

create view orderhub_check.stock as
select location, sku, on_hand, reserved, allocated, backorder_limit, shortfall
from orderhub.stock;

create view orderhub_check.stock_ledger as
select location, seq, sku, d_on_hand, d_reserved, d_allocated, cause,
       orderhub_check.order_text(order_id) as order_id, recorded_at
from orderhub.stock_ledger;

create view orderhub_check.reservations as
select orderhub_check.order_text(order_id) as order_id, line, location, attempt, sku, quantity, state,
       rev, expires_at
from orderhub.reservation;

create view orderhub_check.parked as
select id as message_id, source, reason, received_at
from orderhub.parked_message;

create view orderhub_check.shard_owner as
select shard, node, epoch
from orderhub.shard_owner;

create view orderhub_check.publish_cursor as
select c.shard, c.published_seq as published,
       coalesce((select max(e.seq) from orderhub.event e where e.shard = c.shard), 0) as last_seq
from orderhub.publish_cursor c;
