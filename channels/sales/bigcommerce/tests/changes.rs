//! What the store says of an order after it was placed: what it gave back, took out, changed, archived.

use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;
use serde_json::{Value, json};

use super::orders::{inbound, read};
use super::{headers, hook, request, store};
use crate::port::Inbound;

/// A refund at noon of a day in March of so many mugs.
fn refund(day: u32, units: u32) -> Value {
    json!({ "id": 800 + day, "order_id": 9001, "created": format!("2026-03-{day:02}T12:00:00+00:00"),
        "reason": "", "total_amount": 25, "items": [
            { "item_type": "PRODUCT", "item_id": 61, "quantity": units, "requested_amount": null },
            { "item_type": "SHIPPING", "item_id": 31, "requested_amount": "1.00" }],
        "payments": [
            { "id": 13, "provider_id": "own_card", "amount": 21.5, "offline": false,
                "is_declined": false, "declined_message": "" },
            { "id": 14, "provider_id": "own_card", "amount": 3.5, "is_declined": true }] })
}

fn shipped(day: u32, units: u32) -> Value {
    json!({ "id": 1, "date_created": format!("{day:02} Mar 2026 08:00:00 +0000"),
        "items": [{ "order_product_id": 61, "quantity": units }] })
}

/// Mugs that are still wanted, of the two that were ordered.
fn wanted(refunds: &Value, shipments: &Value) -> Option<String> {
    let changes = json!({ "refunds": refunds, "shipments": shipments });
    let wanted = inbound(changes).wanted;
    wanted.get("61").map(|units| units.value().to_string())
}

#[test]
fn an_order_says_when_it_was_changed_last() {
    let changed_at = |changes| inbound(changes).submission.draft.changed_at;
    assert_eq!(changed_at(json!({})), "2026-03-01T09:31:00Z".parse().ok());
    assert_eq!(changed_at(json!({"date_modified": ""})), None);
}

#[test]
fn money_that_went_back_is_named_by_refund_and_payment() {
    let order = inbound(json!({ "refunds": [refund(3, 1)] }));
    let euro = Currency::from_code("EUR").expect("a currency");
    let expected = ChannelFact::Refunded {
        reference: "803-13".to_owned(),
        amount: Money::from_minor(2150, euro).expect("an amount"),
        at: "2026-03-03T12:00:00Z".parse().ok(),
    };
    assert_eq!(order.facts[1..], [expected]);
    let mut odd = refund(3, 1);
    odd["payments"][0]["amount"] = json!("much");
    let odd = read(json!({ "refunds": [odd] }));
    assert!(matches!(odd, Inbound::Unreadable { .. }), "{odd:?}");
}

#[test]
fn units_refunded_before_they_left_are_not_wanted() {
    let none = json!([]);
    assert_eq!(wanted(&none, &none), None);
    let one = json!([refund(3, 1)]);
    assert_eq!(wanted(&one, &none).as_deref(), Some("1"));
    // What leaves later changes nothing of that.
    assert_eq!(wanted(&one, &json!([shipped(9, 1)])).as_deref(), Some("1"));
    let both = json!([refund(4, 1), refund(3, 1)]);
    assert_eq!(wanted(&both, &none).as_deref(), Some("0"));
}

#[test]
fn units_refunded_after_they_left_stay_wanted() {
    let one = json!([refund(3, 1)]);
    assert_eq!(wanted(&one, &json!([shipped(2, 1)])), None);
    // Of two refunded one had left, and one that came back cannot come back again.
    let left = json!([shipped(2, 1)]);
    assert_eq!(wanted(&json!([refund(3, 2)]), &left).as_deref(), Some("1"));
    let both = json!([refund(4, 1), refund(3, 1)]);
    assert_eq!(wanted(&both, &left).as_deref(), Some("1"));
    // A shipment that does not say when may have been before.
    let mut undated = shipped(2, 1);
    undated["date_created"] = json!("");
    assert_eq!(wanted(&one, &json!([undated])), None);
}

#[test]
fn an_archived_order_is_cancelled() {
    let named = json!({ "type": "order", "id": 9001 });
    let body = hook("store/order/archived", &named);
    let none = headers(&[]);
    let sent = request(&none, &body);
    let expected = Inbound::Said {
        order: "9001".to_owned(),
        facts: vec![ChannelFact::Cancelled {
            at: sent.received_at,
        }],
    };
    assert_eq!(store().read(&sent), [expected]);
}
