//! The last units, lapsing holds, and a lane that fails under way.

use std::time::Duration;

use jiff::SignedDuration;
use orderhub_domain::order::Stage;
use orderhub_domain::policy::Policy;
use orderhub_domain::stock::Counters;

use crate::api::{HubApi, HubError};
use crate::shared::Limits;
use crate::testing::{Hall, Mood, Plan, order_of};
use crate::twin::Fault;

/// The counters that the ledger adds up to, checked at every prefix.
fn folded(hall: &Hall, location: &str) -> Counters {
    let mut sum = Counters::default();
    for (place, row) in hall.twin.ledger(&location.into()).iter().enumerate() {
        assert_eq!(row.seq, i64::try_from(place).expect("few") + 1);
        sum.on_hand += row.d_on_hand;
        sum.reserved += row.d_reserved;
        sum.allocated += row.d_allocated;
        assert!(sum.holds(), "{row:?} {sum:?}");
    }
    sum
}

#[tokio::test(start_paused = true)]
async fn sixty_four_orders_for_the_last_ten_units_sell_exactly_ten() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 10).await;
    let orders = (0..64).map(|n| {
        let hub = hall.hub.clone();
        let order = order_of(&format!("W-{n}"), "A", 1, "pm");
        tokio::spawn(async move { hub.place(order).await })
    });
    let mut stages = Vec::new();
    for order in orders.collect::<Vec<_>>() {
        let placed = order.await.expect("no panic").expect("placed");
        let ended = [Stage::Fulfilling, Stage::Rejected];
        stages.push(hall.until(placed.order, &ended).await.stage);
    }
    let sold = stages.iter().filter(|s| **s == Stage::Fulfilling).count();
    assert_eq!(sold, 10);
    let counters = folded(&hall, "BER1");
    assert_eq!((counters.reserved, counters.allocated), (0, 10));
    assert_eq!(hall.counters("BER1", "A").allocated, 10);
}

#[tokio::test(start_paused = true)]
async fn the_units_of_declined_orders_are_sold_to_those_who_wait() {
    let hall = Plan {
        locations: vec!["BER1", "HAM1", "MUC1"],
        ..Plan::default()
    }
    .open()
    .await;
    for (location, units) in [("BER1", 10), ("HAM1", 6), ("MUC1", 4)] {
        hall.stock(location, "A", units).await;
    }
    let orders = (0..100).map(|n| {
        let hub = hall.hub.clone();
        let token = if n % 5 < 2 { "declined" } else { "pm" };
        let order = order_of(&format!("W-{n}"), "A", 1, token);
        tokio::spawn(async move { hub.place(order).await })
    });
    let mut sold = 0;
    for order in orders.collect::<Vec<_>>() {
        let placed = order.await.expect("no panic").expect("placed");
        let ended = [Stage::Fulfilling, Stage::Rejected];
        let order = hall.until(placed.order, &ended).await;
        sold += usize::from(order.stage == Stage::Fulfilling);
    }
    assert_eq!(sold, 20);
    for (location, units) in [("BER1", 10), ("HAM1", 6), ("MUC1", 4)] {
        let counters = folded(&hall, location);
        assert_eq!((counters.reserved, counters.allocated), (0, units));
    }
}

#[tokio::test(start_paused = true)]
async fn a_hold_lapses_with_its_order_and_the_order_hears_of_it() {
    let policy = Policy {
        reservation_ttl: SignedDuration::from_mins(1),
        reservation_extensions: 0,
        ..Policy::default()
    };
    let hall = Plan {
        policy,
        ..Plan::default()
    }
    .open()
    .await;
    hall.stock("BER1", "A", 1).await;
    hall.gateway.always(Some(Mood::Busy));
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    hall.until(placed.order, &[Stage::Authorizing]).await;
    assert_eq!(hall.counters("BER1", "A").available(), 0);
    hall.until(placed.order, &[Stage::Expired]).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(hall.counters("BER1", "A").available(), 1);
    assert_eq!(folded(&hall, "BER1").reserved, 0);
}

