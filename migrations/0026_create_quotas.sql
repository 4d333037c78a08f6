-- Quotas: what a channel may have promised of a SKU at a location, and what it has.

-- Through which channel the order of a hold came; null of holds from before this was written down.
alter table orderhub.reservation add column channel uuid;

-- The location's actor is the only writer. Without units there is no bound any more; the row stays for
-- the number of its next setting.
create table orderhub.stock_quota (
    location text not null,
    sku text not null,
    channel uuid not null,
    units bigint check (units >= 0),
    reserved bigint not null check (reserved >= 0),
    taken bigint not null check (taken >= 0),
    rev bigint not null,
    primary key (location, sku, channel)
);

-- Every word about a quota, written with it.
create table orderhub.stock_quota_word (
    location text not null,
    sku text not null,
    channel uuid not null,
    -- 1, 2, 3, ... of each quota.
    rev bigint not null,
    units bigint,
    said_at timestamptz not null,
    said_by text not null,
    reason text not null,
    -- The last row of the location's ledger before it.
    after_seq bigint not null,
    primary key (location, sku, channel, rev)
);

create trigger stock_quota_word_is_append_only
    before update or delete or truncate on orderhub.stock_quota_word
    for each statement execute function orderhub.refuse_change();

create view orderhub_check.quotas as
select q.location, q.sku, coalesce(c.slug, q.channel::text) as channel, q.units, q.reserved, q.taken,
       q.rev as version
from orderhub.stock_quota q
left join orderhub.channel c on c.id = q.channel;

create view orderhub_check.quota_changes as
select w.location, w.sku, coalesce(c.slug, w.channel::text) as channel, w.rev as version, w.units,
       w.said_at, w.said_by, w.reason, w.after_seq
from orderhub.stock_quota_word w
left join orderhub.channel c on c.id = w.channel;
