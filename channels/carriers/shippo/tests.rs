//! The connector from outside: who is believed, tracks, and every call against a stand-in of Shippo.

mod calls;
mod goods;
mod inbound;
mod repeats;
mod trust;

use std::sync::Arc;
use std::time::Duration;

use orderhub_domain::canonical::Address;
use orderhub_domain::ids::ParcelId;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::carriers::{CarrierConnector, Goods, LabelCall, connect};
use crate::settings::Settings;

const NOWHERE: &str = "http://127.0.0.1:9";
const FULFILMENT: &str = "ful_0199f3c8a2b17def8a6b1c2d3e4f5061_1";
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
            lines: vec![
                "1 Own Street".to_owned(),
                "Floor 2".to_owned(),
                "Door 3".to_owned(),
            ],
            city: Some("Berlin".to_owned()),
            postcode: Some("01067".to_owned()),
            country: Some("DE".to_owned()),
            ..Address::default()
        },
        from: Address::default(),
        goods: Goods {
            weight_g: 500,
            ..Goods::default()
        },
    }
}

fn changed(text: &str, changes: Value) -> Value {
    let mut whole: Value = serde_json::from_str(text).expect("JSON");
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        whole[name] = value;
    }
    whole
}

fn shipment(changes: Value) -> Value {
    changed(include_str!("fixtures/shipment.json"), changes)
}

fn transaction(changes: Value) -> Value {
    changed(include_str!("fixtures/transaction.json"), changes)
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// A refusal as Shippo words it.
fn problem(status: u16) -> ResponseTemplate {
    let error = json!({"rate": ["Jane has no rate."]});
    ResponseTemplate::new(status).set_body_json(error)
}

/// A stand-in that answers these (verb, path) and 404 to everything else.
async fn answering(answers: Vec<(&str, String, ResponseTemplate)>) -> MockServer {
    let server = MockServer::start().await;
    for (verb, at, answer) in answers {
        Mock::given(method(verb))
            .and(path(at))
            .respond_with(answer)
            .mount(&server)
            .await;
    }
    server
}
