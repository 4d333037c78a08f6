//! The connector from outside: who is believed, and with which key Walmart is asked.

mod back;
mod offer;
mod orders;
mod poll;

use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::json;
use wiremock::matchers::{body_string, header, header_exists, method, path};
use wiremock::{Mock, MockServer, Respond, ResponseTemplate};

use crate::port::{CallError, Forged, RawRequest};
use crate::sales::{SalesConnector, connect};
use crate::settings::{Mode, Settings};

const ORDER: &str = include_str!("fixtures/order.json");

fn settings(base_url: &str) -> Settings {
    let mut settings = Settings::new("market".into())
        .with_text("client_id", "own-id")
        .with_secrets("client_secret", ["own-secret"]);
    settings.base_url = Some(base_url.to_owned());
    settings
}

fn calling(base_url: &str) -> Arc<dyn SalesConnector> {
    connect("walmart", &settings(base_url)).expect("a connection")
}

fn market() -> Arc<dyn SalesConnector> {
    connect("walmart", &settings("https://sandbox.example.com")).expect("a connection")
}

fn request<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> RawRequest<'a> {
    RawRequest {
        headers,
        body,
        url: "",
        received_at: Timestamp::UNIX_EPOCH,
    }
}

/// A stand-in that hands out a key and takes calls with it.
async fn serve(market: impl Respond + 'static) -> (MockServer, Arc<dyn SalesConnector>) {
    let server = MockServer::start().await;
    let key = json!({ "access_token": "own-key", "token_type": "Bearer", "expires_in": 900 });
    Mock::given(method("POST"))
        .and(path("/v3/token"))
        .and(header("authorization", "Basic b3duLWlkOm93bi1zZWNyZXQ="))
        .and(header_exists("wm_qos.correlation_id"))
        .and(body_string("grant_type=client_credentials"))
        .respond_with(ResponseTemplate::new(200).set_body_json(key))
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(header("wm_sec.access_token", "own-key"))
        .and(header("wm_svc.name", "Walmart Marketplace"))
        .and(header_exists("wm_qos.correlation_id"))
        .respond_with(market)
        .mount(&server)
        .await;
    let connector = calling(&server.uri());
    (server, connector)
}

/// The answer of a Walmart that has nothing of the kind.
fn nothing() -> ResponseTemplate {
    let error = json!({ "code": "CONTENT_NOT_FOUND.GMP_ORDER_API", "description": "for Jane Doe" });
    ResponseTemplate::new(404).set_body_json(json!({ "errors": [error] }))
}

#[test]
fn whatever_comes_as_a_webhook_is_not_believed() {
    let none = HeaderMap::new();
    for body in [ORDER.as_bytes(), b"{}", b""] {
        let believed = market().verify(&request(&none, body));
        assert_eq!(believed, Err(Forged::Missing));
    }
}

#[test]
fn no_connection_starts_without_its_id_and_secret_and_it_is_live_unless_told() {
    let bare = Settings::new("market".into()).with_text("client_id", "own-id");
    assert!(connect("walmart", &bare).is_err());
    let bare = Settings::new("market".into()).with_secrets("client_secret", ["own-secret"]);
    assert!(connect("walmart", &bare).is_err());
    assert!(market().is_live());
    let mut sandbox = settings("https://sandbox.example.com");
    sandbox.mode = Some(Mode::Test);
    assert!(
        !connect("walmart", &sandbox)
            .expect("a connection")
            .is_live()
    );
}

#[tokio::test]
async fn without_a_key_nobody_is_asked() {
    let server = MockServer::start().await;
    Mock::given(path("/v3/token"))
        .respond_with(ResponseTemplate::new(401))
        .expect(1)
        .mount(&server)
        .await;
    let connector = calling(&server.uri());
    let poll = connector.poll().expect("a poll");
    let answer = poll.page(None, Timestamp::UNIX_EPOCH).await;
    assert!(
        matches!(answer, Err(CallError::NotDone { .. })),
        "{answer:?}"
    );
}
