//! The way back against a stand-in that keeps a book: whatever breaks on the way, a parcel is one parcel, and
//! what Amazon fulfils is never told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use orderhub_domain::order::NoticeEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{header, method};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::calling;
use crate::port::{CallError, NoticeAnswer};
use crate::sales::shipments::{in_parcels, left_at};
use crate::sales::told::refused;
use crate::sales::{CancellationNotice, SalesConnector, ShipmentNotice, Tracking, Why};

mod acknowledgement;
mod papers;
mod refunds;

const ORDER: &str = "302-0000111-2222333";

/// A channel with one order.
struct Book {
    status: &'static str,
    by: &'static str,
    /// Parcels by our number of them: the same number edits.
    packages: BTreeMap<String, Value>,
    confirmations: usize,
    /// Shows no parcels yet.
    late: bool,
    /// Carries the next change out and answers this.
    lose: Option<ResponseTemplate>,
    always: Option<ResponseTemplate>,
    refuse: Option<&'static str>,
    /// The buyer wants it cancelled.
    unwanted: bool,
    /// A cup was ordered as well.
    cup: bool,
    /// What it comes to, where that is not its parts without their taxes.
    total: Option<&'static str>,
}

#[derive(Clone)]
struct Channel(Arc<Mutex<Book>>);

impl Default for Channel {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Book {
            status: "UNSHIPPED",
            by: "MERCHANT",
            packages: BTreeMap::new(),
            confirmations: 0,
            late: false,
            lose: None,
            always: None,
            refuse: None,
            unwanted: false,
            cup: false,
            total: None,
        })))
    }
}

fn trouble(status: u16, code: &str) -> ResponseTemplate {
    let body = json!({ "errors": [{ "code": code, "message": "for Jane Doe" }] });
    ResponseTemplate::new(status).set_body_json(body)
}

impl Respond for Channel {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let path = request.url.path();
        if request.method.as_str() == "GET" {
            if path != format!("/orders/2026-01-01/orders/{ORDER}") {
                return trouble(404, "ResourceNotFound");
            }
            let asked: Vec<_> = request.url.query_pairs().collect();
            assert!(asked.iter().any(|(name, parts)| {
                name == "includedData"
                    && ["FULFILLMENT", "PACKAGES", "CANCELLATION", "PROCEEDS"]
                        .iter()
                        .all(|part| parts.split(',').any(|one| one == *part))
            }));
            let shown = !book.late;
            let packages = book.packages.values().filter(|_| shown);
            let packages: Vec<_> = packages
                .map(|one| json!({ "packageReferenceId": "1", "trackingNumber": one["trackingNumber"] }))
                .collect();
            return ResponseTemplate::new(200).set_body_json(json!({ "order": {
                "orderId": ORDER,
                "salesChannel": { "channelName": "AMAZON", "marketplaceId": "A1PA6795UKMFR9" },
                "fulfillment": { "fulfillmentStatus": book.status, "fulfilledBy": book.by },
                "packages": packages, "orderItems": book.items(),
                "proceeds": { "grandTotal": euros(book.total()) },
            } }));
        }
        assert_eq!(
            path,
            format!("/orders/v0/orders/{ORDER}/shipmentConfirmation")
        );
        if let Some(code) = book.refuse {
            return trouble(400, code);
        }
        let body: Value = request.body_json().expect("JSON");
        assert_eq!(body["marketplaceId"], "A1PA6795UKMFR9");
        let package = body["packageDetail"].clone();
        let reference = package["packageReferenceId"].as_str().expect("a number");
        assert!(reference.parse::<u32>().is_ok_and(|number| number > 0));
        book.packages.insert(reference.to_owned(), package);
        book.confirmations += 1;
        let lost = book.lose.take();
        lost.unwrap_or_else(|| ResponseTemplate::new(204))
    }
}

fn euros(amount: &str) -> Value {
    json!({ "amount": amount, "currencyCode": "EUR" })
}

