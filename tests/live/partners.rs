//! Partners that are slow, away, or answer anything but sense: effects are tried again, each is
//! carried out once, other orders go on meanwhile, and the hub's memory stays what it was.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use crate::metrics::Scrape;
use crate::support::doubles::faults::{Call, Fault};
use crate::support::doubles::post::Manner;
use crate::support::doubles::stripe::Applied;
use crate::support::doubles::stripe_wire::misstate;
use crate::support::journey;
use crate::support::lives::Cast;
use crate::support::orders::{one_unit, two_and_shipping};
use crate::support::patience::{AFTER_A_CRASH, SOON, until};
use crate::support::shopify as shop;
use crate::support::world::World;
use crate::support::{books, checker};

/// What a hub may grow by, whatever its partners send: they can make it read 256 KiB an answer.
const GROWTH_KIB: u64 = 96 * 1024;

/// Every way of not answering like the vendor's API. Each hits three calls in a hundred: together
/// too few to open a circuit.
const NONSENSE: [Fault; 9] = [
    Fault::Delay(Duration::from_secs(3)),
    Fault::Redirect,
    Fault::Endless,
    Fault::Garbage,
    Fault::Huge,
    Fault::Trickle,
    Fault::WrongType,
    Fault::LoseAnswer,
    Fault::Broken,
];

/// Everything about orders of so many units agrees.
async fn all_books_agree(world: &World, units: i64) {
    checker::at_rest(&world.audit, units).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
    books::agree_with_the_carrier(&world.audit, &world.easypost).await;
}

/// An order of two units for which the gateway is not needed lives its whole life.
async fn somebody_else_is_served(world: &World, id: u64) {
    let order = shop::paid(id, "SKU-1");
    shop::deliver(&world.api, "orders/create", &order)
        .await
        .expect(200);
    let known = checker::orders_with(&world.audit, "shop-de", &id.to_string()).await;
    Cast::of(world).carry(&known[0]).await;
}

async fn circuit(world: &World, target: &str) -> Option<f64> {
    let scrape = Scrape::of(&world.hub).await;
    scrape.value("orderhub_circuit_open", &[target])
}

