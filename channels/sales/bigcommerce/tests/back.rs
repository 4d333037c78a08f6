//! The way back against a stand-in store that keeps a book: whatever breaks on the way, each unit is noted
//! as shipped once, and an order is cancelled once.

use std::sync::{Arc, Mutex};

use orderhub_domain::order::NoticeEvidence;
use serde_json::{Value, json};
use wiremock::matchers::header;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::calling;
use crate::port::{CallError, NoticeAnswer};
use crate::sales::shipments::{in_parcels, left_at};
use crate::sales::{CancellationNotice, SalesConnector, ShipmentNotice, Tracking, Why};

/// A store with one order, 9001: line 61 of three units to address 31, and 62 of one unit to 32.
#[derive(Default)]
struct Book {
    status: u64,
    payment: &'static str,
    shipments: Vec<Value>,
    cancelled: u32,
    /// Carries the next change out and answers this.
    lose: Option<ResponseTemplate>,
    /// Answers this to everything.
    always: Option<ResponseTemplate>,
    refuse: bool,
}

#[derive(Clone, Default)]
struct Store(Arc<Mutex<Book>>);

impl Book {
    fn shipped(&self, line: u64) -> u64 {
        let items = self.shipments.iter().flat_map(|shipment| {
            let items = shipment["items"].as_array().expect("items");
            items.iter()
        });
        items
            .filter(|item| item["order_product_id"] == line)
            .map(|item| item["quantity"].as_u64().expect("a number"))
            .sum()
    }

    fn found(&self, below: &str) -> ResponseTemplate {
        let line = |id: u64, address: u64, units: u64| {
            json!({ "id": id, "order_address_id": address, "quantity": units,
                "quantity_shipped": self.shipped(id), "total_inc_tax": "1.0000" })
        };
        let found = match below {
            "" => json!({ "id": 9001, "status_id": self.status, "payment_status": self.payment }),
            "/products" => json!([line(61, 31, 3), line(62, 32, 1)]),
            _ if self.shipments.is_empty() => return ResponseTemplate::new(204),
            _ => json!(self.shipments),
        };
        ResponseTemplate::new(200).set_body_json(found)
    }

    fn change(&mut self, verb: &str, below: &str, change: &Value) {
        if verb == "PUT" {
            assert_eq!((below, change), ("", &json!({ "status_id": 5 })));
            self.status = 5;
            self.cancelled += 1;
            return;
        }
        assert_eq!(below, "/shipments");
        self.shipments.push(change.clone());
        assert!(
            self.shipped(61) <= 3 && self.shipped(62) <= 1,
            "more than is left"
        );
    }
}

impl Respond for Store {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let path = request
            .url
            .path()
            .strip_prefix("/stores/ownhash/v2/orders/");
        let Some(below) = path.and_then(|path| path.strip_prefix("9001")) else {
            return ResponseTemplate::new(404);
        };
        let verb = request.method.as_str();
        if verb == "GET" {
            return book.found(below);
        }
        if book.refuse {
            let why = json!([{ "status": 400, "message": "for Jane Doe" }]);
            return ResponseTemplate::new(400).set_body_json(why);
        }
        book.change(verb, below, &request.body_json().expect("JSON"));
        let lost = book.lose.take();
        lost.unwrap_or_else(|| ResponseTemplate::new(201).set_body_json(json!({ "id": 1 })))
    }
}

impl Store {
    fn new(status: u64) -> Self {
        let store = Self::default();
        store.book().status = status;
        store
    }

    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        Mock::given(header("x-auth-token", "bc-own-token"))
            .respond_with(self.clone())
            .mount(&server)
            .await;
        let connector = calling(&server.uri());
        (server, connector)
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }
}

fn shipment(lines: &[(&str, u32)], numbers: &[&str]) -> ShipmentNotice {
    let lines = lines.iter();
    let numbers = numbers.iter();
    ShipmentNotice {
        external_id: "9001".into(),
        shipped_at: left_at(),
        lines: lines.map(|(line, n)| ((*line).to_owned(), *n)).collect(),
        tracking: numbers
            .map(|number| Tracking {
                carrier: "Royal Mail".into(),
                number: (*number).into(),
                units: Vec::new(),
            })
            .collect(),
    }
}

fn cancellation(refund: bool) -> CancellationNotice {
    CancellationNotice {
        external_id: "9001".into(),
        why: Why::OutOfStock,
        refund,
    }
}

async fn ship(connector: &Arc<dyn SalesConnector>, notice: &ShipmentNotice) -> NoticeAnswer {
    let way = connector.way_back().expect("a way back");
    way.shipped(notice).await
}

async fn cancel(connector: &Arc<dyn SalesConnector>, notice: &CancellationNotice) -> NoticeAnswer {
    let way = connector.way_back().expect("a way back");
    way.cancelled(notice).await
}

const TOLD: NoticeAnswer = Ok(NoticeEvidence::Told);

fn no(code: &str) -> NoticeEvidence {
    NoticeEvidence::Refused { code: code.into() }
}

#[tokio::test]
async fn a_shipment_is_noted_for_each_address_and_repeats_change_nothing() {
    let store = Store::new(11);
    let (_server, connector) = store.serve().await;
    let notice = shipment(&[("61", 2), ("62", 1)], &["OWN1", "OWN2"]);
    for _ in 0..3 {
        assert_eq!(ship(&connector, &notice).await, TOLD);
    }
    let noted = |address: u64, line: u64, units: u64| {
        json!({ "order_address_id": address, "tracking_number": "OWN1",
            "shipping_provider": "royalmail", "comments": "Royal Mail OWN1, Royal Mail OWN2",
            "items": [{ "order_product_id": line, "quantity": units }] })
    };
    assert_eq!(store.book().shipments, [noted(31, 61, 2), noted(32, 62, 1)]);
    let next = shipment(&[("61", 1)], &["OWN3"]);
    assert_eq!(ship(&connector, &next).await, TOLD);
    assert_eq!(store.book().shipped(61), 3);
}

