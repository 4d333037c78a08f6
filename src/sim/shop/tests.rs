//! The shop's orders: what is told of them, what the way back shows and notes, and what is
//! remembered.

use std::path::Path;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::admin::Admin;
use super::basket::{Basket, Payment};
use super::offers::{LOCATION, Offers};
use super::orders::Orders;
use crate::sim::locked;
use crate::sim::server::{Asked, Peer as _};

fn basket() -> Basket {
    let skus = ["SKU-1".to_owned()];
    let mut basket = Basket::draw(1, 1, &skus);
    basket.lines[0].quantity = 2;
    basket.payment = Payment::Paid;
    basket.cancelled_after = None;
    basket.repeated_after = None;
    basket
}

fn orders(book: Option<&Path>) -> Orders {
    Orders::open(book).expect("orders")
}

/// Topics and bodies of everything that is told by the end of time.
fn news(orders: &mut Orders) -> Vec<(&'static str, Value)> {
    let due = orders.outbox().due(Timestamp::MAX).into_iter();
    let news = due.map(|letter| {
        let body = serde_json::from_str(&letter.body).expect("JSON");
        (letter.topic, body)
    });
    news.collect()
}

fn topics(orders: &mut Orders) -> Vec<&'static str> {
    news(orders).into_iter().map(|(topic, _)| topic).collect()
}

/// A sum of amounts like "12.34", in cents.
fn cents(amount: &Value) -> u64 {
    let digits = amount.as_str().expect("an amount").replace('.', "");
    digits.parse().expect("digits")
}

#[test]
fn every_order_adds_up() {
    let skus: Vec<String> = (0..9).map(|n| format!("SKU-{n}")).collect();
    for number in 0..300 {
        let mut orders = orders(None);
        orders.sell(Basket::draw(4, number, &skus)).expect("sold");
        for (topic, order) in news(&mut orders) {
            let lines = order["line_items"].as_array().expect("lines").iter();
            let goods: u64 = lines
                .map(|line| {
                    let quantity = line["quantity"].as_u64().expect("a quantity");
                    let off = line["discount_allocations"]
                        .as_array()
                        .expect("a list")
                        .iter();
                    let off: u64 = off.map(|part| cents(&part["amount"])).sum();
                    cents(&line["price"]) * quantity - off
                })
                .sum();
            let shipping = cents(&order["shipping_lines"][0]["discounted_price"]);
            assert_eq!(
                cents(&order["total_price"]),
                goods + shipping,
                "{number} {topic}"
            );
            assert_eq!(
                topic == "orders/cancelled",
                order["cancelled_at"].is_string()
            );
        }
    }
}

