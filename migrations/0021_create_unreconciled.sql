-- Money that was taken and that no line of a payout file has named yet: a row a capture, gone once it is
-- named. Written by a trailing reader of the log; nothing is decided from it.
create table orderhub.unreconciled (
    order_id uuid not null,
    tender smallint not null,
    -- The event that recorded the capture.
    version bigint not null,
    -- The slug of the gateway or the channel that took it.
    source text not null,
    -- The gateway's reference of the payment, where there is one.
    reference text,
    currency text not null,
    captured numeric not null,
    -- What is not named of it.
    open numeric not null,
    captured_at timestamptz not null,
    primary key (order_id, tender, version)
);

create index unreconciled_by_age on orderhub.unreconciled
    (source, captured_at, order_id, tender, version);

-- How far the reader is. Moved in the statement that writes the rows: each event counts once. It begins
-- with the log, so what was taken and paid out before is read, too.
create table orderhub.unreconciled_cursor (
    shard smallint primary key,
    seq bigint not null default 0
);

insert into orderhub.unreconciled_cursor (shard) select generate_series(0, 255);

create view orderhub_check.unreconciled as
select orderhub_check.order_text(order_id) as order_id, tender, version, source, reference, currency,
       captured, open, captured_at
from orderhub.unreconciled;
