//! The way back against a stand-in Walmart that keeps a book: whatever breaks on the way, units are shipped once
//! and cancelled once.

use std::sync::{Arc, Mutex};

use orderhub_domain::order::NoticeEvidence;
use serde_json::{Value, json};
use wiremock::{MockServer, Request, Respond, ResponseTemplate};

use super::{nothing, serve};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::shipments::{in_parcels, left_at};
use crate::sales::{CancellationNotice, SalesConnector, ShipmentNotice, Tracking, Why};

mod parts;

/// So many units of a line in a state, with their tracking number.
type Units = (String, u32, Option<String>);

/// A Walmart with one order, 1001, of two lines: `1` of three units and `2` of one.
struct Book {
    lines: [Vec<Units>; 2],
    intends: bool,
    /// What was given back of each line.
    refunds: [Value; 2],
    /// Keeps no comment on a refund.
    mute: bool,
    /// Every change: its end, and its members.
    changes: Vec<(String, Value)>,
    /// Carries the next change whose path ends like this out and answers that.
    lose: Option<(&'static str, ResponseTemplate)>,
    /// Answers this to everything.
    always: Option<ResponseTemplate>,
    /// Answers this to every change, and does nothing.
    refuse: Option<ResponseTemplate>,
}

#[derive(Clone)]
struct Market(Arc<Mutex<Book>>);

impl Default for Market {
    fn default() -> Self {
        let of = |units| vec![("Created".to_owned(), units, None)];
        Self(Arc::new(Mutex::new(Book {
            lines: [of(3), of(1)],
            intends: false,
            refunds: [Value::Null, Value::Null],
            mute: false,
            changes: Vec::new(),
            lose: None,
            always: None,
            refuse: None,
        })))
    }
}

impl Respond for Market {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let Some(end) = request.url.path().strip_prefix("/v3/orders/1001") else {
            return nothing();
        };
        if request.method.as_str() == "GET" {
            return ResponseTemplate::new(200).set_body_json(json!({ "order": book.order() }));
        }
        if let Some(refuse) = &book.refuse {
            return refuse.clone();
        }
        let members = request.body_json().unwrap_or(Value::Null);
        book.change(end, &members);
        book.changes.push((end.to_owned(), members));
        let answer = ResponseTemplate::new(200).set_body_json(json!({ "order": book.order() }));
        match book.lose.take_if(|(path, _)| end == *path) {
            Some((_, lost)) => lost,
            None => answer,
        }
    }
}

impl Book {
    fn order(&self) -> Value {
        let lines = self.lines.iter().enumerate();
        let lines: Vec<_> = lines
            .map(|(at, units)| {
                let all: u32 = units.iter().map(|(_, count, _)| count).sum();
                let units: Vec<_> = units
                    .iter()
                    .map(|(status, count, number)| {
                        json!({ "status": status, "statusQuantity": { "amount": count.to_string() },
                            "trackingInfo": number.as_ref().map(|n| json!({ "trackingNumber": n })) })
                    })
                    .collect();
                json!({ "lineNumber": (at + 1).to_string(), "item": {},
                    "intentToCancel": self.intends, "refund": self.refunds[at],
                    "charges": { "charge": [{ "chargeType": "PRODUCT",
                        "chargeAmount": { "currency": "USD", "amount": 10 * all },
                        "tax": { "taxAmount": { "currency": "USD", "amount": all } } }] },
                    "orderLineQuantity": { "amount": all.to_string() },
                    "orderLineStatuses": { "orderLineStatus": units } })
            })
            .collect();
        json!({ "purchaseOrderId": "1001", "orderDate": 1, "orderLines": { "orderLine": lines },
            "shippingInfo": { "methodCode": "Value" } })
    }

    fn change(&mut self, end: &str, members: &Value) {
        if end == "/acknowledge" {
            for (status, _, _) in self.lines.iter_mut().flatten() {
                if status == "Created" {
                    "Acknowledged".clone_into(status);
                }
            }
            return;
        }
        if end == "/refund" {
            let lines = &members["orderRefund"]["orderLines"]["orderLine"];
            for line in lines.as_array().expect("lines") {
                let second = usize::from(line["lineNumber"] == "2");
                let mut refund = line["refunds"]["refund"][0].clone();
                if self.mute {
                    refund["refundComments"] = Value::Null;
                }
                self.refunds[second] = refund;
            }
            return;
        }
        let what = ["orderShipment", "orderCancellation"];
        let what = what.into_iter().find(|what| members.get(what).is_some());
        let lines = &members[what.expect("a change")]["orderLines"]["orderLine"];
        for line in lines.as_array().expect("lines") {
            let at: usize = line["lineNumber"]
                .as_str()
                .expect("text")
                .parse()
                .expect("one");
            let statuses = line["orderLineStatuses"]["orderLineStatus"].as_array();
            for status in statuses.expect("a list") {
                self.change_line(at - 1, status);
            }
        }
    }
}

