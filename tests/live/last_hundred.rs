//! The last 100 units, 5,000 buyers, 64 of them at a time, four cards in ten declined.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::support::doubles::faults::{Call, Fault};
use crate::support::doubles::stripe::Applied;
use crate::support::orders::one_unit;
use crate::support::patience::until;
use crate::support::world::World;
use crate::support::{books, checker};

const ORDERS: u32 = 5_000;
const CLIENTS: u32 = 64;
const UNDER_WAY: [&str; 6] = [
    "received",
    "screening",
    "reserving",
    "authorizing",
    "confirmed",
    "cancelling",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_units_are_sold_a_hundred_times_and_every_declined_unit_again() {
    let locations = ["BER1", "HAM1", "MUC1"];
    let world = World::start_with(&locations, None).await;
    for (location, units) in locations.iter().zip([50, 30, 20]) {
        world.api.count(location, "LAST", units).await;
    }
    world
        .stripe
        .faults
        .share(Call::Authorize, 40, Fault::Decline);

    let since = Instant::now();
    let next = Arc::new(AtomicU32::new(0));
    let clients = (0..CLIENTS).map(|_| {
        let (api, next) = (world.api.clone(), Arc::clone(&next));
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= ORDERS {
                    return;
                }
                let order = one_unit(&format!("L-{number}"), "LAST");
                api.place(&order).await;
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    eprintln!("5,000 orders were taken in {:?}", since.elapsed());

    until("every order is settled", Duration::from_mins(5), || async {
        let left = checker::orders_in(&world.audit, &UNDER_WAY).await;
        (left == 0).then_some(())
    })
    .await;
    eprintln!("and settled after {:?}", since.elapsed());

    let audit = &world.audit;
    assert_eq!(checker::orders_in(audit, &["fulfilling"]).await, 100);
    let rejected = checker::orders_in(audit, &["rejected"]).await;
    assert_eq!(rejected, i64::from(ORDERS) - 100);
    for (location, units) in locations.iter().zip([50, 30, 20]) {
        let counters = checker::counters(audit, location, "LAST").await;
        assert_eq!(counters, (units, 0, units), "{location}");
    }
    let book = world.stripe.book();
    let count = |wanted: Applied| book.iter().filter(|entry| entry.applied == wanted).count();
    let kept = count(Applied::Authorized) - count(Applied::Canceled);
    assert_eq!(kept, 100, "authorisations that stand");
    assert!(
        count(Applied::Declined) >= 60,
        "the gateway declined too few to prove anything"
    );
    checker::at_rest(audit, 1).await;
    books::agree_with_the_gateway(audit, &world.stripe).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_which_one_line_is_short_ends_and_holds_nothing() {
    let world = World::start().await;
    world.api.count("BER1", "PLENTY", 5).await;
    let mut order = one_unit("T-1", "PLENTY");
    let mut short = order["lines"][0].clone();
    short["external_id"] = "2".into();
    short["sku"] = "NONE".into();
    order["lines"].as_array_mut().unwrap().push(short);
    order["stated_total"] = "39.98".into();
    let id = world.api.place(&order).await;
    let ended = world.api.until_stage(&id, &["rejected"]).await;
    assert_eq!(ended["reason"], "out_of_stock");
    let counters = checker::counters(&world.audit, "BER1", "PLENTY").await;
    assert_eq!(counters, (5, 0, 0));
    assert!(world.stripe.book_of(&id).is_empty());
    checker::at_rest(&world.audit, 1).await;
}
