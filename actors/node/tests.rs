//! A whole life, a crash, a drain, a lost lease.

use std::time::Duration;

use jiff::SignedDuration;
use orderhub_channels::port::Inbound;
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::{Command, FulfilmentStep, ParcelStatus, Scan, Stage};

use orderhub_domain::policy::Policy;

use super::{Drained, End};
use crate::api::{Delivery, HubApi, HubError, Received};
use crate::testing::{Hall, Mood, Plan, midnight, order_of};
use crate::twin::Fault;

async fn step(hall: &Hall, order: OrderId, step: FulfilmentStep) {
    let command = Command::Fulfil {
        fulfilment: 1,
        step,
    };
    hall.hub
        .command(order, command.into(), "operator:eve".into())
        .await
        .expect("the step is legal");
}

pub(crate) fn delivered(order: OrderId) -> Delivery {
    let scan = Scan {
        at: midnight(),
        status: ParcelStatus::Delivered,
        code: "DELIVERED".into(),
    };
    Delivery {
        source: "carriers/post".into(),
        slug: "post".into(),
        channel: None,
        live: true,
        items: vec![Inbound::Scans {
            tracking_number: format!("TRACK-ful_{}_1", order.uuid().simple()),
            carrier: None,
            test: false,
            scans: vec![scan],
            proof: None,
        }],
        body: order.to_string().into_bytes(),
        headers: std::collections::BTreeMap::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_lives_from_its_receipt_to_its_close() {
    let policy = Policy {
        auto_close: SignedDuration::from_mins(5),
        ..Policy::default()
    };
    let hall = Plan {
        policy,
        ..Plan::default()
    }
    .open()
    .await;
    hall.stock("BER1", "A", 5).await;
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 2, "pm"))
        .await
        .expect("placed");
    let id = placed.order;
    hall.until(id, &[Stage::Fulfilling]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    step(&hall, id, FulfilmentStep::Pick { lines: None }).await;
    step(&hall, id, FulfilmentStep::Pack).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(hall.post.sold()[0].goods.weight_g, 1_000);
    step(&hall, id, FulfilmentStep::HandOver).await;
    let received = hall.hub.inbound(delivered(id)).await;
    let receipt = received.expect("taken");
    assert_eq!(receipt.received, Received::Applied);
    assert_eq!(receipt.order, Some(id));
    let order = hall.until(id, &[Stage::Completed]).await;
    assert!(order.outstanding.is_empty());
    let counters = hall.counters("BER1", "A");
    assert_eq!((counters.on_hand, counters.allocated), (3, 0));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(hall.awake(), 0, "nothing to do for a long time");
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!(hall.stage(id).await, Stage::Closed);
}

#[tokio::test(start_paused = true)]
async fn what_a_crash_left_open_is_resumed_at_once() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    hall.gateway.always(Some(Mood::Hangs));
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    hall.until(placed.order, &[Stage::Authorizing]).await;
    let twin = hall.twin.clone();
    // The process is gone without a word.
    hall.hub.shared.stop.cancel();
    hall.node.root.kill();
    drop(hall);
    let next = Plan {
        twin,
        ..Plan::default()
    }
    .open()
    .await;
    let before = tokio::time::Instant::now();
    next.until(placed.order, &[Stage::Fulfilling]).await;
    assert!(
        before.elapsed() < Duration::from_secs(3),
        "not at the lease's end"
    );
    assert_eq!(next.gateway.authorized(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_drain_loses_nothing_that_was_answered() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 50).await;
    let orders = (0..40).map(|n| {
        let hub = hall.hub.clone();
        let order = order_of(&format!("W-{n}"), "A", 1, "pm");
        tokio::spawn(async move { hub.place(order).await })
    });
    let orders = orders.collect::<Vec<_>>();
    tokio::task::yield_now().await;
    let (twin, hub) = (hall.twin.clone(), hall.hub.clone());
    assert_eq!(
        hall.node.drain(Duration::from_secs(20)).await,
        Drained::Clean
    );
    assert!(!hub.ready());
    let mut answered = 0;
    for order in orders {
        match order.await.expect("no panic") {
            Ok(placed) => {
                answered += 1;
                assert!(hub.order(placed.order).await.expect("read").is_some());
            }
            Err(HubError::Unavailable(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(twin.orders().len(), answered);
    let next = Plan {
        twin,
        ..Plan::default()
    }
    .open()
    .await;
    for (id, ..) in next.twin.orders() {
        next.until(id, &[Stage::Fulfilling]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_superseded_node_lets_nobody_in_and_says_that_it_must_end() {
    let hall = Hall::open().await;
    let successor = hall.twin.ownership("hub-1");
    successor.claim_all(&[]).await.expect("claimed");
    let late = hall.hub.place(order_of("W-1", "A", 1, "pm")).await;
    assert!(late.is_err(), "{late:?}");
    assert_eq!(hall.node.ended().await, End::Superseded);
    assert!(!hall.hub.ready());
    assert!(hall.twin.orders().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_node_that_was_fenced_by_mistake_claims_again() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    hall.until(placed.order, &[Stage::Fulfilling]).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    hall.twin.steal_shard(placed.order.shard());
    let cancel = || Command::Cancel {
        reason: "changed my mind".into(),
    };
    let command = |command: Command| {
        hall.hub
            .command(placed.order, command.into(), "operator:eve".into())
    };
    assert!(matches!(
        command(cancel()).await,
        Err(HubError::Unavailable(_))
    ));
    tokio::time::sleep(Duration::from_secs(1)).await;
    command(cancel()).await.expect("cancelled");
    hall.until(placed.order, &[Stage::Cancelled]).await;
}

#[tokio::test(start_paused = true)]
async fn a_stale_order_reads_again_and_decides_once_more() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    hall.until(placed.order, &[Stage::Fulfilling]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    hall.twin.fail_commits([Fault::UnknownStored]);
    let cancel = Command::Cancel {
        reason: "changed my mind".into(),
    };
    let command = |command: Command| {
        hall.hub
            .command(placed.order, command.into(), "operator:eve".into())
    };
    let unknown = command(cancel.clone()).await;
    assert!(
        matches!(unknown, Err(HubError::OutcomeUnknown(_))),
        "{unknown:?}"
    );
    // It was stored: what follows is decided on the log, not on what the actor remembers.
    hall.until(placed.order, &[Stage::Cancelled]).await;
    let versions = hall
        .hub
        .order(placed.order)
        .await
        .expect("read")
        .expect("there")
        .1;
    assert!(
        versions
            .iter()
            .enumerate()
            .all(|(n, e)| e.version == n as u64 + 1)
    );
    let cancels = versions
        .iter()
        .filter(|e| e.event.kind() == "order.cancel_requested");
    assert_eq!(cancels.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dead_lane_is_named_and_closes_the_door() {
    let hall = Hall::open().await;
    hall.twin.fail_commits([Fault::Panic]);
    let unknown = hall.hub.place(order_of("W-1", "A", 1, "pm")).await;
    assert!(matches!(unknown, Err(HubError::OutcomeUnknown(_))));
    assert!(!hall.hub.ready());
    assert_eq!(hall.hub.dead_parts().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dead_shard_is_started_again_and_its_orders_go_on() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    hall.gateway.next(&[Mood::Hangs]);
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    hall.until(placed.order, &[Stage::Authorizing]).await;
    let door = hall
        .hub
        .shared
        .shard(placed.order.shard())
        .expect("a shard");
    door.actor.kill();
    hall.until(placed.order, &[Stage::Fulfilling]).await;
    assert!(
        hall.hub
            .place(order_of("W-1", "A", 1, "pm"))
            .await
            .expect("placed")
            .repeated
    );
}

#[tokio::test(start_paused = true)]
async fn the_databases_clock_is_learnt_with_the_lease() {
    let hall = Hall::open().await;
    hall.twin.shift_clock(SignedDuration::from_secs(90));
    tokio::time::sleep(Duration::from_secs(5)).await;
    let now = hall.hub.shared.journal.now().await.expect("the time");
    let off = now.duration_since(hall.hub.shared.clock.now()).abs();
    assert!(off < SignedDuration::from_millis(1), "{off}");
}
