//! A location takes no new work: what it has not begun goes to others, also when the hub is killed, and
//! it takes work again when somebody says so.

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::journey::step;
use crate::support::operator::Operator;
use crate::support::orders::one_unit;
use crate::support::patience::{AFTER_A_CRASH, until};
use crate::support::world::World;
use crate::support::{books, checker};

/// The open piece of work of an order with one line, once it has settled: its id, location and stage.
async fn work(api: &Api, order: &str) -> Option<(String, String, String)> {
    let order = api.order(order).await;
    if !order["outstanding"].as_array()?.is_empty() {
        return None;
    }
    let over = ["rejected", "unanswered", "cancelled"];
    let mut all = order["fulfilments"].as_array()?.iter();
    let one = all.rfind(|one| !over.contains(&one["stage"].as_str().unwrap_or_default()))?;
    let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
    Some((text("id"), text("location"), text("stage")))
}

async fn asked_at(api: &Api, order: &str, location: &str) -> String {
    let what = format!("{order} is asked of {location}");
    // Who could not be told before the kill, nor while the hub starts, is told within a minute.
    let (id, ..) = until(&what, AFTER_A_CRASH, || async {
        let found = work(api, order).await?;
        (found.1 == location && found.2 != "planned").then_some(found)
    })
    .await;
    id
}

async fn paused(api: &Api) -> Vec<Value> {
    let known = api.get("/v1/locations").await.expect(200);
    let known = known["data"].as_array().expect("a list").clone();
    let paused = known.into_iter().filter(|one| !one["paused"].is_null());
    paused.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_location_that_goes_dark_gives_its_open_work_to_others_and_stays_dark_through_a_kill() {
    let mut world = World::start_with(&["BER1", "HAM1"], None).await;
    world.api.count("BER1", "SKU-1", 50).await;
    world.api.count("HAM1", "SKU-1", 50).await;
    let mut orders = Vec::new();
    for number in 0..20 {
        let order = one_unit(&format!("OUT-{number}"), "SKU-1");
        orders.push(world.api.place(&order).await);
    }
    let mut before = Vec::new();
    for order in &orders {
        before.push(asked_at(&world.api, order, "BER1").await);
    }
    let listed = world.api.get("/v1/locations").await.expect(200);
    assert_eq!(listed["data"][0]["work_day"]["taken"], 20);
    // A few have begun, a few have only agreed.
    for id in &before[..4] {
        step(&world.api, id, "accept").await;
        step(&world.api, id, "pick").await;
    }
    for id in &before[4..8] {
        step(&world.api, id, "accept").await;
    }

    let operator = Operator::of(&world);
    let said = operator.json("locations pause BER1 --reason power-cut");
    assert_eq!(said["changed"], true);
    assert_eq!(said["paused"]["reason"], "power-cut");
    let again = json!({"reason": "said twice"});
    let again = world.api.post("/v1/locations/BER1/pause", &again).await;
    let again = again.expect(200);
    assert_eq!(
        (&again["changed"], &again["paused"]["reason"]),
        (&json!(false), &json!("power-cut"))
    );
    let nowhere = json!({"reason": "a typing mistake"});
    let nowhere = world.api.post("/v1/locations/BER9/pause", &nowhere).await;
    assert_eq!(nowhere.status, 404);

    // Killed in the middle of it: the rest is told after the start.
    world.hub.kill();
    world.hub.start().await;
    let api = &world.api;
    assert_eq!(paused(api).await.len(), 1);
    for (order, id) in orders.iter().zip(&before).take(4) {
        assert_eq!(
            &asked_at(api, order, "BER1").await,
            id,
            "it is in somebody's hands"
        );
    }
    for (order, id) in orders.iter().zip(&before).skip(4) {
        asked_at(api, order, "HAM1").await;
        let late = api
            .post(&format!("/v1/fulfilments/{id}/accept"), &json!({}))
            .await;
        assert_eq!(late.code(), "wrong_stage", "somebody else does it");
    }
    let meanwhile = api.place(&one_unit("OUT-A", "SKU-1")).await;
    asked_at(api, &meanwhile, "HAM1").await;
    let shelves = async || {
        let here = checker::counters(&world.audit, "BER1", "SKU-1").await;
        (here, checker::counters(&world.audit, "HAM1", "SKU-1").await)
    };
    assert_eq!(shelves().await, ((50, 0, 4), (50, 0, 17)));

    let operator = Operator::of(&world);
    operator.text("locations resume BER1 --reason light-again");
    assert_eq!(paused(api).await, Vec::<Value>::new());
    let afterwards = api.place(&one_unit("OUT-B", "SKU-1")).await;
    asked_at(api, &afterwards, "BER1").await;
    checker::at_rest(&world.audit, 1).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
}
