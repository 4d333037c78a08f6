//! Asking for what has changed, against a stand-in that hands out its list in pages.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::{calling, request, stated};
use crate::port::{CallError, Inbound, Page};
use crate::sales::SalesConnector;

#[derive(Default)]
struct Book {
    /// Orders with the second of their last change.
    orders: Vec<(u64, &'static str)>,
    asked: Vec<Vec<(String, String)>>,
    always: Option<ResponseTemplate>,
    /// Refuses tokens: they have ended.
    forgets: bool,
    /// Answers of more than this many orders are too long.
    longest: Option<usize>,
}

#[derive(Clone, Default)]
struct Channel(Arc<Mutex<Book>>);

impl Respond for Channel {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        let query: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
        let of = |name: &str| {
            let mut pairs = query.iter();
            pairs.find(|(n, _)| n == name).map(|(_, v)| v.clone())
        };
        assert_eq!(of("marketplaceIds").as_deref(), Some("A1PA6795UKMFR9"));
        let included = of("includedData").expect("data");
        assert!(included.contains("RECIPIENT") && included.contains("PROCEEDS"));
        let from = of("lastUpdatedAfter").expect("a time");
        let until = of("lastUpdatedBefore").expect("a time");
        let most: usize = of("maxResultsPerPage")
            .expect("a number")
            .parse()
            .expect("a number");
        let token = of("paginationToken");
        book.asked.push(query.clone());
        if let Some(always) = &book.always {
            return always.clone();
        }
        if token.is_some() && book.forgets {
            return trouble(400, "InvalidInput");
        }
        let start: usize = token.map_or(0, |token| token.parse().expect("our token"));
        let mut found = book.orders.clone();
        found.retain(|(_, at)| *at >= from.as_str() && *at <= until.as_str());
        let all = found.len();
        let page: Vec<_> = found.into_iter().skip(start).take(most).collect();
        if book.longest.is_some_and(|longest| page.len() > longest) {
            return ResponseTemplate::new(200).set_body_string(" ".repeat(300 * 1024));
        }
        let end = start + page.len();
        let orders: Vec<Value> = page
            .iter()
            .map(|(id, _)| json!({ "orderId": id }))
            .collect();
        let mut body = json!({ "orders": orders, "lastUpdatedBefore": until });
        if end < all {
            body["pagination"] = json!({ "nextToken": end.to_string() });
        }
        ResponseTemplate::new(200).set_body_json(body)
    }
}

fn trouble(status: u16, code: &str) -> ResponseTemplate {
    let body = json!({ "errors": [{ "code": code, "message": "for Jane Doe" }] });
    ResponseTemplate::new(status).set_body_json(body)
}

impl Channel {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let (server, connector) = calling("A1PA6795UKMFR9").await;
        Mock::given(method("GET"))
            .and(path("/orders/2026-01-01/orders"))
            .and(header("x-amz-access-token", "Atza|own"))
            .respond_with(self.clone())
            .mount(&server)
            .await;
        (server, connector)
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }
}

const NOW: &str = "2026-03-01T12:00:00Z";
const FROM: &str = "2026-03-01T11:00:00Z";
const UNTIL: &str = "2026-03-01T11:57:00Z";

async fn ask(connector: &Arc<dyn SalesConnector>, cursor: Option<&str>) -> Result<Page, CallError> {
    let now: Timestamp = NOW.parse().expect("a time");
    connector.poll().expect("a poll").page(cursor, now).await
}

fn ids(page: &Page) -> Vec<u64> {
    let orders = page.statements.iter();
    orders
        .map(|order| {
            let order: Value = serde_json::from_slice(&order.raw).expect("JSON");
            order["orderId"].as_u64().expect("an id")
        })
        .collect()
}

/// Every order of a round, and where the next one goes on.
async fn round(connector: &Arc<dyn SalesConnector>, cursor: &str) -> (Vec<u64>, String) {
    let mut cursor = cursor.to_owned();
    let mut all = Vec::new();
    for _ in 0..50 {
        let page = ask(connector, Some(&cursor)).await.expect("a page");
        all.extend(ids(&page));
        cursor = page.next;
        if !page.more {
            return (all, cursor);
        }
    }
    panic!("the round does not end");
}

#[tokio::test]
async fn a_new_connection_begins_with_its_own_time_and_waits_until_that_is_settled() {
    let channel = Channel::default();
    let (_server, connector) = channel.serve().await;
    let page = ask(&connector, None).await.expect("a page");
    assert_eq!(
        (ids(&page), page.next.as_str(), page.more),
        (vec![], NOW, false)
    );
    assert!(channel.book().asked.is_empty(), "nothing can be asked yet");
    assert_eq!(connector.poll().expect("a poll").every().as_secs(), 300);
}

