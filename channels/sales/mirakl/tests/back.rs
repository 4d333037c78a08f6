//! The way back against a stand-in marketplace that keeps a book: whatever breaks on the way, a shipment is
//! noted once, an order is cancelled once, and money goes back once.

use std::sync::{Arc, Mutex};

use orderhub_domain::order::NoticeEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{any, header};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::{calling, settings};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::shipments::{in_parcels, left_at};
use crate::sales::{CancellationNotice, SalesConnector, ShipmentNotice, Tracking, Why, connect};

mod parts;

/// A marketplace with one order, `OWN-1-A`, of two lines: `L1` of three units and `L2` of one.
struct Book {
    state: &'static str,
    lines: [&'static str; 2],
    can_cancel: bool,
    /// Each line's refunds.
    refunds: [Vec<Value>; 2],
    tax_mode: &'static str,
    /// Who works out the first line's tax.
    rule: &'static str,
    shipments: Vec<Value>,
    /// Every change: its path below `/api/`, and its members.
    changes: Vec<(String, Value)>,
    /// Carries the next change whose path ends like this out and answers that.
    lose: Option<(&'static str, ResponseTemplate)>,
    /// Answers this to everything.
    always: Option<ResponseTemplate>,
    /// Answers this to every change, and does nothing.
    refuse: Option<u16>,
    wrong: bool,
}

#[derive(Clone)]
struct Market(Arc<Mutex<Book>>);

impl Default for Market {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Book {
            state: "SHIPPING",
            lines: ["SHIPPING", "SHIPPING"],
            can_cancel: false,
            refunds: [Vec::new(), Vec::new()],
            tax_mode: "TAX_EXCLUDED",
            rule: "none",
            shipments: Vec::new(),
            changes: Vec::new(),
            lose: None,
            always: None,
            refuse: None,
            wrong: false,
        })))
    }
}

impl Respond for Market {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let path = request.url.path().trim_start_matches("/api/").to_owned();
        if request.method.as_str() == "GET" {
            let of = request.url.query_pairs().next().expect("a query").1;
            let found = match (path.as_str(), of.as_ref()) {
                ("orders", "OWN-1-A") => json!({ "orders": [book.order()], "total_count": 1 }),
                ("orders", _) => json!({ "orders": [], "total_count": 0 }),
                _ => json!({ "data": book.shipments }),
            };
            return ResponseTemplate::new(200).set_body_json(found);
        }
        if let Some(status) = book.refuse {
            let error = json!({ "status": status, "message": "for Jane Doe" });
            return ResponseTemplate::new(status).set_body_json(error);
        }
        let members = request.body_json().unwrap_or(Value::Null);
        let answer = book.change(&path, &members);
        book.changes.push((path.clone(), members));
        match book.lose.take_if(|(end, _)| path.ends_with(*end)) {
            Some((_, lost)) => lost,
            None => answer,
        }
    }
}

impl Book {
    fn order(&self) -> Value {
        json!({ "order_id": "OWN-1-A", "order_state": self.state, "can_cancel": self.can_cancel,
            "currency_iso_code": "EUR", "order_tax_mode": self.tax_mode, "order_lines": [
                { "order_line_id": "L1", "order_line_state": self.lines[0], "quantity": 3,
                    "price": 30.10, "shipping_price": 4, "refunds": self.refunds[0], "taxes": [
                        { "code": "VAT", "amount": 5.72, "tax_calculation_rule": self.rule }],
                    "shipping_taxes": [{ "code": "VAT", "amount": 0.76,
                        "tax_calculation_rule": "proportional_to_amount" }] },
                { "order_line_id": "L2", "order_line_state": self.lines[1], "quantity": 1,
                    "price": 5, "refunds": self.refunds[1] }] })
    }

    /// Gives back what is asked for, and names each refund.
    fn refund(&mut self, asked: &Value) -> Value {
        let mut made = Vec::new();
        for mut refund in asked.as_array().expect("a list").clone() {
            let line = usize::from(refund["order_line_id"] == "L2");
            let number = 1 + self.refunds.iter().flatten().count();
            let mut there = refund.clone();
            there["id"] = format!("R{number}").into();
            there["state"] = "WAITING_REFUND_PAYMENT".into();
            self.refunds[line].push(there);
            refund["refund_id"] = format!("R{number}").into();
            made.push(refund);
        }
        json!({ "order_tax_mode": self.tax_mode, "refunds": made })
    }

    fn change(&mut self, path: &str, members: &Value) -> ResponseTemplate {
        match path {
            "orders/OWN-1-A/ship" => self.state = "SHIPPED",
            "orders/OWN-1-A/accept" => {
                let yes = members["order_lines"][0]["accepted"] == true;
                self.state = if yes { "WAITING_DEBIT" } else { "REFUSED" };
            }
            "orders/OWN-1-A/cancel" => self.state = "CANCELED",
            "orders/refund" => {
                let made = self.refund(&members["refunds"]);
                return ResponseTemplate::new(200).set_body_json(made);
            }
            "shipments" if self.wrong => {
                let errors = json!({ "shipment_errors": [{ "message": "no" }] });
                return ResponseTemplate::new(201).set_body_json(errors);
            }
            "shipments" => {
                let shipments = members["shipments"].as_array().expect("a list");
                self.shipments.extend(shipments.clone());
                let added = json!({ "shipment_errors": [], "shipment_success": [{}] });
                return ResponseTemplate::new(201).set_body_json(added);
            }
            _ => {}
        }
        ResponseTemplate::new(204)
    }
}

