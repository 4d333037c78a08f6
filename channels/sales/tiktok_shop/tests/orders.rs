//! Orders: every rule of the mapping, from one order with parts replaced.

use orderhub_domain::canonical::{FulfilledBy, FundedBy, OrderDraft, TaxMode, Terms};
use orderhub_domain::ids::Sku;
use orderhub_domain::order::ChannelFact;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{headers, request, shop};
use crate::port::{Inbound, InboundOrder};

const ORDER: &str = include_str!("../fixtures/order.json");

/// The order with members replaced, each by its JSON pointer.
fn read(changes: &[(&str, Value)]) -> Inbound {
    let mut order: Value = serde_json::from_str(ORDER).expect("JSON");
    for (pointer, value) in changes {
        *order.pointer_mut(pointer).expect("a place") = value.clone();
    }
    let stated = headers(&[("orderhub-stated", "order")]);
    let read = shop().read(&request(&stated, order.to_string().as_bytes()));
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

fn inbound(changes: &[(&str, Value)]) -> InboundOrder {
    match read(changes) {
        Inbound::Order(order) => *order,
        other => panic!("no order: {other:?}"),
    }
}

fn draft(changes: &[(&str, Value)]) -> OrderDraft {
    inbound(changes).submission.draft
}

fn unknown(topic: &str) -> Inbound {
    Inbound::Unknown {
        topic: topic.to_owned(),
    }
}

const STATUS: &str = "/status";
const SECOND_MUG: &str = "/line_items/0/display_status";
const SOAP: &str = "/line_items/1/display_status";
const FIRST_MUG: &str = "/line_items/2/display_status";

#[test]
fn an_order_is_read_whole_and_units_that_are_alike_are_one_line() {
    let order = inbound(&[]);
    let draft = &order.submission.draft;
    assert_eq!(draft.external_id, "576900000000000001");
    assert_eq!(draft.placed_at.as_second(), 1_772_357_400);
    assert_eq!(draft.destination.as_deref(), Some("US"));
    assert!(!draft.test);
    let [mugs, soap] = &draft.lines[..] else {
        panic!("two lines: {:?}", draft.lines);
    };
    assert_eq!(mugs.external_id, "576900000000000101", "the smallest id");
    assert_eq!(mugs.sku.as_ref().map(Sku::as_str), Some("OWN-MUG"));
    assert_eq!(mugs.title, "Own mug (Blue)");
    assert_eq!(mugs.quantity.whole(), Some(2));
    assert_eq!(mugs.unit_price, Decimal::new(1999, 2));
    let off = mugs.discounts.iter();
    let off: Vec<_> = off
        .map(|off| (off.amount.amount(), off.funded_by))
        .collect();
    let seller = (Decimal::new(300, 2), FundedBy::Seller);
    let channel = (Decimal::new(100, 2), FundedBy::Channel);
    assert_eq!(off, [seller, channel]);
    assert_eq!(mugs.taxes[0].amount.amount(), Decimal::new(300, 2));
    assert_eq!(soap.title, "Own soap");
    assert_eq!(draft.tax_mode, TaxMode::Exclusive);
    assert_eq!(draft.totals().grand, draft.stated_total);
    assert_eq!(draft.stated_total.amount(), Decimal::new(4837, 2));
    assert_eq!(draft.tenders[0].terms, Terms::Prepaid { reference: None });
    assert_eq!(order.facts, [ChannelFact::Paid { reference: None }]);
    let private = &order.submission.private;
    let to = private.ship_to.as_ref().expect("an address");
    assert_eq!(to.name.as_deref(), Some("Jane Doe"));
    assert_eq!(to.lines, ["1 Own Street", "Apt 2"]);
    assert_eq!(to.city.as_deref(), Some("Ownville"));
    assert_eq!(to.region.as_deref(), Some("Massachusetts"));
    assert_eq!(to.postcode.as_deref(), Some("01234"));
    assert_eq!(private.attributes["buyer_message"], "Ring twice");
}

#[test]
fn what_is_unpaid_or_on_hold_is_no_order_yet() {
    assert_eq!(
        read(&[(STATUS, json!("UNPAID"))]),
        unknown("not_yet:unpaid")
    );
    assert_eq!(
        read(&[(STATUS, json!("ON_HOLD"))]),
        unknown("not_yet:on_hold")
    );
    let was_held = read(&[("/is_on_hold_order", json!(true))]);
    assert!(
        matches!(was_held, Inbound::Order(_)),
        "it is over: {was_held:?}"
    );
    let odd = read(&[(STATUS, json!("for Jane"))]);
    assert_eq!(odd, unknown("order:status.odd"));
}

#[test]
fn a_buyer_who_wants_it_cancelled_asks_for_it_and_the_order_is_as_it_was() {
    let mut order: Value = serde_json::from_str(ORDER).expect("JSON");
    order["is_buyer_request_cancel"] = true.into();
    let stated = headers(&[("orderhub-stated", "order")]);
    let read = shop().read(&request(&stated, order.to_string().as_bytes()));
    let [Inbound::Order(order)] = &read[..] else {
        panic!("an order: {read:?}");
    };
    let wish = ChannelFact::CancelAsked {
        reference: "buyer".to_owned(),
    };
    assert!(order.facts.contains(&wish));
    assert_eq!(order.submission.draft.cancelled_at, None);
    // Of an order that is new it counts, too.
    assert_eq!(order.besides(), [wish]);
    let shipped = inbound(&[
        ("/is_buyer_request_cancel", json!(true)),
        (STATUS, json!("IN_TRANSIT")),
    ]);
    assert_eq!(shipped.facts, [ChannelFact::Paid { reference: None }]);
}

#[test]
fn every_state_says_when_it_was_changed_last_and_keeps_the_names_of_its_lines() {
    let whole = draft(&[]);
    let at = whole.changed_at.map(jiff::Timestamp::as_second);
    assert_eq!(at, Some(1_772_361_000));
    // The unit that names the line is cancelled: the line is named as before, with a unit less.
    let less = draft(&[(FIRST_MUG, json!("CANCELLED"))]);
    assert_eq!(less.lines[0].external_id, whole.lines[0].external_id);
    let one_less = whole.lines[0].quantity.whole().map(|units| units - 1);
    assert_eq!(less.lines[0].quantity.whole(), one_less);
}

#[test]
fn only_what_the_seller_ships_and_has_not_shipped_is_ours() {
    let by = |changes: &[(&str, Value)]| {
        let lines = draft(changes).lines.into_iter();
        lines.map(|line| line.fulfilled_by).collect::<Vec<_>>()
    };
    assert_eq!(by(&[]), [FulfilledBy::Us; 2]);
    let theirs = json!("FULFILLMENT_BY_TIKTOK");
    let of_theirs = by(&[("/fulfillment_type", theirs)]);
    assert_eq!(of_theirs, [FulfilledBy::Channel; 2]);
    let odd = read(&[("/fulfillment_type", json!("OWN"))]);
    assert_eq!(odd, unknown("order:fulfilled_by.OWN"));
    for status in [
        "AWAITING_COLLECTION",
        "IN_TRANSIT",
        "DELIVERED",
        "COMPLETED",
    ] {
        let gone = by(&[(STATUS, json!(status))]);
        assert_eq!(gone, [FulfilledBy::Channel; 2], "{status}");
    }
    let partly = (STATUS, json!("PARTIALLY_SHIPPING"));
    let soap = by(&[partly.clone(), (SOAP, json!("IN_TRANSIT"))]);
    assert_eq!(soap, [FulfilledBy::Us, FulfilledBy::Channel]);
    let torn = read(&[partly, (SECOND_MUG, json!("IN_TRANSIT"))]);
    assert_eq!(torn, unknown("order:partly_shipped_line"));
}

#[test]
fn a_cancelled_unit_is_not_wanted_any_more_and_its_line_keeps_its_name() {
    let less = draft(&[(FIRST_MUG, json!("CANCELLED"))]);
    assert_eq!(less.lines[0].external_id, "576900000000000101");
    assert_eq!(less.lines[0].quantity.whole(), Some(1));
    let none = draft(&[
        (FIRST_MUG, json!("CANCELLED")),
        (SECOND_MUG, json!("CANCELLED")),
    ]);
    assert_eq!(none.lines.len(), 1);
}

#[test]
fn a_cancelled_order_is_over_and_says_when() {
    let cancelled = inbound(&[(STATUS, json!("CANCELLED"))]);
    let at = cancelled.submission.draft.cancelled_at.expect("a time");
    assert_eq!(at.as_second(), 1_772_361_000, "when it last changed");
    assert_eq!(cancelled.facts, [ChannelFact::Cancelled { at }]);
}

#[test]
fn money_that_is_collected_at_the_door_is_not_paid() {
    let order = inbound(&[("/is_cod", json!(true))]);
    assert_eq!(order.submission.draft.tenders[0].terms, Terms::OnDelivery);
    assert!(order.facts.is_empty());
}

#[test]
fn taxes_are_contained_when_only_that_meets_the_total_and_the_rest_is_on_the_first_line() {
    let contained = draft(&[("/payment/total_amount", json!("44.97"))]);
    assert_eq!(contained.tax_mode, TaxMode::Inclusive);
    assert_eq!(contained.totals().grand, contained.stated_total);
    assert!(contained.shipping[0].taxes[0].included);
    let more = draft(&[
        ("/payment/tax", json!("4.00")),
        ("/payment/total_amount", json!("48.97")),
    ]);
    assert_eq!(more.lines[0].taxes.len(), 2);
    assert_eq!(more.totals().grand, more.stated_total);
    let open = draft(&[("/payment/total_amount", json!("50.00"))]);
    assert_ne!(open.totals().grand, open.stated_total, "a gap is seen");
}

#[test]
fn what_cannot_be_read_is_said_without_quoting_it() {
    for (pointer, value) in [
        ("/id", json!("Jane")),
        ("/create_time", json!("Jane")),
        ("/payment/currency", json!("JANE")),
        ("/payment/total_amount", json!("Jane")),
        ("/line_items/0/sale_price", json!("Jane")),
        ("/line_items/2/id", json!("Jane")),
        ("/line_items", json!("Jane")),
    ] {
        let Inbound::Unreadable { reason } = read(&[(pointer, value)]) else {
            panic!("{pointer} is read");
        };
        assert!(!reason.contains("Jane"), "{reason}");
    }
}

#[test]
fn ids_that_are_numbers_and_lists_that_are_null_are_read_as_ever() {
    let plain = inbound(&[]);
    let odd = inbound(&[
        ("/id", json!(576_900_000_000_000_001_u64)),
        ("/line_items/0/id", json!(576_900_000_000_000_102_u64)),
        ("/recipient_address/district_info", Value::Null),
        ("/is_cod", json!("false")),
    ]);
    assert_eq!(odd.submission.draft, plain.submission.draft);
    let taxed = draft(&[("/line_items/1/item_tax", Value::Null)]);
    assert_eq!(taxed.totals().grand, taxed.stated_total, "the order's tax");
}

#[test]
fn an_address_without_lines_has_its_street_in_one_text() {
    let lines = |texts: Value| {
        let order = inbound(&[("/recipient_address", texts)]);
        order.submission.private.ship_to.map(|to| to.lines)
    };
    let whole = json!({ "address_line1": "", "full_address": "Eigene 1, Kota, Indonesia" });
    assert_eq!(
        lines(whole),
        Some(vec!["Eigene 1, Kota, Indonesia".to_owned()])
    );
    let street = json!({ "address_detail": "Eigene 1", "full_address": "Eigene 1, Kota" });
    assert_eq!(lines(street), Some(vec!["Eigene 1".to_owned()]));
}
