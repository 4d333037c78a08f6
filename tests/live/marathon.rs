//! Five hundred orders through their whole lives while the hub is killed ten times, the bus forgets
//! everything once and the database crashes once. Nothing is lost, nothing happens twice, and the
//! bus has it all in the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::bus::all_is_published;
use crate::postgres::{Cluster, Stop};
use crate::support::lives::Cast;
use crate::support::nats::{Nats, Server};
use crate::support::orders::one_unit;
use crate::support::patience::{AFTER_A_CRASH, until};
use crate::support::shopify as shop;
use crate::support::world::World;
use crate::support::{books, checker};

/// Orders in all; the buyers take the numbers one after the other.
const ORDERS: u32 = 500;
const BUYERS: u32 = 32;

/// Times that the hub is killed; meanwhile the bus and the database have their turns.
const KILLS: u32 = 10;

/// What becomes of an order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Ordered over the API, shipped and delivered.
    Delivered,
    /// Ordered over the API, cancelled.
    Cancelled,
    /// Told by the shop, several times, and then that the buyer cancelled it.
    Retracted,
}

const fn fate(number: u32) -> Fate {
    match number % 10 {
        3 => Fate::Cancelled,
        6 => Fate::Retracted,
        _ => Fate::Delivered,
    }
}

async fn buy(cast: Cast, next: Arc<AtomicU32>) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= ORDERS {
            return;
        }
        let order = one_unit(&format!("R-{number}"), "SKU-1");
        match fate(number) {
            Fate::Delivered => drop(cast.live(&order).await),
            Fate::Cancelled => {
                let id = cast.place(&order).await;
                let path = format!("/v1/orders/{id}/actions/cancel");
                let why = json!({"reason": "the buyer changed their mind"});
                until("the cancellation is taken", AFTER_A_CRASH, || async {
                    let request = cast.api.request(Method::POST, &path).json(&why);
                    // Under one key, the repeat of a cancellation is no second one.
                    cast.watch
                        .send(request.header("idempotency-key", &id))
                        .await
                })
                .await;
            }
            Fate::Retracted => {
                let order = shop::paid(9_000_000 + u64::from(number), "PINK-8");
                let gone = shop::cancelled(order.clone());
                let news = [
                    ("orders/create", &order),
                    ("orders/paid", &order),
                    ("orders/cancelled", &gone),
                    ("orders/updated", &order),
                ];
                for (topic, told) in news {
                    until("the webhook is taken", AFTER_A_CRASH, || async {
                        cast.watch.send(shop::webhook(&cast.api, topic, told)).await
                    })
                    .await;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_orders_outlive_ten_kills_a_forgetful_bus_and_a_crashed_database() {
    let mut cluster = Cluster::private();
    let mut nats = Nats::start(Server::Installed).await;
    let mut world = World::start_on(&cluster, Some(nats.url())).await;
    world.api.count("BER1", "SKU-1", 1_000).await;
    world.api.count("BER1", "PINK-8", 1_000).await;
    let cast = Cast::of(&world);
    let since = Instant::now();
    let next = Arc::new(AtomicU32::new(0));
    let mut buyers = JoinSet::new();
    for _ in 0..BUYERS {
        buyers.spawn(buy(cast.clone(), Arc::clone(&next)));
    }
    for kill in 1..=KILLS {
        // Spread over the orders, so that there is always work under way.
        let due = ORDERS * kill / (KILLS + 2);
        until("orders go on", AFTER_A_CRASH, || async {
            (next.load(Ordering::Relaxed) >= due).then_some(())
        })
        .await;
        match kill {
            4 => {
                nats.kill();
                nats.wipe();
            }
            5 => nats.bring_up().await,
            7 => {
                let before = cast.watch.seen().done;
                cluster.restart(Stop::Immediate);
                // The hub outlives it; one that starts meanwhile would say so and end.
                until("the hub goes on", AFTER_A_CRASH, || async {
                    (cast.watch.seen().done >= before + 50).then_some(())
                })
                .await;
            }
            _ => {}
        }
        world.hub.kill();
        world.hub.start().await;
    }
    while let Some(bought) = buyers.join_next().await {
        bought.unwrap();
    }
    let seen = cast.watch.seen();
    eprintln!("500 orders after {:?}: {seen:?}", since.elapsed());
    assert_eq!(seen.wrong, Vec::<String>::new());

    let audit = &world.audit;
    until("every order has ended", AFTER_A_CRASH, || async {
        let ended = checker::orders_in(audit, &["completed", "cancelled"]).await;
        (ended == i64::from(ORDERS)).then_some(())
    })
    .await;
    assert_eq!(checker::orders(audit).await, i64::from(ORDERS));
    let delivered = (0..ORDERS).filter(|number| fate(*number) == Fate::Delivered);
    let delivered = i64::try_from(delivered.count()).unwrap();
    assert_eq!(checker::orders_in(audit, &["completed"]).await, delivered);
    until("nothing is under way", AFTER_A_CRASH, || async {
        let open: i64 =
            sqlx::query_scalar("select count(*) from orderhub_check.effects where state = 'open'")
                .fetch_one(audit)
                .await
                .unwrap();
        (open == 0).then_some(())
    })
    .await;
    let shipped = checker::counters(audit, "BER1", "SKU-1").await;
    assert_eq!(shipped, (1_000 - delivered, 0, 0));
    let retracted = checker::counters(audit, "BER1", "PINK-8").await;
    assert_eq!(retracted, (1_000, 0, 0));
    assert_eq!(checker::troubles(audit).await, Vec::<String>::new());
    checker::at_rest(audit, 1).await;
    books::agree_with_the_gateway(audit, &world.stripe).await;
    books::agree_with_the_carrier(audit, &world.easypost).await;
    all_is_published(&world, &nats).await;
    eprintln!("and everything agreed after {:?}", since.elapsed());
}
