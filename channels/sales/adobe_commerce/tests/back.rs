//! The way back against a stand-in shop that keeps a book: whatever breaks on the way, units are shipped once
//! and money goes back once.

use std::sync::{Arc, Mutex};

use orderhub_domain::order::NoticeEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path_regex};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::calling;
use super::orders::ORDER;
use crate::port::{CallError, NoticeAnswer};
use crate::sales::shipments::left_at;
use crate::sales::{CancellationNotice, SalesConnector, ShipmentNotice, Tracking, Why};

/// A shop with the order of the fixture: two mugs (501) and a card (503).
struct Book {
    order: Value,
    shipments: Vec<Value>,
    refunds: usize,
    cancels: usize,
    /// Carries the next change whose path ends like this out and answers that.
    lose: Option<(&'static str, ResponseTemplate)>,
    /// Answers this to everything.
    always: Option<ResponseTemplate>,
    refuse: bool,
}

#[derive(Clone)]
struct Shop(Arc<Mutex<Book>>);

impl Default for Shop {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Book {
            order: serde_json::from_str(ORDER).expect("JSON"),
            shipments: Vec::new(),
            refunds: 0,
            cancels: 0,
            lose: None,
            always: None,
            refuse: false,
        })))
    }
}

fn trouble(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({ "message": "No, Jane Doe" }))
}

fn body(value: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(value)
}

impl Book {
    fn ship(&mut self, shipment: &Value) -> ResponseTemplate {
        for shipped in shipment["items"].as_array().expect("items") {
            let items = self.order["items"].as_array_mut().expect("items");
            let wanted = shipped["order_item_id"].to_string();
            let same = |item: &&mut Value| item["item_id"].to_string().trim_matches('"') == wanted;
            let item = items.iter_mut().find(same).expect("an item");
            let before = item["qty_shipped"].as_u64().unwrap_or(0);
            item["qty_shipped"] = json!(before + shipped["qty"].as_u64().expect("units"));
        }
        self.shipments.push(shipment.clone());
        body(&json!("7"))
    }

    fn change(&mut self, path: &str, change: &Value) -> ResponseTemplate {
        match path {
            "order/3001/ship" => self.ship(change),
            "orders/3001/cancel" => {
                self.cancels += 1;
                self.order["state"] = json!("canceled");
                body(&json!(true))
            }
            "invoice/21/refund" => {
                assert_eq!(change["isOnline"], true);
                self.refunds += 1;
                self.order["state"] = json!("closed");
                body(&json!(5))
            }
            other => panic!("an unknown path: {other}"),
        }
    }
}

impl Respond for Shop {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let path = request.url.path().trim_start_matches("/rest/all/V1/");
        if request.method.as_str() == "GET" {
            return match path {
                "orders/3001" => body(&book.order),
                "shipments" => body(&json!({ "items": book.shipments })),
                "invoices" => {
                    let invoices =
                        json!([{ "entity_id": 20, "state": 3 }, { "entity_id": 21, "state": 2 }]);
                    body(&json!({ "items": invoices }))
                }
                _ => trouble(404),
            };
        }
        if book.refuse {
            return trouble(400);
        }
        let answer = book.change(path, &request.body_json().expect("JSON"));
        match book.lose.take_if(|(end, _)| path.ends_with(*end)) {
            Some((_, lost)) => lost,
            None => answer,
        }
    }
}

impl Shop {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        for verb in ["GET", "POST"] {
            Mock::given(method(verb))
                .and(path_regex("^/rest/all/V1/"))
                .and(header("authorization", "Bearer own-access-token"))
                .respond_with(self.clone())
                .mount(&server)
                .await;
        }
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
        external_id: "3001".into(),
        shipped_at: left_at(),
        lines: lines.map(|(line, n)| ((*line).to_owned(), *n)).collect(),
        tracking: numbers
            .map(|number| Tracking {
                carrier: "UPS".into(),
                number: (*number).into(),
                units: Vec::new(),
            })
            .collect(),
    }
}

fn cancellation(refund: bool) -> CancellationNotice {
    CancellationNotice {
        external_id: "3001".into(),
        why: Why::OutOfStock,
        refund,
    }
}

async fn ship(connector: &Arc<dyn SalesConnector>, notice: &ShipmentNotice) -> NoticeAnswer {
    connector
        .way_back()
        .expect("a way back")
        .shipped(notice)
        .await
}

async fn cancel(connector: &Arc<dyn SalesConnector>, notice: &CancellationNotice) -> NoticeAnswer {
    connector
        .way_back()
        .expect("a way back")
        .cancelled(notice)
        .await
}

const TOLD: NoticeAnswer = Ok(NoticeEvidence::Told);

fn no(code: &str) -> NoticeEvidence {
    NoticeEvidence::Refused { code: code.into() }
}

#[tokio::test]
async fn each_shipment_is_noted_once_with_its_parcels() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    let first = shipment(&[("501", 1)], &["OWN1", "OWN2"]);
    let second = shipment(&[("501", 1), ("503", 1)], &["OWN3"]);
    for _ in 0..2 {
        for notice in [&first, &second] {
            assert_eq!(ship(&connector, notice).await, TOLD);
        }
    }
    let book = shop.book();
    let [first, second] = &book.shipments[..] else {
        panic!("two shipments: {:?}", book.shipments);
    };
    let track =
        |number: &str| json!({ "track_number": number, "title": "UPS", "carrier_code": "ups" });
    assert_eq!(first["tracks"], json!([track("OWN1"), track("OWN2")]));
    assert_eq!(first["items"], json!([{ "order_item_id": 501, "qty": 1 }]));
    assert_eq!(second["items"].as_array().map(Vec::len), Some(2));
    assert!(first.get("arguments").is_none(), "the shop has one source");
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_next_try_finds_the_shipment() {
    for lost in [
        ResponseTemplate::new(502),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        for numbers in [&["OWN1"][..], &[]] {
            let shop = Shop::default();
            let (_server, connector) = shop.serve().await;
            shop.book().lose = Some(("/ship", lost.clone()));
            let notice = shipment(&[("501", 1)], numbers);
            let answer = ship(&connector, &notice).await;
            assert!(
                matches!(answer, Err(CallError::Unknown { .. })),
                "{answer:?}"
            );
            assert_eq!(ship(&connector, &notice).await, TOLD);
            assert_eq!(shop.book().shipments.len(), 1);
        }
    }
}

