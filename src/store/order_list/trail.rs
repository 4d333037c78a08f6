//! The trailing reader that writes the list.

use super::super::Store;
use super::super::trail::{Follows, Trail};

// Events become rows, and the cursor moves, in one statement: each event counts once. A shard's
// sequence is given in the order of its commits, so nothing appears behind the cursor.
//
// The stage is the row's, which may be ahead of the events read; the others follow at once.
//
// An order fails since the first postponement after which nothing was answered. An answer to another
// effect hides the failure until its next try, which is soon.
const CATCH_UP: &str = "
with cur as materialized (
    select shard, seq
    from orderhub.order_list_cursor
    where shard = any($1::smallint[])
    order by shard
    for update
),
fresh as materialized (
    select cur.shard, e.seq, e.stream_id, e.version, e.kind, e.recorded_at, e.body,
           max(e.version) filter (where e.body ? 'closes') over (partition by e.stream_id)
               as answered
    from cur
    cross join lateral (
        select * from orderhub.event e
        where e.shard = cur.shard and e.seq > cur.seq
        order by e.seq
        limit $2
    ) e
    where e.stream_kind = 1
),
change as materialized (
    select f.stream_id,
           max(f.version) as version,
           max(f.recorded_at) as updated_at,
           max(f.answered) as answered,
           max((f.body -> 'total' ->> 'amount')::numeric) filter (
               where f.kind = 'order.edit_applied'
           ) as total,
           min(f.recorded_at) filter (
               where f.kind = 'order.effect_postponed' and f.version > coalesce(f.answered, 0)
           ) as failing_since,
           coalesce(
               jsonb_object_agg(f.body -> 'hold' ->> 'id', f.body -> 'hold' -> 'reason')
                   filter (where f.kind = 'order.hold_placed'),
               '{}'
           ) as placed,
           coalesce(
               array_agg(f.body ->> 'hold')
                   filter (where f.kind in ('order.hold_released', 'order.hold_expired')),
               '{}'
           ) as gone,
           -- Of each return the last word counts: what is under way, by its label's number.
           coalesce(
               jsonb_object_agg(
                   f.body ->> 'number',
                   case when f.kind = 'return.label_issued'
                        then f.body -> 'label' -> 'tracking_number'
                        else 'null'::jsonb end
                   order by f.version
               ) filter (where f.kind in (
                   'return.label_issued', 'return.received', 'return.no_show', 'return.closed'
               )),
               '{}'
           ) as coming
    from fresh f
    group by f.stream_id
),
draft as materialized (
    select f.stream_id, f.recorded_at as received_at, f.body -> 'draft' as draft
    from fresh f
    where f.version = 1 and f.kind in ('order.received', 'order.imported')
),
added as (
    insert into orderhub.order_list
        (order_id, channel_id, external_id, number, stage, version, test, placed_at, received_at,
         updated_at, currency, total, skus, holds, failing_since, coming_back)
    select o.id, o.channel_id, o.external_id, d.draft ->> 'number', o.stage, c.version,
           coalesce((d.draft ->> 'test')::boolean, false), (d.draft ->> 'placed_at')::timestamptz,
           d.received_at, c.updated_at, d.draft ->> 'currency',
           (d.draft -> 'stated_total' ->> 'amount')::numeric,
           array(
               select distinct l.value ->> 'sku'
               from jsonb_array_elements(d.draft -> 'lines') as l (value)
               where l.value ? 'sku'
           ),
           c.placed - c.gone, c.failing_since, jsonb_strip_nulls(c.coming)
    from draft d
    join change c using (stream_id)
    join orderhub.orders o on o.id = d.stream_id
    on conflict (order_id) do nothing
),
changed as (
    update orderhub.order_list l
    set stage = o.stage,
        version = c.version,
        updated_at = c.updated_at,
        -- Edits add, and never take off: the largest total is the last one.
        total = coalesce(c.total, l.total),
        holds = (l.holds || c.placed) - c.gone,
        coming_back = jsonb_strip_nulls(l.coming_back || c.coming),
        failing_since = case when c.answered is null
                             then coalesce(l.failing_since, c.failing_since)
                             else c.failing_since end
    from change c
    join orderhub.orders o on o.id = c.stream_id
    where l.order_id = c.stream_id and l.version < c.version
),
moved as (
    update orderhub.order_list_cursor u
    set seq = f.seq
    from (select shard, max(seq) as seq from fresh group by shard) f
    where u.shard = f.shard
)
select count(*) from fresh
";

impl Store {
    /// The reader of the log behind the lists. One per node; several do no harm.
    pub fn order_trail(&self) -> Trail {
        Trail::new(self, "order list", CATCH_UP, Follows::EachCommit)
    }
}
