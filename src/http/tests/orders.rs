//! Sending orders: what is recorded, recognised and refused.

use std::time::Duration;

use orderhub_actors::api::HubError;

use super::client::Ask;
use super::{Limits, limits, order, world, world_with};

#[tokio::test]
async fn the_same_order_again_is_200_with_the_same_bytes() {
    let world = world().await;
    let first = world.ask(Ask::post("/v1/orders", order("W-1"))).await;
    assert_eq!(first.status, 201);
    let document = first.json();
    assert!(
        document["id"]
            .as_str()
            .is_some_and(|id| id.starts_with("ord_"))
    );
    assert_eq!(
        (&document["channel"], &document["version"]),
        (&"web".into(), &1.into())
    );
    let reordered = r#" {"sku":"A" , "external_id":"W-1","channel":"web"}"#;
    for body in [order("W-1"), reordered.to_owned()] {
        let again = world.ask(Ask::post("/v1/orders", body)).await;
        assert_eq!((again.status, &again.body), (200, &first.body));
        assert_eq!(again.header("idempotency-replayed"), None);
    }
    let other = world
        .ask(Ask::post(
            "/v1/orders",
            order("W-1").replace("\"A\"", "\"B\""),
        ))
        .await;
    assert_eq!(
        (other.status, other.problem().as_str()),
        (409, "external_id_conflict")
    );
}

#[tokio::test]
async fn a_repeat_of_a_key_gets_the_first_status_and_body() {
    let world = world().await;
    let key = world.admin_key();
    let send = |body: String| {
        let ask = Ask::post("/v1/orders", body)
            .key(&key)
            .header("idempotency-key", "abc");
        ask.send(world.api)
    };
    let first = send(order("W-1")).await;
    assert_eq!(
        (first.status, first.header("idempotency-replayed")),
        (201, None)
    );
    let again = send(order("W-1")).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let reused = send(order("W-1").replace("\"A\"", "\"B\"")).await;
    assert_eq!(
        (reused.status, reused.problem().as_str()),
        (422, "idempotency_key_reused")
    );
    // The key belongs to the order that it reached.
    let elsewhere = send(order("W-2")).await;
    assert_eq!(elsewhere.status, 201);
    assert_ne!(elsewhere.json()["id"], first.json()["id"]);
    assert_eq!(world.hub.count_orders(), 2);
}

#[tokio::test]
async fn a_key_that_first_meets_a_known_order_is_remembered() {
    let world = world().await;
    let api_key = world.admin_key();
    let send = |body: String, key: Option<&'static str>| {
        let ask = Ask::post("/v1/orders", body).key(&api_key);
        let ask = match key {
            Some(key) => ask.header("idempotency-key", key),
            None => ask,
        };
        ask.send(world.api)
    };
    let other_body = || order("W-1").replace("\"A\"", "\"B\"");
    let first = send(order("W-1"), None).await;
    let known = send(order("W-1"), Some("late")).await;
    assert_eq!((known.status, &known.body), (200, &first.body));
    assert_eq!(known.header("idempotency-replayed"), None);
    let again = send(order("W-1"), Some("late")).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    for (key, status, code) in [
        (Some("late"), 422, "idempotency_key_reused"),
        (Some("later"), 409, "external_id_conflict"),
        (None, 409, "external_id_conflict"),
    ] {
        let answer = send(other_body(), key).await;
        assert_eq!((answer.status, answer.problem().as_str()), (status, code));
    }
}

#[tokio::test]
async fn bad_keys_and_channels_are_refused() {
    let world = world().await;
    for key in ["", "  ", &"k".repeat(256)] {
        let ask = Ask::post("/v1/orders", order("W-1")).header("idempotency-key", key);
        assert_eq!(world.ask(ask).await.problem(), "idempotency_key_invalid");
    }
    for channel in ["none", "shop"] {
        let body = order("W-1").replace("web", channel);
        let answer = world.ask(Ask::post("/v1/orders", body)).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (422, "unknown_channel")
        );
        assert_eq!(answer.json()["errors"][0]["pointer"], "/channel");
    }
    for (pickup, status) in [("STORE-3", 201), ("STORE-4", 422)] {
        let field = format!("\"pickup_location\":\"{pickup}\"}}");
        let body = order(pickup).replace('}', &format!(",{field}"));
        let answer = world.ask(Ask::post("/v1/orders", body)).await;
        assert_eq!(answer.status, status, "{pickup}");
        if status == 422 {
            assert_eq!(answer.problem(), "unknown_location");
            assert_eq!(answer.json()["errors"][0]["pointer"], "/pickup_location");
        }
    }
    let blank = world.ask(Ask::post("/v1/orders", order(" "))).await;
    assert_eq!((blank.status, blank.problem().as_str()), (422, "required"));
    assert_eq!(world.hub.count_orders(), 1, "the one to collect");
}

