-- Verified messages that changed nothing: their order is not there yet, or nobody can read them.
create table orderhub.parked_message (
    -- Computed from source and body: a repeat is the same row.
    id uuid primary key,
    source text not null,
    reason text not null,
    -- The reference that it waits for; all three or none.
    ref_kind text,
    ref_scope text,
    ref_value text,
    received_at timestamptz not null,
    headers jsonb not null,
    -- Sealed: raw bodies hold personal data.
    body bytea not null,
    constraint parked_message_waits_for_a_whole_reference
        check (num_nulls(ref_kind, ref_scope, ref_value) in (0, 3))
);

create index parked_message_age on orderhub.parked_message (received_at, id);
create index parked_message_ref on orderhub.parked_message (ref_kind, ref_scope, ref_value)
    where ref_kind is not null;

-- Raw webhooks as they came, for operators and replays. Kept for 30 days.
create table orderhub.webhook_received (
    id uuid primary key,
    source text not null,
    outcome text not null,
    received_at timestamptz not null,
    headers jsonb not null,
    -- Sealed: raw bodies hold personal data.
    body bytea not null
);

create index webhook_received_age on orderhub.webhook_received (received_at);
