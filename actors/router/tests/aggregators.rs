//! Word of parcels from who follows those of many carriers and sold the label of none.

use std::time::Duration;

use orderhub_channels::port::Inbound;
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::{Command, FulfilmentStep, ParcelStatus, Scan, Stage};

use super::delivery;
use crate::api::{Delivery, HubApi, Received};
use crate::testing::{Hall, midnight, order_of};

fn number(order: OrderId) -> String {
    format!("TRACK-ful_{}_1", order.uuid().simple())
}

/// A parcel of this carrier's was delivered, says who follows it.
pub(super) fn told(carrier: &str, number: &str) -> Delivery {
    let scan = Scan {
        at: midnight(),
        status: ParcelStatus::Delivered,
        code: "Delivered_001".into(),
    };
    let seen = Inbound::Scans {
        tracking_number: number.to_owned(),
        carrier: Some(carrier.to_owned()),
        test: false,
        scans: vec![scan],
        proof: None,
    };
    let body = format!("{carrier} {number}");
    delivery("carriers/follower", &body, vec![seen])
}

async fn placed(hall: &Hall) -> OrderId {
    hall.stock("BER1", "A", 5).await;
    let placed = hall.hub.place(order_of("T-1", "A", 1, "pm")).await;
    let order = placed.expect("placed").order;
    hall.until(order, &[Stage::Fulfilling]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    order
}

/// Packs an order; its label is bought at `post`, of the carrier `Post`.
async fn pack(hall: &Hall, order: OrderId) {
    for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
        let command = Command::Fulfil {
            fulfilment: 1,
            step,
        };
        let done = hall
            .hub
            .command(order, command.into(), "operator:eve".into())
            .await;
        done.expect("legal");
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
}

#[tokio::test(start_paused = true)]
async fn a_parcel_is_found_by_its_carrier_and_its_number_whoever_sold_the_label() {
    let hall = Hall::open().await;
    let order = placed(&hall).await;
    pack(&hall, order).await;
    let other = told("own-bikes", &number(order));
    hall.shelf.put(&other);
    let receipt = hall.hub.inbound(other).await.expect("kept");
    assert_eq!(receipt.received, Received::Unmatched);
    let receipt = hall.hub.inbound(told("post", &number(order))).await;
    let receipt = receipt.expect("taken");
    assert_eq!(
        (receipt.received, receipt.order),
        (Received::Applied, Some(order))
    );
    hall.until(order, &[Stage::Completed]).await;
    assert_eq!(hall.twin.kept().len(), 1, "the other carrier's waits");
}

#[tokio::test(start_paused = true)]
async fn word_that_is_quicker_than_the_labels_own_answer_waits_for_it() {
    let hall = Hall::open().await;
    let order = placed(&hall).await;
    let early = told("POST", &number(order));
    hall.shelf.put(&early);
    let receipt = hall.hub.inbound(early).await.expect("kept");
    assert_eq!(receipt.received, Received::Unmatched);
    pack(&hall, order).await;
    hall.until(order, &[Stage::Completed]).await;
    assert!(hall.twin.kept().is_empty());
}