#[tokio::test]
async fn what_somebody_noted_by_hand_is_not_shipped_again() {
    let shop = Shop::default();
    shop.book().order["items"][0]["qty_shipped"] = json!(2);
    let (_server, connector) = shop.serve().await;
    assert_eq!(
        ship(&connector, &shipment(&[("501", 2)], &["OWN1"])).await,
        TOLD
    );
    assert!(shop.book().shipments.is_empty());
}

#[tokio::test]
async fn a_bundle_is_shipped_as_what_it_is() {
    let shop = Shop::default();
    shop.book().order["items"][0]["product_type"] = json!("bundle");
    shop.book().order["items"][1]["qty_ordered"] = json!(4);
    let (_server, connector) = shop.serve().await;
    assert_eq!(
        ship(&connector, &shipment(&[("502", 1)], &["OWN1"])).await,
        Ok(no("bundle_in_parts"))
    );
    assert_eq!(
        ship(&connector, &shipment(&[("502", 2)], &["OWN1"])).await,
        TOLD
    );
    let items = json!([{ "order_item_id": 501, "qty": 1 }]);
    assert_eq!(shop.book().shipments[0]["items"], items);
}

#[tokio::test]
async fn an_order_that_was_invoiced_is_refunded_once_and_closed_by_that() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    assert_eq!(
        cancel(&connector, &cancellation(false)).await,
        Ok(no("order_is_invoiced"))
    );
    shop.book().lose = Some(("/refund", ResponseTemplate::new(504)));
    let lost = cancel(&connector, &cancellation(true)).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    for _ in 0..2 {
        assert_eq!(cancel(&connector, &cancellation(true)).await, TOLD);
    }
    let book = shop.book();
    assert_eq!((book.refunds, book.cancels), (1, 0));
}

#[tokio::test]
async fn an_order_that_nobody_paid_is_cancelled_once() {
    for refund in [true, false] {
        let shop = Shop::default();
        shop.book().order["total_paid"] = Value::Null;
        let (_server, connector) = shop.serve().await;
        shop.book().lose = Some(("/cancel", ResponseTemplate::new(504)));
        let lost = cancel(&connector, &cancellation(refund)).await;
        assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
        assert_eq!(cancel(&connector, &cancellation(refund)).await, TOLD);
        let book = shop.book();
        assert_eq!((book.refunds, book.cancels), (0, 1));
    }
    let shop = Shop::default();
    shop.book().order["total_paid"] = Value::Null;
    let (_server, connector) = shop.serve().await;
    shop.book().lose = Some(("/cancel", body(&json!(false))));
    let kept = cancel(&connector, &cancellation(false)).await;
    assert_eq!(kept, Ok(no("not_cancellable")));
}

#[tokio::test]
async fn refusals_are_evidence_and_final() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    let mut stranger = shipment(&[("501", 1)], &["OWN1"]);
    let mut unknown = cancellation(false);
    for (id, code) in [
        ("3002", "order_not_found"),
        ("000/1", "not_an_adobe_commerce_id"),
    ] {
        stranger.external_id = id.into();
        unknown.external_id = id.into();
        assert_eq!(ship(&connector, &stranger).await, Ok(no(code)));
        assert_eq!(cancel(&connector, &unknown).await, Ok(no(code)));
    }
    let notice = shipment(&[("501", 1)], &["OWN1"]);
    shop.book().refuse = true;
    assert_eq!(ship(&connector, &notice).await, Ok(no("not_shippable")));
    assert_eq!(
        cancel(&connector, &cancellation(true)).await,
        Ok(no("refund_refused"))
    );
    shop.book().order["state"] = json!("canceled");
    assert_eq!(
        ship(&connector, &notice).await,
        Ok(no("order_is_cancelled"))
    );
    shop.book().order["state"] = json!("complete");
    assert_eq!(
        cancel(&connector, &cancellation(true)).await,
        Ok(no("order_is_completed"))
    );
    shop.book().order["state"] = json!("processing");
    shop.book().order["items"][2]["qty_shipped"] = json!(1);
    assert_eq!(
        cancel(&connector, &cancellation(true)).await,
        Ok(no("order_is_shipped"))
    );
}

#[tokio::test]
async fn a_shop_that_does_not_answer_well_is_asked_again() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    for always in [
        trouble(401),
        ResponseTemplate::new(404),
        ResponseTemplate::new(429).insert_header("retry-after", "7"),
        trouble(503),
        ResponseTemplate::new(302),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        shop.book().always = Some(always.clone());
        // The first question is a look-up: nothing was changed, whatever became of it.
        for answer in [
            ship(&connector, &shipment(&[("501", 1)], &["OWN1"])).await,
            cancel(&connector, &cancellation(true)).await,
        ] {
            assert!(
                matches!(answer, Err(CallError::NotDone { .. })),
                "{always:?}: {answer:?}"
            );
        }
    }
    assert!(shop.book().shipments.is_empty());
}
