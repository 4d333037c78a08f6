-- The read model behind lists, filters and search, written by a trailing reader of the log. Indexes
-- on changing columns cost nothing here that a buyer waits for.
create table orderhub.order_list (
    order_id uuid primary key,
    channel_id uuid not null,
    external_id text not null,
    number text,
    stage text not null,
    version bigint not null,
    test boolean not null,
    placed_at timestamptz not null,
    received_at timestamptz not null,
    updated_at timestamptz not null,
    currency text not null,
    total numeric not null,
    skus text[] not null,
    -- Holds in force: number -> reason.
    holds jsonb not null
);

create index order_list_stage on orderhub.order_list (stage, order_id);
create index order_list_channel on orderhub.order_list (channel_id, order_id);
create index order_list_updated on orderhub.order_list (updated_at);
create index order_list_skus on orderhub.order_list using gin (skus);
create index order_list_external_id on orderhub.order_list (external_id text_pattern_ops);
create index order_list_number on orderhub.order_list (number text_pattern_ops);
create index order_list_held on orderhub.order_list (order_id) where holds <> '{}';

-- How far the reader is. Moved in the statement that writes the list: each event counts once.
create table orderhub.order_list_cursor (
    shard smallint primary key,
    seq bigint not null default 0
);

insert into orderhub.order_list_cursor (shard) select generate_series(0, 255);
