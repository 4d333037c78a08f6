//! A double of a Shopify shop's Admin API: orders that it sent, what it waits for, what it was told.
//!
//! Like the vendor it takes every shipment that it is told of, as long as units are left, and
//! cancels an order once.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use super::faults::{Call, Faults};
use super::graph::{self, Root};
use super::server::{self, Answer, Asked, Double, Switch};
use super::shop_refunds::{Refund, Refunds};
use super::shop_stock::Shelf;

/// The token that the hub must show.
pub(crate) const ACCESS_TOKEN: &str = "shpat_orderhub_scenarios";

/// A shipment in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shipment {
    pub(crate) order: u64,
    pub(crate) tracking: Vec<String>,
    pub(crate) company: Option<String>,
    /// Units by line.
    pub(crate) units: BTreeMap<u64, u64>,
}

/// A cancellation in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cancellation {
    pub(crate) order: u64,
    pub(crate) reason: String,
    pub(crate) refund: bool,
}

#[derive(Default)]
struct State {
    /// Units left to ship, by order and line.
    open: BTreeMap<u64, BTreeMap<u64, u64>>,
    shipments: Vec<Shipment>,
    cancellations: Vec<Cancellation>,
    unexpected: Vec<String>,
    shelf: Shelf,
    refunds: Refunds,
}

/// The double.
pub(crate) struct Shop {
    pub(crate) url: String,
    pub(crate) switch: Switch,
    pub(crate) faults: Faults,
    state: Mutex<State>,
}

impl Shop {
    pub(crate) async fn start() -> Arc<Self> {
        let (listener, addr) = server::listen().await;
        let (switch, served) = server::switch();
        let double = Arc::new(Self {
            url: format!("http://{addr}"),
            switch,
            faults: Faults::default(),
            state: Mutex::default(),
        });
        server::serve(listener, served, double.clone());
        double
    }

    /// The shop has this order, as its webhook states it.
    pub(crate) fn has(&self, order: &Value) {
        let lines = order["line_items"].as_array().unwrap().iter();
        let units = lines.map(|line| {
            let quantity = line["quantity"].as_u64().unwrap();
            (line["id"].as_u64().unwrap(), quantity)
        });
        let id = order["id"].as_u64().unwrap();
        let units: BTreeMap<u64, u64> = units.collect();
        let mut state = self.state();
        state.refunds.sold(order, units.clone());
        state.open.insert(id, units);
    }

    /// What was given back.
    pub(crate) fn refunds(&self) -> Vec<Refund> {
        self.state().refunds.made()
    }

    pub(crate) fn shipments(&self) -> Vec<Shipment> {
        self.state().shipments.clone()
    }

    pub(crate) fn cancellations(&self) -> Vec<Cancellation> {
        self.state().cancellations.clone()
    }

    /// The shop sells a variant under this SKU, and offers so many units of it.
    pub(crate) fn sells(&self, sku: &str, units: i64) {
        self.state().shelf.sells(sku, units);
    }

    /// Every number of units of it that the shop has offered, the newest last.
    pub(crate) fn offers(&self, sku: &str) -> Vec<i64> {
        self.state().shelf.offers(sku)
    }

    /// How many changes were made from a number that was not the shop's any more.
    pub(crate) fn stale(&self) -> usize {
        self.state().shelf.stale()
    }

    /// Requests that the shop does not know.
    pub(crate) fn unexpected(&self) -> Vec<String> {
        self.state().unexpected.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    async fn respond(self: Arc<Self>, asked: Asked) -> Answer {
        if asked.header("x-shopify-access-token") != Some(ACCESS_TOKEN) {
            return Some(server::json(
                401,
                &json!({"errors": "Invalid API key or access token"}),
            ));
        }
        let versioned = matches!(
            asked.segments().as_slice(),
            ["admin", "api", version, "graphql.json"] if version.len() == 7
        );
        if !versioned {
            self.state().unexpected.push(asked.path);
            return Some(server::json(404, &json!({"errors": "Not Found"})));
        }
        let root = match graph::read(&asked.body) {
            Ok(root) => root,
            Err(errors) => {
                self.state().unexpected.push(errors.to_string());
                return Some(server::json(200, &errors));
            }
        };
        let call = match root.name.as_str() {
            "fulfillmentCreate" => Call::NoteShipment,
            "orderCancel" => Call::NoteCancellation,
            "refundCreate" => Call::Refund,
            "productVariants" => Call::Find,
            "inventorySetQuantities" => Call::Offer,
            _ => Call::Look,
        };
        if let Some(refusal) = self.faults.before(call).await {
            return refusal;
        }
        let whole = self.state().carry_out(&root);
        let answer = server::json(200, &root.answer(&whole));
        self.faults.after(call, answer).await
    }
}

impl Double for Shop {
    fn answer(self: Arc<Self>, asked: Asked) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        // What was asked is carried out, whether anybody still waits for the answer or not.
        let work = tokio::spawn(self.respond(asked));
        Box::pin(async move { work.await.unwrap() })
    }
}

impl State {
    fn carry_out(&mut self, root: &Root) -> Value {
        let id = || number(&root.arguments["id"]);
        match root.name.as_str() {
            "order" => self.order(id()),
            "fulfillment" => self.shipment(id()),
            "fulfillmentOrder" => self.work(id()),
            "fulfillmentCreate" => self.ship(&root.arguments["fulfillment"]),
            "orderCancel" => self.cancel(&root.arguments),
            "refund" => self.refunds.one(id()),
            "refundCreate" => self.give_back(&root.arguments["input"]),
            "productVariants" => self.shelf.variants(&root.arguments),
            "inventorySetQuantities" => self.shelf.set(&root.arguments["input"]),
            other => {
                self.unexpected.push(other.to_owned());
                Value::Null
            }
        }
    }

