//! The way back against a stand-in that keeps a book and adds whatever it is told: whatever breaks on the way,
//! no unit is shipped there twice.

use std::sync::{Arc, Mutex};

use orderhub_domain::order::NoticeEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{header, method};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::{calling, calling_with, settings};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::shipments::{in_parcels, left_at};
use crate::sales::told::refused;
use crate::sales::{CancellationNotice, SalesConnector, ShipmentNotice, Tracking, Why};

mod cancel;
mod giving;

const ORDER: &str = "07-00001-00002";

/// eBay with one order of two lines: 501 of three units and 502 of one.
struct Book {
    fulfilment: &'static str,
    cancel: &'static str,
    shipments: Vec<Value>,
    refunds: Vec<Value>,
    /// What the next refunds are, as eBay answers.
    becomes: &'static str,
    /// Every refund that was asked for.
    asked: Vec<Value>,
    /// Carries the next change out and answers this.
    lose: Option<ResponseTemplate>,
    always: Option<ResponseTemplate>,
    refuse: Option<u32>,
    /// The order's cancellations, as the Post-Order API states them.
    cancellations: Vec<Value>,
    /// What was asked of that API: the path, and the members.
    after: Vec<(String, Value)>,
    /// Answers this to whoever asks for cancellations.
    away: Option<ResponseTemplate>,
    /// The order can be cancelled.
    eligible: bool,
}

#[derive(Clone)]
struct Site(Arc<Mutex<Book>>);

impl Default for Site {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Book {
            fulfilment: "NOT_STARTED",
            cancel: "NONE_REQUESTED",
            shipments: Vec::new(),
            refunds: Vec::new(),
            becomes: "PENDING",
            asked: Vec::new(),
            lose: None,
            always: None,
            refuse: None,
            cancellations: Vec::new(),
            after: Vec::new(),
            away: None,
            eligible: true,
        })))
    }
}

fn trouble(status: u16, id: u32) -> ResponseTemplate {
    let body = json!({ "errors": [{ "errorId": id, "message": "for Jane Doe" }] });
    ResponseTemplate::new(status).set_body_json(body)
}

impl Respond for Site {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let path = request.url.path();
        let path = path
            .strip_prefix("/sell/fulfillment/v1/order/")
            .expect("an order");
        let Some(below) = path.strip_prefix(ORDER) else {
            return trouble(400, 32100);
        };
        if request.method.as_str() == "GET" {
            let found = if below.is_empty() {
                json!({
                    "orderId": ORDER, "orderFulfillmentStatus": book.fulfilment,
                    "legacyOrderId": "290001-5", "orderPaymentStatus": "PAID",
                    "cancelStatus": { "cancelState": book.cancel },
                    "paymentSummary": { "refunds": book.refunds,
                        "payments": [{ "paymentDate": "2026-03-01T12:00:00.000Z" }] },
                    "lineItems": [
                        { "lineItemId": "501", "quantity": 3, "purchaseMarketplaceId": "EBAY_US" },
                        { "lineItemId": "502", "quantity": 1, "purchaseMarketplaceId": "EBAY_US" }],
                })
            } else {
                json!({ "fulfillments": book.shipments, "total": book.shipments.len() })
            };
            return ResponseTemplate::new(200).set_body_json(found);
        }
        if let Some(id) = book.refuse {
            return trouble(400, id);
        }
        let told: Value = request.body_json().expect("JSON");
        if below == "/issue_refund" {
            return book.refund(told);
        }
        assert_eq!(below, "/shipping_fulfillment");
        book.shipments.push(json!({
            "fulfillmentId": "1", "lineItems": told["lineItems"],
            "shipmentTrackingNumber": told["trackingNumber"],
            "shippingCarrierCode": told["shippingCarrierCode"],
            "shippedDate": told["shippedDate"],
        }));
        let lost = book.lose.take();
        lost.unwrap_or_else(|| {
            ResponseTemplate::new(201).insert_header("location", "https://own/1")
        })
    }
}

impl Book {
    fn refund(&mut self, asked: Value) -> ResponseTemplate {
        let id = format!("R{}", self.refunds.len() + 1);
        self.refunds
            .push(json!({ "refundId": id, "refundStatus": self.becomes,
            "amount": asked["orderLevelRefundAmount"] }));
        self.asked.push(asked);
        let made = json!({ "refundId": id, "refundStatus": self.becomes });
        let lost = self.lose.take();
        lost.unwrap_or_else(|| ResponseTemplate::new(200).set_body_json(made))
    }
}