impl Market {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        Mock::given(any())
            .and(header("authorization", "own-api-key"))
            .respond_with(self.clone())
            .mount(&server)
            .await;
        let connector = calling(&server.uri());
        (server, connector)
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }

    fn paths(&self) -> Vec<String> {
        let book = self.book();
        book.changes.iter().map(|(path, _)| path.clone()).collect()
    }
}

fn shipment(lines: &[(&str, u32)], number: Option<&str>) -> ShipmentNotice {
    let lines = lines.iter();
    ShipmentNotice {
        external_id: "OWN-1-A".into(),
        shipped_at: left_at(),
        lines: lines.map(|(line, n)| ((*line).to_owned(), *n)).collect(),
        tracking: number
            .map(|number| Tracking {
                carrier: "Own Post".into(),
                number: number.into(),
                units: Vec::new(),
            })
            .into_iter()
            .collect(),
    }
}

fn cancellation(refund: bool) -> CancellationNotice {
    CancellationNotice {
        external_id: "OWN-1-A".into(),
        why: Why::OutOfStock,
        refund,
    }
}

async fn ship(connector: &Arc<dyn SalesConnector>, notice: &ShipmentNotice) -> NoticeAnswer {
    connector.way_back().expect("a way").shipped(notice).await
}

async fn cancel(connector: &Arc<dyn SalesConnector>, refund: bool) -> NoticeAnswer {
    let way = connector.way_back().expect("a way");
    way.cancelled(&cancellation(refund)).await
}

const TOLD: NoticeAnswer = Ok(NoticeEvidence::Told);
const WHOLE: [(&str, u32); 3] = [("L1", 2), ("L1", 1), ("L2", 1)];

fn no(code: &str) -> NoticeEvidence {
    NoticeEvidence::Refused { code: code.into() }
}

#[tokio::test]
async fn a_whole_order_gets_its_tracking_and_has_then_left_once() {
    let market = Market::default();
    let (_server, connector) = market.serve().await;
    for _ in 0..3 {
        assert_eq!(
            ship(&connector, &shipment(&WHOLE, Some("OWN1"))).await,
            TOLD
        );
    }
    assert_eq!(
        market.paths(),
        ["orders/OWN-1-A/tracking", "orders/OWN-1-A/ship"]
    );
    let parcel = json!({ "carrier_name": "Own Post", "tracking_number": "OWN1" });
    assert_eq!(market.book().changes[0].1, parcel);
    // What the buyer collects has no parcel, and a refused line is not waited for.
    let market = Market::default();
    market.book().lines = ["SHIPPING", "REFUSED"];
    let (_server, connector) = market.serve().await;
    assert_eq!(ship(&connector, &shipment(&[("L1", 3)], None)).await, TOLD);
    assert_eq!(market.paths(), ["orders/OWN-1-A/ship"]);
}

#[tokio::test]
async fn a_part_is_a_shipment_of_its_own_once() {
    let market = Market::default();
    let (_server, connector) = market.serve().await;
    let first = shipment(&[("L1", 1), ("L1", 1)], Some("OWN1"));
    let rest = shipment(&[("L1", 1), ("L2", 1)], Some("OWN2"));
    let collected = shipment(&[("L2", 1)], None);
    for notice in [&first, &first, &rest, &first, &collected, &collected, &rest] {
        assert_eq!(ship(&connector, notice).await, TOLD);
    }
    {
        let book = market.book();
        assert_eq!(book.shipments.len(), 3);
        let expected = json!({ "order_id": "OWN-1-A", "shipped": true,
            "shipment_lines": [{ "order_line_id": "L1", "quantity": 2 }],
            "tracking": { "carrier_name": "Own Post", "tracking_number": "OWN1" } });
        assert_eq!(book.shipments[0], expected);
        assert!(book.changes.iter().all(|(path, _)| path == "shipments"));
    }
    // The last part completes the order, but a part of it has a shipment of its own already.
    market.book().lines = ["SHIPPED", "SHIPPING"];
    let last = shipment(&[("L2", 1)], Some("OWN3"));
    assert_eq!(ship(&connector, &last).await, TOLD);
    assert_eq!(market.book().shipments.len(), 4);
}