    fn order(&self, id: u64) -> Value {
        let Some(open) = self.open.get(&id) else {
            return Value::Null;
        };
        let shipments = self.shipments.iter().enumerate();
        let shipments: Vec<Value> = shipments
            .filter(|(_, shipment)| shipment.order == id)
            .map(|(place, shipment)| {
                let company = &shipment.company;
                let numbers = shipment.tracking.iter();
                let tracking = numbers.map(|number| json!({"company": company, "number": number}));
                json!({
                    "id": gid("Fulfillment", place as u64), "status": "SUCCESS",
                    "trackingInfo": tracking.collect::<Vec<_>>(),
                })
            })
            .collect();
        let done = open.values().all(|left| *left == 0);
        let status = if done { "CLOSED" } else { "OPEN" };
        let cancelled = self.cancellations.iter().any(|c| c.order == id);
        let mut whole = json!({
            "id": gid("Order", id),
            "cancelledAt": cancelled.then_some("2026-11-20T12:00:00Z"),
            "fulfillments": shipments,
            "fulfillmentOrders": page(&[json!({"id": gid("FulfillmentOrder", id), "status": status})]),
        });
        for (name, value) in self.refunds.shown(id) {
            whole[name] = value;
        }
        whole
    }

    fn give_back(&mut self, asked: &Value) -> Value {
        let (answer, unsent) = self.refunds.make(asked);
        let open = self.open.get_mut(&number(&asked["orderId"]));
        for (line, left) in open.into_iter().flatten() {
            *left -= unsent.get(line).copied().unwrap_or(0);
        }
        answer
    }

    fn shipment(&self, place: u64) -> Value {
        let Some(shipment) = self.shipments.get(usize::try_from(place).unwrap()) else {
            return Value::Null;
        };
        let lines = shipment.units.iter();
        let lines: Vec<Value> = lines
            .map(|(line, units)| {
                json!({"quantity": units, "lineItem": {"id": gid("LineItem", *line)}})
            })
            .collect();
        json!({"id": gid("Fulfillment", place), "fulfillmentLineItems": page(&lines)})
    }

    fn work(&self, order: u64) -> Value {
        let open = self.open.get(&order).cloned().unwrap_or_default();
        let lines = open.iter().map(|(line, left)| {
            json!({
                "id": gid("FulfillmentOrderLineItem", *line), "remainingQuantity": left,
                "lineItem": {"id": gid("LineItem", *line)},
            })
        });
        let lines: Vec<Value> = lines.collect();
        json!({"id": gid("FulfillmentOrder", order), "lineItems": page(&lines)})
    }

    fn ship(&mut self, shipment: &Value) -> Value {
        let work = &shipment["lineItemsByFulfillmentOrder"][0];
        let order = number(&work["fulfillmentOrderId"]);
        let refuse = |message: &str| {
            let error = json!({"field": ["fulfillment"], "message": message});
            json!({"fulfillment": null, "userErrors": [error]})
        };
        let Some(open) = self.open.get_mut(&order) else {
            return refuse("Fulfillment order does not exist.");
        };
        let mut units = BTreeMap::new();
        for line in work["fulfillmentOrderLineItems"].as_array().unwrap() {
            let quantity = line["quantity"].as_u64().unwrap();
            let left = open.get_mut(&number(&line["id"])).unwrap();
            if quantity == 0 || quantity > *left {
                return refuse("Invalid fulfillment order line item quantity requested.");
            }
            *left -= quantity;
            units.insert(number(&line["id"]), quantity);
        }
        let told = &shipment["trackingInfo"];
        let one = told["number"].as_str().map(str::to_owned);
        let several = told["numbers"].as_array().into_iter().flatten();
        let several = several.map(|number| number.as_str().unwrap().to_owned());
        self.shipments.push(Shipment {
            order,
            tracking: one.into_iter().chain(several).collect(),
            company: told["company"].as_str().map(str::to_owned),
            units,
        });
        json!({"fulfillment": {"id": gid("Fulfillment", 1)}, "userErrors": []})
    }

    fn cancel(&mut self, arguments: &serde_json::Map<String, Value>) -> Value {
        let order = number(&arguments["orderId"]);
        let known = self.cancellations.iter().any(|c| c.order == order);
        if known || !self.open.contains_key(&order) {
            let error = json!({"code": "INVALID", "field": ["orderId"], "message": "No."});
            return json!({"job": null, "orderCancelUserErrors": [error], "userErrors": []});
        }
        let refund = &arguments["refundMethod"]["originalPaymentMethodsRefund"];
        self.cancellations.push(Cancellation {
            order,
            reason: arguments["reason"].as_str().unwrap().to_owned(),
            refund: refund.as_bool().unwrap(),
        });
        let job = json!({"id": gid("Job", order), "done": false});
        json!({"job": job, "orderCancelUserErrors": [], "userErrors": []})
    }
}

pub(super) fn page(nodes: &[Value]) -> Value {
    json!({"nodes": nodes, "pageInfo": {"hasNextPage": false, "endCursor": null}})
}

pub(super) fn gid(kind: &str, id: u64) -> String {
    format!("gid://shopify/{kind}/{id}")
}

pub(super) fn number(gid: &Value) -> u64 {
    let text = gid.as_str().unwrap();
    text.rsplit('/').next().unwrap().parse().unwrap()
}
