//! What sales channels say about orders after they were placed: before the order, after it, and where it
//! goes.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use orderhub_channels::port::{Inbound, InboundOrder};
use orderhub_domain::canonical::Address;
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::{ChannelFact, Stage};

use super::{delivery, snapshot};
use crate::api::{HubApi, Received};
use crate::ports::Journal;
use crate::testing::{Hall, midnight, order_of};

fn said(order: &str, facts: Vec<ChannelFact>) -> Inbound {
    let order = order.to_owned();
    Inbound::Said { order, facts }
}

fn home(street: &str) -> Address {
    Address {
        name: Some("Ada Example".into()),
        lines: vec![street.to_owned()],
        city: Some("Berlin".into()),
        postcode: Some("10115".into()),
        country: Some("DE".into()),
        ..Address::default()
    }
}

/// The order as it is stated so many minutes after midnight.
fn statement(minutes: i64, units: u32, street: &str) -> Inbound {
    let mut submission = order_of("W-1", "A", units, "pm").submission;
    let at: Timestamp = midnight() + SignedDuration::from_mins(minutes);
    submission.draft.changed_at = Some(at);
    submission.private.ship_to = Some(home(street));
    Inbound::Order(Box::new(InboundOrder {
        submission,
        body_hash: format!("{minutes}"),
        facts: Vec::new(),
        wanted: BTreeMap::new(),
    }))
}

async fn hear(hall: &Hall, body: &str, item: Inbound) -> Received {
    let webhook = delivery("sales/web", body, vec![item]);
    hall.shelf.put(&webhook);
    hall.hub.inbound(webhook).await.expect("taken").received
}

async fn goes_to(hall: &Hall, order: OrderId) -> Option<String> {
    let private = hall.twin.private(order).await.expect("it answers");
    let ship_to = private.and_then(|private| private.ship_to)?;
    ship_to.lines.first().cloned()
}

#[tokio::test(start_paused = true)]
async fn news_of_an_order_that_is_not_there_yet_waits_for_it() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    let cancelled = vec![ChannelFact::Cancelled { at: midnight() }];
    let early = hear(&hall, "deleted", said("W-1", cancelled)).await;
    assert_eq!(early, Received::Unmatched);
    assert_eq!(hall.twin.kept().len(), 1);
    let placed = hear(&hall, "created", snapshot("W-1", "one", Vec::new())).await;
    assert_eq!(placed, Received::Applied);
    let order = hall.twin.orders()[0].0;
    hall.until(order, &[Stage::Cancelled]).await;
    assert!(hall.twin.kept().is_empty());
}

#[tokio::test(start_paused = true)]
async fn news_of_orders_come_from_sales_channels_only() {
    let hall = Hall::open().await;
    let cancelled = vec![ChannelFact::Cancelled { at: midnight() }];
    let webhook = delivery("payments/stripe", "x", vec![said("W-1", cancelled)]);
    let receipt = hall.hub.inbound(webhook).await.expect("taken");
    assert_eq!(receipt.received, Received::Invalid);
}

#[tokio::test(start_paused = true)]
async fn a_newer_state_of_an_order_is_followed_and_an_older_one_is_not() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 9).await;
    hear(&hall, "1", statement(1, 3, "Chausseestr. 1")).await;
    let order = hall.twin.orders()[0].0;
    hall.until(order, &[Stage::Fulfilling]).await;
    hear(&hall, "3", statement(3, 2, "Friedrichstr. 2")).await;
    hear(&hall, "2", statement(2, 1, "Torstr. 3")).await;
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let state = hall.hub.order(order).await.expect("it answers");
    let (state, _) = state.expect("it is there");
    assert_eq!(state.lines[0].cancelled.whole(), Some(1));
    assert_eq!(
        goes_to(&hall, order).await.as_deref(),
        Some("Friedrichstr. 2")
    );
}

#[tokio::test(start_paused = true)]
async fn an_address_that_a_person_changed_is_not_undone_by_a_channel_that_repeats_itself() {
    use orderhub_domain::order::{AddressChange, Command};
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 9).await;
    hear(&hall, "1", statement(1, 3, "Chausseestr. 1")).await;
    let order = hall.twin.orders()[0].0;
    hall.until(order, &[Stage::Fulfilling]).await;
    let change = Command::ChangeAddress(Box::new(AddressChange {
        to: home("Invalidenstr. 4"),
        point: None,
        reason: "she moved".into(),
    }));
    let person = "operator:eve".to_owned();
    let changed = hall.hub.command(order, change.into(), person).await;
    changed.expect("it is not labelled yet");
    hear(&hall, "2", statement(2, 3, "Chausseestr. 1")).await;
    assert_eq!(
        goes_to(&hall, order).await.as_deref(),
        Some("Invalidenstr. 4")
    );
    hear(&hall, "3", statement(3, 3, "Friedrichstr. 2")).await;
    assert_eq!(
        goes_to(&hall, order).await.as_deref(),
        Some("Friedrichstr. 2")
    );
}
