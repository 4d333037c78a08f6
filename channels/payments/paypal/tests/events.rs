//! Who is believed, and what an event asks for.

use http::{HeaderMap, HeaderName};
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate};

use super::{NOWHERE, also, at, gateway, with_request};
use crate::payments::PaymentConnector;
use crate::payments::paypal::verify::signed_text;
use crate::port::{Forged, Inbound, RawRequest, Resource};

const EVENT: &str = include_str!("../fixtures/event_capture.json");
const REFUND: &str = include_str!("../fixtures/event_refund.json");
const CERTIFICATE: &str = include_str!("../fixtures/certificate.pem");
const BEFORE: &str = include_str!("../fixtures/certificate_before.pem");
const SHORT: &str = include_str!("../fixtures/certificate_short.pem");

const CERT_URL: &str = "https://api.paypal.com/v1/notifications/certs/CERT-own-1";
const CERT_URL_BEFORE: &str = "https://api.paypal.com/v1/notifications/certs/CERT-own-0";

/// The event's signatures by the keys of the two certificates, and by one of 1024 bits.
const SIGNATURE: &str = "LuAg9ym2mhfERq0nu9W8r6ew0H7ULnyUaf3gkkWvw9vQNm5VTrSAytLHgFCr1vRBU5HWD95RcSW/QsMt1HSX/ws99e4EyffqwdHbLyVQk+elEXCeSD4j0BWlLO3Sy7X+a0wFSDM+nfk0UhOMGsX8/VhAp2kByyTtx826GHqDRyNxhwo0lo2Czf3Pwf/C3kxLf+TjiIz2NBXaVHBSkrjWbOXcz7djNig+unS4AMI5auij8IJB8mRetHjgfl249X4e0CKFrZNUmOhPdDKPNRpl/wTpjKyRcPyHMeLGb+F0ilgXZwigO1gzWACI7f11hBCiXvn/r/I73Yp5xGJWKxZYNQ==";
const SIGNATURE_BEFORE: &str = "4deXq2AKjl74MgY/7jpQkUfFzaYsFwuCTmEOfPWl3nA8yYxdHfMkdOXejy3UxEmHZcoMCjsTkCrnvAJgXHRSoyS4qgS3nP5pGko39oqW7DvFhlWiufQTrI8ezPcWwts74i3wQNQbz4E76Xe9aooWrdvVTXYarpCm4xPl+1WGBb8cH4GirN50cMa4lnipUGEopMpXSlF++OJJjKmfxYl6tpyeYBA2PhUfirrn/e5YHpnUG6/97nfqVtdGGPaODPL2bHYvTEohi8/ptTutHVpaz3n660u7MIEj0x90yKM9pe8zyeKgE90oGJClH5Vy21ttQsgLB1lQLRR7ZtERn22NHA==";
const SIGNATURE_SHORT: &str = "UWUQRoVnwtBLdasfUIT6qWKkKyQuZ+EaHjCnTxAhcnnPjgjwCPQadJZSNhgwu0KKjTTZTQu8GnRSJ2IbP1BtWJWPBC8O10cU4dHQ4KbqLVCNOQovYteM3Rd29jpJl+2IGaMb3iyDuECiRzSb6gBDjJlKwZGXSLsVlh3dV6KRyUk=";

/// A published notification of PayPal's (the webhook verification of its Ruby SDK).
const PUBLISHED: &str = r#"{"id":"WH-0G2756385H040842W-5Y612302CV158622M","create_time":"2015-05-18T15:45:13Z","resource_type":"sale","event_type":"PAYMENT.SALE.COMPLETED","summary":"Payment completed for $ 20.0 USD","resource":{"id":"4EU7004268015634R","create_time":"2015-05-18T15:44:02Z","update_time":"2015-05-18T15:44:21Z","amount":{"total":"20.00","currency":"USD"},"payment_mode":"INSTANT_TRANSFER","state":"completed","protection_eligibility":"ELIGIBLE","protection_eligibility_type":"ITEM_NOT_RECEIVED_ELIGIBLE,UNAUTHORIZED_PAYMENT_ELIGIBLE","parent_payment":"PAY-86C81811X5228590KKVNARQQ","transaction_fee":{"value":"0.88","currency":"USD"},"links":[{"href":"https://api.sandbox.paypal.com/v1/payments/sale/4EU7004268015634R","rel":"self","method":"GET"},{"href":"https://api.sandbox.paypal.com/v1/payments/sale/4EU7004268015634R/refund","rel":"refund","method":"POST"},{"href":"https://api.sandbox.paypal.com/v1/payments/payment/PAY-86C81811X5228590KKVNARQQ","rel":"parent_payment","method":"GET"}]},"links":[{"href":"https://api.sandbox.paypal.com/v1/notifications/webhooks-events/WH-0G2756385H040842W-5Y612302CV158622M","rel":"self","method":"GET"},{"href":"https://api.sandbox.paypal.com/v1/notifications/webhooks-events/WH-0G2756385H040842W-5Y612302CV158622M/resend","rel":"resend","method":"POST"}]}"#;

