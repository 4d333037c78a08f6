//! The connector from outside: what it takes to start, and how it asks for its key.

mod back;
mod hooks;
mod offer;
mod orders;
mod poll;

use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::json;
use wiremock::matchers::{body_string_contains, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::port::RawRequest;
use crate::sales::{SalesConnector, connect};
use crate::settings::{ConfigError, Mode, Settings};

const TOKEN: &str = "own-verification-token_0123456789";

fn settings() -> Settings {
    Settings::new("ebay-de".into())
        .with_text("client_id", "own-app-id")
        .with_secrets("client_secret", ["own-cert-id"])
        .with_secrets("refresh_token", ["v^1.1#own"])
}

fn seller() -> Arc<dyn SalesConnector> {
    connect("ebay", &settings()).expect("a connection")
}

/// A stand-in for eBay that hands out one key, and a connection that calls it.
async fn calling() -> (MockServer, Arc<dyn SalesConnector>) {
    calling_with(settings()).await
}

async fn calling_with(mut settings: Settings) -> (MockServer, Arc<dyn SalesConnector>) {
    let server = MockServer::start().await;
    let key = json!({ "access_token": "v^1.1#key", "expires_in": 7200, "token_type": "User Access Token" });
    Mock::given(method("POST"))
        .and(path("/identity/v1/oauth2/token"))
        // own-app-id:own-cert-id
        .and(header(
            "authorization",
            "Basic b3duLWFwcC1pZDpvd24tY2VydC1pZA==",
        ))
        .and(body_string_contains("grant_type=refresh_token"))
        .and(body_string_contains("refresh_token=v%5E1.1%23own"))
        .respond_with(ResponseTemplate::new(200).set_body_json(key))
        .mount(&server)
        .await;
    settings.base_url = Some(server.uri());
    let connector = connect("ebay", &settings).expect("a connection");
    (server, connector)
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, value.parse().expect("a header"))
        })
        .collect()
}

fn stated() -> HeaderMap {
    headers(&[("orderhub-stated", "order")])
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
fn half_of_a_destination_or_a_token_that_ebay_refuses_does_not_start() {
    let endpoint = "https://hub.example/v1/hooks/sales/ebay-de";
    for (settings, named) in [
        (
            settings().with_secrets("verification_token", [TOKEN]),
            "endpoint",
        ),
        (
            settings().with_text("endpoint", endpoint),
            "verification_token",
        ),
        (
            settings()
                .with_text("endpoint", endpoint)
                .with_secrets("verification_token", ["too-short"]),
            "verification_token",
        ),
    ] {
        let refused = connect("ebay", &settings).err().expect("an error");
        assert!(
            matches!(&refused, ConfigError::BadSetting { key, .. } if *key == named),
            "{refused}"
        );
    }
}

#[test]
fn it_is_live_unless_told() {
    assert!(seller().is_live());
    let mut test = settings();
    test.mode = Some(Mode::Test);
    assert!(!connect("ebay", &test).expect("a connection").is_live());
}
