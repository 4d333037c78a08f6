//! Sales: every rule of the mapping, from one sale with parts replaced.

use orderhub_domain::canonical::{FulfilledBy, OrderDraft, TaxMode, Terms};
use orderhub_domain::order::ChannelFact;
use serde_json::{Value, json};

use super::{read_as, unknown};
use crate::port::{Inbound, InboundOrder};

const SALE: &str = include_str!("../fixtures/sale.json");

/// The sale with members replaced; `line_*` are those of its first line, `later_*` of its fulfilment; what
/// stands beside the sale keeps its name.
pub(super) fn read(changes: Value) -> Inbound {
    let mut whole: Value = serde_json::from_str(SALE).expect("JSON");
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        match (name.strip_prefix("line_"), name.strip_prefix("later_")) {
            (Some(own), _) if own != "items" => whole["sale"]["line_items"][0][own] = value,
            (_, Some(own)) => whole["fulfillments"][0][own] = value,
            _ if whole.get(&name).is_some() => whole[&name] = value,
            _ => whole["sale"][&name] = value,
        }
    }
    read_as(Some("sale"), &serde_json::to_vec(&whole).expect("JSON"))
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

fn part(line: &str, quantity: &str, gone: &str) -> Value {
    json!({ "sale_line_item_id": line, "quantity": quantity, "fulfilled_quantity": gone })
}

#[test]
fn a_delivery_is_read_whole_and_its_parts_make_its_total() {
    let order = inbound(json!({}));
    let draft = &order.submission.draft;
    assert_eq!(draft.external_id, "06bf537b-0000-own-sale-9001");
    assert_eq!(draft.number.as_deref(), Some("#9001"));
    assert_eq!(draft.placed_at.to_string(), "2026-03-01T09:30:00Z");
    assert_eq!(
        (draft.tax_mode, draft.currency.code()),
        (TaxMode::Exclusive, "NZD")
    );
    assert_eq!(draft.stated_total.amount().to_string(), "57.29");
    assert_eq!(draft.totals().grand, draft.stated_total);
    let [mug, card] = &draft.lines[..] else {
        panic!("two lines: the third is a discount");
    };
    assert_eq!(mug.unit_price.to_string(), "21.01");
    assert_eq!(mug.discounts[0].amount.amount().to_string(), "5.20");
    assert_eq!(
        (mug.title.as_str(), mug.fulfilled_by),
        ("Mug / Blue", FulfilledBy::Us)
    );
    assert_eq!(mug.sku.as_ref().map(|sku| sku.0.as_str()), Some("OWN-MUG"));
    let asked_for = card.sku.as_ref().map(|sku| sku.0.as_str());
    assert_eq!(asked_for, Some("own-product-card"));
    assert_eq!(draft.discounts[0].amount.amount().to_string(), "2.30");
    assert_eq!(draft.fees[0].title, "Courier");
    let paid = ChannelFact::Paid {
        reference: Some("own-payment-1".into()),
    };
    assert_eq!(order.facts, [paid]);
}

#[test]
fn a_sale_at_the_counter_is_the_channels_and_nothing_of_it_is_set_aside() {
    for changes in [
        json!({"state": "closed", "attributes": []}),
        json!({"state": "closed", "attributes": null, "fulfillments": []}),
        json!({"state": "closed", "attributes": ["delivery"]}),
        json!({"state": "pending", "attributes": ["onaccount"], "payments": []}),
    ] {
        let order = draft(changes.clone());
        let by = order.lines.iter().map(|line| line.fulfilled_by);
        assert!(by.eq([FulfilledBy::Channel; 2]), "{changes}");
        assert_eq!(order.destination, None, "{changes}");
    }
    let weighed = json!({"state": "closed", "line_quantity": 0.5, "fulfillments": []});
    assert_eq!(draft(weighed).lines[0].quantity.value().to_string(), "0.5");
}

#[test]
fn what_is_parked_laid_by_or_in_service_is_no_order_yet() {
    for (state, attributes, word) in [
        ("parked", json!([]), "parked"),
        ("pending", json!([]), "pending"),
        ("pending", json!(["layby", "pickup"]), "layby"),
        ("pending", json!(["service"]), "service"),
    ] {
        let read = read(json!({"state": state, "attributes": attributes}));
        assert_eq!(read, unknown(&format!("not_yet:{word}")));
    }
    let deleted = json!([{ "amount": 57.29, "deleted_at": "2026-03-01T09:30:31+00:00" }]);
    for payments in [json!([]), json!([{ "amount": 50 }]), deleted] {
        let read = read(json!({"payments": payments}));
        assert_eq!(read, unknown("not_yet:unpaid"));
    }
}

#[test]
fn how_it_is_paid_follows_its_payments() {
    let terms = |changes| draft(changes).tenders[0].terms.clone();
    let later = json!({"attributes": ["onaccount", "delivery"], "payments": []});
    assert_eq!(terms(later), Terms::Invoice);
    let split = json!([{ "id": "a", "amount": 50 }, { "id": "b", "amount": 7.29 }]);
    let split = terms(json!({"payments": split}));
    assert_eq!(split, Terms::Prepaid { reference: None });
}

#[test]
fn what_is_collected_waits_at_the_hubs_own_location() {
    let pickup = draft(json!({"attributes": ["pickup"], "later_type": "PICKUP"}));
    let location = pickup.pickup_location.as_ref().map(|code| code.0.as_str());
    assert_eq!((location, pickup.destination), (Some("STORE-1"), None));
}

