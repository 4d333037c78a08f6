-- A location's logbook: what happened to its stock that moved no unit. What moves units is in the ledger.

-- Written by the location's actor alone, in the statement that changes what it speaks of.
create table orderhub.logbook (
    location text not null,
    -- 1, 2, 3, ... per location, without a gap, in the order of the commits.
    seq bigint not null,
    -- The last row of the location's ledger that was written before it or with it.
    after_seq bigint not null,
    -- inventory.feed_applied, ...
    kind text not null,
    sku text,
    -- An entry that has one is written once.
    name text,
    body jsonb not null,
    recorded_at timestamptz not null,
    primary key (location, seq)
);

create unique index logbook_name on orderhub.logbook (name, location) where name is not null;

create trigger logbook_is_append_only
    before update or delete or truncate on orderhub.logbook
    for each statement execute function orderhub.refuse_change();

-- What the logbook said last that can be promised of a SKU.
create table orderhub.stock_told (
    location text not null,
    sku text not null,
    version bigint not null,
    units bigint not null,
    primary key (location, sku)
) with (fillfactor = 50);

-- How far each logbook is on the bus, as for the ledgers.
create table orderhub.logbook_cursor (
    location text primary key,
    published_seq bigint not null default 0,
    stream_seq bigint,
    msg_id uuid
);

create table orderhub.logbook_checkpoint (
    location text not null,
    slot smallint not null,
    published_seq bigint not null,
    stream_seq bigint not null,
    msg_id uuid not null,
    published_at timestamptz not null,
    primary key (location, slot)
) with (fillfactor = 50);

create view orderhub_check.logbook as
select location, seq, after_seq, kind, sku, name, body, recorded_at
from orderhub.logbook;

create view orderhub_check.logbook_cursor as
with book as (
    select location, max(seq) as last_seq
    from orderhub.logbook
    group by location
)
select location,
       coalesce(c.published_seq, 0) as published,
       coalesce(b.last_seq, 0) as last_seq
from book b
full join orderhub.logbook_cursor c using (location);
