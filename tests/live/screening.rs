//! Screening and review on the real binary: what holds an order back, who decides about it, and what
//! happens when nobody does, when the counts cannot be read, and when the hub dies in between.

mod review_queue;
mod unknown_sku;

use http::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};

use crate::support::api::Api;
use crate::support::books;
use crate::support::operator::Operator;
use crate::support::orders::one_unit;
use crate::support::patience::{SOON, until};
use crate::support::world::World;

/// The third order of one e-mail address within an hour is looked at.
const WARY: &str = r#"
[policy.screening]
window = "1h"
email_orders = 3
email_weight = 60
"#;

/// The same, where an order that was not counted is looked at too.
const CAREFUL: &str = r#"
[policy.screening]
window = "1h"
email_orders = 3
email_weight = 60
when_degraded = "review"
"#;

/// The same, where nobody comes.
const HASTY: &str = r#"
[policy]
review_sla = "2s"
review_default = "reject"
[policy.screening]
window = "1h"
email_orders = 3
email_weight = 60
"#;

/// A table that takes what is written and cannot be counted from, in the place of the real one.
const AWAY: &str = "
alter table orderhub.order_mark rename to order_mark_away;
create table orderhub.order_mark (mark uuid, kind smallint, seen_at text, order_id uuid);
";

const BACK: &str = "
drop table orderhub.order_mark;
alter table orderhub.order_mark_away rename to order_mark;
";

async fn run(audit: &PgPool, statements: &str) {
    let statements = AssertSqlSafe(statements.to_owned());
    sqlx::raw_sql(statements).execute(audit).await.unwrap();
}

async fn explained(api: &Api, id: &str) -> Value {
    api.get(&format!("/v1/orders/{id}/explain"))
        .await
        .expect(200)
}

/// The raw body of the order's `order.screened`.
async fn screened(api: &Api, id: &str) -> Value {
    let timeline = api.get(&format!("/v1/orders/{id}/timeline")).await;
    let entries = timeline.expect(200);
    let entries = entries.as_array().cloned().unwrap_or_default();
    let found = entries.iter().find(|one| one["kind"] == "order.screened");
    found.expect("it was screened")["raw"].clone()
}

async fn reviews(audit: &PgPool) -> i64 {
    let count = "select count(*) from orderhub.event where kind = 'order.reviewed'";
    sqlx::query_scalar(count).fetch_one(audit).await.unwrap()
}

