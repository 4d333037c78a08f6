//! The connector from outside: who is believed, what it takes to start, and how it asks for its key.

mod back;
mod offer;
mod orders;
mod orders_v0;
mod poll;

use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::json;
use wiremock::matchers::{body_string_contains, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::port::{Forged, Inbound, RawRequest};
use crate::sales::{SalesConnector, connect};
use crate::settings::{ConfigError, Mode, Settings};

fn settings() -> Settings {
    Settings::new("amazon-de".into())
        .with_text("seller_id", "AOWN0000000001")
        .with_text("marketplaces", "A1PA6795UKMFR9")
        .with_text("client_id", "amzn1.application-oa2-client.own")
        .with_secrets("client_secret", ["own-lwa-secret"])
        .with_secrets("refresh_token", ["Atzr|own"])
}

fn seller() -> Arc<dyn SalesConnector> {
    connect("amazon", &settings()).expect("a connection")
}

/// A stand-in for the channel that hands out one key, and settings of a connection that calls it.
async fn stand_in() -> (MockServer, Settings) {
    let server = MockServer::start().await;
    let key = json!({ "access_token": "Atza|own", "token_type": "bearer", "expires_in": 3600 });
    Mock::given(method("POST"))
        .and(path("/auth/o2/token"))
        .and(body_string_contains("grant_type=refresh_token"))
        .and(body_string_contains("refresh_token=Atzr%7Cown"))
        .and(body_string_contains("client_secret=own-lwa-secret"))
        .respond_with(ResponseTemplate::new(200).set_body_json(key))
        .mount(&server)
        .await;
    let mut settings = settings();
    settings.base_url = Some(server.uri());
    (server, settings)
}

/// The stand-in, and a connection for these marketplaces.
async fn calling(marketplaces: &str) -> (MockServer, Arc<dyn SalesConnector>) {
    let (server, settings) = stand_in().await;
    let settings = settings.with_text("marketplaces", marketplaces);
    let connector = connect("amazon", &settings).expect("a connection");
    (server, connector)
}

fn stated() -> HeaderMap {
    let stated = http::HeaderName::from_static("orderhub-stated");
    HeaderMap::from_iter([(stated, http::HeaderValue::from_static("order"))])
}

fn request<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> RawRequest<'a> {
    RawRequest {
        headers,
        body,
        url: "",
        received_at: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn nobody_who_sends_something_is_believed() {
    for headers in [HeaderMap::new(), stated()] {
        let forged = seller().verify(&request(&headers, b"{}"));
        assert_eq!(forged, Err(Forged::Missing));
    }
    let none = HeaderMap::new();
    let topic = "not_stated".to_owned();
    let read = seller().read(&request(&none, b"{}"));
    assert_eq!(read, [Inbound::Unknown { topic }]);
}

#[test]
fn marketplaces_are_of_one_region_and_a_new_one_needs_an_address() {
    let with = |ids: &str| connect("amazon", &settings().with_text("marketplaces", ids));
    assert!(with("A1PA6795UKMFR9, A1F83G8C2ARO7P").is_ok());
    for ids in ["A1PA6795UKMFR9,ATVPDKIKX0DER", "ANEW", "../x", ",", " "] {
        let refused = with(ids).err().expect("an error");
        assert!(
            matches!(&refused, ConfigError::BadSetting { key, .. } if *key == "marketplaces"),
            "{ids}: {refused}"
        );
    }
    let mut newer = settings().with_text("marketplaces", "ANEW");
    newer.base_url = Some("https://sellingpartnerapi-eu.amazon.com".to_owned());
    assert!(connect("amazon", &newer).is_ok());
    let odd = settings().with_text("seller_id", "../A");
    assert!(connect("amazon", &odd).is_err());
}

#[test]
fn it_is_live_unless_told() {
    assert!(seller().is_live());
    let mut test = settings();
    test.mode = Some(Mode::Test);
    assert!(!connect("amazon", &test).expect("a connection").is_live());
    assert!(seller().look_up().is_none());
}
