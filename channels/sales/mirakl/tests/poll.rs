//! Asking for what has changed, against a stand-in that sorts by creation and skips as the marketplace does.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::{calling, request};
use crate::port::{CallError, Inbound, Page};
use crate::sales::SalesConnector;

#[derive(Default)]
struct Book {
    /// Orders by when they were created: a name, and when it last changed.
    orders: Vec<(String, String)>,
    /// What happens to the book after the next answer.
    then: Option<fn(&mut Book)>,
    always: Option<ResponseTemplate>,
    /// Answers of more than this many orders are too long.
    longest: Option<usize>,
    asked: usize,
}

#[derive(Clone, Default)]
struct Market(Arc<Mutex<Book>>);

impl Respond for Market {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        book.asked += 1;
        let of = |name: &str| {
            let mut query = request.url.query_pairs();
            query.find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
        };
        assert_eq!(of("sort").as_deref(), Some("dateCreated"));
        assert_eq!(of("shop_id").as_deref(), Some("2042"));
        assert_eq!(of("end_update_date"), None, "a round has no end");
        if let Some(always) = &book.always {
            return always.clone();
        }
        let since = of("start_update_date").expect("a time");
        let number = |name: &str| of(name).expect("a number").parse::<usize>().expect("one");
        let all: Vec<_> = book.orders.iter().filter(|(_, at)| *at >= since).collect();
        let total = all.len();
        let page: Vec<Value> = all
            .into_iter()
            .skip(number("offset"))
            .take(number("max"))
            .map(|(id, at)| {
                json!({ "order_id": id, "last_updated_date": at, "order_state": "STAGING",
                    "currency_iso_code": "EUR", "total_price": 1, "order_lines": [] })
            })
            .collect();
        if let Some(then) = book.then.take() {
            then(&mut book);
        }
        if book.longest.is_some_and(|longest| page.len() > longest) {
            return ResponseTemplate::new(200).set_body_string(" ".repeat(300 * 1024));
        }
        ResponseTemplate::new(200).set_body_json(json!({ "orders": page, "total_count": total }))
    }
}

impl Market {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .and(path("/api/orders"))
            .and(header("authorization", "own-api-key"))
            .respond_with(self.clone())
            .mount(&server)
            .await;
        let connector = calling(&server.uri());
        (server, connector)
    }

    fn with(orders: impl IntoIterator<Item = (usize, &'static str)>) -> Self {
        let market = Self::default();
        let orders = orders.into_iter();
        market.book().orders = orders.map(|(n, at)| (format!("O{n}"), at.into())).collect();
        market
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }
}

const NOW: &str = "2026-03-01T12:00:00Z";
const START: &str = "2026-03-01T11:00:00Z";

async fn ask(
    connector: &Arc<dyn SalesConnector>,
    cursor: Option<&str>,
    now: &str,
) -> Result<Page, CallError> {
    let now: Timestamp = now.parse().expect("a time");
    connector.poll().expect("a poll").page(cursor, now).await
}

fn ids(page: &Page) -> Vec<String> {
    let orders = page.statements.iter();
    orders
        .map(|order| {
            let order: Value = serde_json::from_slice(&order.raw).expect("JSON");
            order["order_id"].as_str().expect("an id").to_owned()
        })
        .collect()
}

