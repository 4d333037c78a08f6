//! The connector from outside: alerts, look-ups, and every call against a stand-in of UPS.

mod calls;
mod goods;
mod inbound;
mod repeats;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use orderhub_domain::canonical::Address;
use orderhub_domain::ids::ParcelId;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::LabelEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::carriers::{CarrierConnector, Goods, LabelCall, connect};
use crate::port::{Forged, Inbound, RawRequest};
use crate::settings::Settings;

const NOWHERE: &str = "http://127.0.0.1:9";
const FULFILMENT: &str = "ful_0199f3c8a2b17def8a6b1c2d3e4f5061_1";
/// What the parcel is called at UPS: computed apart from this code.
const NAME: &str = "03EV8KEJ4XGVR3600OE08ZOTD00010001";
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

fn parcel() -> ParcelId {
    ParcelId {
        fulfilment: FULFILMENT.parse().expect("a fulfilment id"),
        number: 1,
    }
}

fn call() -> LabelCall {
    LabelCall {
        readdressed: false,
        parcel: parcel(),
        to: Address {
            name: Some("Jane Doe".to_owned()),
            company: Some("Own Ltd".to_owned()),
            lines: ["1 Own Street", "Floor 2", "Door 3", "Ring twice"]
                .map(str::to_owned)
                .to_vec(),
            city: Some("Durham".to_owned()),
            postcode: Some("01067".to_owned()),
            region: Some("NC".to_owned()),
            country: Some("US".to_owned()),
            phone: Some("+1 555 0100".to_owned()),
        },
        from: Address {
            name: Some("Own Shop".to_owned()),
            country: Some("US".to_owned()),
            ..Address::default()
        },
        goods: Goods {
            weight_g: 500,
            ..Goods::default()
        },
    }
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

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let name: HeaderName = name.parse().expect("a name");
        headers.insert(name, HeaderValue::from_str(value).expect("a value"));
    }
    headers
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

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// A refusal as UPS words it.
fn problem(status: u16, code: &str) -> ResponseTemplate {
    let errors = json!({"response": {"errors": [{"code": code, "message": "Jane has no door"}]}});
    ResponseTemplate::new(status).set_body_json(errors)
}

/// A stand-in that hands out keys, answers these (verb, path), and 404 to everything else.
async fn answering(answers: Vec<(&str, &str, ResponseTemplate)>) -> MockServer {
    let server = MockServer::start().await;
    let key = json!({"token_type": "Bearer", "access_token": "own-key", "expires_in": "14399"});
    let mut all = vec![("POST", TOKEN, ok(&key))];
    all.extend(answers);
    for (verb, at, answer) in all {
        Mock::given(method(verb))
            .and(path(at))
            .respond_with(answer)
            .mount(&server)
            .await;
    }
    server
}

/// The (verb, path) of every request after the one for a key, in their order.
async fn asked(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.expect("recorded");
    let asked = requests.iter();
    let asked = asked.map(|request| format!("{} {}", request.method, request.url.path()));
    asked.filter(|one| !one.ends_with(TOKEN)).collect()
}
