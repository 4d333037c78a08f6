//! The judges are judged: the doubles do what the vendors document, and every rule of the checker
//! can fail.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Executor, PgPool};

use crate::support::api::{Api, Reply};
use crate::support::checker;
use crate::support::doubles::easypost::{self, EasyPost};
use crate::support::doubles::faults::{Call, Fault};
use crate::support::doubles::post::Manner;
use crate::support::doubles::stripe::{self, Applied, Stripe};
use crate::support::postgres::Cluster;

const NOBODY: &str = "http://127.0.0.1:9/hooks";

async fn ask(api: &Api, path: &str, key: &str, form: &[(&str, &str)]) -> Option<Reply> {
    let request = api.request(Method::POST, path).form(form);
    Api::try_send(request.header("idempotency-key", key)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_double_of_stripe_keeps_keys_captures_once_and_refunds_no_more_than_it_took() {
    let stripe = Stripe::start(NOBODY.into()).await;
    stripe.post.behave(Manner::Kept);
    let api = Api::new(stripe.url.clone(), Some(stripe::API_KEY.into()));
    let create = [
        ("amount", "4497"),
        ("currency", "eur"),
        ("capture_method", "manual"),
        ("confirm", "true"),
        ("payment_method", "pm_card_visa"),
        ("metadata[order_id]", "ord_1"),
    ];
    let first = ask(&api, "/v1/payment_intents", "k1", &create)
        .await
        .unwrap();
    let intent = first.expect(200);
    assert_eq!(intent["status"], "requires_capture");
    let again = ask(&api, "/v1/payment_intents", "k1", &create)
        .await
        .unwrap();
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.header("idempotent-replayed"), "true");
    let mut other = create;
    other[0].1 = "4498";
    let reused = ask(&api, "/v1/payment_intents", "k1", &other)
        .await
        .unwrap();
    assert_eq!(reused.status, 400);

    let id = intent["id"].as_str().unwrap();
    let capture = format!("/v1/payment_intents/{id}/capture");
    let too_much = [("amount_to_capture", "4498")];
    assert_eq!(
        ask(&api, &capture, "k2", &too_much).await.unwrap().status,
        400
    );
    let part = [("amount_to_capture", "1000")];
    let captured = ask(&api, &capture, "k3", &part).await.unwrap().expect(200);
    assert_eq!(
        (&captured["status"], &captured["amount_received"]),
        (&json!("succeeded"), &json!(1000))
    );
    assert_eq!(
        ask(&api, &capture, "k4", &part).await.unwrap().status,
        400,
        "captured once"
    );
    let cancel = format!("/v1/payment_intents/{id}/cancel");
    assert_eq!(
        ask(&api, &cancel, "k5", &[]).await.unwrap().status,
        400,
        "too late"
    );
    let refund = [("payment_intent", id), ("amount", "700")];
    ask(&api, "/v1/refunds", "k6", &refund)
        .await
        .unwrap()
        .expect(200);
    assert_eq!(
        ask(&api, "/v1/refunds", "k7", &refund)
            .await
            .unwrap()
            .status,
        400
    );
    let search = "/v1/payment_intents/search?query=metadata%5B%27order_id%27%5D%3A%27ord_1%27";
    let found = api.get(search).await.expect(200);
    assert_eq!(found["data"][0]["id"], intent["id"]);
    assert_eq!(
        api.with_key(Some("sk_test_other")).get(search).await.status,
        401
    );

    let old = api.request(Method::GET, &format!("/v1/payment_intents/{id}"));
    let old = Api::send(old.header("stripe-version", "2022-08-01"))
        .await
        .expect(200);
    assert_eq!(old["charges"]["data"][0]["amount_captured"], 1000);
    assert!(old.get("latest_charge").is_none());

    let expected = [
        (Applied::Authorized, 4497),
        (Applied::Captured, 1000),
        (Applied::Refunded, 700),
    ];
    assert_eq!(stripe.book_of("ord_1"), expected);
    assert_eq!(stripe.repeated(), 1);
    let events: Vec<Value> = stripe
        .events()
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    let kinds: Vec<&str> = events
        .iter()
        .filter_map(|event| event["type"].as_str())
        .collect();
    assert!(
        kinds.contains(&"payment_intent.amount_capturable_updated"),
        "{kinds:?}"
    );
    assert!(kinds.contains(&"charge.refunded"), "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_execute_or_not_as_they_say() {
    let stripe = Stripe::start(NOBODY.into()).await;
    stripe.post.behave(Manner::Kept);
    let api = Api::new(stripe.url.clone(), Some(stripe::API_KEY.into()));
    let create = [
        ("amount", "100"),
        ("currency", "eur"),
        ("capture_method", "manual"),
        ("confirm", "true"),
        ("payment_method", "pm_card_visa"),
    ];
    let path = "/v1/payment_intents";
    let faults = [
        (Fault::TooMany, Some(429), 0),
        (Fault::Broken, Some(500), 0),
        (Fault::LoseAnswer, None, 1),
        (Fault::Hang(Duration::from_millis(10)), None, 1),
        (Fault::Garbage, Some(200), 1),
        (Fault::Huge, Some(200), 1),
        (Fault::Decline, Some(402), 1),
        (Fault::Delay(Duration::from_millis(10)), Some(200), 1),
    ];
    for (fault, status, executed) in faults {
        let before = stripe.book().len();
        stripe.faults.next(Call::Authorize, 1, fault);
        let reply = ask(&api, path, &format!("{fault:?}"), &create).await;
        assert_eq!(
            reply.as_ref().map(|reply| reply.status),
            status,
            "{fault:?}"
        );
        assert_eq!(stripe.book().len() - before, executed, "{fault:?}");
        if fault == Fault::Huge {
            assert!(reply.is_some_and(|reply| reply.body.len() == 10_000_000));
        }
        stripe.faults.heal();
    }
    let gate = stripe.faults.hold(Call::Authorize);
    let held = {
        let api = api.clone();
        tokio::spawn(async move { ask(&api, path, "held", &create).await })
    };
    gate.reached(1).await;
    assert_eq!(stripe.book().last().unwrap().key, "held");
    assert!(!held.is_finished());
    stripe.faults.release();
    assert_eq!(held.await.unwrap().unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_double_of_easypost_sells_a_shipment_once_and_knows_no_repeats() {
    let easypost = EasyPost::start(NOBODY.into()).await;
    let api = Api::new(easypost.url.clone(), Some(easypost::API_KEY.into()));
    let shipment = json!({"shipment": {"reference": "ful_1_1", "to_address": {"zip": "10115"},
                          "from_address": {"zip": "20095"}, "parcel": {"weight": 17.6}}});
    let made = api.post("/v2/shipments", &shipment).await.expect(201);
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["tracking_code"], Value::Null);
    let buy = format!("/v2/shipments/{id}/buy");
    let wrong = json!({"rate": {"id": "rate_other"}});
    assert_eq!(api.post(&buy, &wrong).await.status, 422);
    let rate = json!({"rate": {"id": made["rates"][0]["id"]}});
    let bought = api.post(&buy, &rate).await.expect(200);
    assert!(bought["tracking_code"].is_string() && bought["postage_label"].is_object());
    let again = api.post(&buy, &rate).await;
    assert_eq!(again.json()["error"]["code"], "SHIPMENT.POSTAGE.EXISTS");
    let by_reference = api.get("/v2/shipments/ful_1_1").await.expect(200);
    assert_eq!(by_reference["tracking_code"], bought["tracking_code"]);
    assert_eq!(api.get("/v2/shipments/ful_9_9").await.status, 404);
    assert_eq!(easypost.labels().len(), 1);
    let page = api.get("/v2/shipments?page_size=10").await.expect(200);
    assert_eq!(page["shipments"][0]["reference"], "ful_1_1");
    api.post(&format!("/v2/shipments/{id}/refund"), &json!({}))
        .await
        .expect(200);
    assert!(easypost.labels()[0].refunded);
    api.post("/v2/shipments", &shipment).await.expect(201);
}

async fn database(script: String) -> PgPool {
    let url = Cluster::shared().empty_database().await;
    let audit = PgPool::connect(&url).await.unwrap();
    audit
        .execute(sqlx::raw_sql(sqlx::AssertSqlSafe(script)))
        .await
        .unwrap();
    audit
}

/// Tables in place of the views, with one order that is right.
const SOUND: &str = "
    create schema orderhub_check;
    set search_path = orderhub_check;
    create table orders (order_id text, channel text, external_id text, version bigint, stage text,
        authorized numeric, captured numeric, refunded numeric);
    create table events (order_id text, version bigint, kind text);
    create table stock (location text, sku text, on_hand bigint, reserved bigint,
        allocated bigint, backorder_limit bigint, shortfall bigint);
    create table stock_ledger (location text, seq bigint, sku text, d_on_hand bigint,
        d_reserved bigint, d_allocated bigint);
    create table reservations (order_id text, location text, quantity bigint, state text);
    create table effects (order_id text, kind text, state text, opened_at timestamptz);
    create table money_ledger (order_id text, entry bigint, account text, amount numeric,
        currency text);
    create table parked (reason text);
    insert into orders values ('ord_1', 'web', 'W-1', 2, 'completed', 10, 10, 0);
    insert into events values ('ord_1', 1, 'order.received'), ('ord_1', 2, 'order.completed');
    insert into stock values ('BER1', 'S', 9, 0, 0, 0, 0);
    insert into stock_ledger values ('BER1', 1, 'S', 10, 0, 0), ('BER1', 2, 'S', 0, 1, 0),
        ('BER1', 3, 'S', 0, -1, 1), ('BER1', 4, 'S', -1, 0, -1);
    insert into reservations values ('ord_1', 'BER1', 1, 'consumed');
    insert into effects values ('ord_1', 'capture_payment', 'closed', now() - interval '1 hour');
    insert into money_ledger values ('ord_1', 2, 'cash:stripe-eu', 10, 'EUR'),
        ('ord_1', 2, 'receivable', -10, 'EUR');";

/// What breaks each rule, alone.
const UNSOUND: [(&str, &str); 14] = [
    ("a gap", "update events set version = 3 where version = 2"),
    ("a missing event", "delete from events where version = 2"),
    ("an order without events", "delete from events"),
    (
        "two orders",
        "insert into orders values ('ord_2', 'web', 'W-1', 0, 'received', 0, 0, 0)",
    ),
    (
        "oversold for a moment",
        "insert into stock_ledger values ('BER1', 5, 'S', 0, 10, 0), ('BER1', 6, 'S', 0, -10, 0)",
    ),
    (
        "below zero for a moment",
        "insert into stock_ledger values ('BER1', 5, 'S', 0, -1, 0), ('BER1', 6, 'S', 0, 1, 0)",
    ),
    (
        "a ledger with a gap",
        "update stock_ledger set seq = 9 where seq = 4",
    ),
    ("a counter of its own", "update stock set on_hand = 8"),
    (
        "an unbalanced entry",
        "update money_ledger set amount = -9 where account = 'receivable'",
    ),
    ("cash from nowhere", "update orders set captured = 9"),
    (
        "an old effect",
        "insert into effects values ('ord_1', 'x', 'open', now() - interval '61 seconds')",
    ),
    (
        "a standing order without stock",
        "update reservations set state = 'released'",
    ),
    (
        "a standing order with too much stock",
        "update reservations set quantity = 2",
    ),
    (
        "an ended order with stock",
        "update orders set stage = 'rejected'; update reservations set state = 'hard'",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_of_the_checker_can_fail() {
    let sound = database(SOUND.to_owned()).await;
    checker::at_rest(&sound, 1).await;
    for (what, damage) in UNSOUND {
        let damaged = database(format!("{SOUND} {damage}")).await;
        let verdict = tokio::spawn({
            let damaged = damaged.clone();
            async move { checker::at_rest(&damaged, 1).await }
        });
        assert!(verdict.await.is_err(), "the checker did not see {what}");
        damaged.close().await;
    }
}
