//! What is no order yet: nothing is set aside for it, and the vendor says so again when it is one.

use serde_json::{Value, json};

use super::hub::{placed, set_aside};
use super::scene::{only, topic, vendor};

/// Where an order's state stands, and what is read of a word there.
fn in_state(name: &str, pointer: &str, word: impl Into<Value>) -> String {
    let read = vendor(name).sale(|body| {
        *body.pointer_mut(pointer).expect("a state") = word.into();
    });
    topic(read)
}

#[test]
fn trap_10_what_is_no_order_yet_is_kept_as_that() {
    let amazon = "/fulfillment/fulfillmentStatus";
    for (name, pointer, word, topic) in [
        ("amazon", amazon, "PENDING", "pending"),
        (
            "amazon",
            amazon,
            "PENDING_AVAILABILITY",
            "pending_availability",
        ),
        ("mirakl", "/order_state", "STAGING", "staging"),
        ("square", "/order/state", "DRAFT", "draft"),
        ("lightspeed", "/sale/state", "parked", "parked"),
    ] {
        assert_eq!(
            in_state(name, pointer, word),
            format!("not_yet:{topic}"),
            "{name}"
        );
    }
    for (status, topic) in [(0, "incomplete"), (7, "awaiting_payment")] {
        let read = in_state("bigcommerce", "/order/status_id", status);
        assert_eq!(read, format!("not_yet:{topic}"));
    }
}

#[test]
fn trap_10_what_the_seller_is_to_accept_first_waits_with_its_stock() {
    for state in [
        "WAITING_ACCEPTANCE",
        "WAITING_DEBIT",
        "WAITING_DEBIT_PAYMENT",
    ] {
        let order = vendor("mirakl").order(|order| order["order_state"] = state.into());
        assert!(order.submission.draft.awaits_release, "{state}");
        assert_eq!(set_aside(&placed(&order)), ["MUG-1", "TEE-2"], "{state}");
    }
}

#[test]
fn trap_10_a_draft_of_shopifys_is_no_order_whatever_it_looks_like() {
    let body = json!({ "id": 91, "name": "#D1", "status": "open", "currency": "EUR",
        "line_items": [], "total_price": "44.98" });
    for name in ["draft_orders/create", "draft_orders/update"] {
        let read = vendor("shopify").hears(&[("x-shopify-topic", name)], &body.to_string());
        assert_eq!(topic(only(read)), name);
    }
}

#[test]
fn trap_10_a_buyers_approval_is_no_payment() {
    let event = json!({
        "id": "WH-1", "event_type": "CHECKOUT.ORDER.APPROVED", "resource_type": "checkout-order",
        "create_time": "2026-03-01T09:30:00Z",
        "resource": { "id": "ORDER77", "intent": "AUTHORIZE", "status": "APPROVED" },
    });
    let read = vendor("paypal").hears(&[], &event.to_string());
    assert_eq!(topic(only(read)), "not_yet:CHECKOUT.ORDER.APPROVED");
    // And so says the order itself when it is looked up.
    let order = json!({ "id": "ORDER77", "intent": "AUTHORIZE", "status": "APPROVED",
        "purchase_units": [{ "reference_id": "default",
            "amount": { "currency_code": "EUR", "value": "15.00" } }] });
    let read = vendor("paypal").hears(&[("x-paypal-resource", "order")], &order.to_string());
    assert_eq!(topic(only(read)), "not_yet:APPROVED");
}
