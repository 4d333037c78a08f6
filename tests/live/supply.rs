//! Orders that wait for supply, and orders whose stock a count found missing.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::doubles::stripe::Applied;
use crate::support::orders::one_unit;
use crate::support::patience::{SOON, until};
use crate::support::world::World;
use crate::support::{books, checker};

const WAITING: u32 = 55;

/// Waits until a line of the order stands in line for supply.
async fn until_in_line(api: &Api, id: &str) {
    until(&format!("{id} stands in line"), SOON, || async {
        let order = api.order(id).await;
        (order["lines"][0]["quantities"]["backordered"] == "1").then_some(())
    })
    .await;
}

async fn receive(api: &Api, reference: &str, quantity: u32) -> Value {
    let body = json!({"reference": reference, "quantity": quantity, "inbound": "PO-1"});
    let reply = api.post("/v1/inventory/BER1/WAVE/receipts", &body).await;
    reply.expect(200)
}

async fn cancel(api: &Api, id: &str) {
    let path = format!("/v1/orders/{id}/actions/cancel");
    let body = json!({"reason": "I cannot wait"});
    api.post(&path, &body).await.expect(200);
    api.until_stage(id, &["cancelled"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_units_that_come_for_fifty_five_go_to_the_oldest_who_still_wait() {
    let mut world = World::start_under("[policy]\nwhen_short = \"wait\"\n").await;
    let api = world.api.clone();
    let mut ids = Vec::new();
    for number in 0..WAITING {
        ids.push(api.place(&one_unit(&format!("W-{number}"), "WAVE")).await);
    }
    for id in &ids {
        until_in_line(&api, id).await;
    }
    let announced =
        json!({"reference": "PO-1", "quantity": 40, "expected_at": "2027-03-01T00:00:00Z"});
    let inbound = "/v1/inventory/BER1/WAVE/inbound";
    let said = api.post(inbound, &announced).await.expect(200);
    assert_eq!(
        (&said["waiting"], &said["inbound"]),
        (&json!(55), &json!(40))
    );
    for impatient in [4, 30] {
        cancel(&api, &ids[impatient]).await;
    }
    // Those who are covered are promised the day, those behind them nothing.
    let promised = async |id: &str| api.order(id).await["lines"][0]["promised_for"].clone();
    until("the promises follow the line", SOON, || async {
        let covered = promised(&ids[41]).await == "2027-03-01T00:00:00Z";
        (covered && promised(&ids[42]).await.is_null()).then_some(())
    })
    .await;

    let first = receive(&api, "R-1", 25).await;
    assert_eq!(
        (&first["repeated"], &first["waiting"]),
        (&json!(false), &json!(28))
    );
    world.hub.kill();
    world.hub.start().await;
    let twice = receive(&api, "R-1", 25).await;
    assert_eq!(
        (&twice["repeated"], &twice["on_hand"]),
        (&json!(true), &json!(25))
    );
    let other = json!({"reference": "R-1", "quantity": 24});
    let refused = api.post("/v1/inventory/BER1/WAVE/receipts", &other).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (409, "reference_conflict")
    );
    let second = receive(&api, "R-2", 15).await;
    assert_eq!(
        (&second["on_hand"], &second["waiting"]),
        (&json!(40), &json!(13))
    );

    let live: Vec<&String> = ids
        .iter()
        .enumerate()
        .filter(|(n, _)| ![4, 30].contains(n))
        .map(|(_, id)| id)
        .collect();
    for id in &live[..40] {
        api.until_stage(id, &["fulfilling"]).await;
    }
    for id in &live[40..] {
        let order = api.order(id).await;
        assert_eq!(order["stage"], "reserving", "{id}");
        assert_eq!(order["lines"][0]["quantities"]["backordered"], "1", "{id}");
        let why = api
            .get(&format!("/v1/orders/{id}/explain"))
            .await
            .expect(200);
        assert_eq!(why["waiting_for"], "stock");
        assert!(why["until"].is_string(), "{why}");
    }
    // The ledger tells in which order they were served.
    let served: Vec<String> = sqlx::query_scalar(
        "select order_id from orderhub_check.stock_ledger where cause = 'supply' order by seq",
    )
    .fetch_all(&world.audit)
    .await
    .unwrap();
    assert_eq!(served.iter().collect::<Vec<_>>(), live[..40]);
    assert_eq!(
        checker::counters(&world.audit, "BER1", "WAVE").await,
        (40, 0, 40)
    );
    checker::at_rest(&world.audit, 1).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_below_the_promises_cancels_the_newest_that_nobody_has_picked() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "CUT", 3).await;
    let mut ids = Vec::new();
    for number in 0..3 {
        let id = api.place(&one_unit(&format!("C-{number}"), "CUT")).await;
        let order = api.until_stage(&id, &["fulfilling"]).await;
        ids.push((
            id,
            order["fulfilments"][0]["id"].as_str().unwrap().to_owned(),
        ));
    }
    // The newest is on somebody's trolley already.
    let (newest, fulfilment) = &ids[2];
    for verb in ["accept", "pick"] {
        let path = format!("/v1/fulfilments/{fulfilment}/{verb}");
        api.post(&path, &json!({})).await.expect(200);
    }
    let path = "/v1/inventory/BER1/CUT";
    let said = api.put(path, &json!({"on_hand": 1})).await.expect(200);
    assert_eq!(
        (&said["on_hand"], &said["allocated"]),
        (&json!(1), &json!(1))
    );
    for (id, _) in &ids[..2] {
        let order = api.until_stage(id, &["cancelled"]).await;
        assert_eq!(order["reason"], "stock_lost", "{order}");
        let voided = world.stripe.book_of(id);
        let voided = voided
            .iter()
            .filter(|(applied, _)| *applied == Applied::Canceled);
        assert_eq!(voided.count(), 1, "{id}");
        let trail = api
            .get(&format!("/v1/orders/{id}/timeline"))
            .await
            .expect(200);
        let cut = |entry: &&Value| entry["kind"] == "inventory.reservation_cut";
        assert_eq!(trail.as_array().unwrap().iter().filter(cut).count(), 1);
    }
    assert_eq!(api.order(newest).await["stage"], "fulfilling");
    assert_eq!(
        checker::counters(&world.audit, "BER1", "CUT").await,
        (1, 0, 1)
    );
    checker::always(&world.audit).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_words_about_supply_are_refused_with_the_next_step_and_change_nothing() {
    let world = World::start().await;
    let api = &world.api;
    let receipts = "/v1/inventory/BER1/SKU-1/receipts";
    for (path, body, code) in [
        (receipts, json!({"reference": "R-1"}), "required"),
        (
            receipts,
            json!({"reference": "R-1", "quantity": 0}),
            "out_of_range",
        ),
        (
            receipts,
            json!({"reference": "R-1", "quantity": "5"}),
            "not_a_count",
        ),
        (
            receipts,
            json!({"reference": "R-1", "quantity": 5, "units": 5}),
            "unknown_field",
        ),
        (
            "/v1/inventory/BER1/SKU-1/inbound",
            json!({"reference": "PO-1", "quantity": 5, "expected_at": "soon"}),
            "bad_time",
        ),
    ] {
        let reply = api.post(path, &body).await;
        assert_eq!((reply.status, reply.code().as_str()), (422, code), "{body}");
    }
    let nowhere = "/v1/inventory/NOWHERE/SKU-1/receipts";
    let body = json!({"reference": "R-1", "quantity": 5});
    assert_eq!(api.post(nowhere, &body).await.status, 404);
    let nobody = api.with_key(None);
    assert_eq!(nobody.post(receipts, &body).await.status, 401);
    let got = Api::send(api.request(Method::GET, receipts)).await;
    assert_eq!(got.status, 405);
    let stock = api.get("/v1/inventory/SKU-1").await.expect(200);
    assert_eq!(stock["locations"], json!([]));
}
