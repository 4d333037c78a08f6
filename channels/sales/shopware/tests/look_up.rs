//! Looking an order up, against a stand-in shop that hands out keys.

use serde_json::{Value, json};
use wiremock::matchers::{body_partial_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::orders::ORDER;
use super::{ORDER_ID, calling, headers, request};
use crate::port::{CallError, Inbound, Resource, Statement};

/// Hands out keys to whoever has the integration's id and secret.
pub(super) async fn hand_out_keys(server: &MockServer) {
    let login = json!({ "grant_type": "client_credentials", "client_id": "SWIAOWN",
        "client_secret": "own-integration-secret" });
    let grant = json!({ "token_type": "Bearer", "expires_in": 600, "access_token": "own-key" });
    Mock::given(method("POST"))
        .and(path("/api/oauth/token"))
        .and(body_partial_json(login))
        .respond_with(ResponseTemplate::new(200).set_body_json(grant))
        .mount(server)
        .await;
}

pub(super) fn list(data: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "total": 1, "data": data }))
}

pub(super) async fn answer(
    server: &MockServer,
    entity: &str,
    asked: Value,
    answer: ResponseTemplate,
) {
    Mock::given(method("POST"))
        .and(path(format!("/api/search/{entity}")))
        .and(header("authorization", "Bearer own-key"))
        .and(header("accept", "application/json"))
        .and(body_partial_json(asked))
        .respond_with(answer)
        .mount(server)
        .await;
}

pub(super) async fn look_up(
    server: &MockServer,
    kind: &str,
    id: &str,
) -> Result<Vec<Statement>, CallError> {
    let connector = calling(&server.uri());
    let resource = Resource {
        kind: kind.to_owned(),
        id: id.to_owned(),
    };
    let look_up = connector.look_up().expect("a look-up");
    look_up.look_up(&resource).await
}

#[tokio::test]
async fn an_order_is_looked_up_with_all_its_lines_and_read() {
    let whole: Value = serde_json::from_str(ORDER).expect("JSON");
    let server = MockServer::start().await;
    hand_out_keys(&server).await;
    let mut many = vec![whole["lineItems"][1].clone(); 50];
    for (place, line) in many.iter_mut().enumerate() {
        line["id"] = json!(format!("own-{place}"));
    }
    let ids = json!({ "ids": [ORDER_ID] });
    answer(&server, "order", ids, list(&json!([whole["order"]]))).await;
    let of = |page: u32| {
        let filter = json!([{ "type": "equals", "field": "orderId", "value": ORDER_ID }]);
        json!({ "page": page, "limit": 50, "filter": filter })
    };
    answer(&server, "order-line-item", of(1), list(&json!(many))).await;
    answer(&server, "order-line-item", of(2), list(&whole["lineItems"])).await;
    let stated = look_up(&server, "order", ORDER_ID)
        .await
        .expect("an answer");
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
}

#[tokio::test]
async fn what_the_shop_does_not_have_is_not_stated() {
    let server = MockServer::start().await;
    hand_out_keys(&server).await;
    answer(&server, "order", json!({}), list(&json!([]))).await;
    for (kind, id) in [
        ("order", ORDER_ID),
        ("order", "../3001"),
        ("payment", ORDER_ID),
    ] {
        let stated = look_up(&server, kind, id).await;
        assert_eq!(stated, Ok(Vec::new()), "{kind} {id}");
    }
}

#[tokio::test]
async fn a_shop_that_does_not_answer_well_is_asked_again() {
    for always in [
        ResponseTemplate::new(400),
        ResponseTemplate::new(401),
        ResponseTemplate::new(404),
        ResponseTemplate::new(503),
        ResponseTemplate::new(302),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        let server = MockServer::start().await;
        hand_out_keys(&server).await;
        answer(&server, "order", json!({}), always.clone()).await;
        let stated = look_up(&server, "order", ORDER_ID).await;
        assert!(
            matches!(stated, Err(CallError::NotDone { .. })),
            "{always:?}: {stated:?}"
        );
    }
    let server = MockServer::start().await;
    hand_out_keys(&server).await;
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "7");
    answer(&server, "order", json!({}), busy).await;
    let Err(CallError::NotDone { retry_after, .. }) = look_up(&server, "order", ORDER_ID).await
    else {
        panic!("not done");
    };
    assert_eq!(retry_after.map(|wait| wait.as_secs()), Some(7));
}

#[tokio::test]
async fn a_shop_that_hands_out_no_key_is_not_asked() {
    let server = MockServer::start().await;
    let stated = look_up(&server, "order", ORDER_ID).await;
    assert!(
        matches!(stated, Err(CallError::NotDone { .. })),
        "{stated:?}"
    );
    let asked = server.received_requests().await.unwrap_or_default();
    assert!(asked.iter().all(|one| one.url.path() == "/api/oauth/token"));
}
