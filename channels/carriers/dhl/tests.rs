//! The connector from outside: pushes, look-ups, and every call against a stand-in of DHL.

mod calls;
mod goods;
mod inbound;

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use orderhub_domain::canonical::Address;
use orderhub_domain::order::LabelEvidence;
use serde_json::json;
use wiremock::{MockServer, ResponseTemplate};

use crate::carriers::buying::{
    NAME, NOWHERE, answering_with_key, headers, json_of, label, ok, parcel,
};
use crate::carriers::{CarrierConnector, LabelCall, connect};
use crate::port::{Forged, Inbound, RawRequest};
use crate::settings::Settings;

const NUMBER: &str = "00340000000000000001";
const TOKEN: &str = "/parcel/de/account/auth/ropc/v1/token";
const ORDERS: &str = "/parcel/de/shipping/v2/orders";
const TRACK: &str = "/track/shipments";
const TRACKING: &str = include_str!("fixtures/tracking.json");
const PUSH: &str = include_str!("fixtures/push.json");
const ORDERED: &str = include_str!("fixtures/ordered.json");

fn settings(base_url: &str) -> Settings {
    let mut settings = Settings::new("dhl".into())
        .with_secrets("api_key", ["own-api-key"])
        .with_secrets("api_secret", ["own-api-secret"])
        .with_text("username", "own-user")
        .with_secrets("password", ["own-user-word"])
        .with_text("billing_number", "33333333330102")
        .with_text("product", "V01PAK")
        .with_secrets("webhook_tokens", ["a-newer-word", "an-older-word"]);
    settings.base_url = Some(base_url.to_owned());
    settings.timeout = Duration::from_secs(1);
    settings
}

fn carrier(base_url: &str) -> Arc<dyn CarrierConnector> {
    connect("dhl", &settings(base_url)).expect("a connection")
}

fn call() -> LabelCall {
    let to = Address {
        name: Some("Jane Doe".to_owned()),
        company: Some("Own GmbH".to_owned()),
        lines: ["Own Street 1", "Floor 2", "Door 3"]
            .map(str::to_owned)
            .to_vec(),
        city: Some("Dresden".to_owned()),
        postcode: Some("01067".to_owned()),
        country: Some("DE".to_owned()),
        ..Address::default()
    };
    let from = Address {
        name: Some("Own Shop".to_owned()),
        lines: vec!["Yard 9".to_owned(), "Gate 4".to_owned()],
        city: Some("Wien".to_owned()),
        country: Some("AT".to_owned()),
        phone: Some("+43 1 0100".to_owned()),
        ..Address::default()
    };
    label(to, from)
}

fn bought() -> LabelEvidence {
    LabelEvidence::Bought {
        service: Some("V01PAK".to_owned()),
        account: "dhl".into(),
        carrier: "dhl".to_owned(),
        tracking_number: NUMBER.to_owned(),
        reference: NUMBER.to_owned(),
        label_url: Some(
            "https://labels.example.com/parcel/de/shipping/v2/labels?token=own".to_owned(),
        ),
        cost: None,
    }
}

fn request<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> RawRequest<'a> {
    RawRequest {
        headers,
        body,
        url: "https://hub.example.com/v1/hooks/dhl",
        received_at: Timestamp::UNIX_EPOCH,
    }
}

fn read(pairs: &[(&str, &str)], body: &[u8]) -> Vec<Inbound> {
    carrier(NOWHERE).read(&request(&headers(pairs), body))
}

fn verify(pairs: &[(&str, &str)]) -> Result<(), Forged> {
    carrier(NOWHERE).verify(&request(&headers(pairs), PUSH.as_bytes()))
}

/// A refusal of the shipment as DHL words it.
fn problem(status: u16, property: &str) -> ResponseTemplate {
    let refused = json!({
        "status": { "title": "Bad Request", "statusCode": status, "detail": "1 of 1 shipment failed." },
        "items": [{
            "sstatus": { "title": "Bad Request", "statusCode": status },
            "validationMessages": [
                { "property": "shipper.city", "validationMessage": "Odd", "validationState": "Warning" },
                { "property": property, "validationMessage": "Jane has no door", "validationState": "Error" },
            ],
        }],
    });
    ResponseTemplate::new(status).set_body_json(refused)
}

/// A stand-in that hands out keys, answers these (verb, path), and 404 to everything else.
async fn answering(answers: Vec<(&str, &str, ResponseTemplate)>) -> MockServer {
    let key = json!({"access_token": "own-key", "token_type": "Bearer", "expires_in": 1799});
    answering_with_key(TOKEN, &key, answers).await
}
