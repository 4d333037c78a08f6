-- Messages that the hub does not act on, by age: they are kept for 30 days.
create index parked_message_kept on orderhub.parked_message (received_at)
    where dead_at is null and ref_kind is null;
