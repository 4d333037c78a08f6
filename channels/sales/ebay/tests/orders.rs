//! Orders: every rule of the mapping, from one order with parts replaced.

use orderhub_domain::canonical::{FulfilledBy, OrderDraft, TaxMode, Terms};
use orderhub_domain::ids::Sku;
use orderhub_domain::order::ChannelFact;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{request, seller, settings, stated};
use crate::port::{Inbound, InboundOrder};
use crate::sales::connect;

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

fn money(value: &str) -> Value {
    json!({ "value": value, "currency": "EUR" })
}

const PAYMENT: &str = "/orderPaymentStatus";
const CANCEL: &str = "/cancelStatus/cancelState";
const FULFILMENT: &str = "/orderFulfillmentStatus";
const FORM: &str = "/fulfillmentStartInstructions/0/fulfillmentInstructionsType";

fn paid() -> ChannelFact {
    ChannelFact::Paid {
        reference: Some("own-pay-1".to_owned()),
    }
}

fn cancelled() -> ChannelFact {
    ChannelFact::Cancelled {
        at: "2026-03-01T09:45:00Z".parse().expect("a time"),
    }
}

#[test]
fn an_order_is_read_whole() {
    let order = inbound(&[]);
    let draft = &order.submission.draft;
    assert_eq!(draft.external_id, "07-00001-00002");
    assert_eq!(draft.placed_at.to_string(), "2026-03-01T09:30:00Z");
    assert_eq!(draft.destination.as_deref(), Some("DE"));
    let line = &draft.lines[0];
    assert_eq!(line.external_id, "10000000000001");
    assert_eq!(
        line.unit_price,
        Decimal::new(1999, 2),
        "of one, not of the line"
    );
    assert_eq!(line.quantity.whole(), Some(3));
    assert_eq!(line.fulfilled_by, FulfilledBy::Us);
    assert_eq!(draft.discounts.len(), 2, "on the price and on the delivery");
    assert_eq!(draft.totals().grand, draft.stated_total);
    assert_eq!(draft.stated_total.amount(), Decimal::new(6346, 2));
    let reference = Some("own-pay-1".to_owned());
    assert_eq!(draft.tenders[0].terms, Terms::Prepaid { reference });
    assert_eq!(order.facts, [paid()]);
    let private = &order.submission.private;
    let to = private.ship_to.as_ref().expect("an address");
    assert_eq!(to.lines, ["Eigene Straße 1", "Hinterhaus"]);
    assert_eq!(to.postcode.as_deref(), Some("01234"), "with its zero");
    assert_eq!(to.phone.as_deref(), Some("030 000000"));
    let customer = private.customer.as_ref().expect("a customer");
    assert_eq!(customer.name.as_deref(), Some("Jane Doe"));
    assert_eq!(customer.external_id.as_deref(), Some("own-buyer"));
    assert_eq!(private.attributes["note"], "Please ring twice");
}

#[test]
fn what_is_not_paid_is_no_order_yet_and_an_unknown_word_is_kept() {
    for (pointer, word, topic) in [
        (PAYMENT, "PENDING", "not_yet:pending"),
        (PAYMENT, "FAILED", "not_yet:failed"),
        (PAYMENT, "OWN", "order:payment.OWN"),
        (FULFILMENT, "OWN", "order:fulfilment.OWN"),
        (CANCEL, "OWN", "order:cancel.OWN"),
        (CANCEL, "own word", "order:cancel.odd"),
        (CANCEL, "IN_PROGRESS", "order:cancellation_requested"),
        (FORM, "OWN", "order:instructions.OWN"),
        (FORM, "PREPARE_FOR_PICKUP", "order:collected_in_store"),
    ] {
        assert_eq!(read(&[(pointer, json!(word))]), unknown(topic), "{word}");
    }
    assert_eq!(
        read(&[(PAYMENT, json!(null))]),
        unknown("order:payment.odd")
    );
}

#[test]
fn the_three_states_know_nothing_of_each_other() {
    let with = |payment: &str, cancel: &str, fulfilment: &str| {
        inbound(&[
            (PAYMENT, json!(payment)),
            (CANCEL, json!(cancel)),
            (FULFILMENT, json!(fulfilment)),
        ])
    };
    let none = "NONE_REQUESTED";
    assert_eq!(
        with("FULLY_REFUNDED", "CANCELED", "FULFILLED").facts,
        [cancelled()]
    );
    assert_eq!(with("PAID", "CANCELED", "NOT_STARTED").facts, [cancelled()]);
    let unpaid = with("PENDING", "CANCELED", "NOT_STARTED");
    assert_eq!(unpaid.facts, [cancelled()]);
    assert_eq!(unpaid.submission.draft.tenders[0].terms, Terms::Invoice);
    // Money that is given back before anything was sent: nothing is sent any more.
    assert_eq!(
        with("FULLY_REFUNDED", none, "NOT_STARTED").facts,
        [cancelled()]
    );
    // After something was sent it is no cancellation.
    assert_eq!(with("FULLY_REFUNDED", none, "FULFILLED").facts, [paid()]);
    assert_eq!(
        with("PARTIALLY_REFUNDED", none, "NOT_STARTED").facts,
        [paid()]
    );
    let silent = inbound(&[("/cancelStatus", json!(null))]);
    assert_eq!(silent.facts, [paid()]);
}

