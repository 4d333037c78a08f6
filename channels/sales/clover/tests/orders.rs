//! Orders: every rule of the mapping, from one order with parts replaced.

use orderhub_domain::canonical::{FulfilledBy, OrderDraft, TaxMode, Terms};
use orderhub_domain::order::ChannelFact;
use serde_json::{Value, json};

use super::{read_as, unknown};
use crate::port::{Inbound, InboundOrder};

const ORDER: &str = include_str!("../fixtures/order.json");

/// The order with members replaced; `line_*` are those of the first line; what stands beside the order keeps
/// its name.
pub(super) fn read(changes: Value) -> Inbound {
    let mut whole: Value = serde_json::from_str(ORDER).expect("JSON");
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        match name.strip_prefix("line_") {
            Some(own) => whole["order"]["lineItems"]["elements"][0][own] = value,
            None if name == "items" || name == "customer" => whole[&name] = value,
            None => whole["order"][&name] = value,
        }
    }
    read_as("order", &serde_json::to_vec(&whole).expect("JSON"))
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

pub(super) fn of_type(id: &str) -> Value {
    json!({ "orderType": { "id": id } })
}

#[test]
fn an_order_to_be_shipped_is_read_whole_and_its_parts_make_its_total() {
    let order = inbound(json!({}));
    let draft = &order.submission.draft;
    assert_eq!(draft.external_id, "OWNORDER9001");
    assert_eq!(draft.placed_at.to_string(), "2026-03-01T09:30:00.123Z");
    assert_eq!(draft.tax_mode, TaxMode::Exclusive);
    assert_eq!(draft.stated_total.amount().to_string(), "62.10");
    assert_eq!(draft.totals().grand, draft.stated_total);
    let [first, second, card] = &draft.lines[..] else {
        panic!("three lines: each unit is one");
    };
    assert_eq!(first.unit_price.to_string(), "21");
    let off: Vec<_> = first.discounts.iter().map(|d| d.amount.amount()).collect();
    assert_eq!(
        off.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["2.10", "0.90"]
    );
    assert_eq!(
        (second.unit_price.to_string(), second.discounts.len()),
        ("20".into(), 0)
    );
    assert_eq!(
        first.sku.as_ref().map(|sku| sku.0.as_str()),
        Some("OWN-MUG")
    );
    let asked_for = card.sku.as_ref().map(|sku| sku.0.as_str());
    assert_eq!(
        (asked_for, card.fulfilled_by),
        (Some("OWNITEMCARD"), FulfilledBy::Us)
    );
    assert_eq!(draft.discounts[0].amount.amount().to_string(), "4.80");
    let fees: Vec<_> = draft.fees.iter().map(|fee| fee.title.as_str()).collect();
    assert_eq!(fees, ["Packing", "Courier", "Tax"]);
    assert_eq!(draft.fees[0].amount.amount().to_string(), "6.48");
    let paid = ChannelFact::Paid {
        reference: Some("OWNPAYMENT1".into()),
    };
    assert_eq!(order.facts, [paid]);
}

#[test]
fn a_sale_at_the_counter_is_the_channels_and_nothing_of_it_is_set_aside() {
    for changes in [of_type("OWNTAKEOUT"), json!({"orderType": null})] {
        let order = draft(changes.clone());
        let by = order.lines.iter().map(|line| line.fulfilled_by);
        assert!(by.eq([FulfilledBy::Channel; 3]), "{changes}");
        assert_eq!(order.destination, None, "{changes}");
    }
    let weighed = draft(json!({"orderType": null, "line_unitQty": 1500}));
    assert_eq!(weighed.lines[0].quantity.value().to_string(), "1.5");
    let typed_in = draft(json!({"manualTransaction": true}));
    assert_eq!(typed_in.lines[0].fulfilled_by, FulfilledBy::Nobody);
}

#[test]
fn what_is_collected_waits_at_the_hubs_own_location() {
    let pickup = draft(of_type("OWNPICKUP"));
    let location = pickup.pickup_location.as_ref().map(|code| code.0.as_str());
    assert_eq!((location, pickup.destination), (Some("STORE-1"), None));
    assert_eq!(pickup.lines[0].fulfilled_by, FulfilledBy::Us);
}

