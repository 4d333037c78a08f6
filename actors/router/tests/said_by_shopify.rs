//! Six webhooks of a Shopify shop about one order, read by its connector and taken by a hub in memory: in every
//! order, some of them again. One end.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use orderhub_channels::port::RawRequest;
use orderhub_channels::sales::{SalesConnector, connect};
use orderhub_channels::settings::Settings;
use orderhub_domain::ids::OrderId;
use orderhub_domain::money::Money;
use orderhub_domain::order::{Order, Stage, Tender};
use orderhub_domain::quantity::Quantity;
use serde_json::{Value, json};

use super::delivery;
use crate::api::HubApi;
use crate::ports::Journal;
use crate::testing::{Hall, channel, euros, midnight};

/// A webhook: its topic, and what it says.
type Webhook = (&'static str, Value);

fn name(kind: &str, number: usize) -> String {
    format!("gid://shopify/{kind}/{number}")
}

fn line(order: usize, place: usize, units: u32, left: u32, price: &str) -> Value {
    let id = order * 10 + place;
    json!({ "id": id, "admin_graphql_api_id": name("LineItem", id), "sku": "A", "title": "Mug",
        "quantity": units, "current_quantity": left, "fulfillable_quantity": left, "price": price,
        "gift_card": false, "requires_shipping": true, "fulfillment_status": null,
        "discount_allocations": [], "tax_lines": [] })
}

/// Money that went back; for two mugs that were taken out, or for nothing.
fn refund(order: usize, number: usize, amount: &str, mugs: u32) -> Value {
    let line_item = json!({ "admin_graphql_api_id": name("LineItem", order * 10 + 1) });
    let lines = json!([{ "quantity": mugs, "restock_type": "cancel", "line_item": line_item }]);
    let id = order * 10 + number;
    json!({ "id": id, "order_id": order, "created_at": "2026-11-20T00:02:00Z",
        "total_duties_set": { "shop_money": { "amount": "0.00", "currency_code": "EUR" } },
        "refund_line_items": if mugs > 0 { lines } else { json!([]) },
        "transactions": [{ "id": id, "admin_graphql_api_id": name("OrderTransaction", id),
            "kind": "refund", "status": "success", "amount": amount, "currency": "EUR",
            "processed_at": "2026-11-20T00:02:00Z" }] })
}

/// An order of three mugs as it is at a minute of the night, paid or not; two of them taken out, or none.
fn order(number: usize, minute: u32, status: &str, refunds: &[Value]) -> Value {
    let left = if refunds.is_empty() { 3 } else { 1 };
    json!({ "id": number, "admin_graphql_api_id": name("Order", number), "name": format!("#{number}"),
        "created_at": "2026-11-20T00:00:00Z", "updated_at": format!("2026-11-20T00:{minute:02}:00Z"),
        "cancelled_at": null, "currency": "EUR", "taxes_included": true, "test": false,
        "total_price": "60.00", "financial_status": status,
        "total_outstanding": if status == "pending" { "60.00" } else { "0.00" },
        "shipping_address": { "name": "Ada Example", "address1": "Chausseestr. 1", "zip": "10115",
            "city": "Berlin", "country_code": "DE" },
        "line_items": [line(number, 1, 3, left, "20.00")], "shipping_lines": [],
        "refunds": refunds })
}

/// What a shop says of an order that was changed and goes on.
fn changed(number: usize) -> [Webhook; 6] {
    let refunds = [refund(number, 1, "40.00", 2)];
    let cut = order(number, 3, "partially_refunded", &refunds);
    let mut edited = order(number, 4, "partially_refunded", &refunds);
    edited["line_items"] = json!([cut["line_items"][0], line(number, 2, 1, 1, "7.00")]);
    edited["total_price"] = "67.00".into();
    let mut moved = edited.clone();
    moved["updated_at"] = "2026-11-20T00:05:00Z".into();
    moved["shipping_address"]["address1"] = "Friedrichstr. 2".into();
    let [refund] = refunds;
    [
        ("orders/create", order(number, 0, "pending", &[])),
        ("orders/paid", order(number, 1, "paid", &[])),
        ("orders/updated", cut),
        ("refunds/create", refund),
        ("orders/edited", edited),
        ("orders/updated", moved),
    ]
}

/// What a shop says of an order that was cut and then cancelled.
fn cancelled(number: usize) -> [Webhook; 6] {
    let refunds = [refund(number, 1, "40.00", 2), refund(number, 2, "20.00", 0)];
    let cut = order(number, 3, "partially_refunded", &refunds[..1]);
    let mut over = order(number, 5, "refunded", &refunds);
    over["cancelled_at"] = "2026-11-20T00:05:00Z".into();
    let [first, second] = refunds;
    [
        ("orders/create", order(number, 0, "pending", &[])),
        ("orders/paid", order(number, 1, "paid", &[])),
        ("orders/updated", cut),
        ("refunds/create", first),
        ("refunds/create", second),
        ("orders/cancelled", over),
    ]
}

fn orders_of_six() -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for place in 0..6 {
        let longer = all.iter().flat_map(|known: &Vec<usize>| {
            (0..=known.len()).map(move |at| {
                let mut longer = known.clone();
                longer.insert(at, place);
                longer
            })
        });
        all = longer.collect();
    }
    all
}

