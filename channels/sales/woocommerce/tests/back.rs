//! The way back against a stand-in shop that keeps a book: whatever breaks on the way, the buyer hears of a
//! parcel once, an order is completed when all of it has left, and money goes back once.

use std::sync::{Arc, Mutex};

use orderhub_domain::order::NoticeEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{header, method};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::calling;
use crate::port::{CallError, NoticeAnswer};
use crate::sales::shipments::left_at;
use crate::sales::{CancellationNotice, SalesConnector, ShipmentNotice, Tracking, Why};

/// A shop with one order, 3001, of two lines: 501 of three units and 502 of one.
struct Book {
    status: &'static str,
    paid: bool,
    refunds: Vec<Value>,
    meta: Vec<(String, String)>,
    notes: Vec<Value>,
    statuses: Vec<String>,
    /// Carries the next change whose path ends like this out and answers that.
    lose: Option<(&'static str, ResponseTemplate)>,
    /// Answers this to everything.
    always: Option<ResponseTemplate>,
    /// The gateway gives nothing back.
    keeps: bool,
    refuse: bool,
}

#[derive(Clone)]
struct Shop(Arc<Mutex<Book>>);

impl Default for Shop {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Book {
            status: "processing",
            paid: true,
            refunds: Vec::new(),
            meta: Vec::new(),
            notes: Vec::new(),
            statuses: Vec::new(),
            lose: None,
            always: None,
            keeps: false,
            refuse: false,
        })))
    }
}

fn trouble(status: u16, code: &str) -> ResponseTemplate {
    let body = json!({ "code": code, "message": "for Jane Doe", "data": { "status": status } });
    ResponseTemplate::new(status).set_body_json(body)
}

impl Respond for Shop {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let path = request
            .url
            .path()
            .trim_start_matches("/wp-json/wc/v3/orders/");
        let Some(below) = path.strip_prefix("3001") else {
            return trouble(404, "woocommerce_rest_shop_order_invalid_id");
        };
        if request.method.as_str() == "GET" {
            let found = if below == "/notes" {
                json!(book.notes)
            } else {
                book.order()
            };
            return ResponseTemplate::new(200).set_body_json(found);
        }
        if book.refuse {
            return trouble(400, "woocommerce_rest_own_no");
        }
        let change: Value = request.body_json().expect("JSON");
        let answer = match below {
            "/notes" => {
                book.notes.push(change);
                ResponseTemplate::new(201).set_body_json(json!({ "id": 1 }))
            }
            "/refunds" => book.refund(&change),
            _ => book.change(&change),
        };
        match book.lose.take_if(|(path, _)| below == *path) {
            Some((_, lost)) => lost,
            None => answer,
        }
    }
}

impl Book {
    fn order(&self) -> Value {
        let meta: Vec<_> = self
            .meta
            .iter()
            .map(|(key, value)| json!({ "id": 1, "key": key, "value": value }))
            .collect();
        json!({ "id": 3001, "status": self.status, "total": "62.37", "refunds": self.refunds,
            "date_paid_gmt": self.paid.then_some("2026-03-01T09:30:30"),
            "line_items": [{ "id": 501, "quantity": 3 }, { "id": 502, "quantity": 1 }],
            "meta_data": meta })
    }

    fn change(&mut self, change: &Value) -> ResponseTemplate {
        for meta in change["meta_data"].as_array().into_iter().flatten() {
            let text = |name: &str| meta[name].as_str().expect("text").to_owned();
            self.meta.retain(|(key, _)| *key != text("key"));
            self.meta.push((text("key"), text("value")));
        }
        if let Some(status) = change["status"].as_str() {
            self.statuses.push(status.to_owned());
            self.status = if status == "completed" {
                "completed"
            } else {
                "cancelled"
            };
        }
        ResponseTemplate::new(200).set_body_json(self.order())
    }

