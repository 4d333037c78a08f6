-- Answers to requests with an idempotency key that belong to no order: orders remember their own.
create table orderhub.api_request (
    -- Computed from API key, method, path, target and idempotency key.
    command_id uuid primary key,
    body_hash text not null,
    answer jsonb not null,
    recorded_at timestamptz not null default now()
);
