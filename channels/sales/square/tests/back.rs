//! The way back against a stand-in that keeps a book: whatever breaks on the way, a fulfilment is completed
//! when all of it has left, and each payment goes back once.

use std::sync::{Arc, Mutex};

use orderhub_domain::order::NoticeEvidence;
use serde_json::{Value, json};
use wiremock::matchers::header;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::calling;
use crate::port::{CallError, NoticeAnswer};
use crate::sales::shipments::left_at;
use crate::sales::{CancellationNotice, SalesConnector, ShipmentNotice, Tracking, Why};

/// A till with one order, OWN1: line `mug` of three units and `card` of one, in one fulfilment.
#[derive(Default)]
struct Book {
    form: &'static str,
    state: &'static str,
    later: &'static str,
    version: i64,
    metadata: Value,
    shipped: Value,
    updates: u32,
    paid: bool,
    refunds: Vec<Value>,
    /// Carries the next change out and answers this.
    lose: Option<ResponseTemplate>,
    /// Answers this to everything.
    always: Option<ResponseTemplate>,
    /// Answers this to changes, and makes none.
    refuse: Option<&'static str>,
    /// Somebody else changes the order before the next change comes.
    race: bool,
}

#[derive(Clone, Default)]
struct Till(Arc<Mutex<Book>>);

fn trouble(status: u16, code: &str) -> ResponseTemplate {
    let body = json!({ "errors": [{ "category": "OWN", "code": code, "detail": "for Jane Doe" }] });
    ResponseTemplate::new(status).set_body_json(body)
}

impl Book {
    fn order(&self) -> Value {
        let tender = json!({ "payment_id": "OWNPAY1", "card_details": { "status": "CAPTURED" } });
        let tenders: Vec<Value> = self.paid.then_some(tender).into_iter().collect();
        json!({ "order": { "id": "OWN1", "location_id": "OWNLOC1", "version": self.version,
            "state": self.state, "tenders": tenders,
            "line_items": [{ "uid": "mug", "quantity": "3" }, { "uid": "card", "quantity": "1" }],
            "fulfillments": [{ "uid": "own-later", "type": self.form, "state": self.later,
                "metadata": self.metadata, "shipment_details": self.shipped }] } })
    }

    fn update(&mut self, change: &Value) -> ResponseTemplate {
        let order = &change["order"];
        if std::mem::take(&mut self.race) {
            self.version += 1;
        }
        if order["version"] != self.version {
            return trouble(409, "VERSION_MISMATCH");
        }
        self.version += 1;
        self.updates += 1;
        let later = &order["fulfillments"][0];
        if later.is_object() {
            assert_eq!(later["uid"], "own-later");
            match later["state"].as_str() {
                Some("COMPLETED") => self.later = "COMPLETED",
                Some(_) => self.later = "CANCELED",
                None => {}
            }
            if later["metadata"].is_object() {
                self.metadata = later["metadata"].clone();
            }
            if later["shipment_details"].is_object() {
                self.shipped = later["shipment_details"].clone();
            }
        }
        if order["state"] == "CANCELED" {
            assert_eq!(self.later, "CANCELED", "its fulfilments come first");
            self.state = "CANCELED";
        }
        ResponseTemplate::new(200).set_body_json(self.order())
    }

    fn refund(&mut self, refund: &Value) -> ResponseTemplate {
        let key = &refund["idempotency_key"];
        if !self
            .refunds
            .iter()
            .any(|one| one["idempotency_key"] == *key)
        {
            self.refunds.push(refund.clone());
        }
        ResponseTemplate::new(200).set_body_json(json!({ "refund": {
            "id": "OWNREFUND1", "status": "PENDING", "amount_money": refund["amount_money"] } }))
    }
}

impl Respond for Till {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let verb = request.method.as_str();
        let money = json!({ "amount": 6500, "currency": "USD" });
        match (verb, request.url.path()) {
            ("GET", "/v2/orders/OWN1") => {
                return ResponseTemplate::new(200).set_body_json(book.order());
            }
            ("GET", "/v2/payments/OWNPAY1") => {
                let back = json!({ "amount": 1500, "currency": "USD" });
                let payment =
                    json!({ "payment": { "total_money": money, "refunded_money": back } });
                return ResponseTemplate::new(200).set_body_json(payment);
            }
            ("GET", _) => return trouble(404, "NOT_FOUND"),
            _ => {}
        }
        if let Some(code) = book.refuse {
            return trouble(400, code);
        }
        let change: Value = request.body_json().expect("JSON");
        let answer = match request.url.path() {
            "/v2/refunds" => book.refund(&change),
            _ => book.update(&change),
        };
        book.lose.take().unwrap_or(answer)
    }
}