impl Site {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let (server, connector) = calling().await;
        self.mount(&server).await;
        (server, connector)
    }

    /// For a connection that may give money back.
    async fn serve_giving(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let (server, connector) = calling_with(settings().with_text("refunds", "yes")).await;
        self.mount(&server).await;
        (server, connector)
    }

    async fn mount(&self, server: &MockServer) {
        for verb in ["GET", "POST"] {
            Mock::given(method(verb))
                .and(header("authorization", "Bearer v^1.1#key"))
                .respond_with(self.clone())
                .mount(server)
                .await;
        }
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }
}

fn shipment(lines: &[(&str, u32)], tracking: &[(&str, &str)]) -> ShipmentNotice {
    let tracking = tracking.iter().map(|(carrier, number)| Tracking {
        carrier: (*carrier).to_owned(),
        number: (*number).to_owned(),
        units: Vec::new(),
    });
    ShipmentNotice {
        external_id: ORDER.to_owned(),
        shipped_at: left_at(),
        lines: lines
            .iter()
            .map(|(line, units)| ((*line).to_owned(), *units))
            .collect(),
        tracking: tracking.collect(),
    }
}

async fn ship(connector: &Arc<dyn SalesConnector>, notice: &ShipmentNotice) -> NoticeAnswer {
    connector.way_back().expect("a way").shipped(notice).await
}

async fn cancel(connector: &Arc<dyn SalesConnector>, id: &str) -> NoticeAnswer {
    let notice = CancellationNotice {
        external_id: id.to_owned(),
        why: Why::OutOfStock,
        refund: true,
    };
    connector
        .way_back()
        .expect("a way")
        .cancelled(&notice)
        .await
}

#[tokio::test]
async fn each_parcel_is_a_shipment_of_its_own_with_what_is_in_it() {
    let site = Site::default();
    let (_server, connector) = site.serve().await;
    let notice = in_parcels(
        ORDER,
        &[("1Z1", &[("501", 2)]), ("1Z2", &[("501", 1), ("502", 1)])],
    );
    site.book().lose = Some(ResponseTemplate::new(502));
    let lost = ship(&connector, &notice).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    for _ in 0..2 {
        assert_eq!(ship(&connector, &notice).await, Ok(NoticeEvidence::Told));
    }
    let item = |line: &str, units: u32| json!({ "lineItemId": line, "quantity": units });
    let sent = |number: &str, items: Value| {
        json!({ "fulfillmentId": "1", "lineItems": items, "shipmentTrackingNumber": number,
            "shippingCarrierCode": "UPS", "shippedDate": "2026-03-01T12:30:00.000Z" })
    };
    let first = sent("1Z1", json!([item("501", 2)]));
    let second = sent("1Z2", json!([item("501", 1), item("502", 1)]));
    assert_eq!(site.book().shipments, [first, second]);
}

#[tokio::test]
async fn a_shipment_is_told_with_its_lines_its_carrier_and_a_plain_number() {
    let site = Site::default();
    let (_server, connector) = site.serve().await;
    let notice = shipment(
        &[("501", 1), ("501", 1), ("502", 1)],
        &[("Royal Mail", "AB 12-34"), ("UPS", "1Z2")],
    );
    assert_eq!(ship(&connector, &notice).await, Ok(NoticeEvidence::Told));
    let rest = shipment(&[("501", 1)], &[("Own Bikes", "OB1")]);
    assert_eq!(ship(&connector, &rest).await, Ok(NoticeEvidence::Told));
    let book = site.book();
    let first =
        json!([{ "lineItemId": "501", "quantity": 2 }, { "lineItemId": "502", "quantity": 1 }]);
    assert_eq!(book.shipments[0]["lineItems"], first);
    assert_eq!(book.shipments[0]["shippingCarrierCode"], "RoyalMail");
    assert_eq!(book.shipments[0]["shipmentTrackingNumber"], "AB1234");
    assert_eq!(book.shipments[1]["shippingCarrierCode"], "Own Bikes");
}

