//! The shop's Admin API, the way back: its orders with what is left to ship, what it is told of
//! shipments, cancellations and refunds, and what it can offer. It recognises no repeats: who notes a shipment twice has noted two,
//! as long as units are left. Refunds alone have a key.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::Method;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use super::graph::Root;
use super::offers::Offers;
use super::orders::{Order, Orders, Shipment};
use super::refunds;
use crate::sim::locked;
use crate::sim::server::{Asked, Peer, Reply};

/// Where the id of an order's only work order stands among the order's ids.
const WORK: u64 = 90;

/// The Admin API of a shop.
pub(super) struct Admin {
    pub(super) orders: Arc<Mutex<Orders>>,
    pub(super) offers: Arc<Mutex<Offers>>,
    pub(super) token: SecretString,
}

#[async_trait]
impl Peer for Admin {
    async fn answer(&self, asked: Asked) -> Reply {
        if asked.header("x-shopify-access-token") != Some(self.token.expose_secret()) {
            return Reply::new(401, self.error(401));
        }
        let right = matches!(
            asked.segments().as_slice(),
            ["admin", "api", _, "graphql.json"] if asked.method == Method::POST
        );
        if !right {
            return Reply::new(404, json!({"errors": "Not Found"}));
        }
        let root = match Root::read(&asked.body) {
            Ok(root) => root,
            Err(errors) => return Reply::new(200, errors),
        };
        if let Some(whole) = stock(&mut locked(&self.offers), &root) {
            return Reply::new(200, root.answer(&whole));
        }
        match carry_out(&mut locked(&self.orders), &root) {
            Ok(Some(whole)) => Reply::new(200, root.answer(&whole)),
            Ok(None) => Reply::new(200, root.unknown()),
            Err(error) => {
                tracing::error!(%error, "the book takes no line; nothing was carried out");
                Reply::new(500, self.error(500))
            }
        }
    }

    fn error(&self, status: u16) -> Value {
        let message = match status {
            401 => "[API] Invalid API key or access token",
            413 => "Request Entity Too Large",
            429 => "Exceeded 2 calls per second for api client.",
            _ => "Internal Server Error",
        };
        json!({ "errors": message })
    }
}

/// The whole object of a root field about what the shop offers; `None` when it is about something else.
fn stock(offers: &mut Offers, root: &Root) -> Option<Value> {
    match root.name.as_str() {
        "productVariants" => Some(offers.variants(&root.arguments)),
        "inventorySetQuantities" => {
            let input = root.arguments.get("input");
            Some(offers.set(input.unwrap_or(&Value::Null)))
        }
        _ => None,
    }
}

/// The whole object of a root field; `None` when the shop does not have the field.
fn carry_out(orders: &mut Orders, root: &Root) -> std::io::Result<Option<Value>> {
    let id = root.arguments.get("id").and_then(number);
    let found = || orders.find(id?);
    Ok(Some(match root.name.as_str() {
        "order" => found().map_or(Value::Null, |order| shown(&order)),
        "fulfillmentOrder" => found().map_or(Value::Null, |order| work(&order)),
        "fulfillment" => id
            .and_then(|id| shipment(&found()?, id))
            .unwrap_or_default(),
        "fulfillmentCreate" => match root.arguments.get("fulfillment") {
            Some(asked) => ship(orders, asked)?,
            None => return Ok(None),
        },
        "orderCancel" => cancel(orders, &root.arguments)?,
        "refund" => id
            .and_then(|id| refunds::one(&found()?, id))
            .unwrap_or_default(),
        "refundCreate" => match (root.arguments.get("input"), root.key.as_deref()) {
            (Some(asked), Some(key)) => refunds::make(orders, asked, key)?,
            _ => return Ok(None),
        },
        _ => return Ok(None),
    }))
}

fn shown(order: &Order) -> Value {
    let shipments = order.shipments.iter().zip(order.shipment_ids());
    let shipments: Vec<Value> = shipments
        .map(|(shipment, id)| {
            json!({
                "id": gid("Fulfillment", id), "status": "SUCCESS",
                "trackingInfo": tracking_info(shipment),
            })
        })
        .collect();
    let cancelled_at = order.cancelled_at(Timestamp::now());
    let mut whole = json!({
        "id": gid("Order", order.id), "name": format!("#{}", 1_000 + order.number),
        "cancelledAt": cancelled_at.map(|at| at.to_string()), "fulfillments": shipments,
        "fulfillmentOrders": page(&[work(order)]),
    });
    for (name, value) in refunds::shown(order) {
        whole[name] = value;
    }
    whole
}

fn work(order: &Order) -> Value {
    let open = order.open();
    let done = open.iter().all(|(_, left)| *left == 0);
    let status = match order.cancelled_at(Timestamp::now()) {
        Some(_) => "CANCELLED",
        None if done => "CLOSED",
        None => "OPEN",
    };
    let lines = open.iter().map(|(line, left)| {
        json!({
            "id": gid("FulfillmentOrderLineItem", *line), "remainingQuantity": left,
            "lineItem": {"id": gid("LineItem", *line)},
        })
    });
    let lines: Vec<Value> = lines.collect();
    json!({
        "id": gid("FulfillmentOrder", order.id + WORK), "status": status,
        "lineItems": page(&lines),
    })
}

