-- Stock feeds: what outside systems say of many SKUs at once, under numbers of their own.

-- The last message of a source that a location has taken, written with what it booked. The location's
-- actor is the only writer.
create table orderhub.stock_feed (
    location text not null,
    source text not null,
    sequence bigint not null,
    -- What the message said: the same number with another hash is no repeat.
    digest text not null,
    primary key (location, source)
);

-- The last message of a source that any location was told of, written before the first one is: its number
-- is used from then on.
create table orderhub.feed_begun (
    source text primary key,
    sequence bigint not null,
    digest text not null
);

-- The last message of a source that every location it speaks of has taken.
create table orderhub.feed_source (
    source text primary key,
    sequence bigint not null,
    digest text not null,
    -- When the source says that it was so.
    as_of timestamptz,
    applied_at timestamptz not null,
    -- Of that message.
    rows integer not null,
    rejected integer not null,
    -- Numbers that never came, in how many gaps, since the first message.
    gaps bigint not null,
    missing numeric(20) not null
);

-- Numbers of a source that never came before a later one did.
create table orderhub.feed_gap (
    source text not null,
    first bigint not null,
    last bigint not null,
    found_at timestamptz not null,
    primary key (source, first)
);

-- A receipt, or a message's word about a SKU, is booked once. Their names are apart.
create unique index stock_ledger_reference on orderhub.stock_ledger (location, sku, cause, reference)
    where reference is not null;
drop index orderhub.stock_ledger_receipt;

create view orderhub_check.feeds as
select source, sequence, as_of, applied_at, gaps, missing
from orderhub.feed_source;
