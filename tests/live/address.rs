//! Orders are sent to another address before their label is asked for, through the API and the command
//! line; the carrier's book says where parcels went.

use http::Method;
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::checker;
use crate::support::doubles::faults::{Call, Fault};
use crate::support::journey::{self, step};
use crate::support::operator::Operator;
use crate::support::orders::one_unit;
use crate::support::patience::{SOON, until};
use crate::support::shopify::{self as shop, deliver};
use crate::support::world::World;

fn to(street: &str) -> Value {
    json!({"reason": "a wrong house number", "address": {
        "name": "Ada Example", "lines": [street], "city": "Berlin", "postcode": "10115",
        "country": "DE",
    }})
}

/// The streets on the labels that were bought for an order.
fn streets(world: &World, order: &str) -> Vec<String> {
    let labels = world.easypost.labels_of(order).into_iter();
    let street = |to: Value| to["street1"].as_str().unwrap_or_default().to_owned();
    labels.map(|label| street(label.to)).collect()
}

async fn action(api: &Api, order: &str, body: &Value) -> (u16, Value) {
    let path = format!("/v1/orders/{order}/actions/change_address");
    let reply = api.post(&path, body).await;
    (reply.status, reply.json())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_is_bought_for_the_address_that_stands_when_it_is_asked_for() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 10).await;
    let order = api.place(&one_unit("AD-1", "SKU-1")).await;
    let fulfilment = journey::fulfilment_of(api, &order, SOON).await;
    step(api, &fulfilment, "accept").await;
    step(api, &fulfilment, "pick").await;

    // What is wrong is answered at once, and changes nothing.
    let before = api.order(&order).await;
    for (member, value, code, pointer) in [
        (
            "postcode",
            json!("1011"),
            "implausible_address",
            "/address/postcode",
        ),
        (
            "country",
            json!("FR"),
            "implausible_address",
            "/address/postcode",
        ),
        ("country", json!("IE"), "other_country", "/address/country"),
        (
            "country",
            json!("Germany"),
            "unknown_country",
            "/address/country",
        ),
        ("city", Value::Null, "required", "/address/city"),
        ("floor", json!("3"), "unknown_field", "/address/floor"),
    ] {
        let mut wrong = to("Neue Str. 2");
        if member == "country" && value == "FR" {
            wrong["address"]["postcode"] = "750".into();
        }
        wrong["address"][member] = value;
        let (status, answer) = action(api, &order, &wrong).await;
        assert_eq!(
            (status, &answer["errors"][0]["code"]),
            (422, &json!(code)),
            "{answer}"
        );
        assert_eq!(answer["errors"][0]["pointer"], pointer, "{answer}");
    }
    let mut tried = to("Neue Str. 2");
    tried["dry_run"] = true.into();
    let (status, answer) = action(api, &order, &tried).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["events"], json!(["order.address_changed"]));
    assert_eq!(api.order(&order).await, before);

    // Done once under its key, and never on an order that has moved on.
    let path = format!("/v1/orders/{order}/actions/change_address");
    let send = |version: u64, key: &'static str| {
        let request = api.request(Method::POST, &path).json(&to("Neue Str. 2"));
        let request = request.header("If-Match", format!("\"{version}\""));
        Api::send(request.header("Idempotency-Key", key))
    };
    let version = before["version"].as_u64().unwrap();
    let first = send(version, "move-1").await;
    let done = first.expect(200);
    let again = send(version, "move-1").await;
    assert_eq!(again.expect(200), done);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(send(version, "move-2").await.code(), "stale_version");
    let changed = api.order(&order).await;
    assert_eq!(changed["ship_to"]["lines"], json!(["Neue Str. 2"]));
    assert_eq!(changed["customer"], before["customer"]);
    let (_, same) = action(api, &order, &to("Neue Str. 2")).await;
    assert_eq!(same["code"], "same_address");

    // While the carrier thinks, the address stands; afterwards there is nothing to address.
    let gate = world.easypost.faults.hold(Call::BuyLabel);
    step(api, &fulfilment, "pack").await;
    gate.reached(1).await;
    let (status, asked) = action(api, &order, &to("Dritte Str. 3")).await;
    assert_eq!((status, &asked["code"]), (409, &json!("label_asked")));
    world.easypost.faults.release();
    let tracking = journey::tracking_number(api, &order, SOON).await;
    let (status, late) = action(api, &order, &to("Dritte Str. 3")).await;
    assert_eq!((status, &late["code"]), (409, &json!("nothing_to_label")));
    assert_eq!(streets(&world, &order), ["Neue Str. 2"]);
    let why = api.get(&format!("/v1/orders/{order}/explain")).await;
    let why = why.expect(200);
    let mut listed = why["actions"].as_array().unwrap().iter();
    let listed = listed.find(|one| one["action"] == "change_address");
    let why_not = listed.unwrap()["why_not"].as_str().unwrap();
    assert!(why_not.contains("without a label"), "{why_not}");

    step(api, &fulfilment, "hand-over").await;
    journey::deliver(&world.easypost, &tracking).await;
    api.until_stage(&order, &["completed"]).await;
    let timeline = api.get(&format!("/v1/orders/{order}/timeline")).await;
    let timeline = timeline.expect(200);
    let told = timeline.to_string();
    assert!(told.contains("It goes to another address"), "{told}");
    assert!(
        !told.contains("Neue Str") && !told.contains("10115"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shops_order_without_an_address_is_kept_with_its_stock_until_it_has_one() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let api = &world.api;
    api.count("BER1", "PINK-8", 4).await;
    let mut held = Vec::new();
    let id = 820_982_911_946_156_001;
    for (number, id) in [id, id + 100].into_iter().enumerate() {
        let mut nowhere = shop::paid(id, "PINK-8");
        nowhere["shipping_address"] = Value::Null;
        deliver(api, "orders/create", &nowhere).await.expect(200);
        let known = checker::orders_with(&world.audit, "shop-de", &id.to_string()).await;
        let order = api.until_stage(&known[0], &["confirmed"]).await;
        assert_eq!(order["holds"][0]["reason"], "address_missing", "{order}");
        assert_eq!(order["lines"][0]["quantities"]["hard"], "2", "{order}");
        let why = operator.text(&format!("orders explain {}", known[0]));
        assert!(why.contains("nobody has said where it goes"), "{why}");
        assert!(why.contains("change_address"), "{why}");
        if number == 0 {
            operator.text(&format!(
                "orders change-address {} --name Grace --line Hafenstr.2 --city Berlin \
                 --postcode 10117 --country DE --reason the-shop-has-it",
                known[0]
            ));
        } else {
            let mut told = shop::paid(id, "PINK-8");
            told["updated_at"] = "2026-11-20T09:05:00-05:00".into();
            deliver(api, "orders/updated", &told).await.expect(200);
        }
        held.push(known[0].clone());
    }
    for (order, street) in held.iter().zip(["Hafenstr.2", "1 Harbor Street"]) {
        journey::ship(api, order).await;
        assert_eq!(streets(&world, order), [street]);
        assert_eq!(api.order(order).await["holds"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_the_carrier_refuses_is_changed_and_its_label_asked_for_again() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let api = &world.api;
    api.count("BER1", "SKU-1", 10).await;
    world
        .easypost
        .faults
        .next(Call::BuyLabel, 1, Fault::Decline);
    let order = api.place(&one_unit("AD-2", "SKU-1")).await;
    let fulfilment = journey::fulfilment_of(api, &order, SOON).await;
    for verb in ["accept", "pick", "pack"] {
        step(api, &fulfilment, verb).await;
    }
    until("the carrier has refused", SOON, || async {
        let order = api.order(&order).await;
        (order["holds"][0]["reason"] == "label_failed").then_some(())
    })
    .await;
    let line = "orders change-address AD-2 --name Ada --line Hafenstr.2 --city Berlin \
                --postcode 10117 --country DE --reason refused-by-the-carrier";
    let forecast = operator.text(&format!("{line} --dry-run"));
    assert!(forecast.contains("order.hold_released"), "{forecast}");
    assert_eq!(streets(&world, &order), Vec::<String>::new());
    operator.text(line);
    let tracking = journey::tracking_number(api, &order, SOON).await;
    // The shipment that the carrier has from the first try goes nowhere.
    assert_eq!(streets(&world, &order), ["Hafenstr.2"]);
    let seen = api.order(&order).await;
    assert_eq!(seen["holds"], json!([]));
    assert_eq!(seen["fulfilments"][0]["former_address"], false);
    step(api, &fulfilment, "hand-over").await;
    journey::deliver(&world.easypost, &tracking).await;
    api.until_stage(&order, &["completed"]).await;
    assert_eq!(world.easypost.unexpected(), Vec::<String>::new());
}