#[tokio::test]
async fn each_parcel_is_a_shipment_of_its_own_with_what_is_in_it() {
    let store = Store::new(11);
    let (_server, connector) = store.serve().await;
    let notice = in_parcels(
        "9001",
        &[("OWN1", &[("61", 2)]), ("OWN2", &[("61", 1), ("62", 1)])],
    );
    for _ in 0..2 {
        assert_eq!(ship(&connector, &notice).await, TOLD);
    }
    let noted = |number: &str, address: u64, line: u64, units: u64| {
        json!({ "order_address_id": address, "tracking_number": number,
            "shipping_provider": "ups", "comments": format!("UPS {number}"),
            "items": [{ "order_product_id": line, "quantity": units }] })
    };
    let expected = [
        noted("OWN1", 31, 61, 2),
        noted("OWN2", 31, 61, 1),
        noted("OWN2", 32, 62, 1),
    ];
    assert_eq!(store.book().shipments, expected);
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_next_try_adds_what_is_missing() {
    let notice = shipment(&[("61", 3), ("62", 1)], &["OWN1"]);
    for lost in [
        ResponseTemplate::new(502),
        ResponseTemplate::new(408),
        ResponseTemplate::new(302),
    ] {
        let store = Store::new(11);
        let (_server, connector) = store.serve().await;
        store.book().lose = Some(lost);
        let answer = ship(&connector, &notice).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { .. })),
            "{answer:?}"
        );
        assert_eq!(ship(&connector, &notice).await, TOLD);
        let book = store.book();
        assert_eq!((book.shipped(61), book.shipped(62)), (3, 1));
    }
}

#[tokio::test]
async fn what_was_collected_or_noted_by_hand_is_not_noted_again() {
    let store = Store::new(11);
    let (_server, connector) = store.serve().await;
    for _ in 0..2 {
        assert_eq!(ship(&connector, &shipment(&[("61", 2)], &[])).await, TOLD);
    }
    assert_eq!(store.book().shipped(61), 2);
    assert_eq!(store.book().shipments[0].get("tracking_number"), None);
    let by_hand = json!({ "tracking_number": "HAND", "items": [
        { "order_product_id": 61, "quantity": 1 }, { "order_product_id": 62, "quantity": 1 }] });
    store.book().shipments.push(by_hand);
    assert_eq!(
        ship(&connector, &shipment(&[("62", 1)], &["OWN1"])).await,
        TOLD
    );
    assert_eq!(store.book().shipments.len(), 2);
}

#[tokio::test]
async fn a_cancellation_of_what_is_not_to_be_given_back_sets_the_status_once() {
    for (payment, refund) in [("captured", false), ("", true)] {
        let store = Store::new(11);
        store.book().payment = payment;
        let (_server, connector) = store.serve().await;
        store.book().lose = Some(ResponseTemplate::new(504));
        let lost = cancel(&connector, &cancellation(refund)).await;
        assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
        assert_eq!(cancel(&connector, &cancellation(refund)).await, TOLD);
        assert_eq!(store.book().cancelled, 1);
    }
}

#[tokio::test]
async fn refusals_are_evidence_and_final() {
    let store = Store::new(11);
    let (_server, connector) = store.serve().await;
    let mut stranger = shipment(&[("61", 1)], &["OWN1"]);
    let mut unknown = cancellation(false);
    for (id, code) in [("8000", "order_not_found"), ("W-1", "not_a_bigcommerce_id")] {
        stranger.external_id = id.into();
        unknown.external_id = id.into();
        assert_eq!(ship(&connector, &stranger).await, Ok(no(code)));
        assert_eq!(cancel(&connector, &unknown).await, Ok(no(code)));
    }
    store.book().refuse = true;
    let notice = shipment(&[("61", 1)], &["OWN1"]);
    assert_eq!(ship(&connector, &notice).await, Ok(no("not_shippable")));
    let refused = cancel(&connector, &cancellation(false)).await;
    assert_eq!(refused, Ok(no("not_cancellable")));
    store.book().status = 5;
    assert_eq!(
        ship(&connector, &notice).await,
        Ok(no("order_is_cancelled"))
    );
    store.book().status = 10;
    let late = cancel(&connector, &cancellation(true)).await;
    assert_eq!(late, Ok(no("order_is_shipped")));
    for over in [4, 6] {
        store.book().status = over;
        assert_eq!(cancel(&connector, &cancellation(true)).await, TOLD);
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_well_is_asked_again() {
    let store = Store::new(11);
    let (_server, connector) = store.serve().await;
    for always in [
        ResponseTemplate::new(401),
        ResponseTemplate::new(429),
        ResponseTemplate::new(503),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        store.book().always = Some(always.clone());
        // The first question is a look-up: nothing was changed, whatever became of it.
        for answer in [
            ship(&connector, &shipment(&[("61", 1)], &["OWN1"])).await,
            cancel(&connector, &cancellation(true)).await,
        ] {
            assert!(
                matches!(answer, Err(CallError::NotDone { .. })),
                "{always:?}: {answer:?}"
            );
        }
    }
    assert!(store.book().shipments.is_empty() && store.book().cancelled == 0);
}