fn part_of(form: &str, amount: &str) -> Value {
    json!({ "type": form, "subtotal": euros(amount) })
}

impl Book {
    /// Three mugs, one glass that was cancelled, and perhaps a cup at a discount.
    fn items(&self) -> Value {
        let request = json!({ "cancellationRequest": { "requester": "BUYER" } });
        let mugs = [("ITEM", "60.00"), ("SHIPPING", "4.99"), ("TAX", "9.60")];
        let cup = [("ITEM", "20.00"), ("DISCOUNT", "-5.00"), ("TAX", "2.40")];
        let parts = |parts: [(&str, &str); 3]| parts.map(|(form, amount)| part_of(form, amount));
        let mut items = vec![
            json!({ "orderItemId": "05015000000001", "quantityOrdered": 3,
                "product": { "sellerSku": "OWN-MUG" },
                "proceeds": { "breakdowns": parts(mugs) },
                "cancellation": self.unwanted.then_some(request) }),
            json!({ "orderItemId": "05015000000002", "quantityOrdered": 0,
                "product": { "sellerSku": "OWN-GLASS" } }),
        ];
        if self.cup {
            items.push(
                json!({ "orderItemId": "05015000000003", "quantityOrdered": 1,
                "product": { "sellerSku": "OWN-CUP" },
                "proceeds": { "breakdowns": parts(cup) } }),
            );
        }
        items.into()
    }

    fn total(&self) -> &'static str {
        let parts = if self.cup { "79.99" } else { "64.99" };
        self.total.unwrap_or(parts)
    }
}

impl Channel {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let (server, connector) = calling("A1PA6795UKMFR9").await;
        for verb in ["GET", "POST"] {
            Mock::given(method(verb))
                .and(header("x-amz-access-token", "Atza|own"))
                .respond_with(self.clone())
                .mount(&server)
                .await;
        }
        (server, connector)
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }
}

fn parcel(carrier: &str, number: &str) -> Tracking {
    Tracking {
        carrier: carrier.to_owned(),
        number: number.to_owned(),
        units: Vec::new(),
    }
}

