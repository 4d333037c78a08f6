//! Notifications: who is believed, what is read of them, and how eBay is asked for the keys that it signs with.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use serde_json::{Value, json};
use wiremock::matchers::{body_string_contains, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{TOKEN, headers, request, seller, settings};
use crate::port::{Forged, Greeting, Inbound, Resource};
use crate::sales::{SalesConnector, connect};
use crate::settings::Settings;

const HEADER: &str = "x-ebay-signature";

/// A notification of our own, signed over SHA-256 by a key made for these tests.
const OWN: &str = r#"{"metadata":{"topic":"ORDER_CONFIRMATION","schemaVersion":"1.0","deprecated":false},"notification":{"notificationId":"own-1","eventDate":"2026-03-01T09:31:00.000Z","publishDate":"2026-03-01T09:31:02.000Z","publishAttemptCount":1,"data":{"orderId":"07-00001-00002"}}}"#;
const OWN_KEY: &str = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEfzyv8UaE8RryaYdXbML1inN1Z4SpJLwUD7bEdMGv8BgWx4JQinQ3tml7ZKXfO8scpNM90rIUkeTb6CI31JLr0w==\n-----END PUBLIC KEY-----";
const OWN_SIGNATURE: &str = "MEUCIADnG5ilvQdESG9Wj70r8Xh/gPtWsQXWQCZ2hfxZJfexAiEAtHe8JBR+8fdlT8HLeW9OBr6RnbXfbym8PPXKfmJy7wI=";

/// A published notification of eBay's with its key, signed over SHA-1 (the npm package
/// `event-notification-nodejs-sdk`, 1.0.3).
const PUBLISHED: &str = r#"{"metadata":{"topic":"MARKETPLACE_ACCOUNT_DELETION","schemaVersion":"1.0","deprecated":false},"notification":{"notificationId":"49feeaeb-4982-42d9-a377-9645b8479411_33f7e043-fed8-442b-9d44-791923bd9a6d","eventDate":"2021-03-19T20:43:59.462Z","publishDate":"2021-03-19T20:43:59.679Z","publishAttemptCount":1,"data":{"username":"test_user","userId":"ma8vp1jySJC","eiasToken":"nY+sHZ2PrBmdj6wVnY+sEZ2PrA2dj6wJnY+gAZGEpwmdj6x9nY+seQ=="}}}"#;
const PUBLISHED_HEADER: &str = "eyJhbGciOiJlY2RzYSIsImtpZCI6Ijk5MzYyNjFhLTdkN2ItNDYyMS1hMGYxLTk2Y2NiNDI4YWY0OSIsInNpZ25hdHVyZSI6Ik1FWUNJUUNmeGZJV3V4bVdjSUJRSjljNS9YN2lHREpxczJSQ0dzQkVhQWppbnlycmZBSWhBSVY2d0djVGlCdVY1S0pVaWYyaG9reXJMK1E5c3NIa2FkK214Mm5FRTI1dyIsImRpZ2VzdCI6IlNIQTEifQ==";
const PUBLISHED_ID: &str = "9936261a-7d7b-4621-a0f1-96ccb428af49";
const PUBLISHED_KEY: &str = "-----BEGIN PUBLIC KEY-----MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZhhxXKtR+TOvtDbgTPCkSof02qgBB7IsYOyf76ilExJ/upAa/vKIKheOoCyOpcLmi4t0b4uepb7LLjmMr90FUg==-----END PUBLIC KEY-----";

fn told() -> Settings {
    settings()
        .with_secrets("verification_token", [TOKEN])
        .with_text("endpoint", "https://hub.example/v1/hooks/sales/ebay-de")
}

fn listening() -> Arc<dyn SalesConnector> {
    connect("ebay", &told()).expect("a connection")
}

/// A stand-in for eBay that serves one key, asked for by the application itself, and a connection to it.
async fn serving(id: &str, answer: ResponseTemplate) -> (MockServer, Arc<dyn SalesConnector>) {
    let server = MockServer::start().await;
    let key = json!({ "access_token": "v^1.1#app", "expires_in": 7200 });
    Mock::given(method("POST"))
        .and(path("/identity/v1/oauth2/token"))
        .and(body_string_contains("grant_type=client_credentials"))
        .and(body_string_contains(
            "scope=https%3A%2F%2Fapi.ebay.com%2Foauth%2Fapi_scope",
        ))
        .respond_with(ResponseTemplate::new(200).set_body_json(key))
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path(format!("/commerce/notification/v1/public_key/{id}")))
        .and(header("authorization", "Bearer v^1.1#app"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let mut settings = told();
    settings.base_url = Some(server.uri());
    (server, connect("ebay", &settings).expect("a connection"))
}

fn key(pem: &str, digest: &str) -> ResponseTemplate {
    let served = json!({ "key": pem, "algorithm": "ECDSA", "digest": digest });
    ResponseTemplate::new(200).set_body_json(served)
}

fn signature(of: &Value) -> String {
    STANDARD.encode(of.to_string())
}

fn own() -> Value {
    json!({ "alg": "ecdsa", "kid": "own-key-1", "signature": OWN_SIGNATURE, "digest": "SHA256" })
}

fn verified(by: &Arc<dyn SalesConnector>, signature: &str, body: &str) -> Result<(), Forged> {
    let headers = headers(&[(HEADER, signature)]);
    by.verify(&request(&headers, body.as_bytes()))
}

/// Whether the key could be fetched.
async fn learnt(by: &Arc<dyn SalesConnector>, signature: &str) -> bool {
    let headers = headers(&[(HEADER, signature)]);
    let keys = by.keys().expect("keys are fetched");
    keys.learn(&request(&headers, b"")).await.is_ok()
}

#[tokio::test]
async fn the_published_notification_is_believed_with_its_key_and_a_mutated_one_is_not() {
    let served = key(PUBLISHED_KEY, "SHA1");
    let (_server, ebay) = serving(PUBLISHED_ID, served).await;
    let before = verified(&ebay, PUBLISHED_HEADER, PUBLISHED);
    assert_eq!(before, Err(Forged::KeyUnknown));
    assert!(learnt(&ebay, PUBLISHED_HEADER).await);
    assert_eq!(verified(&ebay, PUBLISHED_HEADER, PUBLISHED), Ok(()));
    for mutated in [
        PUBLISHED.replace("test_user", "test_usex"),
        PUBLISHED.replace("false", "true"),
        PUBLISHED.replace(":1,", ":2,"),
        PUBLISHED.replace("test_user", "test _user"),
        PUBLISHED.replace("2021-03-19T20:43:59.462Z", "2021-03-19T20:43:59.463Z"),
        PUBLISHED.replace("DELETION", "DELETIOM"),
        format!("{PUBLISHED}}}"),
        PUBLISHED[1..].to_owned(),
        String::new(),
    ] {
        let forged = verified(&ebay, PUBLISHED_HEADER, &mutated);
        assert_eq!(forged, Err(Forged::Mismatch), "{mutated}");
    }
    let stated = STANDARD.decode(PUBLISHED_HEADER).expect("base64");
    let stated: Value = serde_json::from_slice(&stated).expect("JSON");
    let mut other = stated.clone();
    other["signature"] = OWN_SIGNATURE.into();
    let forged = verified(&ebay, &signature(&other), PUBLISHED);
    assert_eq!(forged, Err(Forged::Mismatch));
}

#[tokio::test]
async fn white_space_between_the_parts_is_not_signed_and_within_a_text_it_is() {
    let (_server, ebay) = serving("own-key-1", key(OWN_KEY, "SHA256")).await;
    let good = signature(&own());
    assert!(learnt(&ebay, &good).await);
    let spaced = OWN.replace("\":", "\" :\t").replace(',', ",\r\n ");
    for same in [&spaced, &format!("\n{OWN} ")] {
        assert_eq!(verified(&ebay, &good, same), Ok(()), "{same}");
    }
    for other in [
        OWN.replace("own-1", "own -1"),
        OWN.replace("own-1", "own-1\n"),
        OWN.replace("\"own-1\"", "\"own-1\\\" \""),
    ] {
        let forged = verified(&ebay, &good, &other);
        assert_eq!(forged, Err(Forged::Mismatch), "{other}");
    }
}

#[tokio::test]
async fn a_notification_is_believed_once_its_key_was_fetched() {
    let (server, ebay) = serving("own-key-1", key(OWN_KEY, "SHA256")).await;
    let good = signature(&own());
    assert_eq!(verified(&ebay, &good, OWN), Err(Forged::KeyUnknown));
    assert!(learnt(&ebay, &good).await);
    assert!(learnt(&ebay, &good).await, "it is here by now");
    assert_eq!(verified(&ebay, &good, OWN), Ok(()));
    let asked = server.received_requests().await.expect("recorded");
    assert_eq!(asked.len(), 2, "one login and one key");
    let nothing = ebay.verify(&request(&HeaderMap::new(), OWN.as_bytes()));
    assert_eq!(nothing, Err(Forged::Missing));
    // A stranger who dresses an order up as an answer to our own question is refused.
    let dressed = headers(&[(HEADER, good.as_str()), ("orderhub-stated", "order")]);
    let dressed = ebay.verify(&request(&dressed, OWN.as_bytes()));
    assert_eq!(dressed, Err(Forged::Mismatch));
    for (member, value) in [
        ("alg", "none"),
        ("kid", "../x"),
        ("signature", ""),
        ("signature", "not base64!"),
        ("signature", "MEYCIQCf"),
    ] {
        let mut of = own();
        of[member] = value.into();
        let forged = verified(&ebay, &signature(&of), OWN);
        assert_eq!(forged, Err(Forged::Mismatch), "{member}");
    }
    for odd in ["", "{}", "bm8="] {
        let forged = verified(&ebay, odd, OWN);
        assert_eq!(forged, Err(Forged::Mismatch), "{odd}");
        assert!(learnt(&ebay, odd).await, "there is nothing to ask for");
    }
}

#[tokio::test]
async fn which_hash_is_signed_is_said_by_ebay_and_not_by_the_sender() {
    let (_server, ebay) = serving("own-key-1", key(OWN_KEY, "SHA1")).await;
    let stated = signature(&own());
    assert!(learnt(&ebay, &stated).await);
    assert_eq!(verified(&ebay, &stated, OWN), Err(Forged::Mismatch));
}

#[tokio::test]
async fn a_key_that_ebay_does_not_have_is_a_forgery_and_one_that_it_cannot_serve_is_open() {
    let stated = signature(&own());
    for status in [400, 404] {
        let (_server, ebay) = serving("own-key-1", ResponseTemplate::new(status)).await;
        assert!(learnt(&ebay, &stated).await, "{status}");
        let forged = verified(&ebay, &stated, OWN);
        assert_eq!(forged, Err(Forged::Mismatch), "{status}");
    }
    for answer in [
        ResponseTemplate::new(500),
        ResponseTemplate::new(403),
        ResponseTemplate::new(429),
        ResponseTemplate::new(302),
        ResponseTemplate::new(200).set_body_string("<html>"),
        key(
            "-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----",
            "SHA1",
        ),
        key(OWN_KEY, "MD5"),
    ] {
        let (_server, ebay) = serving("own-key-1", answer).await;
        assert!(!learnt(&ebay, &stated).await);
        let open = verified(&ebay, &stated, OWN);
        assert_eq!(open, Err(Forged::KeyUnknown));
    }
}

#[test]
fn who_is_not_asked_to_listen_does_not() {
    let forged = verified(&seller(), &signature(&own()), OWN);
    assert_eq!(forged, Err(Forged::Missing));
    assert!(seller().keys().is_none());
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
    let document = format!("{{\"challengeResponse\":\"{hash}\"}}");
    assert_eq!(answer, Some(Greeting::Json(document)));
    assert_eq!(ask(&listening(), "challenge", "x"), None);
    assert_eq!(ask(&seller(), "challenge_code", "x"), None);
}
