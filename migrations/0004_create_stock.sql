-- Counters of a SKU at a location, in whole units. The location's actor is the only writer and decides
-- from memory; the check is the net under it.
create table orderhub.stock (
    location text not null,
    sku text not null,
    on_hand bigint not null,
    reserved bigint not null,
    allocated bigint not null,
    buffer bigint not null,
    backorder_limit bigint not null,
    -- Units promised that a count found missing. Declared, so that the bound below always holds.
    shortfall bigint not null,
    primary key (location, sku),
    constraint stock_is_never_oversold check (
        on_hand >= 0
        and reserved >= 0
        and allocated >= 0
        and shortfall >= 0
        and reserved + allocated <= on_hand + backorder_limit + shortfall
    )
) with (fillfactor = 50);

create index stock_sku on orderhub.stock (sku);

-- A hold: units of an order's line at a location, in one of the order's tries.
create table orderhub.reservation (
    order_id uuid not null,
    line integer not null,
    location text not null,
    attempt integer not null,
    sku text not null,
    quantity bigint not null,
    state text not null,
    -- Raised by everything that happens to the hold.
    rev integer not null,
    -- The last rev that the order has committed. Lower than rev: the order must still be told.
    told_rev integer not null,
    expires_at timestamptz not null,
    primary key (order_id, line, location, attempt)
) with (fillfactor = 70);

-- What a location loads: holds that hold units or may yet, and those whose order is not told.
create index reservation_live on orderhub.reservation (location)
    where state in ('soft', 'hard', 'expired') or rev <> told_rev;

create table orderhub.stock_ledger (
    location text not null,
    -- 1, 2, 3, ... per location, without a gap, in the order of the commits.
    seq bigint not null,
    sku text not null,
    d_on_hand bigint not null,
    d_reserved bigint not null,
    d_allocated bigint not null,
    cause text not null,
    order_id uuid,
    -- The order's effect that asked, if one did.
    effect_id uuid,
    recorded_at timestamptz not null,
    primary key (location, seq)
);

-- An effect moves a SKU once, however often it is sent.
create unique index stock_ledger_effect on orderhub.stock_ledger (location, effect_id, sku)
    where effect_id is not null;

create trigger stock_ledger_is_append_only
    before update or delete or truncate on orderhub.stock_ledger
    for each statement execute function orderhub.refuse_change();
