//! Work that goes out in several parcels: a label and a course for each, and only what was in a lost one
//! is paid back.

mod transits;

use serde_json::{Value, json};

use crate::support::doubles::easypost_wire::Sighting;
use crate::support::doubles::faults::Call;
use crate::support::doubles::stripe::Applied;
use crate::support::journey::{self, fulfilment_of, step};
use crate::support::operator::Operator;
use crate::support::orders::two_and_shipping;
use crate::support::patience::{SOON, until};
use crate::support::world::World;
use crate::support::{books, checker};

/// An order of two units and a shipping of 4.99, picked at BER1; the order and its fulfilment.
async fn picked(world: &World, number: &str) -> (String, String) {
    let api = &world.api;
    let order = api.place(&two_and_shipping(number, "SKU-1")).await;
    let fulfilment = fulfilment_of(api, &order, SOON).await;
    for verb in ["accept", "pick"] {
        step(api, &fulfilment, verb).await;
    }
    (order, fulfilment)
}

/// The tracking numbers of the parcels of the order's first fulfilment, once each has one.
async fn numbers(world: &World, order: &str, parcels: usize) -> Vec<String> {
    let what = format!("{order} has {parcels} tracking numbers");
    until(&what, SOON, || async {
        let order = world.api.order(order).await;
        let all = order["fulfilments"][0]["parcels"].as_array()?.clone();
        let numbers = all.iter().map(|one| one["tracking_number"].as_str());
        let numbers: Option<Vec<&str>> = numbers.collect();
        let numbers = numbers.filter(|numbers| numbers.len() == parcels)?;
        Some(numbers.into_iter().map(str::to_owned).collect())
    })
    .await
}

fn seen(status: &'static str, detail: &'static str, hour: &str) -> Vec<Sighting> {
    vec![Sighting {
        status,
        detail,
        at: format!("2026-11-21T{hour}:00:00Z"),
    }]
}

async fn told(world: &World, tracking: &str, sightings: &[Sighting]) {
    let body = world.easypost.sighted(tracking, sightings);
    for _ in 0..2 {
        assert_eq!(world.easypost.post.deliver(&body).await, Some(200));
    }
}

