//! Asking for what has changed, against a stand-in shop.

use jiff::Timestamp;
use serde_json::json;
use wiremock::matchers::{body_json, method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{calling, headers, refusal, request, wrapped};
use crate::port::{CallError, Inbound};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("a time")
}

async fn page(server: &MockServer, token: Option<&str>, answer: ResponseTemplate) {
    let mock = Mock::given(method("POST"))
        .and(path("/order/202309/orders/search"))
        .and(query_param("sort_field", "update_time"))
        .and(body_json(
            json!({ "update_time_ge": 1000, "update_time_lt": 1880 }),
        ));
    let mock = match token {
        Some(token) => mock.and(query_param("page_token", token)),
        None => mock.and(query_param_is_missing("page_token")),
    };
    mock.respond_with(answer).mount(server).await;
}

#[tokio::test]
async fn a_stretch_is_read_page_by_page_and_a_broken_order_holds_up_nothing() {
    let (server, connector) = calling(|settings| settings).await;
    let orders = json!([{ "id": 1 }, { "id": "2", "status": "UNPAID", "line_items": [] }]);
    let first = json!({ "orders": orders, "next_page_token": "a/b=" });
    page(&server, None, wrapped(&first)).await;
    let last = json!({ "orders": [], "next_page_token": "" });
    page(&server, Some("a/b="), wrapped(&last)).await;
    let poll = connector.poll().expect("a poll");
    let begun = poll.page(None, at(1000)).await.expect("a page");
    assert_eq!((begun.next.as_str(), begun.more), ("1000", false));
    let first = poll.page(Some("1000"), at(2000)).await.expect("a page");
    assert_eq!((first.next.as_str(), first.more), ("1000/1880/a/b=", true));
    let stated = headers(&[("orderhub-stated", "order")]);
    let read: Vec<_> = first
        .statements
        .iter()
        .flat_map(|one| connector.read(&request(&stated, &one.raw)))
        .collect();
    let topic = "not_yet:unpaid".to_owned();
    assert!(matches!(read[0], Inbound::Unreadable { .. }));
    assert_eq!(read[1], Inbound::Unknown { topic });
    let last = poll
        .page(Some(&first.next), at(2600))
        .await
        .expect("a page");
    assert_eq!((last.next.as_str(), last.more), ("1880", false));
}

#[tokio::test]
async fn a_token_that_is_refused_begins_the_stretch_anew_and_failures_change_nothing() {
    let (server, connector) = calling(|settings| settings).await;
    page(&server, Some("old"), refusal(400, 36_004_001)).await;
    let poll = connector.poll().expect("a poll");
    let anew = poll
        .page(Some("1000/1880/old"), at(2000))
        .await
        .expect("a page");
    assert_eq!((anew.next.as_str(), anew.more), ("1000", false));
    for answer in [
        refusal(400, 36_004_001),
        refusal(200, 106_001),
        ResponseTemplate::new(429),
        ResponseTemplate::new(500),
        ResponseTemplate::new(200).set_body_string("{"),
    ] {
        let (server, connector) = calling(|settings| settings).await;
        page(&server, None, answer).await;
        let poll = connector.poll().expect("a poll");
        let failed = poll.page(Some("1000"), at(2000)).await;
        assert!(
            matches!(failed, Err(CallError::NotDone { .. })),
            "{failed:?}"
        );
    }
    for cursor in ["", "x", "1/2"] {
        assert!(poll.page(Some(cursor), at(2000)).await.is_err(), "{cursor}");
    }
}
