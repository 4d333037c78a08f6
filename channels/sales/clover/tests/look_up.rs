//! Looking an order up, and asking what has changed, against a stand-in for Clover.

use jiff::Timestamp;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::{calling, changed, headers, request};
use crate::port::{CallError, Inbound, Page, Resource, Statement};

const ORDER: &str = include_str!("../fixtures/order.json");

async fn answer(server: &MockServer, place: &str, answer: ResponseTemplate) {
    Mock::given(method("GET"))
        .and(path(format!("/v3/merchants/OWNMERCHANT/{place}")))
        .and(header("authorization", "Bearer cl-own-token"))
        .respond_with(answer)
        .mount(server)
        .await;
}

async fn found(server: &MockServer, place: &str, thing: &Value) {
    let body = ResponseTemplate::new(200).set_body_json(thing);
    answer(server, place, body).await;
}

pub(super) async fn look_up(
    server: &MockServer,
    kind: &str,
    id: &str,
) -> Result<Vec<Statement>, CallError> {
    let till = calling(&server.uri());
    let way = till.look_up().expect("a way");
    let resource = Resource {
        kind: kind.to_owned(),
        id: id.to_owned(),
    };
    way.look_up(&resource).await
}

pub(super) fn read(server: &MockServer, statement: &Statement) -> Inbound {
    let what = statement.headers["orderhub-stated"].as_str();
    let headers = headers(&[("orderhub-stated", what)]);
    let read = calling(&server.uri()).read(&request(&headers, &statement.raw));
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

/// A stand-in that has the order of the fixture, of this type.
pub(super) async fn with_order(form: &str) -> MockServer {
    let mut whole: Value = serde_json::from_str(ORDER).expect("JSON");
    whole["order"]["orderType"]["id"] = form.into();
    let server = MockServer::start().await;
    found(&server, "orders/OWNORDER9001", &whole["order"]).await;
    found(&server, "items/OWNITEMMUG", &whole["items"][0]).await;
    answer(&server, "items/OWNITEMCARD", ResponseTemplate::new(404)).await;
    found(&server, "customers/OWNCUSTOMER1", &whole["customer"]).await;
    let payment = json!({ "id": "OWNPAYMENT1", "order": { "id": "OWNORDER9001" } });
    found(&server, "payments/OWNPAYMENT1", &payment).await;
    server
}

#[tokio::test]
async fn an_order_and_the_order_of_a_payment_are_looked_up_with_what_hangs_on_them() {
    for (kind, id) in [("order", "OWNORDER9001"), ("payment", "OWNPAYMENT1")] {
        let server = with_order("OWNSHIP").await;
        let stated = look_up(&server, kind, id).await.expect("an order");
        let [statement] = &stated[..] else {
            panic!("one statement");
        };
        let Inbound::Order(order) = read(&server, statement) else {
            panic!("an order");
        };
        let draft = &order.submission.draft;
        let skus = draft
            .lines
            .iter()
            .map(|line| line.sku.as_ref().map(|sku| sku.0.as_str()));
        let skus: Vec<_> = skus.collect();
        assert_eq!(
            skus,
            [Some("OWN-MUG"), Some("OWN-MUG"), Some("OWNITEMCARD")]
        );
        assert_eq!(draft.destination.as_deref(), Some("US"));
        let asked = server.received_requests().await.unwrap_or_default();
        let mugs = asked
            .iter()
            .filter(|asked| asked.url.path().ends_with("OWNITEMMUG"));
        assert_eq!(mugs.count(), 1, "each thing once");
    }
}

#[tokio::test]
async fn of_a_sale_at_the_counter_the_customer_is_not_asked_for() {
    let server = with_order("OWNTAKEOUT").await;
    let stated = look_up(&server, "order", "OWNORDER9001").await;
    let Inbound::Order(order) = read(&server, &stated.expect("an order")[0]) else {
        panic!("an order");
    };
    assert_eq!(order.submission.private.customer, None);
    let asked = server.received_requests().await.unwrap_or_default();
    let personal = |asked: &Request| asked.url.path().contains("/customers/");
    assert!(!asked.iter().any(personal));
}

#[tokio::test]
async fn what_the_till_does_not_have_is_not_stated() {
    let server = MockServer::start().await;
    found(&server, "payments/ALONE", &json!({ "id": "ALONE" })).await;
    for (kind, id) in [
        ("order", "GONE"),
        ("order", "../GONE"),
        ("payment", "GONE"),
        ("payment", "ALONE"),
        ("item", "GONE"),
    ] {
        let stated = look_up(&server, kind, id).await;
        assert_eq!(stated, Ok(Vec::new()), "{kind} {id}");
    }
}

#[tokio::test]
async fn a_till_that_does_not_answer_well_is_asked_again() {
    for always in [
        ResponseTemplate::new(400),
        ResponseTemplate::new(401),
        ResponseTemplate::new(503),
        ResponseTemplate::new(302),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        let server = MockServer::start().await;
        answer(&server, "orders/OWN1", always.clone()).await;
        let stated = look_up(&server, "order", "OWN1").await;
        assert!(
            matches!(stated, Err(CallError::NotDone { .. })),
            "{always:?}: {stated:?}"
        );
    }
    let server = MockServer::start().await;
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "15");
    answer(&server, "orders/OWN1", busy).await;
    let Err(CallError::NotDone { retry_after, .. }) = look_up(&server, "order", "OWN1").await
    else {
        panic!("not done");
    };
    assert_eq!(retry_after.map(|wait| wait.as_secs()), Some(15));
}

