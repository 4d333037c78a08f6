//! Money given back through a stand-in store that keeps a book: whatever breaks on the way, each notice is one
//! refund, of exactly its amount.

use std::sync::{Arc, Mutex};

use orderhub_domain::money::Money;
use orderhub_domain::order::{NoticeEvidence, Topic};
use serde_json::{Value, json};
use wiremock::matchers::header;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::calling;
use crate::port::CallError;
use crate::sales::giving::{self, no, tell};
use crate::sales::{PartNotice, PartOf, SalesConnector};

mod whole;

/// A store with one order, 9001, whose units are worth 10.50 each to it.
#[derive(Default)]
struct Book {
    refunds: Vec<Value>,
    /// The bodies of refunds, as they came.
    sent: Vec<String>,
    /// The store can give back by hand only.
    offline: bool,
    declined: bool,
    refuse: bool,
    /// What the store quotes for an amount, if not the amount.
    odd: Option<Value>,
    lose: Option<ResponseTemplate>,
    /// Answers this to quotes.
    away: Option<ResponseTemplate>,
    /// The order's number of its status, 11 if none; and how often it was set.
    status: Option<u64>,
    cancelled: u32,
    /// What a refund makes of the status.
    ended_by: Option<u64>,
    /// What of the order's 31.50 was store credit.
    credit: &'static str,
}

#[derive(Clone, Default)]
struct Store(Arc<Mutex<Book>>);

impl Respond for Store {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        let place = request.url.path().strip_prefix("/stores/ownhash/");
        let ok = |found: Value| ResponseTemplate::new(200).set_body_json(found);
        let no = ResponseTemplate::new(422).set_body_json(json!({ "title": "for Jane Doe" }));
        match (request.method.as_str(), place.expect("the store's API")) {
            ("GET", "v2/orders/9001") => ok(book.order()),
            ("PUT", "v2/orders/9001") => {
                let change: Value = request.body_json().expect("JSON");
                assert_eq!(change, json!({ "status_id": 5 }));
                book.status = Some(5);
                book.cancelled += 1;
                ok(book.order())
            }
            ("GET", "v3/orders/9001/payment_actions/refunds") => {
                ok(json!({ "data": book.refunds, "meta": {} }))
            }
            ("POST", _) if book.refuse => no,
            ("POST", "v3/orders/9001/payment_actions/refund_quotes") => {
                let asked: Value = request.body_json().expect("JSON");
                let quoted = ok(json!({ "data": book.quote(&asked["items"]), "meta": {} }));
                book.away.clone().unwrap_or(quoted)
            }
            ("POST", "v3/orders/9001/payment_actions/refunds") => {
                let sent = String::from_utf8(request.body.clone()).expect("text");
                let made = book.make(&request.body_json().expect("JSON"));
                book.sent.push(sent);
                let made = ok(json!({ "data": made, "meta": {} }));
                book.lose.take().unwrap_or(made)
            }
            _ => ResponseTemplate::new(404),
        }
    }
}

impl Book {
    fn order(&self) -> Value {
        json!({ "id": 9001, "status_id": self.status.unwrap_or(11), "payment_status": "captured",
            "default_currency_code": "EUR", "total_inc_tax": "31.5000",
            "store_credit_amount": self.credit })
    }

    fn quote(&self, items: &Value) -> Value {
        let first = &items[0];
        let total = match first["quantity"].as_u64() {
            Some(units) => {
                let cents = 1050 * units;
                let text = format!("{}.{:02}", cents / 100, cents % 100);
                serde_json::from_str(&text).expect("a number")
            }
            None => self.odd.clone().unwrap_or(first["amount"].clone()),
        };
        let way = |provider: &str, offline: bool| json!([{ "provider_id": provider, "amount": total, "offline": offline }]);
        let ways = [
            way("storecredit", false),
            way("custom", true),
            way("own_card", self.offline),
        ];
        json!({ "order_id": 9001, "total_refund_amount": total, "total_refund_tax_amount": 0,
            "refund_methods": ways })
    }

    fn make(&mut self, asked: &Value) -> Value {
        let payments = asked["payments"].as_array().expect("payments").iter();
        let payments = payments.enumerate().map(|(nth, payment)| {
            json!({ "id": 40 + nth, "provider_id": payment["provider_id"],
                "amount": payment["amount"], "is_declined": self.declined })
        });
        let refund = json!({ "id": 12 + self.refunds.len(), "order_id": 9001, "reason": "",
            "created": "2026-03-03T12:00:00+00:00", "items": asked["items"],
            "payments": payments.collect::<Vec<_>>() });
        self.refunds.push(refund.clone());
        self.status = self.ended_by.or(self.status);
        refund
    }
}

