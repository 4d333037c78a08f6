//! A bus that forgot: what comes again, and how little besides. The log is a location's, long enough
//! to have checkpoints.

use std::ops::RangeInclusive;
use std::time::Duration;

use async_nats::jetstream::stream;
use sqlx::PgPool;

use crate::bus::{self, is_stock};
use crate::support::nats::{Nats, Published, Server, on_both_servers};
use crate::support::patience::{SOON, until};
use crate::support::world::World;

on_both_servers! {
    a_bus_that_lost_its_tail_gets_that_again_and_little_more,
    a_wiped_bus_gets_a_long_log_again_from_its_start,
    what_the_stream_let_go_with_age_stays_gone_when_it_is_wiped,
    a_cursor_that_was_taken_back_skips_nothing,
}

/// Places of a log from one checkpoint to the next, and checkpoints of a doubling.
const STEP: usize = 16;
const EACH: usize = 4;

/// Each of these counts differs from the one before, so each is an entry of the location's ledger.
async fn count(world: &World, units: RangeInclusive<i64>) {
    for unit in units {
        world.api.count("BER1", "SKU-1", unit).await;
    }
}

/// The hub's tables, for what no view shows.
async fn database(world: &World) -> PgPool {
    PgPool::connect(&world.setup.database_url).await.unwrap()
}

/// A stream that keeps repeats, so that they can be counted.
async fn stream_with_repeats(nats: &Nats) {
    let config = stream::Config {
        name: "ORDERHUB_EVENTS".to_owned(),
        subjects: vec!["orderhub.evt.>".to_owned()],
        duplicate_window: Duration::from_millis(100),
        ..stream::Config::default()
    };
    nats.context().await.create_stream(config).await.unwrap();
}

/// Waits until the bus has everything. The changes of stock on it, repeats included.
async fn all_is_published(world: &World, nats: &Nats) -> Vec<Published> {
    let mut published = bus::all_is_published(world, nats).await;
    published.retain(is_stock);
    published
}

/// The places of the changes of stock that are on the bus.
async fn sequences(nats: &Nats) -> Vec<i64> {
    let published = nats.published().await;
    let changes = published.iter().filter(|message| is_stock(message));
    changes.map(sequence).collect()
}

async fn a_bus_that_lost_its_tail_gets_that_again_and_little_more(server: Server) {
    const ENTRIES: usize = 340;
    const LOST: usize = 40;
    let mut nats = Nats::start(server).await;
    stream_with_repeats(&nats).await;
    let world = World::start_with_bus(nats.url()).await;
    count(&world, 1..=300).await;
    assert_eq!(all_is_published(&world, &nats).await.len(), ENTRIES - LOST);
    nats.kill();
    nats.keep_copy();
    nats.bring_up().await;
    count(&world, 301..=340).await;
    assert_eq!(all_is_published(&world, &nats).await.len(), ENTRIES);
    // The second time it goes back from what it was given after the first.
    for _ in 0..2 {
        nats.kill();
        nats.go_back();
        nats.bring_up().await;
        let repeats = all_is_published(&world, &nats).await.len() - ENTRIES;
        let most = LOST * 2 / 3 + 2 * STEP;
        assert!((1..=most).contains(&repeats), "{repeats} repeats");
    }
    let rows: i64 = sqlx::query_scalar("select count(*) from orderhub.stock_checkpoint")
        .fetch_one(&database(&world).await)
        .await
        .unwrap();
    let doublings = usize::try_from((ENTRIES / STEP).ilog2()).unwrap() + 1;
    let most = i64::try_from(EACH * doublings).unwrap();
    assert!((1..=most).contains(&rows), "{rows} checkpoints");
}

async fn a_wiped_bus_gets_a_long_log_again_from_its_start(server: Server) {
    let mut nats = Nats::start(server).await;
    let world = World::start_with_bus(nats.url()).await;
    count(&world, 1..=100).await;
    all_is_published(&world, &nats).await;
    nats.kill();
    nats.wipe();
    nats.bring_up().await;
    let published = all_is_published(&world, &nats).await;
    assert_eq!(published.len(), 100);
}

async fn what_the_stream_let_go_with_age_stays_gone_when_it_is_wiped(server: Server) {
    let mut nats = Nats::start(server).await;
    let world = World::start_with_bus(nats.url()).await;
    count(&world, 1..=100).await;
    all_is_published(&world, &nats).await;
    // Half of the log was published before anything that the stream still has.
    let aged = sqlx::query(
        "update orderhub.stock_checkpoint
         set published_at = published_at - interval '31 days'
         where published_seq <= 50",
    );
    let aged = aged.execute(&database(&world).await).await.unwrap();
    assert!(aged.rows_affected() > 0);
    nats.kill();
    nats.wipe();
    nats.bring_up().await;
    until("the younger half is there", SOON, || async {
        (sequences(&nats).await.last() == Some(&100)).then_some(())
    })
    .await;
    // It goes on as ever.
    count(&world, 1..=1).await;
    let places = until("the next change is there", SOON, || async {
        let places = sequences(&nats).await;
        (places.last() == Some(&101)).then_some(places)
    });
    assert_eq!(places.await, (49..=101).collect::<Vec<_>>());
}

async fn a_cursor_that_was_taken_back_skips_nothing(server: Server) {
    let mut nats = Nats::start(server).await;
    let mut world = World::start_with_bus(nats.url()).await;
    count(&world, 1..=100).await;
    all_is_published(&world, &nats).await;
    assert!(world.hub.terminate().await.success());
    nats.kill();
    nats.wipe();
    // Every checkpoint is older than what the stream keeps, and ahead of the cursor.
    let database = database(&world).await;
    for statement in [
        "update orderhub.stock_checkpoint set published_at = published_at - interval '31 days'",
        "update orderhub.stock_cursor set published_seq = 5, stream_seq = 5",
    ] {
        let done = sqlx::query(statement).execute(&database).await.unwrap();
        assert!(done.rows_affected() > 0);
    }
    nats.bring_up().await;
    world.hub.start().await;
    assert_eq!(all_is_published(&world, &nats).await.len(), 100);
}

fn sequence(message: &Published) -> i64 {
    message.text("sequence").parse().unwrap()
}
