//! Two living processes under one node name: the newer one serves, the older one writes nothing
//! more and ends.

use std::time::Duration;

use reqwest::Method;

use crate::support::api::Api;
use crate::support::orders::one_unit;
use crate::support::patience::{SOON, until};
use crate::support::world::World;
use crate::support::{books, checker};

#[tokio::test(flavor = "multi_thread")]
async fn the_newer_of_two_namesakes_serves_and_the_older_one_ends() {
    let mut world = World::start().await;
    world.api.count("BER1", "SKU-1", 100).await;
    let before = world.api.place(&one_unit("T-1", "SKU-1")).await;

    let mut newer = world.hub.namesake(&world.setup);
    newer.start().await;
    let successor = newer.api();

    // The older one may still listen; what it is asked to write must not be acknowledged.
    let order = one_unit("T-2", "SKU-1");
    let request = world.api.request(Method::POST, "/v1/orders").json(&order);
    if let Some(reply) = Api::try_send(request).await {
        assert!(
            reply.status >= 500,
            "the superseded hub answered {}",
            reply.status
        );
    }
    until("the superseded hub ends", SOON, || {
        std::future::ready(world.hub.has_ended())
    })
    .await;

    let after = successor.place(&one_unit("T-3", "SKU-1")).await;
    for order in [&before, &after] {
        successor
            .until_stage_within(order, &["fulfilling"], Duration::from_secs(90))
            .await;
    }
    // What was not acknowledged can be sent again, and is there once.
    let again = successor.post("/v1/orders", &order).await;
    assert!(matches!(again.status, 200 | 201), "{again:?}");
    let id = again.json()["id"].as_str().unwrap().to_owned();
    successor.until_stage(&id, &["fulfilling"]).await;
    checker::at_rest(&world.audit, 1).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_is_asked_to_end_ends_well_and_comes_back_with_everything() {
    let mut world = World::start().await;
    world.api.count("BER1", "SKU-1", 100).await;
    let mut placed = Vec::new();
    for number in 0..20 {
        placed.push(
            world
                .api
                .place(&one_unit(&format!("G-{number}"), "SKU-1"))
                .await,
        );
    }
    let status = world.hub.terminate().await;
    assert!(status.success(), "SIGTERM ended the hub with {status}");
    let took = world.hub.start().await;
    eprintln!("ready {took:?} after a graceful end");
    for order in &placed {
        world
            .api
            .until_stage_within(order, &["fulfilling"], Duration::from_secs(90))
            .await;
    }
    checker::at_rest(&world.audit, 1).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
}