#[tokio::test]
async fn told_twice_after_a_lost_answer_or_noted_by_hand_no_unit_leaves_twice() {
    let site = Site::default();
    site.book().lose = Some(ResponseTemplate::new(504));
    let (_server, connector) = site.serve().await;
    let notice = shipment(&[("501", 2)], &[("UPS", "1Z-1")]);
    let lost = ship(&connector, &notice).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    for _ in 0..2 {
        assert_eq!(ship(&connector, &notice).await, Ok(NoticeEvidence::Told));
    }
    assert_eq!(site.book().shipments.len(), 1);
    // Somebody has noted the last unit of the line there, under a number of their own.
    let by_hand =
        json!({ "lineItems": [{ "lineItemId": "501" }], "shipmentTrackingNumber": "HAND" });
    site.book().shipments.push(by_hand);
    let rest = shipment(&[("501", 1), ("502", 1)], &[("UPS", "1Z2")]);
    assert_eq!(ship(&connector, &rest).await, Ok(NoticeEvidence::Told));
    let told = json!([{ "lineItemId": "502", "quantity": 1 }]);
    assert_eq!(site.book().shipments[2]["lineItems"], told);
}

#[tokio::test]
async fn what_was_collected_is_told_without_a_number_and_once() {
    let site = Site::default();
    let (_server, connector) = site.serve().await;
    let notice = shipment(&[("502", 1)], &[]);
    for _ in 0..2 {
        assert_eq!(ship(&connector, &notice).await, Ok(NoticeEvidence::Told));
    }
    let book = site.book();
    assert_eq!(book.shipments.len(), 1);
    assert!(book.shipments[0]["shipmentTrackingNumber"].is_null());
}

#[tokio::test]
async fn what_cannot_be_told_is_refused_with_its_reason() {
    let site = Site::default();
    let (_server, connector) = site.serve().await;
    let notice = shipment(&[("501", 1)], &[("UPS", "1Z1")]);
    let other = |id: &str| ShipmentNotice {
        external_id: id.to_owned(),
        ..notice.clone()
    };
    assert_eq!(
        ship(&connector, &other("07-9")).await,
        Ok(refused("order_not_found"))
    );
    assert_eq!(
        ship(&connector, &other("..")).await,
        Ok(refused("not_an_ebay_id"))
    );
    site.book().refuse = Some(32210);
    assert_eq!(ship(&connector, &notice).await, Ok(refused("32210")));
    site.book().cancel = "CANCELED";
    assert_eq!(
        ship(&connector, &notice).await,
        Ok(refused("order_is_cancelled"))
    );
    assert!(site.book().shipments.is_empty());
}

#[tokio::test]
async fn without_leave_a_cancellation_is_a_persons_and_seen_once_it_is_done() {
    let site = Site::default();
    let (_server, connector) = site.serve().await;
    assert_eq!(
        cancel(&connector, ORDER).await,
        Ok(refused("cancel_by_hand"))
    );
    assert_eq!(
        cancel(&connector, "07-9").await,
        Ok(refused("order_not_found"))
    );
    assert_eq!(cancel(&connector, "").await, Ok(refused("not_an_ebay_id")));
    site.book().fulfilment = "FULFILLED";
    assert_eq!(
        cancel(&connector, ORDER).await,
        Ok(refused("order_is_shipped"))
    );
    site.book().cancel = "CANCELED";
    assert_eq!(cancel(&connector, ORDER).await, Ok(NoticeEvidence::Told));
}

#[tokio::test]
async fn a_site_that_does_not_answer_well_was_not_told() {
    let site = Site::default();
    let (_server, connector) = site.serve().await;
    let notice = shipment(&[("501", 1)], &[("UPS", "1Z1")]);
    for always in [
        trouble(403, 1100),
        ResponseTemplate::new(404),
        ResponseTemplate::new(500),
        ResponseTemplate::new(302),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        site.book().always = Some(always.clone());
        let answer = ship(&connector, &notice).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { .. })),
            "{always:?}: {answer:?}"
        );
    }
    let busy = trouble(429, 2001).insert_header("retry-after", "3");
    site.book().always = Some(busy);
    let answer = ship(&connector, &notice).await;
    let Err(CallError::NotDone { retry_after, .. }) = answer else {
        panic!("not done: {answer:?}");
    };
    assert_eq!(retry_after.map(|wait| wait.as_secs()), Some(3));
}