#[test]
fn what_was_fulfilled_at_the_till_is_not_ours_any_more() {
    let gone = json!([
        part("own-line-mug", "2.00", "2.00"),
        part("own-line-card", "1", "0")
    ]);
    let by: Vec<_> = draft(json!({"later_line_items": gone})).lines;
    let by: Vec<_> = by.iter().map(|line| line.fulfilled_by).collect();
    assert_eq!(by, [FulfilledBy::Channel, FulfilledBy::Us]);
    let half = json!([
        part("own-line-mug", "2.00", "1.00"),
        part("own-line-card", "1", "0")
    ]);
    let half = read(json!({"later_line_items": half}));
    assert_eq!(half, unknown("sale:line_in_parts"));
    let none = draft(json!({"fulfillments": []}));
    assert_eq!(
        none.lines[0].fulfilled_by,
        FulfilledBy::Us,
        "an older store"
    );
    let one = json!({ "type": "DISPATCH", "line_items": [part("own-line-mug", "2", "0")] });
    let other = json!({ "type": "PICKUP", "line_items": [part("own-line-card", "1", "0")] });
    let two = read(json!({"fulfillments": [one, other]}));
    assert_eq!(two, unknown("sale:several_fulfillments"));
}

#[test]
fn a_voided_or_deleted_sale_says_so_and_when() {
    let at = "2026-03-01T09:31:00Z".parse().expect("a time");
    let voided = inbound(json!({"state": "voided", "payments": []}));
    assert_eq!(voided.facts, [ChannelFact::Cancelled { at }]);
    assert_eq!(voided.submission.draft.tenders[0].terms, Terms::Invoice);
    let deleted = inbound(json!({"deleted_at": "2026-03-01 09:32:00"}));
    let at = "2026-03-01T09:32:00Z".parse().expect("a time");
    assert_eq!(deleted.submission.draft.cancelled_at, Some(at));
}

#[test]
fn returns_other_outlets_and_words_that_nobody_knows_are_kept() {
    for (changes, topic) in [
        (json!({"return": { "is_return": true }}), "sale:return"),
        (json!({"line_return": { "is_return": true }}), "sale:return"),
        (json!({"line_quantity": -1}), "sale:return"),
        (json!({"state": "own_state"}), "sale:state.own_state"),
        (
            json!({"source": { "outlet_id": "own-outlet-2" }}),
            "sale:another_outlet",
        ),
    ] {
        assert_eq!(read(changes), unknown(topic));
    }
}

#[test]
fn services_and_gift_cards_are_nothing_to_pick() {
    let card = draft(json!({"line_gift_card_number": "own"}));
    assert_eq!(card.lines[0].fulfilled_by, FulfilledBy::Nobody);
    let service = json!([{ "id": "own-product-mug", "sku": "S", "has_inventory": false }]);
    let service = draft(json!({"products": service}));
    assert_eq!(service.lines[0].fulfilled_by, FulfilledBy::Nobody);
    assert_eq!(service.lines[0].title, "(no title)");
}

#[test]
fn a_total_that_differs_by_more_than_rounding_is_kept_as_stated() {
    let off = json!({ "price_incl_tax": 58.29 });
    let paid = json!([{ "amount": 58.29 }]);
    let off = draft(json!({"totals": off, "payments": paid}));
    assert_eq!(off.stated_total.amount().to_string(), "58.29");
    assert_ne!(off.totals().grand, off.stated_total);
    let cent = draft(json!({"totals": { "price": 49.82, "tax": 7.46 }}));
    assert_eq!(cent.stated_total.amount().to_string(), "57.28");
    assert_eq!(cent.totals().grand, cent.stated_total);
}

#[test]
fn personal_data_stands_beside_the_draft_and_the_address_is_the_chosen_one() {
    let order = inbound(json!({}));
    let draft = serde_json::to_string(&order.submission.draft).expect("JSON");
    for personal in ["Jane", "buyer@example.com", "Eigene", "ring"] {
        assert!(!draft.contains(personal), "{personal}");
    }
    let private = order.submission.private;
    let to = private.ship_to.expect("an address");
    assert_eq!((to.lines.len(), to.postcode.as_deref()), (2, Some("0610")));
    assert_eq!(to.name.as_deref(), Some("Jane Doe"));
    assert_eq!(private.attributes["note"], "Please ring twice");
    let home = inbound(json!({"later_shipping_address_id": null}))
        .submission
        .private;
    let home = home.ship_to.expect("an address");
    assert_eq!(home.lines, ["Eigene Heimat 9"]);
}

#[test]
fn what_cannot_be_read_says_where_and_quotes_nothing() {
    for changes in [
        json!({"id": "buyer@example.com"}),
        json!({"retailer": { "currency": { "code": "ZZZ" } }}),
        json!({"totals": {}}),
        json!({"totals": { "price_incl_tax": -1 }, "state": "closed"}),
        json!({"date": "yesterday"}),
        json!({"state": "voided", "updated_at": "buyer@example.com"}),
        json!({"line_items": []}),
        json!({"line_quantity": 0}),
        json!({"line_quantity": "buyer@example.com"}),
        json!({"line_pricing": { "total": "buyer@example.com" }}),
        json!({"line_id": "buyer@example.com"}),
        json!({"payments": "buyer@example.com"}),
    ] {
        let Inbound::Unreadable { reason } = read(changes.clone()) else {
            panic!("not readable: {changes}");
        };
        assert!(!reason.contains("buyer@"), "{reason}");
    }
}