async fn hear(hall: &Hall, shop: &dyn SalesConnector, webhook: &Webhook) {
    let (topic, body) = webhook;
    let mut headers = HeaderMap::new();
    headers.insert("x-shopify-topic", HeaderValue::from_static(topic));
    let body = body.to_string();
    let items = shop.read(&RawRequest {
        headers: &headers,
        body: body.as_bytes(),
        url: "",
        received_at: midnight(),
    });
    let webhook = delivery("sales/web", &body, items);
    hall.shelf.put(&webhook);
    hall.hub.inbound(webhook).await.expect("taken");
}

/// What counts of an order in the end.
#[derive(Debug, PartialEq)]
struct End {
    stage: Stage,
    open: BTreeMap<String, Quantity>,
    taken: Money,
    given: Money,
    due: Money,
    holds: Vec<String>,
    street: Option<String>,
}

async fn end(hall: &Hall, id: OrderId) -> End {
    let order: Order = hall.order(id).await;
    let mut open: BTreeMap<String, Quantity> = BTreeMap::new();
    for number in order
        .line_numbers()
        .filter(|line| !order.open(*line).is_zero())
    {
        let name = order.line_at_channel(number).expect("the shop's");
        let there = open.entry(name.to_owned()).or_default();
        *there = there.plus(order.open(number));
    }
    let sum =
        |of: fn(&Tender) -> Money| Money::sum(order.draft.currency, order.tenders.iter().map(of));
    let private = hall.twin.private(id).await.expect("it answers");
    let ship_to = private.and_then(|private| private.ship_to);
    End {
        stage: order.stage,
        open: open
            .into_iter()
            .map(|(line, units)| (line[line.len() - 1..].to_owned(), units))
            .collect(),
        taken: sum(Tender::captured_sum),
        given: sum(Tender::refunded_sum),
        due: order.due_at_channel(),
        holds: order.holds.iter().map(|hold| hold.reason.clone()).collect(),
        street: ship_to.and_then(|to| to.lines.first().cloned()),
    }
}

/// How orders end of which a shop says six things, in all orders; every other one says all of it twice, and every
/// third waits between.
async fn ends(said: fn(usize) -> [Webhook; 6]) -> End {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 1_000_000).await;
    let shop = connect(
        "shopify",
        &Settings::new("web".into()).with_secrets("secrets", ["s"]),
    );
    let shop = shop.expect("a connection");
    let all = orders_of_six();
    assert_eq!(all.len(), 720);
    for (number, places) in (1_001..).zip(&all) {
        let webhooks = said(number);
        for place in places {
            for _ in 0..=number % 2 {
                hear(&hall, &*shop, &webhooks[*place]).await;
            }
            if number % 3 == 0 {
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
        if number % 4 == 0 {
            hear(&hall, &*shop, &webhooks[places[0]]).await;
        }
    }
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert!(hall.twin.kept().is_empty(), "{:?}", hall.twin.kept().len());
    let mut seen = None;
    for (number, places) in (1_001..).zip(&all) {
        let external = number.to_string();
        let found = hall.twin.journal().find(channel(), &external).await;
        let order = found.expect("it answers").expect("it came");
        let end = end(&hall, order).await;
        match &seen {
            None => seen = Some(end),
            Some(first) => assert_eq!(*first, end, "{number}: {places:?}"),
        }
    }
    seen.expect("an end")
}

#[tokio::test(start_paused = true)]
async fn an_order_that_a_shop_changes_ends_the_same_in_all_720_orders_of_its_webhooks() {
    let end = ends(changed).await;
    let one = Quantity::units(1);
    let open = BTreeMap::from([("1".to_owned(), one), ("2".to_owned(), one)]);
    assert_eq!((end.stage, end.open), (Stage::Fulfilling, open));
    assert_eq!((end.taken, end.given), (euros("67"), euros("40")));
    assert_eq!(end.due, euros("0"));
    assert_eq!(end.holds, Vec::<String>::new());
    assert_eq!(end.street.as_deref(), Some("Friedrichstr. 2"));
}

#[tokio::test(start_paused = true)]
async fn an_order_that_a_shop_cancels_ends_the_same_in_all_720_orders_of_its_webhooks() {
    let end = ends(cancelled).await;
    assert_eq!((end.stage, end.open), (Stage::Cancelled, BTreeMap::new()));
    assert_eq!((end.taken, end.given), (euros("60"), euros("60")));
    assert_eq!(end.due, euros("0"));
    assert_eq!(end.holds, Vec::<String>::new());
}
