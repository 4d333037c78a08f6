//! Parts that will not come, and money back, against a stand-in that keeps a book: whatever breaks on the way,
//! each notice moves exactly its amount, once.

use std::sync::{Arc, Mutex};

use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::{NoticeEvidence, Topic};
use serde_json::{Value, json};
use wiremock::matchers::header;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::calling;
use crate::port::{CallError, NoticeAnswer};
use crate::sales::giving::{self, no};
use crate::sales::shipments::left_at;
use crate::sales::{PartNotice, PartOf, SalesConnector, ShipmentNotice, Tracking};

/// A till with one order, OWN1: three mugs, paid by a card (`OWNPAY1`, 40.00) and by another (`OWNPAY2`, 25.00).
#[derive(Default)]
struct Book {
    later: String,
    version: i64,
    metadata: Value,
    refunds: Vec<Value>,
    /// Refunds that are not in their payments yet.
    hidden: usize,
    /// Carries the next refund out and answers this.
    lose: Option<ResponseTemplate>,
    /// Answers this to refunds, and makes none.
    refuse: Option<&'static str>,
    /// Changes no order.
    sold_at_counter: bool,
    status: Option<&'static str>,
}

#[derive(Clone, Default)]
struct Till(Arc<Mutex<Book>>);

fn body(value: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(value)
}

fn trouble(status: u16, code: &str) -> ResponseTemplate {
    let body = json!({ "errors": [{ "category": "OWN", "code": code, "detail": "for Jane Doe" }] });
    ResponseTemplate::new(status).set_body_json(body)
}

impl Book {
    fn order(&self) -> Value {
        let tender =
            |id: &str| json!({ "payment_id": id, "card_details": { "status": "CAPTURED" } });
        let void = json!({ "payment_id": "OWNPAY0", "card_details": { "status": "VOIDED" } });
        json!({ "order": { "id": "OWN1", "location_id": "OWNLOC1", "version": self.version,
            "state": "OPEN", "tenders": [void, tender("OWNPAY1"), tender("OWNPAY2")],
            "line_items": [{ "uid": "mug", "quantity": "3" }],
            "fulfillments": [{ "uid": "own-later", "type": "SHIPMENT", "state": self.later,
                "metadata": self.metadata }] } })
    }

    fn payment(&self, id: &str, total: i64) -> ResponseTemplate {
        let seen = self.refunds.len() - self.hidden;
        let own = self.refunds[..seen].iter();
        let own: Vec<_> = own.filter(|one| one["payment_id"] == id).collect();
        let back: i64 = own
            .iter()
            .filter_map(|one| one["amount_money"]["amount"].as_i64())
            .sum();
        let ids: Vec<_> = own.iter().map(|one| one["id"].clone()).collect();
        body(&json!({ "payment": {
            "total_money": { "amount": total, "currency": "USD" },
            "refunded_money": { "amount": back, "currency": "USD" }, "refund_ids": ids } }))
    }

    fn refund(&mut self, asked: &Value) -> ResponseTemplate {
        if let Some(code) = self.refuse {
            return trouble(400, code);
        }
        let key = asked["idempotency_key"].as_str().expect("a key");
        assert!(key.len() <= 45, "Square takes no longer one");
        let known = self
            .refunds
            .iter()
            .find(|one| one["idempotency_key"] == key);
        if let Some(known) = known {
            assert_eq!(known["amount_money"], asked["amount_money"]);
            return body(&json!({ "refund": known }));
        }
        let mut made = asked.clone();
        made["id"] = json!(format!("OWNREFUND{}", self.refunds.len() + 1));
        made["status"] = json!(self.status.unwrap_or("COMPLETED"));
        self.refunds.push(made.clone());
        body(&json!({ "refund": made }))
    }

    fn update(&mut self, asked: &Value) -> ResponseTemplate {
        if self.sold_at_counter {
            return trouble(400, "BAD_REQUEST");
        }
        assert_eq!(asked["order"]["version"], self.version);
        self.version += 1;
        let later = &asked["order"]["fulfillments"][0];
        self.metadata = later["metadata"].clone();
        if let Some(state) = later["state"].as_str() {
            state.clone_into(&mut self.later);
        }
        body(&self.order())
    }
}

