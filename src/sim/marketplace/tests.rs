//! The marketplace: keys, pages, and what becomes of an order's lines.

use std::sync::{Arc, Mutex};

use http::{HeaderMap, HeaderValue, Method};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Asking, KEY_LIFE, Marketplace};
use crate::sim::ledger::{Ledger, Manner};
use crate::sim::locked;
use crate::sim::offered::Offered;
use crate::sim::server::{Asked, Peer as _};
use crate::sim::tokens::Tokens;

fn skus() -> [String; 3] {
    ["SKU-1", "SKU-2", "SKU-3"].map(str::to_owned)
}

fn marketplace() -> Marketplace {
    let ledger = Ledger::open("marketplace", None, |_| Vec::new()).expect("a ledger");
    Marketplace {
        ledger: Arc::new(Mutex::new(ledger)),
        offered: Arc::new(Mutex::new(Offered::of(&skus()))),
        tokens: Tokens::living(KEY_LIFE),
        credentials: "Basic aWQ6c2VjcmV0".to_owned(),
        asked: Arc::new(Mutex::new(Asking::default())),
    }
}

fn sell(market: &Marketplace, times: u64) {
    for _ in 0..times {
        let sold = locked(&market.ledger).sell(1, &skus(), Manner::Sent);
        locked(&market.offered).sold(&sold.expect("sold"));
    }
}

