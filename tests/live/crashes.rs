//! Power cuts: the process is killed between a call and its answer, and at random under load.
//! Nothing that was acknowledged may be missing afterwards, and nothing may have happened twice.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::support::doubles::faults::{Call, Fault, Gate};
use crate::support::doubles::stripe::Applied;
use crate::support::journey::{self, fulfilment_of, step, tracking_number};
use crate::support::lives::Cast;
use crate::support::orders::one_unit;
use crate::support::patience::{AFTER_A_CRASH, SOON};
use crate::support::world::World;
use crate::support::{books, checker};

/// The contract says 2 s; a test machine that compiles beside it is given more.
const READY_AGAIN: Duration = Duration::from_secs(15);

/// Kills the hub while a partner has carried a call out and not answered yet; the answer is lost.
async fn cut_power(world: &mut World, gate: &Gate) {
    gate.reached(1).await;
    world.hub.kill();
    world.stripe.faults.release();
    world.easypost.faults.release();
    come_back(world).await;
}

async fn come_back(world: &mut World) {
    let took = world.hub.start().await;
    eprintln!("ready {took:?} after a kill");
    assert!(took < READY_AGAIN, "ready only {took:?} after a kill");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_an_authorisation_and_its_answer_authorises_once() {
    let mut world = World::start().await;
    world.api.count("BER1", "SKU-1", 10).await;
    let gate = world.stripe.faults.hold(Call::Authorize);
    let order = world.api.place(&one_unit("X-1", "SKU-1")).await;
    cut_power(&mut world, &gate).await;
    world
        .api
        .until_stage_within(&order, &["fulfilling"], AFTER_A_CRASH)
        .await;
    assert_eq!(world.stripe.book_of(&order), [(Applied::Authorized, 1999)]);
    assert_eq!(
        checker::counters(&world.audit, "BER1", "SKU-1").await,
        (10, 0, 1)
    );
    all_books_agree(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_a_capture_and_its_answer_captures_once() {
    let mut world = World::start().await;
    world.api.count("BER1", "SKU-1", 10).await;
    let order = world.api.place(&one_unit("X-2", "SKU-1")).await;
    let (fulfilment, tracking) = journey::pack(&world.api, &order, SOON).await;
    let gate = world.stripe.faults.hold(Call::Capture);
    step(&world.api, &fulfilment, "hand-over").await;
    cut_power(&mut world, &gate).await;
    journey::deliver(&world.easypost, &tracking).await;
    world
        .api
        .until_stage_within(&order, &["completed"], AFTER_A_CRASH)
        .await;
    let book = world.stripe.book_of(&order);
    assert_eq!(
        book,
        [(Applied::Authorized, 1999), (Applied::Captured, 1999)]
    );
    assert_eq!(
        checker::counters(&world.audit, "BER1", "SKU-1").await,
        (9, 0, 0)
    );
    all_books_agree(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_a_label_is_bought_buys_one_label() {
    let mut world = World::start().await;
    world.api.count("BER1", "SKU-1", 10).await;
    for (external_id, call) in [("X-3", Call::CreateShipment), ("X-4", Call::BuyLabel)] {
        let order = world.api.place(&one_unit(external_id, "SKU-1")).await;
        let fulfilment = fulfilment_of(&world.api, &order, AFTER_A_CRASH).await;
        let gate = world.easypost.faults.hold(call);
        for verb in ["accept", "pick", "pack"] {
            step(&world.api, &fulfilment, verb).await;
        }
        cut_power(&mut world, &gate).await;
        let tracking = tracking_number(&world.api, &order, AFTER_A_CRASH).await;
        let labels = world.easypost.labels_of(&order);
        assert_eq!(labels.len(), 1, "{call:?}: {labels:?}");
        assert_eq!(labels[0].tracking_code, tracking);
        step(&world.api, &fulfilment, "hand-over").await;
        journey::deliver(&world.easypost, &tracking).await;
        world
            .api
            .until_stage_within(&order, &["completed"], AFTER_A_CRASH)
            .await;
    }
    all_books_agree(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_right_after_the_answer_to_a_buyer_reserves_once() {
    let mut world = World::start().await;
    world.api.count("BER1", "SKU-1", 50).await;
    let mut orders = Vec::new();
    for (number, wait) in [0, 1, 2, 4, 8, 16].into_iter().enumerate() {
        let order = one_unit(&format!("X-5-{number}"), "SKU-1");
        orders.push(world.api.place(&order).await);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        world.hub.kill();
        come_back(&mut world).await;
    }
    for order in &orders {
        world
            .api
            .until_stage_within(order, &["fulfilling"], AFTER_A_CRASH)
            .await;
    }
    assert_eq!(
        checker::counters(&world.audit, "BER1", "SKU-1").await,
        (50, 0, 6)
    );
    all_books_agree(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_random_under_load_lose_nothing_and_repeat_nothing() {
    let mut world = World::start().await;
    world.api.count("BER1", "SKU-1", 1_000).await;
    // Slow partners keep many orders in the middle of something.
    let slow = Fault::Delay(Duration::from_millis(400));
    world.stripe.faults.share(Call::Authorize, 100, slow);
    world.stripe.faults.share(Call::Capture, 100, slow);
    world.easypost.faults.share(Call::BuyLabel, 100, slow);

    let cast = Cast::of(&world);
    let mut lives = JoinSet::new();
    for number in 0..60 {
        let cast = cast.clone();
        lives.spawn(async move { cast.live(&one_unit(&format!("Z-{number}"), "SKU-1")).await });
    }
    let mut most = 0;
    for wait in [700, 1_900, 1_100, 2_900, 1_500] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let under_way = [
            "received",
            "reserving",
            "authorizing",
            "confirmed",
            "fulfilling",
        ];
        most = most.max(checker::orders_in(&world.audit, &under_way).await);
        world.hub.kill();
        checker::always(&world.audit).await;
        come_back(&mut world).await;
    }
    assert!(most >= 50, "at most {most} orders were under way at a kill");
    world.stripe.faults.heal();
    world.easypost.faults.heal();
    let mut acknowledged = Vec::new();
    while let Some(life) = lives.join_next().await {
        acknowledged.push(life.unwrap());
    }
    acknowledged.sort();
    acknowledged.dedup();
    assert_eq!(acknowledged.len(), 60);
    assert_eq!(cast.watch.seen().wrong, Vec::<String>::new());
    assert_eq!(checker::orders_in(&world.audit, &["completed"]).await, 60);
    assert_eq!(
        checker::counters(&world.audit, "BER1", "SKU-1").await,
        (940, 0, 0)
    );
    let book = world.stripe.book();
    let captured = book
        .iter()
        .filter(|entry| entry.applied == Applied::Captured);
    assert_eq!(captured.count(), 60);
    assert_eq!(world.easypost.labels().len(), 60);
    all_books_agree(&world).await;
}

async fn all_books_agree(world: &World) {
    checker::at_rest(&world.audit, 1).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
    books::agree_with_the_carrier(&world.audit, &world.easypost).await;
}
