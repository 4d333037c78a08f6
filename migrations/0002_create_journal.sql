create function orderhub.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;

-- The log: the truth, the audit trail and the outbox at once.
create table orderhub.event (
    shard smallint not null,
    -- Given by the shard's only writer in the order of its commits. Gaps stay for ever; a number is
    -- never filled in later, so "everything after n" misses nothing.
    seq bigint not null,
    -- 1 is an order.
    stream_kind smallint not null,
    stream_id uuid not null,
    -- 1, 2, 3, ... within the stream, without a gap.
    version bigint not null,
    -- The owner's epoch when it was written. Never falls within a shard.
    epoch bigint not null,
    kind text not null,
    schema smallint not null,
    command_id uuid,
    actor text not null,
    -- By the reporter's clock, if the reporter said.
    occurred_at timestamptz,
    recorded_at timestamptz not null,
    -- Without personal data. Opening events carry effect, closing events closes, money events postings.
    body jsonb not null,
    primary key (shard, seq),
    unique (shard, stream_kind, stream_id, version)
) partition by range (shard);

do $$
begin
    for part in 0..15 loop
        execute format(
            'create table orderhub.event_p%s partition of orderhub.event for values from (%s) to (%s)',
            to_char(part, 'FM00'), part * 16, part * 16 + 16);
    end loop;
end
$$;

create trigger event_is_append_only
    before update or delete or truncate on orderhub.event
    for each statement execute function orderhub.refuse_change();

-- One row per order: what a wake-up and a version check need. Everything else is in the log.
create table orderhub.orders (
    id uuid primary key,
    -- Repeats a byte of the id, for the scan's index.
    shard smallint not null,
    -- No foreign key: its check would share-lock one channel row from every lane at once.
    channel_id uuid not null,
    external_id text not null,
    version bigint not null,
    stage text not null,
    -- When the order wants attention at the latest: a lower bound, moved lazily. It may be earlier than
    -- what the log says, never later, and is never null while the order waits for anything.
    wake_at timestamptz,
    -- Hexadecimal SHA-256 of the canonical value of the body that created it.
    body_hash text not null,
    constraint orders_channel_external_id_key unique (channel_id, external_id),
    constraint orders_shard_is_of_id check (shard = get_byte(uuid_send(id), 14)),
    constraint orders_version_is_positive check (version > 0)
) with (fillfactor = 50);

-- The only index on a column that changes, and it changes rarely: any other one would cost every
-- commit the in-place update.
create index orders_wake on orderhub.orders (shard, wake_at, id) where wake_at is not null;

-- Other names of an order: a gateway's reference, a tracking number. The first order keeps a name.
create table orderhub.order_ref (
    kind text not null,
    -- The account that gave the name.
    scope text not null,
    value text not null,
    order_id uuid not null,
    primary key (kind, scope, value)
);

create index order_ref_order on orderhub.order_ref (order_id);

-- Personal data, sealed under the configured key with order and slot as associated data. Erasing
-- deletes rows; the log never had them.
create table orderhub.order_private (
    order_id uuid not null,
    slot text not null,
    ciphertext bytea not null,
    primary key (order_id, slot)
);
