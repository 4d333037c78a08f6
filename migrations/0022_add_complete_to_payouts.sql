-- A file is there from when it begins to be read, so that one that was cut can be seen and sent again.
alter table orderhub.payout_file
    add column complete boolean not null default true;
