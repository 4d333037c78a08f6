-- Places of each shard's log that were on the bus, fewer the older they are: a bus that lost its latest
-- messages gets the log again from the newest place that it still has, not from the start.
create table orderhub.publish_checkpoint (
    shard smallint not null,
    -- Given by how round the place is, so that a newer one replaces an older one of its kind: a log has
    -- a few rows for each doubling of its length.
    slot smallint not null,
    published_seq bigint not null,
    stream_seq bigint not null,
    msg_id uuid not null,
    -- What was published before the stream's retention began is not on the bus by right.
    published_at timestamptz not null,
    primary key (shard, slot)
) with (fillfactor = 50);

-- The same for each location's ledger.
create table orderhub.stock_checkpoint (
    location text not null,
    slot smallint not null,
    published_seq bigint not null,
    stream_seq bigint not null,
    msg_id uuid not null,
    published_at timestamptz not null,
    primary key (location, slot)
) with (fillfactor = 50);
