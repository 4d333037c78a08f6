//! Orders: every rule of the mapping, from one order with parts replaced.

use orderhub_domain::canonical::{FulfilledBy, OrderDraft, TaxMode, Terms};
use orderhub_domain::ids::Sku;
use orderhub_domain::order::ChannelFact;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{request, seller, stated};
use crate::port::{Inbound, InboundOrder};

const ORDER: &str = include_str!("../fixtures/order.json");

/// The order with members replaced, each by its JSON pointer; `null` takes one away.
fn body(changes: &[(&str, Value)]) -> Vec<u8> {
    let mut order: Value = serde_json::from_str(ORDER).expect("JSON");
    for (pointer, value) in changes {
        let (of, name) = pointer.rsplit_once('/').expect("a pointer");
        let object = order.pointer_mut(of).and_then(Value::as_object_mut);
        let object = object.expect("an object");
        if value.is_null() {
            object.remove(name);
        } else {
            object.insert(name.to_owned(), value.clone());
        }
    }
    serde_json::to_vec(&order).expect("JSON")
}

fn read(changes: &[(&str, Value)]) -> Inbound {
    let read = seller().read(&request(&stated(), &body(changes)));
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

const STATUS: &str = "/fulfillment/fulfillmentStatus";
const BY: &str = "/fulfillment/fulfilledBy";

fn money(amount: &str) -> Value {
    json!({ "amount": amount, "currencyCode": "EUR" })
}

#[test]
fn an_order_is_read_whole() {
    let order = inbound(&[]);
    let draft = &order.submission.draft;
    assert_eq!(draft.external_id, "302-0000111-2222333");
    assert_eq!(draft.placed_at.to_string(), "2026-03-01T09:30:00Z");
    assert_eq!(draft.destination.as_deref(), Some("DE"));
    assert!(!draft.test);
    let line = &draft.lines[0];
    assert_eq!(line.external_id, "05015000000001", "with its zero");
    assert_eq!(line.sku.as_ref().map(Sku::as_str), Some("OWN-MUG"));
    assert_eq!(line.unit_price, Decimal::new(1999, 2));
    assert_eq!(line.quantity.whole(), Some(3));
    assert_eq!(line.fulfilled_by, FulfilledBy::Us);
    assert_eq!(line.discounts[0].amount.amount(), Decimal::new(500, 2));
    assert_eq!(draft.shipping[0].amount.amount(), Decimal::new(399, 2));
    assert_eq!(draft.totals().grand, draft.stated_total);
    assert_eq!(draft.stated_total.amount(), Decimal::new(6346, 2));
    assert_eq!(draft.tenders[0].terms, Terms::Prepaid { reference: None });
    assert_eq!(order.facts, [ChannelFact::Paid { reference: None }]);
    let private = &order.submission.private;
    let to = private.ship_to.as_ref().expect("an address");
    assert_eq!(to.lines, ["Eigene Straße 1", "Hinterhaus", "3. Stock"]);
    assert_eq!(to.postcode.as_deref(), Some("01234"), "with its zero");
    assert_eq!(to.region.as_deref(), Some("Mitte"));
    let customer = private.customer.as_ref().expect("a customer");
    assert_eq!(customer.name.as_deref(), Some("Jane Doe"));
    for (name, text) in [
        ("gift_message", "Alles Gute"),
        ("purchase_order", "PO-5"),
        ("ship_by", "2026-03-03T22:59:59Z"),
    ] {
        assert_eq!(private.attributes[name], text, "{name}");
    }
}

#[test]
fn taxes_are_contained_only_when_that_comes_to_the_total() {
    let contained = draft(&[]);
    assert_eq!(contained.tax_mode, TaxMode::Inclusive);
    assert!(contained.lines[0].taxes[0].included);
    let on_top = draft(&[("/proceeds/grandTotal", money("72.87"))]);
    assert_eq!(on_top.tax_mode, TaxMode::Exclusive);
    assert_eq!(on_top.totals().grand, on_top.stated_total);
    assert!(!on_top.lines[0].taxes[0].included);
    let neither = draft(&[("/proceeds/grandTotal", money("70.00"))]);
    assert_eq!(neither.tax_mode, TaxMode::Exclusive);
    assert_ne!(neither.totals().grand, neither.stated_total, "it is seen");
}

#[test]
fn what_amazon_fulfils_is_never_allocated() {
    for status in ["UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED"] {
        let draft = draft(&[(BY, json!("AMAZON")), (STATUS, json!(status))]);
        let by = draft.lines.iter().map(|line| line.fulfilled_by);
        assert!(by.eq([FulfilledBy::Channel; 2]), "{status}");
        assert_eq!(draft.stated_total.amount(), Decimal::new(6346, 2));
    }
    assert_eq!(
        read(&[(BY, json!("OWN_PARTY"))]),
        unknown("order:fulfilled_by.OWN_PARTY")
    );
    assert_eq!(
        read(&[(BY, json!(null))]),
        unknown("order:fulfilled_by.odd")
    );
    let silent = read(&[("/fulfillment", json!(null))]);
    assert_eq!(silent, unknown("order:no_fulfillment"));
}

#[test]
fn a_pending_order_is_none_yet_and_an_unknown_state_is_kept() {
    for (status, topic) in [
        ("PENDING", "not_yet:pending"),
        ("PENDING_AVAILABILITY", "not_yet:pending_availability"),
        ("UNFULFILLABLE", "order:status.UNFULFILLABLE"),
        ("OWN_STATUS", "order:status.OWN_STATUS"),
        ("own state", "order:status.odd"),
    ] {
        assert_eq!(read(&[(STATUS, json!(status))]), unknown(topic), "{status}");
    }
}

#[test]
fn a_cancelled_order_says_so_even_when_nothing_is_left_in_it() {
    let cancelled = (STATUS, json!("CANCELLED"));
    let order = inbound(std::slice::from_ref(&cancelled));
    let at = "2026-03-01T09:45:00Z".parse().expect("a time");
    assert_eq!(order.facts, [ChannelFact::Cancelled { at }]);
    assert_eq!(order.submission.draft.cancelled_at, Some(at));
    let bare = inbound(&[
        cancelled,
        ("/proceeds", json!(null)),
        ("/orderItems/0/quantityOrdered", json!(0)),
        ("/orderItems/0/proceeds", json!(null)),
        ("/orderItems/0/product/price", json!(null)),
        ("/orderItems/1/quantityOrdered", json!(0)),
        ("/orderItems/1/proceeds", json!(null)),
        ("/orderItems/1/product/price", json!(null)),
        (BY, json!(null)),
    ]);
    assert_eq!(bare.facts, [ChannelFact::Cancelled { at }]);
    let draft = bare.submission.draft;
    assert!(draft.stated_total.is_zero());
    assert_eq!(draft.currency.code(), "EUR", "as the marketplace has it");
}

#[test]
fn a_buyer_who_wants_all_of_it_cancelled_asks_for_it() {
    let asked = || json!({ "cancellationRequest": { "requester": "BUYER" } });
    let all = [
        ("/orderItems/0/cancellation", asked()),
        ("/orderItems/1/cancellation", asked()),
    ];
    let read = seller().read(&request(&stated(), &body(&all)));
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
}

#[test]
fn every_state_says_when_it_was_changed_last() {
    let at = "2026-03-01T09:45:00Z".parse().ok();
    assert_eq!(draft(&[]).changed_at, at);
    assert_eq!(draft(&[("/lastUpdatedTime", Value::Null)]).changed_at, None);
}

#[test]
fn a_wish_to_cancel_some_lines_waits_for_a_person() {
    let asked = json!({ "cancellationRequest": { "requester": "BUYER" } });
    let wish = ("/orderItems/1/cancellation", asked);
    let kept = unknown("order:cancellation_requested");
    assert_eq!(read(std::slice::from_ref(&wish)), kept);
    // What has left, or is Amazon's to answer, is not held up by it.
    for other in [(STATUS, json!("SHIPPED")), (BY, json!("AMAZON"))] {
        inbound(&[wish.clone(), other]);
    }
    let done = json!({ "cancellationRequest": {}, "cancellationExecution": { "cancelledBy": "MERCHANT" } });
    let draft = draft(&[
        ("/orderItems/1/cancellation", done),
        ("/orderItems/1/quantityOrdered", json!(0)),
        ("/proceeds/grandTotal", money("58.96")),
    ]);
    assert_eq!(draft.lines.len(), 1, "nothing of it is ordered any more");
    assert_eq!(draft.totals().grand, draft.stated_total);
}

#[test]
fn units_that_have_left_are_not_shipped_again() {
    let first = "/orderItems/0/fulfillment/quantityFulfilled";
    let open = (STATUS, json!("PARTIALLY_SHIPPED"));
    let draft = draft(&[open.clone(), (first, json!(3))]);
    assert_eq!(draft.lines[0].fulfilled_by, FulfilledBy::Channel);
    assert_eq!(draft.lines[1].fulfilled_by, FulfilledBy::Us);
    let partly = read(&[open, (first, json!(1))]);
    assert_eq!(partly, unknown("order:partly_shipped_line"));
}

#[test]
fn another_marketplace_is_not_ours() {
    for (name, value, topic) in [
        (
            "marketplaceId",
            json!("ATVPDKIKX0DER"),
            "another_marketplace:ATVPDKIKX0DER",
        ),
        ("marketplaceId", json!(null), "another_marketplace:AMAZON"),
    ] {
        let pointer = format!("/salesChannel/{name}");
        assert_eq!(read(&[(&pointer, value)]), unknown(topic));
    }
}

#[test]
fn a_replacement_brings_nothing_and_a_door_collects() {
    let replaced = json!([{ "orderId": "302-0", "associationType": "REPLACEMENT_ORIGINAL_ID" }]);
    let draft = draft(&[
        ("/associatedOrders", replaced),
        ("/proceeds", json!(null)),
        ("/orderItems/0/proceeds", json!(null)),
        ("/orderItems/1/proceeds", json!(null)),
        ("/orderItems/0/product/price", json!(null)),
        ("/orderItems/1/product/price", json!(null)),
    ]);
    assert!(draft.stated_total.is_zero());
    assert_eq!(draft.lines[0].fulfilled_by, FulfilledBy::Us);
    let cod = json!({ "shippingConstraints": { "cashOnDelivery": "MANDATORY" } });
    let order = inbound(&[("/orderItems/0/fulfillment/shipping", cod)]);
    assert_eq!(order.submission.draft.tenders[0].terms, Terms::OnDelivery);
    assert_eq!(order.facts, []);
}

#[test]
fn charges_stand_beside_the_lines_and_a_discount_never_exceeds_its_line() {
    let part = |form: &str, amount: &str| json!({ "type": form, "subtotal": money(amount) });
    let parts = json!([
        part("ITEM", "4.50"),
        part("GIFT_WRAP", "2.00"),
        part("OWN_FEE", "1.00"),
        part("OTHER", "-0.50"),
        part("DISCOUNT", "6.00"),
    ]);
    let tip = json!([part("ITEM", "64.47"), part("DELIVERY_TIP", "3.00")]);
    let draft = draft(&[
        ("/orderItems/1/proceeds/breakdowns", parts),
        ("/proceeds/breakdowns", tip),
        ("/proceeds/grandTotal", money("62.96")),
    ]);
    let fees = draft.fees.iter().map(|fee| fee.title.as_str());
    assert!(fees.eq(["Gift wrapping", "OWN_FEE", "Delivery tip"]));
    assert!(draft.lines[1].net(draft.currency).is_zero());
    assert_eq!(draft.totals().grand, draft.stated_total);
}

#[test]
fn what_cannot_be_read_is_named_and_never_quoted() {
    for (pointer, value, named) in [
        ("/proceeds/grandTotal/amount", json!("12,50"), "grandTotal"),
        (
            "/proceeds/grandTotal/currencyCode",
            json!("EURO"),
            "currencyCode",
        ),
        ("/proceeds/grandTotal", json!(null), "grandTotal"),
        (
            "/orderItems/0/proceeds/breakdowns/0/subtotal/currencyCode",
            json!("USD"),
            "currency",
        ),
        (
            "/orderItems/0/quantityOrdered",
            json!("-1"),
            "quantityOrdered",
        ),
        ("/createdTime", json!("yesterday"), "createdTime"),
        ("/orderId", json!("a b"), "orderId"),
        ("/orderItems", json!([]), "/lines"),
        ("/orderItems", json!("Jane"), "line"),
    ] {
        let Inbound::Unreadable { reason } = read(&[(pointer, value)]) else {
            panic!("{pointer} is read");
        };
        assert!(reason.contains(named), "{pointer}: {reason}");
        assert!(
            !reason.contains("Jane") && !reason.contains("12,50"),
            "{reason}"
        );
    }
    let odd = seller().read(&request(&stated(), b"\xff"));
    assert!(matches!(odd[..], [Inbound::Unreadable { .. }]), "{odd:?}");
}

#[test]
fn a_line_without_a_sku_or_by_weight_is_fixed_in_the_open() {
    let nameless = draft(&[("/orderItems/0/product/sellerSku", json!(null))]);
    let sku = nameless.lines[0].sku.as_ref().map(Sku::as_str);
    assert_eq!(sku, Some("B000OWN001"));
    let weight = json!({ "unit": "KILOGRAMS", "value": 1.5 });
    let weighed = read(&[("/orderItems/0/measurement", weight)]);
    assert_eq!(weighed, unknown("order:measured_line"));
}
