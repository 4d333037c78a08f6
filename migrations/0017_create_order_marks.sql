-- By what orders of one buyer are recognised: screening counts them. A mark is a keyed hash of an
-- e-mail address, a token of payment or a place, so that nobody reads from it who bought. Rows are
-- written by the commit that creates their order and never change.
create table orderhub.order_mark (
    -- The first 128 bits of the hash.
    mark uuid not null,
    -- 1 is an e-mail address, 2 a means of payment, 3 a place.
    kind smallint not null,
    seen_at timestamptz not null,
    order_id uuid not null,
    primary key (mark, seen_at, order_id)
);

-- Whether a buyer ordered before is remembered for a year, the rest as long as it can count.
create index order_mark_emails on orderhub.order_mark (seen_at) where kind = 1;
create index order_mark_others on orderhub.order_mark (seen_at) where kind <> 1;
