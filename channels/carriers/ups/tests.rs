//! The connector from outside: alerts, look-ups, and every call against a stand-in of UPS.

mod calls;
mod goods;
mod inbound;
mod repeats;

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::LabelEvidence;
use serde_json::json;
use wiremock::{MockServer, ResponseTemplate};

use crate::carriers::buying::{
    self, NAME, NOWHERE, answering_with_key, headers, json_of, ok, parcel, to_durham as call,
};
use crate::carriers::{CarrierConnector, connect};
use crate::port::{Forged, Inbound, RawRequest};
use crate::settings::Settings;

const NUMBER: &str = "1Z0WN0000300000001";
const TOKEN: &str = "/security/v1/oauth/token";
const SHIP: &str = "/api/shipments/v2403/ship";
const VOID: &str = "/api/shipments/v2403/void/cancel/1Z0WN0000300000001";
const RECOVER: &str = "/api/labels/v1/recovery";
const TRACK: &str = "/api/track/v1/details/1Z0WN0000300000001";
const ALERTS: &str = "/api/track/v1/subscription/standard/package";
const HERE: &str = "https://hub.example.com/v1/hooks/ups";
const TRACKING: &str = include_str!("fixtures/tracking.json");
const ALERT: &str = include_str!("fixtures/alert.json");
const SHIPPED: &str = include_str!("fixtures/shipped.json");
const RECOVERED: &str = include_str!("fixtures/recovered.json");

fn settings(base_url: &str) -> Settings {
    let mut settings = Settings::new("ups".into())
        .with_text("client_id", "own-app")
        .with_secrets("client_secret", ["own-app-key"])
        .with_text("account_number", "0WN000")
        .with_text("service", "03")
        .with_secrets("webhook_tokens", ["a-newer-word", "an-older-word"]);
    settings.base_url = Some(base_url.to_owned());
    settings.timeout = Duration::from_secs(1);
    settings
}

fn carrier(base_url: &str) -> Arc<dyn CarrierConnector> {
    connect("ups", &settings(base_url)).expect("a connection")
}

/// One that wants its parcels followed.
fn following(base_url: &str) -> Arc<dyn CarrierConnector> {
    let settings = settings(base_url).with_text("webhook_url", HERE);
    connect("ups", &settings).expect("a connection")
}

fn bought() -> LabelEvidence {
    let usd = Currency::from_code("USD").expect("a currency");
    LabelEvidence::Bought {
        service: Some("03".to_owned()),
        account: "ups".into(),
        carrier: "ups".to_owned(),
        tracking_number: NUMBER.to_owned(),
        reference: NUMBER.to_owned(),
        label_url: Some("https://www.ups.com/own/label?loc=en_US".to_owned()),
        cost: Money::from_minor(985, usd),
    }
}

fn request<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> RawRequest<'a> {
    RawRequest {
        headers,
        body,
        url: HERE,
        received_at: Timestamp::UNIX_EPOCH,
    }
}

fn read(pairs: &[(&str, &str)], body: &[u8]) -> Vec<Inbound> {
    carrier(NOWHERE).read(&request(&headers(pairs), body))
}

fn verify(pairs: &[(&str, &str)]) -> Result<(), Forged> {
    carrier(NOWHERE).verify(&request(&headers(pairs), ALERT.as_bytes()))
}

/// A refusal as UPS words it.
fn problem(status: u16, code: &str) -> ResponseTemplate {
    let errors = json!({"response": {"errors": [{"code": code, "message": "Jane has no door"}]}});
    ResponseTemplate::new(status).set_body_json(errors)
}

/// A stand-in that hands out keys, answers these (verb, path), and 404 to everything else.
async fn answering(answers: Vec<(&str, &str, ResponseTemplate)>) -> MockServer {
    let key = json!({"token_type": "Bearer", "access_token": "own-key", "expires_in": "14399"});
    answering_with_key(TOKEN, &key, answers).await
}

/// The (verb, path) of every request after the one for a key, in their order.
async fn asked(server: &MockServer) -> Vec<String> {
    let mut asked = buying::asked(server).await;
    asked.retain(|one| !one.ends_with(TOKEN));
    asked
}
