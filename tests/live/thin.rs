//! Webhooks that name a payment and say nothing of it, as Mollie's do: the hub looks it up, once for however
//! many of them wait, also when Mollie is away meanwhile and the hub is killed.

use serde_json::{Value, json};

use crate::support::checker;
use crate::support::doubles::mollie::Mollie;
use crate::support::journey;
use crate::support::orders::one_unit;
use crate::support::patience::{AFTER_A_CRASH, SOON, until};
use crate::support::world::World;

/// 19.99 EUR on a mandate.
fn on_a_mandate(external_id: &str) -> Value {
    let mut order = one_unit(external_id, "PINK-8");
    order["payment"] =
        json!({ "terms": "to_authorize", "gateway": "mollie-nl", "token": "cst_own" });
    order
}

/// The id of the only payment of an order.
fn payment_of(mollie: &Mollie, order: &str) -> String {
    let payments = mollie.payments_of(order);
    assert_eq!(payments.len(), 1, "{payments:?}");
    payments[0]["id"].as_str().expect("an id").to_owned()
}

/// Nothing waits to be looked up any more.
async fn looked_up(world: &World) {
    until("nothing waits for a look-up", AFTER_A_CRASH, || async {
        let waiting = checker::parked_reasons(&world.audit).await;
        waiting.is_empty().then_some(())
    })
    .await;
}

async fn tell_often(world: &World, id: &str) {
    for _ in 0..20 {
        Mollie::tell(&world.api, id).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_only_named_is_looked_up_once_for_all_and_moves_money_once() {
    let mollie = Mollie::start().await;
    let mut world = World::start_under(&mollie.section()).await;
    world.api.count("BER1", "PINK-8", 10).await;
    let order = world.api.place(&on_a_mandate("T-1")).await;
    world.api.until_stage(&order, &["fulfilling"]).await;
    let payment = payment_of(&mollie, &order);

    // Word of what is known already: it is authorised once, however often that is said.
    Mollie::tell(&world.api, &payment).await.expect(200);
    looked_up(&world).await;
    let shown = world.api.order(&order).await;
    let money = (
        &shown["payment"]["authorized"],
        &shown["payment"]["captured"],
    );
    assert_eq!(money, (&json!("19.99"), &json!("0.00")));
    let authorized = checker::events_of(&world.audit, &order, "payment.authorized").await;
    assert_eq!(authorized, 1);

    // Somebody captures by hand while the hub cannot ask; the word of it outlives a kill.
    mollie.switch.turn_off();
    mollie.capture_by_hand(&payment);
    tell_often(&world, &payment).await;
    world.hub.kill();
    world.hub.start().await;
    tell_often(&world, &payment).await;
    let before = mollie.look_ups(&payment);
    assert_eq!(checker::parked_reasons(&world.audit).await.len(), 40);
    mollie.switch.turn_on();
    looked_up(&world).await;
    assert_eq!(
        mollie.look_ups(&payment) - before,
        1,
        "once for all of them"
    );
    let shown = world.api.order(&order).await;
    assert_eq!(shown["payment"]["captured"], "19.99");

    // It ships, and nothing is captured again.
    let tracking = journey::ship(&world.api, &order).await;
    journey::deliver(&world.easypost, &tracking).await;
    world.api.until_stage(&order, &["completed"]).await;
    tell_often(&world, &payment).await;
    looked_up(&world).await;
    let shown = world.api.order(&order).await;
    assert_eq!(shown["payment"]["captured"], "19.99");
    let captures = &mollie.payments_of(&order)[0]["_embedded"]["captures"];
    assert_eq!(captures.as_array().map(Vec::len), Some(1), "{captures}");
    assert_eq!(mollie.unexpected(), [""; 0]);
    checker::at_rest(&world.audit, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_comes_while_the_gateway_is_away_is_paid_once_when_it_is_back() {
    let mollie = Mollie::start().await;
    let mut world = World::start_under(&mollie.section()).await;
    world.api.count("BER1", "PINK-8", 10).await;
    mollie.switch.turn_off();
    let order = world.api.place(&on_a_mandate("T-2")).await;
    world.api.until_stage(&order, &["authorizing"]).await;
    world.hub.kill();
    world.hub.start().await;
    mollie.switch.turn_on();
    world
        .api
        .until_stage_within(&order, &["fulfilling"], AFTER_A_CRASH)
        .await;
    let payment = payment_of(&mollie, &order);
    // What nobody made is looked up, and dropped.
    Mollie::tell(&world.api, "tr_invented").await.expect(200);
    Mollie::tell(&world.api, &payment).await.expect(200);
    looked_up(&world).await;
    assert_eq!(mollie.look_ups("tr_invented"), 1);
    let tracking = journey::ship(&world.api, &order).await;
    journey::deliver(&world.easypost, &tracking).await;
    world
        .api
        .until_stage_within(&order, &["completed"], SOON)
        .await;
    let shown = world.api.order(&order).await;
    assert_eq!(shown["payment"]["captured"], "19.99");
    let captures = &mollie.payments_of(&order)[0]["_embedded"]["captures"];
    assert_eq!(captures.as_array().map(Vec::len), Some(1), "{captures}");
    assert_eq!(mollie.unexpected(), [""; 0]);
    checker::at_rest(&world.audit, 1).await;
}