#[test]
fn money_that_comes_later_and_second_thoughts_are_told() {
    let mut orders = orders(None);
    let mut basket = basket();
    basket.payment = Payment::Transfer;
    basket.repeated_after = Some(1);
    basket.paid_after = 5;
    basket.cancelled_after = Some(9);
    orders.sell(basket).expect("sold");
    let told = news(&mut orders);
    let statuses: Vec<_> = told
        .iter()
        .map(|(topic, body)| {
            (
                *topic,
                body["financial_status"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(
        statuses,
        [
            ("orders/create", "pending"),
            ("orders/create", "pending"),
            ("orders/paid", "paid"),
            ("orders/cancelled", "paid"),
        ]
    );
}

#[test]
fn an_order_that_arrives_after_its_own_cancellation_is_told_all_the_same() {
    let mut orders = orders(None);
    let mut basket = basket();
    basket.late = 8;
    basket.cancelled_after = Some(2);
    orders.sell(basket).expect("sold");
    assert_eq!(topics(&mut orders), ["orders/cancelled", "orders/create"]);
}

fn admin(orders: Orders) -> Admin {
    let sells = ["SKU-1", "SKU-10", "SKU-2"].map(str::to_owned);
    Admin {
        orders: Arc::new(Mutex::new(orders)),
        offers: Arc::new(Mutex::new(Offers::of(&sells))),
        token: "shpat_sim".to_owned().into(),
    }
}

async fn ask(admin: &Admin, query: &str, variables: Value) -> Value {
    let mut headers = HeaderMap::new();
    headers.insert(
        "x-shopify-access-token",
        HeaderValue::from_static("shpat_sim"),
    );
    let body = json!({"query": query, "variables": variables}).to_string();
    let asked = Asked {
        method: Method::POST,
        path: "/admin/api/2026-07/graphql.json".to_owned(),
        query: String::new(),
        headers,
        body: body.into(),
    };
    let reply = admin.answer(asked).await;
    assert_eq!(reply.status, 200);
    assert!(reply.body["errors"].is_null(), "{}", reply.body);
    reply.body["data"].clone()
}

const ORDER: &str = "query O($id: ID!) { order(id: $id) { cancelledAt \
    fulfillments(first: 9) { id trackingInfo { number } } \
    fulfillmentOrders(first: 9) { nodes { id status } } } }";
const OPEN: &str = "query W($id: ID!) { fulfillmentOrder(id: $id) { lineItems(first: 9) { \
    nodes { id remainingQuantity lineItem { id } } } } }";
const SHIP: &str = "mutation S($f: FulfillmentInput!) { fulfillmentCreate(fulfillment: $f) { \
    fulfillment { id } userErrors { message } } }";
const CANCEL: &str = "mutation C($id: ID!) { orderCancel(orderId: $id, reason: INVENTORY) { \
    orderCancelUserErrors { code } } }";

/// A shop with one order, and the order's gid.
fn sold() -> (Admin, Value) {
    let mut orders = orders(None);
    orders.sell(basket()).expect("sold");
    let id = news(&mut orders)[0].1["admin_graphql_api_id"].clone();
    (admin(orders), id)
}

async fn note(admin: &Admin, order: &Value, quantity: u64) -> Value {
    let shown = ask(admin, ORDER, json!({"id": order})).await;
    let work = &shown["order"]["fulfillmentOrders"]["nodes"][0]["id"];
    let open = ask(admin, OPEN, json!({"id": work})).await;
    let line = &open["fulfillmentOrder"]["lineItems"]["nodes"][0]["id"];
    let lines = json!([{"fulfillmentOrderId": work,
        "fulfillmentOrderLineItems": [{"id": line, "quantity": quantity}]}]);
    let shipment = json!({"lineItemsByFulfillmentOrder": lines,
        "trackingInfo": {"company": "USPS", "number": "94001"}});
    let done = ask(admin, SHIP, json!({"f": shipment})).await;
    done["fulfillmentCreate"].clone()
}

#[tokio::test]
async fn a_shipment_is_noted_as_long_as_units_are_left_and_ends_second_thoughts() {
    let (admin, order) = sold();
    assert!(!note(&admin, &order, 3).await["userErrors"][0].is_null());
    assert!(note(&admin, &order, 1).await["userErrors"][0].is_null());
    let shown = ask(&admin, ORDER, json!({"id": order})).await;
    let tracking = &shown["order"]["fulfillments"][0]["trackingInfo"][0]["number"];
    assert_eq!(tracking, "94001");
    assert!(note(&admin, &order, 1).await["userErrors"][0].is_null());
    let shown = ask(&admin, ORDER, json!({"id": order})).await;
    let status = &shown["order"]["fulfillmentOrders"]["nodes"][0]["status"];
    assert_eq!(status, "CLOSED");
    assert!(!note(&admin, &order, 1).await["userErrors"][0].is_null());
    let cancelled = ask(&admin, CANCEL, json!({"id": order})).await;
    let code = &cancelled["orderCancel"]["orderCancelUserErrors"][0]["code"];
    assert_eq!(code, "INVALID");
}

#[tokio::test]
async fn a_cancellation_is_noted_once_and_told_to_who_listens() {
    let (admin, order) = sold();
    for error in [Value::Null, json!("INVALID")] {
        let done = ask(&admin, CANCEL, json!({"id": order})).await;
        let code = &done["orderCancel"]["orderCancelUserErrors"][0]["code"];
        assert_eq!(*code, error);
    }
    let shown = ask(&admin, ORDER, json!({"id": order})).await;
    assert!(shown["order"]["cancelledAt"].is_string());
    let mut orders = locked(&admin.orders);
    assert!(topics(&mut orders).contains(&"orders/cancelled"));
}

const SOLD: &str = "query V($q: String!, $l: ID!) { productVariants(first: 9, query: $q) { nodes { sku \
    inventoryItem { id inventoryLevel(locationId: $l) { quantities(names: [\"available\"]) { \
    quantity } } } } } }";
const OFFER: &str = "mutation N($i: InventorySetQuantitiesInput!, $k: String!) { \
    inventorySetQuantities(input: $i) @idempotent(key: $k) { userErrors { code } } }";

/// What is offered of a SKU, with the id of its item.
async fn offered(admin: &Admin, sku: &str) -> (Value, Value) {
    let search = json!({"q": format!("sku:\"{sku}\""), "l": location()});
    let found = ask(admin, SOLD, search).await;
    let nodes = found["productVariants"]["nodes"].as_array().cloned();
    let nodes = nodes.unwrap_or_default().into_iter();
    let node = nodes.into_iter().find(|node| node["sku"] == sku);
    let item = &node.expect("it is sold")["inventoryItem"];
    let level = &item["inventoryLevel"]["quantities"][0]["quantity"];
    (item["id"].clone(), level.clone())
}

fn location() -> String {
    format!("gid://shopify/Location/{LOCATION}")
}

/// The code of the refusal, if there is one.
async fn offer(admin: &Admin, item: &Value, from: i64, to: i64) -> Value {
    let change = json!({"inventoryItemId": item, "locationId": location(),
        "quantity": to, "changeFromQuantity": from});
    let input = json!({"name": "available", "quantities": [change]});
    let done = ask(admin, OFFER, json!({"i": input, "k": "key"})).await;
    done["inventorySetQuantities"]["userErrors"][0]["code"].clone()
}

#[tokio::test]
async fn what_is_offered_changes_from_the_number_that_was_read_and_falls_with_a_sale() {
    let admin = admin(orders(None));
    let (item, none) = offered(&admin, "SKU-1").await;
    assert_eq!(none, 0);
    assert_eq!(offer(&admin, &item, 0, 40).await, Value::Null);
    assert_eq!(
        offer(&admin, &item, 0, 12).await,
        "CHANGE_FROM_QUANTITY_STALE"
    );
    assert_eq!(offered(&admin, "SKU-1").await.1, 40);
    assert_eq!(offered(&admin, "SKU-10").await.1, 0, "it is another thing");
    let nobodys = json!("gid://shopify/InventoryItem/99");
    assert_eq!(
        offer(&admin, &nobodys, 0, 1).await,
        "INVALID_INVENTORY_ITEM"
    );
    locked(&admin.offers).sold(&basket());
    assert_eq!(offered(&admin, "SKU-1").await.1, 38);
}

#[test]
fn a_shop_goes_on_from_its_book() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shop.jsonl");
    let mut first = orders(Some(&path));
    first.sell(basket()).expect("sold");
    first.sell(basket()).expect("sold");
    let told = first.outbox().due(Timestamp::MAX)[0].number;
    first.told(told);
    drop(first);
    let mut second = orders(Some(&path));
    assert_eq!(second.sold(), 2);
    let left = news(&mut second);
    assert_eq!(left.len(), 1);
    second.sell(basket()).expect("sold");
    let ids: Vec<Value> = news(&mut second)
        .into_iter()
        .map(|(_, body)| body["id"].clone())
        .collect();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
}
