//! Orders: every rule of the mapping, from one order with parts replaced.

use orderhub_domain::canonical::{FulfilledBy, OrderDraft, TaxMode, Terms};
use orderhub_domain::order::ChannelFact;
use serde_json::{Value, json};

use super::{read_as, unknown};
use crate::port::{Inbound, InboundOrder};

const ORDER: &str = include_str!("../fixtures/order.json");

/// The order with members replaced; `line_*` are those of the first line, `later_*` of its fulfilment.
pub(super) fn read(changes: Value) -> Inbound {
    let mut whole: Value = serde_json::from_str(ORDER).expect("JSON");
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        let order = &mut whole["order"];
        match (name.strip_prefix("line_"), name.strip_prefix("later_")) {
            (Some(name), _) if name != "items" => order["line_items"][0][name] = value,
            (_, Some(name)) => order["fulfillments"][0][name] = value,
            _ => order[&name] = value,
        }
    }
    read_as(Some("order"), &serde_json::to_vec(&whole).expect("JSON"))
}

pub(super) fn inbound(changes: Value) -> InboundOrder {
    match read(changes) {
        Inbound::Order(order) => *order,
        other => panic!("no order: {other:?}"),
    }
}

fn draft(changes: Value) -> OrderDraft {
    inbound(changes).submission.draft
}

fn cents(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "USD" })
}

fn fulfilment(form: &str, state: &str) -> Value {
    json!({ "uid": format!("own-{form}-{state}"), "type": form, "state": state,
        "line_item_application": "ALL" })
}

#[test]
fn an_order_to_be_shipped_is_read_whole_and_its_parts_make_its_total() {
    let order = inbound(json!({}));
    let draft = &order.submission.draft;
    assert_eq!(draft.external_id, "OWNORDER9001aZY");
    assert_eq!(draft.number.as_deref(), Some("web-9001"));
    assert_eq!(draft.placed_at.to_string(), "2026-03-01T09:30:00.123Z");
    assert_eq!(draft.tax_mode, TaxMode::Exclusive);
    assert_eq!(draft.stated_total.amount().to_string(), "65.79");
    assert_eq!(draft.totals().grand, draft.stated_total);
    let [mug, card] = &draft.lines[..] else {
        panic!("two lines");
    };
    assert_eq!(mug.external_id, "own-line-mug");
    assert_eq!(mug.title, "Mug, Blue");
    assert_eq!(mug.unit_price.to_string(), "25");
    assert_eq!(mug.discounts[0].amount.amount().to_string(), "5.00");
    assert_eq!(
        mug.taxes[0].rate.map(|r| r.to_string()),
        Some("0.08".into())
    );
    assert_eq!(mug.sku.as_ref().map(|sku| sku.0.as_str()), Some("OWN-MUG"));
    let asked_for = card.sku.as_ref().map(|sku| sku.0.as_str());
    assert_eq!(asked_for, Some("OWNVARCARD"), "it has no SKU there");
    assert_eq!(
        (card.title.as_str(), card.fulfilled_by),
        ("Card", FulfilledBy::Us)
    );
    let fees: Vec<_> = draft.fees.iter().map(|fee| fee.title.as_str()).collect();
    assert_eq!(fees, ["Shipping", "Tip"]);
    let paid = ChannelFact::Paid {
        reference: Some("OWNPAYMENT1".into()),
    };
    assert_eq!(order.facts, [paid]);
}

#[test]
fn a_sale_at_the_counter_is_the_channels_and_nothing_of_it_is_set_aside() {
    for state in ["OPEN", "COMPLETED"] {
        let order = draft(json!({"state": state, "fulfillments": []}));
        let by = order.lines.iter().map(|line| line.fulfilled_by);
        assert!(by.eq([FulfilledBy::Channel; 2]), "{state}");
        assert_eq!(order.destination, None);
    }
    let half = draft(json!({"fulfillments": [], "line_quantity": "0.5"}));
    assert_eq!(half.lines[0].quantity.value().to_string(), "0.5");
    assert_eq!(half.totals().grand, half.stated_total);
    let done = draft(json!({"state": "COMPLETED", "later_state": "COMPLETED"}));
    assert_eq!(done.lines[0].fulfilled_by, FulfilledBy::Channel);
    let late = draft(json!({"state": "COMPLETED"}));
    assert_eq!(late.lines[0].fulfilled_by, FulfilledBy::Channel);
}