#[test]
fn a_buyer_who_wants_it_cancelled_asks_for_it_and_the_order_is_as_it_was() {
    let request = |initiator: &str, state: &str| {
        json!([{ "cancelRequestId": "5000000001", "cancelInitiator": initiator,
            "cancelRequestState": state, "cancelReason": "ORDER_MISTAKE" }])
    };
    let asked = |initiator, state| {
        let changes = [
            (CANCEL, json!("IN_PROGRESS")),
            ("/cancelStatus/cancelRequests", request(initiator, state)),
        ];
        seller().read(&super::request(&stated(), &body(&changes)))
    };
    let wish = ChannelFact::CancelAsked {
        reference: "5000000001".to_owned(),
    };
    let read = asked("BUYER", "REQUESTED");
    let [Inbound::Order(order)] = &read[..] else {
        panic!("an order: {read:?}");
    };
    assert_eq!(order.facts, [paid(), wish.clone()]);
    assert_eq!(order.submission.draft.cancelled_at, None);
    // Of an order that is new it counts, too.
    assert_eq!(order.besides(), [wish]);
    for (initiator, state) in [("SELLER", "REQUESTED"), ("BUYER", "COMPLETED")] {
        assert_eq!(
            asked(initiator, state),
            [unknown("order:cancellation_requested")]
        );
    }
    let answered = inbound(&[("/cancelStatus/cancelRequests", request("BUYER", "REJECTED"))]);
    assert_eq!(answered.facts, [paid()]);
}

#[test]
fn what_was_given_back_is_said_once_the_buyer_has_it() {
    let refund = |status: &str| {
        json!([{ "refundId": "own-refund-1", "refundReferenceId": "own-ref", "refundStatus": status,
            "refundDate": "2026-03-02T10:00:00.000Z", "amount": money("20.0") }])
    };
    let refunds = "/paymentSummary/refunds";
    let part = inbound(&[
        (PAYMENT, json!("PARTIALLY_REFUNDED")),
        (refunds, refund("REFUNDED")),
    ]);
    let [
        known,
        ChannelFact::Refunded {
            reference,
            amount,
            at,
        },
    ] = &part.facts[..]
    else {
        panic!("paid and refunded: {:?}", part.facts);
    };
    assert_eq!((known, reference.as_str()), (&paid(), "own-refund-1"));
    assert_eq!(amount.amount(), Decimal::new(2000, 2));
    assert_eq!(*at, "2026-03-02T10:00:00Z".parse().ok());
    for status in ["PENDING", "FAILED", "OWN"] {
        assert_eq!(inbound(&[(refunds, refund(status))]).facts, [paid()]);
    }
    let mut odd = refund("REFUNDED");
    odd[0]["amount"]["value"] = "own-buyer".into();
    let Inbound::Unreadable { reason } = read(&[(refunds, odd)]) else {
        panic!("not readable");
    };
    assert!(!reason.contains("own-buyer"), "{reason}");
}

#[test]
fn every_state_says_when_it_was_changed_last() {
    let at = "2026-03-01T09:45:00Z".parse().ok();
    assert_eq!(draft(&[]).changed_at, at);
    assert_eq!(
        draft(&[("/lastModifiedDate", Value::Null)]).changed_at,
        None
    );
}

#[test]
fn units_that_have_left_are_not_shipped_again() {
    let first = "/lineItems/0/lineItemFulfillmentStatus";
    let begun = (FULFILMENT, json!("IN_PROGRESS"));
    let one = draft(&[begun.clone(), (first, json!("FULFILLED"))]);
    assert_eq!(one.lines[0].fulfilled_by, FulfilledBy::Channel);
    assert_eq!(one.lines[1].fulfilled_by, FulfilledBy::Us);
    let part = read(&[begun, (first, json!("IN_PROGRESS"))]);
    assert_eq!(part, unknown("order:partly_shipped_line"));
    let all = draft(&[(FULFILMENT, json!("FULFILLED"))]);
    assert_eq!(all.lines[1].fulfilled_by, FulfilledBy::Channel);
}

