//! Orders: every rule of the mapping, from one order with parts replaced.

use orderhub_domain::canonical::{FulfilledBy, KitPart, OrderDraft, TaxMode, Terms};
use orderhub_domain::order::ChannelFact;
use serde_json::{Value, json};

use super::{ORDER_ID, headers, request, shop, unknown};
use crate::port::{Inbound, InboundOrder};

pub(super) const ORDER: &str = include_str!("../fixtures/order.json");

pub(super) fn whole() -> Value {
    serde_json::from_str(ORDER).expect("JSON")
}

/// The order with members replaced: by pointer.
pub(super) fn with(changes: &[(&str, Value)]) -> Value {
    let mut whole = whole();
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let parent = whole.pointer_mut(parent).expect("a place");
        match parent {
            Value::Array(list) => list[name.parse::<usize>().expect("a place")] = value.clone(),
            other => other[name] = value.clone(),
        }
    }
    whole
}

pub(super) fn read(whole: &Value) -> Inbound {
    let headers = headers(&[("orderhub-stated", "order")]);
    let read = shop().read(&request(&headers, whole.to_string().as_bytes()));
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

pub(super) fn inbound(changes: &[(&str, Value)]) -> InboundOrder {
    match read(&with(changes)) {
        Inbound::Order(order) => *order,
        other => panic!("no order: {other:?}"),
    }
}

fn draft(changes: &[(&str, Value)]) -> OrderDraft {
    inbound(changes).submission.draft
}

const STATE: &str = "/order/stateMachineState/technicalName";
const DELIVERY: &str = "/order/deliveries/1/stateMachineState/technicalName";
const PAYMENT: &str = "/order/transactions/1/stateMachineState/technicalName";
const METHOD: &str = "/order/transactions/1/paymentMethod/technicalName";

#[test]
fn an_order_is_read_whole_and_its_parts_make_its_total() {
    let order = inbound(&[]);
    let draft = &order.submission.draft;
    assert_eq!(draft.external_id, ORDER_ID);
    assert_eq!(draft.number.as_deref(), Some("10042"));
    assert_eq!(draft.placed_at.to_string(), "2026-03-01T09:30:00Z");
    assert_eq!(draft.tax_mode, TaxMode::Inclusive);
    assert_eq!(draft.stated_total.amount().to_string(), "62.39");
    assert_eq!(draft.totals().grand, draft.stated_total);
    assert_eq!(draft.destination.as_deref(), Some("DE"));
    let [mug, card] = &draft.lines[..] else {
        panic!("two lines");
    };
    assert_eq!(
        mug.sku.as_ref().map(orderhub_domain::ids::Sku::as_str),
        Some("OWN-MUG")
    );
    assert_eq!(
        (mug.title.as_str(), mug.unit_price.to_string()),
        ("Mug – blue", "25".into())
    );
    assert_eq!(mug.taxes[0].amount.amount().to_string(), "7.98");
    assert!(mug.taxes[0].included);
    assert_eq!(card.unit_price.to_string(), "12.4");
    assert_eq!(draft.shipping[0].title, "Parcel");
    assert_eq!(draft.discounts[0].code.as_deref(), Some("ten"));
    assert_eq!(draft.discounts[0].amount.amount().to_string(), "5.00");
    assert_eq!(draft.fees, []);
    let reference = Some("00000000000000000000000000000052".to_owned());
    assert_eq!(
        draft.tenders[0].terms,
        Terms::Prepaid {
            reference: reference.clone()
        }
    );
    assert_eq!(order.facts, [ChannelFact::Paid { reference }]);
    let private = &order.submission.private;
    let ship_to = private.ship_to.as_ref().expect("an address");
    assert_eq!(ship_to.lines, ["Eigene Straße 1", "Hof", "3. Stock"]);
    assert_eq!(ship_to.postcode.as_deref(), Some("01067"));
    assert_eq!(ship_to.region.as_deref(), Some("DE-SN"));
    let buyer = private.customer.as_ref().expect("a buyer");
    assert_eq!(buyer.email.as_deref(), Some("buyer@example.com"));
    assert_eq!(private.attributes["note"], "Please ring twice");
}

#[test]
fn taxes_come_on_top_of_net_prices() {
    let draft = draft(&[
        ("/order/taxStatus", json!("net")),
        ("/order/amountTotal", json!(72.35)),
        ("/order/price/rawTotal", json!(72.35)),
    ]);
    assert_eq!(draft.tax_mode, TaxMode::Exclusive);
    assert_eq!(draft.discounts[0].amount.amount().to_string(), "5.80");
    assert_eq!(draft.totals().grand, draft.stated_total);
}

#[test]
fn a_total_that_was_rounded_to_coins_says_by_how_much() {
    let draft = draft(&[("/order/amountTotal", json!(62.4))]);
    assert_eq!(draft.fees[0].title, "Rounding");
    assert_eq!(draft.totals().grand, draft.stated_total);
    let off = super::orders::draft(&[("/order/amountTotal", json!(70))]);
    assert_ne!(off.totals().grand, off.stated_total, "that is no rounding");
}

#[test]
fn how_an_order_is_paid_decides_whether_it_is_one() {
    for (state, method, terms) in [
        ("refunded_partially", "own_card", "prepaid"),
        ("authorized", "own_card", "authorized"),
        ("open", "payment_cashpayment", "on_delivery"),
        ("in_progress", "payment_invoicepayment", "invoice"),
        ("reminded", "payment_invoicepayment", "invoice"),
    ] {
        let draft = draft(&[(PAYMENT, json!(state)), (METHOD, json!(method))]);
        let kind = serde_json::to_value(&draft.tenders[0].terms).expect("JSON");
        assert_eq!(kind["kind"], terms, "{state} {method}");
    }
    for (state, method) in [
        ("open", "own_card"),
        ("open", "payment_prepayment"),
        ("in_progress", "own_card"),
        ("unconfirmed", "own_card"),
        ("paid_partially", "own_card"),
        ("cancelled", "own_card"),
    ] {
        let read = read(&with(&[(PAYMENT, json!(state)), (METHOD, json!(method))]));
        let tried = if state == "cancelled" {
            "cancelled"
        } else {
            state
        };
        assert_eq!(read, unknown(&format!("not_yet:{tried}")), "{method}");
    }
    for state in ["refunded", "chargeback", "own_state"] {
        let topic = format!("transaction.{state}");
        assert_eq!(read(&with(&[(PAYMENT, json!(state))])), unknown(&topic));
    }
    let none = read(&with(&[("/order/transactions", json!([]))]));
    assert_eq!(none, unknown("not_yet:no_transaction"));
}

#[test]
fn an_earlier_try_that_went_well_counts_more_than_a_later_one_that_failed() {
    let order = inbound(&[
        (
            "/order/transactions/0/stateMachineState/technicalName",
            json!("paid"),
        ),
        (PAYMENT, json!("failed")),
    ]);
    let reference = Some("00000000000000000000000000000051".to_owned());
    assert_eq!(order.facts, [ChannelFact::Paid { reference }]);
}

#[test]
fn a_cancelled_order_is_over_however_it_was_paid() {
    for (payment, paid) in [
        ("paid", true),
        ("refunded", true),
        ("cancelled", false),
        ("open", false),
    ] {
        let order = inbound(&[(STATE, json!("cancelled")), (PAYMENT, json!(payment))]);
        let at = "2026-03-01T09:31:00Z".parse().expect("a time");
        assert_eq!(order.submission.draft.cancelled_at, Some(at));
        assert!(order.facts.contains(&ChannelFact::Cancelled { at }));
        assert_eq!(order.facts.len(), 1 + usize::from(paid), "{payment}");
    }
}

#[test]
fn what_the_shop_has_shipped_is_not_shipped_again() {
    for changes in [
        [(DELIVERY, json!("shipped"))],
        [(DELIVERY, json!("returned"))],
        [(STATE, json!("completed"))],
    ] {
        let draft = draft(&changes);
        let by = draft.lines.iter().map(|line| line.fulfilled_by);
        assert!(by.into_iter().all(|by| by == FulfilledBy::Channel));
    }
    let partly = [(DELIVERY, json!("shipped_partially"))];
    assert_eq!(read(&with(&partly)), unknown("delivery.shipped_partially"));
    let mark = json!({ "orderhub_shipment_00": { "units": "1:1", "codes": [] } });
    let ours = draft(&[
        partly[0].clone(),
        ("/order/deliveries/1/customFields", mark),
    ]);
    assert_eq!(ours.lines[0].fulfilled_by, FulfilledBy::Us);
    for (pointer, word, topic) in [
        (DELIVERY, "cancelled", "delivery.cancelled"),
        (STATE, "own_state", "order.own_state"),
        (STATE, "own state of jane@example.com", "order.unknown"),
        ("/order/taxStatus", "own", "tax_status.own"),
    ] {
        assert_eq!(read(&with(&[(pointer, json!(word))])), unknown(topic));
    }
}

#[test]
fn goods_to_two_addresses_are_kept_as_unknown() {
    let elsewhere = (
        "/order/deliveries/0/shippingOrderAddress/id",
        json!("another"),
    );
    assert_eq!(
        read(&with(&[elsewhere])),
        unknown("order:several_addresses")
    );
}

#[test]
fn downloads_and_what_is_no_good_are_sent_by_nobody() {
    for change in [
        ("/lineItems/1/states", json!(["is-download"])),
        ("/lineItems/1/good", json!(false)),
        (
            "/lineItems/1/payload",
            json!({ "productNumber": "OWN-PDF", "productType": "digital" }),
        ),
    ] {
        let draft = draft(&[change]);
        assert_eq!(draft.lines[1].fulfilled_by, FulfilledBy::Nobody);
    }
    let draft = draft(&[("/lineItems/1/payload", json!([]))]);
    let sku = draft.lines[1]
        .sku
        .as_ref()
        .map(orderhub_domain::ids::Sku::as_str);
    assert_eq!(
        sku,
        Some("00000000000000000000000000000072"),
        "fixed in the open"
    );
}

#[test]
fn the_parts_of_a_line_are_picked_and_it_is_paid_for_once() {
    let part = |id: &str, quantity: u32, number: Option<&str>| {
        json!({ "id": id, "parentId": "00000000000000000000000000000501", "type": "product",
            "label": "Part", "quantity": quantity, "unitPrice": 9, "totalPrice": 9, "good": true,
            "payload": { "productNumber": number } })
    };
    let mut kit = whole();
    let lines = kit["lineItems"].as_array_mut().expect("lines");
    lines.insert(0, part("p1", 4, Some("OWN-CUP")));
    lines.push(part("p2", 2, None));
    let Inbound::Order(order) = read(&kit) else {
        panic!("an order");
    };
    let draft = order.submission.draft;
    assert_eq!(draft.totals().grand, draft.stated_total);
    let [mug, _, cup, engraving] = &draft.lines[..] else {
        panic!("four lines");
    };
    assert_eq!(mug.fulfilled_by, FulfilledBy::Components);
    assert_eq!(cup.part_of, Some(KitPart { line: 1, each: 2 }));
    assert_eq!(cup.unit_price.to_string(), "0");
    assert_eq!(engraving.fulfilled_by, FulfilledBy::Nobody);
    kit["lineItems"][0]["quantity"] = json!(3);
    let Inbound::Order(order) = read(&kit) else {
        panic!("an order");
    };
    let lines = &order.submission.draft.lines;
    assert_eq!(
        lines[0].fulfilled_by,
        FulfilledBy::Nobody,
        "three in two are no kits"
    );
    assert_eq!(
        (lines[2].fulfilled_by, lines[2].part_of),
        (FulfilledBy::Us, None)
    );
    kit["lineItems"][0]["parentId"] = json!("p2");
    assert_eq!(read(&kit), unknown("order:nested_lines"));
}

#[test]
fn what_cannot_be_read_says_which_part_and_quotes_nothing() {
    let bad = json!("buyer@example.com");
    for pointer in [
        "/order/id",
        "/order/orderDateTime",
        "/order/amountTotal",
        "/order/currency/isoCode",
        "/order/shippingCosts/totalPrice",
        "/order/price/rawTotal",
        "/order/transactions",
        "/lineItems/0/id",
        "/lineItems/0/quantity",
        "/lineItems/0/totalPrice",
        "/lineItems/0/price/calculatedTaxes/0/tax",
        "/lineItems",
    ] {
        let Inbound::Unreadable { reason } = read(&with(&[(pointer, bad.clone())])) else {
            panic!("not readable: {pointer}");
        };
        assert!(!reason.contains("buyer@"), "{reason}");
    }
    let negative = read(&with(&[("/lineItems/0/quantity", json!(0))]));
    assert!(
        matches!(negative, Inbound::Unreadable { .. }),
        "{negative:?}"
    );
}
