//! Asking for what has changed, against a stand-in shop that filters by window and number.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::{calling, stated, unknown};
use crate::port::{CallError, Page};
use crate::sales::SalesConnector;

#[derive(Default)]
struct Book {
    /// Orders, each with the second of its last change.
    orders: Vec<(u64, &'static str)>,
    always: Option<ResponseTemplate>,
    /// Answers of more than this many orders are too long.
    longest: Option<usize>,
}

#[derive(Clone, Default)]
struct Shop(Arc<Mutex<Book>>);

impl Respond for Shop {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let query: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
        let of = |name: &str| {
            let found = query.iter().find(|(known, _)| known == name);
            found
                .map(|(_, value)| value.clone())
                .expect("a part of the question")
        };
        let filter = |place: usize| {
            let group = format!("searchCriteria[filter_groups][{place}][filters][0]");
            let part = |name: &str| of(&format!("{group}[{name}]"));
            (part("field"), part("condition_type"), part("value"))
        };
        let (from, to, behind) = (filter(0), filter(1), filter(2));
        assert_eq!((from.0.as_str(), from.1.as_str()), ("updated_at", "gteq"));
        assert_eq!((to.0.as_str(), to.1.as_str()), ("updated_at", "lt"));
        assert_eq!((behind.0.as_str(), behind.1.as_str()), ("entity_id", "gt"));
        assert_eq!(of("searchCriteria[sortOrders][0][field]"), "entity_id");
        assert!(of("fields").starts_with("items[entity_id,"));
        let most: usize = of("searchCriteria[pageSize]").parse().expect("a number");
        let behind: u64 = behind.2.parse().expect("a number");
        let mut found = book.orders.clone();
        found.retain(|(id, at)| *at >= from.2.as_str() && *at < to.2.as_str() && *id > behind);
        found.sort_unstable();
        found.truncate(most);
        if book.longest.is_some_and(|longest| found.len() > longest) {
            return ResponseTemplate::new(200).set_body_string(" ".repeat(300 * 1024));
        }
        let found = found.iter();
        let found: Vec<Value> = found
            .map(|(id, _)| json!({ "entity_id": id, "state": "holded" }))
            .collect();
        let items = if found.is_empty() {
            Value::Null
        } else {
            json!(found)
        };
        ResponseTemplate::new(200).set_body_json(json!({ "items": items, "total_count": 1 }))
    }
}

impl Shop {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .and(path("/rest/all/V1/orders"))
            .and(header("authorization", "Bearer own-access-token"))
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

/// Every order of a round, and where the next one goes on.
async fn round(connector: &Arc<dyn SalesConnector>, cursor: &str, now: &str) -> (Vec<u64>, String) {
    let mut cursor = cursor.to_owned();
    let mut all = Vec::new();
    for _ in 0..100 {
        let page = ask(connector, Some(&cursor), now).await.expect("a page");
        for statement in &page.statements {
            let order: Value = serde_json::from_slice(&statement.raw).expect("JSON");
            all.push(order["entity_id"].as_u64().expect("an id"));
            assert_eq!(statement.headers["orderhub-stated"], "order");
            assert_eq!(stated(&statement.raw), unknown("not_yet:holded"));
        }
        cursor = page.next;
        if !page.more {
            return (all, cursor);
        }
    }
    panic!("the round does not end");
}

#[tokio::test]
async fn a_new_connection_begins_with_its_own_time() {
    let shop = Shop::default();
    shop.book().orders = vec![(1, "2026-03-01 11:59:59"), (2, "2026-03-01 12:00:00")];
    let (_server, connector) = shop.serve().await;
    let page = ask(&connector, None, NOW).await.expect("a page");
    assert_eq!(
        (page.statements.len(), page.next.as_str(), page.more),
        (0, NOW, false)
    );
    let (read, next) = round(&connector, NOW, "2026-03-01T12:05:00Z").await;
    assert_eq!((read, next.as_str()), (vec![2], "2026-03-01T12:04:00Z"));
    let (again, _) = round(&connector, &next, "2026-03-01T12:10:00Z").await;
    assert!(again.is_empty());
}

#[tokio::test]
async fn every_order_of_a_window_is_read_also_when_its_pages_are_too_long() {
    for longest in [None, Some(1)] {
        let shop = Shop::default();
        shop.book().orders = (1..=45).map(|id| (id, "2026-03-01 11:00:00")).collect();
        shop.book().longest = longest;
        let (_server, connector) = shop.serve().await;
        let (read, next) = round(&connector, "2026-03-01T10:00:00Z", NOW).await;
        assert_eq!(read, (1..=45).collect::<Vec<_>>());
        assert_eq!(next, "2026-03-01T11:59:00Z");
    }
}

#[tokio::test]
async fn a_shop_that_does_not_answer_well_is_asked_again_from_the_same_place() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    let no = json!({ "message": "The consumer isn't authorized to access %resources." });
    for always in [
        ResponseTemplate::new(401).set_body_json(&no),
        ResponseTemplate::new(404).set_body_json(&no),
        ResponseTemplate::new(404),
        ResponseTemplate::new(429),
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
    let answer = ask(&connector, Some("yesterday"), NOW).await;
    assert!(
        matches!(answer, Err(CallError::NotDone { .. })),
        "{answer:?}"
    );
}
