//! A double of EasyPost: shipments that can be bought once, refunds of labels, tracker webhooks.
//!
//! Like the vendor it does *not* recognise a repeated `reference`: who creates and buys twice has
//! bought two labels, and the book says so.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};

use http::Method;
use serde_json::{Value, json};

use super::easypost_wire::{self as wire, Shipment, Sighting};
use super::faults::{Call, Faults};
use super::post::Post;
use super::server::{self, Answer, Asked, Double, Switch};
use super::signing;

/// The key that the hub must show; its prefix marks test mode.
pub(crate) const API_KEY: &str = "EZTKorderhubscenarios";
/// The secret of the webhook endpoint, as an operator types it.
pub(crate) const WEBHOOK_SECRET: &str = "caf\u{e9}-scenarios";
/// The same secret in the form that the vendor signs with.
const WEBHOOK_KEY: &str = "cafe\u{301}-scenarios";

/// A label in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    /// The fulfilment that it was bought for.
    pub(crate) reference: String,
    pub(crate) tracking_code: String,
    /// The address on it.
    pub(crate) to: Value,
    /// It was given back afterwards.
    pub(crate) refunded: bool,
}

#[derive(Default)]
struct State {
    shipments: Vec<Shipment>,
    labels: Vec<Label>,
    events: usize,
    unexpected: Vec<String>,
}

/// The double.
pub(crate) struct EasyPost {
    pub(crate) url: String,
    pub(crate) switch: Switch,
    pub(crate) faults: Faults,
    pub(crate) post: Arc<Post>,
    state: Mutex<State>,
}

impl EasyPost {
    /// Starts a double that tells `webhook_url` what happens.
    pub(crate) async fn start(webhook_url: String) -> Arc<Self> {
        let (listener, addr) = server::listen().await;
        let sign = Box::new(|body: &[u8]| {
            vec![("x-hmac-signature", signing::easypost(WEBHOOK_KEY, body))]
        });
        let (switch, served) = server::switch();
        let double = Arc::new(Self {
            url: format!("http://{addr}"),
            switch,
            faults: Faults::default(),
            post: Post::new(webhook_url, sign),
            state: Mutex::default(),
        });
        server::serve(listener, served, double.clone());
        double
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Every label that was ever bought, in order.
    pub(crate) fn labels(&self) -> Vec<Label> {
        self.state().labels.clone()
    }

    /// The labels bought for one order's fulfilments.
    pub(crate) fn labels_of(&self, order: &str) -> Vec<Label> {
        let prefix = fulfilment_prefix(order);
        let mut labels = self.labels();
        labels.retain(|label| label.reference.starts_with(&prefix));
        labels
    }

    /// Calls that the vendor does not have.
    pub(crate) fn unexpected(&self) -> Vec<String> {
        self.state().unexpected.clone()
    }

    /// The body of a webhook that tells these sightings of a parcel.
    pub(crate) fn sighted(&self, tracking: &str, sightings: &[Sighting]) -> String {
        let mut state = self.state();
        state.events += 1;
        wire::tracker_updated(state.events, tracking, sightings).to_string()
    }

    async fn respond(self: Arc<Self>, asked: Asked) -> Answer {
        let shown = asked.header("authorization").unwrap_or_default();
        if shown != basic(API_KEY) && shown != format!("Bearer {API_KEY}") {
            let body = wire::error("APIKEY.INACTIVE", "This api key is no longer active.");
            return Some(server::json(401, &body));
        }
        let Some((call, id)) = classify(&asked) else {
            let line = format!("{} {}", asked.method, asked.path);
            self.state().unexpected.push(line);
            let body = wire::error("NOT_FOUND", "The requested resource could not be found.");
            return Some(server::json(404, &body));
        };
        if let Some(refusal) = self.faults.before(call).await {
            return refusal;
        }
        let declined = call == Call::BuyLabel && self.faults.declines(call);
        let (status, body) = {
            let mut state = self.state();
            match call {
                Call::CreateShipment => state.create(&asked.body),
                Call::BuyLabel if declined => {
                    let reason = "The carrier refuses the address.";
                    (422, wire::error("SHIPMENT.PURCHASE.FAILURE", reason))
                }
                Call::BuyLabel => state.buy(&id, &asked.body),
                Call::VoidLabel => state.refund(&id),
                _ => state.look(&id),
            }
        };
        self.faults.after(call, server::json(status, &body)).await
    }
}

impl Double for EasyPost {
    fn answer(self: Arc<Self>, asked: Asked) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        Box::pin(self.respond(asked))
    }
}

