-- Parcels on their way back from the buyer, whatever the stage of their order: number of the return ->
-- tracking number, from when there is a label until somebody has opened the parcel or nobody waits for it.
alter table orderhub.order_list add column coming_back jsonb not null default '{}';

create index order_list_coming_back on orderhub.order_list (order_id) where coming_back <> '{}';

update orderhub.order_list l
set coming_back = r.coming
from (
    select e.stream_id,
           jsonb_strip_nulls(jsonb_object_agg(
               e.body ->> 'number',
               case when e.kind = 'return.label_issued'
                    then e.body -> 'label' -> 'tracking_number'
                    else 'null'::jsonb end
               order by e.version
           )) as coming
    from orderhub.event e
    where e.stream_kind = 1
      and e.kind in ('return.label_issued', 'return.received', 'return.no_show', 'return.closed')
    group by e.stream_id
) r
where r.stream_id = l.order_id and r.coming <> '{}';

-- Who follows parcels of many carriers names them by carrier and number. Labels of orders in hand get that
-- name; those of later ones get it when they are bought. As the hub compares carriers' names, but for the few
-- that it knows by a second spelling.
insert into orderhub.order_ref (kind, scope, value, order_id)
select 'tracking',
       '@' || regexp_replace(lower(e.body -> 'label' ->> 'carrier'), '[^a-z0-9]', '', 'g'),
       e.body -> 'label' ->> 'tracking_number',
       o.id
from orderhub.orders o
join orderhub.event e on e.shard = o.shard and e.stream_kind = 1 and e.stream_id = o.id
where o.stage in
    ('received', 'screening', 'reserving', 'authorizing', 'confirmed', 'fulfilling', 'cancelling')
  and e.kind = 'shipment.label_bought'
order by e.recorded_at
on conflict do nothing;
