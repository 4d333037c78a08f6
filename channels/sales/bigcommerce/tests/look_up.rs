//! Looking an order up, against a stand-in store.

use serde_json::{Value, json};
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{calling, headers, request};
use crate::port::{CallError, Inbound, Resource, Statement};

const ORDER: &str = include_str!("../fixtures/order.json");

async fn answer(server: &MockServer, below: &str, page: Option<&str>, answer: ResponseTemplate) {
    let place = format!("/stores/ownhash/v2/orders/9001{below}");
    let mut mock = Mock::given(method("GET"))
        .and(path(place))
        .and(header("x-auth-token", "bc-own-token"));
    if let Some(page) = page {
        mock = mock
            .and(query_param("page", page))
            .and(query_param("limit", "50"));
    }
    mock.respond_with(answer).mount(server).await;
}

fn body(value: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(value)
}

async fn look_up(server: &MockServer, kind: &str, id: &str) -> Result<Vec<Statement>, CallError> {
    let connector = calling(&server.uri());
    let resource = Resource {
        kind: kind.to_owned(),
        id: id.to_owned(),
    };
    connector
        .look_up()
        .expect("a look-up")
        .look_up(&resource)
        .await
}

#[tokio::test]
async fn an_order_is_looked_up_with_all_its_lines_and_addresses_and_read() {
    let whole: Value = serde_json::from_str(ORDER).expect("JSON");
    let server = MockServer::start().await;
    let mut many = vec![whole["products"][1].clone(); 50];
    for (place, line) in many.iter_mut().enumerate() {
        line["id"] = json!(1000 + place);
    }
    answer(&server, "", None, body(&whole["order"])).await;
    answer(&server, "/products", Some("1"), body(&json!(many))).await;
    answer(&server, "/products", Some("2"), body(&whole["products"])).await;
    answer(
        &server,
        "/shipping_addresses",
        Some("1"),
        ResponseTemplate::new(204),
    )
    .await;
    let stated = look_up(&server, "order", "9001").await.expect("an answer");
    let [statement] = &stated[..] else {
        panic!("one statement");
    };
    let kind = statement.headers["orderhub-stated"].as_str();
    let headers = headers(&[("orderhub-stated", kind)]);
    let read = calling(&server.uri()).read(&request(&headers, &statement.raw));
    let [Inbound::Order(order)] = &read[..] else {
        panic!("an order: {read:?}");
    };
    assert_eq!(order.submission.draft.lines.len(), 52);
    assert_eq!(order.submission.private.ship_to, None);
}

#[tokio::test]
async fn what_the_store_does_not_have_is_not_stated() {
    let server = MockServer::start().await;
    let gone = json!([{ "status": 404, "message": "The requested resource was not found." }]);
    let gone = ResponseTemplate::new(404).set_body_json(gone);
    answer(&server, "", None, gone).await;
    for (kind, id) in [("order", "9001"), ("order", "../9001"), ("payment", "9001")] {
        assert_eq!(
            look_up(&server, kind, id).await,
            Ok(Vec::new()),
            "{kind} {id}"
        );
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_well_is_asked_again() {
    for always in [
        ResponseTemplate::new(401),
        ResponseTemplate::new(418),
        ResponseTemplate::new(503),
        ResponseTemplate::new(302),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        let server = MockServer::start().await;
        answer(&server, "", None, always.clone()).await;
        let stated = look_up(&server, "order", "9001").await;
        assert!(
            matches!(stated, Err(CallError::NotDone { .. })),
            "{always:?}: {stated:?}"
        );
    }
    let server = MockServer::start().await;
    let busy = ResponseTemplate::new(429).insert_header("x-rate-limit-time-reset-ms", "15000");
    answer(&server, "", None, busy).await;
    let Err(CallError::NotDone { retry_after, .. }) = look_up(&server, "order", "9001").await
    else {
        panic!("not done");
    };
    assert_eq!(retry_after.map(|wait| wait.as_secs()), Some(15));
}
