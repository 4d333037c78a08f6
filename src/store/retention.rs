//! What is kept for people to look at, and no longer than 30 days: copies of webhooks, parked messages
//! that the hub does not act on, and findings of the auditor that have healed. A message that waits for
//! its order, or that is dead, never goes by itself. What screening counts by goes once it cannot count
//! any more, and what parcels took on their lanes after a year.

use orderhub_actors::ports::Unavailable;
use sqlx::postgres::PgQueryResult;

use super::Store;

/// Rows of a kind that are deleted in one statement, which ends long before its time limit.
const AT_ONCE: u16 = 5_000;

const FORGET_COPIES: &str = "
delete from orderhub.webhook_received
where id = any (array(
    select id from orderhub.webhook_received
    where received_at < clock_timestamp() - interval '30 days'
    order by received_at
    limit $1))
";

// Only for reasons that are known to mean nothing to the hub: what an older binary parked without a
// mark may be dead all the same. The rows are locked as they are judged, because a message that
// comes again at this moment may begin to wait.
const FORGET_KEPT: &str = "
with old as (
    select id from orderhub.parked_message
    where dead_at is null and ref_kind is null
      and (starts_with(reason, 'unknown_topic:') or reason = 'test_on_live')
      and received_at < clock_timestamp() - interval '30 days'
    order by received_at
    limit $1
    for update skip locked
)
delete from orderhub.parked_message as kept
using old
where kept.id = old.id
";

// Whether somebody ordered before is worth knowing for a year; the rest counts for as long as the
// longest window. Rows never change, so their places can be taken for their names.
const FORGET_EMAILS: &str = "
delete from orderhub.order_mark
where ctid = any (array(
    select ctid from orderhub.order_mark
    where kind = 1 and seen_at < clock_timestamp() - interval '365 days'
    order by seen_at
    limit $1))
";

const FORGET_MARKS: &str = "
delete from orderhub.order_mark
where ctid = any (array(
    select ctid from orderhub.order_mark
    where kind <> 1 and seen_at < clock_timestamp() - interval '31 days'
    order by seen_at
    limit $1))
";

const FORGET_TRANSITS: &str = "
delete from orderhub.transit
where ctid = any (array(
    select ctid from orderhub.transit
    where delivered_at < clock_timestamp() - interval '365 days'
    order by delivered_at
    limit $1))
";

const FORGET_HEALED: &str = "
delete from orderhub.finding
where id = any (array(
    select id from orderhub.finding
    where healed_at < clock_timestamp() - interval '30 days'
    order by healed_at
    limit $1))
";

impl Store {
    /// Deletes some of what is too old to be kept. Whether there may be more of it.
    pub async fn forget_old(&self) -> Result<bool, Unavailable> {
        let copies = self.forget(FORGET_COPIES).await?.rows_affected();
        let messages = self.forget(FORGET_KEPT).await?.rows_affected();
        let findings = self.forget(FORGET_HEALED).await?.rows_affected();
        if copies + messages + findings > 0 {
            tracing::info!(
                copies,
                messages,
                findings,
                "what was kept for 30 days is deleted"
            );
        }
        let emails = self.forget(FORGET_EMAILS).await?.rows_affected();
        let marks = self.forget(FORGET_MARKS).await?.rows_affected();
        let transits = self.forget(FORGET_TRANSITS).await?.rows_affected();
        let most = [copies, messages, findings, emails, marks, transits]
            .into_iter()
            .max();
        Ok(most >= Some(u64::from(AT_ONCE)))
    }

    async fn forget(&self, statement: &'static str) -> Result<PgQueryResult, Unavailable> {
        let query = || {
            sqlx::query(statement)
                .bind(i64::from(AT_ONCE))
                .execute(self.pool())
        };
        self.read(query).await
    }
}
