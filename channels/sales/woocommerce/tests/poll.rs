//! Asking for what has changed, against a stand-in shop that sorts and leaves out as the shop does.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::{calling, headers, request};
use crate::port::{CallError, Inbound, Page};
use crate::sales::SalesConnector;

#[derive(Default)]
struct Book {
    /// Orders, each with the second of its last change.
    orders: Vec<(u64, &'static str)>,
    asked: Vec<Vec<(String, String)>>,
    always: Option<ResponseTemplate>,
    /// Answers of more than this many orders are too long.
    longest: Option<usize>,
}

#[derive(Clone, Default)]
struct Shop(Arc<Mutex<Book>>);

impl Respond for Shop {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.0.lock().expect("a lock");
        let query = request.url.query_pairs().into_owned();
        let query: Vec<(String, String)> = query.collect();
        let of = |name: &str| {
            query
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.as_str())
        };
        assert_eq!(
            (of("orderby"), of("order")),
            (Some("modified"), Some("asc"))
        );
        assert_eq!(of("dates_are_gmt"), Some("true"));
        let after = of("modified_after").expect("a time").to_owned();
        let most: usize = of("per_page").expect("a number").parse().expect("a number");
        let left_out = of("exclude").unwrap_or_default().split(',');
        let left_out: Vec<u64> = left_out.filter_map(|id| id.parse().ok()).collect();
        book.asked.push(query.clone());
        if let Some(always) = &book.always {
            return always.clone();
        }
        let mut found = book.orders.clone();
        found.retain(|(id, at)| *at > after.as_str() && !left_out.contains(id));
        found.sort_by_key(|(_, at)| *at);
        found.truncate(most);
        if book.longest.is_some_and(|longest| found.len() > longest) {
            return ResponseTemplate::new(200).set_body_string(" ".repeat(300 * 1024));
        }
        let found = found.iter();
        let found: Vec<Value> = found
            .map(|(id, at)| json!({ "id": id, "date_modified_gmt": at, "status": "pending" }))
            .collect();
        ResponseTemplate::new(200).set_body_json(found)
    }
}

impl Shop {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .and(path("/wp-json/wc/v3/orders"))
            .respond_with(self.clone())
            .mount(&server)
            .await;
        let connector = calling(&server.uri());
        (server, connector)
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }
}

const NOW: &str = "2026-03-01T12:00:00Z";

async fn ask(
    connector: &Arc<dyn SalesConnector>,
    cursor: Option<&str>,
    now: &str,
) -> Result<Page, CallError> {
    let now: Timestamp = now.parse().expect("a time");
    connector.poll().expect("a poll").page(cursor, now).await
}

fn ids(page: &Page) -> Vec<u64> {
    let orders = page.statements.iter();
    orders
        .map(|order| {
            let order: Value = serde_json::from_slice(&order.raw).expect("JSON");
            order["id"].as_u64().expect("an id")
        })
        .collect()
}

/// Every order of a round, and where the next one goes on.
async fn round(
    connector: &Arc<dyn SalesConnector>,
    cursor: Option<&str>,
    now: &str,
) -> (Vec<u64>, String) {
    let mut cursor = cursor.map(str::to_owned);
    let mut all = Vec::new();
    for _ in 0..50 {
        let page = ask(connector, cursor.as_deref(), now)
            .await
            .expect("a page");
        all.extend(ids(&page));
        cursor = Some(page.next);
        if !page.more {
            return (all, cursor.expect("a cursor"));
        }
    }
    panic!("the round does not end");
}

#[test]
fn without_a_pair_of_keys_and_a_base_url_the_shop_is_not_asked() {
    assert!(super::shop().poll().is_none());
    let connector = calling("https://shop.example.com");
    let poll = connector.poll().expect("a poll");
    assert_eq!(poll.every().as_secs(), 300);
}

#[tokio::test]
async fn a_new_connection_begins_with_its_own_time() {
    let shop = Shop::default();
    shop.book().orders = vec![(1, "2026-03-01T11:59:59"), (2, "2026-03-01T12:00:00")];
    let (_server, connector) = shop.serve().await;
    let (read, next) = round(&connector, None, "2026-03-01T12:00:00.5Z").await;
    assert_eq!(read, [2]);
    assert_eq!(next, NOW, "the second is young, and read again");
}

#[tokio::test]
async fn every_order_is_read_also_when_more_changed_in_a_second_than_fit_in_a_page() {
    let shop = Shop::default();
    let many = (1..=45).map(|id| (id, "2026-03-01T11:00:00"));
    shop.book().orders = many.chain([(46, "2026-03-01T11:00:01")]).collect();
    let (_server, connector) = shop.serve().await;
    let (mut read, next) = round(&connector, Some("2026-03-01T10:00:00Z"), NOW).await;
    read.sort_unstable();
    assert_eq!(read, (1..=46).collect::<Vec<_>>());
    assert_eq!(next, "2026-03-01T11:00:01Z/46");
    // Nothing is new: nothing is read again.
    assert_eq!(
        round(&connector, Some(&next), NOW).await,
        (Vec::new(), next.clone())
    );
    shop.book().orders.push((47, "2026-03-01T11:00:01"));
    shop.book().orders.push((48, "2026-03-01T11:30:00"));
    let (read, next) = round(&connector, Some(&next), NOW).await;
    assert_eq!(
        (read, next.as_str()),
        (vec![47, 48], "2026-03-01T11:30:00Z/48")
    );
}