#[test]
fn what_is_taken_home_and_what_is_shipped_are_told_apart_by_line() {
    let both = json!([
        fulfilment("PICKUP", "PROPOSED"),
        fulfilment("SHIPMENT", "PROPOSED")
    ]);
    let both = read(json!({"fulfillments": both}));
    assert_eq!(both, unknown("order:several_fulfillments"));
}

#[test]
fn a_draft_and_what_nobody_has_paid_are_no_orders_yet() {
    assert_eq!(read(json!({"state": "DRAFT"})), unknown("not_yet:draft"));
    for tenders in [
        json!([]),
        json!([{ "amount_money": cents(6000) }]),
        json!([{ "amount_money": cents(6579), "card_details": { "status": "VOIDED" } }]),
    ] {
        let unpaid = read(json!({"tenders": tenders}));
        assert_eq!(unpaid, unknown("not_yet:unpaid"));
    }
}

#[test]
fn how_it_is_paid_follows_its_tenders() {
    let held = json!([{ "payment_id": "P1", "amount_money": cents(6579),
        "card_details": { "status": "AUTHORIZED" } }]);
    let held = inbound(json!({"tenders": held}));
    assert!(held.facts.is_empty());
    let Terms::Authorized { reference, .. } = &held.submission.draft.tenders[0].terms else {
        panic!("authorised");
    };
    assert_eq!(reference.as_deref(), Some("P1"));
    let split = json!([{ "payment_id": "P1", "amount_money": cents(6000) },
        { "payment_id": "P2", "amount_money": cents(579) }]);
    let split = inbound(json!({"tenders": split}));
    assert_eq!(split.facts, [ChannelFact::Paid { reference: None }]);
    let settled = inbound(json!({"tenders": [], "net_amount_due_money": cents(0)}));
    assert_eq!(settled.facts.len(), 1);
}

#[test]
fn an_order_that_is_over_says_so_and_when() {
    let changed = "2026-03-01T09:31:00.456Z".parse().expect("a time");
    for state in ["CANCELED", "FAILED"] {
        let order = inbound(json!({"later_state": state}));
        assert_eq!(
            order.submission.draft.cancelled_at,
            Some(changed),
            "{state}"
        );
        assert_eq!(order.facts[1], ChannelFact::Cancelled { at: changed });
    }
    let closed = "2026-03-01T10:00:00Z".parse().expect("a time");
    let order = inbound(
        json!({"state": "CANCELED", "closed_at": "2026-03-01T10:00:00Z",
        "tenders": []}),
    );
    assert_eq!(order.facts, [ChannelFact::Cancelled { at: closed }]);
    assert_eq!(order.submission.draft.tenders[0].terms, Terms::Invoice);
    let both = json!([
        fulfilment("PICKUP", "COMPLETED"),
        fulfilment("SHIPMENT", "CANCELED"),
        fulfilment("SHIPMENT", "PROPOSED")
    ]);
    let mixed = inbound(json!({"state": "CANCELED", "fulfillments": both}));
    assert_eq!(
        mixed.facts.len(),
        2,
        "cancelled, whatever became of its parts"
    );
}

