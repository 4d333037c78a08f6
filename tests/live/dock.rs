//! At the locations: shipments from several of them, locations that refuse, and cancellations that
//! race the parcel to the door.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::api::Api;
use crate::support::doubles::stripe::Applied;
use crate::support::journey::{self, fulfilment_of, label_of, step};
use crate::support::orders::{one_unit, two_and_shipping};
use crate::support::patience::{SOON, until};
use crate::support::world::World;
use crate::support::{books, checker};

/// The order's fulfilments that somebody still works on, once there are so many.
async fn active(api: &Api, order: &str, count: usize) -> Vec<(String, String)> {
    let what = format!("{order} has {count} active fulfilments");
    until(&what, SOON, || async {
        let order = api.order(order).await;
        let over = ["planned", "rejected", "unanswered", "cancelled"];
        let all = order["fulfilments"].as_array()?.iter();
        let active = all.filter(|one| !over.contains(&one["stage"].as_str().unwrap_or_default()));
        let named = |one: &Value| {
            let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            (text("id"), text("location"))
        };
        let active: Vec<_> = active.map(named).collect();
        (active.len() == count).then_some(active)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_shipments_from_two_locations_are_captured_once_when_the_last_one_leaves() {
    let world = World::start_with(&["BER1", "HAM1"], None).await;
    let api = &world.api;
    let mut order = two_and_shipping("SP-1", "SKU-1");
    let mut second = order["lines"][0].clone();
    order["lines"][0]["quantity"] = "1".into();
    second["quantity"] = "1".into();
    second["external_id"] = "2".into();
    second["sku"] = "SKU-2".into();
    order["lines"].as_array_mut().unwrap().push(second);
    api.count("BER1", "SKU-1", 5).await;
    api.count("HAM1", "SKU-2", 5).await;
    let order = api.place(&order).await;
    let both = active(api, &order, 2).await;
    let mut parcels = Vec::new();
    for (fulfilment, _) in &both {
        for verb in ["accept", "pick", "pack"] {
            step(api, fulfilment, verb).await;
        }
        let tracking = label_of(api, &order, fulfilment).await;
        // An ordinary account captures an authorisation once: not before everything has left.
        let taken = world.stripe.book_of(&order);
        assert_eq!(taken, [(Applied::Authorized, 4497)], "captured too early");
        step(api, fulfilment, "hand-over").await;
        parcels.push(tracking);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    for tracking in &parcels {
        journey::deliver(&world.easypost, tracking).await;
    }
    api.until_stage(&order, &["completed"]).await;
    let book = world.stripe.book_of(&order);
    assert_eq!(
        book,
        [(Applied::Authorized, 4497), (Applied::Captured, 4497)]
    );
    assert_eq!(
        checker::counters(&world.audit, "BER1", "SKU-1").await,
        (4, 0, 0)
    );
    assert_eq!(
        checker::counters(&world.audit, "HAM1", "SKU-2").await,
        (4, 0, 0)
    );
    all_books_agree(&world, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_location_that_refuses_is_not_asked_again_and_the_other_one_ships() {
    let world = World::start_with(&["BER1", "HAM1"], None).await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 5).await;
    api.count("HAM1", "SKU-1", 5).await;
    let order = api.place(&one_unit("RJ-1", "SKU-1")).await;
    let (fulfilment, refusing) = active(api, &order, 1).await.remove(0);
    let reject = format!("/v1/fulfilments/{fulfilment}/reject");
    api.post(&reject, &json!({"reason": "damaged"}))
        .await
        .expect(200);
    let (other, willing) = until("another location is asked", SOON, || async {
        let mut now = active(api, &order, 1).await;
        now.retain(|(id, _)| *id != fulfilment);
        now.pop()
    })
    .await;
    assert_ne!(willing, refusing);
    for verb in ["accept", "pick", "pack"] {
        step(api, &other, verb).await;
    }
    let tracking = label_of(api, &order, &other).await;
    step(api, &other, "hand-over").await;
    journey::deliver(&world.easypost, &tracking).await;
    api.until_stage(&order, &["completed"]).await;
    let book = world.stripe.book_of(&order);
    assert_eq!(
        book,
        [(Applied::Authorized, 1999), (Applied::Captured, 1999)]
    );
    assert_eq!(
        checker::counters(&world.audit, &willing, "SKU-1").await,
        (4, 0, 0)
    );
    let (_, reserved, allocated) = checker::counters(&world.audit, &refusing, "SKU-1").await;
    assert_eq!((reserved, allocated), (0, 0));
    all_books_agree(&world, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_that_races_the_parcel_ends_one_way_or_the_other() {
    let world = World::start().await;
    world.api.count("BER1", "SKU-1", 100).await;
    let mut races = JoinSet::new();
    for number in 0..40 {
        let api = world.api.clone();
        races.spawn(async move {
            let order = api.place(&one_unit(&format!("CR-{number}"), "SKU-1")).await;
            let fulfilment = fulfilment_of(&api, &order, SOON).await;
            for verb in ["accept", "pick", "pack"] {
                step(&api, &fulfilment, verb).await;
            }
            label_of(&api, &order, &fulfilment).await;
            let leave = format!("/v1/fulfilments/{fulfilment}/hand-over");
            let cancel = format!("/v1/orders/{order}/actions/cancel");
            let why = json!({"reason": "the buyer changed their mind"});
            let pause = |late: bool| Duration::from_millis(u64::from(late) * (number % 7));
            let (left, cancelled) = tokio::join!(
                async {
                    tokio::time::sleep(pause(number % 2 == 0)).await;
                    api.post(&leave, &json!({})).await
                },
                async {
                    tokio::time::sleep(pause(number % 2 == 1)).await;
                    api.post(&cancel, &why).await
                }
            );
            assert!(matches!(left.status, 200 | 409), "{left:?}");
            assert!(matches!(cancelled.status, 200..=202 | 409), "{cancelled:?}");
            (order, left.status == 200)
        });
    }
    let mut shipped = Vec::new();
    while let Some(race) = races.join_next().await {
        let (order, left) = race.unwrap();
        if left {
            shipped.push(order);
        } else {
            world.api.until_stage(&order, &["cancelled"]).await;
            let book = world.stripe.book_of(&order);
            assert_eq!(
                book,
                [(Applied::Authorized, 1999), (Applied::Canceled, 1999)],
                "{order}"
            );
            let labels = world.easypost.labels_of(&order);
            assert!(
                labels.iter().all(|label| label.refunded),
                "{order}: {labels:?}"
            );
        }
    }
    for order in &shipped {
        let tracking = journey::tracking_number(&world.api, order, SOON).await;
        journey::deliver(&world.easypost, &tracking).await;
        world.api.until_stage(order, &["completed"]).await;
        let book = world.stripe.book_of(order);
        assert_eq!(
            book,
            [(Applied::Authorized, 1999), (Applied::Captured, 1999)],
            "{order}"
        );
    }
    eprintln!("of 40 races {} parcels left", shipped.len());
    let left = i64::try_from(shipped.len()).unwrap();
    let counters = checker::counters(&world.audit, "BER1", "SKU-1").await;
    assert_eq!(counters, (100 - left, 0, 0));
    all_books_agree(&world, 1).await;
}

async fn all_books_agree(world: &World, units: i64) {
    checker::at_rest(&world.audit, units).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
    books::agree_with_the_carrier(&world.audit, &world.easypost).await;
}
