-- Payout files of gateways and marketplaces, as they were read, and what came of each line. The orders
-- judge; these tables are for people who look for what does not fit.
create table orderhub.payout_file (
    id uuid primary key,
    -- The connection's slug.
    source text not null,
    format text not null,
    -- Hexadecimal SHA-256 of the file: the same file is the same row.
    sha256 text not null,
    read_at timestamptz not null default clock_timestamp(),
    read_by text not null,
    lines integer not null,
    -- Sums of gross amounts by currency: total, matched, variance, unknown.
    totals jsonb not null,
    unique (source, sha256)
);

create index payout_file_by_time on orderhub.payout_file (read_at desc, id desc);

create table orderhub.payout_line (
    -- Made from source and line, so a line that comes again in another file is the same row.
    id uuid primary key,
    source text not null,
    -- The payer's id of the line.
    line text not null,
    -- The last file that had it.
    file_id uuid not null,
    number integer not null,
    kind text not null,
    currency text not null,
    gross numeric not null,
    fee numeric not null,
    net numeric not null,
    happened_at timestamptz,
    payout text,
    order_id uuid,
    -- matched, variance or unknown.
    verdict text not null,
    -- Why, unless it matched.
    reason text,
    -- What the order knows instead, where that is an amount.
    expected numeric,
    -- resolved or written_off, by a person.
    resolution text,
    resolved_at timestamptz,
    resolved_by text,
    resolved_why text
);

create index payout_line_open on orderhub.payout_line (source, id)
    where verdict <> 'matched' and resolution is null;
create index payout_line_file on orderhub.payout_line (file_id, number);
create index payout_line_order on orderhub.payout_line (order_id) where order_id is not null;

create view orderhub_check.payout_lines as
select l.source, l.line, l.kind, l.currency, l.gross, l.fee, l.net, l.payout,
       case when l.order_id is null then null else 'ord_' || replace(l.order_id::text, '-', '') end as order_id,
       l.verdict, l.reason, l.expected, l.resolution, f.sha256 as file
from orderhub.payout_line l
join orderhub.payout_file f on f.id = l.file_id;