#[test]
fn taxes_in_the_price_are_not_added_again_and_cash_is_rounded_in_the_open() {
    let taxes =
        json!([{ "uid": "own-tax", "name": "VAT", "type": "INCLUSIVE", "percentage": "8" }]);
    let order = draft(
        json!({"taxes": taxes, "fulfillments": [], "service_charges": [],
        "rounding_adjustment": { "amount_money": cents(-2) }, "total_tip_money": cents(0),
        "total_money": cents(5938), "tenders": [{ "amount_money": cents(5938) }]}),
    );
    assert_eq!(order.tax_mode, TaxMode::Inclusive);
    assert_eq!(order.lines[0].unit_price.to_string(), "26.8");
    assert!(order.lines[0].taxes[0].included);
    assert_eq!(order.discounts[0].amount.amount().to_string(), "0.02");
    assert_eq!(order.totals().grand, order.stated_total);
    let yen = |amount: i64| json!({ "amount": amount, "currency": "JPY" });
    let line = json!([{ "uid": "l1", "name": "Mug", "quantity": "1", "total_money": yen(500) }]);
    let yen = draft(
        json!({"line_items": line, "taxes": [], "service_charges": [],
        "fulfillments": [], "total_tip_money": yen(0), "total_money": yen(500),
        "tenders": [{ "amount_money": yen(500) }]}),
    );
    assert_eq!(yen.stated_total.amount().to_string(), "500");
}

#[test]
fn a_total_that_differs_is_kept_as_stated() {
    let draft = draft(json!({"total_money": cents(6679), "tenders": [
        { "amount_money": cents(6679) }]}));
    assert_eq!(draft.stated_total.amount().to_string(), "66.79");
    assert_ne!(draft.totals().grand, draft.stated_total);
}

#[test]
fn words_that_nobody_knows_other_locations_and_returns_are_kept() {
    for (changes, topic) in [
        (json!({"state": "OWN_STATE"}), "order:state.OWN_STATE"),
        (json!({"later_state": "ODD"}), "order:fulfillment.ODD"),
        (
            json!({"later_type": "DRONE"}),
            "order:fulfillment_type.DRONE",
        ),
        (json!({"location_id": "OWNLOC2"}), "order:another_location"),
        (json!({"line_items": [], "returns": [{}]}), "order:return"),
    ] {
        assert_eq!(read(changes), unknown(topic));
    }
}

#[test]
fn gift_cards_and_typed_in_amounts_are_nothing_to_pick() {
    for form in ["GIFT_CARD", "CUSTOM_AMOUNT"] {
        let line = &draft(json!({"line_item_type": form})).lines[0];
        assert_eq!(line.fulfilled_by, FulfilledBy::Nobody, "{form}");
    }
}

#[test]
fn personal_data_stands_beside_the_draft() {
    let order = inbound(json!({}));
    let draft = serde_json::to_string(&order.submission.draft).expect("JSON");
    for personal in ["Jane", "buyer@example.com", "Eigene", "ring"] {
        assert!(!draft.contains(personal), "{personal}");
    }
    assert_eq!(order.submission.draft.destination.as_deref(), Some("DE"));
    let private = order.submission.private;
    let to = private.ship_to.expect("an address");
    assert_eq!(to.lines, ["Eigene Straße 1", "Hof"]);
    assert_eq!(to.name.as_deref(), Some("Jane Doe"));
    assert_eq!(private.attributes["note"], "Please ring twice");
}

#[test]
fn what_cannot_be_read_says_where_and_quotes_nothing() {
    for changes in [
        json!({"id": "buyer@example.com"}),
        json!({"total_money": { "amount": 1, "currency": "ZZZ" }}),
        json!({"total_money": { "amount": 1.5, "currency": "USD" }}),
        json!({"total_money": cents(-1)}),
        json!({"created_at": "yesterday"}),
        json!({"state": "CANCELED", "updated_at": "buyer@example.com"}),
        json!({"line_items": []}),
        json!({"line_quantity": "0"}),
        json!({"line_quantity": "buyer@example.com"}),
        json!({"line_uid": "buyer@example.com"}),
        json!({"line_total_money": { "amount": 1, "currency": "EUR" }}),
        json!({"line_total_discount_money": cents(-5)}),
        json!({"fulfillments": "buyer@example.com"}),
    ] {
        let Inbound::Unreadable { reason } = read(changes.clone()) else {
            panic!("not readable: {changes}");
        };
        assert!(!reason.contains("buyer@"), "{reason}");
    }
}

#[test]
fn lists_that_are_null_are_empty() {
    let none = json!({ "returns": null, "service_charges": [], "taxes": [] });
    let null = json!({ "returns": null, "service_charges": null, "taxes": null });
    assert_eq!(draft(null), draft(none));
}