impl Store {
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

fn euros(cents: i64) -> Money {
    giving::cents(cents, "EUR")
}

fn notice(of: PartOf, lines: &[(&str, u32)], cents: i64) -> PartNotice {
    giving::part("9001", "OWN-part-1", lines, euros(cents), of)
}

fn repaid(reference: &str, cents: i64) -> NoticeEvidence {
    giving::repaid(&[(reference, euros(cents))])
}

#[tokio::test]
async fn units_are_refunded_once_when_they_are_worth_the_amount() {
    for of in [PartOf::Unsent, PartOf::Returned, PartOf::Claimed] {
        let store = Store::default();
        let (_server, connector) = store.serve().await;
        let hears = connector.way_back().expect("a way back").hears();
        assert!(hears.contains(&Topic::PartCancelled) && hears.contains(&Topic::Refund));
        let notice = notice(of, &[("61", 2)], 2100);
        for _ in 0..3 {
            assert_eq!(tell(&connector, &notice).await, Ok(repaid("12-40", 2100)));
        }
        let book = store.book();
        assert_eq!(book.refunds.len(), 1);
        let expected = json!([{ "item_type": "PRODUCT", "item_id": 61, "quantity": 2,
            "reason": "OWN-part-1" }]);
        assert_eq!(book.refunds[0]["items"], expected);
        assert_eq!(book.refunds[0]["payments"][0]["provider_id"], "own_card");
    }
}

#[tokio::test]
async fn another_amount_than_the_units_are_worth_goes_back_on_the_order() {
    for (lines, cents, digits) in [
        (&[("61", 2)][..], 1999, "19.99"),
        (&[("61", 2)], 2500, "25.00"),
        (&[], 500, "5.00"),
    ] {
        let store = Store::default();
        let (_server, connector) = store.serve().await;
        let notice = notice(PartOf::Returned, lines, cents);
        assert_eq!(tell(&connector, &notice).await, Ok(repaid("12-40", cents)));
        let sent = store.book().sent[0].clone();
        let item = format!(
            "{{\"item_type\":\"ORDER\",\"item_id\":9001,\"amount\":{digits},\"reason\":\"OWN-part-1\"}}"
        );
        assert!(sent.contains(&item), "{sent}");
    }
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_is_found_by_its_reason() {
    for lost in [
        ResponseTemplate::new(502),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        let store = Store::default();
        let (_server, connector) = store.serve().await;
        store.book().lose = Some(lost);
        let notice = notice(PartOf::Returned, &[("61", 1)], 1050);
        let answer = tell(&connector, &notice).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { .. })),
            "{answer:?}"
        );
        assert_eq!(tell(&connector, &notice).await, Ok(repaid("12-40", 1050)));
        assert_eq!(store.book().refunds.len(), 1);
    }
}

#[tokio::test]
async fn a_quote_that_does_not_come_changes_nothing() {
    let store = Store::default();
    let (_server, connector) = store.serve().await;
    let notice = notice(PartOf::Returned, &[("61", 1)], 1050);
    for away in [
        ResponseTemplate::new(503),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        store.book().away = Some(away);
        let answer = tell(&connector, &notice).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { .. })),
            "{answer:?}"
        );
    }
    assert!(store.book().refunds.is_empty());
}

#[tokio::test]
async fn what_the_store_will_not_give_back_is_refused_and_nothing_is_made() {
    let store = Store::default();
    let (_server, connector) = store.serve().await;
    let part = notice(PartOf::Unsent, &[("61", 1)], 1050);
    store.book().offline = true;
    assert_eq!(tell(&connector, &part).await, Ok(no("refund_by_hand")));
    store.book().odd = Some(json!(26));
    let more = notice(PartOf::Unsent, &[("61", 1)], 2500);
    assert_eq!(tell(&connector, &more).await, Ok(no("other_amount")));
    let units = notice(PartOf::Unsent, &[("61", 1)], 0);
    assert_eq!(tell(&connector, &units).await, Ok(no("no_money_to_refund")));
    let odd = notice(PartOf::Unsent, &[("line", 1)], 1050);
    assert_eq!(tell(&connector, &odd).await, Ok(no("not_a_bigcommerce_id")));
    let mut stranger = part.clone();
    for (id, code) in [("9002", "order_not_found"), ("W-1", "not_a_bigcommerce_id")] {
        stranger.external_id = id.into();
        assert_eq!(tell(&connector, &stranger).await, Ok(no(code)));
    }
    store.book().refuse = true;
    assert_eq!(tell(&connector, &part).await, Ok(no("not_refundable")));
    assert!(store.book().refunds.is_empty());
}

#[tokio::test]
async fn a_payment_that_was_declined_gives_nothing_back() {
    let store = Store::default();
    let (_server, connector) = store.serve().await;
    store.book().declined = true;
    let part = notice(PartOf::Returned, &[("61", 1)], 1050);
    for _ in 0..2 {
        assert_eq!(tell(&connector, &part).await, Ok(no("refund_declined")));
    }
    assert_eq!(store.book().refunds.len(), 1);
}
