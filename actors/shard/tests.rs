//! Creating, waking, sleeping, dying.

use std::time::Duration;

use orderhub_domain::ids::CommandId;
use orderhub_domain::order::{Command, Recorded, Request, Stage};

use super::ShardMsg;
use crate::api::{HubApi, HubError};
use crate::shared::Limits;
use crate::testing::{Hall, Mood, Plan, order_of};
use crate::twin::Fault;

fn cancel() -> Command {
    Command::Cancel {
        reason: "changed my mind".into(),
    }
}

#[tokio::test(start_paused = true)]
async fn twenty_parallel_posts_are_one_append_and_equal_answers() {
    let hall = Hall::open().await;
    let posts = (0..20).map(|_| {
        let hub = hall.hub.clone();
        tokio::spawn(async move { hub.place(order_of("W-1", "A", 1, "pm")).await })
    });
    let mut answers = Vec::new();
    for post in posts.collect::<Vec<_>>() {
        answers.push(post.await.expect("no panic").expect("placed"));
    }
    assert_eq!(answers.iter().filter(|placed| !placed.repeated).count(), 1);
    assert!(answers.iter().all(|p| p.order == answers[0].order));
    assert!(answers.iter().all(|p| p.received == answers[0].received));
    assert_eq!(hall.twin.orders().len(), 1);
    assert_eq!(hall.twin.duplicates(), 0, "the others waited for the first");
}

