//! What becomes of kept messages: applied late, read otherwise by then, dead.

use std::time::Duration;

use jiff::SignedDuration;
use orderhub_channels::port::Inbound;
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::{Command, FulfilmentStep, Stage};
use orderhub_domain::policy::Policy;

use super::{authorized, delivery};
use crate::api::{Delivery, HubApi, KEPT_QUERY, Received};
use crate::ports::{Parked, ParkedState};
use crate::testing::{Hall, Mood, Plan, midnight, order_of};

/// Opens a hub in which messages wait for two minutes.
async fn impatient() -> Hall {
    let policy = Policy {
        parked_patience: SignedDuration::from_mins(2),
        ..Policy::default()
    };
    let plan = Plan {
        policy,
        ..Plan::default()
    };
    plan.open().await
}

/// Opens such a hub and keeps a message that nobody will ever claim.
async fn with_a_lost_message(webhook: &Delivery) -> Hall {
    let hall = impatient().await;
    hall.stock("BER1", "A", 5).await;
    hall.shelf.put(webhook);
    let receipt = hall.hub.inbound(webhook.clone()).await.expect("kept");
    assert_eq!(receipt.received, Received::Unmatched);
    hall
}

/// The only message, once it is dead.
async fn dead_letter(hall: &Hall) -> Parked {
    for _ in 0..600 {
        let kept = hall.twin.kept();
        if let [message] = kept.as_slice()
            && message.dead_since.is_some()
        {
            return message.clone();
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    panic!("still {:?}", hall.twin.kept());
}

#[tokio::test(start_paused = true)]
async fn messages_of_the_same_body_to_other_addresses_are_both_kept() {
    let hall = Hall::open().await;
    let asked = |query: &str| {
        let mut webhook = delivery("payments/stripe", "", vec![authorized(query, None, false)]);
        let query = (KEPT_QUERY.to_owned(), query.to_owned());
        webhook.headers.extend([query]);
        webhook
    };
    for query in ["order=1", "order=2", "order=1"] {
        let receipt = hall.hub.inbound(asked(query)).await.expect("kept");
        assert_eq!(receipt.received, Received::Unmatched);
    }
    assert_eq!(hall.twin.kept().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_waits_too_long_is_dead_and_left_alone() {
    let webhook = delivery(
        "payments/stripe",
        "e",
        vec![authorized("pi_1", None, false)],
    );
    let hall = with_a_lost_message(&webhook).await;
    tokio::time::sleep(Duration::from_secs(110)).await;
    assert_eq!(hall.twin.kept()[0].dead_since, None);
    let dead = dead_letter(&hall).await;
    assert_eq!(dead.reason, "dead: no_order after 120 s");
    tokio::time::sleep(Duration::from_mins(11)).await;
    assert_eq!(hall.twin.kept(), [dead], "an inventory later too");
}

#[tokio::test(start_paused = true)]
async fn a_dead_message_is_applied_all_the_same_when_its_order_becomes_known() {
    let scan = |order: OrderId| crate::node::tests::delivered(order);
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    let webhook = scan(placed.order);
    hall.shelf.put(&webhook);
    hall.hub.inbound(webhook).await.expect("kept");
    let id = hall.twin.kept()[0].id;
    let journal = hall.twin.journal();
    assert!(
        journal
            .bury(id, "dead: for the test", midnight())
            .await
            .expect("buried")
    );
    hall.until(placed.order, &[Stage::Fulfilling]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
        let command = Command::Fulfil {
            fulfilment: 1,
            step,
        };
        let done = hall
            .hub
            .command(placed.order, command.into(), "operator:eve".into())
            .await;
        done.expect("legal");
    }
    hall.until(placed.order, &[Stage::Completed]).await;
    assert!(hall.twin.kept().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_kept_message_that_reads_otherwise_by_now_is_never_dropped() {
    let webhook = delivery(
        "payments/stripe",
        "e",
        vec![authorized("pi_1", None, false)],
    );
    let unreadable = Inbound::Unreadable {
        reason: "no id".into(),
    };
    for (items, reason, state) in [
        (
            vec![unreadable],
            "dead: unreadable: no id",
            ParkedState::Dead,
        ),
        (
            Vec::new(),
            "dead: it does not say any more what it said",
            ParkedState::Dead,
        ),
        (
            vec![authorized("pi_1", None, true)],
            "test_on_live",
            ParkedState::Kept,
        ),
        (
            vec![authorized("pi_2", None, false)],
            "no_order",
            ParkedState::Waiting,
        ),
    ] {
        let hall = Hall::open().await;
        hall.hub.inbound(webhook.clone()).await.expect("kept");
        let first = hall.twin.kept()[0].id;
        let mut again = webhook.clone();
        again.items = items;
        hall.shelf.put(&again);
        tokio::time::sleep(Duration::from_secs(30)).await;
        let kept = hall.twin.kept();
        let [message] = kept.as_slice() else {
            panic!("{kept:?}");
        };
        assert_eq!((message.id, message.reason.as_str()), (first, reason));
        assert_eq!(message.state(), state, "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_connection_is_gone_waits_and_then_is_dead() {
    let webhook = delivery(
        "payments/stripe",
        "e",
        vec![authorized("pi_1", None, false)],
    );
    let hall = impatient().await;
    hall.hub.inbound(webhook).await.expect("kept");
    let dead = dead_letter(&hall).await;
    assert_eq!(dead.reason, "dead: its connection is gone after 120 s");
}

#[tokio::test(start_paused = true)]
async fn an_inventory_finds_more_than_one_page_of_messages() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    hall.gateway.always(Some(Mood::Hangs));
    let twin = hall.twin.clone();
    for n in 0..2_100 {
        let body = format!("evt_{n}");
        let items = vec![authorized(&format!("pi_{n}"), None, false)];
        let receipt = hall
            .hub
            .inbound(delivery("payments/stripe", &body, items))
            .await;
        assert_eq!(receipt.expect("kept").received, Received::Unmatched);
    }
    hall.node.drain(Duration::from_secs(30)).await;
    let next = Plan {
        twin,
        ..Plan::default()
    };
    let next = next.open().await;
    next.gateway.always(Some(Mood::Hangs));
    let placed = next
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    for n in 0..2_100 {
        let items = vec![authorized(&format!("pi_{n}"), Some(placed.order), false)];
        next.shelf
            .put(&delivery("payments/stripe", &format!("evt_{n}"), items));
    }
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert!(
        next.twin.kept().is_empty(),
        "{} are left",
        next.twin.kept().len()
    );
}
