//! A store that lacks a part of what a buyer collects there: another location sends it, the order is ready
//! as a whole, and what nobody fetches is the store's.

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::doubles::stripe::Applied;
use crate::support::journey::{self, label_of, step};
use crate::support::orders::two_and_shipping;
use crate::support::patience::{SOON, until};
use crate::support::world::World;
use crate::support::{books, checker};

/// A store with an address, which others may send to.
fn house(pickup_time: &str) -> String {
    format!(
        "[policy]\npickup_time = \"{pickup_time}\"\n\
         [policy.sourcing]\npickup_supply = \"transfer\"\n\
         [[locations]]\ncode = \"SHOP1\"\nwarehouse = \"own\"\nkind = \"store\"\ncountry = \"DE\"\n\
         [locations.address]\ncompany = \"The shop\"\nlines = [\"Marktplatz 1\"]\ncity = \"Bremen\"\n\
         postcode = \"28195\"\n"
    )
}

/// One unit of each of two articles, to be collected at the store, which has the first one only.
async fn collected(api: &Api, external_id: &str) -> String {
    api.count("SHOP1", "SKU-1", 1).await;
    api.count("BER1", "SKU-2", 1).await;
    let mut order = two_and_shipping(external_id, "SKU-1");
    let mut second = order["lines"][0].clone();
    order["lines"][0]["quantity"] = "1".into();
    second["quantity"] = "1".into();
    second["external_id"] = "2".into();
    second["sku"] = "SKU-2".into();
    order["lines"].as_array_mut().unwrap().push(second);
    order["pickup_location"] = "SHOP1".into();
    api.place(&order).await
}

/// The work at a location that others have not taken over, once its stage is this.
async fn work_at(api: &Api, order: &str, location: &str, stage: &str) -> Value {
    let what = format!("{order} has work at {location} that is {stage}");
    until(&what, SOON, || async {
        let order = api.order(order).await;
        let mut all = order["fulfilments"].as_array()?.iter();
        let is = |one: &&Value| one["location"] == location && one["stage"] == stage;
        all.find(is).cloned()
    })
    .await
}

fn id(work: &Value) -> String {
    work["id"].as_str().unwrap().to_owned()
}

/// Both locations pack their part, and the sender's has left with the carrier; its id and its label's
/// tracking number.
async fn sent(world: &World, order: &str) -> (String, String) {
    let api = &world.api;
    let sender = work_at(api, order, "BER1", "requested").await;
    assert_eq!(
        sender["transfer"],
        json!({ "to": "SHOP1", "arrived_at": null })
    );
    assert_eq!(sender["pickup"], false);
    let local = id(&work_at(api, order, "SHOP1", "requested").await);
    let sender = id(&sender);
    for fulfilment in [&sender, &local] {
        for verb in ["accept", "pick", "pack"] {
            step(api, fulfilment, verb).await;
        }
    }
    let tracking = label_of(api, order, &sender).await;
    let labels = world.easypost.labels_of(order);
    assert_eq!(labels.len(), 1, "what the store has needs none");
    assert_eq!(labels[0].to["city"], "Bremen", "it goes to the store");
    assert_eq!(labels[0].to["street1"], "Marktplatz 1");
    step(api, &sender, "hand-over").await;
    let early = api
        .post(&format!("/v1/fulfilments/{local}/ready"), &json!({}))
        .await;
    assert_eq!(
        (early.status, early.code().as_str()),
        (409, "not_all_there")
    );
    let status = api.order(order).await["status"].clone();
    assert_ne!(status, "ready_for_pickup", "not all of it is there");
    (sender, tracking)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_lacks_a_part_gets_it_sent_and_hands_out_everything_at_once() {
    let world = World::start_under(&house("7d")).await;
    let api = &world.api;
    let order = collected(api, "TR-1").await;
    let (_, tracking) = sent(&world, &order).await;
    journey::deliver(&world.easypost, &tracking).await;
    let mut collected = Vec::new();
    for _ in 0..2 {
        let ready = work_at(api, &order, "SHOP1", "ready_for_pickup").await;
        if collected.is_empty() {
            assert_eq!(api.order(&order).await["status"], "ready_for_pickup");
            assert_eq!(
                checker::counters(&world.audit, "SHOP1", "SKU-2").await,
                (1, 0, 1)
            );
            let taken = world.stripe.book_of(&order);
            assert_eq!(taken, [(Applied::Authorized, 4497)], "captured too early");
        }
        step(api, &id(&ready), "collect").await;
        collected.push(id(&ready));
    }
    api.until_stage(&order, &["completed"]).await;
    let sender = work_at(api, &order, "BER1", "transferred").await;
    assert!(sender["transfer"]["arrived_at"].is_string());
    let book = world.stripe.book_of(&order);
    assert_eq!(
        book,
        [(Applied::Authorized, 4497), (Applied::Captured, 4497)]
    );
    for (location, sku) in [("SHOP1", "SKU-1"), ("SHOP1", "SKU-2"), ("BER1", "SKU-2")] {
        let there = checker::counters(&world.audit, location, sku).await;
        assert_eq!(there, (0, 0, 0), "{sku} at {location}");
    }
    for (kind, times) in [("fulfilment.arrived", 1), ("fulfilment.collected", 2)] {
        let told = checker::events_of(&world.audit, &order, kind).await;
        assert_eq!(told, times, "{kind}");
    }
    checker::always(&world.audit).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_fetches_is_the_stores_although_no_carrier_said_that_it_came() {
    let world = World::start_under(&house("2s")).await;
    let api = &world.api;
    let order = collected(api, "TR-2").await;
    let (sender, _) = sent(&world, &order).await;
    step(api, &sender, "ready").await;
    let ended = api.until_stage(&order, &["cancelled"]).await;
    assert_eq!(ended["reason"], "pickup_expired");
    until("the money is free", SOON, || async {
        let book = world.stripe.book_of(&order);
        (book == [(Applied::Authorized, 4497), (Applied::Canceled, 4497)]).then_some(())
    })
    .await;
    for sku in ["SKU-1", "SKU-2"] {
        let there = checker::counters(&world.audit, "SHOP1", sku).await;
        assert_eq!(there, (1, 0, 0), "{sku} is the store's");
    }
    let left = checker::counters(&world.audit, "BER1", "SKU-2").await;
    assert_eq!(left, (0, 0, 0), "its sender has lost it");
    let told = checker::events_of(&world.audit, &order, "fulfilment.pickup_expired").await;
    assert_eq!(told, 2);
    checker::always(&world.audit).await;
}