impl Till {
    fn new() -> Self {
        let till = Self::default();
        let mut book = till.book();
        (book.form, book.state, book.later) = ("SHIPMENT", "OPEN", "PROPOSED");
        (book.version, book.paid, book.metadata) = (4, true, json!({ "own": "kept" }));
        drop(book);
        till
    }

    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        Mock::given(header("authorization", "Bearer sq-own-token"))
            .respond_with(self.clone())
            .mount(&server)
            .await;
        let connector = calling(&server.uri());
        (server, connector)
    }

    fn later_and_updates(&self) -> (&'static str, u32) {
        let book = self.book();
        (book.later, book.updates)
    }

    fn state_and_later(&self) -> (&'static str, &'static str) {
        let book = self.book();
        (book.state, book.later)
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }
}

fn shipment(lines: &[(&str, u32)], numbers: &[&str]) -> ShipmentNotice {
    let lines = lines.iter();
    let numbers = numbers.iter();
    ShipmentNotice {
        external_id: "OWN1".into(),
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
        external_id: "OWN1".into(),
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
async fn a_fulfilment_is_completed_when_all_of_it_has_left_and_repeats_change_nothing() {
    let till = Till::new();
    let (_server, connector) = till.serve().await;
    let first = shipment(&[("mug", 1), ("mug", 1)], &["OWN-A", "OWN-B"]);
    for _ in 0..3 {
        assert_eq!(ship(&connector, &first).await, TOLD);
    }
    assert_eq!(till.later_and_updates(), ("PROPOSED", 1));
    let second = shipment(&[("mug", 1), ("card", 1)], &["OWN-C"]);
    for _ in 0..3 {
        assert_eq!(ship(&connector, &second).await, TOLD);
    }
    let book = till.book();
    assert_eq!((book.later, book.updates), ("COMPLETED", 2));
    let marks = json!({ "own": "kept", "orderhub_OWN-A": "0x2", "orderhub_OWN-C": "0x1 1x1" });
    assert_eq!(book.metadata, marks);
    let shipped = json!({ "carrier": "Own Post", "tracking_number": "OWN-C" });
    assert_eq!(book.shipped, shipped);
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_next_try_finds_its_own_mark() {
    let whole = shipment(&[("mug", 3), ("card", 1)], &["OWN-A"]);
    for lost in [
        ResponseTemplate::new(502),
        ResponseTemplate::new(408),
        ResponseTemplate::new(302),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        let till = Till::new();
        let (_server, connector) = till.serve().await;
        till.book().lose = Some(lost);
        let answer = ship(&connector, &whole).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { .. })),
            "{answer:?}"
        );
        assert_eq!(ship(&connector, &whole).await, TOLD);
        assert_eq!(till.later_and_updates(), ("COMPLETED", 1));
    }
}

#[tokio::test]
async fn an_order_that_has_just_changed_is_not_touched_and_tried_again() {
    let till = Till::new();
    let (_server, connector) = till.serve().await;
    till.book().race = true;
    let whole = shipment(&[("mug", 3), ("card", 1)], &["OWN-A"]);
    let early = ship(&connector, &whole).await;
    assert!(
        matches!(early, Err(CallError::NotDone { well: true, .. })),
        "{early:?}"
    );
    assert_eq!(till.book().updates, 0);
    assert_eq!(ship(&connector, &whole).await, TOLD);
    assert_eq!(till.book().updates, 1);
}

#[tokio::test]
async fn what_was_collected_or_completed_by_hand_is_not_noted_again() {
    let till = Till::new();
    till.book().form = "PICKUP";
    let (_server, connector) = till.serve().await;
    for _ in 0..2 {
        assert_eq!(
            ship(&connector, &shipment(&[("mug", 3), ("card", 1)], &[])).await,
            TOLD
        );
    }
    assert_eq!(till.later_and_updates(), ("COMPLETED", 1));
    assert!(till.book().shipped.is_null());
    let till = Till::new();
    till.book().later = "COMPLETED";
    let (_server, connector) = till.serve().await;
    let told = ship(&connector, &shipment(&[("mug", 1)], &["OWN-A"])).await;
    assert_eq!((told, till.book().updates), (TOLD, 0));
}