fn shipment(tracking: &[Tracking]) -> ShipmentNotice {
    ShipmentNotice {
        external_id: ORDER.to_owned(),
        shipped_at: left_at(),
        lines: vec![
            ("05015000000001".to_owned(), 2),
            ("05015000000001".to_owned(), 1),
        ],
        tracking: tracking.to_vec(),
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
async fn a_parcel_is_told_with_its_number_its_carrier_and_what_is_in_it() {
    let channel = Channel::default();
    let (_server, connector) = channel.serve().await;
    let notice = shipment(&[parcel("Royal Mail", "RM1")]);
    assert_eq!(ship(&connector, &notice).await, Ok(NoticeEvidence::Told));
    let package = channel
        .book()
        .packages
        .values()
        .next()
        .expect("one")
        .clone();
    assert_eq!(package["carrierCode"], "Royal Mail");
    assert_eq!(package["trackingNumber"], "RM1");
    let items = json!([{ "orderItemId": "05015000000001", "quantity": 3 }]);
    assert_eq!(package["orderItems"], items);
    assert!(package["shipDate"].as_str().expect("a time").ends_with('Z'));
    assert_eq!(package.get("carrierName"), None);
    let other = shipment(&[parcel("Own Bikes", "OB1")]);
    assert_eq!(ship(&connector, &other).await, Ok(NoticeEvidence::Told));
    let book = channel.book();
    let told = book
        .packages
        .values()
        .find(|one| one["trackingNumber"] == "OB1");
    let told = told.expect("the second");
    assert_eq!(
        (&told["carrierCode"], &told["carrierName"]),
        (&json!("Other"), &json!("Own Bikes"))
    );
}

#[tokio::test]
async fn told_twice_or_after_a_lost_answer_it_is_one_parcel() {
    for late in [false, true] {
        let channel = Channel::default();
        channel.book().late = late;
        channel.book().lose = Some(ResponseTemplate::new(504));
        let (_server, connector) = channel.serve().await;
        let notice = shipment(&[parcel("UPS", "1Z1"), parcel("UPS", "1Z2")]);
        let lost = ship(&connector, &notice).await;
        assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
        for _ in 0..2 {
            assert_eq!(ship(&connector, &notice).await, Ok(NoticeEvidence::Told));
        }
        let book = channel.book();
        assert_eq!(book.packages.len(), 1);
        assert_eq!(book.confirmations, if late { 3 } else { 1 });
    }
}

#[tokio::test]
async fn each_parcel_is_a_package_with_what_is_in_it_and_when_it_left() {
    let channel = Channel::default();
    let (_server, connector) = channel.serve().await;
    let notice = in_parcels(
        ORDER,
        &[("1Z1", &[("501", 2)]), ("1Z2", &[("501", 1), ("502", 1)])],
    );
    channel.book().lose = Some(ResponseTemplate::new(504));
    let lost = ship(&connector, &notice).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    for _ in 0..2 {
        assert_eq!(ship(&connector, &notice).await, Ok(NoticeEvidence::Told));
    }
    let book = channel.book();
    assert_eq!(book.confirmations, 2);
    let item = |line: &str, units: u32| json!({ "orderItemId": line, "quantity": units });
    for (number, items) in [
        ("1Z1", json!([item("501", 2)])),
        ("1Z2", json!([item("501", 1), item("502", 1)])),
    ] {
        let mut packages = book.packages.values();
        let package = packages.find(|one| one["trackingNumber"] == number);
        let package = package.expect("a package");
        assert_eq!(package["orderItems"], items);
        assert_eq!(package["shipDate"], "2026-03-01T12:30:00Z");
    }
}

#[tokio::test]
async fn what_cannot_be_told_is_refused_with_its_reason() {
    let channel = Channel::default();
    let (_server, connector) = channel.serve().await;
    let notice = shipment(&[parcel("UPS", "1Z1")]);
    let other = ShipmentNotice {
        external_id: "302-9".to_owned(),
        ..notice.clone()
    };
    assert_eq!(
        ship(&connector, &other).await,
        Ok(refused("order_not_found"))
    );
    assert_eq!(
        ship(&connector, &shipment(&[])).await,
        Ok(refused("no_tracking_number"))
    );
    channel.book().refuse = Some("InvalidInput");
    assert_eq!(ship(&connector, &notice).await, Ok(refused("InvalidInput")));
    channel.book().refuse = None;
    channel.book().status = "CANCELLED";
    assert_eq!(
        ship(&connector, &notice).await,
        Ok(refused("order_is_cancelled"))
    );
    channel.book().by = "AMAZON";
    assert_eq!(
        ship(&connector, &notice).await,
        Ok(refused("fulfilled_by_amazon"))
    );
    assert_eq!(channel.book().confirmations, 0);
}

#[tokio::test]
async fn a_channel_that_does_not_answer_well_was_not_told() {
    let channel = Channel::default();
    let (_server, connector) = channel.serve().await;
    let notice = shipment(&[parcel("UPS", "1Z1")]);
    for always in [
        trouble(403, "Unauthorized"),
        ResponseTemplate::new(404),
        ResponseTemplate::new(500),
        ResponseTemplate::new(302),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        channel.book().always = Some(always.clone());
        let answer = ship(&connector, &notice).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { .. })),
            "{always:?}: {answer:?}"
        );
    }
    let busy = trouble(429, "QuotaExceeded").insert_header("retry-after", "3");
    channel.book().always = Some(busy);
    let answer = ship(&connector, &notice).await;
    let Err(CallError::NotDone { retry_after, .. }) = answer else {
        panic!("not done: {answer:?}");
    };
    assert_eq!(retry_after.map(|wait| wait.as_secs()), Some(3));
}