#[test]
fn what_nobody_sees_or_has_paid_is_no_order_yet() {
    for (changes, word) in [
        (json!({"state": null}), "hidden"),
        (json!({"paymentState": "OPEN", "payments": null}), "unpaid"),
        (json!({"paymentState": null}), "unpaid"),
        (json!({"paymentState": "PARTIALLY_PAID"}), "partly_paid"),
    ] {
        assert_eq!(read(changes), unknown(&format!("not_yet:{word}")));
    }
    for (changes, topic) in [
        (json!({"state": "own"}), "order:state.own"),
        (json!({"paymentState": "ODD"}), "order:payment_state.ODD"),
    ] {
        assert_eq!(read(changes), unknown(topic));
    }
    let open = draft(json!({"state": "Open"}));
    assert_eq!(open.external_id, "OWNORDER9001");
}

#[test]
fn money_that_went_back_ends_what_is_for_later_and_is_a_return_at_the_counter() {
    let at = "2026-03-01T09:31:00.456Z".parse().expect("a time");
    for state in ["REFUNDED", "CREDITED"] {
        let order = inbound(json!({"paymentState": state}));
        assert_eq!(order.facts[1], ChannelFact::Cancelled { at }, "{state}");
        let sold = inbound(json!({"paymentState": state, "orderType": null}));
        assert_eq!(sold.submission.draft.cancelled_at, None, "{state}");
    }
    let part = draft(json!({"paymentState": "PARTIALLY_REFUNDED"}));
    assert_eq!(part.cancelled_at, None);
    let deleted = json!({"deletedTimestamp": 1_772_357_520_000_i64, "paymentState": "OPEN",
        "payments": null});
    let deleted = inbound(deleted);
    let at = "2026-03-01T09:32:00Z".parse().expect("a time");
    assert_eq!(deleted.facts, [ChannelFact::Cancelled { at }]);
    assert_eq!(deleted.submission.draft.tenders[0].terms, Terms::Invoice);
}

#[test]
fn taxes_in_the_price_are_not_added_again_and_test_orders_say_so() {
    let vat = draft(json!({"isVat": true, "total": 5468}));
    assert_eq!(vat.tax_mode, TaxMode::Inclusive);
    assert_eq!(vat.totals().grand, vat.stated_total);
    assert_eq!(vat.totals().taxes.amount().to_string(), "7.42");
    assert!(draft(json!({"testMode": true})).test);
}

#[test]
fn a_total_that_differs_by_more_than_rounding_is_kept_as_stated() {
    let off = draft(json!({"total": 6310}));
    assert_eq!(off.stated_total.amount().to_string(), "63.10");
    assert_ne!(off.totals().grand, off.stated_total);
    let cent = draft(json!({"total": 6211}));
    assert_eq!(cent.totals().grand, cent.stated_total);
}

#[test]
fn personal_data_stands_beside_the_draft() {
    let order = inbound(json!({}));
    let draft = serde_json::to_string(&order.submission.draft).expect("JSON");
    for personal in ["Jane", "buyer@example.com", "Eigene", "ring", "window"] {
        assert!(!draft.contains(personal), "{personal}");
    }
    assert_eq!(order.submission.draft.destination.as_deref(), Some("US"));
    let private = order.submission.private;
    let to = private.ship_to.expect("an address");
    assert_eq!((to.lines.len(), to.postcode.as_deref()), (2, Some("01970")));
    let customer = private.customer.expect("a customer");
    assert_eq!(customer.email.as_deref(), Some("buyer@example.com"));
    assert_eq!(private.attributes["note"], "Please ring twice");
}

#[test]
fn what_cannot_be_read_says_where_and_quotes_nothing() {
    for changes in [
        json!({"id": "buyer@example.com"}),
        json!({"currency": "ZZZ"}),
        json!({"total": 10.5}),
        json!({"total": -1}),
        json!({"total": "buyer@example.com"}),
        json!({"clientCreatedTime": null, "createdTime": null}),
        json!({"lineItems": null}),
        json!({"line_id": "buyer@example.com"}),
        json!({"line_price": -5000}),
        json!({"discounts": { "elements": [{ "amount": 5 }] }}),
        json!({"payments": "buyer@example.com"}),
    ] {
        let Inbound::Unreadable { reason } = read(changes.clone()) else {
            panic!("not readable: {changes}");
        };
        assert!(!reason.contains("buyer@"), "{reason}");
    }
}