#[tokio::test]
async fn what_the_hub_cannot_do_now_is_503_and_retryable() {
    let world = world().await;
    let retry_after = Duration::from_secs(3);
    for (error, code) in [
        (HubError::Overloaded { retry_after }, "overloaded"),
        (HubError::Unavailable("down".into()), "store_unavailable"),
        (HubError::OutcomeUnknown("cut".into()), "outcome_unknown"),
        (HubError::ReadOnly("newer".into()), "read_only"),
    ] {
        world.hub.fail_next(error);
        let answer = world.ask(Ask::post("/v1/orders", order("W-1"))).await;
        assert_eq!((answer.status, answer.problem().as_str()), (503, code));
        assert_eq!(answer.json()["retryable"], true);
    }
    assert_eq!(
        world
            .ask(Ask::post("/v1/orders", order("W-1")))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn an_order_whose_sender_hangs_up_is_recorded_all_the_same() {
    let world = world().await;
    *world.hub.slowness.lock().expect("a lock") = Duration::from_millis(150);
    let bytes = Ask::post("/v1/orders", order("W-1"))
        .key(&world.admin_key())
        .bytes();
    let mut stream = tokio::net::TcpStream::connect(world.api)
        .await
        .expect("a connection");
    tokio::io::AsyncWriteExt::write_all(&mut stream, &bytes)
        .await
        .expect("written");
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(stream);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(world.hub.count_orders(), 1);
}

#[tokio::test]
async fn a_hub_that_thinks_too_long_is_an_unknown_outcome() {
    let limits = Limits {
        answer_time: Duration::from_millis(50),
        ..limits()
    };
    let world = world_with(limits).await;
    *world.hub.slowness.lock().expect("a lock") = Duration::from_millis(200);
    let answer = world.ask(Ask::post("/v1/orders", order("W-1"))).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (503, "outcome_unknown")
    );
}

#[tokio::test]
async fn a_batch_gets_a_verdict_per_line_in_order() {
    let world = world().await;
    let too_long = "x".repeat(1024 * 1024 + 1);
    let lines = [
        order("B-1"),
        "{".into(),
        String::new(),
        order("B-1"),
        too_long,
        order("B-2"),
    ];
    let ask = Ask::post("/v1/orders/batch", lines.join("\n"))
        .header("content-type", "application/x-ndjson");
    let answer = world.ask(ask).await;
    assert_eq!(answer.status, 200);
    let verdicts: Vec<serde_json::Value> = answer
        .body
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let statuses: Vec<_> = verdicts
        .iter()
        .map(|verdict| verdict["status"].as_u64())
        .collect();
    assert_eq!(statuses, [201, 400, 200, 413, 201].map(Some));
    assert_eq!(verdicts[0]["order"], verdicts[2]["order"]);
    assert_eq!(verdicts[1]["error"]["code"], "malformed_json");
    assert_eq!(world.hub.count_orders(), 2);
}

#[tokio::test]
async fn a_batch_ends_after_a_thousand_lines_and_needs_one() {
    let world = world().await;
    let batch = |body: String| {
        Ask::post("/v1/orders/batch", body).header("content-type", "application/x-ndjson")
    };
    let lines: String = (0..1_002)
        .map(|n| order(&format!("B-{n}")) + "\n")
        .collect();
    let answer = world.ask(batch(lines)).await;
    let last: serde_json::Value =
        serde_json::from_str(answer.body.lines().last().expect("a line")).expect("JSON");
    assert_eq!(
        (answer.body.lines().count(), &last["error"]["code"]),
        (1_001, &"too_many".into())
    );
    assert_eq!(world.hub.count_orders(), 1_000);
    let empty = world.ask(batch("\n\n".into())).await;
    assert_eq!(
        (empty.status, empty.problem().as_str()),
        (400, "empty_body")
    );
}
