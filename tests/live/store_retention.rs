//! What goes after 30 days, and what never goes by itself.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use orderhub::store::{ParkedFilter, WebhookFilter, WebhookReceived};
use orderhub_actors::ports::{Journal, Parked};
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use crate::contract::fixture::payment_ref;
use crate::support::patience::{SOON, until};
use crate::world::Database;

fn days_ago(days: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(24 * days)
}

fn kept(reason: &str, days: i64) -> Parked {
    Parked {
        id: Uuid::now_v7(),
        source: "payments/stripe-eu".to_owned(),
        reason: reason.to_owned(),
        waiting_for: None,
        dead_since: None,
        received_at: days_ago(days),
        body: b"{}".to_vec(),
        headers: BTreeMap::new(),
    }
}

#[tokio::test]
async fn messages_that_mean_nothing_go_after_a_month_and_all_others_stay() {
    let store = Database::new().await.store("a").await;
    let waiting = Parked {
        waiting_for: Some(payment_ref("pi_late")),
        ..kept("no_order", 400)
    };
    let dead = Parked {
        dead_since: Some(days_ago(400)),
        ..kept("dead: unreadable: no id", 400)
    };
    let dead_topic = Parked {
        dead_since: Some(days_ago(399)),
        ..kept("unknown_topic:a", 400)
    };
    let stay = [
        waiting,
        dead,
        dead_topic,
        kept("unknown_topic:customer.created", 29),
        kept("test_on_live", 29),
        // An older binary did not mark its dead.
        kept("refused: too large", 400),
        kept("unreadable: no id", 400),
    ];
    let go = [
        kept("unknown_topic:customer.created", 31),
        kept("test_on_live", 31),
    ];
    for message in stay.iter().chain(&go) {
        store.park(message).await.expect("parked");
    }
    assert!(!store.forget_old().await.expect("deleted"), "that was all");
    let filter = ParkedFilter {
        limit: 100,
        ..ParkedFilter::default()
    };
    let left = store.list_parked(&filter).await.expect("listed");
    let mut left: Vec<Uuid> = left.messages.iter().map(|one| one.id).collect();
    let mut expected: Vec<Uuid> = stay.iter().map(|one| one.id).collect();
    left.sort();
    expected.sort();
    assert_eq!(left, expected);
}

#[tokio::test]
async fn copies_of_webhooks_go_after_a_month() {
    let store = Database::new().await.store("a").await;
    let (log, lane) = store.webhook_log();
    let copy = |days| WebhookReceived {
        id: Uuid::now_v7(),
        source: "payments/stripe-eu".to_owned(),
        outcome: "ignored".to_owned(),
        reason: None,
        order: None,
        received_at: days_ago(days),
        headers: BTreeMap::new(),
        body: b"{}".to_vec(),
    };
    let (old, young) = (copy(31), copy(29));
    log.record(old);
    log.record(young.clone());
    drop(log);
    lane.await.expect("written");
    store.forget_old().await.expect("deleted");
    let filter = WebhookFilter {
        limit: 100,
        ..WebhookFilter::default()
    };
    let left = store.list_webhooks(&filter).await.expect("listed");
    let left: Vec<Uuid> = left.webhooks.iter().map(|one| one.id).collect();
    assert_eq!(left, [young.id]);
}

#[tokio::test]
async fn findings_go_a_month_after_they_healed_and_open_ones_stay() {
    let database = Database::new().await;
    let store = database.store("a").await;
    let mut direct = PgConnection::connect(&database.url)
        .await
        .expect("connected");
    sqlx::raw_sql(
        "insert into orderhub.finding (invariant, subject, detail, found_at, healed_at) values
         ('order_row', 'open', '', now() - interval '400 days', null),
         ('order_row', 'young', '', now() - interval '400 days', now() - interval '29 days'),
         ('order_row', 'old', '', now() - interval '400 days', now() - interval '31 days')",
    )
    .execute(&mut direct)
    .await
    .expect("inserted");
    store.forget_old().await.expect("deleted");
    let left: Vec<String> =
        sqlx::query_scalar("select subject from orderhub_check.findings order by subject")
            .fetch_all(&mut direct)
            .await
            .expect("read");
    assert_eq!(left, ["open", "young"]);
}

#[tokio::test]
async fn what_is_too_old_goes_although_no_webhook_comes() {
    let store = Database::new().await.store("a").await;
    let old = kept("test_on_live", 31);
    store.park(&old).await.expect("parked");
    let (log, lane) = store.webhook_log();
    until("the message is deleted", SOON, || async {
        let found = store.parked_message(old.id).await.expect("read");
        found.is_none().then_some(())
    })
    .await;
    drop(log);
    lane.await.expect("ended");
}