impl State {
    fn create(&mut self, body: &[u8]) -> (u16, Value) {
        let sent: Value = serde_json::from_slice(body).unwrap_or_default();
        let shipment = &sent["shipment"];
        let weighs = shipment["parcel"]["weight"].as_f64().unwrap_or_default() > 0.0;
        if !shipment["to_address"].is_object() || !shipment["from_address"].is_object() || !weighs {
            return (
                422,
                wire::error("SHIPMENT.INVALID_PARAMS", "Unable to create shipment."),
            );
        }
        let made = Shipment {
            id: format!("shp_{:08}", self.shipments.len() + 1),
            reference: shipment["reference"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            created_at: jiff::Timestamp::now().to_string(),
            tracking_code: None,
            refund_status: None,
            to: shipment["to_address"].clone(),
            from: shipment["from_address"].clone(),
            parcel: shipment["parcel"].clone(),
        };
        let body = made.json();
        self.shipments.push(made);
        (201, body)
    }

    fn buy(&mut self, id: &str, body: &[u8]) -> (u16, Value) {
        let sent: Value = serde_json::from_slice(body).unwrap_or_default();
        let bought = self.labels.len() + 1;
        let Some(shipment) = self.find(id) else {
            return missing();
        };
        if shipment.tracking_code.is_some() {
            let message = "Postage already exists for this shipment.";
            return (422, wire::error("SHIPMENT.POSTAGE.EXISTS", message));
        }
        if sent["rate"]["id"] != json!(shipment.rate_id()) {
            return (422, wire::error("RATE.NOT_FOUND", "No rate with this id."));
        }
        let tracking_code = format!("9400{bought:014}");
        shipment.tracking_code = Some(tracking_code.clone());
        let (reference, body) = (shipment.reference.clone(), shipment.json());
        let to = shipment.to.clone();
        self.labels.push(Label {
            reference,
            tracking_code,
            to,
            refunded: false,
        });
        (200, body)
    }

    fn refund(&mut self, id: &str) -> (u16, Value) {
        let Some(shipment) = self.find(id) else {
            return missing();
        };
        let Some(tracking) = shipment.tracking_code.clone() else {
            let message = "No postage to refund.";
            return (422, wire::error("SHIPMENT.REFUND.UNAVAILABLE", message));
        };
        shipment.refund_status = Some("submitted");
        let body = shipment.json();
        let mut labels = self.labels.iter_mut();
        if let Some(label) = labels.find(|label| label.tracking_code == tracking) {
            label.refunded = true;
        }
        (200, body)
    }

    /// One shipment, or without an id the latest hundred, newest first.
    fn look(&mut self, id: &str) -> (u16, Value) {
        if id.is_empty() {
            let newest = self.shipments.iter().rev().take(100);
            let page: Vec<Value> = newest.map(Shipment::json).collect();
            return (200, json!({"shipments": page, "has_more": false}));
        }
        self.find(id)
            .map_or_else(missing, |shipment| (200, shipment.json()))
    }

    /// By id, or the newest with this reference.
    fn find(&mut self, id: &str) -> Option<&mut Shipment> {
        let mut newest_first = self.shipments.iter_mut().rev();
        newest_first.find(|shipment| shipment.id == id || shipment.reference == id)
    }
}

/// Which call a request is, and the id in its path.
fn classify(asked: &Asked) -> Option<(Call, String)> {
    let post = asked.method == Method::POST;
    let get = asked.method == Method::GET;
    match asked.segments().as_slice() {
        ["v2", "shipments"] if post => Some((Call::CreateShipment, String::new())),
        ["v2", "shipments"] if get => Some((Call::Look, String::new())),
        ["v2", "shipments", id] if get => Some((Call::Look, (*id).to_owned())),
        ["v2", "shipments", id, "buy"] if post => Some((Call::BuyLabel, (*id).to_owned())),
        ["v2", "shipments", id, "refund"] => Some((Call::VoidLabel, (*id).to_owned())),
        _ => None,
    }
}

/// How all ids of an order's fulfilments begin: `ord_x` has `ful_x_1`, `ful_x_2`, ...
pub(crate) fn fulfilment_prefix(order: &str) -> String {
    format!("{}_", order.replacen("ord_", "ful_", 1))
}

fn basic(key: &str) -> String {
    use base64::Engine;
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{key}:"));
    format!("Basic {pair}")
}

fn missing() -> (u16, Value) {
    let message = "The requested resource could not be found.";
    (404, wire::error("NOT_FOUND", message))
}
