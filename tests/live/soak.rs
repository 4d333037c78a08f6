//! Hours of orders and faults, and whether the hub grows meanwhile. Too long for every run:
//!
//! ```text
//! ORDERHUB_SOAK_MINUTES=60 cargo test --release --test live -- --ignored --nocapture soak
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::postgres::{Cluster, Stop};
use crate::support::doubles::faults::{Call, Fault};
use crate::support::lives::Cast;
use crate::support::nats::{Nats, Server};
use crate::support::orders::one_unit;
use crate::support::patience::{AFTER_A_CRASH, until};
use crate::support::world::World;
use crate::support::{books, checker};

const BUYERS: u32 = 12;

/// Between two looks at the hub's memory.
const LOOK: Duration = Duration::from_secs(10);

/// Between two faults; each is over before the next.
const QUIET: Duration = Duration::from_mins(1);

/// How long an order may be open after the last fault.
const OPEN_AT_MOST: Duration = Duration::from_mins(1);

fn minutes() -> u64 {
    let asked = std::env::var("ORDERHUB_SOAK_MINUTES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(60)
}

async fn buy(cast: Cast, next: Arc<AtomicU32>, until: Instant) {
    while Instant::now() < until {
        let number = next.fetch_add(1, Ordering::Relaxed);
        cast.live(&one_unit(&format!("S-{number}"), "SKU-1")).await;
    }
}

/// One fault after the other, until there is no time for another.
async fn trouble(world: &World, nats: &mut Nats, cluster: &mut Cluster, until: Instant) {
    for turn in 0_u32.. {
        sleep(QUIET).await;
        if Instant::now() + QUIET > until {
            return;
        }
        match turn % 6 {
            0 => {
                world
                    .stripe
                    .faults
                    .share(Call::Authorize, 100, Fault::Broken);
                sleep(Duration::from_secs(20)).await;
            }
            1 => {
                nats.kill();
                nats.wipe();
                sleep(Duration::from_secs(10)).await;
                nats.bring_up().await;
            }
            2 => {
                world.easypost.faults.share(Call::BuyLabel, 50, Fault::Huge);
                sleep(Duration::from_secs(15)).await;
            }
            3 => cluster.restart(Stop::Immediate),
            4 => {
                world
                    .stripe
                    .faults
                    .share(Call::Capture, 30, Fault::LoseAnswer);
                sleep(Duration::from_secs(15)).await;
            }
            _ => {
                nats.freeze(true);
                sleep(Duration::from_secs(10)).await;
                nats.freeze(false);
            }
        }
        world.stripe.faults.heal();
        world.easypost.faults.heal();
    }
}

/// The middle of some readings.
fn median(readings: &[u64]) -> u64 {
    let mut sorted = readings.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes an hour; the module says how to run it"]
async fn memory_after_an_hour_of_load_and_faults_is_that_after_ten_minutes() {
    let mut cluster = Cluster::private();
    let mut nats = Nats::start(Server::Current).await;
    let world = World::start_on(&cluster, Some(nats.url())).await;
    world.api.count("BER1", "SKU-1", 10_000_000).await;
    let cast = Cast::of(&world);
    let (begin, length) = (Instant::now(), Duration::from_mins(minutes()));
    let next = Arc::new(AtomicU32::new(0));
    let mut buyers = JoinSet::new();
    for _ in 0..BUYERS {
        buyers.spawn(buy(cast.clone(), Arc::clone(&next), begin + length));
    }
    let mut readings = Vec::new();
    let watch = async {
        while begin.elapsed() < length {
            sleep(LOOK).await;
            let rss = world.hub.memory_kib();
            readings.push((begin.elapsed(), rss));
            if readings.len() % 6 == 0 {
                let orders = next.load(Ordering::Relaxed);
                eprintln!("{:?}: {rss} KiB, {orders} orders", begin.elapsed());
            }
        }
    };
    tokio::join!(
        watch,
        trouble(&world, &mut nats, &mut cluster, begin + length)
    );
    while let Some(bought) = buyers.join_next().await {
        bought.unwrap();
    }
    // Sixtieths of the time: the minutes of an hour.
    let between = |minutes: std::ops::Range<u128>| -> u64 {
        let minute = |at: &Duration| at.as_millis() * 60 / length.as_millis();
        let inside = readings
            .iter()
            .filter(|(at, _)| minutes.contains(&minute(at)));
        median(&inside.map(|(_, rss)| *rss).collect::<Vec<_>>())
    };
    let (early, late) = (between(8..12), between(56..60));
    let seen = cast.watch.seen();
    eprintln!("early {early} KiB, late {late} KiB, {seen:?}");

    until("nothing is open", OPEN_AT_MOST, || async {
        let open = [
            "received",
            "reserving",
            "authorizing",
            "confirmed",
            "fulfilling",
        ];
        (checker::orders_in(&world.audit, &open).await == 0).then_some(())
    })
    .await;
    until("every effect is answered", AFTER_A_CRASH, || async {
        let query = "select count(*) from orderhub_check.effects where state = 'open'";
        let open: i64 = sqlx::query_scalar(query)
            .fetch_one(&world.audit)
            .await
            .unwrap();
        (open == 0).then_some(())
    })
    .await;
    assert_eq!(seen.wrong, Vec::<String>::new());
    assert_eq!(checker::troubles(&world.audit).await, Vec::<String>::new());
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
    books::agree_with_the_carrier(&world.audit, &world.easypost).await;
    until("the bus has it all", AFTER_A_CRASH, || async {
        let query = "select (select count(*) from orderhub_check.events) \
                          + (select count(*) from orderhub_check.stock_ledger)";
        let committed: i64 = sqlx::query_scalar(query)
            .fetch_one(&world.audit)
            .await
            .unwrap();
        let messages = nats.messages().await;
        (messages >= u64::try_from(committed).unwrap()).then_some(())
    })
    .await;
    assert!(late * 10 <= early * 11, "from {early} KiB to {late} KiB");
}
