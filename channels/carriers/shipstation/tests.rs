//! The connector from outside: webhooks, look-ups, and every call against a stand-in of ShipStation.

mod calls;
mod goods;
mod hooks;
mod repeats;
mod state;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::LabelEvidence;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::carriers::buying::{
    FULFILMENT, NOWHERE, answering, asked, changed, headers, ok, parcel, to_berlin as call,
};
use crate::carriers::{CarrierConnector, connect};
use crate::port::{Inbound, RawRequest};
use crate::settings::Settings;

const SHIPMENT: &str = "/v2/shipments/se-own-9";
const RATES: &str = "/v2/rates";
const BUY: &str = "/v2/labels/rates/se-rate-2";
const LABELS: &str = "/v2/labels";
const LABEL: &str = "/v2/labels/se-own-1";
const VOID: &str = "/v2/labels/se-own-1/void";
const TRACK: &str = "/v2/labels/se-own-1/track";
const TRACKING: &str = include_str!("fixtures/tracking.json");

fn settings(base_url: &str) -> Settings {
    let mut settings = Settings::new("shipstation".into())
        .with_secrets("api_key", ["own-api-key"])
        .with_text("carrier_ids", "se-1, se-2");
    settings.base_url = Some(base_url.to_owned());
    settings.timeout = Duration::from_millis(400);
    settings
}

fn carrier(base_url: &str) -> Arc<dyn CarrierConnector> {
    connect("shipstation", &settings(base_url)).expect("a connection")
}

fn by_parcel() -> String {
    format!("/v2/shipments/external_shipment_id/{FULFILMENT}")
}

fn read(pairs: &[(&str, &str)], body: &[u8]) -> Inbound {
    let read = carrier(NOWHERE).read(&RawRequest {
        headers: &headers(pairs),
        body,
        url: "",
        received_at: Timestamp::UNIX_EPOCH,
    });
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

fn rated(changes: Value) -> Value {
    let mut whole = changed(include_str!("fixtures/rated.json"), json!({}));
    let within = changed(&whole["rate_response"].to_string(), changes);
    whole["rate_response"] = within;
    whole
}

fn label(changes: Value) -> Value {
    changed(include_str!("fixtures/label.json"), changes)
}

fn shipment() -> Value {
    json!({"shipment_id": "se-own-9", "external_shipment_id": FULFILMENT, "shipment_status": "pending"})
}

fn bought() -> LabelEvidence {
    let usd = Currency::from_code("USD").expect("a currency");
    LabelEvidence::Bought {
        service: Some("own_ground".to_owned()),
        account: "shipstation".into(),
        carrier: "own_post".to_owned(),
        tracking_number: "OWN0001".to_owned(),
        reference: "se-own-1".to_owned(),
        label_url: Some("https://labels.example.com/1.pdf".to_owned()),
        cost: Money::from_minor(985, usd),
    }
}

/// A refusal as ShipStation words it.
fn problem(status: u16, code: &str) -> ResponseTemplate {
    let error = json!({"request_id": "own", "errors": [{"error_source": "shipstation",
        "error_type": "validation", "error_code": code, "message": "Jane has no door"}]});
    ResponseTemplate::new(status).set_body_json(error)
}
