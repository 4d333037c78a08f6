//! The columns of the statement that moves stock: what several locations do, as the arrays that it
//! unfolds again.

use jiff_sqlx::ToSqlx;
use uuid::Uuid;

use super::logbook::LogbookRows;
use super::quotas::QuotaRows;
use super::statement::Move;

#[derive(Default)]
pub(super) struct Rows<'a> {
    pub(super) location: Vec<&'a str>,
    pub(super) epoch: Vec<i64>,
    pub(super) first_seq: Vec<Option<i64>>,
    pub(super) holds: HoldRows<'a>,
    pub(super) ledger: LedgerRows<'a>,
    pub(super) counters: CounterRows<'a>,
    pub(super) inbounds: InboundRows<'a>,
    pub(super) feeds: FeedRows<'a>,
    pub(super) quotas: QuotaRows<'a>,
    pub(super) logbook: LogbookRows<'a>,
}

#[derive(Default)]
pub(super) struct HoldRows<'a> {
    pub(super) location: Vec<&'a str>,
    pub(super) order: Vec<Uuid>,
    pub(super) line: Vec<i32>,
    pub(super) attempt: Vec<i32>,
    pub(super) before: Vec<i32>,
    pub(super) sku: Vec<&'a str>,
    pub(super) quantity: Vec<i64>,
    pub(super) state: Vec<&'static str>,
    pub(super) rev: Vec<i32>,
    pub(super) told_rev: Vec<i32>,
    pub(super) expires_at: Vec<jiff_sqlx::Timestamp>,
    pub(super) since: Vec<Option<jiff_sqlx::Timestamp>>,
    pub(super) promise: Vec<Option<jiff_sqlx::Timestamp>>,
    pub(super) work_day: Vec<Option<i32>>,
    pub(super) channel: Vec<Option<Uuid>>,
}

#[derive(Default)]
pub(super) struct LedgerRows<'a> {
    pub(super) location: Vec<&'a str>,
    pub(super) seq: Vec<i64>,
    pub(super) sku: Vec<&'a str>,
    pub(super) d_on_hand: Vec<i64>,
    pub(super) d_reserved: Vec<i64>,
    pub(super) d_allocated: Vec<i64>,
    pub(super) cause: Vec<&'static str>,
    pub(super) order: Vec<Option<Uuid>>,
    pub(super) effect: Vec<Option<Uuid>>,
    pub(super) recorded_at: Vec<jiff_sqlx::Timestamp>,
    pub(super) reference: Vec<Option<&'a str>>,
}

#[derive(Default)]
pub(super) struct CounterRows<'a> {
    pub(super) location: Vec<&'a str>,
    pub(super) sku: Vec<&'a str>,
    pub(super) on_hand: Vec<i64>,
    pub(super) reserved: Vec<i64>,
    pub(super) allocated: Vec<i64>,
    pub(super) buffer: Vec<i64>,
    pub(super) backorder_limit: Vec<i64>,
    pub(super) shortfall: Vec<i64>,
    pub(super) waiting: Vec<i64>,
    pub(super) inbound: Vec<i64>,
}

#[derive(Default)]
pub(super) struct InboundRows<'a> {
    pub(super) location: Vec<&'a str>,
    pub(super) sku: Vec<&'a str>,
    pub(super) reference: Vec<&'a str>,
    pub(super) quantity: Vec<i64>,
    pub(super) received: Vec<i64>,
    pub(super) expected_at: Vec<Option<jiff_sqlx::Timestamp>>,
}

#[derive(Default)]
pub(super) struct FeedRows<'a> {
    pub(super) location: Vec<&'a str>,
    pub(super) source: Vec<&'a str>,
    pub(super) sequence: Vec<i64>,
    pub(super) digest: Vec<&'a str>,
}

impl<'a> Rows<'a> {
    /// Adds one location's move.
    pub(super) fn push(&mut self, location: &'a str, moved: &Move<'a>) {
        self.location.push(location);
        self.epoch.push(moved.epoch);
        self.first_seq
            .push(moved.ledger.first().map(|(row, _)| row.seq));
        let ledger = &mut self.ledger;
        for (row, now) in &moved.ledger {
            ledger.location.push(location);
            ledger.seq.push(row.seq);
            ledger.sku.push(row.sku.as_str());
            ledger.d_on_hand.push(row.d_on_hand);
            ledger.d_reserved.push(row.d_reserved);
            ledger.d_allocated.push(row.d_allocated);
            ledger.cause.push(row.cause);
            ledger
                .order
                .push(row.order.map(orderhub_domain::ids::OrderId::uuid));
            ledger.effect.push(row.effect.map(|effect| effect.0));
            ledger.recorded_at.push(now.to_sqlx());
            ledger.reference.push(row.reference.as_deref());
        }
        let counters = &mut self.counters;
        for (sku, after) in &moved.counters {
            counters.location.push(location);
            counters.sku.push(sku.as_str());
            counters.on_hand.push(after.on_hand);
            counters.reserved.push(after.reserved);
            counters.allocated.push(after.allocated);
            counters.buffer.push(after.buffer);
            counters.backorder_limit.push(after.backorder_limit);
            counters.shortfall.push(after.shortfall);
            counters.waiting.push(after.waiting);
            counters.inbound.push(after.inbound);
        }
        let inbounds = &mut self.inbounds;
        for ((sku, reference), inbound) in &moved.inbounds {
            inbounds.location.push(location);
            inbounds.sku.push(sku.as_str());
            inbounds.reference.push(reference);
            inbounds.quantity.push(inbound.quantity);
            inbounds.received.push(inbound.received);
            let expected_at = inbound.expected_at.map(ToSqlx::to_sqlx);
            inbounds.expected_at.push(expected_at);
        }
        let feeds = &mut self.feeds;
        for (source, mark) in &moved.feeds {
            feeds.location.push(location);
            feeds.source.push(source.as_str());
            feeds.sequence.push(mark.sequence);
            feeds.digest.push(mark.digest.as_str());
        }
        self.quotas.push(location, &moved.quotas);
        self.logbook.push(location, &moved.logbook);
        let holds = &mut self.holds;
        for (key, (before, hold)) in &moved.holds {
            holds.location.push(location);
            holds.order.push(key.order.uuid());
            holds.line.push(key.line.into());
            holds.attempt.push(key.attempt.into());
            holds.before.push(*before);
            holds.sku.push(hold.sku.as_str());
            holds.quantity.push(hold.quantity);
            holds.state.push(hold.state.word());
            holds.rev.push(hold.rev);
            holds.told_rev.push(hold.told_rev);
            holds.expires_at.push(hold.expires_at.to_sqlx());
            holds.since.push(hold.since.map(ToSqlx::to_sqlx));
            holds.promise.push(hold.promise.map(ToSqlx::to_sqlx));
            holds.work_day.push(hold.work_day);
            holds.channel.push(hold.channel.map(|channel| channel.0));
        }
    }
}