#[tokio::test(start_paused = true)]
async fn changes_that_ran_ahead_of_a_failed_commit_are_decided_again() {
    for fault in [Fault::Unavailable, Fault::UnknownStored] {
        let hall = Hall::open().await;
        hall.stock("BER1", "A", 8).await;
        // The first batch is slow, so that the next changes are decided on top of it.
        hall.twin
            .fail_stock_commits([Fault::Delay(Duration::from_millis(50)), fault, fault]);
        let orders = (0..12).map(|n| {
            let hub = hall.hub.clone();
            let order = order_of(&format!("W-{n}"), "A", 1, "pm");
            tokio::spawn(async move { hub.place(order).await })
        });
        let mut sold = 0;
        for order in orders.collect::<Vec<_>>() {
            let placed = order.await.expect("no panic").expect("placed");
            let ended = [Stage::Fulfilling, Stage::Rejected];
            let order = hall.until(placed.order, &ended).await;
            sold += usize::from(order.stage == Stage::Fulfilling);
        }
        assert_eq!(sold, 8, "{fault:?}");
        assert_eq!(folded(&hall, "BER1").allocated, 8, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_count_is_answered_after_its_commit_and_survives_a_conflict() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    hall.twin.fail_stock_commits([Fault::UnknownStored]);
    let counted = hall.hub.count("BER1".into(), "A".into(), 9, Some(2)).await;
    assert_eq!(counted.expect("counted").available(), 7);
    let stock = hall.hub.stock("A".into()).await.expect("the store answers");
    assert_eq!(stock.len(), 1);
    assert_eq!((stock[0].1.on_hand, stock[0].1.buffer), (9, 2));
    assert!(
        hall.hub
            .count("MUC9".into(), "A".into(), 1, None)
            .await
            .is_err()
    );
}

#[tokio::test(start_paused = true)]
async fn more_counts_than_a_location_takes_at_once_are_refused() {
    let limits = Limits {
        per_location: 4,
        ..Limits::default()
    };
    let hall = Plan {
        limits,
        ..Plan::default()
    }
    .open()
    .await;
    let slow = Fault::Delay(Duration::from_millis(200));
    hall.twin.fail_stock_commits([slow]);
    let counts = (1..=20).map(|units| {
        let hub = hall.hub.clone();
        tokio::spawn(async move { hub.count("BER1".into(), "A".into(), units, None).await })
    });
    let (mut counted, mut refused) = (0, 0);
    for count in counts.collect::<Vec<_>>() {
        match count.await.expect("no panic") {
            Ok(_) => counted += 1,
            Err(HubError::Overloaded { .. }) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((counted, refused), (4, 16));
    let again = hall.hub.count("BER1".into(), "A".into(), 30, None).await;
    assert_eq!(again.expect("everybody's place is free again").on_hand, 30);
    assert_eq!(folded(&hall, "BER1").on_hand, 30);
}

#[tokio::test(start_paused = true)]
async fn two_lines_of_one_sku_are_held_by_one_effect() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    let mut order = order_of("W-1", "A", 2, "pm");
    let draft = &mut order.submission.draft;
    let mut second = draft.lines[0].clone();
    second.external_id = "2".into();
    draft.lines.push(second);
    draft.stated_total = crate::testing::euros("40");
    draft.tenders[0].amount = crate::testing::euros("40");
    let placed = hall.hub.place(order).await.expect("placed");
    let before = tokio::time::Instant::now();
    hall.until(placed.order, &[Stage::Fulfilling]).await;
    assert!(before.elapsed() < Duration::from_secs(2));
    assert_eq!(folded(&hall, "BER1").allocated, 4);
}

/// No paused clock, several threads: what only a race shows.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_threads_sell_the_last_units_once() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 40).await;
    let orders = (0..200).map(|n| {
        let hub = hall.hub.clone();
        let token = if n % 5 == 0 { "declined" } else { "pm" };
        let order = order_of(&format!("W-{n}"), "A", 1, token);
        tokio::spawn(async move { hub.place(order).await })
    });
    let mut sold = 0;
    for order in orders.collect::<Vec<_>>() {
        let placed = order.await.expect("no panic").expect("placed");
        let ended = [Stage::Fulfilling, Stage::Rejected];
        let order = hall.until(placed.order, &ended).await;
        sold += usize::from(order.stage == Stage::Fulfilling);
    }
    assert_eq!(sold, 40);
    assert_eq!(folded(&hall, "BER1").allocated, 40);
}
