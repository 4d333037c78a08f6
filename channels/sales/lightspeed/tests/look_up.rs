//! Looking a sale up, and asking what has changed, against a stand-in for the store.

use jiff::Timestamp;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::{calling, headers, request};
use crate::port::{CallError, Inbound, Page, Resource, Statement};

const SALE: &str = include_str!("../fixtures/sale.json");
const ID: &str = "06bf537b-0000-own-sale-9001";

async fn answer(server: &MockServer, place: &str, answer: ResponseTemplate) {
    Mock::given(method("GET"))
        .and(path(format!("/api/2026-07/{place}")))
        .and(header("authorization", "Bearer ls-own-token"))
        .respond_with(answer)
        .mount(server)
        .await;
}

async fn data(server: &MockServer, place: &str, data: &Value) {
    let body = ResponseTemplate::new(200).set_body_json(json!({ "data": data }));
    answer(server, place, body).await;
}

async fn look_up(server: &MockServer, kind: &str, id: &str) -> Result<Vec<Statement>, CallError> {
    let till = calling(&server.uri());
    let way = till.look_up().expect("a way");
    let resource = Resource {
        kind: kind.to_owned(),
        id: id.to_owned(),
    };
    way.look_up(&resource).await
}

fn read(server: &MockServer, statement: &Statement) -> Inbound {
    let what = statement.headers["orderhub-stated"].as_str();
    let headers = headers(&[("orderhub-stated", what)]);
    let read = calling(&server.uri()).read(&request(&headers, &statement.raw));
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

#[tokio::test]
async fn a_delivery_is_looked_up_with_all_that_hangs_on_it() {
    let whole: Value = serde_json::from_str(SALE).expect("JSON");
    let server = MockServer::start().await;
    data(&server, &format!("sales/{ID}"), &whole["sale"]).await;
    data(&server, "retailer", &whole["retailer"]).await;
    data(&server, "products/own-product-mug", &whole["products"][0]).await;
    data(&server, "products/own-product-card", &whole["products"][1]).await;
    let gone = ResponseTemplate::new(404);
    answer(&server, "products/own-product-discount", gone).await;
    let customer = "customers/0af7b240-own-customer";
    data(&server, customer, &whole["customer"]).await;
    data(
        &server,
        &format!("{customer}/addresses"),
        &whole["addresses"],
    )
    .await;
    let held = json!({ "data": whole["fulfillments"] });
    Mock::given(path("/api/2026-07/fulfillments"))
        .and(query_param("sale_id", ID))
        .respond_with(ResponseTemplate::new(200).set_body_json(held))
        .expect(1)
        .mount(&server)
        .await;
    let stated = look_up(&server, "sale", ID).await.expect("a sale");
    let [statement] = &stated[..] else {
        panic!("one statement");
    };
    let Inbound::Order(order) = read(&server, statement) else {
        panic!("an order");
    };
    let draft = &order.submission.draft;
    let sku = draft.lines[0].sku.as_ref().map(|sku| sku.0.as_str());
    assert_eq!(
        (sku, draft.destination.as_deref()),
        (Some("OWN-MUG"), Some("NZ"))
    );
}

#[tokio::test]
async fn of_a_sale_at_the_counter_neither_customer_nor_fulfilments_are_asked_for() {
    let whole: Value = serde_json::from_str(SALE).expect("JSON");
    let mut sale = whole["sale"].clone();
    sale["state"] = "closed".into();
    let server = MockServer::start().await;
    data(&server, &format!("sales/{ID}"), &sale).await;
    data(&server, "retailer", &whole["retailer"]).await;
    let stated = look_up(&server, "sale", ID).await.expect("a sale");
    let Inbound::Order(order) = read(&server, &stated[0]) else {
        panic!("an order");
    };
    assert_eq!(order.submission.private.customer, None);
    let asked = server.received_requests().await.unwrap_or_default();
    let personal = |asked: &Request| asked.url.path().contains("customers");
    assert!(!asked.iter().any(personal));
}

#[tokio::test]
async fn what_the_store_does_not_have_is_not_stated() {
    let server = MockServer::start().await;
    for (kind, id) in [("sale", "gone"), ("sale", "../gone"), ("order", "gone")] {
        let stated = look_up(&server, kind, id).await;
        assert_eq!(stated, Ok(Vec::new()), "{kind} {id}");
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_well_is_asked_again() {
    for always in [
        ResponseTemplate::new(400),
        ResponseTemplate::new(401),
        ResponseTemplate::new(503),
        ResponseTemplate::new(302),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        let server = MockServer::start().await;
        answer(&server, "sales/own-sale-1", always.clone()).await;
        let stated = look_up(&server, "sale", "own-sale-1").await;
        assert!(
            matches!(stated, Err(CallError::NotDone { .. })),
            "{always:?}: {stated:?}"
        );
    }
    let server = MockServer::start().await;
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "15");
    answer(&server, "sales/own-sale-1", busy).await;
    let Err(CallError::NotDone { retry_after, .. }) = look_up(&server, "sale", "own-sale-1").await
    else {
        panic!("not done");
    };
    assert_eq!(retry_after.map(|wait| wait.as_secs()), Some(15));
}

/// A store whose sales have these versions; what is too much at once breaks off.
struct Store(Vec<u64>);

impl Respond for Store {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let query = |name: &str| {
            let pairs = request.url.query_pairs();
            let found = pairs.into_iter().find(|(key, _)| key == name);
            found.and_then(|(_, value)| value.parse::<u64>().ok())
        };
        let after = query("after").expect("a version");
        let size = query("page_size").expect("a size");
        let sales = self.0.iter().filter(|version| **version > after);
        let sales: Vec<u64> = sales
            .take(usize::try_from(size).expect("few"))
            .copied()
            .collect();
        let entry = |version: &u64| json!({ "id": format!("own-{version}"), "state": "closed" });
        let data: Vec<Value> = sales.iter().map(entry).collect();
        let version = json!({ "min": sales.first(), "max": sales.last() });
        ResponseTemplate::new(200).set_body_json(json!({ "data": data, "version": version }))
    }
}

async fn store(versions: Vec<u64>) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/api/2026-07/sales"))
        .respond_with(Store(versions))
        .mount(&server)
        .await;
    server
}