impl Book {
    fn change_line(&mut self, at: usize, status: &Value) {
        let units = status["statusQuantity"]["amount"].as_str().expect("text");
        let units: u32 = units.parse().expect("a number");
        let number = status["trackingInfo"]["trackingNumber"].as_str();
        let word = status["status"].as_str().expect("text").to_owned();
        let is_open = |of: &&mut Units| matches!(&*of.0, "Created" | "Acknowledged");
        let mut all = self.lines[at].iter_mut();
        let open = all.find(is_open).expect("open units");
        assert!(open.1 >= units && (open.0 == "Acknowledged" || word == "Cancelled"));
        open.1 -= units;
        self.lines[at].push((word, units, number.map(str::to_owned)));
        self.lines[at].retain(|(_, units, _)| *units > 0);
    }
}

impl Market {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        serve(self.clone()).await
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }

    fn ends(&self) -> Vec<String> {
        let book = self.book();
        book.changes.iter().map(|(end, _)| end.clone()).collect()
    }
}

fn shipment(lines: &[(&str, u32)], number: Option<&str>) -> ShipmentNotice {
    let lines = lines.iter();
    let parcel = number.map(|number| Tracking {
        carrier: "fed-ex".into(),
        number: number.into(),
        units: Vec::new(),
    });
    ShipmentNotice {
        external_id: "1001".into(),
        shipped_at: left_at(),
        lines: lines.map(|(line, n)| ((*line).to_owned(), *n)).collect(),
        tracking: parcel.into_iter().collect(),
    }
}

async fn ship(connector: &Arc<dyn SalesConnector>, notice: &ShipmentNotice) -> NoticeAnswer {
    connector.way_back().expect("a way").shipped(notice).await
}

async fn cancel(connector: &Arc<dyn SalesConnector>, why: Why) -> NoticeAnswer {
    let notice = CancellationNotice {
        external_id: "1001".into(),
        why,
        refund: true,
    };
    connector
        .way_back()
        .expect("a way")
        .cancelled(&notice)
        .await
}

const TOLD: NoticeAnswer = Ok(NoticeEvidence::Told);

fn no(code: &str) -> NoticeEvidence {
    NoticeEvidence::Refused { code: code.into() }
}

#[tokio::test]
async fn units_are_acknowledged_and_shipped_once_each() {
    let market = Market::default();
    let (_server, connector) = market.serve().await;
    let first = shipment(&[("1", 1), ("1", 1)], Some("OWN1"));
    let rest = shipment(&[("1", 1), ("2", 1)], Some("OWN2"));
    for notice in [&first, &first, &rest, &first, &rest] {
        assert_eq!(ship(&connector, notice).await, TOLD);
    }
    assert_eq!(market.ends(), ["/acknowledge", "/shipping", "/shipping"]);
    let book = market.book();
    let line = &book.changes[1].1["orderShipment"]["orderLines"]["orderLine"][0];
    assert_eq!(line["lineNumber"], "1");
    let status = &line["orderLineStatuses"]["orderLineStatus"][0];
    assert_eq!(status["statusQuantity"]["amount"], "2");
    let parcel = &status["trackingInfo"];
    assert_eq!(parcel["carrierName"], json!({ "carrier": "FedEx" }));
    assert_eq!(parcel["methodCode"], "Value");
    assert_eq!(parcel["shipDateTime"], left_at().as_millisecond());
}

#[tokio::test]
async fn units_of_a_line_in_several_parcels_are_told_in_one_call_with_their_numbers() {
    let market = Market::default();
    let (_server, connector) = market.serve().await;
    let notice = in_parcels(
        "1001",
        &[("OWN1", &[("1", 2)]), ("OWN2", &[("1", 1), ("2", 1)])],
    );
    market.book().lose = Some(("/shipping", ResponseTemplate::new(502)));
    let lost = ship(&connector, &notice).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    assert_eq!(ship(&connector, &notice).await, TOLD);
    assert_eq!(market.ends(), ["/acknowledge", "/shipping"]);
    let book = market.book();
    let sent = |units, number: &str| ("Shipped".to_owned(), units, Some(number.to_owned()));
    assert_eq!(book.lines[0], [sent(2, "OWN1"), sent(1, "OWN2")]);
    assert_eq!(book.lines[1], [sent(1, "OWN2")]);
}

