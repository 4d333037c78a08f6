-- What the auditor found to contradict each other. Kept until 30 days after it healed.
create table orderhub.finding (
    id bigint generated always as identity primary key,
    found_at timestamptz not null default clock_timestamp(),
    -- The rule, as metrics name it.
    invariant text not null,
    -- An order's id, `<location>/<SKU>`, `<location>/<row of its ledger>`, or the name of a log.
    subject text not null,
    -- Both values. Without personal data.
    detail text not null,
    -- When it was first seen to hold again.
    healed_at timestamptz
);

-- What persists is found once, however many look; what comes back after it healed is found again.
create unique index finding_open on orderhub.finding (invariant, subject) where healed_at is null;
create index finding_healed on orderhub.finding (healed_at) where healed_at is not null;

create view orderhub_check.findings as
select found_at, invariant, subject, detail, healed_at
from orderhub.finding;

-- The policy that orders are decided under, and since when: an order that fell asleep under another one
-- may rightly sleep longer than this one says.
create table orderhub.audit_policy (
    -- One row.
    one boolean primary key default true check (one),
    policy jsonb not null,
    since timestamptz not null
);
