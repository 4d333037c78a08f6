//! A minute of five times what the hub can do. Too long and too loud for every run:
//!
//! ```text
//! cargo test --release --test live -- --ignored --nocapture overload
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::support::checker;
use crate::support::lives::Watch;
use crate::support::orders::one_unit;
use crate::support::patience::until;
use crate::support::world::World;

/// How long the hub's capacity is measured, and how long it gets a multiple of it.
const MEASURED: Duration = Duration::from_secs(15);
const OVERLOADED: Duration = Duration::from_mins(1);
const TIMES: u32 = 5;

/// Clients that wait for their answer before they ask again: what the hub can do.
const CLIENTS: u32 = 64;

/// Requests that the senders have under way at most; fewer than the hub's connections.
const UNDER_WAY: usize = 3_000;

/// Sends the order with this number; an SKU without stock, so that its life is short.
async fn send(world: &World, watch: &Watch, number: u32) {
    let order = one_unit(&format!("O-{number}"), "NONE");
    let request = world.api.request(Method::POST, "/v1/orders").json(&order);
    watch.send(request).await;
}

/// Orders per second that are taken from clients that wait.
async fn capacity(world: &Arc<World>, next: &Arc<AtomicU32>) -> u32 {
    let watch = Arc::new(Watch::default());
    let begin = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (world, watch, next) = (Arc::clone(world), Arc::clone(&watch), Arc::clone(next));
        clients.spawn(async move {
            while begin.elapsed() < MEASURED {
                send(&world, &watch, next.fetch_add(1, Ordering::Relaxed)).await;
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    let seconds = u32::try_from(MEASURED.as_secs()).unwrap();
    watch.seen().done / seconds
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a minute of overload; the module says how to run it"]
async fn five_times_the_capacity_for_a_minute_is_answered_and_leaves_nothing_behind() {
    let world = Arc::new(World::start().await);
    let next = Arc::new(AtomicU32::new(0));
    let able = capacity(&world, &next).await;
    let before = world.hub.memory_kib();
    let watch = Arc::new(Watch::default());
    let places = Arc::new(Semaphore::new(UNDER_WAY));
    let mut senders = JoinSet::new();
    let mut ticks = interval(Duration::from_millis(10));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let begin = Instant::now();
    let (mut sent, mut unsent) = (0_u32, 0_u32);
    while begin.elapsed() < OVERLOADED {
        ticks.tick().await;
        while senders.try_join_next().is_some() {}
        let millis = u32::try_from(begin.elapsed().as_millis()).unwrap();
        let due = u64::from(able * TIMES) * u64::from(millis) / 1_000;
        while u64::from(sent + unsent) < due {
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                unsent += 1;
                continue;
            };
            sent += 1;
            let (world, watch) = (Arc::clone(&world), Arc::clone(&watch));
            let number = next.fetch_add(1, Ordering::Relaxed);
            senders.spawn(async move {
                send(&world, &watch, number).await;
                drop(place);
            });
        }
    }
    while let Some(sender) = senders.join_next().await {
        sender.unwrap();
    }
    let after = world.hub.memory_kib();
    let seen = watch.seen();
    eprintln!(
        "{able} orders/s taken; then {TIMES} times as many for {OVERLOADED:?}: {sent} sent, {unsent} \
         not sent for want of sockets, {seen:?}; {before} KiB became {after} KiB"
    );
    assert_eq!(seen.wrong, Vec::<String>::new());
    assert_eq!(seen.unanswered, 0, "requests without an answer");
    assert!(
        after < before + 512 * 1024,
        "{before} KiB became {after} KiB"
    );
    until(
        "everything taken is carried out",
        Duration::from_mins(1),
        || async {
            let ended = checker::orders_in(&world.audit, &["rejected"]).await;
            (ended == checker::orders(&world.audit).await).then_some(())
        },
    )
    .await;
    checker::always(&world.audit).await;
}
