//! Who ships: lines that the channel ships itself, orders that are split into several, and lines of which every
//! unit is somewhere else.

use orderhub_domain::canonical::FulfilledBy;
use orderhub_domain::order::ChannelFact;
use serde_json::{Value, json};

use super::hub::{placed, set_aside};
use super::scene::{comes_to, only, order, topic, vendor};
use crate::port::{Inbound, InboundOrder};

/// That everything is sold, and all of it is shipped by somebody else.
fn is_shipped_by_the_channel(order: &InboundOrder) {
    let draft = &order.submission.draft;
    comes_to(draft, "44.98");
    for line in &draft.lines {
        assert_eq!(line.fulfilled_by, FulfilledBy::Channel);
    }
    let placed = placed(order);
    assert_eq!(set_aside(&placed), [""; 0]);
    assert_eq!(placed.reservations.len(), 0);
    assert_eq!(placed.fulfilments, []);
    assert_eq!(placed.totals.grand, draft.stated_total);
}

fn is_shipped_by_us(order: &InboundOrder) {
    comes_to(&order.submission.draft, "44.98");
    assert_eq!(set_aside(&placed(order)), ["MUG-1", "TEE-2"]);
}

#[test]
fn trap_09_what_amazon_fulfils_is_never_allocated_even_when_it_says_unshipped() {
    let amazon = vendor("amazon");
    is_shipped_by_us(&amazon.order(|order| {
        order["fulfillment"]["fulfilledBy"] = "MERCHANT".into();
    }));
    for status in ["UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED"] {
        is_shipped_by_the_channel(&amazon.order(|order| {
            order["fulfillment"]["fulfilledBy"] = "AMAZON".into();
            order["fulfillment"]["fulfillmentStatus"] = status.into();
        }));
    }
}

#[test]
fn trap_09_what_walmart_or_its_partners_fulfil_is_never_allocated() {
    let walmart = vendor("walmart");
    is_shipped_by_us(&walmart.order(|order| order["shipNode"]["type"] = "SellerFulfilled".into()));
    for node in ["WFSFulfilled", "3PLFulfilled"] {
        is_shipped_by_the_channel(&walmart.order(|order| order["shipNode"]["type"] = node.into()));
    }
}

#[test]
fn trap_09_what_ebay_ships_itself_is_never_allocated_and_what_it_forwards_is_ours_to_ship() {
    let ebay = vendor("ebay");
    is_shipped_by_the_channel(&ebay.order(|order| {
        let instruction = &mut order["fulfillmentStartInstructions"][0];
        instruction["fulfillmentInstructionsType"] = "FULFILLED_BY_EBAY".into();
    }));
    for program in [
        json!({ "fulfillmentProgram": { "fulfilledBy": "EBAY" } }),
        json!({ "ebayVault": { "fulfillmentType": "VAULT_TO_BUYER" } }),
        json!({ "ebayVault": { "fulfillmentType": "VAULT_TO_VAULT" } }),
    ] {
        is_shipped_by_the_channel(&ebay.order(|order| order["program"] = program));
    }
    // These go to eBay's own address, which the order names, and the seller sends them there.
    for program in [
        Value::Null,
        json!({ "ebayInternationalShipping": { "returnsManagedBy": "EBAY" } }),
        json!({ "ebayVault": { "fulfillmentType": "SELLER_TO_VAULT" } }),
        json!({ "authenticityVerification": { "status": "PENDING" } }),
    ] {
        is_shipped_by_us(&ebay.order(|order| {
            let instruction = &mut order["fulfillmentStartInstructions"][0];
            instruction["ebaySupportedFulfillment"] = true.into();
            order["program"] = program;
        }));
    }
}

#[test]
fn trap_18_orders_that_were_one_at_the_buyer_are_several_here_under_one_number() {
    let walmart = ["108900000001", "108900000002"].map(|purchase| {
        vendor("walmart").draft(|order| {
            order["purchaseOrderId"] = purchase.into();
            order["customerOrderId"] = "200010101".into();
        })
    });
    let mirakl = ["77-A", "77-B"].map(|id| {
        vendor("mirakl").draft(|order| {
            order["order_id"] = id.into();
            order["commercial_id"] = "77".into();
        })
    });
    for ([first, second], ids, number) in [
        (walmart, ["108900000001", "108900000002"], "200010101"),
        (mirakl, ["77-A", "77-B"], "77"),
    ] {
        assert_eq!([&*first.external_id, &*second.external_id], ids);
        assert_eq!(first.number.as_deref(), Some(number));
        assert_eq!(second.number.as_deref(), Some(number));
    }
}

#[test]
fn trap_18_splits_and_merges_of_the_shops_own_work_move_nothing_here() {
    for name in ["fulfillment_orders/split", "fulfillment_orders/merged"] {
        let body = r#"{"fulfillment_order":{"id":"gid://shopify/FulfillmentOrder/1"}}"#;
        let read = vendor("shopify").hears(&[("x-shopify-topic", name)], body);
        assert_eq!(topic(only(read)), name);
    }
}

/// Three mugs, so many of them in each of these states.
fn mugs(statuses: &[(&str, u32)]) -> Inbound {
    let units = |count: u32| json!({ "unitOfMeasurement": "EACH", "amount": count.to_string() });
    let statuses: Vec<_> = statuses
        .iter()
        .map(|(word, count)| json!({ "status": word, "statusQuantity": units(*count) }))
        .collect();
    vendor("walmart").sale(|order| {
        let lines = order["orderLines"]["orderLine"].as_array_mut();
        let lines = lines.expect("lines");
        lines.truncate(1);
        lines[0]["orderLineQuantity"] = units(3);
        lines[0]["orderLineStatuses"]["orderLineStatus"] = statuses.into();
        order["orderTotal"]["amount"] = json!(39.98);
    })
}

#[test]
fn trap_19_a_line_is_as_many_states_as_it_has_units() {
    for (statuses, by) in [
        (&[("Created", 1), ("Acknowledged", 2)][..], FulfilledBy::Us),
        (&[("Shipped", 1), ("Delivered", 2)], FulfilledBy::Channel),
    ] {
        let draft = order(mugs(statuses)).submission.draft;
        assert_eq!(draft.lines[0].fulfilled_by, by, "{statuses:?}");
        assert_eq!(draft.lines[0].quantity.whole(), Some(3));
        assert_eq!(draft.cancelled_at, None);
    }
    let gone = order(mugs(&[("Cancelled", 1), ("Cancelled", 2)]));
    let cancelled = |fact: &ChannelFact| matches!(fact, ChannelFact::Cancelled { .. });
    assert!(gone.facts.iter().any(cancelled), "{:?}", gone.facts);
}

#[test]
fn trap_19_a_line_whose_units_are_apart_is_neither_shipped_whole_nor_cancelled_whole() {
    for (statuses, why) in [
        (
            &[("Acknowledged", 2), ("Shipped", 1)][..],
            "partly_shipped_line",
        ),
        (
            &[("Acknowledged", 2), ("OwnWord", 1)],
            "line_status.OwnWord",
        ),
    ] {
        assert_eq!(topic(mugs(statuses)), format!("order:{why}"));
    }
    for (rest, by) in [
        ("Acknowledged", FulfilledBy::Us),
        ("Shipped", FulfilledBy::Channel),
    ] {
        let draft = order(mugs(&[(rest, 2), ("Cancelled", 1)])).submission.draft;
        assert_eq!(draft.lines[0].quantity.whole(), Some(2), "{rest}");
        assert_eq!(draft.lines[0].fulfilled_by, by, "{rest}");
        assert_eq!(draft.cancelled_at, None, "{rest}");
    }
}