#[tokio::test]
async fn a_carrier_that_walmart_does_not_know_is_told_as_another_one() {
    let market = Market::default();
    let (_server, connector) = market.serve().await;
    let mut notice = shipment(&[("2", 1)], Some("OWN1"));
    notice.tracking[0].carrier = "Own Post".into();
    assert_eq!(ship(&connector, &notice).await, TOLD);
    let shipped = market.book().changes[1].1.to_string();
    assert!(shipped.contains(r#""carrierName":{"otherCarrier":"Own Post"}"#));
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_next_try_tells_what_is_missing() {
    let notice = shipment(&[("1", 3), ("2", 1)], Some("OWN1"));
    for end in ["/acknowledge", "/shipping"] {
        let market = Market::default();
        let (_server, connector) = market.serve().await;
        market.book().lose = Some((end, ResponseTemplate::new(502)));
        let lost = ship(&connector, &notice).await;
        assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
        assert_eq!(ship(&connector, &notice).await, TOLD);
        assert_eq!(market.ends(), ["/acknowledge", "/shipping"]);
    }
    let market = Market::default();
    let (_server, connector) = market.serve().await;
    market.book().lose = Some(("/cancel", ResponseTemplate::new(504)));
    let lost = cancel(&connector, Why::OutOfStock).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    assert_eq!(cancel(&connector, Why::OutOfStock).await, TOLD);
    assert_eq!(market.ends(), ["/cancel"]);
}

#[tokio::test]
async fn what_is_open_is_cancelled_for_a_reason_that_is_true() {
    for (why, intends, reason) in [
        (Why::OutOfStock, true, "SELLER_CANCEL_OUT_OF_STOCK"),
        (Why::Other, false, "SELLER_CANCEL_OUT_OF_STOCK"),
        (Why::Other, true, "CUSTOMER_REQUESTED_SELLER_TO_CANCEL"),
    ] {
        let market = Market::default();
        market.book().intends = intends;
        let (_server, connector) = market.serve().await;
        assert_eq!(cancel(&connector, why).await, TOLD);
        let book = market.book();
        let lines = &book.changes[0].1["orderCancellation"]["orderLines"]["orderLine"];
        assert_eq!(lines.as_array().map(Vec::len), Some(2));
        let status = &lines[0]["orderLineStatuses"]["orderLineStatus"][0];
        assert_eq!(status["cancellationReason"], reason);
        assert_eq!(status["statusQuantity"]["amount"], "3");
    }
    // A part has left: the rest is cancelled, and what has left cannot be.
    let market = Market::default();
    let (_server, connector) = market.serve().await;
    let part = shipment(&[("1", 3)], Some("OWN1"));
    assert_eq!(ship(&connector, &part).await, TOLD);
    assert_eq!(cancel(&connector, Why::OutOfStock).await, TOLD);
    assert_eq!(
        cancel(&connector, Why::OutOfStock).await,
        Ok(no("order_is_shipped"))
    );
}

#[tokio::test]
async fn refusals_are_evidence_and_final() {
    let market = Market::default();
    let (_server, connector) = market.serve().await;
    let mut stranger = shipment(&[("1", 1)], Some("OWN1"));
    for (id, code) in [("1002", "order_not_found"), ("A-1", "not_a_walmart_id")] {
        stranger.external_id = id.into();
        assert_eq!(ship(&connector, &stranger).await, Ok(no(code)));
    }
    let collected = shipment(&[("1", 1)], None);
    assert_eq!(
        ship(&connector, &collected).await,
        Ok(no("tracking_is_required"))
    );
    let other = shipment(&[("9", 1)], Some("OWN1"));
    assert_eq!(ship(&connector, &other).await, Ok(no("line_not_found")));
    let more = shipment(&[("1", 4)], Some("OWN1"));
    assert_eq!(ship(&connector, &more).await, Ok(no("line_is_shipped")));
    let error = json!({ "errors": [{ "code": "INVALID_REQUEST_CONTENT", "info": "Jane Doe" }] });
    let refuse = ResponseTemplate::new(400).set_body_json(error);
    market.book().refuse = Some(refuse);
    let notice = shipment(&[("1", 1)], Some("OWN1"));
    assert_eq!(
        ship(&connector, &notice).await,
        Ok(no("INVALID_REQUEST_CONTENT"))
    );
    market.book().refuse = Some(ResponseTemplate::new(400));
    assert_eq!(cancel(&connector, Why::Other).await, Ok(no("walmart_400")));
    market.book().refuse = None;
    assert_eq!(cancel(&connector, Why::Other).await, TOLD);
    assert_eq!(ship(&connector, &notice).await, Ok(no("line_is_cancelled")));
}

#[tokio::test]
async fn a_walmart_that_does_not_answer_well_is_asked_again() {
    let market = Market::default();
    let (_server, connector) = market.serve().await;
    for always in [
        ResponseTemplate::new(403),
        ResponseTemplate::new(404),
        ResponseTemplate::new(429).insert_header("retry-after", "7"),
        ResponseTemplate::new(503),
        ResponseTemplate::new(302),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        market.book().always = Some(always.clone());
        // The first question is a look-up: nothing was changed, whatever became of it.
        for answer in [
            ship(&connector, &shipment(&[("1", 1)], Some("OWN1"))).await,
            cancel(&connector, Why::Other).await,
        ] {
            assert!(
                matches!(answer, Err(CallError::NotDone { .. })),
                "{always:?}: {answer:?}"
            );
        }
    }
    assert!(market.book().changes.is_empty());
}