#[tokio::test]
async fn an_order_that_changes_twice_in_a_young_second_is_read_again() {
    let shop = Shop::default();
    shop.book().orders = vec![(1, "2026-03-01T12:00:00"), (2, "2026-03-01T12:00:00")];
    let (_server, connector) = shop.serve().await;
    let start = "2026-03-01T11:59:00Z";
    let (read, next) = round(&connector, Some(start), "2026-03-01T12:00:01Z").await;
    assert_eq!((read, next.as_str()), (vec![1, 2], NOW));
    let (read, next) = round(&connector, Some(&next), "2026-03-01T12:05:01Z").await;
    assert_eq!(read, [1, 2]);
    assert_eq!(next, "2026-03-01T12:00:00Z/1,2");
}

#[tokio::test]
async fn a_page_that_is_too_long_is_asked_for_singly() {
    let shop = Shop::default();
    shop.book().orders = vec![(1, "2026-03-01T11:00:00"), (2, "2026-03-01T11:00:00")];
    shop.book().longest = Some(1);
    let (_server, connector) = shop.serve().await;
    let (read, next) = round(&connector, Some("2026-03-01T10:00:00Z"), NOW).await;
    assert_eq!(
        (read, next.as_str()),
        (vec![1, 2], "2026-03-01T11:00:00Z/1,2")
    );
}

#[tokio::test]
async fn a_clock_that_is_far_ahead_does_not_take_the_cursor_along() {
    let shop = Shop::default();
    shop.book().orders = vec![(1, "2026-03-01T11:00:00"), (2, "2027-01-01T00:00:00")];
    let (_server, connector) = shop.serve().await;
    let page = ask(&connector, Some("2026-03-01T10:00:00Z"), NOW)
        .await
        .expect("a page");
    assert_eq!((ids(&page), page.more), (vec![1, 2], false));
    assert_eq!(page.next, "2026-03-01T11:00:00Z/1");
}

#[tokio::test]
async fn what_is_read_there_is_read_like_a_webhook_and_one_that_cannot_be_loses_nothing_else() {
    let shop = Shop::default();
    let odd = r#"[{"id":1},"odd",{"id":3,"status":"pending"}]"#;
    shop.book().always = Some(ResponseTemplate::new(200).set_body_string(odd));
    let (_server, connector) = shop.serve().await;
    let page = ask(&connector, Some("2026-03-01T10:00:00Z"), NOW)
        .await
        .expect("a page");
    assert_eq!((page.statements.len(), page.more), (3, false));
    assert_eq!(page.next, "2026-03-01T10:00:00Z");
    for statement in &page.statements {
        let topic = statement.headers["x-wc-webhook-topic"].as_str();
        let headers = headers(&[("x-wc-webhook-topic", topic)]);
        let read = connector.read(&request(&headers, &statement.raw));
        assert!(matches!(read[..], [Inbound::Unreadable { .. }]), "{read:?}");
    }
}

#[tokio::test]
async fn a_shop_that_does_not_answer_well_is_asked_again_from_the_same_place() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    let no_route = json!({ "code": "rest_no_route", "data": { "status": 404 } });
    for always in [
        ResponseTemplate::new(401),
        ResponseTemplate::new(404).set_body_json(no_route),
        ResponseTemplate::new(404).set_body_json(json!({ "code": "own_none" })),
        ResponseTemplate::new(400),
        ResponseTemplate::new(503),
        ResponseTemplate::new(302),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        shop.book().always = Some(always.clone());
        let answer = ask(&connector, Some("2026-03-01T10:00:00Z"), NOW).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { .. })),
            "{always:?}: {answer:?}"
        );
    }
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "7");
    shop.book().always = Some(busy);
    let answer = ask(&connector, Some("2026-03-01T10:00:00Z"), NOW).await;
    let Err(CallError::NotDone { retry_after, .. }) = answer else {
        panic!("not done: {answer:?}");
    };
    assert_eq!(retry_after.map(|wait| wait.as_secs()), Some(7));
    let crowded = (0..=500)
        .map(|id| id.to_string())
        .collect::<Vec<_>>()
        .join(",");
    for cursor in [
        "",
        "yesterday",
        "2026-03-01T10:00:00Z/a",
        &format!("{NOW}/{crowded}"),
    ] {
        let answer = ask(&connector, Some(cursor), NOW).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { well: true, .. })),
            "{answer:?}"
        );
    }
}