#[tokio::test]
async fn a_stretch_is_read_page_by_page_and_the_next_one_begins_where_it_ended() {
    let channel = Channel::default();
    let many = (1..=60).map(|id| (id, "2026-03-01T11:30:00Z"));
    let others = [(61, UNTIL), (62, "2026-03-01T11:58:00Z")];
    channel.book().orders = many.chain(others).collect();
    let (_server, connector) = channel.serve().await;
    let (read, next) = round(&connector, FROM).await;
    assert_eq!(read, (1..=61).collect::<Vec<_>>(), "its end belongs to it");
    assert_eq!(next, UNTIL);
    assert_eq!(channel.book().asked.len(), 2);
}

#[tokio::test]
async fn a_page_that_is_too_long_is_asked_for_in_smaller_ones() {
    let channel = Channel::default();
    channel.book().orders = (1..=7).map(|id| (id, "2026-03-01T11:30:00Z")).collect();
    channel.book().longest = Some(1);
    let (_server, connector) = channel.serve().await;
    let (read, next) = round(&connector, FROM).await;
    assert_eq!((read, next.as_str()), ((1..=7).collect(), UNTIL));
}

#[tokio::test]
async fn a_token_that_has_ended_begins_the_stretch_anew_after_a_pause() {
    let channel = Channel::default();
    channel.book().forgets = true;
    let (_server, connector) = channel.serve().await;
    let cursor = format!("{FROM}/{UNTIL}/0/25");
    let page = ask(&connector, Some(&cursor)).await.expect("a page");
    assert_eq!((page.next.as_str(), page.more), (FROM, false));
    // A token with strokes in it is the vendor's own affair.
    channel.book().forgets = false;
    let endless = json!({ "orders": [], "pagination": { "nextToken": "a/b==" } });
    channel.book().always = Some(ResponseTemplate::new(200).set_body_json(endless));
    let page = ask(&connector, Some(FROM)).await.expect("a page");
    assert_eq!(page.next, format!("{FROM}/{UNTIL}/0/a/b=="));
    let again = ask(&connector, Some(&page.next)).await;
    assert!(matches!(again, Err(CallError::NotDone { .. })), "{again:?}");
}

#[tokio::test]
async fn one_that_cannot_be_read_loses_nothing_else() {
    let channel = Channel::default();
    let odd = r#"{"orders":[{"orderId":1},"odd",{"orderId":"302-1"}]}"#;
    channel.book().always = Some(ResponseTemplate::new(200).set_body_string(odd));
    let (_server, connector) = channel.serve().await;
    let page = ask(&connector, Some(FROM)).await.expect("a page");
    assert_eq!(page.statements.len(), 3);
    for statement in &page.statements {
        assert_eq!(statement.headers["orderhub-stated"], "order");
        let read = connector.read(&request(&stated(), &statement.raw));
        assert!(
            matches!(
                read[..],
                [Inbound::Unreadable { .. } | Inbound::Unknown { .. }]
            ),
            "{read:?}"
        );
    }
}

#[tokio::test]
async fn a_channel_that_does_not_answer_well_is_asked_again_from_the_same_place() {
    let channel = Channel::default();
    let (_server, connector) = channel.serve().await;
    for always in [
        trouble(403, "Unauthorized"),
        trouble(400, "InvalidInput"),
        ResponseTemplate::new(404),
        ResponseTemplate::new(503),
        ResponseTemplate::new(302),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        channel.book().always = Some(always.clone());
        let answer = ask(&connector, Some(FROM)).await;
        let Err(CallError::NotDone { reason, .. }) = answer else {
            panic!("not done: {answer:?}");
        };
        assert!(!reason.contains("Jane"), "{reason}");
    }
    let busy = trouble(429, "QuotaExceeded").insert_header("retry-after", "7");
    channel.book().always = Some(busy);
    let answer = ask(&connector, Some(FROM)).await;
    let Err(CallError::NotDone { retry_after, .. }) = answer else {
        panic!("not done: {answer:?}");
    };
    assert_eq!(retry_after.map(|wait| wait.as_secs()), Some(7));
    for cursor in [
        "",
        "yesterday",
        &format!("{FROM}/{UNTIL}"),
        &format!("{FROM}/{UNTIL}/9/x"),
    ] {
        let answer = ask(&connector, Some(cursor)).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { well: true, .. })),
            "{answer:?}"
        );
    }
}
