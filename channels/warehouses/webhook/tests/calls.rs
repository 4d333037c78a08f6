//! Requests against a double of a warehouse.

use http::HeaderMap;
use jiff::Timestamp;
use orderhub_domain::ids::{FulfilmentId, Sku};
use orderhub_domain::order::FulfilmentEvidence;
use orderhub_domain::quantity::Quantity;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{connected, settings};
use crate::port::{CallError, RawRequest, WorkAnswer};
use crate::standard_webhooks;
use crate::warehouses::{CallLine, FulfilmentCall};

fn fulfilment() -> FulfilmentId {
    let id = "ful_0199f3c8a2b17def8a6b1c2d3e4f5061_2";
    id.parse().expect("an id")
}

fn call() -> FulfilmentCall {
    FulfilmentCall {
        fulfilment: fulfilment(),
        location: "BER1".into(),
        lines: vec![CallLine {
            line: "L-1".to_owned(),
            sku: Sku("MUG".to_owned()),
            quantity: Quantity::new(2.into()).expect("a quantity"),
        }],
        pickup: false,
    }
}

async fn double(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/hooks/orderhub"))
        .respond_with(answer)
        .mount(&server)
        .await;
    server
}

async fn ask(server: &MockServer, stop: bool) -> WorkAnswer {
    let mut settings = settings();
    settings.base_url = Some(server.uri());
    let warehouse = connected(&settings).expect("a connection");
    if stop {
        warehouse.cancel(fulfilment(), &"BER1".into()).await
    } else {
        warehouse.request(&call()).await
    }
}

#[tokio::test]
async fn a_request_says_what_to_send_and_is_signed_under_one_id() {
    let server = double(ResponseTemplate::new(202)).await;
    for _ in 0..2 {
        assert_eq!(ask(&server, false).await, Ok(FulfilmentEvidence::Delivered));
    }
    let asked = server.received_requests().await.expect("recorded");
    let secret = settings().secret("request_secret").expect("a secret");
    let key = standard_webhooks::key(secret.expose_secret()).expect("a key");
    let mut ids = Vec::new();
    for request in &asked {
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            headers.insert(name.clone(), value.clone());
        }
        let raw = RawRequest {
            headers: &headers,
            body: &request.body,
            url: "",
            received_at: Timestamp::now(),
        };
        let keys = [key.as_slice()].into_iter();
        assert_eq!(standard_webhooks::verify(&keys, &raw), Ok(()));
        ids.push(raw.header("webhook-id").map(str::to_owned));
        let body: Value = serde_json::from_slice(&request.body).expect("JSON");
        assert_eq!(body["type"], "fulfilment.requested");
        assert_eq!(
            body["data"],
            json!({
                "fulfilment": fulfilment().to_string(), "location": "BER1", "pickup": false,
                "lines": [{ "line": "L-1", "sku": "MUG", "quantity": "2" }],
            })
        );
    }
    assert_eq!(ids[0], ids[1], "the warehouse takes it once");
}

#[tokio::test]
async fn a_warehouse_may_answer_at_once() {
    let said = |status: &str| {
        let body = json!({ "status": status, "reason": "not_in_stock" });
        ResponseTemplate::new(200).set_body_json(body)
    };
    let rejected = FulfilmentEvidence::Rejected {
        reason: "not_in_stock".to_owned(),
    };
    for (status, stop, evidence) in [
        ("accepted", false, FulfilmentEvidence::Accepted),
        ("rejected", false, rejected),
        ("thinking", false, FulfilmentEvidence::Delivered),
        ("cancelled", true, FulfilmentEvidence::Cancelled),
        ("refused", true, FulfilmentEvidence::CancelRefused),
    ] {
        let server = double(said(status)).await;
        assert_eq!(ask(&server, stop).await, Ok(evidence), "{status}");
    }
    let page = double(ResponseTemplate::new(200).set_body_string("<html>thank you</html>")).await;
    assert_eq!(ask(&page, false).await, Ok(FulfilmentEvidence::Delivered));
    let later = double(ResponseTemplate::new(202)).await;
    let Err(CallError::Unknown { well: true, .. }) = ask(&later, true).await else {
        panic!("whether it stopped is not known yet");
    };
}

#[tokio::test]
async fn an_answer_that_is_no_yes_is_tried_again() {
    for (status, certainly_not) in [
        (400, true),
        (404, true),
        (401, true),
        (429, true),
        (503, false),
    ] {
        let server = double(ResponseTemplate::new(status)).await;
        let answer = ask(&server, false).await;
        let not_done = matches!(answer, Err(CallError::NotDone { .. }));
        assert!(answer.is_err(), "{status}");
        assert_eq!(not_done, certainly_not, "{status}");
    }
}
