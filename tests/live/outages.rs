//! Postgres goes away under load: it crashes, it stops answering, its disk is full. Clients hear
//! "later" and never wait long; everything that was acknowledged is there afterwards and goes on by
//! itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::postgres::{Cluster, Stop};
use crate::support::api::Api;
use crate::support::lives::Cast;
use crate::support::orders::one_unit;
use crate::support::patience::{AFTER_A_CRASH, SOON, until};
use crate::support::shopify as shop;
use crate::support::world::World;
use crate::support::{books, checker};

/// Buyers who order at the same time, one order after the other.
const BUYERS: u32 = 10;

/// The longest that a client may wait for a word: the hub gives itself 3 s to look a key up and 4 s to
/// find an answer; the rest is for a busy machine.
const A_WORD: Duration = Duration::from_secs(15);

/// Everybody who uses a hub, at work until told to stop.
struct Traffic {
    cast: Cast,
    go_on: Arc<AtomicBool>,
    /// Each tells the orders it placed.
    buyers: JoinSet<Vec<String>>,
    /// Each tells what it counted last.
    counters: JoinSet<(String, i64)>,
    onlooker: JoinSet<()>,
    /// How often the hub said that it takes no orders now.
    unready: Arc<AtomicU32>,
}

impl Traffic {
    async fn start(world: &World) -> Self {
        world.api.count("BER1", "SKU-1", 10_000).await;
        world.api.count("BER1", "PINK-8", 10_000).await;
        let mut traffic = Self {
            cast: Cast::of(world),
            go_on: Arc::new(AtomicBool::new(true)),
            buyers: JoinSet::new(),
            counters: JoinSet::new(),
            onlooker: JoinSet::new(),
            unready: Arc::default(),
        };
        for buyer in 0..BUYERS {
            let (cast, go_on) = (traffic.cast.clone(), Arc::clone(&traffic.go_on));
            traffic.buyers.spawn(buy(cast, go_on, buyer));
        }
        for counter in 0..2 {
            let (cast, go_on) = (traffic.cast.clone(), Arc::clone(&traffic.go_on));
            traffic.counters.spawn(count(cast, go_on, counter));
        }
        let (api, go_on) = (world.hub.admin(), Arc::clone(&traffic.go_on));
        let unready = Arc::clone(&traffic.unready);
        traffic.onlooker.spawn(look_on(api, go_on, unready));
        traffic
    }

    /// Waits until so many answers said yes, since now.
    async fn flows(&self, answers: u32) {
        let before = self.cast.watch.seen().done;
        until("the traffic flows", AFTER_A_CRASH, || async {
            (self.cast.watch.seen().done >= before + answers).then_some(())
        })
        .await;
    }

    /// Waits until the hub says that it takes no orders.
    async fn hub_says_unready(&self) {
        let before = self.unready.load(Ordering::Relaxed);
        until("the hub is not ready", SOON, || async {
            (self.unready.load(Ordering::Relaxed) > before).then_some(())
        })
        .await;
    }

    /// Lets everybody finish, and checks what must hold after any outage.
    async fn end(mut self, world: &World) {
        self.go_on.store(false, Ordering::Relaxed);
        let mut orders = Vec::new();
        while let Some(placed) = self.buyers.join_next().await {
            orders.extend(placed.unwrap());
        }
        while let Some(counted) = self.counters.join_next().await {
            let (sku, units) = counted.unwrap();
            let counters = checker::counters(&world.audit, "BER1", &sku).await;
            assert_eq!(counters, (units, 0, 0), "{sku}");
        }
        while let Some(looked) = self.onlooker.join_next().await {
            looked.unwrap();
        }
        let seen = self.cast.watch.seen();
        eprintln!("{} orders, {seen:?}", orders.len());
        assert_eq!(seen.wrong, Vec::<String>::new());
        assert_eq!(seen.unanswered, 0, "requests without an answer");
        assert!(seen.slowest < A_WORD, "an answer took {:?}", seen.slowest);

        let placed = i64::try_from(orders.len()).unwrap();
        let audit = &world.audit;
        assert_eq!(checker::orders_in(audit, &["completed"]).await, placed);
        until("every cancelled order has ended", AFTER_A_CRASH, || async {
            let ended = checker::orders_in(audit, &["completed", "cancelled"]).await;
            (ended == checker::orders(audit).await).then_some(())
        })
        .await;
        let shipped = checker::counters(audit, "BER1", "SKU-1").await;
        assert_eq!(shipped, (10_000 - placed, 0, 0));
        let cancelled = checker::counters(audit, "BER1", "PINK-8").await;
        assert_eq!(cancelled, (10_000, 0, 0));
        assert_eq!(checker::troubles(audit).await, Vec::<String>::new());
        checker::at_rest(audit, 1).await;
        books::agree_with_the_gateway(audit, &world.stripe).await;
        books::agree_with_the_carrier(audit, &world.easypost).await;
    }
}