#[test]
fn what_goes_through_ebays_warehouse_is_ours_and_bears_its_reference() {
    let order = inbound(&[
        (
            "/fulfillmentStartInstructions/0/ebaySupportedFulfillment",
            json!(true),
        ),
        (
            "/fulfillmentStartInstructions/0/shippingStep/shipToReferenceId",
            json!("Reference #1"),
        ),
    ]);
    let lines = &order.submission.draft.lines;
    assert!(
        lines
            .iter()
            .all(|line| line.fulfilled_by == FulfilledBy::Us)
    );
    let private = &order.submission.private;
    assert_eq!(private.attributes["ship_to_reference"], "Reference #1");
    for (form, by) in [
        ("FULFILLED_BY_EBAY", FulfilledBy::Channel),
        ("DIGITAL", FulfilledBy::Nobody),
        ("SELLER_DEFINED", FulfilledBy::Us),
    ] {
        let draft = draft(&[(FORM, json!(form))]);
        assert!(
            draft.lines.iter().all(|line| line.fulfilled_by == by),
            "{form}"
        );
    }
    let two = json!([{ "fulfillmentInstructionsType": "SHIP_TO" }, { "fulfillmentInstructionsType": "DIGITAL" }]);
    let mixed = read(&[("/fulfillmentStartInstructions", two)]);
    assert_eq!(mixed, unknown("order:several_instructions"));
}

#[test]
fn amounts_are_those_of_the_order_and_never_what_they_were_converted_from() {
    let converted = json!({ "value": "10.63", "currency": "USD",
        "convertedFromValue": "8.9", "convertedFromCurrency": "EUR" });
    let Inbound::Unreadable { reason } = read(&[("/lineItems/0/lineItemCost", converted)]) else {
        panic!("two currencies are read as one");
    };
    assert!(reason.contains("the currency of lineItemCost"), "{reason}");
    let off = draft(&[("/pricingSummary/total", money("64.46"))]);
    assert_ne!(off.totals().grand, off.stated_total, "it is seen");
}

#[test]
fn taxes_count_when_they_are_what_the_total_is_above_its_other_parts() {
    let line_taxes = json!([{ "amount": money("5.0") }]);
    let with = |total: &str, sum: &str| {
        draft(&[
            ("/pricingSummary/tax", money(sum)),
            ("/pricingSummary/fee", money("0.5")),
            ("/pricingSummary/adjustment", money("-1.5")),
            ("/pricingSummary/total", money(total)),
            ("/lineItems/1/taxes", line_taxes.clone()),
        ])
    };
    let none = with("62.46", "0.0");
    assert_eq!(none.totals().grand, none.stated_total);
    assert!(none.lines[1].taxes.is_empty(), "eBay keeps them apart");
    let of_lines = with("67.46", "2.0");
    assert_eq!(of_lines.tax_mode, TaxMode::Exclusive);
    assert_eq!(of_lines.totals().grand, of_lines.stated_total);
    assert_eq!(of_lines.lines[1].taxes.len(), 1);
    let own = with("64.46", "2.0");
    assert_eq!(own.totals().grand, own.stated_total);
    assert_eq!(own.totals().taxes.amount(), Decimal::new(200, 2));
    let neither = with("63.46", "2.0");
    assert_ne!(neither.totals().grand, neither.stated_total, "it is seen");
    assert!(neither.totals().taxes.is_zero());
}

#[test]
fn orders_of_another_seller_are_kept_apart() {
    let own = settings().with_text("seller", "own-seller");
    let own = connect("ebay", &own).expect("a connection");
    let ours = own.read(&request(&stated(), &body(&[])));
    assert!(matches!(ours[..], [Inbound::Order(_)]), "{ours:?}");
    for other in [json!("another"), json!(null)] {
        let read = own.read(&request(&stated(), &body(&[("/sellerId", other)])));
        assert_eq!(read, [unknown("another_seller")]);
    }
}

#[test]
fn what_cannot_be_read_is_named_and_never_quoted() {
    for (pointer, value, named) in [
        ("/pricingSummary/total/value", json!("12,50"), "total"),
        ("/pricingSummary/total/currency", json!("EURO"), "currency"),
        ("/pricingSummary", json!(null), "pricingSummary.total"),
        ("/lineItems/0/lineItemCost", json!(null), "lineItemCost"),
        ("/lineItems/0/quantity", json!(0), "quantity"),
        ("/lineItems/0/quantity", json!("-1"), "quantity"),
        (
            "/lineItems/1/lineItemId",
            json!("10000000000001"),
            "/lines/1/external_id",
        ),
        ("/creationDate", json!("yesterday"), "creationDate"),
        ("/orderId", json!("a b"), "orderId"),
        ("/lineItems", json!([]), "/lines"),
        ("/lineItems", json!("Jane"), "line"),
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
    let nameless = draft(&[("/lineItems/0/sku", json!(null))]);
    let sku = nameless.lines[0].sku.as_ref().map(Sku::as_str);
    assert_eq!(sku, Some("110000000001"));
}
