//! Orders: every rule of the mapping, from one order with parts replaced.

use orderhub_domain::canonical::{FulfilledBy, OrderDraft, TaxMode, Terms};
use orderhub_domain::order::ChannelFact;
use serde_json::{Value, json};

use super::{headers, request, store};
use crate::port::{Inbound, InboundOrder};

const ORDER: &str = include_str!("../fixtures/order.json");
const LISTS: [&str; 4] = ["products", "shipping_addresses", "refunds", "shipments"];

/// The order with members replaced; `line_*` are those of the first line.
pub(super) fn read(changes: Value) -> Inbound {
    let mut whole: Value = serde_json::from_str(ORDER).expect("JSON");
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        match name.strip_prefix("line_") {
            Some(name) => whole["products"][0][name] = value,
            None if LISTS.contains(&name.as_str()) => whole[name] = value,
            None => whole["order"][name] = value,
        }
    }
    let stated = headers(&[("orderhub-stated", "order")]);
    let body = serde_json::to_vec(&whole).expect("JSON");
    let read = store().read(&request(&stated, &body));
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
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

fn unknown(topic: &str) -> Inbound {
    Inbound::Unknown {
        topic: topic.to_owned(),
    }
}

#[test]
fn an_order_is_read_whole_and_its_parts_make_its_total() {
    let order = inbound(json!({}));
    let draft = &order.submission.draft;
    assert_eq!(draft.external_id, "9001");
    assert_eq!(draft.placed_at.to_string(), "2026-03-01T09:30:00Z");
    assert_eq!(draft.currency.code(), "EUR", "what the buyer pays in");
    assert_eq!(draft.tax_mode, TaxMode::Inclusive);
    assert_eq!(draft.stated_total.amount().to_string(), "58.99");
    assert_eq!(draft.totals().grand, draft.stated_total);
    let [mug, card] = &draft.lines[..] else {
        panic!("two lines");
    };
    assert_eq!(
        (mug.external_id.as_str(), mug.unit_price.to_string()),
        ("61", "25".into())
    );
    assert_eq!(mug.taxes[0].amount.amount().to_string(), "7.98");
    assert_eq!(card.sku.as_ref().map(|sku| sku.0.as_str()), Some("4402"));
    assert_eq!(draft.shipping[0].amount.amount().to_string(), "4.99");
    assert_eq!(draft.fees[0].title, "Handling");
    assert_eq!(order.facts, [ChannelFact::Paid { reference: None }]);
}

#[test]
fn a_total_that_differs_is_kept_as_stated() {
    let draft = draft(json!({"total_inc_tax": "59.4900"}));
    assert_eq!(draft.stated_total.amount().to_string(), "59.49");
    assert_ne!(draft.totals().grand, draft.stated_total);
}

#[test]
fn what_nobody_has_paid_for_is_no_order_yet() {
    for (status, word) in [
        (0, "incomplete"),
        (1, "pending"),
        (7, "awaiting_payment"),
        (12, "manual_verification"),
    ] {
        let expected = unknown(&format!("not_yet:{word}"));
        assert_eq!(read(json!({"status_id": status})), expected);
    }
    let disputed = read(json!({"status_id": 13}));
    assert_eq!(disputed, unknown("order:status.13"));
}

#[test]
fn an_order_that_is_over_says_so_and_when() {
    let at = "2026-03-01T09:31:00Z".parse().expect("a time");
    for status in [4, 5, 6] {
        let order = inbound(json!({"status_id": status, "payment_status": "void"}));
        assert_eq!(order.submission.draft.cancelled_at, Some(at), "{status}");
        assert_eq!(order.facts, [ChannelFact::Cancelled { at }]);
    }
    let returned = inbound(json!({"status_id": 4, "items_shipped": 3}));
    assert_eq!(returned.submission.draft.cancelled_at, None);
}

#[test]
fn what_was_shipped_or_is_downloaded_is_not_ours_to_ship() {
    let by = |changes| draft(changes).lines[0].fulfilled_by;
    for status in [3, 8, 9, 11, 14] {
        assert_eq!(by(json!({"status_id": status})), FulfilledBy::Us);
    }
    for status in [2, 10] {
        assert_eq!(by(json!({"status_id": status})), FulfilledBy::Channel);
    }
    let gone = json!({"status_id": 3, "line_quantity_shipped": 2});
    assert_eq!(by(gone), FulfilledBy::Channel);
    assert_eq!(by(json!({"line_type": "digital"})), FulfilledBy::Nobody);
}