async fn parcel(world: &World, order: &str, number: usize) -> Value {
    let order = world.api.order(order).await;
    order["fulfilments"][0]["parcels"][number - 1].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_parcel_of_two_is_paid_back_alone_and_the_other_keeps_its_number() {
    let mut world = World::start().await;
    world.api.count("BER1", "SKU-1", 10).await;
    let (order, fulfilment) = picked(&world, "P-1").await;
    let pack = format!("/v1/fulfilments/{fulfilment}/pack");
    let one = json!({ "lines": [{ "line": "1", "quantity": "1" }], "weight_g": 700 });
    let short = json!({ "parcels": [one] });
    let refused = world.api.post(&pack, &short).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (422, "not_all_packed")
    );
    let bare = json!({ "parcels": [one, {}] });
    let refused = world.api.post(&pack, &bare).await.expect(422);
    assert_eq!(refused["errors"][0]["pointer"], "/parcels/1/lines");

    // The hub is killed between the two labels: each is bought once all the same.
    let gate = world.easypost.faults.hold(Call::BuyLabel);
    let operator = Operator::of(&world);
    let said = operator.json(&format!(
        "orders pack {order} --fulfilment 1 --parcel 1=1@700 --parcel 1=1"
    ));
    assert_eq!(said["id"], fulfilment.as_str());
    gate.reached(1).await;
    world.hub.kill();
    world.easypost.faults.release();
    world.hub.start().await;
    let numbers = numbers(&world, &order, 2).await;
    assert_ne!(numbers[0], numbers[1]);
    let labels = world.easypost.labels_of(&order);
    let references: Vec<&str> = labels.iter().map(|one| one.reference.as_str()).collect();
    assert_eq!(references.len(), 2, "{references:?}");
    assert!(
        references.contains(&format!("{fulfilment}_p2").as_str()),
        "{references:?}"
    );
    let api = &world.api;
    step(api, &fulfilment, "hand-over").await;
    let again = json!({ "parcels": [{}, {}, {}] });
    let again = api.post(&pack, &again).await;
    assert_eq!(
        (again.status, again.code().as_str()),
        (409, "packed_otherwise")
    );

    // Late and out of order: what is said of one parcel says nothing of the other.
    told(&world, &numbers[1], &seen("failure", "lost", "18")).await;
    let signed = world.easypost.sighted(&numbers[0], &journey::sightings());
    let signed = signed.replace(r#""signed_by":null"#, r#""signed_by":"ERIKA MUSTERFRAU""#);
    for _ in 0..2 {
        assert_eq!(world.easypost.post.deliver(&signed).await, Some(200));
    }
    told(
        &world,
        &numbers[1],
        &seen("in_transit", "arrived_at_facility", "09"),
    )
    .await;
    assert_eq!(parcel(&world, &order, 1).await["stage"], "delivered");
    assert_eq!(parcel(&world, &order, 2).await["stage"], "lost");
    let proof = parcel(&world, &order, 1).await["proof"].clone();
    assert_eq!(proof["signed"], true);
    let page = format!("https://track.example/{}", numbers[0]);
    assert_eq!(proof["reference"], page.as_str());
    let proofs = checker::events_of(&world.audit, &order, "shipment.proof_received").await;
    assert_eq!(proofs, 1, "told twice, kept once");
    let timeline = format!("/v1/orders/{order}/timeline");
    let timeline = api.get(&timeline).await.expect(200).to_string();
    assert!(timeline.contains("proof of delivery, signed"));
    assert!(
        !timeline.contains("MUSTERFRAU"),
        "who signed is nobody's business"
    );
    let shown = api.order(&order).await;
    assert_eq!(shown["fulfilments"][0]["stage"], "partly_delivered");
    assert_eq!(shown["fulfilments"][0]["parcels"][0]["weight_g"], 700);
    let quantities = &shown["lines"][0]["quantities"];
    assert_eq!(
        (&quantities["delivered"], &quantities["lost"]),
        (&json!("1"), &json!("1"))
    );
    assert_eq!(shown["claims"][0]["parcel"], 2);
    assert_eq!(shown["claims"][0]["lines"][0]["quantity"], "1");

    let operator = Operator::of(&world);
    let because = operator.text(&format!("orders explain {order}"));
    assert!(because.contains("parcel 2 of 2"), "{because}");
    operator.text(&format!(
        "orders resolve-claim {order} --claim 1 --resolution refund --reason lost"
    ));
    let done = api.until_stage(&order, &["completed"]).await;
    assert_eq!(done["payment"]["refunded"], "19.99");
    let book = world.stripe.book_of(&order);
    assert_eq!(book.last(), Some(&(Applied::Refunded, 1999)));
    checker::at_rest(&world.audit, 2).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
    books::agree_with_the_carrier(&world.audit, &world.easypost).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_in_a_lost_parcel_is_said_by_a_person_and_a_cancel_gives_every_label_back() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 10).await;
    let (order, fulfilment) = picked(&world, "P-2").await;
    let operator = Operator::of(&world);
    operator.text(&format!("orders pack {order} --fulfilment 1 --parcels 2"));
    let found = numbers(&world, &order, 2).await;
    step(api, &fulfilment, "hand-over").await;
    journey::deliver(&world.easypost, &found[0]).await;
    told(&world, &found[1], &seen("failure", "lost", "18")).await;
    let shown = api.order(&order).await;
    assert_eq!(shown["fulfilments"][0]["parcels"][1]["lines"], Value::Null);
    assert_eq!(shown["claims"][0]["lines"], json!([]));
    let path = format!("/v1/orders/{order}/actions/resolve_claim");
    let mut body = json!({ "claim": 1, "resolution": "refund", "reason": "lost" });
    let silent = api.post(&path, &body).await;
    assert_eq!(
        (silent.status, silent.code().as_str()),
        (422, "units_unknown")
    );
    body["lines"] = json!([{ "line": "1", "quantity": "1" }]);
    api.post(&path, &body).await.expect(200);
    let done = api.until_stage(&order, &["completed"]).await;
    assert_eq!(done["payment"]["refunded"], "19.99");
    assert_eq!(
        done["fulfilments"][0]["parcels"][0]["lines"][0]["quantity"],
        "1"
    );

    let (other, _) = picked(&world, "P-3").await;
    operator.text(&format!("orders pack {other} --fulfilment 1 --parcels 3"));
    numbers(&world, &other, 3).await;
    operator.text(&format!("orders cancel {other} --reason changed-mind"));
    api.until_stage(&other, &["cancelled"]).await;
    until("every label is given back", SOON, || async {
        let labels = world.easypost.labels_of(&other);
        (labels.len() == 3 && labels.iter().all(|label| label.refunded)).then_some(())
    })
    .await;
    checker::at_rest(&world.audit, 2).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
    books::agree_with_the_carrier(&world.audit, &world.easypost).await;
}
