//! Actions of people: carried out, tried out, repeated, refused.

use serde_json::json;

use super::client::{Answer, Ask};
use super::{World, order, world};

async fn placed(world: &World) -> String {
    let answer = world.ask(Ask::post("/v1/orders", order("W-1"))).await;
    answer.json()["id"].as_str().expect("an id").to_owned()
}

async fn act(world: &World, id: &str, verb: &str, body: &serde_json::Value) -> Answer {
    let path = format!("/v1/orders/{id}/actions/{verb}");
    world.ask(Ask::post(&path, body.to_string())).await
}

async fn version(world: &World, id: &str) -> u64 {
    let answer = world.ask(Ask::get(&format!("/v1/orders/{id}"))).await;
    let version = answer.json()["version"].as_u64().expect("a version");
    assert_eq!(
        answer.header("etag"),
        Some(format!("\"{version}\"").as_str())
    );
    version
}

#[tokio::test]
async fn a_hold_is_placed_shown_and_released() {
    let world = world().await;
    let id = placed(&world).await;
    let body = json!({ "reason": "check it", "blocks": ["capture", "ship"], "until": "2100-01-01T00:00:00Z" });
    let hold = act(&world, &id, "hold", &body).await;
    assert_eq!(hold.status, 200, "{hold:?}");
    let hold_id = hold.json()["hold_id"].as_u64().expect("a hold");
    let shown = world
        .ask(Ask::get(&format!("/v1/orders/{id}")))
        .await
        .json();
    let holds = shown["holds"].as_array().expect("holds");
    let ours = holds
        .iter()
        .find(|one| one["id"] == hold_id)
        .expect("our hold");
    assert_eq!(
        (&ours["scope"], &ours["blocks"]),
        (&json!("order"), &json!(["capture", "ship"]))
    );
    assert_eq!(ours["owner"], "operator:tests");
    let release = json!({ "reason": "fine", "hold_id": hold_id });
    assert_eq!(act(&world, &id, "release", &release).await.status, 200);
    let none = json!({ "reason": "fine", "hold_id": 99 });
    let answer = act(&world, &id, "release", &none).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (422, "no_such_hold")
    );
}

#[tokio::test]
async fn a_hold_on_a_line_says_what_happens_when_its_time_is_over() {
    let world = world().await;
    let id = placed(&world).await;
    let sheet = world
        .ask(Ask::get(&format!("/v1/orders/{id}")))
        .await
        .json();
    let line = sheet["lines"][0]["external_id"].as_str().expect("a line");
    let scope = format!("line:{line}");
    let body = json!({
        "reason": "check it", "scope": scope, "blocks": ["ship"],
        "until": "2100-01-01T00:00:00Z", "on_expiry": "cancel",
    });
    assert_eq!(act(&world, &id, "hold", &body).await.status, 200);
    let shown = world
        .ask(Ask::get(&format!("/v1/orders/{id}")))
        .await
        .json();
    let ours = shown["holds"].as_array().and_then(|holds| holds.last());
    let ours = ours.expect("our hold");
    assert_eq!(
        (&ours["scope"], &ours["on_expiry"]),
        (&json!(scope), &json!("cancel"))
    );
}

