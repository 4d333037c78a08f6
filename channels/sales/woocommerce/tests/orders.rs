//! Orders: every rule of the mapping, from one order with parts replaced.

use orderhub_domain::canonical::{FulfilledBy, OrderDraft, TaxMode, Terms};
use orderhub_domain::order::ChannelFact;
use serde_json::{Value, json};

use super::{headers, request, shop};
use crate::port::{Inbound, InboundOrder};

const ORDER: &str = include_str!("../fixtures/order.json");

pub(super) fn body(changes: Value) -> Value {
    let mut order: Value = serde_json::from_str(ORDER).expect("JSON");
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        match name.strip_prefix("line_") {
            Some(name) if name != "items" => order["line_items"][0][name] = value,
            _ => order[name] = value,
        }
    }
    order
}

fn read_as(topic: &str, body: &[u8]) -> Inbound {
    let headers = headers(&[("x-wc-webhook-topic", topic)]);
    let read = shop().read(&request(&headers, body));
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

fn read(changes: Value) -> Inbound {
    let body = serde_json::to_vec(&body(changes)).expect("JSON");
    read_as("order.updated", &body)
}

fn inbound(changes: Value) -> InboundOrder {
    match read(changes) {
        Inbound::Order(order) => *order,
        other => panic!("no order: {other:?}"),
    }
}

fn draft(changes: Value) -> OrderDraft {
    inbound(changes).submission.draft
}

fn terms(changes: Value) -> Terms {
    let draft = draft(changes);
    assert_eq!(draft.tenders.len(), 1);
    assert_eq!(draft.tenders[0].amount, draft.stated_total);
    draft.tenders[0].terms.clone()
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
    assert_eq!(draft.external_id, "3001");
    assert_eq!(draft.number.as_deref(), Some("#3001"));
    assert_eq!(draft.placed_at.to_string(), "2026-03-01T09:30:00Z");
    assert_eq!(draft.tax_mode, TaxMode::Exclusive);
    assert_eq!(draft.stated_total.amount().to_string(), "62.37");
    assert_eq!(draft.totals().grand, draft.stated_total);
    assert!(!draft.test);
    let [mug, card] = &draft.lines[..] else {
        panic!("two lines");
    };
    assert_eq!(mug.external_id, "501");
    assert_eq!(mug.title, "Mug – blue");
    assert_eq!(mug.unit_price.to_string(), "21.01");
    assert_eq!(mug.discounts[0].amount.amount().to_string(), "4.20");
    assert_eq!(mug.discounts[0].code.as_deref(), Some("ten"));
    assert_eq!(mug.taxes[0].name, "MwSt.");
    let rate = mug.taxes[0].rate.map(|rate| rate.to_string());
    assert_eq!(rate.as_deref(), Some("0.19"));
    assert_eq!(mug.fulfilled_by, FulfilledBy::Us);
    assert_eq!(card.taxes[0].amount.amount().to_string(), "1.60");
    assert_eq!(draft.shipping[0].title, "Parcel");
    assert_eq!(draft.fees[0].title, "Gift wrap & card");
    let paid = ChannelFact::Paid {
        reference: Some("pay_own_1".to_owned()),
    };
    assert_eq!(order.facts, [paid]);
}

#[test]
fn numbers_and_texts_are_the_same_amount() {
    let as_number =
        json!({"total": 62.37, "line_total": 37.82, "line_taxes": [{"id": 9, "total": 7.18}]});
    assert_eq!(draft(as_number), draft(json!({})));
}

#[test]
fn a_line_without_a_sku_is_asked_for_by_what_was_bought() {
    let sku = |changes| draft(changes).lines[0].sku.clone().map(|sku| sku.0);
    assert_eq!(sku(json!({})).as_deref(), Some("OWN-MUG"));
    assert_eq!(sku(json!({"line_sku": ""})).as_deref(), Some("4411"));
    let simple = json!({"line_sku": null, "line_variation_id": 0});
    assert_eq!(sku(simple).as_deref(), Some("4401"));
    let custom = json!({"line_sku": null, "line_variation_id": 0, "line_product_id": 0});
    assert_eq!(sku(custom).as_deref(), Some("line-501"));
}

#[test]
fn prices_that_do_not_divide_keep_the_lines_total() {
    let third = json!({"line_quantity": 3, "line_subtotal": "10.00", "line_total": "10.00",
        "line_taxes": [{"id": 9, "total": "1.90"}], "total": "29.27"});
    let draft = draft(third);
    assert_eq!(draft.lines[0].unit_price.to_string(), "3.333333");
    let net = draft.lines[0].net(draft.currency);
    assert_eq!(net.amount().to_string(), "10.00");
    assert_eq!(draft.totals().grand, draft.stated_total);
    assert!(draft.lines[0].discounts.is_empty());
    // Somebody in the shop put the price up by hand.
    let dearer = json!({"line_subtotal": "10.00", "line_total": "37.82"});
    assert!(self::draft(dearer).lines[0].discounts.is_empty());
}

#[test]
fn taxes_without_shares_count_as_one_sum_and_zeros_not_at_all() {
    let sum = draft(json!({"line_taxes": []}));
    assert_eq!(sum.lines[0].taxes[0].name, "Tax");
    assert_eq!(sum.totals().grand, sum.stated_total);
    let free = json!({"line_taxes": [{"id": 9, "total": ""}], "line_total_tax": "0.00"});
    assert!(draft(free).lines[0].taxes.is_empty());
}

#[test]
fn a_fee_below_zero_is_a_discount_of_the_order_with_its_taxes() {
    let fees = json!([{"id": 1, "name": "Loyal", "total": "-2.00", "total_tax": "-0.38",
        "taxes": [{"id": 9, "total": "-0.38"}]}]);
    let draft = draft(json!({"fee_lines": fees, "total": "57.61"}));
    assert!(draft.fees.is_empty());
    assert_eq!(draft.discounts[0].amount.amount().to_string(), "2.38");
    assert_eq!(draft.totals().grand, draft.stated_total);
}

#[test]
fn rounding_is_closed_and_a_gap_that_is_none_stays_open() {
    let up = draft(json!({"total": "62.39"}));
    assert_eq!(up.totals().grand, up.stated_total);
    assert_eq!(up.fees[1].title, "Rounding");
    let down = draft(json!({"total": "62.36"}));
    assert_eq!(down.totals().grand, down.stated_total);
    assert_eq!(down.discounts[0].amount.amount().to_string(), "0.01");
    let gap = draft(json!({"total": "62.87"}));
    assert_eq!(gap.stated_total.amount().to_string(), "62.87");
    assert_eq!(gap.totals().grand.amount().to_string(), "62.37");
}

#[test]
fn how_it_is_paid_follows_when_the_shop_had_the_money() {
    let Terms::Prepaid { reference } = terms(json!({})) else {
        panic!("paid");
    };
    assert_eq!(reference.as_deref(), Some("pay_own_1"));
    let open = |method: &str| terms(json!({"date_paid_gmt": null, "payment_method": method}));
    assert_eq!(open("cod"), Terms::OnDelivery);
    assert_eq!(open("own_invoice"), Terms::Invoice);
    assert!(inbound(json!({"date_paid_gmt": ""})).facts.is_empty());
    for odd in ["", "4242424242424242", "paid by Jane Doe"] {
        let none = Terms::Prepaid { reference: None };
        assert_eq!(terms(json!({"transaction_id": odd})), none, "{odd}");
    }
}

#[test]
fn what_nobody_has_paid_for_is_no_order_yet() {
    for status in [
        "pending",
        "on-hold",
        "failed",
        "checkout-draft",
        "auto-draft",
    ] {
        let expected = unknown(&format!("not_yet:{status}"));
        assert_eq!(read(json!({"status": status})), expected);
    }
}

#[test]
fn statuses_of_plugins_and_the_bin_are_kept_with_their_names() {
    for (status, topic) in [
        ("trash", "order.updated:status.trash"),
        ("own-packed", "order.updated:status.own-packed"),
        ("for Jane Doe", "order.updated:status.unknown"),
    ] {
        assert_eq!(read(json!({"status": status})), unknown(topic));
    }
}

#[test]
fn an_order_that_is_over_says_so_and_when() {
    let at = "2026-03-01T09:31:00Z".parse().expect("a time");
    let facts = |changes| inbound(changes).facts;
    for status in ["cancelled", "refunded"] {
        let order = inbound(json!({"status": status}));
        assert_eq!(order.submission.draft.cancelled_at, Some(at), "{status}");
        assert!(order.facts.contains(&ChannelFact::Cancelled { at }));
    }
    let unpaid = facts(json!({"status": "cancelled", "date_paid_gmt": null}));
    assert_eq!(unpaid, [ChannelFact::Cancelled { at }]);
    // Money that is given back after everything was sent is no cancellation.
    let returned = json!({"status": "refunded", "date_completed_gmt": "2026-03-02T09:00:00"});
    let returned = inbound(returned);
    assert_eq!(returned.submission.draft.cancelled_at, None);
    assert_eq!(returned.facts.len(), 1);
}

#[test]
fn what_was_shipped_or_needs_no_shipping_is_not_ours_to_ship() {
    let by = |changes| draft(changes).lines[0].fulfilled_by;
    assert_eq!(by(json!({"status": "completed"})), FulfilledBy::Channel);
    assert_eq!(by(json!({"needs_processing": true})), FulfilledBy::Us);
    assert_eq!(by(json!({"needs_processing": false})), FulfilledBy::Nobody);
}

#[test]
fn the_body_says_what_happened_whatever_the_topic() {
    for topic in ["order.created", "order.updated", "order.restored"] {
        let read = read_as(topic, ORDER.as_bytes());
        assert!(matches!(read, Inbound::Order(_)), "{topic}");
    }
}

#[test]
fn personal_data_stands_beside_the_draft_and_nul_nowhere() {
    let order = inbound(json!({"customer_note": "ring\u{0} twice"}));
    let draft = serde_json::to_string(&order.submission.draft).expect("JSON");
    for personal in ["Jane", "buyer@example.com", "Eigene", "ring"] {
        assert!(!draft.contains(personal), "{personal}");
    }
    assert_eq!(order.submission.draft.destination.as_deref(), Some("DE"));
    let private = order.submission.private;
    let to = private.ship_to.expect("an address");
    assert_eq!(to.postcode.as_deref(), Some("01067"));
    assert_eq!(to.lines, ["Eigene Straße 1", "Hof"]);
    assert_eq!(private.attributes["note"], "ring twice");
    let customer = private.customer.expect("a customer");
    assert_eq!(customer.external_id.as_deref(), Some("77"));
    assert_eq!(customer.email.as_deref(), Some("buyer@example.com"));
}

#[test]
fn a_guest_has_no_id_and_an_empty_address_is_none() {
    let empty = json!({"first_name": "", "last_name": "", "address_1": "", "country": ""});
    let private = inbound(json!({"customer_id": 0, "shipping": empty})).submission;
    assert_eq!(private.draft.destination, None);
    assert_eq!(private.private.ship_to, None);
    let customer = private.private.customer.expect("a customer");
    assert_eq!(customer.external_id, None);
}

#[test]
fn yen_and_dinars_have_their_own_exponents() {
    let yen = json!({"currency": "JPY", "total": "4000", "line_items": [{"id": 1, "name": "Mug",
        "quantity": 1, "total": "4000", "sku": "OWN"}], "shipping_lines": [], "fee_lines": [],
        "tax_lines": []});
    let draft = draft(yen);
    assert_eq!(draft.stated_total.amount().to_string(), "4000");
    assert_eq!(draft.totals().grand, draft.stated_total);
    let broken = read(json!({"currency": "JPY"}));
    assert!(matches!(broken, Inbound::Unreadable { .. }), "{broken:?}");
}

#[test]
fn the_hash_is_of_the_value_not_of_the_spelling() {
    let as_it_came = match read_as("order.created", ORDER.as_bytes()) {
        Inbound::Order(order) => order.body_hash,
        other => panic!("an order: {other:?}"),
    };
    assert_eq!(inbound(json!({})).body_hash, as_it_came);
    let other = inbound(json!({"customer_note": "other"}));
    assert_ne!(other.body_hash, as_it_came);
}

#[test]
fn what_cannot_be_read_says_where_and_quotes_nothing() {
    for changes in [
        json!({"id": "buyer@example.com"}),
        json!({"currency": "BTC"}),
        json!({"total": "much"}),
        json!({"total": "-1.00"}),
        json!({"status": 7}),
        json!({"date_created_gmt": null}),
        json!({"date_created_gmt": "yesterday"}),
        json!({"status": "cancelled", "date_modified_gmt": null}),
        json!({"line_items": []}),
        json!({"line_items": "buyer@example.com"}),
        json!({"line_quantity": 0}),
        json!({"line_quantity": "two"}),
        json!({"line_quantity": -1}),
        json!({"line_total": "buyer@example.com"}),
        json!({"line_taxes": [{"id": 9, "total": "buyer@example.com"}]}),
        json!({"fee_lines": "buyer@example.com"}),
    ] {
        let Inbound::Unreadable { reason } = read(changes.clone()) else {
            panic!("not readable: {changes}");
        };
        assert!(!reason.contains("buyer@"), "{reason}");
    }
    let denied = read_as(
        "order.created",
        b"{\"code\":\"woocommerce_rest_cannot_view\"}",
    );
    assert!(matches!(denied, Inbound::Unreadable { .. }), "{denied:?}");
}

#[test]
fn what_php_writes_in_place_of_an_empty_object_is_no_address() {
    let order = inbound(json!({ "shipping": [], "coupon_lines": {} }));
    let plain = draft(json!({ "coupon_lines": [] }));
    assert_eq!(order.submission.draft.lines, plain.lines);
    assert_eq!(order.submission.private.ship_to, None);
}
