-- How much work locations take on: the day of each piece of work, and what people said about working
-- at all.

alter table orderhub.reservation
    -- The day that the location took the work on for, counted from 1970-01-01 by its own clock; null
    -- where it does not count its work.
    add column work_day integer;

-- What a location counts when it is loaded.
create index reservation_work on orderhub.reservation (location, work_day)
    where work_day is not null;

-- Every word about a location that takes no new work, or takes some again; the last one holds.
create table orderhub.location_pause (
    seq bigint generated always as identity primary key,
    location text not null,
    paused boolean not null,
    said_at timestamptz not null,
    said_by text not null,
    reason text not null
);

create index location_pause_last on orderhub.location_pause (location, seq desc);

create trigger location_pause_is_append_only
    before update or delete or truncate on orderhub.location_pause
    for each statement execute function orderhub.refuse_change();

create or replace view orderhub_check.reservations as
select orderhub_check.order_text(order_id) as order_id, line, location, attempt, sku, quantity, state,
       rev, expires_at, since, promise, work_day
from orderhub.reservation;

create view orderhub_check.location_pauses as
select location, paused, said_at, said_by, reason
from orderhub.location_pause;
