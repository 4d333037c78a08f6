//! What buyers send back: the gateway's own book, the shelf and the answers that people get.

mod label;

use serde_json::{Value, json};

use crate::support::api::{Api, Reply};
use crate::support::doubles::stripe::Applied;
use crate::support::journey;
use crate::support::operator::Operator;
use crate::support::patience::{AFTER_A_CRASH, SOON, until};
use crate::support::world::World;
use crate::support::{books, checker};

/// An order of four units for 10.00 each that has been delivered and paid.
async fn delivered(world: &World, external_id: &str) -> String {
    world.api.count("BER1", "SKU-1", 10).await;
    let order = json!({
        "channel": "web", "external_id": external_id, "placed_at": "2026-11-20T09:00:00Z",
        "currency": "EUR", "tax_mode": "inclusive", "customer": { "name": "Ada" },
        "ship_to": { "name": "Ada", "lines": ["Weg 1"], "city": "Berlin", "postcode": "10115",
            "country": "DE" },
        "lines": [{ "external_id": "1", "sku": "SKU-1", "title": "Shoes", "quantity": "4",
            "unit_price": "10.00" }],
        "payment": { "terms": "to_authorize", "gateway": "stripe-eu", "token": "pm_card_visa" },
        "stated_total": "40.00",
    });
    let order = world.api.place(&order).await;
    let tracking = journey::ship(&world.api, &order).await;
    journey::deliver(&world.easypost, &tracking).await;
    world.api.until_stage(&order, &["completed"]).await;
    order
}

/// What the gateway gave back, in cents.
fn given(world: &World, order: &str) -> Vec<i64> {
    let book = world.stripe.book_of(order).into_iter();
    let refunds = book.filter(|(did, _)| *did == Applied::Refunded);
    refunds.map(|(_, cents)| cents).collect()
}

async fn until_return(world: &World, order: &str, number: usize, stage: &str) -> Value {
    let what = format!("return {number} is {stage}");
    until(&what, AFTER_A_CRASH, || async {
        let back = world.api.order(order).await["returns"][number - 1].clone();
        (back["stage"] == stage).then_some(back)
    })
    .await
}

async fn on_hand(world: &World) -> i64 {
    let stock = world.api.get("/v1/inventory/SKU-1").await.expect(200);
    let here = stock["locations"].as_array().unwrap().iter();
    let here = here.filter(|one| one["location"] == "BER1");
    here.map(|one| one["on_hand"].as_i64().unwrap()).sum()
}