#[tokio::test]
async fn each_of_several_parcels_is_a_shipment_of_its_own_also_of_a_whole_order() {
    let market = Market::default();
    let (_server, connector) = market.serve().await;
    let notice = in_parcels(
        "OWN-1-A",
        &[("OWN1", &[("L1", 2)]), ("OWN2", &[("L1", 1), ("L2", 1)])],
    );
    market.book().lose = Some(("shipments", ResponseTemplate::new(502)));
    let lost = ship(&connector, &notice).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    for _ in 0..2 {
        assert_eq!(ship(&connector, &notice).await, TOLD);
    }
    assert_eq!(market.paths(), ["shipments", "shipments"]);
    let book = market.book();
    let second = json!([{ "order_line_id": "L1", "quantity": 1 },
        { "order_line_id": "L2", "quantity": 1 }]);
    assert_eq!(book.shipments[1]["shipment_lines"], second);
    assert_eq!(book.shipments[1]["tracking"]["tracking_number"], "OWN2");
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_next_try_adds_what_is_missing() {
    let part: [(&str, u32); 1] = [("L1", 1)];
    for (path, lost, lines) in [
        ("/tracking", ResponseTemplate::new(502), &WHOLE[..]),
        ("/ship", ResponseTemplate::new(504), &WHOLE[..]),
        ("shipments", ResponseTemplate::new(502), &part[..]),
        (
            "shipments",
            ResponseTemplate::new(201).set_body_string("<html>"),
            &part[..],
        ),
    ] {
        let market = Market::default();
        let (_server, connector) = market.serve().await;
        market.book().lose = Some((path, lost));
        let notice = shipment(lines, Some("OWN1"));
        let first = ship(&connector, &notice).await;
        assert!(matches!(first, Err(CallError::Unknown { .. })), "{first:?}");
        assert_eq!(ship(&connector, &notice).await, TOLD);
        let ends = |end| {
            market
                .paths()
                .iter()
                .filter(|path| path.ends_with(end))
                .count()
        };
        assert!(ends("/ship") <= 1 && ends("shipments") <= 1, "{path}");
    }
}

#[tokio::test]
async fn an_order_is_refused_cancelled_or_given_back_as_far_as_it_has_come() {
    for (state, can_cancel, path) in [
        ("WAITING_ACCEPTANCE", false, "orders/OWN-1-A/accept"),
        ("WAITING_DEBIT", true, "orders/OWN-1-A/cancel"),
        ("SHIPPING", true, "orders/OWN-1-A/cancel"),
    ] {
        let market = Market::default();
        market.book().state = state;
        market.book().lines = [state; 2];
        market.book().can_cancel = can_cancel;
        let (_server, connector) = market.serve().await;
        market.book().lose = Some((path, ResponseTemplate::new(502)));
        let lost = cancel(&connector, true).await;
        assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
        assert_eq!(cancel(&connector, true).await, TOLD);
        assert_eq!(market.paths(), [path]);
    }
}

#[tokio::test]
async fn refusals_are_evidence_and_final() {
    let market = Market::default();
    let (_server, connector) = market.serve().await;
    let mut stranger = shipment(&WHOLE, Some("OWN1"));
    for (id, code) in [("OTHER", "order_not_found"), ("a/../b", "not_a_mirakl_id")] {
        stranger.external_id = id.into();
        assert_eq!(ship(&connector, &stranger).await, Ok(no(code)));
    }
    market.book().refuse = Some(400);
    let whole = shipment(&WHOLE, Some("OWN1"));
    let part = shipment(&[("L1", 1)], Some("OWN1"));
    assert_eq!(ship(&connector, &whole).await, Ok(no("mirakl_400")));
    assert_eq!(ship(&connector, &part).await, Ok(no("mirakl_400")));
    market.book().can_cancel = true;
    assert_eq!(cancel(&connector, false).await, Ok(no("mirakl_400")));
    market.book().refuse = None;
    market.book().wrong = true;
    assert_eq!(ship(&connector, &part).await, Ok(no("shipment_refused")));
    market.book().state = "CANCELED";
    assert_eq!(ship(&connector, &whole).await, Ok(no("order_is_cancelled")));
    market.book().state = "RECEIVED";
    assert_eq!(cancel(&connector, true).await, Ok(no("order_is_shipped")));
    market.book().state = "WAITING_DEBIT";
    let early = ship(&connector, &whole).await;
    assert!(
        matches!(early, Err(CallError::NotDone { well: true, .. })),
        "{early:?}"
    );
}

#[tokio::test]
async fn a_marketplace_that_does_not_answer_well_is_asked_again() {
    let market = Market::default();
    let (_server, connector) = market.serve().await;
    for always in [
        ResponseTemplate::new(401),
        ResponseTemplate::new(404),
        ResponseTemplate::new(429).insert_header("retry-after", "7"),
        ResponseTemplate::new(503),
        ResponseTemplate::new(302),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        market.book().always = Some(always.clone());
        // The first question is a look-up: nothing was changed, whatever became of it.
        for answer in [
            ship(&connector, &shipment(&WHOLE, Some("OWN1"))).await,
            cancel(&connector, true).await,
        ] {
            assert!(
                matches!(answer, Err(CallError::NotDone { .. })),
                "{always:?}: {answer:?}"
            );
        }
    }
    market.book().always = None;
    market.book().refuse = Some(429);
    let busy = ship(&connector, &shipment(&WHOLE, Some("OWN1"))).await;
    assert!(matches!(busy, Err(CallError::NotDone { .. })), "{busy:?}");
    assert!(market.book().changes.is_empty());
}
