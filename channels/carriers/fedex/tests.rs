//! The connector from outside: pushes, look-ups, and every call against a stand-in of FedEx.

mod calls;
mod goods;
mod inbound;

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
use crate::port::{Inbound, RawRequest};
use crate::settings::Settings;

const NOWHERE: &str = "http://127.0.0.1:9";
const FULFILMENT: &str = "ful_0199f3c8a2b17def8a6b1c2d3e4f5061_1";
/// What the parcel is called at FedEx: computed apart from this code.
const NAME: &str = "03EV8KEJ4XGVR3600OE08ZOTD00010001";
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
        service: Some("FEDEX_GROUND".to_owned()),
        account: "fedex".into(),
        carrier: "fedex".to_owned(),
        tracking_number: NUMBER.to_owned(),
        reference: NUMBER.to_owned(),
        label_url: Some("https://labels.example.com/document/v2/own".to_owned()),
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
        url: "https://hub.example.com/v1/hooks/carriers/fedex",
        received_at: Timestamp::UNIX_EPOCH,
    }
}

fn read(pairs: &[(&str, &str)], body: &[u8]) -> Vec<Inbound> {
    carrier(NOWHERE).read(&request(&headers(pairs), body))
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// A refusal as FedEx words it.
fn problem(status: u16, code: &str) -> ResponseTemplate {
    let errors =
        json!({"transactionId": "own", "errors": [{"code": code, "message": "Jane has no door"}]});
    ResponseTemplate::new(status).set_body_json(errors)
}

/// A stand-in that hands out keys, answers these (verb, path), and 404 to everything else.
async fn answering(answers: Vec<(&str, &str, ResponseTemplate)>) -> MockServer {
    let server = MockServer::start().await;
    let key = json!({"access_token": "own-key", "token_type": "bearer", "expires_in": 3599, "scope": "CXS"});
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