#[test]
fn an_order_of_which_a_part_of_a_line_has_left_is_followed_and_never_placed() {
    let part = read(json!({"status_id": 3, "line_quantity_shipped": 1}));
    let Inbound::Said { order, facts } = part else {
        panic!("news of an order: {part:?}");
    };
    assert_eq!(order, "9001");
    let [ChannelFact::Restated(said), ChannelFact::Paid { .. }] = &facts[..] else {
        panic!("it is stated anew, and paid: {facts:?}");
    };
    assert_eq!(said.wants("61").value().to_string(), "2");
}

#[test]
fn how_it_is_paid_follows_its_payment_status() {
    let terms = |changes| draft(changes).tenders[0].terms.clone();
    let authorized = terms(json!({"payment_status": "authorized"}));
    assert!(
        matches!(authorized, Terms::Authorized { gateway: None, .. }),
        "{authorized:?}"
    );
    assert_eq!(terms(json!({"payment_status": null})), Terms::Invoice);
    let door = json!({"payment_status": "", "payment_method": "Cash on Delivery"});
    assert_eq!(terms(door), Terms::OnDelivery);
    for (status, word) in [("void", "void"), ("held for review", "held_for_review")] {
        let expected = unknown(&format!("order:payment_status.{word}"));
        assert_eq!(read(json!({"payment_status": status})), expected);
    }
}

#[test]
fn store_credit_and_gift_certificates_are_money_that_the_shop_has() {
    let part = json!({"payment_status": "", "store_credit_amount": "5.0000",
        "gift_certificate_amount": "3.9900"});
    let part = draft(part);
    let amounts: Vec<_> = part
        .tenders
        .iter()
        .map(|t| t.amount.amount().to_string())
        .collect();
    assert_eq!(amounts, ["8.99", "50.00"]);
    assert_eq!(part.tenders[1].terms, Terms::Invoice);
    let all = inbound(json!({"payment_status": "", "store_credit_amount": "60.0000"}));
    assert_eq!(
        all.submission.draft.tenders[0].terms,
        Terms::Prepaid { reference: None }
    );
    assert_eq!(all.facts.len(), 1);
}

#[test]
fn an_order_to_several_addresses_is_kept_and_one_without_any_read() {
    let two = json!([{ "id": 1, "items_total": 1 }, { "id": 2, "items_total": 2 }]);
    let two = read(json!({"shipping_addresses": two}));
    assert_eq!(two, unknown("order:several_addresses"));
    let unused =
        json!([{ "id": 1, "items_total": 0 }, { "id": 2, "zip": "01067", "items_total": 2 }]);
    let used = inbound(json!({"shipping_addresses": unused}))
        .submission
        .private
        .ship_to;
    assert_eq!(used.and_then(|to| to.postcode).as_deref(), Some("01067"));
    let none = inbound(json!({"shipping_addresses": []})).submission;
    assert_eq!((none.private.ship_to, none.draft.destination), (None, None));
}

#[test]
fn personal_data_stands_beside_the_draft_and_nul_nowhere() {
    let order = inbound(json!({"customer_message": "ring\u{0} twice"}));
    let draft = serde_json::to_string(&order.submission.draft).expect("JSON");
    for personal in ["Jane", "buyer@example.com", "Eigene", "ring"] {
        assert!(!draft.contains(personal), "{personal}");
    }
    assert_eq!(order.submission.draft.destination.as_deref(), Some("DE"));
    let private = order.submission.private;
    assert_eq!(
        private.ship_to.expect("an address").lines,
        ["Eigene Straße 1", "Hof"]
    );
    assert_eq!(private.attributes["note"], "ring twice");
}

#[test]
fn what_cannot_be_read_says_where_and_quotes_nothing() {
    for changes in [
        json!({"id": 0}),
        json!({"default_currency_code": "ZZZ"}),
        json!({"total_inc_tax": "much"}),
        json!({"total_inc_tax": "-1.0000"}),
        json!({"date_created": ""}),
        json!({"date_created": "yesterday"}),
        json!({"status_id": 5, "date_modified": "buyer@example.com"}),
        json!({"products": []}),
        json!({"line_quantity": 0}),
        json!({"line_total_inc_tax": "buyer@example.com"}),
        json!({"line_id": "buyer@example.com"}),
        json!({"status_id": "buyer@example.com"}),
        json!({"coupon_discount": "-5.0000"}),
    ] {
        let Inbound::Unreadable { reason } = read(changes.clone()) else {
            panic!("not readable: {changes}");
        };
        assert!(!reason.contains("buyer@"), "{reason}");
    }
}

#[test]
fn a_status_that_is_a_text_counts_and_one_that_is_no_number_is_unreadable() {
    let number = json!({ "status_id": 11 });
    let text = json!({ "status_id": "11" });
    assert_eq!(draft(text), draft(number));
    let odd = read(json!({ "status_id": "Shipped" }));
    assert!(matches!(odd, Inbound::Unreadable { .. }), "{odd:?}");
}