/// A gateway's headers, with one replaced; without it when the value is empty.
fn headers<'a>(name: &str, value: &'a str) -> Vec<(&'static str, &'a str)> {
    let all = [
        ("paypal-auth-algo", "SHA256withRSA"),
        ("paypal-cert-url", CERT_URL),
        ("paypal-transmission-id", "own-transmission-1"),
        ("paypal-transmission-sig", SIGNATURE),
        ("paypal-transmission-time", "2025-10-09T08:53:22Z"),
    ];
    let replaced = all.into_iter().map(|(known, stated)| {
        let value = if known == name { value } else { stated };
        (known, value)
    });
    replaced.filter(|(_, value)| !value.is_empty()).collect()
}

fn verify(
    gateway: &dyn PaymentConnector,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<(), Forged> {
    with_request(headers, body, |request| gateway.verify(request))
}

/// A webhook that comes at this time.
fn arrived(headers: &HeaderMap, second: i64) -> RawRequest<'_> {
    RawRequest {
        headers,
        body: EVENT.as_bytes(),
        url: "",
        received_at: at(second),
    }
}

fn map(headers: &[(&str, &str)]) -> HeaderMap {
    let headers = headers.iter();
    headers
        .map(|(name, value)| {
            let name: HeaderName = name.parse().expect("a name");
            (name, value.parse().expect("a value"))
        })
        .collect()
}

/// Whether the certificate that a webhook names could be fetched.
async fn learnt(gateway: &dyn PaymentConnector, headers: &[(&str, &str)]) -> bool {
    let keys = gateway.keys().expect("keys are fetched");
    let learnt = keys.learn(&arrived(&map(headers), 1_760_000_000)).await;
    learnt.is_ok()
}

fn read(body: &[u8]) -> Vec<Inbound> {
    with_request(&[], body, |request| gateway(NOWHERE).read(request))
}

/// An event of another type about something.
fn event(kind: &str, of: &str, resource: Value) -> Vec<Inbound> {
    let mut event = json!({"event_type": kind, "resource_type": of});
    event["resource"] = resource;
    read(&serde_json::to_vec(&event).expect("JSON"))
}

fn changed(kind: &str, id: &str) -> Inbound {
    Inbound::Changed(Resource {
        kind: kind.to_owned(),
        id: id.to_owned(),
    })
}

fn topic(read: &[Inbound]) -> &str {
    match read {
        [Inbound::Unknown { topic }] => topic,
        other => panic!("not one unknown: {other:?}"),
    }
}

fn pem(text: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_string(text)
}

#[test]
fn the_published_vector_of_the_signed_text_is_right_and_a_mutated_one_is_not() {
    let id = "dfb3be50-fd74-11e4-8bf3-77339302725b";
    let text = |body: &str| {
        signed_text(
            id,
            "2015-05-18T15:45:13Z",
            "4JH86294D6297924G",
            body.as_bytes(),
        )
    };
    let expected = format!("{id}|2015-05-18T15:45:13Z|4JH86294D6297924G|2771810304");
    assert_eq!(text(PUBLISHED), expected);
    let mutated = PUBLISHED.replace("20.00", "20.01");
    for wrong in [
        &mutated,
        &format!("{PUBLISHED}\n"),
        &PUBLISHED.to_lowercase(),
    ] {
        assert_ne!(text(wrong), expected);
    }
}

