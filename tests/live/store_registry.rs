//! Channels, keys, webhook copies, migrations, and servers that are refused.

use std::collections::BTreeMap;
use std::time::Duration;

use orderhub::http::keys::{self, Key, KeyBook, KeyRing, NewKey, Scope};
use orderhub::http::requests::{Answered, Answers};
use orderhub::store::migrate::{self, StepState};
use orderhub::store::{
    Seal, SealError, Store, StoreError, StoreOptions, WebhookFilter, WebhookReceived,
};
use orderhub_actors::ports::Journal;
use orderhub_domain::ids::{CommandId, Slug};
use serde_json::json;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use uuid::Uuid;

use crate::postgres::Cluster;
use crate::world::Database;

/// The channel that the key is bound to.
const BOUND: &str = "web";

fn slug(text: &str) -> Slug {
    Slug(text.to_owned())
}

async fn try_connect(url: &str) -> Result<Store, StoreError> {
    let seal = Seal::new([1; 32]).expect("a key");
    Store::connect(url, StoreOptions::new("a", seal)).await
}

#[tokio::test]
async fn a_channel_keeps_its_id_and_its_account() {
    let store = Database::new().await.store("a").await;
    let shop = slug("shop-de");
    let register =
        async |slug: &Slug, kind, account| store.ensure_channel(slug, kind, account).await;
    let id = register(&shop, "shopify", "de.example")
        .await
        .expect("registered");
    let again = register(&shop, "shopify", "de.example").await;
    assert_eq!(again.expect("the same"), id);
    for (slug, kind, account) in [
        (slug("shop-2"), "shopify", "de.example"),
        (shop.clone(), "shopify", "fr.example"),
        (shop.clone(), "amazon", "de.example"),
    ] {
        let refused = register(&slug, kind, account).await;
        assert!(
            matches!(refused, Err(StoreError::Conflict(_))),
            "{slug} {account}"
        );
    }
    let other = register(&slug("web"), "direct", "web")
        .await
        .expect("registered");
    assert_ne!(other, id);
    let taken = store.rename_channel(&shop, &slug("web")).await;
    assert!(matches!(taken, Err(StoreError::Conflict(_))));
    let renamed = store.rename_channel(&shop, &slug("shop-berlin")).await;
    assert_eq!(renamed.expect("renamed"), id);
    let found = register(&slug("shop-berlin"), "shopify", "de.example").await;
    assert_eq!(found.expect("the same"), id);
}

#[tokio::test]
async fn a_key_is_known_until_it_is_revoked_and_is_stored_as_a_hash() {
    let database = Database::new().await;
    let store = database.store("a").await;
    store
        .ensure_channel(&slug(BOUND), "direct", BOUND)
        .await
        .expect("registered");
    let (token, id) = keys::generate().expect("randomness");
    let key = |channel: &str| Key {
        id: id.clone(),
        name: "ci".to_owned(),
        scopes: vec![Scope::OrdersWrite, Scope::OpsAct],
        channel: Some(slug(channel)),
    };
    let new = |channel| NewKey {
        key: key(channel),
        token_hash: keys::token_hash(&token),
    };
    let nowhere = store.add(&new("nowhere")).await;
    assert!(nowhere.is_err(), "there is no such channel");
    store.add(&new(BOUND)).await.expect("added");
    store.add(&new(BOUND)).await.expect("the same again");
    let known = store
        .lookup(keys::token_hash(&token))
        .await
        .expect("answered");
    assert_eq!(known, Some(key(BOUND)));
    let wrong = store.lookup(keys::token_hash(&format!("{token}0"))).await;
    assert_eq!(wrong.expect("answered"), None);
    let mut direct = PgConnection::connect(&database.url)
        .await
        .expect("connected");
    let readable: bool = sqlx::query_scalar(
        "select exists (select from orderhub.api_key k where k::text like '%' || $1 || '%')",
    )
    .bind(&token[9..])
    .fetch_one(&mut direct)
    .await
    .expect("looked");
    assert!(!readable);
    assert!(store.revoke(&id).await.expect("revoked"));
    assert!(store.revoke(&id).await.expect("again"));
    assert!(!store.revoke("0").await.expect("answered"));
    assert_eq!(
        store
            .lookup(keys::token_hash(&token))
            .await
            .expect("answered"),
        None
    );
    let listed = store.list().await.expect("listed");
    assert_eq!(listed.len(), 1);
    assert!(listed[0].revoked_at.is_some());
}

