-- How far each location's ledger is on the bus. A location's row appears with its publisher.
create table orderhub.stock_cursor (
    location text primary key,
    published_seq bigint not null default 0,
    -- Place and id of the last message on the bus, as in publish_cursor.
    stream_seq bigint,
    msg_id uuid
);

create view orderhub_check.stock_cursor as
with ledger as (
    select location, max(seq) as last_seq
    from orderhub.stock_ledger
    group by location
)
select location,
       coalesce(c.published_seq, 0) as published,
       coalesce(l.last_seq, 0) as last_seq
from ledger l
full join orderhub.stock_cursor c using (location);
