-- Supply: what was announced to come, who stands in line for it, and under which name it came.

-- Units announced for a location. The location's actor is the only writer.
create table orderhub.inbound (
    location text not null,
    sku text not null,
    -- The sender's own name for it: a purchase order, a transfer.
    reference text not null,
    quantity bigint not null,
    received bigint not null,
    expected_at timestamptz,
    primary key (location, sku, reference),
    constraint inbound_is_not_negative check (quantity >= 0 and received >= 0)
);

alter table orderhub.stock
    -- Units that orders stand in line for; never promised as if they were there.
    add column waiting bigint not null default 0 check (waiting >= 0),
    -- Units announced that have not come yet.
    add column inbound bigint not null default 0 check (inbound >= 0);

alter table orderhub.reservation
    -- The place in the line, of a hold that waits or has waited: older ones are served first.
    add column since timestamptz,
    -- When the units that it waits for are expected.
    add column promise timestamptz;

-- What a location loads now includes those who stand in line.
drop index orderhub.reservation_live;
create index reservation_live on orderhub.reservation (location)
    where state in ('soft', 'hard', 'expired', 'waiting') or rev <> told_rev;

-- The name under which units came, of a receipt.
alter table orderhub.stock_ledger add column reference text;

-- A receipt is booked once, however often it is sent.
create unique index stock_ledger_receipt on orderhub.stock_ledger (location, sku, reference)
    where reference is not null;

create or replace view orderhub_check.stock as
select location, sku, on_hand, reserved, allocated, backorder_limit, shortfall, waiting, inbound
from orderhub.stock;

create or replace view orderhub_check.stock_ledger as
select location, seq, sku, d_on_hand, d_reserved, d_allocated, cause,
       orderhub_check.order_text(order_id) as order_id, recorded_at, reference
from orderhub.stock_ledger;

create or replace view orderhub_check.reservations as
select orderhub_check.order_text(order_id) as order_id, line, location, attempt, sku, quantity, state,
       rev, expires_at, since, promise
from orderhub.reservation;

create view orderhub_check.inbound as
select location, sku, reference, quantity, received, expected_at
from orderhub.inbound;
