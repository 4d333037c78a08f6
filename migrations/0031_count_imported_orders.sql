-- Orders of the past are orders, too: their first event has a kind of its own, and nothing of their money
-- was moved by the hub.
create or replace view orderhub_check.orders as
with received as (
    select stream_id, body -> 'draft' as draft
    from orderhub.event
    where stream_kind = 1 and version = 1 and kind in ('order.received', 'order.imported')
),
report as (
    select stream_id, (body ->> 'tender')::bigint as number, kind, body
    from orderhub.event
    where stream_kind = 1
      and kind in ('payment.authorized', 'payment.captured', 'payment.refunded',
                   'payment.refund_failed', 'payment.refund_named', 'payment.settled_by_channel')
),
placed as (
    select r.stream_id, t.number, t.value -> 'terms' ->> 'kind' as terms,
           (t.value -> 'amount' ->> 'amount')::numeric as amount
    from received r
    cross join lateral jsonb_array_elements(r.draft -> 'tenders') with ordinality as t (value, number)
),
added as (
    select stream_id, (body ->> 'tender')::bigint as number
    from orderhub.event
    where stream_kind = 1 and kind = 'order.edit_proposed' and body ->> 'tender' is not null
    union
    select stream_id, (body ->> 'tender')::bigint as number
    from orderhub.event
    where stream_kind = 1 and kind = 'exchange.clawed_back'
    union
    select stream_id, (body ->> 'renewal')::bigint as number
    from orderhub.event
    where stream_kind = 1 and kind = 'payment.reauthorization_requested'
),
tender as (
    select * from placed
    union all
    select stream_id, number, null::text as terms, null::numeric as amount from added
),
edited as (
    select distinct on (stream_id) stream_id, (body -> 'total' ->> 'amount')::numeric as total
    from orderhub.event
    where stream_kind = 1 and kind = 'order.edit_applied'
    order by stream_id, version desc
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
    select r.stream_id, r.number,
           case r.kind when 'payment.refund_named' then 'payment.refunded' else r.kind end as kind,
           r.body -> 'payment' -> 'amount' ->> 'reported' as reported,
           r.body -> 'payment' -> 'amount' ->> 'reference' as reference,
           max((r.body -> 'payment' -> 'amount' -> 'amount' ->> 'amount')::numeric) as amount
    from report r
    where r.kind in ('payment.captured', 'payment.refunded', 'payment.refund_named')
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
-- The first renewal that stands pays from then on.
renewed as (
    select distinct e.stream_id, (e.body ->> 'tender')::bigint as number
    from orderhub.event e
    join report r
        on r.stream_id = e.stream_id and r.number = (e.body ->> 'renewal')::bigint
       and r.kind in ('payment.authorized', 'payment.captured')
    where e.stream_kind = 1 and e.kind = 'payment.reauthorization_requested'
),
per_tender as (
    select t.stream_id, t.number,
           case when n.number is not null then 0
                else greatest(
                    coalesce(a.amount, 0),
                    case when t.terms = 'authorized' then t.amount else 0 end
                )
           end as authorized,
           -- What a channel took counts once it is settled: an order that arrives cancelled is not.
           greatest(coalesce(c.amount, 0), coalesce(s.amount, 0)) as captured,
           coalesce(r.amount, 0) as refunded
    from tender t
    left join authorized a using (stream_id, number)
    left join settled s using (stream_id, number)
    left join renewed n using (stream_id, number)
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
    coalesce(d.total, (r.draft -> 'stated_total' ->> 'amount')::numeric) as total,
    coalesce(m.authorized, 0) as authorized,
    coalesce(m.captured, 0) as captured,
    coalesce(m.refunded, 0) as refunded,
    o.wake_at
from orderhub.orders o
left join orderhub.channel c on c.id = o.channel_id
left join received r on r.stream_id = o.id
left join edited d on d.stream_id = o.id
left join money m on m.stream_id = o.id;
