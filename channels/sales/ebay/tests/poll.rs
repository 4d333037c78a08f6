//! Asking for what has changed and for one order, against a stand-in whose pages are counted from the list's
//! beginning, as eBay's are.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};
use wiremock::matchers::{header, method};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::{calling, request, stated};
use crate::port::{CallError, Inbound, Page, Resource};
use crate::sales::SalesConnector;

#[derive(Default)]
struct Book {
    /// Orders with the time of their last change, oldest first.
    orders: Vec<(u64, &'static str)>,
    asked: Vec<String>,
    always: Option<ResponseTemplate>,
    /// Answers of more than this many orders are too long.
    longest: Option<usize>,
    /// Changes this one while orders are read one by one: it leaves the stretch.
    leaves: Option<u64>,
}

#[derive(Clone, Default)]
struct Site(Arc<Mutex<Book>>);

impl Respond for Site {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let path = request.url.path();
        if let Some(id) = path.strip_prefix("/sell/fulfillment/v1/order/") {
            return match id {
                "07-1" => ResponseTemplate::new(200).set_body_string("{\"orderId\": 1}"),
                "07-2" => trouble(400, 32100),
                _ => trouble(404, 32000),
            };
        }
        assert_eq!(path, "/sell/fulfillment/v1/order");
        let query: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
        let of = |name: &str| {
            let mut pairs = query.iter();
            pairs.find(|(n, _)| n == name).expect(name).1.clone()
        };
        let filter = of("filter");
        let span = filter.strip_prefix("lastmodifieddate:[").expect("a filter");
        let (from, until) = span.trim_end_matches(']').split_once("..").expect("a span");
        let most: usize = of("limit").parse().expect("a number");
        let start: usize = of("offset").parse().expect("a number");
        assert!(start.is_multiple_of(most));
        assert_eq!(of("fieldGroups"), "TAX_BREAKDOWN");
        book.asked.push(filter.clone());
        if let Some(id) = book.leaves
            && most == 1
            && (5..20).contains(&start)
        {
            book.orders.retain(|(other, _)| *other != id);
        }
        let mut found = book.orders.clone();
        found.retain(|(_, at)| *at >= from && *at <= until);
        let total = found.len();
        let page: Vec<_> = found.into_iter().skip(start).take(most).collect();
        if book.longest.is_some_and(|longest| page.len() > longest) {
            return ResponseTemplate::new(200).set_body_string(" ".repeat(300 * 1024));
        }
        let orders: Vec<Value> = page
            .iter()
            .map(|(id, _)| json!({ "orderId": id }))
            .collect();
        ResponseTemplate::new(200).set_body_json(json!({ "total": total, "orders": orders }))
    }
}

fn trouble(status: u16, id: u32) -> ResponseTemplate {
    let body = json!({ "errors": [{ "errorId": id, "message": "for Jane Doe" }] });
    ResponseTemplate::new(status).set_body_json(body)
}

