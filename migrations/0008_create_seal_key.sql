-- The key that seals personal data when none is configured. It stands beside what it seals, so it
-- protects copies of single tables and nothing more: set [store] seal_key to keep them apart.
create table orderhub.seal_key (
    only_one boolean primary key default true check (only_one),
    key bytea not null check (octet_length(key) = 32),
    created_at timestamptz not null default now()
);
