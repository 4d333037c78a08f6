-- Up to where each connection that does not push was asked what is new. What it stated before this point
-- is on disk; whoever takes a cursor back hears it again, which changes nothing.
create table orderhub.poll_cursor (
    source text primary key,
    cursor text not null,
    moved_at timestamptz not null
);

create view orderhub_check.poll_cursors as
select source, cursor, moved_at
from orderhub.poll_cursor;