/// No event, no mark and no line of the hub's list names a buyer.
async fn nobody_is_named(world: &World) {
    // Longer than any run of digits in an id.
    for personal in ["ada example", "shop.example", "chausseestr", "\"10115\""] {
        let count: i64 = sqlx::query_scalar(
            "select (select count(*) from orderhub.event where body::text ilike $1) \
                  + (select count(*) from orderhub.order_mark m where m::text ilike $1)",
        )
        .bind(format!("%{personal}%"))
        .fetch_one(&world.audit)
        .await
        .unwrap();
        assert_eq!(count, 0, "{personal}");
        let words = world.hub.last_words().to_lowercase();
        assert!(!words.contains(personal), "{personal}: {words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_third_order_of_an_address_waits_for_a_person_and_the_hub_may_die_meanwhile() {
    let mut world = World::start_under(WARY).await;
    let api = world.api.clone();
    api.count("BER1", "SKU-1", 20).await;
    for name in ["W-1", "W-2"] {
        let order = one_unit(name, "SKU-1");
        let id = api.place(&order).await;
        // Sent again, it is the same order and counts once.
        for _ in 0..3 {
            let again = api.post("/v1/orders", &order).await.expect(200);
            assert_eq!(again["id"], id.as_str());
        }
        api.until_stage(&id, &["fulfilling"]).await;
    }
    let third = api.place(&one_unit("W-3", "SKU-1")).await;
    let fourth = api.place(&one_unit("W-4", "SKU-1")).await;
    let mut other = one_unit("W-5", "SKU-1");
    other["customer"]["email"] = "grace@shop.example".into();
    let other = api.place(&other).await;
    api.until_stage(&other, &["fulfilling"]).await;
    assert_eq!(api.order(&third).await["stage"], "screening");
    let event = screened(&api, &third).await;
    assert_eq!(event["verdict"], "review");
    assert_eq!(event["features"]["email_orders"], 3, "{event}");
    assert_eq!(
        event["reasons"],
        json!([{"rule": "email_velocity", "points": 60}])
    );
    until("the queue lists both", SOON, || async {
        let queue = api.get("/v1/orders?stage=screening").await.expect(200);
        (queue["data"].as_array()?.len() == 2).then_some(())
    })
    .await;
    let why = explained(&api, &third).await;
    assert_eq!(why["waiting_for"], "person");
    assert_eq!(why["recommended"], "reject");
    assert_eq!(why["until"], event["review_until"]);

    let action = |id: &str, verb: &str| format!("/v1/orders/{id}/actions/{verb}");
    let reason = json!({ "reason": "called her back" });
    let trial = json!({ "reason": "called her back", "dry_run": true });
    let trial = api
        .post(&action(&third, "approve"), &trial)
        .await
        .expect(200);
    assert_eq!(trial["events"][0], "order.reviewed", "{trial}");
    let stale = api.request(Method::POST, &action(&third, "approve"));
    let stale = Api::send(stale.header("if-match", "\"1\"").json(&reason)).await;
    assert_eq!(stale.code(), "stale_version");

    world.hub.kill();
    world.hub.start().await;
    assert_eq!(api.order(&third).await["stage"], "screening");
    assert_eq!(
        world.stripe.book_of(&third),
        [],
        "nothing is authorised before"
    );
    let shelf = api.get("/v1/inventory/SKU-1").await.expect(200);
    let shelf = &shelf["locations"][0];
    let promised = shelf["reserved"].as_i64().zip(shelf["allocated"].as_i64());
    assert_eq!(
        promised.map(|(soft, firm)| soft + firm),
        Some(3),
        "for W-1, W-2 and W-5: {shelf}"
    );
    let operator = Operator::of(&world);
    operator.text(&format!("orders approve {third} --reason fine"));
    api.until_stage(&third, &["fulfilling"]).await;
    let keyed = || {
        let request = api.request(Method::POST, &action(&fourth, "reject"));
        Api::send(request.header("idempotency-key", "reject-4").json(&reason))
    };
    let rejected = keyed().await.expect(200);
    assert_eq!(
        keyed().await.expect(200),
        rejected,
        "a repeat gets the same answer"
    );
    let ended = api.order(&fourth).await;
    assert_eq!(
        (&ended["stage"], &ended["reason"]),
        (&json!("rejected"), &json!("fraud_review"))
    );
    let late = api.post(&action(&fourth, "approve"), &reason).await;
    assert_eq!((late.status, late.code()), (409, "wrong_stage".to_owned()));
    let refused = operator.run(&format!("orders reject {third} --reason late"));
    assert!(refused.words.contains("cannot be rejected"), "{refused:?}");

    assert_eq!(reviews(&world.audit).await, 2);
    assert_eq!(world.stripe.book_of(&fourth), []);
    nobody_is_named(&world).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nobody_reviews_an_order_its_default_happens_once_also_after_a_crash() {
    let mut world = World::start_under(HASTY).await;
    let api = world.api.clone();
    api.count("BER1", "SKU-1", 20).await;
    for name in ["W-1", "W-2"] {
        api.place(&one_unit(name, "SKU-1")).await;
    }
    let third = api.place(&one_unit("W-3", "SKU-1")).await;
    world.hub.kill();
    world.hub.start().await;
    let ended = api.until_stage(&third, &["rejected"]).await;
    assert_eq!(ended["reason"], "fraud_review");
    let approve = format!("/v1/orders/{third}/actions/approve");
    let late = api.post(&approve, &json!({ "reason": "late" })).await;
    assert_eq!(late.code(), "wrong_stage");
    world.hub.kill();
    world.hub.start().await;
    assert_eq!(api.order(&third).await["version"], ended["version"]);
    assert_eq!(reviews(&world.audit).await, 1);
    assert_eq!(world.stripe.book_of(&third), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_cannot_be_counted_are_taken_and_say_so() {
    let world = World::start_under(CAREFUL).await;
    let api = world.api.clone();
    api.count("BER1", "SKU-1", 20).await;
    let first = api.place(&one_unit("W-1", "SKU-1")).await;
    api.until_stage(&first, &["fulfilling"]).await;
    run(&world.audit, AWAY).await;
    let uncounted = api.place(&one_unit("W-2", "SKU-1")).await;
    run(&world.audit, BACK).await;
    let event = screened(&api, &uncounted).await;
    assert_eq!(event["degraded"], json!(["counts"]), "{event}");
    assert_eq!(event["features"]["counts"], "unread");
    let why = explained(&api, &uncounted).await;
    let because = why["because"].as_str().unwrap_or_default();
    assert!(
        because.contains("It was screened without counts."),
        "{because}"
    );
    assert_eq!(why["recommended"], "approve");
    let approve = format!("/v1/orders/{uncounted}/actions/approve");
    api.post(&approve, &json!({ "reason": "seen" }))
        .await
        .expect(200);
    api.until_stage(&uncounted, &["fulfilling"]).await;
    let counted = api.place(&one_unit("W-3", "SKU-1")).await;
    let event = screened(&api, &counted).await;
    assert_eq!(event["features"]["counts"], "read");
    assert_eq!(
        event["features"]["email_orders"], 2,
        "what was not remembered is not counted"
    );
    api.until_stage(&counted, &["fulfilling"]).await;
}