/// Orders again and again; every third time also through the shop, and changes their mind there.
async fn buy(cast: Cast, go_on: Arc<AtomicBool>, buyer: u32) -> Vec<String> {
    let mut placed = Vec::new();
    for number in 0.. {
        if !go_on.load(Ordering::Relaxed) {
            break;
        }
        if number % 3 == 0 {
            let order = shop::paid(u64::from(7_000_000 + buyer * 10_000 + number), "PINK-8");
            hook(&cast, "orders/create", &order).await;
            hook(&cast, "orders/cancelled", &shop::cancelled(order)).await;
        }
        let order = one_unit(&format!("O-{buyer}-{number}"), "SKU-1");
        placed.push(cast.live(&order).await);
    }
    placed
}

async fn hook(cast: &Cast, topic: &str, order: &serde_json::Value) {
    until("the webhook is taken", AFTER_A_CRASH, || async {
        cast.watch
            .send(shop::webhook(&cast.api, topic, order))
            .await
    })
    .await;
}

/// Counts a SKU of its own, one more each time, and reads it back.
async fn count(cast: Cast, go_on: Arc<AtomicBool>, counter: u32) -> (String, i64) {
    let sku = format!("COUNTED-{counter}");
    let mut units = 0;
    while go_on.load(Ordering::Relaxed) {
        units += 1;
        let path = format!("/v1/inventory/BER1/{sku}");
        until("the count is taken", AFTER_A_CRASH, || async {
            let body = json!({"on_hand": units});
            let request = cast.api.request(Method::PUT, &path).json(&body);
            cast.watch.send(request).await
        })
        .await;
        let path = format!("/v1/inventory/{sku}");
        let request = cast.api.request(Method::GET, &path);
        if let Some(reply) = cast.watch.send(request).await {
            assert_eq!(reply.json()["locations"][0]["on_hand"], units);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    (sku, units)
}

/// Sees that the process is always alive, and when it takes no orders.
async fn look_on(admin: Api, go_on: Arc<AtomicBool>, unready: Arc<AtomicU32>) {
    while go_on.load(Ordering::Relaxed) {
        let ask = |path| Api::try_send(admin.request(Method::GET, path));
        let alive = ask("/livez").await.map(|reply| reply.status);
        assert_eq!(alive, Some(200), "/livez");
        let ready = ask("/readyz").await.expect("/readyz answers");
        match ready.status {
            200 => {}
            503 => drop(unready.fetch_add(1, Ordering::Relaxed)),
            other => panic!("/readyz answers {other}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_crashes_and_restarts_under_load_costs_nothing() {
    let mut cluster = Cluster::private();
    let world = World::start_on(&cluster, None).await;
    let traffic = Traffic::start(&world).await;
    for how in [Stop::Immediate, Stop::Fast, Stop::Immediate] {
        traffic.flows(60).await;
        cluster.restart(how);
        traffic.flows(60).await;
    }
    traffic.end(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_stops_answering_is_waited_for() {
    let cluster = Cluster::private();
    let world = World::start_on(&cluster, None).await;
    let traffic = Traffic::start(&world).await;
    traffic.flows(60).await;
    let before = world.hub.memory_kib();
    cluster.freeze(true);
    // Longer than anything in the hub waits for anything.
    tokio::time::sleep(Duration::from_secs(15)).await;
    traffic.hub_says_unready().await;
    tokio::time::sleep(Duration::from_secs(15)).await;
    let after = world.hub.memory_kib();
    cluster.freeze(false);
    assert!(
        after < before + 64 * 1024,
        "{before} KiB became {after} KiB"
    );
    traffic.flows(60).await;
    traffic.end(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_writing_and_a_freed_one_goes_on() {
    let Some(cluster) = Cluster::on_small_disk() else {
        eprintln!("skipped: only root with a mount namespace of its own can have a small disk");
        return;
    };
    let world = World::start_on(&cluster, None).await;
    let traffic = Traffic::start(&world).await;
    traffic.flows(60).await;
    cluster.fill_disk();
    traffic.hub_says_unready().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    cluster.free_disk();
    traffic.flows(60).await;
    traffic.end(&world).await;
}
