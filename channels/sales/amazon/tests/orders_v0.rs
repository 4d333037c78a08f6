//! Orders of the Orders API v0, told in the words of the newer one.

use orderhub_domain::canonical::{FulfilledBy, TaxMode, Terms};
use orderhub_domain::order::ChannelFact;
use serde_json::{Value, json};

use super::{request, seller, stated};
use crate::port::{Inbound, InboundOrder};

const ORDER: &str = include_str!("../fixtures/order_v0.json");

fn read(change: impl FnOnce(&mut Value)) -> Inbound {
    let mut order: Value = serde_json::from_str(ORDER).expect("JSON");
    change(&mut order);
    let read = seller().read(&request(&stated(), order.to_string().as_bytes()));
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

fn inbound(change: impl FnOnce(&mut Value)) -> InboundOrder {
    match read(change) {
        Inbound::Order(order) => *order,
        other => panic!("no order: {other:?}"),
    }
}

fn unknown(topic: &str) -> Inbound {
    Inbound::Unknown {
        topic: topic.to_owned(),
    }
}

#[test]
fn an_order_with_its_items_is_read_whole_and_comes_to_its_total() {
    let InboundOrder {
        submission, facts, ..
    } = inbound(|_| {});
    let draft = &submission.draft;
    assert_eq!(draft.external_id, "902-4711001-0815001");
    assert_eq!(draft.placed_at.to_string(), "2026-03-01T09:30:00Z");
    // The taxes are in the prices, for only so they come to the total.
    assert_eq!(draft.tax_mode, TaxMode::Inclusive);
    assert_eq!(draft.totals().grand, draft.stated_total);
    assert_eq!(draft.stated_total.amount().to_string(), "47.97");
    let [mug, tee] = &draft.lines[..] else {
        panic!("two lines: {draft:?}");
    };
    assert_eq!(mug.unit_price.to_string(), "19.99");
    assert_eq!(mug.quantity.value(), 2.into());
    assert_eq!(mug.discounts[0].amount.amount().to_string(), "2.00");
    assert_eq!(tee.sku.as_ref().map(|sku| sku.0.as_str()), Some("TEE-2"));
    assert_eq!(draft.shipping[0].amount.amount().to_string(), "4.99");
    assert_eq!(draft.fees[0].title, "Gift wrapping");
    assert!(matches!(draft.tenders[0].terms, Terms::Prepaid { .. }));
    assert_eq!(facts, [ChannelFact::Paid { reference: None }]);
    let private = &submission.private;
    let to = private.ship_to.as_ref().expect("an address");
    assert_eq!(to.lines, ["Eigene Straße 1", "Hinterhaus"]);
    let note = |name: &str| private.attributes.get(name).cloned();
    assert_eq!(note("gift_message"), Some("Happy own day".into()));
    assert_eq!(note("purchase_order"), Some("PO-4711".into()));
    assert_eq!(note("ship_by"), Some("2026-03-03T22:59:59Z".into()));
}

#[test]
fn taxes_on_top_are_told_from_taxes_within_by_the_total() {
    let draft = inbound(|order| order["OrderTotal"]["Amount"] = "55.15".into());
    let draft = draft.submission.draft;
    assert_eq!(draft.tax_mode, TaxMode::Exclusive);
    assert_eq!(draft.totals().grand, draft.stated_total);
}

#[test]
fn who_ships_and_who_asks_for_what_is_read_as_of_the_newer_api() {
    let by = |change: fn(&mut Value)| inbound(change).submission.draft.lines[0].fulfilled_by;
    assert_eq!(by(|_| {}), FulfilledBy::Us);
    let amazon = by(|order| order["FulfillmentChannel"] = "AFN".into());
    assert_eq!(amazon, FulfilledBy::Channel);
    let wanted_out = inbound(|order| {
        for item in order["OrderItems"].as_array_mut().expect("items") {
            item["BuyerRequestedCancel"] = json!({ "IsBuyerRequestedCancel": "true" });
        }
    });
    let asks = |fact: &ChannelFact| matches!(fact, ChannelFact::CancelAsked { .. });
    assert!(wanted_out.facts.iter().any(asks));
    let at_the_door = inbound(|order| order["PaymentMethod"] = "COD".into());
    let terms = &at_the_door.submission.draft.tenders[0].terms;
    assert_eq!(*terms, Terms::OnDelivery);
    let free = inbound(|order| {
        order["IsReplacementOrder"] = true.into();
        order["OrderTotal"] = Value::Null;
        for item in order["OrderItems"].as_array_mut().expect("items") {
            for price in ["ItemPrice", "ItemTax", "ShippingPrice", "ShippingTax"] {
                item[price] = Value::Null;
            }
            item["PromotionDiscount"] = Value::Null;
            item["BuyerInfo"] = Value::Null;
        }
    });
    assert!(free.submission.draft.stated_total.is_zero());
}

#[test]
fn without_its_items_an_order_is_kept_unless_it_is_over() {
    let bare = |status: &str| {
        let status = status.to_owned();
        read(move |order| {
            order["OrderStatus"] = status.into();
            order["OrderItems"] = Value::Null;
        })
    };
    assert_eq!(bare("Unshipped"), unknown("order:without_items"));
    assert_eq!(bare("Pending"), unknown("not_yet:pending"));
    let ended = Inbound::Said {
        order: "902-4711001-0815001".to_owned(),
        facts: vec![ChannelFact::Cancelled {
            at: "2026-03-01T09:45:00Z".parse().expect("a time"),
        }],
    };
    assert_eq!(bare("Canceled"), ended);
    let odd = read(|order| order["OrderStatus"] = "InvoiceUnconfirmed".into());
    assert_eq!(odd, unknown("order:status.INVOICEUNCONFIRMED"));
}

#[test]
fn answers_and_parts_of_an_order_are_told_apart() {
    let whole = inbound(|_| {}).submission;
    let wrapped = inbound(|order| *order = json!({ "payload": order.take() }));
    assert_eq!(wrapped.submission, whole);
    let listed = inbound(|order| *order = json!({ "payload": { "Orders": [order.take()] } }));
    assert_eq!(listed.submission, whole);
    for part in ["OrderItems", "ShippingAddress"] {
        let part = read(|order| {
            let id = order["AmazonOrderId"].take();
            *order = json!({ "payload": { "AmazonOrderId": id, part: order[part].take() } });
        });
        assert_eq!(part, unknown("order:part_of_one"));
    }
    let bad = read(|order| order["OrderItems"][0]["QuantityOrdered"] = json!({ "Ada": 1 }));
    let Inbound::Unreadable { reason } = bad else {
        panic!("{bad:?}");
    };
    assert!(!reason.contains("Ada"), "{reason}");
}
