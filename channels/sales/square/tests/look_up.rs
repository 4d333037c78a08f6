//! Looking an order up, and asking what has changed, against a stand-in for Square.

use jiff::Timestamp;
use serde_json::{Value, json};
use wiremock::matchers::{body_partial_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{calling, headers, request};
use crate::port::{CallError, Inbound, Page, Resource, Statement};

const ORDER: &str = include_str!("../fixtures/order.json");

pub(super) async fn answer(server: &MockServer, verb: &str, place: &str, answer: ResponseTemplate) {
    Mock::given(method(verb))
        .and(path(place))
        .and(header("authorization", "Bearer sq-own-token"))
        .and(header("square-version", "2025-01-23"))
        .respond_with(answer)
        .mount(server)
        .await;
}

pub(super) fn json_answer(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

pub(super) async fn look_up(
    server: &MockServer,
    kind: &str,
    id: &str,
) -> Result<Vec<Statement>, CallError> {
    let till = calling(&server.uri());
    let way = till.look_up().expect("a way");
    let resource = Resource {
        kind: kind.to_owned(),
        id: id.to_owned(),
    };
    way.look_up(&resource).await
}

pub(super) fn read(server: &MockServer, statement: &Statement) -> Inbound {
    let what = statement.headers["orderhub-stated"].as_str();
    let headers = headers(&[("orderhub-stated", what)]);
    let read = calling(&server.uri()).read(&request(&headers, &statement.raw));
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

#[tokio::test]
async fn an_order_is_looked_up_with_what_its_lines_were_bought_from() {
    let whole: Value = serde_json::from_str(ORDER).expect("JSON");
    let server = MockServer::start().await;
    let order = json_answer(&json!({ "order": whole["order"] }));
    answer(&server, "GET", "/v2/orders/OWNORDER9001aZY", order).await;
    Mock::given(method("POST"))
        .and(path("/v2/catalog/batch-retrieve"))
        .and(body_partial_json(
            json!({ "object_ids": ["OWNVARCARD", "OWNVARMUG"] }),
        ))
        .respond_with(json_answer(&json!({ "objects": whole["catalog"] })))
        .expect(1)
        .mount(&server)
        .await;
    let stated = look_up(&server, "order", "OWNORDER9001aZY").await;
    let stated = stated.expect("an order");
    let [statement] = &stated[..] else {
        panic!("one statement");
    };
    let Inbound::Order(order) = read(&server, statement) else {
        panic!("an order");
    };
    let sku = order.submission.draft.lines[0].sku.as_ref();
    assert_eq!(sku.map(|sku| sku.0.as_str()), Some("OWN-MUG"));
}

#[tokio::test]
async fn an_order_whose_things_are_gone_from_the_catalog_is_stated_all_the_same() {
    let whole: Value = serde_json::from_str(ORDER).expect("JSON");
    let server = MockServer::start().await;
    let order = json_answer(&json!({ "order": whole["order"] }));
    answer(&server, "GET", "/v2/orders/OWNORDER9001aZY", order).await;
    answer(
        &server,
        "POST",
        "/v2/catalog/batch-retrieve",
        json_answer(&json!({})),
    )
    .await;
    let stated = look_up(&server, "order", "OWNORDER9001aZY").await;
    let Inbound::Order(order) = read(&server, &stated.expect("an order")[0]) else {
        panic!("an order");
    };
    let sku = order.submission.draft.lines[0].sku.as_ref();
    assert_eq!(sku.map(|sku| sku.0.as_str()), Some("OWNVARMUG"));
}

#[tokio::test]
async fn what_the_till_does_not_have_is_not_stated() {
    let server = MockServer::start().await;
    let gone = json!({ "errors": [{ "code": "NOT_FOUND" }] });
    let gone = ResponseTemplate::new(404).set_body_json(gone);
    answer(&server, "GET", "/v2/orders/OWNORDER1", gone).await;
    for (kind, id) in [
        ("order", "OWNORDER1"),
        ("order", "../OWNORDER1"),
        ("payment", "OWNORDER1"),
    ] {
        let stated = look_up(&server, kind, id).await;
        assert_eq!(stated, Ok(Vec::new()), "{kind} {id}");
    }
}

#[tokio::test]
async fn a_till_that_does_not_answer_well_is_asked_again() {
    for always in [
        ResponseTemplate::new(400),
        ResponseTemplate::new(401),
        ResponseTemplate::new(503),
        ResponseTemplate::new(302),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        let server = MockServer::start().await;
        answer(&server, "GET", "/v2/orders/OWNORDER1", always.clone()).await;
        let stated = look_up(&server, "order", "OWNORDER1").await;
        assert!(
            matches!(stated, Err(CallError::NotDone { .. })),
            "{always:?}: {stated:?}"
        );
    }
    let server = MockServer::start().await;
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "15");
    answer(&server, "GET", "/v2/orders/OWNORDER1", busy).await;
    let Err(CallError::NotDone { retry_after, .. }) = look_up(&server, "order", "OWNORDER1").await
    else {
        panic!("not done");
    };
    assert_eq!(retry_after.map(|wait| wait.as_secs()), Some(15));
}

async fn page(server: &MockServer, cursor: Option<&str>, now: &str) -> Result<Page, CallError> {
    let till = calling(&server.uri());
    let now: Timestamp = now.parse().expect("a time");
    till.poll().expect("a way").page(cursor, now).await
}

async fn searched(server: &MockServer, question: Value, found: ResponseTemplate) {
    Mock::given(method("POST"))
        .and(path("/v2/orders/search"))
        .and(body_partial_json(question))
        .respond_with(found)
        .expect(1)
        .mount(server)
        .await;
}

fn window(start: &str, end: &str) -> Value {
    let time = json!({ "updated_at": { "start_at": start, "end_at": end } });
    json!({ "location_ids": ["OWNLOC1"], "return_entries": true, "query": {
        "filter": { "date_time_filter": time },
        "sort": { "sort_field": "UPDATED_AT", "sort_order": "ASC" } } })
}

#[tokio::test]
async fn a_window_of_time_is_read_page_by_page_and_the_next_one_overlaps() {
    let server = MockServer::start().await;
    let (start, end) = ("2026-03-01T10:00:00Z", "2026-03-01T10:05:00Z");
    let entry = |id: &str| json!({ "order_id": id, "version": 1, "location_id": "OWNLOC1" });
    let mut second = window(start, end);
    second["cursor"] = "own/place".into();
    let found = json!({ "order_entries": [entry("OWN3"), { "order_id": 7 }] });
    searched(&server, second, json_answer(&found)).await;
    let found = json!({ "order_entries": [entry("OWN1"), entry("OWN2")], "cursor": "own/place" });
    searched(&server, window(start, end), json_answer(&found)).await;
    let first = page(&server, Some(start), end).await.expect("a page");
    assert!(first.more);
    let named = |id: &str| {
        Inbound::Changed(Resource {
            kind: "order".into(),
            id: id.into(),
        })
    };
    let said: Vec<_> = first.statements.iter().map(|s| read(&server, s)).collect();
    assert_eq!(said, [named("OWN1"), named("OWN2")]);
    let later = "2026-03-01T10:05:09Z";
    let last = page(&server, Some(&first.next), later).await;
    let last = last.expect("a page");
    assert!(!last.more);
    assert_eq!(last.next, "2026-03-01T10:04:00Z");
    assert_eq!(read(&server, &last.statements[0]), named("OWN3"));
    let odd = read(&server, &last.statements[1]);
    assert!(matches!(odd, Inbound::Unreadable { .. }), "{odd:?}");
}

#[tokio::test]
async fn the_first_round_begins_now_and_a_forgotten_place_starts_its_window_again() {
    let server = MockServer::start().await;
    let now = "2026-03-01T10:00:00Z";
    searched(&server, window(now, now), json_answer(&json!({}))).await;
    let first = page(&server, None, now).await.expect("a page");
    assert_eq!((first.next.as_str(), first.more), (now, false));
    let server = MockServer::start().await;
    let gone = json!({ "errors": [{ "code": "INVALID_CURSOR" }] });
    let gone = ResponseTemplate::new(400).set_body_json(gone);
    searched(&server, json!({ "cursor": "old" }), gone).await;
    let cursor = format!("{now}/2026-03-01T10:05:00Z/old");
    let again = page(&server, Some(&cursor), "2026-03-01T11:00:00Z").await;
    let again = again.expect("a page");
    assert_eq!((again.next.as_str(), again.more), (now, true));
    let bad = page(&server, Some("yesterday"), now).await;
    assert!(matches!(bad, Err(CallError::NotDone { .. })), "{bad:?}");
}