impl Site {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let (server, connector) = calling().await;
        Mock::given(method("GET"))
            .and(header("authorization", "Bearer v^1.1#key"))
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
const FROM: &str = "2026-03-01T11:00:00.000Z";
const UNTIL: &str = "2026-03-01T11:58:00.000Z";

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

/// Every order of a round, each once, and where the next one goes on.
async fn round(connector: &Arc<dyn SalesConnector>, cursor: &str) -> (Vec<u64>, String) {
    let mut cursor = cursor.to_owned();
    let mut all = Vec::new();
    for _ in 0..200 {
        let page = ask(connector, Some(&cursor)).await.expect("a page");
        all.extend(ids(&page));
        cursor = page.next;
        if !page.more {
            all.sort_unstable();
            all.dedup();
            return (all, cursor);
        }
    }
    panic!("the round does not end");
}

#[tokio::test]
async fn a_new_connection_begins_with_its_own_time_and_waits_until_that_is_settled() {
    let site = Site::default();
    let (_server, connector) = site.serve().await;
    let page = ask(&connector, None).await.expect("a page");
    assert_eq!(
        (page.next.as_str(), page.more),
        ("2026-03-01T12:00:00.000Z", false)
    );
    assert!(site.book().asked.is_empty(), "nothing can be asked yet");
    assert_eq!(connector.poll().expect("a poll").every().as_secs(), 300);
}

#[tokio::test]
async fn a_quiet_stretch_takes_one_question() {
    let site = Site::default();
    site.book().orders = vec![(1, FROM), (2, UNTIL), (3, "2026-03-01T11:58:01.000Z")];
    let (_server, connector) = site.serve().await;
    let (read, next) = round(&connector, FROM).await;
    assert_eq!(
        (read, next.as_str()),
        (vec![1, 2], UNTIL),
        "both ends belong to it"
    );
    assert_eq!(site.book().asked.len(), 1);
}

#[tokio::test]
async fn a_stretch_that_holds_too_many_is_asked_for_in_halves() {
    let site = Site::default();
    let early = (1..=20).map(|id| (id, "2026-03-01T11:00:07.500Z"));
    let late = (21..=40).map(|id| (id, "2026-03-01T11:57:59.000Z"));
    site.book().orders = early.chain(late).collect();
    let (_server, connector) = site.serve().await;
    let (read, next) = round(&connector, FROM).await;
    assert_eq!(read, (1..=40).collect::<Vec<_>>());
    assert_eq!(next, UNTIL);
}

#[tokio::test]
async fn a_second_that_holds_too_many_is_read_order_by_order_and_a_gap_hides_none() {
    for longest in [None, Some(3)] {
        let site = Site::default();
        site.book().orders = (1..=30)
            .map(|id| (id, "2026-03-01T11:30:00.250Z"))
            .collect();
        site.book().longest = longest;
        let (_server, connector) = site.serve().await;
        // One of them changes while they are read, and is of a later stretch from then on.
        site.book().leaves = Some(2);
        let (mut read, next) = round(&connector, FROM).await;
        read.retain(|id| *id != 2);
        let all = (1..=30).filter(|id| *id != 2).collect::<Vec<u64>>();
        assert_eq!(read, all, "{longest:?}");
        assert_eq!(next, UNTIL);
    }
}

#[tokio::test]
async fn one_that_cannot_be_read_loses_nothing_else() {
    let site = Site::default();
    let odd = r#"{"total":3,"orders":[{"orderId":1},"odd",{"orderId":"07-1"}]}"#;
    site.book().always = Some(ResponseTemplate::new(200).set_body_string(odd));
    let (_server, connector) = site.serve().await;
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
async fn an_order_is_looked_up_as_ebay_says_it() {
    let site = Site::default();
    let (_server, connector) = site.serve().await;
    let look = |kind: &str, id: &str| {
        let resource = Resource {
            kind: kind.to_owned(),
            id: id.to_owned(),
        };
        let connector = connector.clone();
        async move { connector.look_up().expect("a way").look_up(&resource).await }
    };
    let found = look("order", "07-1").await.expect("an answer");
    assert_eq!(found[0].raw, b"{\"orderId\": 1}");
    assert_eq!(found[0].headers["orderhub-stated"], "order");
    for (kind, id) in [
        ("order", "07-2"),
        ("order", "07-3"),
        ("order", ".."),
        ("item", "07-1"),
    ] {
        assert_eq!(look(kind, id).await, Ok(vec![]), "{kind} {id}");
    }
    site.book().always = Some(ResponseTemplate::new(503));
    let down = look("order", "07-1").await;
    assert!(matches!(down, Err(CallError::NotDone { .. })), "{down:?}");
}

#[tokio::test]
async fn a_site_that_does_not_answer_well_is_asked_again_from_the_same_place() {
    let site = Site::default();
    let (_server, connector) = site.serve().await;
    for always in [
        trouble(403, 1100),
        trouble(400, 30700),
        ResponseTemplate::new(404),
        ResponseTemplate::new(500),
        ResponseTemplate::new(302),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        site.book().always = Some(always.clone());
        let answer = ask(&connector, Some(FROM)).await;
        let Err(CallError::NotDone { reason, .. }) = answer else {
            panic!("not done: {answer:?}");
        };
        assert!(!reason.contains("Jane"), "{reason}");
    }
    let busy = trouble(429, 2001).insert_header("retry-after", "7");
    site.book().always = Some(busy);
    let answer = ask(&connector, Some(FROM)).await;
    let Err(CallError::NotDone { retry_after, .. }) = answer else {
        panic!("not done: {answer:?}");
    };
    assert_eq!(retry_after.map(|wait| wait.as_secs()), Some(7));
    for cursor in [
        "",
        "yesterday",
        &format!("{FROM}/x"),
        &format!("{FROM}/{UNTIL}/1/2"),
    ] {
        let answer = ask(&connector, Some(cursor)).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { well: true, .. })),
            "{answer:?}"
        );
    }
}