impl Respond for Till {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        let path = request.url.path();
        if request.method.as_str() == "GET" {
            return match path {
                "/v2/orders/OWN1" => body(&book.order()),
                "/v2/payments/OWNPAY1" => book.payment("OWNPAY1", 4000),
                "/v2/payments/OWNPAY2" => book.payment("OWNPAY2", 2500),
                _ => {
                    let mut made = book.refunds.iter();
                    let named =
                        |one: &&Value| one["id"].as_str().is_some_and(|id| path.ends_with(id));
                    match made.find(named) {
                        Some(one) => body(&json!({ "refund": one })),
                        None => trouble(404, "NOT_FOUND"),
                    }
                }
            };
        }
        let asked: Value = request.body_json().expect("JSON");
        if path != "/v2/refunds" {
            return book.update(&asked);
        }
        let answer = book.refund(&asked);
        book.lose.take().unwrap_or(answer)
    }
}

impl Till {
    async fn serve() -> (Self, MockServer, Arc<dyn SalesConnector>) {
        let till = Self::default();
        till.book().later = "PROPOSED".to_owned();
        till.book().metadata = json!({});
        let server = MockServer::start().await;
        Mock::given(header("authorization", "Bearer sq-own-token"))
            .respond_with(till.clone())
            .mount(&server)
            .await;
        let connector = calling(&server.uri());
        (till, server, connector)
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }
}

fn dollars(cents: i64) -> Money {
    giving::cents(cents, "USD")
}

fn notice(key: &str, units: u32, cents: i64) -> PartNotice {
    let lines = [("mug", units)];
    giving::part("OWN1", key, &lines, dollars(cents), PartOf::Unsent)
}

async fn cut(connector: &Arc<dyn SalesConnector>, notice: &PartNotice) -> NoticeAnswer {
    let way = connector.way_back().expect("a way back");
    way.part_cancelled(notice).await
}

async fn refund(connector: &Arc<dyn SalesConnector>, notice: &PartNotice) -> NoticeAnswer {
    let way = connector.way_back().expect("a way back");
    way.refunded(notice).await
}

fn repaid(movements: &[(&str, i64)]) -> NoticeEvidence {
    let movements = movements.iter();
    let movements: Vec<_> = movements
        .map(|(reference, cents)| (*reference, dollars(*cents)))
        .collect();
    giving::repaid(&movements)
}

