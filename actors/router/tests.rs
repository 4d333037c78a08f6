//! Webhooks: before their order, after it, twice, unreadable.

mod aggregators;
mod follows;
mod look_ups;
mod parking;
mod poisoned;
mod polls;
mod said;
mod said_by_shopify;
mod told;

use std::time::Duration;

use orderhub_channels::port::{Inbound, InboundOrder};
use orderhub_domain::ids::{FulfilmentId, OrderId};
use orderhub_domain::order::{
    ChannelFact, Command, FulfilmentEvidence, FulfilmentStep, PaymentEvidence, Stage, WorkSaid,
};

use crate::api::{Delivery, HubApi, Received};
use crate::testing::{Hall, Mood, Plan, channel, euros, midnight, order_of};

fn delivery(source: &str, body: &str, items: Vec<Inbound>) -> Delivery {
    let slug = source.split('/').next_back().expect("a slug");
    Delivery {
        source: source.into(),
        slug: slug.into(),
        channel: source.starts_with("sales/").then(channel),
        live: true,
        items,
        body: body.into(),
        headers: std::collections::BTreeMap::new(),
    }
}

fn authorized(reference: &str, order: Option<OrderId>, test: bool) -> Inbound {
    Inbound::Payment {
        reference: reference.into(),
        order: order.map(|order| order.to_string()),
        occurred_at: None,
        test,
        evidence: PaymentEvidence::Authorized {
            reference: reference.into(),
            amount: euros("10"),
            expires_at: None,
        },
    }
}

fn snapshot(external_id: &str, body_hash: &str, facts: Vec<ChannelFact>) -> Inbound {
    Inbound::Order(Box::new(InboundOrder {
        submission: order_of(external_id, "A", 1, "pm").submission,
        body_hash: body_hash.into(),
        facts,
        wanted: std::collections::BTreeMap::new(),
    }))
}

