//! The way back against a stand-in shop that keeps a book: whatever breaks on the way, each unit is
//! noted as shipped once, and an order is cancelled once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use orderhub_domain::order::NoticeEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::settings;
use crate::port::{CallError, NoticeAnswer};
use crate::sales::shipments::left_at;
use crate::sales::{CancellationNotice, SalesConnector, ShipmentNotice, Tracking, Why, connect};
use crate::settings::Settings;

mod parcels;

/// A shop with one order of two lines, 11 and 12, of three units each, to be shipped from two of
/// its own locations.
#[derive(Default)]
struct Book {
    /// Tracking number and units by line, as noted.
    shipments: Vec<(Option<String>, BTreeMap<String, u64>)>,
    /// The numbers of shipments that were noted with several.
    numbers: Vec<String>,
    /// Units by line that work order 1 or 2 still waits for.
    open: BTreeMap<(u64, u64), u64>,
    cancelled: Option<(String, bool)>,
    /// Carries the next change out and answers this.
    lose: Option<ResponseTemplate>,
    /// Answers this to everything.
    always: Option<ResponseTemplate>,
    refuse: bool,
}

#[derive(Clone)]
struct Shop(Arc<Mutex<Book>>);

impl Shop {
    fn with(open: &[((u64, u64), u64)]) -> Self {
        Self(Arc::new(Mutex::new(Book {
            open: open.iter().copied().collect(),
            ..Book::default()
        })))
    }

    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .and(path("/admin/api/2026-07/graphql.json"))
            .and(header("x-shopify-access-token", "shpat_own"))
            .respond_with(self.clone())
            .mount(&server)
            .await;
        let mut settings = settings().with_secrets("access_token", ["shpat_own"]);
        settings.base_url = Some(server.uri());
        let connector = connect("shopify", &settings).expect("a connection");
        (server, connector)
    }
}

fn gid(kind: &str, id: u64) -> String {
    format!("gid://shopify/{kind}/{id}")
}

fn number(gid: &Value) -> u64 {
    let text = gid.as_str().expect("a gid");
    text.rsplit('/')
        .next()
        .expect("a number")
        .parse()
        .expect("a number")
}

impl Respond for Shop {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.0.lock().expect("a lock");
        if let Some(always) = &book.always {
            return always.clone();
        }
        let asked: Value = request.body_json().expect("JSON");
        let (query, variables) = (asked["query"].as_str().expect("text"), &asked["variables"]);
        let data = match query.split_whitespace().nth(1).expect("a name") {
            name if name.starts_with("Order(") => book.order(number(&variables["id"])),
            name if name.starts_with("Shipped(") => book.shipped(number(&variables["id"])),
            name if name.starts_with("Open(") => book.left(number(&variables["id"])),
            name if name.starts_with("Fulfil(") => book.fulfil(&variables["fulfillment"]),
            _ => book.cancel(variables),
        };
        let changed = query.starts_with("mutation");
        match book.lose.take_if(|_| changed) {
            Some(lost) => lost,
            None => ResponseTemplate::new(200).set_body_json(json!({ "data": data })),
        }
    }
}

impl Book {
    fn order(&self, id: u64) -> Value {
        if id != 1001 {
            return json!({ "order": null });
        }
        let shipments = self
            .shipments
            .iter()
            .enumerate()
            .map(|(place, (tracking, _))| {
                let numbers: Vec<_> = tracking.iter().map(|n| json!({ "number": n })).collect();
                json!({ "id": gid("Fulfillment", place as u64), "status": "SUCCESS",
                    "trackingInfo": numbers })
            });
        let shipments: Vec<_> = shipments.collect();
        let work = |id| json!({ "id": gid("FulfillmentOrder", id), "status": "OPEN" });
        json!({ "order": {
            "cancelledAt": self.cancelled.as_ref().map(|_| "2026-03-01T10:00:00Z"),
            "fulfillments": shipments,
            "fulfillmentOrders": { "nodes": [work(1), work(2)] },
        } })
    }

    fn shipped(&self, id: u64) -> Value {
        let (_, units) = &self.shipments[usize::try_from(id).expect("small")];
        let nodes: Vec<_> = units
            .iter()
            .map(|(line, n)| json!({ "quantity": n, "lineItem": { "id": line } }))
            .collect();
        let page = json!({ "hasNextPage": false, "endCursor": null });
        json!({ "fulfillment": { "lines": { "nodes": nodes, "pageInfo": page } } })
    }