#[tokio::test]
async fn a_part_goes_back_once_from_one_payment_after_the_other() {
    let (till, _server, connector) = Till::serve().await;
    let way = connector.way_back().expect("a way back");
    assert!(way.hears().contains(&Topic::Refund) && way.hears().contains(&Topic::PartCancelled));
    let first = notice("own-return-1-1", 1, 1500);
    let second = notice("own-return-2-1", 1, 3000);
    for _ in 0..2 {
        let answer = refund(&connector, &first).await;
        assert_eq!(answer, Ok(repaid(&[("OWNREFUND1", 1500)])));
        let answer = refund(&connector, &second).await;
        assert_eq!(
            answer,
            Ok(repaid(&[("OWNREFUND2", 2500), ("OWNREFUND3", 500)]))
        );
    }
    assert_eq!(till.book().refunds.len(), 3);
    let over = refund(&connector, &notice("own-return-3-1", 1, 2001)).await;
    assert_eq!(over, Ok(no("more_than_was_paid")));
    assert_eq!(till.book().refunds.len(), 3);
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_next_try_is_the_same_refund() {
    for hidden in [0, 1] {
        let (till, _server, connector) = Till::serve().await;
        let one = notice("own-return-1-1", 1, 1500);
        till.book().lose = Some(ResponseTemplate::new(504));
        let lost = refund(&connector, &one).await;
        assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
        // The payment may not show it yet: then the key tells.
        till.book().hidden = hidden;
        for _ in 0..2 {
            let answer = refund(&connector, &one).await;
            assert_eq!(answer, Ok(repaid(&[("OWNREFUND1", 1500)])));
        }
        assert_eq!(till.book().refunds.len(), 1);
    }
}

#[tokio::test]
async fn a_refund_that_is_pending_is_awaited_and_given_once() {
    let (till, _server, connector) = Till::serve().await;
    let one = notice("own-return-1-1", 1, 5000);
    till.book().status = Some("PENDING");
    for _ in 0..2 {
        let awaited = refund(&connector, &one).await;
        let is_under_way = matches!(awaited, Err(CallError::Unknown { well: true, .. }));
        assert!(is_under_way, "{awaited:?}");
    }
    till.book().refunds[0]["status"] = json!("COMPLETED");
    let half = refund(&connector, &one).await;
    assert!(
        half.is_err(),
        "the other payment's is still pending: {half:?}"
    );
    till.book().refunds[1]["status"] = json!("COMPLETED");
    let given = refund(&connector, &one).await;
    let movements = [("OWNREFUND1", 4000), ("OWNREFUND2", 1000)];
    assert_eq!(given, Ok(repaid(&movements)));
    assert_eq!(till.book().refunds.len(), 2, "each was asked for once");
}

#[tokio::test]
async fn a_pending_refund_that_comes_to_nothing_is_not_counted() {
    for end in ["REJECTED", "FAILED"] {
        let (till, _server, connector) = Till::serve().await;
        let one = notice("own-return-1-1", 1, 1500);
        till.book().status = Some("PENDING");
        assert!(refund(&connector, &one).await.is_err());
        till.book().refunds[0]["status"] = json!(end);
        for _ in 0..2 {
            assert_eq!(refund(&connector, &one).await, Ok(no("refund_failed")));
        }
        assert_eq!(till.book().refunds.len(), 1);
    }
}

#[tokio::test]
async fn units_that_will_not_come_complete_the_fulfilment_with_those_that_left() {
    let (till, _server, connector) = Till::serve().await;
    let part = notice("own-part-1", 1, 1000);
    for _ in 0..2 {
        let answer = cut(&connector, &part).await;
        assert_eq!(answer, Ok(repaid(&[("OWNREFUND1", 1000)])));
    }
    assert_eq!(till.book().version, 1, "it is marked once");
    let rest = ShipmentNotice {
        external_id: "OWN1".into(),
        shipped_at: left_at(),
        lines: vec![("mug".into(), 2)],
        tracking: vec![Tracking {
            carrier: "Own Post".into(),
            number: "OWN-A".into(),
            units: Vec::new(),
        }],
    };
    let way = connector.way_back().expect("a way back");
    assert_eq!(way.shipped(&rest).await, Ok(NoticeEvidence::Told));
    assert_eq!(till.book().later, "COMPLETED");
    let (till, _server, connector) = Till::serve().await;
    let all = notice("own-part-1", 3, 0);
    assert_eq!(cut(&connector, &all).await, Ok(NoticeEvidence::Told));
    assert_eq!(till.book().later, "CANCELED", "nothing of it has left");
}

#[tokio::test]
async fn money_goes_back_also_where_the_order_cannot_be_changed() {
    let (till, _server, connector) = Till::serve().await;
    till.book().sold_at_counter = true;
    let answer = cut(&connector, &notice("own-part-1", 1, 1000)).await;
    assert_eq!(answer, Ok(repaid(&[("OWNREFUND1", 1000)])));
    let free = cut(&connector, &notice("own-part-2", 1, 0)).await;
    assert_eq!(free, Ok(no("bad_request")));
    let mut nowhere = notice("own-part-3", 1, 0);
    nowhere.lines[0].0 = "gone".into();
    assert_eq!(cut(&connector, &nowhere).await, Ok(no("no_fulfillment")));
}

#[tokio::test]
async fn refusals_are_evidence_and_move_nothing() {
    let (till, _server, connector) = Till::serve().await;
    let one = notice("own-return-1-1", 1, 1500);
    till.book().refuse = Some("REFUND_DECLINED");
    assert_eq!(refund(&connector, &one).await, Ok(no("refund_declined")));
    assert!(till.book().refunds.is_empty());
    till.book().refuse = None;
    till.book().status = Some("FAILED");
    for _ in 0..2 {
        assert_eq!(refund(&connector, &one).await, Ok(no("refund_failed")));
    }
    let mut stranger = one.clone();
    for (id, code) in [("OWN2", "order_not_found"), ("a/b", "not_a_square_id")] {
        stranger.external_id = id.into();
        assert_eq!(refund(&connector, &stranger).await, Ok(no(code)));
        assert_eq!(cut(&connector, &stranger).await, Ok(no(code)));
    }
    let mut euros = one.clone();
    let euro = Currency::from_code("EUR").expect("a currency");
    euros.amount = Money::from_minor(100, euro).expect("an amount");
    assert_eq!(
        refund(&connector, &euros).await,
        Ok(no("more_than_was_paid"))
    );
}