#[tokio::test]
async fn a_webhook_is_believed_once_its_certificate_was_fetched() {
    let server = MockServer::start().await;
    also(
        &server,
        "GET",
        "/v1/notifications/certs/CERT-own-1",
        pem(CERTIFICATE),
    )
    .await;
    also(
        &server,
        "GET",
        "/v1/notifications/certs/CERT-own-0",
        pem(BEFORE),
    )
    .await;
    let gateway = gateway(&server.uri());
    let before = [
        ("paypal-auth-algo", "SHA256withRSA"),
        ("paypal-cert-url", CERT_URL_BEFORE),
        ("paypal-transmission-id", "own-transmission-1"),
        ("paypal-transmission-sig", SIGNATURE_BEFORE),
        ("paypal-transmission-time", "2025-10-09T08:53:22Z"),
    ];
    let (now, body) = (headers("", ""), EVENT.as_bytes());
    for headers in [&now[..], &before] {
        let unknown = verify(&*gateway, headers, body);
        assert_eq!(unknown, Err(Forged::KeyUnknown));
        assert!(learnt(&*gateway, headers).await);
    }
    assert_eq!(verify(&*gateway, &now, body), Ok(()));
    assert_eq!(verify(&*gateway, &before, body), Ok(()));
    // One certificate's signature is not another's.
    let crossed = headers("paypal-cert-url", CERT_URL_BEFORE);
    assert_eq!(verify(&*gateway, &crossed, body), Err(Forged::Mismatch));
}

#[tokio::test]
async fn every_part_of_a_transmission_counts() {
    let server = MockServer::start().await;
    also(
        &server,
        "GET",
        "/v1/notifications/certs/CERT-own-1",
        pem(CERTIFICATE),
    )
    .await;
    let gateway = gateway(&server.uri());
    let body = EVENT.as_bytes();
    assert!(learnt(&*gateway, &headers("", "")).await);
    assert_eq!(verify(&*gateway, &headers("", ""), body), Ok(()));
    for (name, value) in [
        ("paypal-auth-algo", "SHA1withRSA"),
        (
            "paypal-cert-url",
            "https://example.com/v1/notifications/certs/CERT-own-1",
        ),
        ("paypal-transmission-id", "own-transmission-2"),
        ("paypal-transmission-id", "own-transmission-1|"),
        ("paypal-transmission-sig", SIGNATURE_BEFORE),
        ("paypal-transmission-sig", "AAAA"),
        ("paypal-transmission-sig", "not base64!"),
        ("paypal-transmission-time", "2025-10-09T08:53:23Z"),
    ] {
        let answer = verify(&*gateway, &headers(name, value), body);
        assert_eq!(answer, Err(Forged::Mismatch), "{name} {value}");
    }
    for (name, _) in headers("", "") {
        let answer = verify(&*gateway, &headers(name, ""), body);
        assert_eq!(answer, Err(Forged::Missing), "{name}");
    }
    let mutated = EVENT.replace("40.97", "40.98");
    for body in [mutated.as_bytes(), EVENT.trim_end().as_bytes(), b""] {
        let answer = verify(&*gateway, &headers("", ""), body);
        assert_eq!(answer, Err(Forged::Mismatch));
    }
    // What we asked for never comes this way.
    let mut stated = headers("", "");
    stated.push(("x-paypal-resource", "order"));
    assert_eq!(verify(&*gateway, &stated, body), Err(Forged::Mismatch));
}

#[tokio::test]
async fn another_webhooks_transmission_is_not_ours() {
    let server = MockServer::start().await;
    also(
        &server,
        "GET",
        "/v1/notifications/certs/CERT-own-1",
        pem(CERTIFICATE),
    )
    .await;
    let settings = super::settings(&server.uri()).with_text("webhook_id", "0OWN0000000000002");
    let gateway = crate::payments::connect("paypal", &settings).expect("a connection");
    let (headers, body) = (headers("", ""), EVENT.as_bytes());
    assert!(learnt(&*gateway, &headers).await);
    assert_eq!(verify(&*gateway, &headers, body), Err(Forged::Mismatch));
}

#[tokio::test]
async fn what_is_no_good_certificate_is_no_key() {
    let short = headers("paypal-transmission-sig", SIGNATURE_SHORT);
    for (answer, headers, verdict) in [
        (pem(SHORT), short, Forged::Mismatch),
        (
            ResponseTemplate::new(404),
            headers("", ""),
            Forged::Mismatch,
        ),
        (
            pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            headers("", ""),
            Forged::KeyUnknown,
        ),
        (pem("<html>no</html>"), headers("", ""), Forged::KeyUnknown),
        (
            ResponseTemplate::new(302),
            headers("", ""),
            Forged::KeyUnknown,
        ),
        (
            ResponseTemplate::new(500),
            headers("", ""),
            Forged::KeyUnknown,
        ),
    ] {
        let server = MockServer::start().await;
        also(&server, "GET", "/v1/notifications/certs/CERT-own-1", answer).await;
        let gateway = gateway(&server.uri());
        for _ in 0..2 {
            let fetched = learnt(&*gateway, &headers).await;
            assert_eq!(fetched, verdict == Forged::Mismatch);
            let answer = verify(&*gateway, &headers, EVENT.as_bytes());
            assert_eq!(answer, Err(verdict));
        }
    }
}