    fn refund(&mut self, change: &Value) -> ResponseTemplate {
        if self.keeps {
            return trouble(500, "woocommerce_rest_cannot_create_order_refund");
        }
        assert_eq!(change["api_refund"], true);
        let amount = change["amount"].as_str().expect("an amount");
        self.refunds
            .push(json!({ "id": 1, "total": format!("-{amount}") }));
        self.status = "refunded";
        ResponseTemplate::new(201).set_body_json(json!({ "id": 1, "amount": amount }))
    }
}

impl Shop {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        for verb in ["GET", "POST"] {
            Mock::given(method(verb))
                .and(header("authorization", "Basic Y2tfb3duOmNzX293bg=="))
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
                carrier: "Own Post".into(),
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

#[test]
fn without_a_base_url_and_a_pair_of_keys_there_is_no_way_back() {
    assert!(super::shop().way_back().is_none());
    assert!(super::shop().stock_way().is_none());
    assert!(calling("https://shop.example.com").way_back().is_some());
}

#[tokio::test]
async fn an_order_is_completed_when_all_of_it_has_left_and_repeats_change_nothing() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    let first = shipment(&[("501", 1), ("501", 1)], &["OWN1", "OWN2"]);
    for _ in 0..3 {
        assert_eq!(ship(&connector, &first).await, TOLD);
    }
    assert!(shop.book().statuses.is_empty(), "a part has left");
    let second = shipment(&[("501", 1), ("502", 1)], &["OWN3"]);
    for _ in 0..3 {
        assert_eq!(ship(&connector, &second).await, TOLD);
    }
    let book = shop.book();
    assert_eq!(book.statuses, ["completed"]);
    let note = |text: &str| json!({ "note": text, "customer_note": true });
    let expected = [
        note("Shipped: Own Post OWN1, Own Post OWN2"),
        note("Shipped: Own Post OWN3"),
    ];
    assert_eq!(book.notes, expected);
    assert_eq!(book.meta[1].1, "501:1,502:1");
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_next_try_adds_what_is_missing() {
    let whole = shipment(&[("501", 3), ("502", 1)], &["OWN1"]);
    for path in ["", "/notes"] {
        let shop = Shop::default();
        let (_server, connector) = shop.serve().await;
        shop.book().lose = Some((path, ResponseTemplate::new(502)));
        let lost = ship(&connector, &whole).await;
        assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
        assert_eq!(ship(&connector, &whole).await, TOLD);
        let book = shop.book();
        assert_eq!((book.notes.len(), book.meta.len()), (1, 1));
        assert_eq!(book.statuses, ["completed"]);
    }
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    shop.book().lose = Some(("", ResponseTemplate::new(200).set_body_string("<html>")));
    let garbled = ship(&connector, &whole).await;
    assert!(
        matches!(garbled, Err(CallError::Unknown { .. })),
        "{garbled:?}"
    );
    assert_eq!(ship(&connector, &whole).await, TOLD);
    assert_eq!(shop.book().statuses, ["completed"]);
}

#[tokio::test]
async fn what_was_collected_needs_no_note_and_what_somebody_noted_by_hand_none_more() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    let collected = shipment(&[("501", 3), ("502", 1)], &[]);
    for _ in 0..2 {
        assert_eq!(ship(&connector, &collected).await, TOLD);
    }
    assert!(shop.book().notes.is_empty());
    assert_eq!(shop.book().statuses, ["completed"]);
    // Completed and noted by hand, with the number.
    let shop = Shop::default();
    shop.book().status = "completed";
    shop.book().notes = vec![json!({ "note": "Sent today as <b>OWN1</b>", "customer_note": true })];
    let (_server, connector) = shop.serve().await;
    let told = ship(&connector, &shipment(&[("501", 3)], &["OWN1"])).await;
    assert_eq!(told, TOLD);
    assert_eq!(shop.book().notes.len(), 1);
    assert!(shop.book().statuses.is_empty());
}

#[tokio::test]
async fn a_cancellation_gives_back_once_what_the_buyer_paid_and_has_not_got_back() {
    let shop = Shop::default();
    shop.book().refunds = vec![json!({ "id": 9, "total": "-10.00" })];
    let (_server, connector) = shop.serve().await;
    shop.book().lose = Some(("/refunds", ResponseTemplate::new(504)));
    let lost = cancel(&connector, &cancellation(true)).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    for _ in 0..2 {
        assert_eq!(cancel(&connector, &cancellation(true)).await, TOLD);
    }
    let book = shop.book();
    assert_eq!(book.refunds.len(), 2);
    assert_eq!(book.refunds[1]["total"], "-52.37");
    assert!(book.statuses.is_empty(), "refunded is final already");
}

#[tokio::test]
async fn a_cancellation_without_money_sets_the_status_once() {
    for (paid, refund) in [(true, false), (false, true), (false, false)] {
        let shop = Shop::default();
        shop.book().paid = paid;
        let (_server, connector) = shop.serve().await;
        shop.book().lose = Some(("", ResponseTemplate::new(504)));
        let lost = cancel(&connector, &cancellation(refund)).await;
        assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
        assert_eq!(cancel(&connector, &cancellation(refund)).await, TOLD);
        let book = shop.book();
        assert_eq!(book.statuses, ["cancelled"]);
        assert!(book.refunds.is_empty());
    }
}

#[tokio::test]
async fn money_that_the_shops_gateway_keeps_is_said_and_the_order_cancelled_all_the_same() {
    let shop = Shop::default();
    shop.book().keeps = true;
    let (_server, connector) = shop.serve().await;
    let answer = cancel(&connector, &cancellation(true)).await;
    assert_eq!(answer, Ok(no("refund_refused")));
    assert_eq!(shop.book().statuses, ["cancelled"]);
}

#[tokio::test]
async fn a_refund_that_is_under_way_is_waited_for() {
    let shop = Shop::default();
    shop.book().refunds = vec![json!({ "id": 9, "total": "-62.37" })];
    let (_server, connector) = shop.serve().await;
    let early = cancel(&connector, &cancellation(true)).await;
    assert!(
        matches!(early, Err(CallError::NotDone { well: true, .. })),
        "{early:?}"
    );
    assert!(shop.book().statuses.is_empty());
    // The gateway said no, and the shop took its note back.
    shop.book().refunds.clear();
    assert_eq!(cancel(&connector, &cancellation(true)).await, TOLD);
    assert_eq!(shop.book().refunds.len(), 1);
}

#[tokio::test]
async fn refusals_are_evidence_and_final() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    let mut stranger = shipment(&[("501", 1)], &["OWN1"]);
    let mut unknown = cancellation(false);
    for (id, code) in [("3002", "order_not_found"), ("W-1", "not_a_woocommerce_id")] {
        stranger.external_id = id.into();
        unknown.external_id = id.into();
        assert_eq!(ship(&connector, &stranger).await, Ok(no(code)));
        assert_eq!(cancel(&connector, &unknown).await, Ok(no(code)));
    }
    shop.book().refuse = true;
    let notice = shipment(&[("501", 1)], &["OWN1"]);
    assert_eq!(
        ship(&connector, &notice).await,
        Ok(no("woocommerce_rest_own_no"))
    );
    let cancelled = cancel(&connector, &cancellation(false)).await;
    assert_eq!(cancelled, Ok(no("woocommerce_rest_own_no")));
    shop.book().status = "cancelled";
    assert_eq!(
        ship(&connector, &notice).await,
        Ok(no("order_is_cancelled"))
    );
    shop.book().status = "completed";
    let late = cancel(&connector, &cancellation(true)).await;
    assert_eq!(late, Ok(no("order_is_completed")));
}

#[tokio::test]
async fn a_shop_that_does_not_answer_well_is_asked_again() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    for always in [
        ResponseTemplate::new(401),
        ResponseTemplate::new(404),
        trouble(404, "rest_no_route"),
        ResponseTemplate::new(429).insert_header("retry-after", "7"),
        ResponseTemplate::new(503),
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
    assert!(shop.book().notes.is_empty() && shop.book().meta.is_empty());
}