/// Every order of a round, and where the next one goes on.
async fn round(
    connector: &Arc<dyn SalesConnector>,
    cursor: Option<&str>,
    now: &str,
) -> (Vec<String>, String) {
    let mut cursor = cursor.map(str::to_owned);
    let mut all = Vec::new();
    for _ in 0..60 {
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

#[tokio::test]
async fn a_new_connection_begins_with_its_own_time() {
    let market = Market::with([(1, "2026-03-01T11:59:59Z"), (2, NOW)]);
    let (_server, connector) = market.serve().await;
    assert_eq!(connector.poll().expect("a poll").every().as_secs(), 300);
    let (read, next) = round(&connector, None, "2026-03-01T12:00:00.5Z").await;
    assert_eq!((read, next.as_str()), (vec!["O2".to_owned()], NOW));
}

#[tokio::test]
async fn every_order_is_read_page_by_page_and_the_next_round_begins_a_little_earlier() {
    let market = Market::with((1..=23).map(|n| (n, "2026-03-01T11:30:00Z")));
    let (_server, connector) = market.serve().await;
    let first = ask(&connector, Some(START), NOW).await.expect("a page");
    assert_eq!((ids(&first).len(), first.more), (10, true));
    assert_eq!(first.next, format!("{START}/{NOW}/10"));
    let (read, next) = round(&connector, Some(START), NOW).await;
    assert_eq!(read.len(), 23);
    assert_eq!(next, "2026-03-01T11:58:00Z");
    let (none, next) = round(&connector, Some(&next), "2026-03-01T12:05:00Z").await;
    assert_eq!((none.len(), next.as_str()), (0, "2026-03-01T12:03:00Z"));
}

#[tokio::test]
async fn an_order_that_changes_within_a_round_is_not_lost_and_takes_no_other_along() {
    let market = Market::with((1..=12).map(|n| (n, "2026-03-01T11:30:00Z")));
    // Between the two pages one of the first changes, and an old one comes in before them.
    market.book().then = Some(|book| {
        book.orders[0].1 = "2026-03-01T12:00:10Z".into();
        book.orders
            .insert(0, ("OLD".into(), "2026-03-01T12:00:11Z".into()));
    });
    let (_server, connector) = market.serve().await;
    let (read, next) = round(&connector, Some(START), NOW).await;
    for n in 1..=12 {
        assert!(read.contains(&format!("O{n}")), "O{n}");
    }
    let (again, _) = round(&connector, Some(&next), "2026-03-01T12:05:00Z").await;
    assert_eq!(again, ["OLD", "O1"]);
}

#[tokio::test]
async fn a_page_that_is_too_long_is_asked_for_singly() {
    let market = Market::with((1..=3).map(|n| (n, "2026-03-01T11:30:00Z")));
    market.book().longest = Some(1);
    let (_server, connector) = market.serve().await;
    let (read, _) = round(&connector, Some(START), NOW).await;
    assert_eq!(read, ["O1", "O2", "O3"]);
}

#[tokio::test]
async fn one_that_cannot_be_read_loses_nothing_else() {
    let market = Market::default();
    let odd = r#"{"orders":[{"order_id":1},"odd",{"order_id":"A","order_state":"STAGING",
        "currency_iso_code":"EUR","total_price":1,"order_lines":[]}]}"#;
    market.book().always = Some(ResponseTemplate::new(200).set_body_string(odd));
    let (_server, connector) = market.serve().await;
    let page = ask(&connector, Some(START), NOW).await.expect("a page");
    assert_eq!((page.statements.len(), page.more), (3, true));
    let none = http::HeaderMap::new();
    let mut read = page.statements.iter();
    let mut next = || {
        let raw = &read.next().expect("a statement").raw;
        connector.read(&request(&none, raw))
    };
    assert!(matches!(next()[..], [Inbound::Unreadable { .. }]));
    assert!(matches!(next()[..], [Inbound::Unreadable { .. }]));
    assert!(matches!(next()[..], [Inbound::Unknown { .. }]));
}

#[tokio::test]
async fn a_marketplace_that_does_not_answer_well_is_asked_again_from_the_same_place() {
    let market = Market::default();
    let (_server, connector) = market.serve().await;
    for always in [
        ResponseTemplate::new(400),
        ResponseTemplate::new(401),
        ResponseTemplate::new(404),
        ResponseTemplate::new(503),
        ResponseTemplate::new(302),
        ResponseTemplate::new(204),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        market.book().always = Some(always.clone());
        let answer = ask(&connector, Some(START), NOW).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { .. })),
            "{always:?}: {answer:?}"
        );
    }
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "7");
    market.book().always = Some(busy);
    let Err(CallError::NotDone { retry_after, .. }) = ask(&connector, Some(START), NOW).await
    else {
        panic!("not done");
    };
    assert_eq!(retry_after.map(|wait| wait.as_secs()), Some(7));
    let asked = market.book().asked;
    for cursor in [
        "",
        "yesterday",
        &format!("{START}/{NOW}"),
        &format!("{START}/{NOW}/-1"),
    ] {
        let answer = ask(&connector, Some(cursor), NOW).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { well: true, .. })),
            "{answer:?}"
        );
    }
    assert_eq!(market.book().asked, asked, "nobody is asked from nowhere");
}