#[tokio::test(flavor = "multi_thread")]
async fn partners_that_answer_no_sense_are_asked_again_and_each_effect_is_carried_out_once() {
    const ORDERS: u32 = 45;
    let world = World::start().await;
    world.api.count("BER1", "SKU-1", 1_000).await;
    // The answers alone have to do.
    world.stripe.post.behave(Manner::Kept);
    // The hub has its working size after some orders.
    let cast = Cast::of(&world);
    for number in 0..3 {
        let order = one_unit(&format!("W-{number}"), "SKU-1");
        cast.live(&order).await;
    }
    let before = world.hub.memory_kib();
    for call in [Call::Authorize, Call::Capture] {
        world.stripe.faults.mix(call, 3, &NONSENSE);
    }
    for call in [Call::CreateShipment, Call::BuyLabel] {
        world.easypost.faults.mix(call, 3, &NONSENSE);
    }
    let mut lives = JoinSet::new();
    for number in 0..ORDERS {
        let cast = cast.clone();
        lives.spawn(async move { cast.live(&one_unit(&format!("N-{number}"), "SKU-1")).await });
    }
    while let Some(life) = lives.join_next().await {
        life.unwrap();
    }
    let after = world.hub.memory_kib();
    eprintln!("{before} KiB became {after} KiB, {:?}", cast.watch.seen());
    assert!(
        after < before + GROWTH_KIB,
        "{before} KiB became {after} KiB"
    );
    let struck = (world.stripe.faults.struck(), world.easypost.faults.struck());
    assert!(
        struck.0 >= 18 && struck.1 >= 18,
        "too little went wrong: {struck:?}"
    );
    let all = i64::from(ORDERS) + 3;
    assert_eq!(checker::orders_in(&world.audit, &["completed"]).await, all);
    all_books_agree(&world, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_away_is_left_alone_and_other_orders_go_on() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 100).await;
    world.stripe.switch.turn_off();
    let mut waiting = Vec::new();
    for number in 0..15 {
        waiting.push(
            api.place(&two_and_shipping(&format!("G-{number}"), "SKU-1"))
                .await,
        );
    }
    until("the circuit opens", SOON, || async {
        (circuit(&world, "payments/stripe-eu").await == Some(1.0)).then_some(())
    })
    .await;
    // Nobody else waits for the gateway.
    somebody_else_is_served(&world, 8_001_000).await;
    assert_eq!(circuit(&world, "carriers/easypost").await, Some(0.0));
    for order in &waiting {
        assert_eq!(api.order(order).await["stage"], "authorizing");
    }
    assert!(world.stripe.book().is_empty());

    world.stripe.switch.turn_on();
    for order in &waiting {
        api.until_stage_within(order, &["fulfilling"], AFTER_A_CRASH)
            .await;
    }
    until("the circuit closes", SOON, || async {
        (circuit(&world, "payments/stripe-eu").await == Some(0.0)).then_some(())
    })
    .await;
    let book = world.stripe.book();
    assert_eq!(book.len(), waiting.len(), "one authorisation for each");
    all_books_agree(&world, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_is_away_costs_labels_their_time_and_nothing_else() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 100).await;
    world.easypost.switch.turn_off();
    let mut packed = Vec::new();
    for number in 0..8 {
        let order = api.place(&one_unit(&format!("C-{number}"), "SKU-1")).await;
        let fulfilment = journey::fulfilment_of(api, &order, SOON).await;
        for verb in ["accept", "pick", "pack"] {
            journey::step(api, &fulfilment, verb).await;
        }
        packed.push((order, fulfilment));
    }
    until("the circuit opens", SOON, || async {
        (circuit(&world, "carriers/easypost").await == Some(1.0)).then_some(())
    })
    .await;
    let hand_over = format!("/v1/fulfilments/{}/hand-over", packed[0].1);
    let refused = api.post(&hand_over, &json!({})).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (409, "label_missing")
    );

    world.easypost.switch.turn_on();
    for (order, fulfilment) in &packed {
        let tracking = journey::tracking_number(api, order, AFTER_A_CRASH).await;
        journey::step(api, fulfilment, "hand-over").await;
        journey::deliver(&world.easypost, &tracking).await;
        api.until_stage(order, &["completed"]).await;
    }
    assert_eq!(world.easypost.labels().len(), packed.len());
    assert_eq!(circuit(&world, "carriers/easypost").await, Some(0.0));
    all_books_agree(&world, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_a_failed_call_tried_again_at_once() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 5).await;
    let order = api.place(&one_unit("R-1", "SKU-1")).await;
    let fulfilment = journey::fulfilment_of(api, &order, SOON).await;
    let retry = format!("/v1/orders/{order}/actions/retry");
    let asked = json!({"reason": "the carrier says that it works again"});
    let nothing = api.post(&retry, &asked).await;
    assert_eq!(
        (nothing.status, nothing.code().as_str()),
        (409, "nothing_to_retry")
    );
    world.easypost.switch.turn_off();
    for verb in ["accept", "pick", "pack"] {
        journey::step(api, &fulfilment, verb).await;
    }
    let explain = format!("/v1/orders/{order}/explain");
    until("the call has failed", SOON, || async {
        let why = api.get(&explain).await.expect(200);
        (why["recommended"] == "retry").then_some(())
    })
    .await;
    world.easypost.switch.turn_on();
    api.post(&retry, &asked).await.expect(200);
    journey::tracking_number(api, &order, SOON).await;
    assert_eq!(world.easypost.labels().len(), 1, "and it is bought once");
    all_books_agree(&world, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_hang_keep_nobody_else_waiting() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 100).await;
    // The answers alone have to do.
    world.stripe.post.behave(Manner::Kept);
    let gate = world.stripe.faults.hold(Call::Authorize);
    let mut hanging = Vec::new();
    for number in 0..20 {
        hanging.push(
            api.place(&two_and_shipping(&format!("H-{number}"), "SKU-1"))
                .await,
        );
    }
    gate.reached(20).await;
    somebody_else_is_served(&world, 8_002_000).await;
    for order in &hanging {
        assert_eq!(api.order(order).await["stage"], "authorizing");
    }
    world.stripe.faults.release();
    for order in &hanging {
        api.until_stage_within(order, &["fulfilling"], AFTER_A_CRASH)
            .await;
        assert_eq!(world.stripe.book_of(order), [(Applied::Authorized, 4497)]);
    }
    all_books_agree(&world, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_names_another_amount_is_never_taken_for_the_money() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 100).await;
    world.stripe.post.behave(Manner::Kept);
    world
        .stripe
        .faults
        .next(Call::Authorize, 1, Fault::OtherAmount);
    let order = api.place(&one_unit("A-1", "SKU-1")).await;
    let held = until("the order is held", SOON, || async {
        let order = api.order(&order).await;
        let hold = order["holds"].as_array()?.first()?.clone();
        Some(hold)
    })
    .await;
    assert_eq!(held["reason"], "payment_mismatch");
    // Nobody else is concerned.
    let cast = Cast::of(&world);
    cast.live(&one_unit("A-2", "SKU-1")).await;
    assert_ne!(api.order(&order).await["payment"]["authorized"], "1.00");

    // Asked again under the same key, the gateway tells the truth; a person has to look all the same.
    until("the gateway is asked again", AFTER_A_CRASH, || async {
        let order = api.order(&order).await;
        (order["payment"]["authorized"] == "19.99").then_some(())
    })
    .await;
    let still = api.order(&order).await;
    assert_eq!(still["holds"][0]["reason"], "payment_mismatch");
    let release = format!("/v1/orders/{order}/actions/release");
    let looked = json!({"reason": "asked the gateway", "hold_id": held["id"]});
    api.post(&release, &looked).await.expect(200);
    cast.carry(&order).await;
    let book = world.stripe.book_of(&order);
    assert_eq!(
        book,
        [(Applied::Authorized, 1999), (Applied::Captured, 1999)]
    );
    all_books_agree(&world, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rightly_signed_report_of_another_amount_is_never_taken_for_the_money() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 100).await;
    world.stripe.post.behave(Manner::Kept);
    let gate = world.stripe.faults.hold(Call::Authorize);
    let order = api.place(&one_unit("R-1", "SKU-1")).await;
    gate.reached(1).await;
    let told = world.stripe.events();
    let told = told
        .iter()
        .find(|event| event.contains("amount_capturable_updated"));
    let mut told: serde_json::Value = serde_json::from_str(told.unwrap()).unwrap();
    misstate(&mut told);
    let answer = world.stripe.post.deliver(&told.to_string()).await;
    assert!(matches!(answer, Some(200 | 202)), "{answer:?}");
    let held = api.order(&order).await;
    assert_eq!(held["holds"][0]["reason"], "payment_mismatch");
    assert_ne!(held["payment"]["authorized"], "1.00");
    assert_eq!(held["stage"], "authorizing");

    // The answer to the call itself is right; a person has to look all the same.
    world.stripe.faults.release();
    until("the answer is taken", AFTER_A_CRASH, || async {
        let order = api.order(&order).await;
        (order["payment"]["authorized"] == "19.99").then_some(())
    })
    .await;
    let still = api.order(&order).await;
    assert_eq!(still["holds"][0]["reason"], "payment_mismatch");
    checker::always(&world.audit).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
}