async fn page(server: &MockServer, cursor: Option<&str>) -> Result<Page, CallError> {
    let till = calling(&server.uri());
    till.poll()
        .expect("a way")
        .page(cursor, Timestamp::UNIX_EPOCH)
        .await
}

#[tokio::test]
async fn the_first_round_begins_at_the_newest_version_and_reads_nothing() {
    for versions in [
        vec![],
        vec![1],
        vec![5, 4_284_638_488, 9_007_199_254_740_991],
    ] {
        let newest = versions.last().copied().unwrap_or(0);
        let server = store(versions).await;
        let first = page(&server, None).await.expect("a page");
        assert_eq!((first.next, first.more), (newest.to_string(), false));
        assert!(first.statements.is_empty());
    }
}

#[tokio::test]
async fn later_rounds_name_what_has_changed_since_page_by_page() {
    let server = store((1..=25).collect()).await;
    let first = page(&server, Some("3")).await.expect("a page");
    assert_eq!((first.next.as_str(), first.more), ("23", true));
    assert_eq!(first.statements.len(), 20);
    let named = Inbound::Changed(Resource {
        kind: "sale".into(),
        id: "own-4".into(),
    });
    assert_eq!(read(&server, &first.statements[0]), named);
    let last = page(&server, Some("25")).await.expect("a page");
    assert_eq!((last.next.as_str(), last.more), ("25", false));
    let bad = page(&server, Some("yesterday")).await;
    assert!(matches!(bad, Err(CallError::NotDone { .. })), "{bad:?}");
}

#[tokio::test]
async fn a_list_that_is_too_long_is_read_singly() {
    let server = MockServer::start().await;
    let long = "x".repeat(300 * 1024);
    Mock::given(query_param("page_size", "20"))
        .respond_with(ResponseTemplate::new(200).set_body_string(long))
        .mount(&server)
        .await;
    let found = json!({ "data": [{ "id": "own-8" }], "version": { "min": 8, "max": 8 } });
    Mock::given(query_param("page_size", "1"))
        .respond_with(ResponseTemplate::new(200).set_body_json(found))
        .mount(&server)
        .await;
    let page = page(&server, Some("7")).await.expect("a page");
    assert_eq!((page.next.as_str(), page.more), ("8", true));
}
