-- Living nodes. A restart under the same name takes the row over with a higher incarnation.
create table orderhub.node_lease (
    node text primary key,
    incarnation bigint not null,
    -- The newest kinds of events that the node can read.
    level integer not null,
    -- By the database's clock.
    expires_at timestamptz not null
);

-- Who may write a shard. Every append locks its row in share mode and checks the epoch: a claim waits
-- for what is in flight, and whatever comes later under the old epoch writes nothing.
create table orderhub.shard_owner (
    shard smallint primary key,
    node text,
    incarnation bigint,
    epoch bigint not null default 0
) with (fillfactor = 50);

insert into orderhub.shard_owner (shard) select generate_series(0, 255);

-- Who may write a location's stock; the same rules.
create table orderhub.location_owner (
    location text primary key,
    node text not null,
    incarnation bigint not null,
    epoch bigint not null
) with (fillfactor = 50);

-- How far each shard's log is on the bus.
create table orderhub.publish_cursor (
    shard smallint primary key,
    published_seq bigint not null default 0,
    -- Place and id of the last message on the bus: another message there means that the bus forgot.
    stream_seq bigint,
    msg_id uuid
);

insert into orderhub.publish_cursor (shard) select generate_series(0, 255);

-- Part of every event's public id. Raised when the database is restored from a backup, so that events
-- which reuse a version after it are not taken for repeats.
create table orderhub.bus (
    -- One row.
    one boolean primary key default true check (one),
    generation integer not null default 1
);

insert into orderhub.bus default values;