fn shipment(order: &Order, id: u64) -> Option<Value> {
    let mut shipments = order.shipment_ids().zip(&order.shipments);
    let (_, shipment) = shipments.find(|(known, _)| *known == id)?;
    let lines = shipment.units.iter();
    let lines: Vec<Value> = lines
        .map(|(line, units)| json!({"quantity": units, "lineItem": {"id": gid("LineItem", *line)}}))
        .collect();
    Some(json!({
        "id": gid("Fulfillment", id), "status": "SUCCESS", "fulfillmentLineItems": page(&lines),
    }))
}

fn ship(orders: &mut Orders, asked: &Value) -> std::io::Result<Value> {
    let refused = |message: &str| {
        let error = json!({"field": ["fulfillment"], "message": message});
        Ok(json!({ "fulfillment": null, "userErrors": [error] }))
    };
    let work = &asked["lineItemsByFulfillmentOrder"][0];
    let order = number(&work["fulfillmentOrderId"]).and_then(|id| orders.find(id));
    let Some(order) = order else {
        return refused("Fulfillment order does not exist.");
    };
    if order.cancelled_at(Timestamp::now()).is_some() {
        return refused("Fulfillment order 1 has an unfulfillable status= cancelled.");
    }
    let open = order.open();
    let mut units: Vec<(u64, u64)> = Vec::new();
    for line in work["fulfillmentOrderLineItems"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let (id, quantity) = (number(&line["id"]), line["quantity"].as_u64());
        let fits = open.iter().find(|(known, _)| Some(*known) == id);
        let named_before = units.iter().any(|(known, _)| Some(*known) == id);
        match (fits, quantity) {
            (Some((line, left)), Some(quantity))
                if (1..=*left).contains(&quantity) && !named_before =>
            {
                units.push((*line, quantity));
            }
            _ => return refused("Invalid fulfillment order line item quantity requested."),
        }
    }
    if units.is_empty() {
        return refused("Fulfillment has no line items.");
    }
    let told = &asked["trackingInfo"];
    let mut numbers = told["numbers"].as_array().cloned().unwrap_or_default();
    if numbers.is_empty() && told["number"].is_string() {
        numbers.push(told["number"].clone());
    }
    let mut numbers = numbers
        .iter()
        .filter_map(|one| one.as_str().map(str::to_owned));
    let shipment = Shipment {
        company: told["company"].as_str().map(str::to_owned),
        tracking: numbers.next(),
        more: numbers.collect(),
        units,
    };
    let id = order.shipment_ids().nth(order.shipments.len());
    if !orders.ship(order, shipment)? {
        return refused("The order has too many fulfillments.");
    }
    let id = id.map(|id| gid("Fulfillment", id));
    Ok(json!({ "fulfillment": {"id": id, "status": "SUCCESS"}, "userErrors": [] }))
}

fn cancel(orders: &mut Orders, asked: &Map<String, Value>) -> std::io::Result<Value> {
    let refused = |code: &str, message: &str| {
        let error = json!({"code": code, "field": ["orderId"], "message": message});
        Ok(json!({ "job": null, "orderCancelUserErrors": [error], "userErrors": [error] }))
    };
    let order = asked.get("orderId").and_then(number);
    let Some(order) = order.and_then(|id| orders.find(id)) else {
        return refused("NOT_FOUND", "Order does not exist.");
    };
    if order.cancelled_at(Timestamp::now()).is_some() || !order.shipments.is_empty() {
        return refused(
            "INVALID",
            "Cannot cancel an order that is cancelled or fulfilled.",
        );
    }
    let job = gid("Job", order.id);
    let reason = asked.get("reason").and_then(Value::as_str);
    orders.cancel(order, reason.unwrap_or("OTHER"))?;
    let job = json!({"id": job, "done": false});
    Ok(json!({ "job": job, "orderCancelUserErrors": [], "userErrors": [] }))
}

/// How a shipment's parcels are followed; one entry without a number where there is none.
fn tracking_info(shipment: &Shipment) -> Value {
    let first = std::iter::once(shipment.tracking.as_deref());
    let numbers = first.chain(shipment.more.iter().map(|one| Some(one.as_str())));
    numbers
        .map(|number| json!({"company": shipment.company, "number": number}))
        .collect()
}

pub(super) fn page(nodes: &[Value]) -> Value {
    json!({ "nodes": nodes, "pageInfo": {"hasNextPage": false, "endCursor": null} })
}

pub(super) fn gid(kind: &str, id: u64) -> String {
    format!("gid://shopify/{kind}/{id}")
}

/// The number in a gid.
pub(super) fn number(gid: &Value) -> Option<u64> {
    gid.as_str()?.rsplit('/').next()?.parse().ok()
}
