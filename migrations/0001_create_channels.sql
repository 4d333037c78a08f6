-- Everything private stands in schema orderhub; auditors read schema orderhub_check.

create table orderhub.channel (
    -- Given once and never changed: it is hashed into the id of every order of the channel.
    id uuid primary key default gen_random_uuid(),
    -- The short name in configuration, addresses and subjects. May be renamed.
    slug text not null unique,
    kind text not null,
    -- What the vendor calls the account. One account under two slugs would make two orders of one.
    account text not null unique,
    created_at timestamptz not null default now()
);

create table orderhub.api_key (
    id text primary key,
    name text not null,
    -- SHA-256 of the key. The key has 256 random bits, so a slow hash would add nothing.
    hash bytea not null unique,
    scopes text[] not null,
    -- Bound to one channel, or to none.
    channel_id uuid references orderhub.channel (id),
    created_at timestamptz not null default now(),
    revoked_at timestamptz
);