#[tokio::test]
async fn bad_holds_are_refused_at_the_edge() {
    let world = world().await;
    let id = placed(&world).await;
    for (body, pointer) in [
        (json!({ "reason": "x", "blocks": ["fly"] }), "/blocks/0"),
        (json!({ "reason": "x", "blocks": "ship" }), "/blocks"),
        (json!({ "reason": "x", "blocks": [] }), "/blocks"),
        (json!({ "reason": "x", "scope": "everything" }), "/scope"),
        (
            json!({ "reason": "x", "scope": "ful_019a0000000070008000000000000000_1" }),
            "/scope",
        ),
        (
            json!({ "reason": "x", "until": "2000-01-01T00:00:00Z" }),
            "/until",
        ),
        (json!({ "reason": "x", "until": "soon" }), "/until"),
        (
            json!({ "reason": "x", "until": "2100-01-01T00:00:00Z", "on_expiry": "explode" }),
            "/on_expiry",
        ),
        (
            json!({ "reason": "x", "on_expiry": "cancel" }),
            "/on_expiry",
        ),
        (json!({ "reason": "x", "scope": "line:no-such" }), "/scope"),
        (json!({ "reason": "x".repeat(501) }), "/reason"),
        (json!({ "blocks": ["ship"] }), "/reason"),
    ] {
        let answer = act(&world, &id, "hold", &body).await;
        assert_eq!(
            (answer.status, &answer.json()["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_does_nothing() {
    let world = world().await;
    let id = placed(&world).await;
    let before = version(&world, &id).await;
    let tried = act(
        &world,
        &id,
        "cancel",
        &json!({ "reason": "x", "dry_run": true }),
    )
    .await;
    assert_eq!(tried.status, 200);
    let document = tried.json();
    assert_eq!(
        (&document["dry_run"], &document["version"]),
        (&json!(true), &json!(before))
    );
    let events = document["events"].as_array().expect("events");
    assert!(
        events.contains(&json!("order.cancel_requested")),
        "{events:?}"
    );
    assert_eq!(version(&world, &id).await, before);
    let refused = json!({ "reason": "x", "hold_id": 9, "dry_run": true });
    assert_eq!(
        act(&world, &id, "release", &refused).await.problem(),
        "no_such_hold"
    );
}

#[tokio::test]
async fn a_stale_version_is_412_and_a_repeat_is_answered_all_the_same() {
    let world = world().await;
    let id = placed(&world).await;
    let seen = version(&world, &id).await;
    let key = world.admin_key();
    let hold = |seen: &str, idempotency: &str| {
        Ask::post(
            &format!("/v1/orders/{id}/actions/hold"),
            "{\"reason\":\"x\"}",
        )
        .key(&key)
        .header("if-match", seen)
        .header("idempotency-key", idempotency)
        .send(world.api)
    };
    let quoted = format!("\"{seen}\"");
    let first = hold(&quoted, "one").await;
    assert_eq!(first.status, 200, "{first:?}");
    let again = hold(&quoted, "one").await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let stale = hold(&quoted, "two").await;
    assert_eq!(
        (stale.status, stale.problem().as_str()),
        (412, "stale_version")
    );
    assert_eq!(hold("\"x\"", "three").await.problem(), "if_match_invalid");
    let other = Ask::post(
        &format!("/v1/orders/{id}/actions/hold"),
        "{\"reason\":\"y\"}",
    )
    .key(&key)
    .header("idempotency-key", "one");
    assert_eq!(
        other.send(world.api).await.problem(),
        "idempotency_key_reused"
    );
}

#[tokio::test]
async fn unknown_orders_actions_and_steps_are_404() {
    let world = world().await;
    let id = placed(&world).await;
    let unknown = "ord_019a0000000070008000000000000000";
    let reason = json!({ "reason": "x" });
    for (order, verb) in [
        (unknown, "cancel"),
        ("ord_x", "cancel"),
        ("1", "hold"),
        (id.as_str(), "fly"),
    ] {
        let answer = act(&world, order, verb, &reason).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (404, "not_found"),
            "{order} {verb}"
        );
    }
    let number = id.trim_start_matches("ord_");
    for path in [
        format!("/v1/fulfilments/ful_{number}_1/fly"),
        format!("/v1/fulfilments/ful_{number}_0/pack"),
        format!("/v1/fulfilments/ful_{number}/pack"),
        format!("/v1/fulfilments/{id}/pack"),
    ] {
        assert_eq!(
            world.ask(Ask::post(&path, "{}")).await.problem(),
            "not_found",
            "{path}"
        );
    }
    let none = world
        .ask(Ask::post(
            &format!("/v1/fulfilments/ful_{number}_7/pack"),
            "{}",
        ))
        .await;
    assert_eq!(
        (none.status, none.problem().as_str()),
        (404, "no_such_fulfilment")
    );
}

#[tokio::test]
async fn a_cancelled_order_cannot_be_cancelled_under_another_key_but_repeats_are_answered() {
    let world = world().await;
    let id = placed(&world).await;
    let first = act(&world, &id, "cancel", &json!({ "reason": "x" })).await;
    assert_eq!(first.status, 200, "{first:?}");
    let again = act(&world, &id, "cancel", &json!({ "reason": "x" })).await;
    assert!(
        again.status == 200 || again.problem() == "wrong_stage",
        "{again:?}"
    );
}
