//! The connector from outside: who is believed and how far, what it takes to start, and how it asks for its
//! key.

mod back;
mod offer;
mod orders;
mod poll;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Value, json};
use wiremock::matchers::{body_string_contains, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::port::{Forged, Inbound, RawRequest, Resource};
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

fn listening() -> Arc<dyn SalesConnector> {
    let settings = settings()
        .with_secrets("verification_token", [TOKEN])
        .with_text("endpoint", "https://hub.example/v1/hooks/sales/ebay-de");
    connect("ebay", &settings).expect("a connection")
}

/// A stand-in for eBay that hands out one key, and a connection that calls it.
async fn calling() -> (MockServer, Arc<dyn SalesConnector>) {
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
    let mut settings = settings();
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

fn signature(of: &Value) -> String {
    STANDARD.encode(of.to_string())
}

#[test]
fn a_notification_is_taken_as_a_word_only_when_it_has_the_form_of_one() {
    let whole = json!({ "alg": "ecdsa", "kid": "9936261a-7d7b-4621-a0f1-96ccb428af49",
        "signature": "MEYCIQCf", "digest": "SHA1" });
    let tried = |connector: &Arc<dyn SalesConnector>, pairs: &[(&'static str, &str)]| {
        connector.verify(&request(&headers(pairs), b"{}"))
    };
    let good = signature(&whole);
    let name = "x-ebay-signature";
    assert_eq!(tried(&listening(), &[(name, &good)]), Ok(()));
    assert_eq!(tried(&listening(), &[]), Err(Forged::Missing));
    // Who is not asked to listen does not.
    assert_eq!(tried(&seller(), &[(name, &good)]), Err(Forged::Missing));
    // A stranger who dresses an order up as an answer to our own question is refused.
    let dressed = [(name, good.as_str()), ("orderhub-stated", "order")];
    assert_eq!(tried(&listening(), &dressed), Err(Forged::Mismatch));
    for (member, value) in [
        ("alg", "none"),
        ("kid", "../x"),
        ("signature", ""),
        ("signature", "not base64!"),
        ("digest", "MD5"),
    ] {
        let mut of = whole.clone();
        of[member] = value.into();
        let forged = tried(&listening(), &[(name, &signature(&of))]);
        assert_eq!(forged, Err(Forged::Mismatch), "{member}");
    }
    for odd in ["", "{}", "bm8="] {
        let forged = tried(&listening(), &[(name, odd)]);
        assert_eq!(forged, Err(Forged::Mismatch), "{odd}");
    }
}

#[test]
fn only_an_orders_id_is_read_out_of_a_notification() {
    let read = |topic: &str, data: Value| {
        let body = json!({ "metadata": { "topic": topic }, "notification": { "data": data } });
        let none = HeaderMap::new();
        let read = listening().read(&request(&none, body.to_string().as_bytes()));
        let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
        inbound
    };
    let changed = Inbound::Changed(Resource {
        kind: "order".into(),
        id: "07-00001-00002".into(),
    });
    let flat = json!({ "orderId": "07-00001-00002", "total": "1.00" });
    assert_eq!(read("ORDER_CONFIRMATION", flat.clone()), changed);
    assert_eq!(read("ITEM_MARKED_SHIPPED", flat), changed);
    let deep = json!({ "order": { "orderId": "07-00001-00002" } });
    assert_eq!(read("ORDER_CONFIRMATION", deep), changed);
    let topic = "MARKETPLACE_ACCOUNT_DELETION".to_owned();
    let deletion = read(&topic, json!({ "username": "jane", "userId": "u1" }));
    assert_eq!(deletion, Inbound::Unknown { topic });
    for data in [
        json!({}),
        json!({ "orderId": "a b" }),
        json!(null),
        json!("jane"),
    ] {
        let Inbound::Unreadable { reason } = read("ORDER_CONFIRMATION", data) else {
            panic!("it is read");
        };
        assert!(!reason.contains("jane"), "{reason}");
    }
}

#[test]
fn a_challenge_is_answered_with_the_hash_of_code_token_and_address() {
    let ask = |connector: &Arc<dyn SalesConnector>, name: &str, code: &str| {
        connector.greet(&[(name.to_owned(), code.to_owned())])
    };
    let answer = ask(
        &listening(),
        "challenge_code",
        "a8628072-3d33-45ee-9004-bee86830a22d",
    );
    // SHA-256 of the three texts, one behind the other, made outside of this program.
    let hash = "1473af2bc27f92f223658585beedc485b3d45afec2ffd340f8cf334db1a46137";
    assert_eq!(
        answer,
        Some(format!("{{\"challengeResponse\":\"{hash}\"}}"))
    );
    assert_eq!(ask(&listening(), "challenge", "x"), None);
    assert_eq!(ask(&seller(), "challenge_code", "x"), None);
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