#[tokio::test]
async fn a_fulfilment_has_room_for_ten_marks_and_the_last_shipment_needs_none() {
    let till = Till::new();
    let (_server, connector) = till.serve().await;
    till.book().metadata = (0..10).map(|n| (format!("own{n}"), json!("x"))).collect();
    let part = ship(&connector, &shipment(&[("mug", 1)], &["OWN-A"])).await;
    assert_eq!(part, Ok(no("too_many_parcels")));
    let whole = shipment(&[("mug", 3), ("card", 1)], &["OWN-B"]);
    assert_eq!(ship(&connector, &whole).await, TOLD);
    assert_eq!(till.book().later, "COMPLETED");
}

#[tokio::test]
async fn a_cancellation_gives_each_payment_back_once_and_leaves_the_paid_order_open() {
    let till = Till::new();
    let (_server, connector) = till.serve().await;
    till.book().lose = Some(ResponseTemplate::new(504));
    let lost = cancel(&connector, &cancellation(true)).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    till.book().lose = Some(ResponseTemplate::new(504));
    let lost = cancel(&connector, &cancellation(true)).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    for _ in 0..2 {
        assert_eq!(cancel(&connector, &cancellation(true)).await, TOLD);
    }
    let book = till.book();
    assert_eq!(
        (book.state, book.later, book.updates),
        ("OPEN", "CANCELED", 1)
    );
    assert_eq!(book.refunds.len(), 1);
    assert_eq!(book.refunds[0]["idempotency_key"], "cancel-OWNPAY1");
    let left = json!({ "amount": 5000, "currency": "USD" });
    assert_eq!(book.refunds[0]["amount_money"], left);
}

#[tokio::test]
async fn an_unpaid_order_is_cancelled_itself_and_no_money_moves_unasked() {
    for (paid, refund, state) in [(false, true, "CANCELED"), (true, false, "OPEN")] {
        let till = Till::new();
        till.book().paid = paid;
        let (_server, connector) = till.serve().await;
        for _ in 0..2 {
            assert_eq!(cancel(&connector, &cancellation(refund)).await, TOLD);
        }
        assert_eq!(till.state_and_later(), (state, "CANCELED"));
        assert!(till.book().refunds.is_empty());
    }
}

#[tokio::test]
async fn refusals_are_evidence_and_final() {
    let till = Till::new();
    let (_server, connector) = till.serve().await;
    let mut stranger = shipment(&[("mug", 1)], &["OWN-A"]);
    let mut unknown = cancellation(false);
    for (id, code) in [("OWN2", "order_not_found"), ("a/b", "not_a_square_id")] {
        stranger.external_id = id.into();
        unknown.external_id = id.into();
        assert_eq!(ship(&connector, &stranger).await, Ok(no(code)));
        assert_eq!(cancel(&connector, &unknown).await, Ok(no(code)));
    }
    let nowhere = ship(&connector, &shipment(&[("gone", 1)], &["OWN-A"])).await;
    assert_eq!(nowhere, Ok(no("no_fulfillment")));
    till.book().refuse = Some("BAD_REQUEST");
    let notice = shipment(&[("mug", 1)], &["OWN-A"]);
    assert_eq!(ship(&connector, &notice).await, Ok(no("bad_request")));
    let refused = cancel(&connector, &cancellation(false)).await;
    assert_eq!(refused, Ok(no("bad_request")));
    till.book().later = "CANCELED";
    let late = ship(&connector, &notice).await;
    assert_eq!(late, Ok(no("order_is_cancelled")));
    till.book().refuse = Some("REFUND_DECLINED");
    let kept = cancel(&connector, &cancellation(true)).await;
    assert_eq!(kept, Ok(no("refund_by_hand")));
    till.book().later = "COMPLETED";
    let late = cancel(&connector, &cancellation(true)).await;
    assert_eq!(late, Ok(no("order_is_shipped")));
}

#[tokio::test]
async fn a_till_that_does_not_answer_well_is_asked_again() {
    let till = Till::new();
    let (_server, connector) = till.serve().await;
    for always in [
        ResponseTemplate::new(401),
        ResponseTemplate::new(429).insert_header("retry-after", "7"),
        ResponseTemplate::new(503),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        till.book().always = Some(always.clone());
        // The first question is a look-up: nothing was changed, whatever became of it.
        for answer in [
            ship(&connector, &shipment(&[("mug", 1)], &["OWN-A"])).await,
            cancel(&connector, &cancellation(true)).await,
        ] {
            assert!(
                matches!(answer, Err(CallError::NotDone { .. })),
                "{always:?}: {answer:?}"
            );
        }
    }
    assert_eq!(till.book().updates, 0);
}
