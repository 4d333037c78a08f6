//! The connector from outside: who is believed, tracks, and every call against a stand-in of Shippo.

mod calls;
mod goods;
mod inbound;
mod repeats;
mod trust;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::carriers::buying::{
    FULFILMENT, NOWHERE, answering, changed, ok, parcel, to_berlin as call,
};
use crate::carriers::{CarrierConnector, connect};
use crate::settings::Settings;

const SHIPMENTS: &str = "/shipments/";
const TRANSACTIONS: &str = "/transactions/";
const REFUNDS: &str = "/refunds/";
const ID: &str = "915d0000000000000000000000000001";

fn settings() -> Settings {
    Settings::new("shippo".into())
        .with_secrets("api_key", ["shippo_test_own"])
        .with_text("parcel_length_cm", "30")
        .with_text("parcel_width_cm", "20")
        .with_text("parcel_height_cm", "10")
}

fn carrier(base_url: &str) -> Arc<dyn CarrierConnector> {
    let mut settings =
        settings().with_secrets("webhook_secrets", ["a-newer-secret", "an-older-secret"]);
    settings.base_url = Some(base_url.to_owned());
    settings.timeout = Duration::from_millis(400);
    connect("shippo", &settings).expect("a connection")
}

fn shipment(changes: Value) -> Value {
    changed(include_str!("fixtures/shipment.json"), changes)
}

fn transaction(changes: Value) -> Value {
    changed(include_str!("fixtures/transaction.json"), changes)
}

/// A refusal as Shippo words it.
fn problem(status: u16) -> ResponseTemplate {
    let error = json!({"rate": ["Jane has no rate."]});
    ResponseTemplate::new(status).set_body_json(error)
}
