//! The way back against a stand-in shop that keeps a book: whatever breaks on the way, a delivery moves when
//! what it says has left, and a state machine moves once.

use std::sync::{Arc, Mutex};

use orderhub_domain::order::NoticeEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{method, path_regex};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::look_up::hand_out_keys;
use super::orders::ORDER;
use super::{ORDER_ID, calling};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::shipments::left_at;
use crate::sales::{CancellationNotice, SalesConnector, ShipmentNotice, Tracking, Why};

const MUG: &str = "00000000000000000000000000000501";
const CARD: &str = "00000000000000000000000000000502";
const DELIVERY_ID: &str = "00000000000000000000000000000041";

/// A shop with the order of the fixture: two mugs and a card.
struct Book {
    whole: Value,
    transitions: Vec<String>,
    writes: usize,
    /// Carries the next change whose path has this out and answers that.
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
            whole: serde_json::from_str(ORDER).expect("JSON"),
            transitions: Vec::new(),
            writes: 0,
            lose: None,
            always: None,
            refuse: false,
        })))
    }
}

fn trouble(code: &str) -> ResponseTemplate {
    let error = json!({ "code": code, "status": "400", "detail": "for Jane Doe" });
    ResponseTemplate::new(400).set_body_json(json!({ "errors": [error] }))
}

impl Book {
    fn delivery(&mut self) -> &mut Value {
        &mut self.whole["order"]["deliveries"][1]
    }

    fn state(&mut self, entity: &str) -> &mut Value {
        match entity {
            "order" => &mut self.whole["order"]["stateMachineState"]["technicalName"],
            "payment" => {
                &mut self.whole["order"]["transactions"][1]["stateMachineState"]["technicalName"]
            }
            _ => &mut self.delivery()["stateMachineState"]["technicalName"],
        }
    }

    fn write(&mut self, sync: &Value) -> ResponseTemplate {
        let write = &sync["write"];
        assert_eq!(
            (&write["entity"], &write["action"]),
            (&json!("order_delivery"), &json!("upsert"))
        );
        let members = &write["payload"][0];
        assert_eq!(members["id"], DELIVERY_ID);
        self.writes += 1;
        let delivery = self.delivery();
        delivery["trackingCodes"] = members["trackingCodes"].clone();
        for (name, value) in members["customFields"].as_object().expect("fields") {
            delivery["customFields"][name] = value.clone();
        }
        ResponseTemplate::new(200).set_body_json(json!({ "data": {}, "notFound": [] }))
    }

    fn transit(&mut self, path: &str) -> ResponseTemplate {
        let parts: Vec<_> = path
            .trim_start_matches("/api/_action/")
            .split('/')
            .collect();
        let [entity, id, "state", transition] = parts[..] else {
            panic!("a transition: {path}");
        };
        assert_eq!(
            id,
            if entity == "order" {
                ORDER_ID
            } else {
                DELIVERY_ID
            }
        );
        let from = self.state(entity).as_str().expect("a state").to_owned();
        let to = match (entity, from.as_str(), transition) {
            (_, "open" | "in_progress", "cancel") => "cancelled",
            ("order_delivery", "open" | "shipped_partially", "ship") => "shipped",
            ("order_delivery", "open", "ship_partially") => "shipped_partially",
            _ => return trouble("SYSTEM__ILLEGAL_STATE_TRANSITION"),
        };
        *self.state(entity) = json!(to);
        self.transitions.push(format!("{entity}:{transition}"));
        ResponseTemplate::new(200).set_body_json(json!({ "technicalName": to }))
    }
}

impl Respond for Shop {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let path = request.url.path().to_owned();
        let body: Value = request.body_json().expect("JSON");
        if path == "/api/search/order" {
            let known = body["ids"] == json!([ORDER_ID]);
            let data = if known {
                json!([book.whole["order"]])
            } else {
                json!([])
            };
            return ResponseTemplate::new(200).set_body_json(json!({ "data": data }));
        }
        if path == "/api/search/order-line-item" {
            let lines = json!({ "data": book.whole["lineItems"] });
            return ResponseTemplate::new(200).set_body_json(lines);
        }
        if book.refuse {
            return trouble("OWN__NO");
        }
        let answer = if path == "/api/_action/sync" {
            book.write(&body)
        } else {
            book.transit(&path)
        };
        match book.lose.take_if(|(part, _)| path.contains(*part)) {
            Some((_, lost)) => lost,
            None => answer,
        }
    }
}

