-- What parcels took on their lanes: one row a delivery, written by the commit that says of it. The newest
-- of a lane say when its next parcel is overdue. Nothing of a buyer but the country.
create table orderhub.transit (
    order_id uuid not null,
    fulfilment int not null,
    parcel int not null,
    -- The connection that labels are bought through.
    account text not null,
    carrier text not null,
    -- Empty where the connection names none.
    service text not null,
    origin text not null,
    destination text not null,
    took_s bigint not null check (took_s > 0),
    delivered_at timestamptz not null,
    -- A parcel counts once, also when it is delivered again after a correction.
    primary key (order_id, fulfilment, parcel)
);

create index transit_lane
    on orderhub.transit (account, carrier, service, origin, destination, delivered_at desc);

-- They are forgotten after a year.
create index transit_age on orderhub.transit (delivered_at);

create view orderhub_check.transits as
select order_id, fulfilment, parcel, account, carrier, service, origin, destination, took_s, delivered_at
from orderhub.transit;
