//! Reading: orders, lists, stock, probes.

use std::sync::atomic::Ordering;

use serde_json::json;

use super::client::Ask;
use super::{Scope, order, world};

#[tokio::test]
async fn personal_data_is_masked_without_the_scope_for_it() {
    let world = world().await;
    let id = world
        .ask(Ask::post("/v1/orders", order("W-1")))
        .await
        .json()["id"]
        .clone();
    let path = format!("/v1/orders/{}", id.as_str().expect("an id"));
    let plain = world.ring.add(&[Scope::OrdersWrite], None);
    let trusted = world.ring.add(&[Scope::PiiRead], None);
    let masked = Ask::get(&path).key(&plain).send(world.api).await;
    assert!(
        !masked.body.contains("Lovelace") && !masked.body.contains("lovelace"),
        "{masked:?}"
    );
    assert_eq!(masked.json()["customer"]["masked"], true);
    let full = Ask::get(&path).key(&trusted).send(world.api).await;
    assert_eq!(full.json()["customer"]["name"], "Ada Lovelace");
}

#[tokio::test]
async fn an_order_is_shown_with_everything_that_the_contract_names() {
    let world = world().await;
    let id = world
        .ask(Ask::post("/v1/orders", order("W-1")))
        .await
        .json()["id"]
        .clone();
    let id = id.as_str().expect("an id");
    let shown = world
        .ask(Ask::get(&format!("/v1/orders/{id}")))
        .await
        .json();
    for member in [
        "id",
        "channel",
        "external_id",
        "number",
        "version",
        "stage",
        "reason",
        "status",
        "test",
        "placed_at",
        "updated_at",
        "wake_at",
        "totals",
        "customer",
        "lines",
        "payment",
        "fulfilments",
        "returns",
        "holds",
        "outstanding",
    ] {
        assert!(
            shown.get(member).is_some(),
            "{member} is missing in {shown}"
        );
    }
    assert_eq!(shown["totals"]["grand"], "10.00");
    assert_eq!(shown["payment"]["status"], "none");
    let quantities = shown["lines"][0]["quantities"]
        .as_object()
        .expect("quantities");
    for part in [
        "ordered",
        "cancelled",
        "unallocated",
        "backordered",
        "soft",
        "hard",
        "picked",
        "shipped",
        "delivered",
        "lost",
        "returned",
    ] {
        assert!(quantities[part].is_string(), "{part}");
    }
    assert_eq!(quantities["ordered"], "1");
    let timeline = world
        .ask(Ask::get(&format!("/v1/orders/{id}/timeline")))
        .await
        .json();
    assert_eq!(
        (&timeline[0]["version"], &timeline[0]["kind"]),
        (&json!(1), &json!("order.received"))
    );
    for member in ["occurred_at", "recorded_at", "actor", "summary", "raw"] {
        assert!(timeline[0].get(member).is_some(), "{member}");
    }
    let explained = world
        .ask(Ask::get(&format!("/v1/orders/{id}/explain")))
        .await
        .json();
    for member in [
        "stage",
        "waiting_for",
        "since",
        "until",
        "then",
        "because",
        "actions",
        "recommended",
    ] {
        assert!(explained.get(member).is_some(), "{member}");
    }
}

#[tokio::test]
async fn lists_come_in_pages_that_join_without_a_gap() {
    let world = world().await;
    for n in 0..5 {
        world
            .ask(Ask::post("/v1/orders", order(&format!("W-{n}"))))
            .await;
    }
    let mut path = "/v1/orders?limit=2".to_owned();
    let mut seen = Vec::new();
    loop {
        let answer = world.ask(Ask::get(&path)).await;
        let page = answer.json();
        let data = page["data"].as_array().expect("data");
        seen.extend(
            data.iter()
                .map(|order| order["external_id"].as_str().expect("an id").to_owned()),
        );
        assert_eq!(page["has_more"], page["next_cursor"].is_string());
        assert_eq!(answer.header("link").is_some(), page["has_more"] == true);
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/orders?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, ["W-4", "W-3", "W-2", "W-1", "W-0"]);
    for query in [
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=x",
        "stage=fly",
        "updated_after=x",
        "colour=red",
    ] {
        let answer = world.ask(Ask::get(&format!("/v1/orders?{query}"))).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (422, "invalid_query"),
            "{query}"
        );
    }
}

#[tokio::test]
async fn stock_is_counted_and_read_back() {
    let world = world().await;
    let path = "/v1/inventory/BER1/A%20B%2F1";
    let put = world
        .ask(Ask::put(path, "{\"on_hand\":100,\"buffer\":7}"))
        .await;
    assert_eq!((put.status, &put.json()["sku"]), (200, &json!("A B/1")));
    let read = world.ask(Ask::get("/v1/inventory/A%20B%2F1")).await.json();
    let expected = json!({
        "location": "BER1", "on_hand": 100, "reserved": 0, "allocated": 0, "buffer": 7, "available": 93,
        "backorder_limit": 0, "waiting": 0, "inbound": 0, "quotas": []
    });
    assert_eq!(read, json!({ "sku": "A B/1", "locations": [expected] }));
    let nowhere = world
        .ask(Ask::put("/v1/inventory/MOON/A", "{\"on_hand\":1}"))
        .await;
    assert_eq!(
        (nowhere.status, nowhere.problem().as_str()),
        (404, "not_found")
    );
    for (body, code) in [
        ("{\"on_hand\":\"1\"}", "not_a_count"),
        ("{\"on_hand\":1.5}", "not_a_count"),
        ("{\"on_hand\":-1}", "negative"),
        ("{\"on_hand\":9223372036854775808}", "out_of_range"),
        ("{}", "required"),
        ("{\"on_hand\":1,\"onhand\":2}", "unknown_field"),
    ] {
        let answer = world.ask(Ask::put(path, body)).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (422, code),
            "{body}"
        );
    }
}

#[tokio::test]
async fn probes_answer_on_both_addresses_and_metrics_on_one() {
    let world = world().await;
    for address in [world.api, world.admin] {
        for path in ["/livez", "/readyz", "/startupz", "/version"] {
            assert_eq!(Ask::get(path).send(address).await.status, 200, "{path}");
        }
    }
    world.hub.not_ready.store(true, Ordering::Relaxed);
    let ready = Ask::get("/readyz").send(world.api).await;
    assert_eq!((ready.status, ready.problem().as_str()), (503, "not_ready"));
    assert_eq!(Ask::get("/livez").send(world.api).await.status, 200);
    assert_eq!(Ask::get("/startupz").send(world.api).await.status, 200);
    assert_eq!(Ask::get("/metrics").send(world.api).await.status, 404);
    let metrics = Ask::get("/metrics").send(world.admin).await;
    assert!(metrics.body.contains("orderhub_build_info 1"));
    assert_eq!(Ask::get("/v1/orders").send(world.admin).await.status, 404);
}
