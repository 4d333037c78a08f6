//! The till: what it answers, and what it tells of a sale.

use std::path::Path;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::wire::Account;
use super::{Till, news};
use crate::sim::courier::Teller as _;
use crate::sim::ledger::{Ledger, Manner};
use crate::sim::locked;
use crate::sim::server::{Asked, Peer as _};

fn till(book: Option<&Path>) -> Till {
    Till {
        ledger: Arc::new(Mutex::new(
            Ledger::open("till", book, news).expect("a ledger"),
        )),
        account: Account {
            merchant: "SIMSELLER".to_owned(),
            location: "SIMPLACE".to_owned(),
        },
        hook: "http://127.0.0.1:7070/v1/hooks/sales/till"
            .parse()
            .expect("a URL"),
        signature_key: "k3y".to_owned().into(),
        access_token: "t0ken".to_owned().into(),
    }
}

async fn ask(till: &Till, method: Method, path: &str, body: Value) -> (u16, Value) {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_static("Bearer t0ken"));
    let asked = Asked {
        method,
        path: path.to_owned(),
        query: String::new(),
        headers,
        body: body.to_string().into(),
    };
    let reply = till.answer(asked).await;
    (reply.status, reply.body)
}

fn sell(till: &Till, times: u64) {
    let skus = ["SKU-1", "SKU-2", "SKU-3"].map(str::to_owned);
    for _ in 0..times {
        locked(&till.ledger)
            .sell(1, &skus, Manner::Counter)
            .expect("sold");
    }
}

/// The bodies of all webhooks by the end of time.
fn told(till: &Till) -> Vec<Value> {
    let letters = till.due(Timestamp::MAX).into_iter();
    let bodies = letters.map(|letter| serde_json::from_str(&letter.body).expect("JSON"));
    bodies.collect()
}

#[tokio::test]
async fn a_payment_names_its_order_and_the_order_adds_up() {
    let till = till(None);
    sell(&till, 5);
    for hook in told(&till) {
        let payment = &hook["data"]["object"]["payment"];
        let path = format!(
            "/v2/orders/{}",
            payment["order_id"].as_str().expect("an id")
        );
        let (status, found) = ask(&till, Method::GET, &path, Value::Null).await;
        let order = &found["order"];
        assert_eq!((status, &order["state"]), (200, &json!("COMPLETED")));
        let lines = order["line_items"].as_array().expect("lines").iter();
        let sum: u64 = lines
            .map(|line| line["total_money"]["amount"].as_u64().unwrap_or(0))
            .sum();
        assert_eq!(order["total_money"]["amount"], sum);
        assert_eq!(payment["amount_money"], order["tenders"][0]["amount_money"]);
        assert_eq!(hook["merchant_id"], "SIMSELLER");
    }
}

#[tokio::test]
async fn a_unit_that_is_brought_back_is_told_by_a_refund_of_its_payment() {
    let till = till(None);
    sell(&till, 120);
    locked(&till.ledger).regret(Timestamp::MAX).expect("noted");
    let mut refunds = Vec::new();
    loop {
        let due = till.due(Timestamp::MAX);
        if due.is_empty() {
            break;
        }
        for letter in due {
            let hook: Value = serde_json::from_str(&letter.body).expect("JSON");
            refunds.extend((hook["type"] == "refund.updated").then_some(hook));
            till.told(letter.number, true);
        }
    }
    assert!(!refunds.is_empty());
    for hook in refunds {
        let id = hook["data"]["object"]["refund"]["id"]
            .as_str()
            .expect("an id");
        let (status, found) = ask(
            &till,
            Method::GET,
            &format!("/v2/refunds/{id}"),
            Value::Null,
        )
        .await;
        let refund = &found["refund"];
        assert_eq!((status, &refund["status"]), (200, &json!("COMPLETED")));
        let payment = refund["payment_id"].as_str().expect("a payment");
        let path = format!("/v2/payments/{payment}");
        let (status, found) = ask(&till, Method::GET, &path, Value::Null).await;
        let payment = &found["payment"];
        assert_eq!(
            (status, &payment["refunded_money"]),
            (200, &refund["amount_money"])
        );
        let path = format!(
            "/v2/orders/{}",
            payment["order_id"].as_str().expect("an order")
        );
        let (_, found) = ask(&till, Method::GET, &path, Value::Null).await;
        let line = &found["order"]["line_items"][0];
        assert_eq!(line["base_price_money"], refund["amount_money"]);
    }
    let (status, _) = ask(&till, Method::GET, "/v2/refunds/SIMPAY1", Value::Null).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_line_leads_to_its_sku_by_the_catalog() {
    let till = till(None);
    sell(&till, 1);
    let order = told(&till)[0]["data"]["object"]["payment"]["order_id"].clone();
    let path = format!("/v2/orders/{}", order.as_str().expect("an id"));
    let (_, found) = ask(&till, Method::GET, &path, Value::Null).await;
    let line = &found["order"]["line_items"][0];
    let ids = json!({ "object_ids": [line["catalog_object_id"], "ANOTHER"] });
    let (_, found) = ask(&till, Method::POST, "/v2/catalog/batch-retrieve", ids).await;
    let objects = found["objects"].as_array().expect("objects");
    assert_eq!(objects.len(), 1);
    let sku = objects[0]["item_variation_data"]["sku"]
        .as_str()
        .expect("a SKU");
    assert_eq!(line["name"], format!("Article {sku}"));
}

#[tokio::test]
async fn a_search_names_every_change_page_by_page() {
    let till = till(None);
    sell(&till, 250);
    let mut question = json!({
        "location_ids": ["SIMPLACE"], "query": {"filter": {"date_time_filter": {"updated_at": {
            "start_at": "2020-01-01T00:00:00Z", "end_at": "2200-01-01T00:00:00Z" }}}},
    });
    let mut named = std::collections::BTreeSet::new();
    loop {
        let (status, found) = ask(&till, Method::POST, "/v2/orders/search", question.clone()).await;
        assert_eq!(status, 200);
        let entries = found["order_entries"].as_array().expect("entries").iter();
        named.extend(entries.map(|entry| entry["order_id"].to_string()));
        if found["cursor"].is_null() {
            break;
        }
        question["cursor"] = found["cursor"].clone();
    }
    assert_eq!(named.len(), 250);
    question["cursor"] = "nonsense".into();
    let (status, _) = ask(&till, Method::POST, "/v2/orders/search", question).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn nobody_is_answered_without_the_token_and_nothing_is_changed() {
    let till = till(None);
    let asked = Asked {
        method: Method::GET,
        path: "/v2/orders/SIMORDER1".to_owned(),
        query: String::new(),
        headers: HeaderMap::new(),
        body: bytes::Bytes::new(),
    };
    assert_eq!(till.answer(asked).await.status, 401);
    sell(&till, 1);
    let order = told(&till)[0]["data"]["object"]["payment"]["order_id"].clone();
    let path = format!("/v2/orders/{}", order.as_str().expect("an id"));
    let (status, _) = ask(&till, Method::PUT, &path, json!({})).await;
    assert_eq!(status, 404);
}
