//! The connector from outside: pushes, look-ups, and every call against a stand-in of FedEx.

mod calls;
mod goods;
mod inbound;

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::LabelEvidence;
use serde_json::json;
use wiremock::{MockServer, ResponseTemplate};

use crate::carriers::buying::{
    NAME, NOWHERE, answering_with_key, headers, json_of, ok, parcel, to_durham as call,
};
use crate::carriers::{CarrierConnector, connect};
use crate::port::{Inbound, RawRequest};
use crate::settings::Settings;

const NUMBER: &str = "794000000001";
const TOKEN: &str = "/oauth/token";
const SHIP: &str = "/ship/v1/shipments";
const CANCEL: &str = "/ship/v1/shipments/cancel";
const TRACK: &str = "/track/v1/trackingnumbers";
const TRACKING: &str = include_str!("fixtures/tracking.json");
const SHIPPED: &str = include_str!("fixtures/shipped.json");

fn settings(base_url: &str) -> Settings {
    let mut settings = Settings::new("fedex".into())
        .with_text("client_id", "own-app")
        .with_secrets("client_secret", ["own-app-key"])
        .with_text("account_number", "700000001")
        .with_text("service", "FEDEX_GROUND")
        .with_secrets("webhook_secrets", ["a-newer-secret", "an-older-secret"]);
    settings.base_url = Some(base_url.to_owned());
    settings.timeout = Duration::from_secs(1);
    settings
}

fn carrier(base_url: &str) -> Arc<dyn CarrierConnector> {
    connect("fedex", &settings(base_url)).expect("a connection")
}

fn bought() -> LabelEvidence {
    let usd = Currency::from_code("USD").expect("a currency");
    LabelEvidence::Bought {
        service: Some("FEDEX_GROUND".to_owned()),
        account: "fedex".into(),
        carrier: "fedex".to_owned(),
        tracking_number: NUMBER.to_owned(),
        reference: NUMBER.to_owned(),
        label_url: Some("https://labels.example.com/document/v2/own".to_owned()),
        cost: Money::from_minor(985, usd),
    }
}

fn request<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> RawRequest<'a> {
    RawRequest {
        headers,
        body,
        url: "https://hub.example.com/v1/hooks/carriers/fedex",
        received_at: Timestamp::UNIX_EPOCH,
    }
}

fn read(pairs: &[(&str, &str)], body: &[u8]) -> Vec<Inbound> {
    carrier(NOWHERE).read(&request(&headers(pairs), body))
}

/// A refusal as FedEx words it.
fn problem(status: u16, code: &str) -> ResponseTemplate {
    let errors =
        json!({"transactionId": "own", "errors": [{"code": code, "message": "Jane has no door"}]});
    ResponseTemplate::new(status).set_body_json(errors)
}

/// A stand-in that hands out keys, answers these (verb, path), and 404 to everything else.
async fn answering(answers: Vec<(&str, &str, ResponseTemplate)>) -> MockServer {
    let key = json!({"access_token": "own-key", "token_type": "bearer", "expires_in": 3599, "scope": "CXS"});
    answering_with_key(TOKEN, &key, answers).await
}
