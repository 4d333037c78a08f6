-- What the gauges over all orders read, however many orders have ended.

-- Since when tries of the order's open effects have failed, with none answered since.
alter table orderhub.order_list
    add column failing_since timestamptz;

create index order_list_failing on orderhub.order_list (failing_since)
    where failing_since is not null;

-- Orders that somebody still works on, by age: the stages that are neither at rest nor over.
create index order_list_in_hand on orderhub.order_list (stage, received_at)
    where stage in
        ('received', 'screening', 'reserving', 'authorizing', 'confirmed', 'fulfilling', 'cancelling');