#[tokio::test]
async fn a_webhook_copy_is_sealed_and_comes_back() {
    let database = Database::new().await;
    let store = database.store("a").await;
    let (log, task) = store.webhook_log();
    let webhook = WebhookReceived {
        id: Uuid::from_u128(77),
        source: "sales/shop-de".to_owned(),
        outcome: "ignored".to_owned(),
        reason: Some("unknown_topic:a\0b".to_owned()),
        order: None,
        received_at: store.now().await.expect("the time"),
        headers: BTreeMap::from([("x-topic".to_owned(), "orders/create".to_owned())]),
        body: b"{\"email\":\"ada@example.com\"}\0".to_vec(),
    };
    log.record(webhook.clone());
    log.record(webhook.clone());
    let mut found = None;
    for _ in 0..100 {
        found = store.webhook(webhook.id).await.expect("read");
        if found.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let found = found.expect("kept");
    assert_eq!(
        (found.body, found.headers),
        (Ok(webhook.body), webhook.headers)
    );
    assert_eq!(found.listing.reason.as_deref(), Some("unknown_topic:ab"));
    let by = |source: Option<&str>, outcome: Option<&str>| WebhookFilter {
        source: source.map(str::to_owned),
        outcome: outcome.map(str::to_owned),
        limit: 10,
        ..WebhookFilter::default()
    };
    for (filter, expected) in [
        (by(None, None), 1),
        (by(Some("sales/shop-de"), Some("ignored")), 1),
        (by(Some("sales/shop-at"), None), 0),
        (by(None, Some("applied")), 0),
        (by(Some("\0"), None), 0),
    ] {
        let page = store.list_webhooks(&filter).await.expect("listed");
        assert_eq!(page.webhooks.len(), expected, "{filter:?}");
    }
    let other_key = StoreOptions::new("b", Seal::new([7; 32]).expect("a key"));
    let stranger = Store::connect(&database.url, other_key)
        .await
        .expect("connected");
    let locked = stranger.webhook(webhook.id).await.expect("read");
    assert_eq!(
        locked.map(|found| found.body),
        Some(Err(SealError::DoesNotOpen))
    );
    let mut direct = PgConnection::connect(&database.url)
        .await
        .expect("connected");
    let readable: bool = sqlx::query_scalar(
        "select bool_or(position('ada@'::bytea in body) > 0) from orderhub.webhook_received",
    )
    .fetch_one(&mut direct)
    .await
    .expect("looked");
    assert!(!readable);
    drop(log);
    task.await.expect("the lane ends with its last door");
}

#[tokio::test]
async fn the_first_answer_under_a_key_stays_and_comes_back_as_it_was() {
    let store = Database::new().await.store("a").await;
    let command = CommandId(Uuid::from_u128(9));
    assert_eq!(Answers::find(&store, command).await.expect("read"), None);
    let answered = |outcome: &str| Answered {
        body_hash: "ab".to_owned(),
        body: json!({ "id": "x", "outcome": outcome, "order": null }),
    };
    for outcome in ["applied", "unmatched"] {
        let kept = Answers::keep(&store, command, &answered(outcome)).await;
        kept.expect("kept");
    }
    let found = Answers::find(&store, command).await.expect("read");
    assert_eq!(found, Some(answered("applied")));
}

#[tokio::test]
async fn migrations_are_planned_applied_and_reported() {
    let url = Cluster::shared().empty_database().await;
    let refused = try_connect(&url).await.err().expect("refused");
    assert!(
        matches!(refused, StoreError::SchemaBehind { .. }),
        "{refused}"
    );
    let planned = migrate::plan(&url).await.expect("planned");
    assert!(!planned.is_empty());
    let both = tokio::join!(migrate::up(&url), migrate::up(&url));
    let applied = both
        .0
        .expect("applied")
        .len()
        .max(both.1.expect("applied").len());
    assert_eq!(applied, planned.len());
    assert!(migrate::plan(&url).await.expect("planned").is_empty());
    let status = migrate::status(&url).await.expect("known");
    assert!(status.iter().all(|step| step.state == StepState::Applied));
    try_connect(&url).await.expect("accepted");

    let mut direct = PgConnection::connect(&url).await.expect("connected");
    sqlx::query("update orderhub.migration set checksum = 'x' where version = 2")
        .execute(&mut direct)
        .await
        .expect("tampered");
    let refused = try_connect(&url).await.err().expect("refused");
    assert!(matches!(refused, StoreError::Migration(_)), "{refused}");
}

#[tokio::test]
async fn a_server_that_would_lose_orders_is_refused() {
    let url = Database::new().await.url;
    let name = url.rsplit('/').next().expect("a name").to_owned();
    let mut direct = PgConnection::connect(&url).await.expect("connected");
    let setting = AssertSqlSafe(format!(
        "alter database {name} set synchronous_commit = off"
    ));
    sqlx::raw_sql(setting)
        .execute(&mut direct)
        .await
        .expect("set");
    let refused = try_connect(&url).await.err().expect("refused");
    let expected = StoreError::NotDurable {
        setting: "synchronous_commit",
    };
    assert_eq!(refused.to_string(), expected.to_string());
}