impl Shop {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        hand_out_keys(&server).await;
        Mock::given(method("POST"))
            .and(path_regex("^/api/(search|_action)/"))
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
        external_id: ORDER_ID.into(),
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
        external_id: ORDER_ID.into(),
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
async fn a_delivery_is_shipped_when_all_of_it_has_left_and_repeats_change_nothing() {
    let shop = Shop::default();
    shop.book().delivery()["trackingCodes"] = json!(["BY-HAND"]);
    let (_server, connector) = shop.serve().await;
    let first = shipment(&[(MUG, 1), (MUG, 1)], &["OWN1", "OWN2"]);
    for _ in 0..3 {
        assert_eq!(ship(&connector, &first).await, TOLD);
    }
    assert_eq!(shop.book().transitions, ["order_delivery:ship_partially"]);
    let second = shipment(&[(CARD, 1)], &["OWN3"]);
    for _ in 0..3 {
        assert_eq!(ship(&connector, &second).await, TOLD);
    }
    let mut book = shop.book();
    let expected = ["order_delivery:ship_partially", "order_delivery:ship"];
    assert_eq!(book.transitions, expected);
    assert_eq!(book.writes, 2);
    let codes = json!(["BY-HAND", "OWN1", "OWN2", "OWN3"]);
    assert_eq!(book.delivery()["trackingCodes"], codes);
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_next_try_adds_what_is_missing() {
    let whole = shipment(&[(MUG, 2), (CARD, 1)], &["OWN1"]);
    for (part, lost) in [
        ("sync", ResponseTemplate::new(502)),
        ("state", ResponseTemplate::new(504)),
        (
            "state",
            ResponseTemplate::new(200).set_body_string("<html>"),
        ),
    ] {
        let shop = Shop::default();
        let (_server, connector) = shop.serve().await;
        shop.book().lose = Some((part, lost));
        let answer = ship(&connector, &whole).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { .. })),
            "{answer:?}"
        );
        assert_eq!(ship(&connector, &whole).await, TOLD);
        let book = shop.book();
        assert_eq!((book.writes, book.transitions.len()), (1, 1));
    }
}

#[tokio::test]
async fn what_somebody_has_shipped_by_hand_gets_its_codes_and_does_not_move() {
    let shop = Shop::default();
    *shop.book().state("order_delivery") = json!("shipped");
    let (_server, connector) = shop.serve().await;
    assert_eq!(
        ship(&connector, &shipment(&[(MUG, 1)], &["OWN1"])).await,
        TOLD
    );
    assert_eq!(ship(&connector, &shipment(&[(MUG, 1)], &[])).await, TOLD);
    let mut book = shop.book();
    assert!(book.transitions.is_empty());
    assert_eq!(book.delivery()["trackingCodes"], json!(["OWN1"]));
}

#[tokio::test]
async fn a_cancellation_moves_order_and_delivery_once_and_says_whose_money_is_there() {
    for (payment, refund, answer) in [
        ("paid", true, Ok(no("refund_by_hand"))),
        ("paid", false, TOLD),
        ("refunded", true, TOLD),
        ("open", true, TOLD),
    ] {
        let shop = Shop::default();
        *shop.book().state("payment") = json!(payment);
        let (_server, connector) = shop.serve().await;
        shop.book().lose = Some(("/order/", ResponseTemplate::new(504)));
        let lost = cancel(&connector, &cancellation(refund)).await;
        assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
        for _ in 0..2 {
            assert_eq!(
                cancel(&connector, &cancellation(refund)).await,
                answer,
                "{payment}"
            );
        }
        let expected = ["order:cancel", "order_delivery:cancel"];
        assert_eq!(shop.book().transitions, expected);
    }
}

#[tokio::test]
async fn refusals_are_evidence_and_final() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    let mut stranger = shipment(&[(MUG, 1)], &["OWN1"]);
    let mut unknown = cancellation(false);
    let other = "0123456789abcdef0123456789abcdef";
    for (id, code) in [(other, "order_not_found"), ("10042", "not_a_shopware_id")] {
        stranger.external_id = id.into();
        unknown.external_id = id.into();
        assert_eq!(ship(&connector, &stranger).await, Ok(no(code)));
        assert_eq!(cancel(&connector, &unknown).await, Ok(no(code)));
    }
    let notice = shipment(&[(MUG, 1)], &["OWN1"]);
    shop.book().refuse = true;
    assert_eq!(ship(&connector, &notice).await, Ok(no("OWN__NO")));
    assert_eq!(
        cancel(&connector, &cancellation(true)).await,
        Ok(no("OWN__NO"))
    );
    *shop.book().state("order_delivery") = json!("cancelled");
    assert_eq!(
        ship(&connector, &notice).await,
        Ok(no("delivery_is_cancelled"))
    );
    *shop.book().state("order") = json!("cancelled");
    assert_eq!(
        ship(&connector, &notice).await,
        Ok(no("order_is_cancelled"))
    );
    *shop.book().state("order") = json!("completed");
    let late = cancel(&connector, &cancellation(true)).await;
    assert_eq!(late, Ok(no("order_is_completed")));
    *shop.book().state("order") = json!("in_progress");
    *shop.book().state("order_delivery") = json!("shipped_partially");
    let late = cancel(&connector, &cancellation(true)).await;
    assert_eq!(late, Ok(no("order_is_shipped")));
    shop.book().whole["order"]["deliveries"] = json!([]);
    assert_eq!(
        ship(&connector, &notice).await,
        Ok(no("order_has_no_delivery"))
    );
}

#[tokio::test]
async fn a_shop_that_does_not_answer_well_is_asked_again() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    for always in [
        ResponseTemplate::new(401),
        ResponseTemplate::new(404),
        ResponseTemplate::new(429).insert_header("retry-after", "7"),
        ResponseTemplate::new(503),
        ResponseTemplate::new(302),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        shop.book().always = Some(always.clone());
        // The first question is a look-up: nothing was changed, whatever became of it.
        for answer in [
            ship(&connector, &shipment(&[(MUG, 1)], &["OWN1"])).await,
            cancel(&connector, &cancellation(true)).await,
        ] {
            assert!(
                matches!(answer, Err(CallError::NotDone { .. })),
                "{always:?}: {answer:?}"
            );
        }
    }
    let book = shop.book();
    assert!(book.writes == 0 && book.transitions.is_empty());
}