#[tokio::test(start_paused = true)]
async fn a_webhook_that_says_nothing_is_ignored_and_not_kept() {
    let hall = Hall::open().await;
    let webhook = delivery("payments/stripe", "evt_0", Vec::new());
    let receipt = hall.hub.inbound(webhook).await.expect("taken");
    assert_eq!(receipt.received, Received::Ignored);
    assert_eq!(receipt.reason, None);
    assert!(hall.twin.kept().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_warehouse_is_heard_about_its_own_locations_and_work_that_there_is() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    let placed = hall.hub.place(order_of("W-9", "A", 1, "pm")).await;
    let order = placed.expect("placed").order;
    hall.until(order, &[Stage::Fulfilling]).await;
    let work = |order, location: &str| Inbound::Work {
        fulfilment: FulfilmentId { order, number: 1 },
        location: location.into(),
        occurred_at: None,
        said: WorkSaid::Evidence(FulfilmentEvidence::Accepted),
    };
    let nobody = OrderId::new(1, [9; 8], [0; 2]);
    for (from, item, received, reason) in [
        ("own", work(order, "BER1"), Received::Applied, None),
        (
            "other",
            work(order, "BER1"),
            Received::Ignored,
            Some("another_warehouses_location"),
        ),
        (
            "own",
            work(order, "NOWHERE"),
            Received::Ignored,
            Some("another_warehouses_location"),
        ),
        (
            "own",
            work(nobody, "BER1"),
            Received::Ignored,
            Some("unknown_fulfilment"),
        ),
    ] {
        let webhook = delivery(&format!("warehouses/{from}"), "{}", vec![item]);
        let receipt = hall.hub.inbound(webhook).await.expect("taken");
        assert_eq!(receipt.received, received, "{from}");
        assert_eq!(receipt.reason.as_deref(), reason, "{from}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_webhook_finds_its_order_by_what_the_gateway_carries() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    hall.gateway.always(Some(Mood::Hangs));
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    hall.until(placed.order, &[Stage::Authorizing]).await;
    let webhook = delivery(
        "payments/stripe",
        "evt_1",
        vec![authorized("pi_1", Some(placed.order), false)],
    );
    assert_eq!(
        hall.hub.inbound(webhook).await.expect("taken").received,
        Received::Applied
    );
    hall.until(placed.order, &[Stage::Fulfilling]).await;
    // Later ones find it by the reference alone.
    let later = delivery(
        "payments/stripe",
        "evt_2",
        vec![authorized("pi_1", None, false)],
    );
    assert_eq!(
        hall.hub.inbound(later).await.expect("taken").received,
        Received::Applied
    );
    assert!(hall.twin.kept().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_webhook_before_its_order_is_kept_and_applied_once_the_reference_is_known() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    let scans = crate::node::tests::delivered(placed.order);
    hall.shelf.put(&scans);
    assert_eq!(
        hall.hub
            .inbound(scans.clone())
            .await
            .expect("kept")
            .received,
        Received::Unmatched
    );
    assert_eq!(
        hall.hub.inbound(scans).await.expect("kept").received,
        Received::Unmatched
    );
    assert_eq!(hall.twin.kept().len(), 1, "a repeat is the same row");
    hall.until(placed.order, &[Stage::Fulfilling]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
        let command = Command::Fulfil {
            fulfilment: 1,
            step,
        };
        hall.hub
            .command(placed.order, command.into(), "operator:eve".into())
            .await
            .expect("legal");
    }
    // The label's commit makes the tracking number known; the scan comes in at once.
    let before = tokio::time::Instant::now();
    hall.until(placed.order, &[Stage::Completed]).await;
    assert!(before.elapsed() < Duration::from_secs(2));
    assert!(hall.twin.kept().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_of_a_known_order_brings_its_facts() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    let first = delivery("sales/web", "1", vec![snapshot("W-1", "one", Vec::new())]);
    assert_eq!(
        hall.hub
            .inbound(first.clone())
            .await
            .expect("taken")
            .received,
        Received::Applied
    );
    assert_eq!(
        hall.hub.inbound(first).await.expect("taken").received,
        Received::Applied
    );
    assert_eq!(hall.twin.orders().len(), 1);
    let id = hall.twin.orders()[0].0;
    hall.until(id, &[Stage::Fulfilling]).await;
    let cancelled = vec![ChannelFact::Cancelled { at: midnight() }];
    let second = delivery("sales/web", "2", vec![snapshot("W-1", "two", cancelled)]);
    assert_eq!(
        hall.hub.inbound(second).await.expect("taken").received,
        Received::Applied
    );
    hall.until(id, &[Stage::Cancelled]).await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_acted_on_is_kept_with_its_reason() {
    let hall = Hall::open().await;
    let cases = [
        (
            Inbound::Unknown {
                topic: "app/uninstalled".into(),
            },
            Received::Ignored,
            "unknown_topic:app/uninstalled",
        ),
        (
            Inbound::Unreadable {
                reason: "no id".into(),
            },
            Received::Invalid,
            "dead: unreadable: no id",
        ),
        (
            authorized("pi_1", None, true),
            Received::Ignored,
            "test_on_live",
        ),
        (
            authorized("pi_1", None, false),
            Received::Unmatched,
            "no_order",
        ),
    ];
    for (number, (item, expected, reason)) in cases.into_iter().enumerate() {
        let webhook = delivery("payments/stripe", &number.to_string(), vec![item]);
        let receipt = hall.hub.inbound(webhook).await.expect("taken");
        assert_eq!(receipt.received, expected);
        assert_eq!(
            receipt.reason.as_deref(),
            Some(reason.trim_start_matches("dead: "))
        );
        assert!(receipt.applied.is_empty());
        assert_eq!(receipt.order, None);
        let kept = hall.twin.kept();
        assert_eq!(kept.len(), number + 1);
        let message = kept.iter().find(|message| message.reason == reason);
        let message = message.expect(reason);
        assert_eq!(message.dead_since.is_some(), reason.starts_with("dead: "));
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_kept_before_a_restart_is_found_and_offered_again() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    hall.gateway.always(Some(Mood::Hangs));
    let order = hall.hub.shared.new_order_id([1, 2]);
    let webhook = delivery(
        "payments/stripe",
        "evt_1",
        vec![authorized("pi_9", Some(order), false)],
    );
    assert_eq!(
        hall.hub
            .inbound(webhook.clone())
            .await
            .expect("kept")
            .received,
        Received::Unmatched
    );
    let twin = hall.twin.clone();
    hall.node.drain(Duration::from_secs(30)).await;
    let next = Plan {
        twin,
        ..Plan::default()
    }
    .open()
    .await;
    // What the gateway carries turns out to be another order's id by now.
    next.gateway.always(Some(Mood::Hangs));
    let placed = next
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    let mut again = webhook;
    again.items = vec![authorized("pi_9", Some(placed.order), false)];
    next.shelf.put(&again);
    next.until(placed.order, &[Stage::Fulfilling]).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(next.twin.kept().is_empty());
}
