//! What the shop says of an order after it was placed: what it gave back, took out, changed, deleted.

use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;
use serde_json::{Value, json};
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::orders::body;
use super::{calling, headers, request, shop};
use crate::port::{Inbound, InboundOrder, Resource};

fn given(reference: &str, cents: i64) -> ChannelFact {
    let euro = Currency::from_code("EUR").expect("a currency");
    ChannelFact::Refunded {
        reference: reference.to_owned(),
        amount: Money::from_minor(cents, euro).expect("an amount"),
        at: None,
    }
}

/// A refund at noon of a day in March of so many mugs.
fn refund(day: u32, units: i32, reason: &str) -> Value {
    json!({ "id": 900 + day, "amount": "21.00", "reason": reason, "refunded_payment": true,
        "date_created_gmt": format!("2026-03-{day:02}T12:00:00"),
        "line_items": [{ "id": 77, "quantity": -units,
            "meta_data": [{ "id": 1, "key": "_refunded_item_id", "value": "501" }] }] })
}

/// An order as it was looked up, with its refunds.
fn looked_up(order: Value, refunds: &Value) -> Inbound {
    let whole = json!({ "order": body(order), "refunds": refunds });
    let raw = serde_json::to_vec(&whole).expect("JSON");
    let stated = headers(&[("orderhub-stated", "order")]);
    let read = shop().read(&request(&stated, &raw));
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

fn whole(order: Value, refunds: &Value) -> InboundOrder {
    match looked_up(order, refunds) {
        Inbound::Order(order) => *order,
        other => panic!("no order: {other:?}"),
    }
}

/// Mugs that are still wanted, of the two that were ordered.
fn wanted(order: Value, refunds: &Value) -> Option<String> {
    let wanted = whole(order, refunds).wanted;
    wanted.get("501").map(|units| units.value().to_string())
}

fn pushed(order: Value) -> Vec<Inbound> {
    let raw = serde_json::to_vec(&body(order)).expect("JSON");
    let topic = headers(&[("x-wc-webhook-topic", "order.updated")]);
    calling("https://127.0.0.1:9").read(&request(&topic, &raw))
}

#[test]
fn an_order_says_when_it_was_changed_last() {
    let read = pushed(json!({}));
    let [Inbound::Order(order)] = &read[..] else {
        panic!("an order: {read:?}");
    };
    let at = "2026-03-01T09:31:00Z".parse().ok();
    assert_eq!(order.submission.draft.changed_at, at);
}

#[test]
fn a_refund_counts_at_once_and_its_units_are_looked_up() {
    let sums = json!([{ "id": 903, "reason": "", "total": "-21.00" },
        { "id": 904, "reason": "Taken out", "total": "-0.00" }]);
    let read = pushed(json!({ "refunds": sums }));
    // An order that is new begins with what is looked up: all of it would be sent else.
    let [Inbound::Said { order, facts }, Inbound::Changed(named)] = &read[..] else {
        panic!("what is news, and its name: {read:?}");
    };
    assert_eq!(order, "3001");
    assert_eq!(facts[1..], [given("903", 2100)]);
    let expected = Resource {
        kind: "order".into(),
        id: "3001".into(),
    };
    assert_eq!(*named, expected);
    // Nobody can be asked: what it says of its units is not followed.
    let raw = serde_json::to_vec(&body(json!({ "refunds": sums }))).expect("JSON");
    let none = headers(&[]);
    let read = shop().read(&request(&none, &raw));
    let [Inbound::Order(order)] = &read[..] else {
        panic!("an order: {read:?}");
    };
    assert_eq!(order.submission.draft.changed_at, None);
}

#[tokio::test]
async fn an_order_is_looked_up_with_its_refunds() {
    let server = MockServer::start().await;
    let sums = json!([{ "id": 903, "reason": "", "total": "-21.00" }]);
    let order = body(json!({ "refunds": sums }));
    let at = |place: &str| Mock::given(method("GET")).and(path(format!("/wp-json/wc/v3/{place}")));
    at("orders/3001")
        .respond_with(ResponseTemplate::new(200).set_body_json(order))
        .mount(&server)
        .await;
    at("orders/3001/refunds")
        .and(query_param("per_page", "100"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([refund(3, 1, "")])))
        .mount(&server)
        .await;
    let gone = json!({ "code": "woocommerce_rest_shop_order_invalid_id" });
    at("orders/3002")
        .respond_with(ResponseTemplate::new(404).set_body_json(gone))
        .mount(&server)
        .await;
    let connector = calling(&server.uri());
    let ask = async |kind: &str, id: &str| {
        let resource = Resource {
            kind: kind.into(),
            id: id.into(),
        };
        let look_up = connector.look_up().expect("a look-up");
        look_up.look_up(&resource).await.expect("an answer")
    };
    let stated = ask("order", "3001").await;
    let kind = stated[0].headers["orderhub-stated"].as_str();
    let headers = headers(&[("orderhub-stated", kind)]);
    let read = connector.read(&request(&headers, &stated[0].raw));
    let [Inbound::Order(order)] = &read[..] else {
        panic!("an order: {read:?}");
    };
    assert_eq!(order.facts[1..], [given("903", 2100)]);
    assert_eq!(order.wanted["501"].value().to_string(), "1");
    assert!(order.submission.draft.changed_at.is_some());
    for (kind, id) in [("order", "3002"), ("payment", "3001"), ("order", "../1")] {
        assert_eq!(ask(kind, id).await, []);
    }
}

#[test]
fn units_refunded_before_the_order_was_completed_are_not_wanted() {
    assert_eq!(wanted(json!({}), &json!([])), None);
    let one = json!([refund(3, 1, "wrong colour")]);
    assert_eq!(wanted(json!({}), &one).as_deref(), Some("1"));
    let both = json!([refund(3, 1, ""), refund(4, 1, "Not sent (OWN-part-1)")]);
    assert_eq!(wanted(json!({}), &both).as_deref(), Some("0"));
    // What is completed later changes nothing of that.
    let completed = json!({ "status": "completed", "date_completed_gmt": "2026-03-09T12:00:00" });
    assert_eq!(wanted(completed.clone(), &one).as_deref(), Some("1"));
    let late = json!([refund(10, 1, "")]);
    assert_eq!(wanted(completed, &late), None);
}

#[test]
fn units_of_which_our_own_refund_says_that_they_were_sent_stay_wanted() {
    for reason in ["Returned (OWN-return-1-1)", "Not received (OWN-claim-1-1)"] {
        assert_eq!(wanted(json!({}), &json!([refund(3, 1, reason)])), None);
    }
    // Money alone takes no unit out.
    let mut money = refund(3, 1, "");
    money["line_items"] = json!([]);
    assert_eq!(wanted(json!({}), &json!([money])), None);
    let mut numbered = refund(3, 1, "");
    numbered["line_items"][0]["meta_data"][0]["value"] = json!(501);
    assert_eq!(wanted(json!({}), &json!([numbered])).as_deref(), Some("1"));
}

#[test]
fn a_deleted_order_is_cancelled() {
    let deleted = headers(&[("x-wc-webhook-topic", "order.deleted")]);
    let sent = request(&deleted, b"{\"id\":3001}");
    let expected = Inbound::Said {
        order: "3001".to_owned(),
        facts: vec![ChannelFact::Cancelled {
            at: sent.received_at,
        }],
    };
    assert_eq!(shop().read(&sent), [expected]);
    let read = shop().read(&request(&deleted, b"{\"id\":\"buyer@\"}"));
    let [Inbound::Unreadable { reason }] = &read[..] else {
        panic!("not readable: {read:?}");
    };
    assert!(!reason.contains("buyer@"));
}

#[test]
fn a_refund_that_cannot_be_read_says_so() {
    for sums in [
        json!([{ "id": 903, "total": "much" }]),
        json!([{ "id": "x", "total": "-1.00" }]),
    ] {
        let read = pushed(json!({ "refunds": sums }));
        assert!(matches!(read[..], [Inbound::Unreadable { .. }]), "{read:?}");
    }
    let mut odd = refund(3, 1, "");
    odd["line_items"][0]["quantity"] = json!("some");
    let read = looked_up(json!({}), &json!([odd]));
    assert!(matches!(read, Inbound::Unreadable { .. }), "{read:?}");
}