    fn left(&self, work: u64) -> Value {
        let here = self.open.iter().filter(|((of, _), _)| *of == work);
        let nodes: Vec<_> = here
            .map(|((_, line), left)| {
                json!({ "id": gid("FulfillmentOrderLineItem", work * 100 + line),
                        "quantity": left, "lineItem": { "id": gid("LineItem", *line) } })
            })
            .collect();
        let page = json!({ "hasNextPage": false, "endCursor": null });
        json!({ "fulfillmentOrder": { "lines": { "nodes": nodes, "pageInfo": page } } })
    }

    fn fulfil(&mut self, shipment: &Value) -> Value {
        let work = &shipment["lineItemsByFulfillmentOrder"][0];
        let order = number(&work["fulfillmentOrderId"]);
        let lines = work["fulfillmentOrderLineItems"].as_array().expect("lines");
        if self.refuse {
            return json!({ "done": { "errors": [{ "field": ["fulfillment"] }] } });
        }
        let mut units = BTreeMap::new();
        for line in lines {
            let of = number(&line["id"]) % 100;
            let quantity = line["quantity"].as_u64().expect("a number");
            let left = self.open.get_mut(&(order, of)).expect("an open line");
            assert!(quantity > 0 && quantity <= *left, "more than is left");
            *left -= quantity;
            units.insert(gid("LineItem", of), quantity);
        }
        let told = &shipment["trackingInfo"];
        let first = told["number"].as_str().or(told["numbers"][0].as_str());
        if let Some(numbers) = told["numbers"].as_array() {
            self.numbers
                .extend(numbers.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        let tracking = first.map(str::to_owned);
        self.shipments.push((tracking, units));
        json!({ "done": { "errors": [] } })
    }

    fn cancel(&mut self, variables: &Value) -> Value {
        if self.refuse {
            return json!({ "done": { "errors": [{ "code": "INVALID" }] } });
        }
        assert!(self.cancelled.is_none(), "cancelled twice");
        let reason = variables["reason"].as_str().expect("a reason").to_owned();
        let refund = variables["refund"]["originalPaymentMethodsRefund"].as_bool();
        self.cancelled = Some((reason, refund.expect("a flag")));
        json!({ "done": { "errors": [] } })
    }
}

fn shipment(lines: &[(&str, u32)], tracking: Option<&str>) -> ShipmentNotice {
    ShipmentNotice {
        external_id: "1001".into(),
        shipped_at: left_at(),
        lines: lines
            .iter()
            .map(|(line, n)| ((*line).to_owned(), *n))
            .collect(),
        tracking: tracking.into_iter().map(tracked).collect(),
    }
}

fn tracked(number: &str) -> Tracking {
    Tracking {
        carrier: "Own Post".into(),
        number: number.into(),
        units: Vec::new(),
    }
}

fn cancellation(why: Why, refund: bool) -> CancellationNotice {
    CancellationNotice {
        external_id: "1001".into(),
        why,
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

fn refused(code: &str) -> NoticeEvidence {
    NoticeEvidence::Refused { code: code.into() }
}

#[test]
fn without_a_base_url_and_a_token_there_is_no_way_back() {
    let mut settings = settings();
    let listens = |settings: &Settings| {
        let connector = connect("shopify", settings).expect("a connection");
        connector.way_back().is_some()
    };
    assert!(!listens(&settings));
    settings = settings.with_secrets("access_token", ["shpat_own"]);
    assert!(!listens(&settings));
    settings.base_url = Some("https://own.myshopify.com".into());
    assert!(listens(&settings));
}

#[tokio::test]
async fn a_shipment_over_two_work_orders_is_noted_for_each_and_repeats_change_nothing() {
    let shop = Shop::with(&[((1, 11), 3), ((2, 11), 1), ((2, 12), 3)]);
    let (_server, connector) = shop.serve().await;
    let notice = shipment(&[("11", 4), ("12", 1)], Some("OWN1"));
    for _ in 0..3 {
        assert_eq!(ship(&connector, &notice).await, TOLD);
    }
    let first = BTreeMap::from([(gid("LineItem", 11), 3)]);
    let second = BTreeMap::from([(gid("LineItem", 11), 1), (gid("LineItem", 12), 1)]);
    let own = Some("OWN1".to_owned());
    let expected = vec![(own.clone(), first), (own, second)];
    assert_eq!(shop.0.lock().expect("a lock").shipments, expected);
    // The next parcel is another shipment, of what is left.
    let next = shipment(&[("12", 2)], Some("OWN2"));
    assert_eq!(ship(&connector, &next).await, TOLD);
    assert_eq!(shop.0.lock().expect("a lock").shipments.len(), 3);
}

#[tokio::test]
async fn a_shipment_whose_answer_was_lost_is_found_and_the_rest_is_added() {
    let shop = Shop::with(&[((1, 11), 3), ((2, 12), 3)]);
    let (_server, connector) = shop.serve().await;
    shop.0.lock().expect("a lock").lose = Some(ResponseTemplate::new(502));
    let notice = shipment(&[("11", 3), ("12", 3)], Some("OWN1"));
    let lost = ship(&connector, &notice).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    assert_eq!(shop.0.lock().expect("a lock").shipments.len(), 1);
    assert_eq!(ship(&connector, &notice).await, TOLD);
    let book = shop.0.lock().expect("a lock");
    assert_eq!(book.shipments.len(), 2);
    assert!(book.open.values().all(|left| *left == 0));
}

#[tokio::test]
async fn what_somebody_noted_by_hand_is_not_noted_again() {
    let shop = Shop::with(&[((1, 11), 0)]);
    let (_server, connector) = shop.serve().await;
    let notice = shipment(&[("11", 3)], Some("OWN1"));
    assert_eq!(ship(&connector, &notice).await, TOLD);
    assert!(shop.0.lock().expect("a lock").shipments.is_empty());
    // Goods that the buyer collected have no number; they are known by their units.
    let shop = Shop::with(&[((1, 11), 3)]);
    let (_server, connector) = shop.serve().await;
    for _ in 0..2 {
        assert_eq!(ship(&connector, &shipment(&[("11", 2)], None)).await, TOLD);
    }
    assert_eq!(shop.0.lock().expect("a lock").shipments.len(), 1);
}

#[tokio::test]
async fn a_cancellation_is_made_once_with_its_reason() {
    for (why, refund, word) in [
        (Why::OutOfStock, true, "INVENTORY"),
        (Why::Declined, false, "DECLINED"),
        (Why::Other, false, "OTHER"),
    ] {
        let shop = Shop::with(&[]);
        let (_server, connector) = shop.serve().await;
        let notice = cancellation(why, refund);
        shop.0.lock().expect("a lock").lose = Some(ResponseTemplate::new(504));
        let lost = cancel(&connector, &notice).await;
        assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
        assert_eq!(cancel(&connector, &notice).await, TOLD);
        let book = shop.0.lock().expect("a lock");
        assert_eq!(book.cancelled, Some((word.to_owned(), refund)));
    }
}

#[tokio::test]
async fn refusals_are_evidence_and_final() {
    let shop = Shop::with(&[((1, 11), 3)]);
    let (_server, connector) = shop.serve().await;
    let mut stranger = shipment(&[("11", 1)], None);
    stranger.external_id = "1002".into();
    assert_eq!(
        ship(&connector, &stranger).await,
        Ok(refused("order_not_found"))
    );
    stranger.external_id = "W-1".into();
    assert_eq!(
        ship(&connector, &stranger).await,
        Ok(refused("not_a_shopify_id"))
    );
    shop.0.lock().expect("a lock").refuse = true;
    let notice = shipment(&[("11", 1)], Some("OWN1"));
    assert_eq!(
        ship(&connector, &notice).await,
        Ok(refused("not_fulfillable"))
    );
    let cancelled = cancel(&connector, &cancellation(Why::Other, false)).await;
    assert_eq!(cancelled, Ok(refused("INVALID")));
    shop.0.lock().expect("a lock").cancelled = Some(("CUSTOMER".into(), true));
    assert_eq!(
        ship(&connector, &notice).await,
        Ok(refused("order_is_cancelled"))
    );
}

#[tokio::test]
async fn a_shop_that_does_not_answer_well_is_asked_again() {
    let errors = |code: &str| {
        let errors = json!({ "errors": [{ "message": "x", "extensions": { "code": code } }] });
        ResponseTemplate::new(200).set_body_json(errors)
    };
    let shop = Shop::with(&[((1, 11), 3)]);
    let (_server, connector) = shop.serve().await;
    for always in [
        errors("THROTTLED"),
        errors("ACCESS_DENIED"),
        errors("INTERNAL_SERVER_ERROR"),
        errors("undefinedField"),
        ResponseTemplate::new(401),
        ResponseTemplate::new(404),
        ResponseTemplate::new(429),
        ResponseTemplate::new(503),
        ResponseTemplate::new(302),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_json(json!({ "data": null })),
    ] {
        shop.0.lock().expect("a lock").always = Some(always.clone());
        let answer = ship(&connector, &shipment(&[("11", 1)], Some("OWN1"))).await;
        // The first question is a look-up: nothing was changed, whatever became of it.
        assert!(
            matches!(answer, Err(CallError::NotDone { .. })),
            "{always:?}: {answer:?}"
        );
    }
    assert!(shop.0.lock().expect("a lock").shipments.is_empty());
}