async fn send(
    market: &Marketplace,
    method: Method,
    path: &str,
    body: String,
    shown: (&'static str, &str),
) -> (u16, Value) {
    let mut headers = HeaderMap::new();
    headers.insert(
        "wm_svc.name",
        HeaderValue::from_static("Walmart Marketplace"),
    );
    headers.insert("wm_qos.correlation_id", HeaderValue::from_static("c-1"));
    headers.insert(shown.0, shown.1.parse().expect("a header"));
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let asked = Asked {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: body.into(),
    };
    let reply = market.answer(asked).await;
    (reply.status, reply.body)
}

async fn ask(market: &Marketplace, method: Method, path: &str, body: Value) -> (u16, Value) {
    let (token, _) = market.tokens.hand_out();
    let shown = ("wm_sec.access_token", token.as_str());
    send(market, method, path, body.to_string(), shown).await
}

/// The first order, and its open units by line.
async fn first(market: &Marketplace) -> (String, Value) {
    let path = "/v3/orders?limit=1&lastModifiedStartDate=2020-01-01T00:00:00Z";
    let (status, page) = ask(market, Method::GET, path, Value::Null).await;
    assert_eq!(status, 200);
    let order = page["list"]["elements"]["order"][0].clone();
    let id = order["purchaseOrderId"].as_str().expect("an id").to_owned();
    (id, order)
}

fn lines(order: &Value, wrap: &str, status: &Value) -> Value {
    let lines = order["orderLines"]["orderLine"]
        .as_array()
        .expect("lines")
        .iter();
    let lines = lines.map(|line| {
        let mut status = status.clone();
        status["statusQuantity"] = line["orderLineQuantity"].clone();
        json!({
            "lineNumber": line["lineNumber"], "orderLineStatuses": {"orderLineStatus": [status]},
        })
    });
    json!({ wrap: { "orderLines": { "orderLine": lines.collect::<Vec<_>>() } } })
}

fn shipment(order: &Value) -> Value {
    let status = json!({
        "status": "Shipped",
        "trackingInfo": {"carrierName": {"carrier": "USPS"}, "trackingNumber": "94001"},
    });
    lines(order, "orderShipment", &status)
}

#[tokio::test]
async fn a_key_is_handed_out_for_the_credentials_and_wanted_for_everything_else() {
    let market = marketplace();
    let form = || "grant_type=client_credentials".to_owned();
    let right = ("authorization", "Basic aWQ6c2VjcmV0");
    let (status, key) = send(&market, Method::POST, "/v3/token", form(), right).await;
    assert_eq!((status, &key["expires_in"]), (200, &json!(900)));
    let wrong = ("authorization", "Basic aWQ6b3RoZXI=");
    assert_eq!(
        send(&market, Method::POST, "/v3/token", form(), wrong)
            .await
            .0,
        401
    );
    let path = "/v3/inventory?sku=SKU-1";
    let token = key["access_token"].as_str().expect("a key");
    let shown = ("wm_sec.access_token", token);
    assert_eq!(
        send(&market, Method::GET, path, String::new(), shown)
            .await
            .0,
        200
    );
    assert_eq!(
        send(&market, Method::GET, path, String::new(), wrong)
            .await
            .0,
        401
    );
}

#[tokio::test]
async fn every_change_is_listed_page_by_page() {
    let market = marketplace();
    let path = "/v3/orders?limit=20&lastModifiedStartDate=2020-01-01T00:00:00Z";
    assert_eq!(ask(&market, Method::GET, path, Value::Null).await.0, 404);
    sell(&market, 45);
    let (mut ids, mut path) = (std::collections::BTreeSet::new(), path.to_owned());
    loop {
        let (status, page) = ask(&market, Method::GET, &path, Value::Null).await;
        assert_eq!(status, 200);
        let orders = page["list"]["elements"]["order"]
            .as_array()
            .expect("orders")
            .iter();
        ids.extend(orders.map(|order| order["purchaseOrderId"].to_string()));
        match page["list"]["meta"]["nextCursor"].as_str() {
            Some(next) => path = format!("/v3/orders{next}"),
            None => break,
        }
    }
    assert_eq!(ids.len(), 45);
}

#[tokio::test]
async fn what_was_acknowledged_is_shipped_once() {
    let market = marketplace();
    sell(&market, 1);
    let (id, order) = first(&market).await;
    let ship = format!("/v3/orders/{id}/shipping");
    assert_eq!(
        ask(&market, Method::POST, &ship, shipment(&order)).await.0,
        400
    );
    let path = format!("/v3/orders/{id}/acknowledge");
    for _ in 0..2 {
        assert_eq!(ask(&market, Method::POST, &path, Value::Null).await.0, 200);
    }
    let (status, after) = ask(&market, Method::POST, &ship, shipment(&order)).await;
    let line = &after["order"]["orderLines"]["orderLine"][0];
    let sent = &line["orderLineStatuses"]["orderLineStatus"][0];
    assert_eq!((status, &sent["status"]), (200, &json!("Shipped")));
    assert_eq!(sent["trackingInfo"]["trackingNumber"], "94001");
    assert_eq!(
        ask(&market, Method::POST, &ship, shipment(&order)).await.0,
        400
    );
}

#[tokio::test]
async fn what_is_cancelled_stays_so_and_is_not_shipped() {
    let market = marketplace();
    sell(&market, 1);
    let (id, order) = first(&market).await;
    let why = json!({
        "status": "Cancelled", "cancellationReason": "SELLER_CANCEL_OUT_OF_STOCK",
    });
    let cancellation = lines(&order, "orderCancellation", &why);
    let path = format!("/v3/orders/{id}/cancel");
    let (status, after) = ask(&market, Method::POST, &path, cancellation.clone()).await;
    let line = &after["order"]["orderLines"]["orderLine"][0];
    let word = &line["orderLineStatuses"]["orderLineStatus"][0]["status"];
    assert_eq!((status, word), (200, &json!("Cancelled")));
    assert_eq!(ask(&market, Method::POST, &path, cancellation).await.0, 400);
    let path = format!("/v3/orders/{id}/shipping");
    assert_eq!(
        ask(&market, Method::POST, &path, shipment(&order)).await.0,
        400
    );
}

#[tokio::test]
async fn a_line_that_its_buyer_had_cancelled_is_not_shipped_and_the_rest_is() {
    let market = marketplace();
    sell(&market, 400);
    locked(&market.ledger)
        .regret(Timestamp::MAX)
        .expect("noted");
    let id = {
        let ledger = locked(&market.ledger);
        let (all, _) = ledger.changed((Timestamp::MIN, Timestamp::MAX), None, 1_000);
        let mut changed = all.iter().filter(|sale| sale.taken_out.is_some());
        changed.next().expect("one").id
    };
    let path = format!("/v3/orders/{id}/acknowledge");
    let (status, known) = ask(&market, Method::POST, &path, Value::Null).await;
    assert_eq!(status, 200);
    let words = |order: &Value| -> Vec<String> {
        let lines = order["orderLines"]["orderLine"]
            .as_array()
            .expect("lines")
            .iter();
        let word = |line: &Value| line["orderLineStatuses"]["orderLineStatus"][0]["status"].clone();
        lines
            .map(|line| word(line).as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let mut order = known["order"].clone();
    let said = words(&order);
    assert_eq!(said.last().map(String::as_str), Some("Cancelled"));
    assert!(
        said[..said.len() - 1]
            .iter()
            .all(|word| word == "Acknowledged"),
        "{said:?}"
    );
    let ship = format!("/v3/orders/{id}/shipping");
    assert_eq!(
        ask(&market, Method::POST, &ship, shipment(&order)).await.0,
        400
    );
    order["orderLines"]["orderLine"]
        .as_array_mut()
        .expect("lines")
        .pop();
    assert_eq!(
        ask(&market, Method::POST, &ship, shipment(&order)).await.0,
        200
    );
}

#[tokio::test]
async fn what_is_offered_is_told_as_a_whole_and_falls_with_a_sale() {
    let market = marketplace();
    for sku in skus() {
        let path = format!("/v3/inventory?sku={sku}");
        let body = json!({"sku": sku, "quantity": {"unit": "EACH", "amount": 40}});
        assert_eq!(ask(&market, Method::PUT, &path, body).await.0, 200);
    }
    sell(&market, 1);
    let offered = skus().map(|sku| locked(&market.offered).units(&sku).unwrap_or_default());
    assert!(
        (100..120).contains(&offered.iter().sum::<i64>()),
        "{offered:?}"
    );
    let path = "/v3/inventory?sku=ANOTHER";
    assert_eq!(ask(&market, Method::GET, path, Value::Null).await.0, 404);
}

#[test]
fn nothing_is_sold_before_the_hub_has_kept_its_place() {
    let at = |second| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second);
    let mut asking = Asking::default();
    for (since, now, keeps) in [(100, 100, false), (110, 110, false), (110, 120, true)] {
        asking.since(at(since), at(now));
        assert_eq!(asking.keeps_its_place, keeps, "{since}");
    }
}