async fn keyed(world: &World, path: &str, body: &Value, key: &str) -> Reply {
    let request = world.api.request(reqwest::Method::POST, path).json(body);
    Api::send(request.header("Idempotency-Key", key)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_that_goes_wrong_is_paid_for_what_was_accepted_and_shelved_once() {
    let world = World::start().await;
    let order = delivered(&world, "RET-1").await;
    let path = format!("/v1/orders/{order}/returns");
    let announced =
        json!({ "reason": "does not fit", "lines": [{ "line": "1", "quantity": "3" }] });
    let tried = json!({ "reason": "does not fit", "dry_run": true });
    let tried = world.api.post(&path, &tried).await.expect(200);
    assert_eq!(
        tried["events"],
        json!(["return.requested", "return.approved"])
    );
    let first = keyed(&world, &path, &announced, "open-1").await;
    let again = keyed(&world, &path, &announced, "open-1").await;
    assert_eq!((first.status, &first.body), (200, &again.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    let back = first.json()["id"].as_str().unwrap().to_owned();
    assert!(back.starts_with("ret_") && back.ends_with("_1"), "{back}");

    let step = |verb: &str| format!("/v1/returns/{back}/{verb}");
    let parcel = json!({ "location": "BER1", "parcel": "A", "lines": [
        { "line": "1", "quantity": "1" }, { "sku": "SKU-9", "quantity": "1" }] });
    world.api.post(&step("receive"), &parcel).await.expect(200);
    world.api.post(&step("receive"), &parcel).await.expect(200);
    let why = world
        .api
        .get(&format!("/v1/orders/{order}/explain"))
        .await
        .expect(200);
    assert_eq!(why["recommended"], "inspect_return", "{why}");
    let good = json!({ "lines": [{ "line": "1", "quantity": "1", "disposition": "restock" }] });
    world.api.post(&step("inspect"), &good).await.expect(200);
    let late =
        json!({ "location": "BER1", "parcel": "B", "lines": [{ "line": "1", "quantity": "1" }] });
    world.api.post(&step("receive"), &late).await.expect(200);
    let broken = json!({ "disposition": "scrap" });
    world.api.post(&step("inspect"), &broken).await.expect(200);

    until("two units are paid back", SOON, || async {
        let shown = world.api.order(&order).await;
        (shown["payment"]["refunded"] == "20.00" && shown["outstanding"] == json!([])).then_some(())
    })
    .await;
    let given = given(&world, &order);
    assert_eq!(given.iter().sum::<i64>(), 2000, "{given:?}");
    assert_eq!(
        on_hand(&world).await,
        7,
        "ten less four sold, one came back whole"
    );
    let shown = until_return(&world, &order, 1, "partly_received").await;
    assert_eq!(shown["refund"]["refunded"], "20.00", "{shown}");
    assert_eq!(shown["parcels"][0]["unexpected"][0]["sku"], "SKU-9");
    let done = json!({ "reason": "the rest is kept" });
    world.api.post(&step("close"), &done).await.expect(200);
    until_return(&world, &order, 1, "closed").await;
    let line = world.api.order(&order).await["lines"][0]["quantities"].clone();
    assert_eq!(
        (&line["delivered"], &line["returned"]),
        (&json!("4"), &json!("2"))
    );
    checker::always(&world.audit).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_answer_returns_from_the_command_line_and_bad_input_loses_nothing() {
    let world = World::start().await;
    let order = delivered(&world, "RET-2").await;
    let path = format!("/v1/orders/{order}/returns");
    let three = |quantity: &str| json!([{ "line": "1", "quantity": quantity }]);
    for (body, status, code, pointer) in [
        (json!({ "lines": three("1") }), 422, "required", "/reason"),
        (
            json!({ "reason": "x", "lines": three("5") }),
            422,
            "too_many",
            "/lines/0/quantity",
        ),
        (
            json!({ "reason": "x", "lines": [{ "line": "7", "quantity": "1" }] }),
            422,
            "no_such_line",
            "/lines/0/line",
        ),
        (
            json!({ "reason": "x", "lines": [{ "line": "1", "quantity": 1 }] }),
            422,
            "decimal_as_number",
            "/lines/0/quantity",
        ),
        (
            json!({ "reason": "x", "received": { "location": "XXX9", "lines": three("1") } }),
            422,
            "no_such_location",
            "/location",
        ),
        (
            json!({ "reason": "x", "line": "1" }),
            422,
            "unknown_field",
            "/line",
        ),
    ] {
        let refused = world.api.post(&path, &body).await;
        let said = refused.json();
        let found = (
            refused.status,
            said["code"].as_str(),
            said["errors"][0]["pointer"].as_str(),
        );
        assert_eq!(found, (status, Some(code), Some(pointer)), "{body}");
    }
    assert_eq!(world.api.order(&order).await["returns"], json!([]));

    let operator = Operator::of(&world);
    // A parcel that nobody announced waits for a person.
    operator.text("returns open RET-2 --received-at BER1 --parcel 1Z9 --line 1=2 --reason slip");
    let back = until_return(&world, &order, 1, "review").await;
    let id = back["id"].as_str().unwrap();
    let listed = operator.text("returns ls RET-2");
    assert!(listed.contains(id) && listed.contains("review"), "{listed}");
    let early = operator.run(&format!("returns close {id} --reason no"));
    assert_eq!(early.exit, 5, "{early:?}");
    let forecast = operator.text(&format!("returns approve {id} --reason fine --dry-run"));
    assert!(forecast.contains("return.approved"), "{forecast}");
    operator.text(&format!("returns approve {id} --reason fine"));
    let found = "--line 1=1=restock --line 1=1=wrong_item";
    operator.text(&format!("returns inspect {id} {found}"));
    until_return(&world, &order, 1, "closed").await;
    assert_eq!(given(&world, &order), [1000]);
    assert_eq!(on_hand(&world).await, 7);
    let shown = operator.json(&format!("returns show {id}"));
    assert_eq!(shown["refund"]["refunded"], "10.00", "{shown}");
    let unknown = operator.run(&format!("returns show {}", id.replace("_1", "_9")));
    assert_eq!(unknown.exit, 4, "{unknown:?}");
    let nonsense = operator.run("returns close ret_1 --reason x");
    assert_eq!(nonsense.exit, 2, "{nonsense:?}");
    checker::always(&world.audit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_after_the_inspection_shelves_and_refunds_once() {
    let mut world = World::start().await;
    let order = delivered(&world, "RET-3").await;
    let path = format!("/v1/orders/{order}/returns");
    let all = json!({ "reason": "too small" });
    let opened = world.api.post(&path, &all).await.expect(200);
    let back = opened["id"].as_str().unwrap().to_owned();
    let parcel = json!({ "location": "BER1" });
    world
        .api
        .post(&format!("/v1/returns/{back}/receive"), &parcel)
        .await
        .expect(200);
    let good = json!({ "disposition": "restock" });
    world
        .api
        .post(&format!("/v1/returns/{back}/inspect"), &good)
        .await
        .expect(200);
    world.hub.kill();
    world.hub.start().await;
    until_return(&world, &order, 1, "closed").await;
    assert_eq!(given(&world, &order), [4000]);
    assert_eq!(on_hand(&world).await, 10);
    assert_eq!(world.api.order(&order).await["status"], "returned");
    checker::always(&world.audit).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_that_comes_back_is_shelved_and_paid_back_and_damage_is_claimed() {
    let world = World::start().await;
    world.api.count("BER1", "SKU-1", 10).await;
    let order = crate::support::orders::one_unit("CLM-1", "SKU-1");
    let order = world.api.place(&order).await;
    let tracking = journey::ship(&world.api, &order).await;
    let seen = |status, detail| crate::support::doubles::easypost_wire::Sighting {
        status,
        detail,
        at: "2026-11-22T10:00:00Z".to_owned(),
    };
    let body = world
        .easypost
        .sighted(&tracking, &[seen("return_to_sender", "return")]);
    assert_eq!(world.easypost.post.deliver(&body).await, Some(200));
    let operator = Operator::of(&world);
    let why = operator.json("orders explain CLM-1");
    assert_eq!(why["recommended"], "resolve_claim", "{why}");
    operator.text("orders resolve-claim CLM-1 --claim 1 --resolution refund --reason refused");
    world.api.until_stage(&order, &["completed"]).await;
    assert_eq!(given(&world, &order), [1999]);
    let shown = world.api.order(&order).await;
    assert_eq!(shown["claims"][0]["resolution"], "refund", "{shown}");

    let damaged = delivered(&world, "CLM-2").await;
    let work = world.api.order(&damaged).await["fulfilments"][0]["id"].clone();
    let path = format!("/v1/orders/{damaged}/actions/claim");
    let two = json!({ "reason": "cracked", "fulfilment": work,
        "lines": [{ "line": "1", "quantity": "2" }] });
    world.api.post(&path, &two).await.expect(200);
    let three = json!({ "reason": "cracked", "fulfilment": work,
        "lines": [{ "line": "1", "quantity": "3" }] });
    let refused = world.api.post(&path, &three).await;
    assert_eq!((refused.status, refused.code().as_str()), (422, "too_many"));
    let path = format!("/v1/orders/{damaged}/actions/resolve_claim");
    let unknown = json!({ "reason": "x", "claim": 7, "resolution": "deny" });
    let refused = world.api.post(&path, &unknown).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (404, "no_such_claim")
    );
    let refund = json!({ "reason": "photo seen", "claim": 1, "resolution": "refund" });
    world.api.post(&path, &refund).await.expect(200);
    until("two units are paid back", SOON, || async {
        let shown = world.api.order(&damaged).await;
        (shown["payment"]["refunded"] == "20.00").then_some(())
    })
    .await;
    assert_eq!(given(&world, &damaged), [2000]);
    checker::always(&world.audit).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
}
