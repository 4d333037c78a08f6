//! Telling AfterShip of parcels, against a stand-in that answers as its API does.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::matchers::{body_partial_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::carriers::{CarrierConnector, connect};
use crate::port::{CallError, Enlisted, UnderWay};
use crate::settings::Settings;

const TRACKINGS: &str = "/tracking/2026-07/trackings";
const NUMBER: &str = "1Z0WN0000300000001";
const ORDER: &str = "ord_0199f3c8a2b17def8a6b1c2d3e4f5061";

fn aftership(base_url: &str) -> Arc<dyn CarrierConnector> {
    let mut settings = Settings::new("aftership".into())
        .with_secrets("webhook_secrets", ["a-word-of-our-own"])
        .with_secrets("api_key", ["asat_own_key"]);
    settings.base_url = Some(base_url.to_owned());
    settings.timeout = Duration::from_secs(1);
    connect("aftership", &settings).expect("a connection")
}

fn parcel(carrier: Option<&str>) -> UnderWay {
    UnderWay {
        order: ORDER.parse().expect("an order id"),
        test: false,
        number: NUMBER.to_owned(),
        carrier: carrier.map(str::to_owned),
    }
}

/// A tracking that AfterShip has made.
fn created() -> ResponseTemplate {
    let data = json!({
        "id": "own00000000000000000000000000001", "tracking_number": NUMBER, "slug": "ups",
        "tag": "Pending", "subtag": "Pending_001", "active": true, "checkpoints": [],
    });
    ResponseTemplate::new(201).set_body_json(json!({ "meta": { "code": 201 }, "data": data }))
}

/// A refusal as AfterShip words it.
fn problem(status: u16, code: u32) -> ResponseTemplate {
    let meta = json!({ "code": code, "type": "BadRequest", "message": "Jane's is not possible" });
    let data = json!({ "tracking_number": NUMBER });
    ResponseTemplate::new(status).set_body_json(json!({ "meta": meta, "data": data }))
}

async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(TRACKINGS))
        .and(header("as-api-key", "asat_own_key"))
        .respond_with(answer)
        .mount(&server)
        .await;
    server
}

async fn tell(server: &MockServer, carrier: Option<&str>) -> Result<Enlisted, CallError> {
    let aftership = aftership(&server.uri());
    let desk = aftership.enlist().expect("it wants to be told");
    desk.enlist(&parcel(carrier)).await
}

/// What AfterShip was told.
async fn told(server: &MockServer) -> Vec<Value> {
    let asked = server.received_requests().await.expect("recorded");
    let bodies = asked.iter().map(wiremock::Request::body_json::<Value>);
    bodies.map(|body| body.expect("JSON")).collect()
}

#[tokio::test]
async fn a_parcel_is_told_with_its_number_its_order_and_its_carrier() {
    let server = answering(created()).await;
    assert_eq!(tell(&server, Some("ups")).await, Ok(Enlisted::Followed));
    let expected = json!({
        "tracking_number": NUMBER,
        "slug": "ups",
        "order_id": ORDER,
        "custom_fields": { "hub_carrier": "ups" },
    });
    assert_eq!(told(&server).await, [expected]);
}

#[tokio::test]
async fn a_carrier_that_the_hub_has_no_slug_of_is_left_to_aftership_and_kept_with_the_parcel() {
    let server = answering(created()).await;
    for carrier in [Some("ownbikes"), None] {
        assert_eq!(tell(&server, carrier).await, Ok(Enlisted::Followed));
    }
    let named = json!({
        "tracking_number": NUMBER,
        "order_id": ORDER,
        "custom_fields": { "hub_carrier": "ownbikes" },
    });
    let unnamed = json!({ "tracking_number": NUMBER, "order_id": ORDER });
    assert_eq!(told(&server).await, [named, unnamed]);
}

#[tokio::test]
async fn a_parcel_that_is_followed_already_is_as_good() {
    let server = answering(problem(400, 4003)).await;
    assert_eq!(tell(&server, Some("ups")).await, Ok(Enlisted::Followed));
    assert_eq!(told(&server).await.len(), 1);
}

#[tokio::test]
async fn a_slug_that_aftership_does_not_have_is_left_out() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(body_partial_json(json!({ "slug": "ontrac" })))
        .respond_with(problem(400, 4010))
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .respond_with(created())
        .mount(&server)
        .await;
    assert_eq!(tell(&server, Some("ontrac")).await, Ok(Enlisted::Followed));
    let told = told(&server).await;
    assert_eq!(told.len(), 2);
    assert_eq!(told[1].get("slug"), None);
}

#[tokio::test]
async fn what_speaks_against_one_parcel_is_said_and_is_no_failure() {
    for code in [4005, 4008, 4011, 4012, 4017] {
        let server = answering(problem(400, code)).await;
        match tell(&server, Some("ups")).await {
            Ok(Enlisted::Refused { reason }) => {
                assert!(reason.contains(&code.to_string()), "{reason}");
                assert!(!reason.contains("Jane"), "{reason}");
            }
            other => panic!("{code}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn what_is_not_about_the_parcel_is_tried_again() {
    let slow = problem(429, 429).insert_header("retry-after", "7");
    let page = ResponseTemplate::new(404).set_body_string("<html>");
    for (answer, wait) in [
        (problem(401, 401), None),
        (slow, Some(Duration::from_secs(7))),
        (problem(500, 500), None),
        (problem(400, 4999), None),
        (page, None),
    ] {
        let server = answering(answer).await;
        match tell(&server, Some("ups")).await {
            Err(CallError::NotDone { retry_after, .. }) => assert_eq!(retry_after, wait),
            other => panic!("{other:?}"),
        }
    }
    let nobody = aftership("http://127.0.0.1:9");
    let desk = nobody.enlist().expect("it wants to be told");
    let failed = desk.enlist(&parcel(None)).await;
    assert!(matches!(failed, Err(CallError::NotDone { .. })));
}

#[test]
fn without_a_key_aftership_is_told_nothing() {
    assert!(super::carrier().enlist().is_none());
    let pace = aftership("http://127.0.0.1:9");
    let pace = pace.enlist().expect("it wants to be told").pace();
    assert!(pace.pause >= Duration::from_millis(50), "twenty a second");
}