#[tokio::test]
async fn a_certificate_that_is_served_no_more_is_forgotten_after_a_day() {
    let server = MockServer::start().await;
    let at = "/v1/notifications/certs/CERT-own-1";
    let once = wiremock::Mock::given(wiremock::matchers::path(at)).respond_with(pem(CERTIFICATE));
    once.up_to_n_times(1).mount(&server).await;
    let gateway = gateway(&server.uri());
    let headers = map(&headers("", ""));
    let keys = gateway.keys().expect("keys are fetched");
    for (second, expected) in [
        (1_760_000_000, Ok(())),
        (1_760_086_399, Ok(())),
        (1_760_086_400, Err(Forged::Mismatch)),
    ] {
        let webhook = arrived(&headers, second);
        assert_eq!(keys.learn(&webhook).await, Ok(()));
        assert_eq!(gateway.verify(&webhook), expected, "{second}");
    }
}

#[tokio::test]
async fn strangers_cannot_have_many_certificates_fetched() {
    let server = MockServer::start().await;
    let gateway = gateway(&server.uri());
    for number in 0..20 {
        let address = format!("https://api.paypal.com/v1/notifications/certs/CERT-{number}");
        let headers = headers("paypal-cert-url", &address);
        let fetched = learnt(&*gateway, &headers).await;
        assert_eq!(fetched, number < 4, "{number}");
        assert!(verify(&*gateway, &headers, EVENT.as_bytes()).is_err());
    }
    let asked = server.received_requests().await.expect("recorded");
    assert_eq!(asked.len(), 4);
}

#[test]
fn an_event_asks_for_its_order_or_for_what_it_names() {
    assert_eq!(
        read(EVENT.as_bytes()),
        [changed("order", "OWNORDER000000001")]
    );
    assert_eq!(
        read(REFUND.as_bytes()),
        [changed("refund", "OWNREFUND00000001")]
    );
    let own = || json!({"id": "OWN1"});
    for (kind, of, asked) in [
        ("CHECKOUT.ORDER.COMPLETED", "checkout-order", "order"),
        (
            "PAYMENT.AUTHORIZATION.CREATED",
            "authorization",
            "authorization",
        ),
        (
            "PAYMENT.AUTHORIZATION.VOIDED",
            "authorization",
            "authorization",
        ),
        ("PAYMENT.CAPTURE.COMPLETED", "capture", "capture"),
        ("PAYMENT.CAPTURE.DECLINED", "capture", "capture"),
        ("PAYMENT.CAPTURE.REVERSED", "refund", "refund"),
        ("PAYMENT.REFUND.FAILED", "refund", "refund"),
    ] {
        assert_eq!(event(kind, of, own()), [changed(asked, "OWN1")], "{kind}");
    }
    for kind in ["CREATED", "UPDATED", "RESOLVED"] {
        let kind = format!("CUSTOMER.DISPUTE.{kind}");
        let disputed = json!({"dispute_id": "PP-D-OWN1"});
        assert_eq!(
            event(&kind, "dispute", disputed),
            [changed("dispute", "PP-D-OWN1")]
        );
    }
}

#[test]
fn what_is_no_payment_or_new_is_kept() {
    for (kind, expected) in [
        ("CHECKOUT.ORDER.APPROVED", "not_yet:CHECKOUT.ORDER.APPROVED"),
        ("CHECKOUT.ORDER.SAVED", "not_yet:CHECKOUT.ORDER.SAVED"),
        ("PAYMENT.SALE.COMPLETED", "PAYMENT.SALE.COMPLETED"),
        ("NEW.IN.2031", "NEW.IN.2031"),
        ("new", "new"),
        ("Dear. Jane", "an event without a plain name"),
    ] {
        assert_eq!(topic(&event(kind, "x", json!({"id": "OWN1"}))), expected);
    }
}

#[test]
fn what_cannot_be_read_says_where_and_quotes_nothing() {
    let kind = "PAYMENT.CAPTURE.COMPLETED";
    for read in [
        event(kind, "capture", json!({"id": {"Jane": 1}})),
        event(kind, "capture", json!({"id": "Jane Doe"})),
        event(kind, "capture", json!({})),
        event(kind, "capture", json!("Jane")),
        read(b"Jane"),
        read(b"{\"event_type\":\"Jane\"}"),
    ] {
        let [Inbound::Unreadable { reason }] = &read[..] else {
            panic!("readable: {read:?}");
        };
        assert!(!reason.contains("Jane"), "{reason}");
    }
}
