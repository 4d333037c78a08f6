-- What became of each webhook beyond one word, and the ways that operators look through them.
alter table orderhub.webhook_received
    -- Why a part of it changed nothing: `no_order`, `unknown_topic:<topic>`, `unreadable: ...`.
    add column reason text,
    -- The order that it reached.
    add column order_id uuid;

-- Ids are by time, so these answer "the newest of this source" and "the newest with this outcome".
create index webhook_received_source on orderhub.webhook_received (source, id);
create index webhook_received_outcome on orderhub.webhook_received (outcome, id);
