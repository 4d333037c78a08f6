//! A lane's own deliveries say when its next parcel is overdue, however often they are told and whatever
//! dies meanwhile.

use std::time::Duration;

use serde_json::{Value, json};

use crate::metrics::Scrape;
use crate::support::doubles::easypost_wire::Sighting;
use crate::support::journey::{self, fulfilment_of, step};
use crate::support::operator::Operator;
use crate::support::orders::one_unit;
use crate::support::patience::{SOON, until};
use crate::support::world::World;
use crate::support::{books, checker};

/// What the first order goes out in: enough for its lane to say something.
const PARCELS: usize = 20;

async fn numbers(world: &World, order: &str) -> Vec<String> {
    let labelled = Duration::from_mins(1);
    until("every parcel has its number", labelled, || async {
        let order = world.api.order(order).await;
        let parcels = order["fulfilments"][0]["parcels"].as_array()?.clone();
        let numbers = parcels.iter().map(|one| one["tracking_number"].as_str());
        let numbers: Option<Vec<&str>> = numbers.collect();
        let numbers = numbers.filter(|numbers| numbers.len() == PARCELS)?;
        Some(numbers.into_iter().map(str::to_owned).collect())
    })
    .await
}

/// Picked up a day ago and with the buyer so many seconds later; told twice.
async fn delivered_after(world: &World, tracking: &str, seconds: i64) {
    let taken = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
    let seen = |status, detail, seconds| Sighting {
        status,
        detail,
        at: (taken + jiff::SignedDuration::from_secs(seconds)).to_string(),
    };
    let sightings = [
        seen("in_transit", "departed_origin_facility", 0),
        seen("delivered", "arrived_at_destination", seconds),
    ];
    let body = world.easypost.sighted(tracking, &sightings);
    for _ in 0..2 {
        let told =
            || async { (world.easypost.post.deliver(&body).await == Some(200)).then_some(()) };
        until("the hub hears of a delivery", SOON, told).await;
    }
}

async fn explained(world: &World, order: &str) -> Value {
    let path = format!("/v1/orders/{order}/explain");
    world.api.get(&path).await.expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_is_overdue_by_what_its_own_lane_took() {
    let mut world = World::start().await;
    world.api.count("BER1", "SKU-1", 10).await;
    let first = world.api.place(&one_unit("T-1", "SKU-1")).await;
    let fulfilment = fulfilment_of(&world.api, &first, SOON).await;
    for verb in ["accept", "pick"] {
        step(&world.api, &fulfilment, verb).await;
    }
    let pack = format!("/v1/fulfilments/{fulfilment}/pack");
    let parcels = json!({ "parcels": vec![json!({}); PARCELS] });
    world.api.post(&pack, &parcels).await.expect(200);
    let numbers = numbers(&world, &first).await;
    step(&world.api, &fulfilment, "hand-over").await;
    until("the policy's time holds", SOON, || async {
        let because = explained(&world, &first).await["because"].to_string();
        because.contains("7 days: the policy's time").then_some(())
    })
    .await;

    // One takes two days; nineteen of twenty take two seconds. The hub dies in the middle, and
    // everything is told again.
    delivered_after(&world, &numbers[0], 172_800).await;
    for tracking in &numbers[1..10] {
        delivered_after(&world, tracking, 2).await;
    }
    world.hub.kill();
    world.hub.start().await;
    for tracking in &numbers[1..] {
        delivered_after(&world, tracking, 2).await;
    }
    let counted: (i64, i64, i64) = sqlx::query_as(
        "select count(*), sum(took_s)::bigint, count(distinct (account, carrier, service, origin, destination)) \
         from orderhub_check.transits where account = 'easypost' and service = 'Ground' \
         and origin = 'DE' and destination = 'DE'",
    )
    .fetch_one(&world.audit)
    .await
    .unwrap();
    assert_eq!(
        counted,
        (20, 172_800 + 19 * 2, 1),
        "each parcel counts once"
    );

    let second = world.api.place(&one_unit("T-2", "SKU-1")).await;
    let tracking = journey::ship(&world.api, &second).await;
    let watched = checker::events_of(&world.audit, &second, "shipment.watched").await;
    assert_eq!(watched, 1);
    until("the parcel is overdue", SOON, || async {
        let order = world.api.order(&second).await;
        (!order["fulfilments"][0]["overdue_since"].is_null()).then_some(())
    })
    .await;
    let why = explained(&world, &second).await;
    let because = why["because"].as_str().unwrap().to_owned();
    assert!(
        because
            .contains("overdue after 2 seconds: the 95th percentile of 20 deliveries of this lane"),
        "{because}"
    );
    assert_eq!(why["recommended"], "claim");
    let scrape = Scrape::of(&world.hub).await;
    let labels = [r#"carrier="easypost""#, r#"time="lane""#];
    let overdue = scrape.value("orderhub_parcels_overdue_total", &labels);
    assert_eq!(overdue, Some(1.0));

    // The log says it, not what the lane knows by now.
    world.hub.kill();
    world.hub.start().await;
    assert_eq!(
        explained(&world, &second).await["because"],
        because.as_str()
    );
    let operator = Operator::of(&world);
    let timeline = operator.text(&format!("orders timeline {second}"));
    assert!(
        timeline.contains("as 20 deliveries of its lane say"),
        "{timeline}"
    );
    journey::deliver(&world.easypost, &tracking).await;
    for order in [&first, &second] {
        world.api.until_stage(order, &["completed"]).await;
    }
    checker::at_rest(&world.audit, 1).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
}
