-- A parked message that nobody looks after by itself any more: it waited too long for its order, or
-- it cannot be read. It stays until it is replayed or discarded by hand.
alter table orderhub.parked_message
    add column dead_at timestamptz;

update orderhub.parked_message
set dead_at = now(), reason = 'dead: ' || reason
where reason like 'unreadable: %';

create index parked_message_dead on orderhub.parked_message (received_at, id)
    where dead_at is not null;

-- What the hub looks after: the references that living messages wait for, each once and in order.
create index parked_message_awaited on orderhub.parked_message (ref_kind, ref_scope, ref_value)
    where ref_kind is not null and dead_at is null;