#[tokio::test(start_paused = true)]
async fn the_same_order_is_known_when_its_actor_is_long_gone() {
    let hall = Hall::open().await;
    let first = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    hall.until(first.order, &[Stage::Rejected]).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(hall.awake(), 0, "a terminal order leaves at once");
    let again = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    assert!(again.repeated);
    assert_eq!(again.received, first.received);
    assert_eq!(hall.twin.orders().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_first_meets_a_known_order_is_remembered_in_its_log() {
    let hall = Hall::open().await;
    let order = order_of("W-1", "A", 1, "pm");
    let first = hall.hub.place(order.clone()).await.expect("placed");
    let keyed = |body_hash: &str| {
        let mut order = order.clone();
        body_hash.clone_into(&mut order.body_hash);
        order.request = Some(Request {
            command_id: CommandId(uuid::Uuid::from_u128(7)),
            body_hash: body_hash.into(),
            reply_schema: 1,
        });
        order
    };
    let same = keyed(&order.body_hash);
    for replayed in [false, true, true] {
        let again = hall.hub.place(same.clone()).await.expect("placed");
        assert_eq!((again.repeated, again.replayed), (true, replayed));
        assert_eq!(again.received, first.received);
        assert!(!again.is_made_by(same.request.as_ref()));
    }
    let other = hall.hub.place(keyed("another")).await;
    assert!(matches!(other, Err(HubError::KeyReused)), "{other:?}");
    let (_, log) = hall
        .hub
        .order(first.order)
        .await
        .expect("read")
        .expect("there");
    let noted = |recorded: &&Recorded| recorded.event.kind() == "order.request_noted";
    assert_eq!(log.iter().filter(noted).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn another_body_conflicts_and_a_reused_key_is_called_so() {
    let hall = Hall::open().await;
    let key = Request {
        command_id: CommandId::of_create(crate::testing::channel(), "W-1"),
        body_hash: "hash of W-1".into(),
        reply_schema: 1,
    };
    let mut first = order_of("W-1", "A", 1, "pm");
    first.request = Some(key.clone());
    let placed = hall.hub.place(first.clone()).await.expect("placed");
    let mut other = order_of("W-1", "A", 2, "pm");
    other.body_hash = "another".into();
    let conflict = hall.hub.place(other.clone()).await;
    assert!(
        matches!(conflict, Err(HubError::ExternalIdConflict { existing }) if existing == placed.order)
    );
    other.request = Some(Request {
        body_hash: "another".into(),
        ..key
    });
    let reused = hall.hub.place(other).await;
    assert!(matches!(reused, Err(HubError::KeyReused)), "{reused:?}");
    assert!(hall.hub.place(first).await.expect("placed").repeated);
}

#[tokio::test(start_paused = true)]
async fn an_idle_order_sleeps_and_wakes_for_a_command() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    hall.gateway.always(Some(Mood::Busy));
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    hall.until(placed.order, &[Stage::Authorizing]).await;
    // Put off again and again it is busy with itself; confirmed it has nothing to do for hours.
    hall.gateway.always(None);
    hall.until(placed.order, &[Stage::Fulfilling]).await;
    tokio::time::sleep(Duration::from_secs(70)).await;
    assert_eq!(hall.awake(), 0);
    let done = hall
        .hub
        .command(placed.order, cancel().into(), "operator:eve".into())
        .await;
    assert!(!done.expect("cancelled").repeated);
    hall.until(placed.order, &[Stage::Cancelled]).await;
    assert_eq!(hall.counters("BER1", "A").available(), 5);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_sleeps_is_woken_when_it_is_due() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    let order = hall.until(placed.order, &[Stage::Fulfilling]).await;
    tokio::time::sleep(Duration::from_secs(70)).await;
    let version = hall.order(order.id).await.version;
    let (.., wake_at) = hall.twin.orders().pop().expect("an order");
    // The row says when; forged to now, it is found within two seconds, looked at, and corrected.
    hall.twin
        .set_wake(order.id, Some(hall.hub.shared.clock.now()));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(hall.awake(), 1);
    assert_eq!(hall.order(order.id).await.version, version);
    assert_eq!(hall.twin.orders()[0].3, wake_at);
}

#[tokio::test(start_paused = true)]
async fn newcomers_of_a_leaving_order_wait_for_its_successor() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    hall.until(placed.order, &[Stage::Fulfilling]).await;
    let door = hall
        .hub
        .shared
        .shard(placed.order.shard())
        .expect("a shard");
    for round in 0..50 {
        door.actor
            .cast(ShardMsg::Leave(placed.order))
            .expect("alive");
        let hold = Command::Hold {
            scope: orderhub_domain::order::HoldScope::Order,
            blocks: vec![orderhub_domain::order::Edge::Ship],
            reason: format!("round {round}"),
            until: None,
            on_expiry: orderhub_domain::order::OnExpiry::default(),
        };
        hall.hub
            .command(placed.order, hold.into(), "operator:eve".into())
            .await
            .expect("held");
    }
    assert_eq!(hall.order(placed.order).await.holds.len(), 50);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_let_go_before_it_has_its_answers_stays_awake() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    hall.gateway.next(&[Mood::Slow]);
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    let door = hall
        .hub
        .shared
        .shard(placed.order.shard())
        .expect("a shard");
    // It is asked, and answers a second later: meanwhile the order is sent to sleep.
    while hall.gateway.calls().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    door.actor
        .cast(ShardMsg::Leave(placed.order))
        .expect("alive");
    tokio::time::sleep(Duration::from_millis(500)).await;
    // Read from the log again it would ask once more.
    assert_eq!(hall.awake(), 1);
    tokio::time::sleep(Duration::from_secs(2)).await;
    hall.until(placed.order, &[Stage::Fulfilling]).await;
    let calls = hall.gateway.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    // Without anything under way it goes.
    door.actor
        .cast(ShardMsg::Leave(placed.order))
        .expect("alive");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(hall.awake(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_killed_order_comes_back_and_goes_on() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    hall.gateway.next(&[Mood::Silent]);
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
    door.actor
        .cast(ShardMsg::Kill(placed.order))
        .expect("alive");
    hall.until(placed.order, &[Stage::Fulfilling]).await;
    assert_eq!(hall.gateway.authorized(), 1);
    let keys: std::collections::BTreeSet<String> = hall.gateway.calls().into_iter().collect();
    assert_eq!(keys.len(), 1, "every try carries the same key: {keys:?}");
}

#[tokio::test(start_paused = true)]
async fn overload_is_refused_before_the_mailbox() {
    let limits = Limits {
        per_order: 4,
        per_shard: 8,
        ..Limits::default()
    };
    let hall = Plan {
        limits,
        ..Plan::default()
    }
    .open()
    .await;
    hall.stock("BER1", "A", 5).await;
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    hall.until(placed.order, &[Stage::Fulfilling]).await;
    hall.twin
        .fail_commits([Fault::Delay(Duration::from_millis(200))]);
    let commands = (0..20).map(|_| {
        let hub = hall.hub.clone();
        let hold = Command::Hold {
            scope: orderhub_domain::order::HoldScope::Order,
            blocks: vec![orderhub_domain::order::Edge::Ship],
            reason: "busy".into(),
            until: None,
            on_expiry: orderhub_domain::order::OnExpiry::default(),
        };
        let id = placed.order;
        tokio::spawn(async move { hub.command(id, hold.into(), "operator:eve".into()).await })
    });
    let mut refused = 0;
    let mut done = 0;
    for command in commands.collect::<Vec<_>>() {
        match command.await.expect("no panic") {
            Ok(_) => done += 1,
            Err(HubError::Overloaded { .. }) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((done, refused), (4, 16));
    assert_eq!(hall.order(placed.order).await.holds.len(), 4);
    // Everybody's place is free again.
    hall.hub
        .command(placed.order, cancel().into(), "operator:eve".into())
        .await
        .expect("cancelled");
}

#[tokio::test(start_paused = true)]
async fn a_lost_create_is_answered_so_and_its_repeat_is_one_order() {
    let hall = Hall::open().await;
    hall.twin.fail_commits([Fault::UnknownStored]);
    let lost = hall.hub.place(order_of("W-1", "A", 1, "pm")).await;
    assert!(matches!(lost, Err(HubError::OutcomeUnknown(_))), "{lost:?}");
    let again = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    assert!(again.repeated);
    assert_eq!(hall.twin.orders().len(), 1);
    // Nobody's actor knows it, but the log does: the scan finds it and it goes its way.
    hall.until(again.order, &[Stage::Rejected]).await;
}

#[tokio::test(start_paused = true)]
async fn an_unavailable_store_is_said_and_nothing_is_stored() {
    let hall = Hall::open().await;
    hall.twin.fail_commits([Fault::Unavailable]);
    let refused = hall.hub.place(order_of("W-1", "A", 1, "pm")).await;
    assert!(matches!(refused, Err(HubError::Unavailable(_))));
    assert!(hall.twin.orders().is_empty());
    assert!(
        !hall
            .hub
            .place(order_of("W-1", "A", 1, "pm"))
            .await
            .expect("placed")
            .repeated
    );
}
