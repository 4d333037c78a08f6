//! What is said of an order after it was placed: when it changed, what went back, that it was deleted.

use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate};

use super::look_up::{answer, hand_out_keys, list, look_up};
use super::orders::{ORDER, inbound, read, whole, with};
use super::{ORDER_ID, calling, headers, request, unknown};
use crate::port::{Inbound, Statement};

const PAYMENT: &str = "/order/transactions/1/stateMachineState/technicalName";
const LATER: &str = "2026-03-02T10:00:00.250+00:00";

fn euros(cents: i64) -> Money {
    Money::from_minor(cents, Currency::from_code("EUR").expect("a currency")).expect("an amount")
}

fn refund(id: &str, state: &str, amount: &str) -> Value {
    json!({ "id": id, "amount": { "totalPrice": amount }, "createdAt": "2026-03-02T09:00:00.000+00:00",
        "updatedAt": LATER, "stateMachineState": { "technicalName": state } })
}

fn given(id: &str, cents: i64) -> ChannelFact {
    ChannelFact::Refunded {
        reference: id.to_owned(),
        amount: euros(cents),
        at: Some(LATER.parse().expect("a time")),
    }
}

#[test]
fn an_order_changes_with_every_part_that_is_read() {
    let at = |changes: &[(&str, Value)]| inbound(changes).submission.draft.changed_at;
    let first = "2026-03-01T09:31:00Z".parse().ok();
    assert_eq!(at(&[]), first);
    let later = LATER.parse().ok();
    for part in [
        "/order",
        "/order/deliveries/1",
        "/order/deliveries/1/shippingOrderAddress",
        "/order/billingAddress",
        "/order/transactions/0",
        "/lineItems/0",
    ] {
        let changed = format!("{part}/updatedAt");
        assert_eq!(at(&[(&changed, json!(LATER))]), later, "{part}");
        let made = format!("{part}/createdAt");
        assert_eq!(at(&[(&made, json!(LATER))]), later, "{part}");
    }
    let bad = read(&with(&[(
        "/lineItems/0/updatedAt",
        json!("jane@example.com"),
    )]));
    assert!(matches!(bad, Inbound::Unreadable { .. }), "{bad:?}");
}

#[test]
fn what_a_plugin_gave_back_counts_once_it_is_done() {
    let mut order = with(&[(PAYMENT, json!("refunded_partially"))]);
    order["refunds"] = json!([
        refund("own1", "completed", "10.5"),
        refund("own2", "open", "1.0"),
        refund("own3", "in_progress", "2.0"),
        refund("own4", "failed", "3.0"),
        refund("own5", "completed", "4.0"),
    ]);
    let Inbound::Order(stated) = read(&order) else {
        panic!("an order");
    };
    assert_eq!(stated.facts[1..], [given("own1", 1050), given("own5", 400)]);
    let unnamed = inbound(&[(PAYMENT, json!("refunded_partially"))]);
    assert_eq!(unnamed.facts.len(), 1, "the shop does not say how much");
    order["refunds"][0]["amount"]["totalPrice"] = json!("jane@example.com");
    assert!(matches!(read(&order), Inbound::Unreadable { .. }));
}

#[test]
fn an_order_whose_money_all_went_back_begins_none_and_says_so() {
    let said = |facts: &[ChannelFact]| Inbound::Said {
        order: ORDER_ID.to_owned(),
        facts: facts.to_vec(),
    };
    let mut order = with(&[(PAYMENT, json!("refunded"))]);
    order["order"]["transactions"][1]["amount"] = json!({ "totalPrice": 62.39 });
    order["order"]["transactions"][1]["updatedAt"] = json!(LATER);
    let all = ChannelFact::RefundedSoFar {
        amount: euros(6239),
        at: Some(LATER.parse().expect("a time")),
    };
    assert_eq!(read(&order), said(std::slice::from_ref(&all)));
    order["refunds"] = json!([refund("own1", "completed", "62.39")]);
    assert_eq!(read(&order), said(&[given("own1", 6239)]), "each once");
    order["refunds"] = json!([]);
    order["order"]["stateMachineState"]["technicalName"] = json!("cancelled");
    let Inbound::Order(stated) = read(&order) else {
        panic!("a cancelled order is one");
    };
    assert!(stated.facts.contains(&all));
    assert!(stated.submission.draft.cancelled_at.is_some());
}

async fn stated(server: &MockServer, kind: &str) -> Vec<Inbound> {
    let stated = look_up(server, kind, ORDER_ID).await.expect("an answer");
    let read = |statement: &Statement| {
        let kind = statement.headers["orderhub-stated"].as_str();
        let headers = headers(&[("orderhub-stated", kind)]);
        calling(&server.uri()).read(&request(&headers, &statement.raw))
    };
    stated.iter().flat_map(read).collect()
}

#[tokio::test]
async fn refunds_are_looked_up_with_the_order_where_the_shop_has_them() {
    let refunds = json!([refund("own1", "completed", "5.0")]);
    for (there, facts) in [
        (list(&refunds), 2),
        (ResponseTemplate::new(403), 1),
        (ResponseTemplate::new(404), 1),
    ] {
        let server = MockServer::start().await;
        hand_out_keys(&server).await;
        let whole = whole();
        answer(&server, "order", json!({}), list(&json!([whole["order"]]))).await;
        answer(
            &server,
            "order-line-item",
            json!({}),
            list(&whole["lineItems"]),
        )
        .await;
        let of_order = json!({ "filter": [{ "type": "equals", "value": ORDER_ID,
            "field": "transactionCapture.transaction.orderId" }] });
        answer(&server, "order-transaction-capture-refund", of_order, there).await;
        let read = stated(&server, "order").await;
        let [Inbound::Order(order)] = &read[..] else {
            panic!("an order: {read:?}");
        };
        assert_eq!(order.facts.len(), facts);
    }
}

#[tokio::test]
async fn an_order_is_deleted_once_the_shop_has_it_no_more() {
    let whole: Value = serde_json::from_str(ORDER).expect("JSON");
    let server = MockServer::start().await;
    hand_out_keys(&server).await;
    answer(&server, "order", json!({}), list(&json!([whole["order"]]))).await;
    answer(
        &server,
        "order-line-item",
        json!({}),
        list(&whole["lineItems"]),
    )
    .await;
    let still = stated(&server, "deleted_order").await;
    assert!(matches!(&still[..], [Inbound::Order(_)]), "{still:?}");
    let server = MockServer::start().await;
    hand_out_keys(&server).await;
    answer(&server, "order", json!({}), list(&json!([]))).await;
    let gone = Inbound::Said {
        order: ORDER_ID.to_owned(),
        facts: vec![ChannelFact::Cancelled {
            at: jiff::Timestamp::UNIX_EPOCH,
        }],
    };
    assert_eq!(stated(&server, "deleted_order").await, [gone]);
    assert_eq!(stated(&server, "order").await, []);
    let headers = headers(&[("orderhub-stated", "deleted_order")]);
    let bad = calling(&server.uri()).read(&request(&headers, b"{\"id\":\"../x\"}"));
    assert!(matches!(&bad[..], [Inbound::Unreadable { .. }]), "{bad:?}");
    let refunded = read(&with(&[(PAYMENT, json!("refunded"))]));
    assert_eq!(
        refunded,
        unknown("transaction.refunded"),
        "it says no amount"
    );
}
