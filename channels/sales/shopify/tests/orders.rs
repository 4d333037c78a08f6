//! Orders: every rule of the mapping, from one order with parts replaced.

use orderhub_domain::canonical::{FulfilledBy, OrderDraft, Submission, TaxMode, Terms};
use orderhub_domain::ids::Slug;
use orderhub_domain::order::ChannelFact;
use serde_json::{Value, json};

use super::{headers, request, settings, shop};
use crate::port::{Inbound, InboundOrder};
use crate::sales::connect;

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

fn read_as(topic: &str, changes: Value) -> Inbound {
    let headers = headers(&[("x-shopify-topic", topic)]);
    let body = serde_json::to_vec(&body(changes)).expect("JSON");
    let read = shop().read(&request(&headers, &body));
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

pub(super) fn inbound(changes: Value) -> InboundOrder {
    match read_as("orders/create", changes) {
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

#[test]
fn the_gids_number_names_orders_and_lines() {
    let Submission { draft, private } = inbound(json!({})).submission;
    assert_eq!(draft.external_id, "5500000000000001027");
    let ids: Vec<_> = draft
        .lines
        .iter()
        .map(|line| line.external_id.as_str())
        .collect();
    assert_eq!(ids, ["8800000000000001011", "8800000000000001012"]);
    let customer = private.customer.expect("a customer");
    assert_eq!(customer.external_id.as_deref(), Some("7700000000000001031"));
}

#[test]
fn without_a_gid_the_plain_id_counts_and_without_both_nothing_does() {
    let old = json!({"admin_graphql_api_id": null, "id": 820_982_911_946_154_508_u64});
    assert_eq!(draft(old).external_id, "820982911946154508");
    let nameless = read_as(
        "orders/create",
        json!({"admin_graphql_api_id": null, "id": null}),
    );
    assert!(
        matches!(nameless, Inbound::Unreadable { .. }),
        "{nameless:?}"
    );
}

#[test]
fn amounts_are_read_from_texts_and_numbers_and_add_up() {
    let draft = draft(json!({}));
    assert_eq!(draft.stated_total.amount().to_string(), "95.99");
    assert_eq!(draft.totals().grand, draft.stated_total);
    assert_eq!(draft.tax_mode, TaxMode::Inclusive);
    assert_eq!(
        draft.lines[0].discounts[0].amount.amount().to_string(),
        "4.00"
    );
    assert_eq!(draft.shipping[0].amount.amount().to_string(), "4.99");
    // 10.00 in all; 4.00 on a line and 1.00 on shipping leave 5.00 for the order.
    let [rest] = &draft.discounts[..] else {
        panic!("one discount of the order");
    };
    assert_eq!(rest.amount.amount().to_string(), "5.00");
    assert_eq!(rest.code.as_deref(), Some("TEN"));
    assert_eq!(
        draft.lines[0].taxes[0]
            .rate
            .map(|rate| rate.to_string())
            .as_deref(),
        Some("0.19")
    );
}

#[test]
fn a_total_that_differs_is_kept_as_stated() {
    let draft = draft(json!({"total_price": "95.49"}));
    assert_eq!(draft.stated_total.amount().to_string(), "95.49");
    assert_ne!(draft.totals().grand, draft.stated_total);
}

#[test]
fn taxes_on_top_duties_and_tips_close_the_gap_they_explain() {
    let exclusive = json!({"taxes_included": false, "total_price": "103.33", "total_tax": "7.34"});
    let exclusive = draft(exclusive);
    assert_eq!(exclusive.tax_mode, TaxMode::Exclusive);
    assert_eq!(exclusive.totals().grand, exclusive.stated_total);
    let duties = json!({"shop_money": {"amount": "3.00", "currency_code": "EUR"}});
    let extras = draft(
        json!({"total_price": "100.99", "total_tip_received": "2.00",
        "original_total_duties_set": duties}),
    );
    assert_eq!(extras.totals().grand, extras.stated_total);
    assert_eq!(extras.fees.len(), 2);
    let unexplained = draft(json!({"total_tip_received": "2.00"}));
    assert!(unexplained.fees.is_empty(), "the total has no room for it");
}

#[test]
fn discounts_of_a_line_without_allocations_come_from_its_own_sum() {
    let draft = draft(json!({"line_discount_allocations": [], "line_total_discount": "4.00"}));
    assert_eq!(
        draft.lines[0].discounts[0].amount.amount().to_string(),
        "4.00"
    );
    assert_eq!(draft.totals().grand, draft.stated_total);
}

#[test]
fn yen_and_dinars_have_their_own_exponents() {
    let yen = json!({"currency": "JPY", "total_price": "9100", "total_discounts": "0",
        "line_price": "4550", "line_discount_allocations": [], "line_tax_lines": [],
        "shipping_lines": []});
    let mut order = body(yen);
    order["line_items"]
        .as_array_mut()
        .expect("a list")
        .truncate(1);
    let items = order["line_items"].clone();
    let draft = draft(
        json!({"currency": "JPY", "total_price": "9100", "total_discounts": "0",
        "line_items": items, "shipping_lines": []}),
    );
    assert_eq!(draft.stated_total.amount().to_string(), "9100");
    assert_eq!(draft.totals().grand, draft.stated_total);
    let broken = read_as(
        "orders/create",
        json!({"currency": "JPY", "total_price": "94.99"}),
    );
    assert!(matches!(broken, Inbound::Unreadable { .. }), "{broken:?}");
}

#[test]
fn gift_cards_services_and_what_left_already_are_not_ours_to_ship() {
    let draft_as_is = draft(json!({}));
    assert_eq!(draft_as_is.lines[0].fulfilled_by, FulfilledBy::Us);
    assert_eq!(draft_as_is.lines[1].fulfilled_by, FulfilledBy::Nobody);
    let service = draft(json!({"line_requires_shipping": false}));
    assert_eq!(service.lines[0].fulfilled_by, FulfilledBy::Nobody);
    let gone = draft(json!({"line_fulfillment_status": "fulfilled", "source_name": "pos"}));
    assert_eq!(gone.lines[0].fulfilled_by, FulfilledBy::Channel);
}

#[test]
fn what_was_bought_at_a_till_is_ours_to_ship_only_with_somewhere_to_send_it() {
    let by = |changes| draft(changes).lines[0].fulfilled_by;
    let till = json!({"source_name": "pos", "shipping_address": null, "shipping_lines": [],
        "total_discounts": "9.00", "total_price": "91.00"});
    assert_eq!(by(till.clone()), FulfilledBy::Channel);
    let mut online = till.clone();
    online["source_name"] = "web".into();
    assert_eq!(by(online), FulfilledBy::Us);
    // Sent from the till: with an address, or to be collected later.
    assert_eq!(by(json!({"source_name": "pos"})), FulfilledBy::Us);
    let later = json!({"source_name": "pos", "shipping_address": null});
    assert_eq!(by(later), FulfilledBy::Us);
}

#[test]
fn a_line_without_a_sku_is_asked_for_by_its_variant() {
    let sku = |changes| draft(changes).lines[0].sku.clone().map(|sku| sku.0);
    assert_eq!(sku(json!({})).as_deref(), Some("OWN-MUG"));
    assert_eq!(
        sku(json!({"line_sku": ""})).as_deref(),
        Some("9900000000000001")
    );
    let custom = sku(json!({"line_sku": null, "line_variant_id": null}));
    assert_eq!(custom.as_deref(), Some("line-8800000000000001011"));
}

#[test]
fn how_it_is_paid_follows_its_financial_status() {
    assert_eq!(terms(json!({})), Terms::Prepaid { reference: None });
    let by_shop = terms(json!({"financial_status": "authorized"}));
    assert!(
        matches!(by_shop, Terms::Authorized { gateway: None, .. }),
        "{by_shop:?}"
    );
    let note = json!([{"name": "payment_reference", "value": "pi_own_1"}]);
    let by_us = terms(json!({"financial_status": "authorized", "note_attributes": note}));
    let Terms::Authorized {
        gateway, reference, ..
    } = by_us
    else {
        panic!("authorised");
    };
    assert_eq!(gateway, Some(Slug::from("stripe-eu")));
    assert_eq!(reference.as_deref(), Some("pi_own_1"));
    assert_eq!(
        terms(json!({"financial_status": "pending"})),
        Terms::Invoice
    );
    assert_eq!(terms(json!({"financial_status": null})), Terms::Invoice);
    let note = json!([{"name": "payment_token", "value": "pm_own_1"}]);
    let token = terms(json!({"financial_status": "pending", "note_attributes": note}));
    let Terms::ToAuthorize { gateway, token, .. } = token else {
        panic!("to authorise");
    };
    assert_eq!(
        (gateway.as_str(), token.as_str()),
        ("stripe-eu", "pm_own_1")
    );
}

#[test]
fn without_a_gateway_the_shop_collects() {
    let mut alone = settings();
    alone.payment = None;
    let shop = connect("shopify", &alone).expect("a connection");
    let note = json!([{"name": "payment_token", "value": "pm_own_1"}]);
    let changes = json!({"financial_status": "pending", "note_attributes": note});
    let body = serde_json::to_vec(&body(changes)).expect("JSON");
    let bare = headers(&[]);
    let read = shop.read(&request(&bare, &body));
    let [Inbound::Order(order)] = &read[..] else {
        panic!("an order: {read:?}");
    };
    assert_eq!(order.submission.draft.tenders[0].terms, Terms::Invoice);
}

#[test]
fn a_part_payment_is_two_tenders() {
    let draft = draft(json!({"financial_status": "partially_paid", "total_outstanding": "34.99"}));
    let tenders: Vec<_> = draft
        .tenders
        .iter()
        .map(|t| t.amount.amount().to_string())
        .collect();
    assert_eq!(tenders, ["61.00", "34.99"]);
    assert_eq!(draft.tenders[1].terms, Terms::Invoice);
}

#[test]
fn an_order_whose_payment_fell_through_is_kept_and_never_shipped_by_guess() {
    for status in ["voided", "expired", "surprise"] {
        let inbound = read_as("orders/create", json!({"financial_status": status}));
        let topic = format!("orders/create:financial_status.{status}");
        assert_eq!(inbound, Inbound::Unknown { topic });
    }
    let cancelled = json!({"financial_status": "voided", "cancelled_at": "2026-03-02T10:00:00Z"});
    assert!(draft(cancelled).cancelled_at.is_some());
}

#[test]
fn a_card_number_in_a_note_attribute_is_never_taken_on() {
    for (status, name) in [
        ("pending", "payment_token"),
        ("authorized", "payment_reference"),
    ] {
        let note = json!([{"name": name, "value": "4242 4242 4242 4242"}]);
        let changes = json!({"financial_status": status, "note_attributes": note});
        let inbound = read_as("orders/create", changes);
        let Inbound::Unreadable { reason } = inbound else {
            panic!("not taken on: {inbound:?}");
        };
        assert!(!reason.contains("4242"));
    }
    let note = json!([{"name": "card", "value": "4242424242424242"}]);
    let order = inbound(json!({"note_attributes": note}));
    assert!(!order.submission.private.attributes.contains_key("card"));
}

#[test]
fn the_body_says_what_happened_whatever_the_topic() {
    for topic in [
        "orders/create",
        "orders/updated",
        "orders/cancelled",
        "orders/paid",
        "orders/fulfilled",
        "orders/partially_fulfilled",
        "orders/edited",
    ] {
        let changes = json!({"cancelled_at": "2026-03-02T11:00:00+01:00"});
        let Inbound::Order(order) = read_as(topic, changes) else {
            panic!("{topic} carries the order");
        };
        let at = "2026-03-02T10:00:00Z".parse().expect("a time");
        let expected = [
            ChannelFact::Paid { reference: None },
            ChannelFact::Cancelled { at },
        ];
        assert_eq!(order.facts, expected, "{topic}");
        assert_eq!(order.submission.draft.cancelled_at, Some(at));
    }
    assert!(
        inbound(json!({"financial_status": "pending"}))
            .facts
            .is_empty()
    );
}

#[test]
fn orders_for_testing_are_marked_by_the_body_or_the_header() {
    assert!(!draft(json!({})).test);
    assert!(draft(json!({"test": true})).test);
    let marked = headers(&[("x-shopify-test", "true")]);
    let read = shop().read(&request(&marked, ORDER.as_bytes()));
    let [Inbound::Order(order)] = &read[..] else {
        panic!("an order: {read:?}");
    };
    assert!(order.submission.draft.test);
}

#[test]
fn personal_data_stands_beside_the_draft_and_nul_nowhere() {
    let order = inbound(json!({"note": "ring\u{0} twice"}));
    let draft = serde_json::to_string(&order.submission.draft).expect("JSON");
    for personal in ["Jane", "buyer@example.com", "Eigene", "ring"] {
        assert!(!draft.contains(personal), "{personal}");
    }
    let private = order.submission.private;
    let to = private.ship_to.expect("an address");
    assert_eq!(to.postcode.as_deref(), Some("01067"));
    assert_eq!(to.lines, ["Eigene Straße 1"]);
    assert_eq!(order.submission.draft.destination.as_deref(), Some("DE"));
    assert_eq!(private.attributes["note"], "ring twice");
    assert_eq!(private.attributes["gift"], "yes");
}

#[test]
fn the_hash_is_of_the_value_not_of_the_spelling() {
    let compact = serde_json::to_vec(&body(json!({}))).expect("JSON");
    let none = headers(&[]);
    let read = |body: &[u8]| match &shop().read(&request(&none, body))[..] {
        [Inbound::Order(order)] => order.body_hash.clone(),
        other => panic!("an order: {other:?}"),
    };
    assert_eq!(read(&compact), read(ORDER.as_bytes()));
    assert_ne!(read(&compact), inbound(json!({"note": "other"})).body_hash);
}

#[test]
fn what_cannot_be_read_says_where_and_quotes_nothing() {
    let lineless = json!([]);
    for changes in [
        json!({"currency": "ZZZ"}),
        json!({"total_price": "much"}),
        json!({"total_price": "-1.00"}),
        json!({"cancelled_at": "yesterday"}),
        json!({"created_at": null}),
        json!({"line_items": lineless}),
        json!({"line_quantity": 0}),
        json!({"line_quantity": "two"}),
        json!({"line_price": "buyer@example.com"}),
        json!({"note_attributes": "buyer@example.com"}),
    ] {
        let Inbound::Unreadable { reason } = read_as("orders/create", changes.clone()) else {
            panic!("not readable: {changes}");
        };
        assert!(!reason.contains("buyer@"), "{reason}");
    }
}
