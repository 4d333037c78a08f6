//! Asking for what has changed, against a stand-in that pages with a cursor as Walmart does.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};
use wiremock::{MockServer, Request, Respond, ResponseTemplate};

use super::{nothing, request, serve};
use crate::port::{CallError, Inbound, Page};
use crate::sales::SalesConnector;

#[derive(Default)]
struct Book {
    orders: Vec<u64>,
    asked: Vec<Vec<(String, String)>>,
    always: Option<ResponseTemplate>,
    /// Cursors are not good any more.
    stale: bool,
    /// Answers of more than this many orders are too long.
    longest: Option<usize>,
}

#[derive(Clone, Default)]
struct Market(Arc<Mutex<Book>>);

impl Respond for Market {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        assert_eq!(request.url.path(), "/v3/orders");
        let mut book = self.book();
        let query: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
        let of = |name: &str| {
            let mut query = query.iter();
            query.find(|(n, _)| n == name).map(|(_, v)| v.clone())
        };
        let from = of("soIndex").map(|at| at.parse::<usize>().expect("a number"));
        let most: usize = of("limit").expect("a limit").parse().expect("a number");
        book.asked.push(query.clone());
        if let Some(always) = &book.always {
            return always.clone();
        }
        if from.is_some() && book.stale {
            let error = json!({ "errors": [{ "code": "INVALID_REQUEST_PARAM" }] });
            return ResponseTemplate::new(400).set_body_json(error);
        }
        let from = from.unwrap_or(0);
        let page: Vec<Value> = book
            .orders
            .iter()
            .skip(from)
            .take(most)
            .map(|id| json!({ "purchaseOrderId": id.to_string() }))
            .collect();
        if page.is_empty() {
            return nothing();
        }
        if book.longest.is_some_and(|longest| page.len() > longest) {
            return ResponseTemplate::new(200).set_body_string(" ".repeat(300 * 1024));
        }
        let read = from + page.len();
        let on = (read < book.orders.len())
            .then(|| format!("?limit={most}&hasMoreElements=true&soIndex={read}&at=a%20b|c"));
        let meta = json!({ "totalCount": book.orders.len(), "limit": most, "nextCursor": on });
        let list = json!({ "meta": meta, "elements": { "order": page } });
        ResponseTemplate::new(200).set_body_json(json!({ "list": list }))
    }
}

impl Market {
    async fn with(orders: u64) -> (Self, MockServer, Arc<dyn SalesConnector>) {
        let market = Self::default();
        market.book().orders = (1..=orders).collect();
        let (server, connector) = serve(market.clone()).await;
        (market, server, connector)
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }
}

const NOW: &str = "2026-03-01T12:00:00Z";
const START: &str = "2026-03-01T11:00:00Z";

async fn ask(connector: &Arc<dyn SalesConnector>, cursor: Option<&str>) -> Result<Page, CallError> {
    let now: Timestamp = NOW.parse().expect("a time");
    connector.poll().expect("a poll").page(cursor, now).await
}

/// How many orders a round reads, and where the next one goes on.
async fn round(connector: &Arc<dyn SalesConnector>, cursor: Option<&str>) -> (usize, String) {
    let mut cursor = cursor.map(str::to_owned);
    let mut all = 0;
    for _ in 0..60 {
        let page = ask(connector, cursor.as_deref()).await.expect("a page");
        all += page.statements.len();
        cursor = Some(page.next);
        if !page.more {
            return (all, cursor.expect("a cursor"));
        }
    }
    panic!("the round does not end");
}

#[tokio::test]
async fn a_round_follows_walmarts_cursor_and_the_next_one_begins_a_little_earlier() {
    let (market, _server, connector) = Market::with(45).await;
    assert_eq!(connector.poll().expect("a poll").every().as_secs(), 300);
    let (read, next) = round(&connector, Some(START)).await;
    assert_eq!((read, next.as_str()), (45, "2026-03-01T11:55:00Z"));
    let book = market.book();
    let first = |name: &str| {
        let mut query = book.asked[0].iter();
        query.find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    };
    assert_eq!(first("lastModifiedStartDate"), Some(START));
    assert_eq!(first("createdStartDate"), Some("2025-09-02T12:00:00Z"));
    assert_eq!(first("shipNodeType"), Some("SellerFulfilled"));
    // Walmart's own members come back as they were, and no other.
    let expected = [
        ("limit", "20"),
        ("hasMoreElements", "true"),
        ("soIndex", "20"),
        ("at", "a b|c"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(book.asked[1], expected);
}

#[tokio::test]
async fn a_list_that_is_empty_is_no_failure_and_a_new_connection_begins_with_its_own_time() {
    let (_market, _server, connector) = Market::with(0).await;
    assert_eq!(round(&connector, None).await, (0, NOW.to_owned()));
    let (read, next) = round(&connector, Some(START)).await;
    assert_eq!((read, next.as_str()), (0, "2026-03-01T11:55:00Z"));
}

#[tokio::test]
async fn a_cursor_that_is_not_good_any_more_begins_the_round_again() {
    let (market, _server, connector) = Market::with(30).await;
    let page = ask(&connector, Some(START)).await.expect("a page");
    assert!(page.more);
    market.book().stale = true;
    let again = ask(&connector, Some(&page.next)).await.expect("a page");
    assert_eq!((again.next.as_str(), again.more), (START, false));
    assert!(again.statements.is_empty());
    market.book().stale = false;
    assert_eq!(round(&connector, Some(&again.next)).await.0, 30);
}

#[tokio::test]
async fn a_page_that_is_too_long_is_asked_for_singly() {
    let (market, _server, connector) = Market::with(3).await;
    market.book().longest = Some(1);
    assert_eq!(round(&connector, Some(START)).await.0, 3);
}

#[tokio::test]
async fn one_that_cannot_be_read_loses_nothing_else() {
    let (market, _server, connector) = Market::with(0).await;
    let odd = json!({ "list": { "elements": { "order": [{ "purchaseOrderId": 1 }, "odd"] } } });
    market.book().always = Some(ResponseTemplate::new(200).set_body_json(odd));
    let page = ask(&connector, Some(START)).await.expect("a page");
    assert_eq!((page.statements.len(), page.more), (2, false));
    let none = http::HeaderMap::new();
    for statement in &page.statements {
        let read = connector.read(&request(&none, &statement.raw));
        assert!(matches!(read[..], [Inbound::Unreadable { .. }]), "{read:?}");
    }
}

#[tokio::test]
async fn a_walmart_that_does_not_answer_well_is_asked_again_from_the_same_place() {
    let (market, _server, connector) = Market::with(0).await;
    for always in [
        ResponseTemplate::new(400),
        ResponseTemplate::new(403),
        ResponseTemplate::new(404),
        ResponseTemplate::new(503),
        ResponseTemplate::new(302),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        market.book().always = Some(always.clone());
        let answer = ask(&connector, Some(START)).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { .. })),
            "{always:?}: {answer:?}"
        );
    }
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "7");
    market.book().always = Some(busy);
    let Err(CallError::NotDone { retry_after, .. }) = ask(&connector, Some(START)).await else {
        panic!("not done");
    };
    assert_eq!(retry_after.map(|wait| wait.as_secs()), Some(7));
    for cursor in ["", "yesterday", &format!("{START}|{NOW}")] {
        let answer = ask(&connector, Some(cursor)).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { well: true, .. })),
            "{answer:?}"
        );
    }
}
