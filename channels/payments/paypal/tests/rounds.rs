//! Asking what has happened: stretches of time, page by page.

use serde_json::{Value, json};
use wiremock::matchers::{method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{answering, at, gateway, not_done, ok, with_request};
use crate::port::{CallError, Inbound, Page};

const EVENTS: &str = "/v1/notifications/webhooks-events";
/// Five minutes before the moment of asking.
const SETTLED: &str = "2025-10-09T08:48:20Z";

async fn page(server: &MockServer, cursor: Option<&str>) -> Result<Page, CallError> {
    let gateway = gateway(&server.uri());
    let poll = gateway.poll().expect("it is asked");
    poll.page(cursor, at(1_760_000_000)).await
}

fn event(id: &str) -> Value {
    json!({"id": format!("WH-{id}"), "event_type": "PAYMENT.CAPTURE.COMPLETED",
        "resource_type": "capture", "resource": {"id": id}})
}

#[tokio::test]
async fn the_beginning_is_now_and_nothing_is_asked_for_before_time_has_passed() {
    let server = MockServer::start().await;
    for cursor in [None, Some("Jane"), Some(SETTLED)] {
        let page = page(&server, cursor).await.expect("a page");
        assert_eq!(page.next, SETTLED);
        assert!(page.statements.is_empty() && !page.more);
    }
    let asked = server.received_requests().await.expect("recorded");
    assert!(asked.is_empty());
}

#[tokio::test]
async fn a_stretch_is_read_page_by_page_oldest_first_within_each() {
    let from = "2025-10-09T08:00:00Z";
    let server = answering("GET", "/none", ok(json!({}))).await;
    let next = format!("https://api.paypal.com{EVENTS}?start_time={from}&next_page_token=own%3D2");
    let first = json!({"events": [event("OWN2"), event("OWN1")], "count": 2,
        "links": [{"rel": "self", "href": "x"}, {"rel": "next", "href": next}]});
    Mock::given(method("GET"))
        .and(path(EVENTS))
        .and(query_param("start_time", from))
        .and(query_param("end_time", SETTLED))
        .and(query_param("page_size", "20"))
        .and(query_param_is_missing("next_page_token"))
        .respond_with(ok(first))
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path(EVENTS))
        .and(query_param("next_page_token", "own=2"))
        .respond_with(ok(json!({"events": [event("OWN3")], "count": 1})))
        .mount(&server)
        .await;
    let one = page(&server, Some(from)).await.expect("a page");
    assert!(one.more);
    let two = page(&server, Some(&one.next)).await.expect("a page");
    assert_eq!((two.next.as_str(), two.more), (SETTLED, false));
    let gateway = gateway(&server.uri());
    let stated = one.statements.iter().chain(&two.statements);
    let read = stated.flat_map(|statement| {
        let headers: Vec<_> = statement.headers.iter().collect();
        let headers: Vec<_> = headers
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        with_request(&headers, &statement.raw, |request| gateway.read(request))
    });
    let asked: Vec<_> = read
        .map(|item| match item {
            Inbound::Changed(resource) => resource.id,
            other => panic!("nothing to look up: {other:?}"),
        })
        .collect();
    assert_eq!(asked, ["OWN1", "OWN2", "OWN3"]);
}

#[tokio::test]
async fn a_page_elsewhere_is_not_followed_and_a_broken_answer_moves_nothing() {
    let from = "2025-10-09T08:00:00Z";
    let elsewhere = json!({"events": [],
        "links": [{"rel": "next", "href": "https://example.com/other?x=1"}]});
    let server = answering("GET", EVENTS, ok(elsewhere)).await;
    let answer = page(&server, Some(from)).await.expect("a page");
    assert_eq!((answer.next.as_str(), answer.more), (SETTLED, false));
    for status in [401, 403, 404, 429, 500] {
        let no = ResponseTemplate::new(status).set_body_string("<html>no</html>");
        let server = answering("GET", EVENTS, no).await;
        assert!(not_done(&page(&server, Some(from)).await), "{status}");
    }
    let server = answering("GET", EVENTS, ok(json!({"events": "Jane"}))).await;
    assert!(not_done(&page(&server, Some(from)).await));
}
