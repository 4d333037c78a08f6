//! Orders that do not go on by themselves, on the bus: said once when it begins and once when it ends, through a
//! kill.

use serde_json::{Value, json};

use crate::bus::all_is_published;
use crate::support::doubles::faults::{Call, Fault};
use crate::support::nats::{Nats, Published, Server};
use crate::support::orders::one_unit;
use crate::support::patience::{AFTER_A_CRASH, until};
use crate::support::world::World;

/// What is said of an order on the bus, with its place in the order's log.
fn said(published: &[Published], order: &str) -> Vec<(String, Value)> {
    let own = published
        .iter()
        .filter(|message| message.text("subject") == order);
    let own = own.filter(|message| message.text("type").contains("stuck"));
    let said = own.map(|message| {
        let kind = message.text("type").to_owned();
        (kind, message.event["data"].clone())
    });
    said.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_fails_makes_an_order_stuck_once_until_it_is_answered() {
    let nats = Nats::start(Server::Installed).await;
    let rules = "\n[policy]\nstuck_after = \"1s\"\n";
    let mut world = World::start_under_with_bus(rules, nats.url()).await;
    world.api.count("BER1", "SKU-1", 5).await;
    let faults = &world.stripe.faults;
    faults.share(Call::Authorize, 100, Fault::TooMany);
    let order = world.api.place(&one_unit("S-1", "SKU-1")).await;
    let stuck = || async {
        let said = said(&nats.published().await, &order);
        said.first().cloned()
    };
    let (kind, data) = until("it is said to be stuck", AFTER_A_CRASH, stuck).await;
    assert_eq!(kind, "io.orderhub.order.stuck.v1");
    let by = json!({"kind": "call", "effect": "authorize_payment"});
    assert_eq!((&data["by"], &data["recommended"]), (&by, &json!("retry")));
    world.hub.kill();
    world.hub.start().await;
    world.stripe.faults.heal();
    world
        .api
        .until_stage_within(&order, &["fulfilling"], AFTER_A_CRASH)
        .await;
    let published = all_is_published(&world, &nats).await;
    let kinds: Vec<String> = said(&published, &order)
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(
        kinds,
        ["io.orderhub.order.stuck.v1", "io.orderhub.order.unstuck.v1"]
    );
    let timeline = world.api.get(&format!("/v1/orders/{order}/timeline")).await;
    let timeline = timeline.expect(200).to_string();
    assert!(
        timeline.contains("Stuck: authorize payment fails again and again. What helps: retry."),
        "{timeline}"
    );
}
