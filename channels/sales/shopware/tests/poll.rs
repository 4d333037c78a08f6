//! Asking for what has changed, against a stand-in shop that filters by window and running number.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::look_up::hand_out_keys;
use super::{calling, changed, headers, request};
use crate::port::{CallError, Inbound, Page};
use crate::sales::SalesConnector;

#[derive(Default)]
struct Book {
    /// When each order changed last, by its running number.
    orders: Vec<(u64, &'static str)>,
    windows: Vec<(String, String)>,
    always: Option<ResponseTemplate>,
}

#[derive(Clone, Default)]
struct Shop(Arc<Mutex<Book>>);

fn id(number: u64) -> String {
    format!("{number:0>32}")
}

impl Respond for Shop {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let asked: Value = request.body_json().expect("JSON");
        let changes = asked["filter"][0]["queries"].as_array().expect("a list");
        let fields: Vec<_> = changes
            .iter()
            .filter_map(|one| one["field"].as_str())
            .collect();
        assert!(fields.contains(&"updatedAt") && fields.contains(&"transactions.updatedAt"));
        let text = |name: &str| {
            changes[0]["parameters"][name]
                .as_str()
                .expect("a time")
                .to_owned()
        };
        let window = (text("gte"), text("lt"));
        let behind = asked["filter"][1]["parameters"]["gt"]
            .as_u64()
            .expect("a number");
        let most = usize::try_from(asked["limit"].as_u64().expect("a number")).expect("a size");
        let inside = |at: &str| *at >= *window.0 && *at < *window.1;
        let mut found = book.orders.clone();
        found.retain(|(number, at)| inside(at) && *number > behind);
        found.sort_unstable();
        found.truncate(most);
        book.windows.push(window);
        let found = found.iter();
        let found: Vec<Value> = found
            .map(|(number, _)| json!({ "id": id(*number), "autoIncrement": number }))
            .collect();
        ResponseTemplate::new(200).set_body_json(json!({ "data": found }))
    }
}

impl Shop {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        hand_out_keys(&server).await;
        Mock::given(method("POST"))
            .and(path("/api/search/order"))
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

#[tokio::test]
async fn a_new_connection_begins_with_its_own_time_and_asks_once_it_is_over() {
    let shop = Shop::default();
    shop.book().orders = vec![
        (1, "2026-03-01 11:59:59.000"),
        (2, "2026-03-01 12:00:00.000"),
    ];
    let (_server, connector) = shop.serve().await;
    let page = ask(&connector, None, "2026-03-01T12:00:00.7Z")
        .await
        .expect("a page");
    assert_eq!(
        (page.statements.len(), page.next.as_str(), page.more),
        (0, NOW, false)
    );
    assert!(shop.book().windows.is_empty());
    let page = ask(&connector, Some(NOW), "2026-03-01T12:05:00Z")
        .await
        .expect("a page");
    assert_eq!((page.statements.len(), page.more), (1, false));
    assert_eq!(page.next, "2026-03-01T12:04:00Z");
    let window = &shop.book().windows[0];
    assert_eq!(window.0, "2026-03-01 12:00:00.000");
    assert_eq!(window.1, "2026-03-01 12:04:00.000");
}

#[tokio::test]
async fn every_order_of_a_window_is_named_once_also_when_one_leaves_it_meanwhile() {
    let shop = Shop::default();
    shop.book().orders = (1..=230).map(|n| (n, "2026-03-01 11:00:00.000")).collect();
    let (_server, connector) = shop.serve().await;
    let mut cursor = "2026-03-01T10:00:00Z".to_owned();
    let mut named = Vec::new();
    for round in 0..10 {
        let page = ask(&connector, Some(&cursor), NOW).await.expect("a page");
        named.extend(page.statements.iter().map(|one| one.raw.clone()));
        cursor = page.next;
        if round == 0 {
            assert_eq!(cursor, "2026-03-01T10:00:00Z/2026-03-01T11:59:00Z/100");
            // Read already, and changed again: it is the next window's.
            shop.book().orders[0].1 = "2026-03-01 12:00:30.000";
        }
        if !page.more {
            break;
        }
    }
    let expected: Vec<_> = (1..=230)
        .map(|n| json!({ "id": id(n) }).to_string())
        .collect();
    let named: Vec<_> = named
        .iter()
        .map(|raw| String::from_utf8_lossy(raw))
        .collect();
    assert_eq!(named, expected);
    assert_eq!(cursor, "2026-03-01T11:59:00Z");
    let page = ask(&connector, Some(&cursor), "2026-03-01T12:05:00Z")
        .await
        .expect("a page");
    assert_eq!(page.statements.len(), 1);
}

#[tokio::test]
async fn what_is_named_there_is_looked_up_like_a_webhooks_order() {
    let shop = Shop::default();
    shop.book().orders = vec![(7, "2026-03-01 11:00:00.000")];
    let (_server, connector) = shop.serve().await;
    let page = ask(&connector, Some("2026-03-01T10:00:00Z"), NOW)
        .await
        .expect("a page");
    let statement = &page.statements[0];
    let kind = statement.headers["orderhub-stated"].as_str();
    let headers = headers(&[("orderhub-stated", kind)]);
    let read = connector.read(&request(&headers, &statement.raw));
    assert_eq!(read, [changed(&id(7))]);
    let odd = connector.read(&request(&headers, b"{\"id\":\"../7\"}"));
    assert!(matches!(odd[..], [Inbound::Unreadable { .. }]), "{odd:?}");
}

#[tokio::test]
async fn a_shop_that_does_not_answer_well_is_asked_again_from_the_same_place() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    for always in [
        ResponseTemplate::new(400),
        ResponseTemplate::new(401),
        ResponseTemplate::new(429),
        ResponseTemplate::new(503),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        shop.book().always = Some(always.clone());
        let answer = ask(&connector, Some("2026-03-01T10:00:00Z"), NOW).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { .. })),
            "{always:?}: {answer:?}"
        );
    }
    for odd in [
        "yesterday",
        "2026-03-01T10:00:00Z/x/1",
        "2026-03-01T10:00:00Z/2026-03-01T11:00:00Z",
    ] {
        let answer = ask(&connector, Some(odd), NOW).await;
        assert!(matches!(answer, Err(CallError::NotDone { .. })), "{odd}");
    }
}
