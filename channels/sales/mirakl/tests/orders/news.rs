//! What a later state of an order says: units that were cancelled, and money that was given back.

use orderhub_domain::order::ChannelFact;
use serde_json::{Value, json};

use super::{adds_up, body, draft, inbound, read, read_order};
use crate::port::Inbound;

#[test]
fn every_state_says_when_the_marketplace_changed_the_order_last() {
    let at = "2026-03-01T10:05:00.25Z".parse().ok();
    assert_eq!(draft(json!({})).changed_at, at);
    assert_eq!(
        draft(json!({"last_updated_date": null})).changed_at,
        None,
        "without a time nothing is followed"
    );
}

#[test]
fn units_that_were_cancelled_there_are_wanted_no_more() {
    // The marketplace's own numbers are without them.
    let less = inbound(
        json!({"line_quantity": 1, "line_price": 20.00, "line_shipping_price": 3.90,
        "line_taxes": [{"code": "VAT", "amount": 3.80}], "total_price": 38.90,
        "line_cancelations": [{"id": "C1", "quantity": 1, "amount": 20.00}]}),
    );
    let draft = &less.submission.draft;
    assert_eq!(draft.lines[0].quantity.value().to_string(), "1");
    assert_eq!(adds_up(draft), "46.10");
    // Of a line that is cancelled as a whole nothing is stated any more.
    let gone = inbound(json!({"line_order_line_state": "CANCELED", "line_quantity": 0}));
    assert_eq!(gone.submission.draft.lines.len(), 1);
    let mut over = body(
        json!({"order_state": "CANCELED", "line_order_line_state": "CANCELED",
        "line_quantity": 0, "line_price": 0, "line_cancelations": [{"quantity": 2}]}),
    );
    over["order_lines"][1]["order_line_state"] = "CANCELED".into();
    over["order_lines"][1]["quantity"] = 0.into();
    let over = read_order(&over);
    assert!(
        matches!(over.facts.last(), Some(ChannelFact::Cancelled { .. })),
        "{:?}",
        over.facts
    );
}

#[test]
fn what_was_given_back_is_said_once_the_buyer_has_it_and_takes_no_unit_along() {
    let refund = |state: &str| {
        json!({"line_refunds": [
            {"id": "4711", "state": state, "refund_state": state, "order_refund_id": "G1",
                "quantity": 1, "amount": 20.00, "shipping_amount": 1.00,
                "taxes": [{"code": "VAT", "amount": 3.80}],
                "shipping_taxes": [{"code": "VAT", "amount": 0.19}],
                "created_date": "2026-03-02T10:00:00Z",
                "transaction_date": "2026-03-03T10:00:00Z"}]})
    };
    for state in ["WAITING_REFUND", "WAITING_REFUND_PAYMENT", "OWN"] {
        let order = inbound(refund(state));
        assert_eq!(order.facts.len(), 1, "{state}: {:?}", order.facts);
        assert_eq!(
            order.submission.draft.lines[0].quantity.value().to_string(),
            "2"
        );
    }
    let given = |changes: Value| match inbound(changes).facts.pop() {
        Some(ChannelFact::Refunded {
            reference,
            amount,
            at,
        }) => (reference, amount.amount().to_string(), at),
        other => panic!("no refund: {other:?}"),
    };
    let at = "2026-03-03T10:00:00Z".parse().ok();
    let (reference, amount, when) = given(refund("REFUNDED"));
    assert_eq!(
        (reference.as_str(), amount.as_str(), when),
        ("4711", "24.99", at)
    );
    let mut included = refund("REFUNDED");
    included["order_tax_mode"] = "TAX_INCLUDED".into();
    assert_eq!(given(included).1, "21.00");
    // Of a line that is no part of the order any more, too.
    let mut gone = refund("REFUNDED");
    gone["line_order_line_state"] = "REFUNDED".into();
    assert_eq!(given(gone).1, "24.99");
    for (name, bad) in [("id", json!(null)), ("amount", json!("buyer@example.com"))] {
        let mut refund = refund("REFUNDED");
        refund["line_refunds"][0][name] = bad;
        let Inbound::Unreadable { reason } = read(refund) else {
            panic!("{name} is not readable");
        };
        assert!(!reason.contains("buyer@"), "{reason}");
    }
}