async fn page(server: &MockServer, cursor: Option<&str>, now: i64) -> Result<Page, CallError> {
    let till = calling(&server.uri());
    let now = Timestamp::from_millisecond(now).expect("a time");
    till.poll().expect("a way").page(cursor, now).await
}

/// A stand-in whose orders since a time have changed at these.
async fn listing(since: i64, times: impl IntoIterator<Item = i64>) -> MockServer {
    let order = |at: i64| json!({ "id": format!("OWN{at}"), "modifiedTime": at });
    let elements: Vec<Value> = times.into_iter().map(order).collect();
    let server = MockServer::start().await;
    Mock::given(path("/v3/merchants/OWNMERCHANT/orders"))
        .and(query_param("filter", format!("modifiedTime>={since}")))
        .and(query_param("orderBy", "modifiedTime ASC"))
        .and(query_param("limit", "100"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "elements": elements })))
        .expect(1)
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn a_round_names_what_has_changed_and_stays_a_minute_behind_now() {
    const NOW: i64 = 1_772_357_460_000;
    let server = listing(NOW, []).await;
    let first = page(&server, None, NOW).await.expect("a page");
    assert_eq!((first.next, first.more), (NOW.to_string(), false));
    let (old, young) = (NOW - 200_000, NOW - 1_000);
    let server = listing(old, [old, young]).await;
    let round = page(&server, Some(&old.to_string()), NOW).await;
    let round = round.expect("a page");
    assert_eq!(
        (round.next, round.more),
        ((NOW - 60_000).to_string(), false)
    );
    let named = changed("order", &format!("OWN{old}"));
    assert_eq!(read(&server, &round.statements[0]), named);
    assert_eq!(round.statements.len(), 2);
    // Nothing new moves nothing back.
    let server = listing(young, []).await;
    let quiet = page(&server, Some(&young.to_string()), NOW).await;
    assert_eq!(quiet.expect("a page").next, young.to_string());
}

#[tokio::test]
async fn a_full_page_goes_on_behind_its_last_order_and_never_stands_still() {
    let server = listing(1000, 1000..1100).await;
    let full = page(&server, Some("1000"), 9_000_000)
        .await
        .expect("a page");
    assert_eq!((full.next.as_str(), full.more), ("1099", true));
    let server = listing(1000, std::iter::repeat_n(1000, 100)).await;
    let crowd = page(&server, Some("1000"), 9_000_000).await;
    assert_eq!(crowd.expect("a page").next, "1001");
}

#[tokio::test]
async fn a_list_in_no_order_and_a_cursor_that_is_none_are_refused() {
    let server = listing(1000, [3000, 2000]).await;
    let mixed = page(&server, Some("1000"), 9_000_000).await;
    assert!(matches!(mixed, Err(CallError::NotDone { .. })), "{mixed:?}");
    let bad = page(&server, Some("yesterday"), 9_000_000).await;
    assert!(matches!(bad, Err(CallError::NotDone { .. })), "{bad:?}");
}
