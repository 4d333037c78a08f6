//! Money that goes back: sums here, single movements there, signs of every kind, and refunds that fail after
//! all.

use orderhub_domain::money::Money;
use orderhub_domain::order::{ChannelFact, PaymentEvidence, Reported};
use orderhub_domain::quantity::Quantity;
use serde_json::{Value, json};

use super::hub::{placed, set_aside};
use super::scene::{comes_to, eur, evidence, only, order, sale, vendor};
use crate::port::InboundOrder;
use crate::specimen::{Taken, Thing};

/// What is said to have been given back.
fn given(known: &[PaymentEvidence]) -> Vec<Reported> {
    let given = known.iter().filter_map(|one| match one {
        PaymentEvidence::Refunded { amount, .. } => Some(amount.clone()),
        _ => None,
    });
    given.collect()
}

fn total(amount: &str) -> Reported {
    let amount = eur(amount);
    Reported::Total { amount }
}

fn part(reference: &str, amount: &str) -> Reported {
    Reported::Part {
        reference: reference.to_owned(),
        amount: eur(amount),
    }
}

fn refunded(gateway: &str, change: impl FnOnce(&mut Value)) -> Vec<Reported> {
    given(&evidence(vendor(gateway).taking(Taken::Refunded, change)))
}

#[test]
fn trap_06_sums_of_refunds_are_sums_and_never_added_up() {
    for (minor, amount) in [(500, "5.00"), (1500, "15.00")] {
        let stripe = refunded("stripe", |event| {
            event["data"]["object"]["amount_refunded"] = minor.into();
        });
        assert_eq!(stripe, [total(amount)]);
        let checkout = refunded("checkout_com", |event| {
            event["data"]["amount"] = 500.into();
            event["data"]["action_id"] = "act_own_5".into();
            event["data"]["balances"]["total_refunded"] = minor.into();
        });
        assert_eq!(checkout, [part("act_own_5", "5.00"), total(amount)]);
        let klarna = refunded("klarna", |order| {
            order["refunded_amount"] = minor.into();
            order["refunds"][0]["refunded_amount"] = 500.into();
        });
        assert_eq!(klarna, [part("77-2", "5.00"), total(amount)]);
    }
}

#[test]
fn trap_06_single_refunds_are_told_apart_by_their_own_ids() {
    let adyen = refunded("adyen", |body| {
        let item = &mut body["notificationItems"][0]["NotificationRequestItem"];
        item["amount"]["value"] = 500.into();
    });
    assert_eq!(adyen, [part("MOD77", "5.00")]);
    // The whole payment is told again at every change, with all that hangs on it.
    let mollie = refunded("mollie", |payment| {
        let refunds = payment["_embedded"]["refunds"].as_array_mut();
        let refunds = refunds.expect("refunds");
        refunds[0]["amount"]["value"] = "5.00".into();
        let mut second = refunds[0].clone();
        second["id"] = "re_own_2".into();
        second["amount"]["value"] = "4.00".into();
        refunds.push(second);
    });
    assert_eq!(mollie, [part("re_77", "5.00"), part("re_own_2", "4.00")]);
}

/// A shop's order as it is looked up once money of it went back.
fn looked_up(total: &str, refunds: &Value) -> InboundOrder {
    let shop = vendor("woocommerce");
    let stated = shop.stated(Thing::Sale(&sale()), |order| {
        order["refunds"] = json!([{ "id": 91, "reason": "", "total": total }]);
    });
    let stated: Value = serde_json::from_slice(&stated.raw).expect("JSON");
    let whole = json!({ "order": stated, "refunds": refunds }).to_string();
    order(only(shop.hears(&[("orderhub-stated", "order")], &whole)))
}

fn is_as_it_was(order: &InboundOrder) {
    comes_to(&order.submission.draft, "44.98");
    let cancelled = |fact: &ChannelFact| matches!(fact, ChannelFact::Cancelled { .. });
    assert!(!order.facts.iter().any(cancelled), "{:?}", order.facts);
    assert_eq!(set_aside(&placed(order)), ["MUG-1", "TEE-2"]);
}

#[test]
fn trap_06_a_refund_of_a_part_puts_nothing_back_and_cancels_nothing() {
    let shopify = vendor("shopify").order(|order| {
        order["financial_status"] = "partially_refunded".into();
        order["refunds"] = json!([{
            "id": 91, "order_id": 4711, "restock": false, "order_adjustments": [],
            "refund_line_items": [{ "id": 92, "line_item_id": 11, "quantity": 1,
                "restock_type": "no_restock", "subtotal": 19.99 }],
            "transactions": [{ "id": 93, "kind": "refund", "status": "success",
                "amount": "19.99" }],
        }]);
    });
    is_as_it_was(&shopify);
    // Of an amount alone: no line is named.
    let refunds = json!([{ "id": 91, "amount": "9.00", "reason": "", "line_items": [] }]);
    let woocommerce = looked_up("-9.00", &refunds);
    is_as_it_was(&woocommerce);
}

#[test]
fn trap_06_a_refund_that_fails_later_is_taken_back() {
    let failed = |known: Vec<PaymentEvidence>| {
        let of = |one: &PaymentEvidence| match one {
            PaymentEvidence::RefundFailed { refund, .. } => refund.clone(),
            _ => None,
        };
        assert_eq!(given(&known), []);
        known.iter().find_map(of)
    };
    let adyen = vendor("adyen").taking(Taken::Refunded, |body| {
        let item = &mut body["notificationItems"][0]["NotificationRequestItem"];
        item["success"] = "false".into();
    });
    assert_eq!(failed(evidence(adyen)).as_deref(), Some("MOD77"));
    let stripe = vendor("stripe").taking(Taken::Refunded, |event| {
        event["type"] = "charge.refund.updated".into();
        event["data"]["object"] = json!({
            "id": "re_own_1", "object": "refund", "amount": 500, "currency": "eur",
            "payment_intent": "pi_77", "charge": "ch_77", "status": "failed",
            "failure_reason": "expired_or_canceled_card", "metadata": {},
        });
    });
    assert_eq!(failed(evidence(stripe)).as_deref(), Some("re_own_1"));
    let mollie = vendor("mollie").taking(Taken::Refunded, |payment| {
        payment["_embedded"]["refunds"][0]["status"] = "failed".into();
    });
    assert_eq!(failed(evidence(mollie)).as_deref(), Some("re_77"));
}

#[test]
fn trap_07_refunds_and_discounts_are_above_zero_whatever_their_sign_is_there() {
    // What a refund takes from the balance stands below zero beside it.
    let mollie = refunded("mollie", |payment| {
        let refund = &mut payment["_embedded"]["refunds"][0];
        refund["settlementAmount"] = json!({ "value": "-15.00", "currency": "EUR" });
    });
    assert_eq!(mollie, [part("re_77", "15.00")]);
    let klarna = vendor("klarna").taking(Taken::Authorized, |order| {
        order["order_lines"] = json!([{
            "name": "Mug", "quantity": 1, "unit_price": 1900, "total_discount_amount": 400,
            "total_amount": 1500,
        }]);
    });
    let held: Vec<Option<Money>> = evidence(klarna)
        .iter()
        .map(PaymentEvidence::amount)
        .collect();
    assert_eq!(held, [Some(eur("15.00"))]);
    // The order's own sum is below zero, the lines' are above.
    let adobe = vendor("adobe_commerce").draft(|order| {
        order["discount_amount"] = json!(-4);
        order["items"][0]["discount_amount"] = json!(4);
        for total in ["grand_total", "total_paid"] {
            order[total] = json!(40.98);
        }
    });
    comes_to(&adobe, "40.98");
    assert_eq!(adobe.totals().discounts, eur("4.00"));
}

#[test]
fn trap_07_what_a_shop_states_below_zero_is_taken_off_once() {
    let woocommerce = vendor("woocommerce").draft(|order| {
        order["total"] = "35.98".into();
        order["fee_lines"] = json!([{ "id": 31, "name": "Off", "total": "-9.00",
            "total_tax": "0.00", "taxes": [] }]);
    });
    comes_to(&woocommerce, "35.98");
    assert_eq!(woocommerce.totals().discounts, eur("9.00"));
    assert_eq!(woocommerce.fees, []);
    // Lines of a refund have quantities and totals below zero; the order beside it has not.
    let refunds = json!([{ "id": 91, "amount": "19.99", "reason": "One less",
        "line_items": [{ "id": 94, "quantity": -1, "total": "-19.99",
            "meta_data": [{ "key": "_refunded_item_id", "value": "11" }] }] }]);
    let refunded = looked_up("-19.99", &refunds);
    comes_to(&refunded.submission.draft, "44.98");
    assert_eq!(refunded.wanted["11"], Quantity::units(1));
    let shopify = vendor("shopify").draft(|order| {
        order["refunds"] = json!([{ "id": 91, "refund_line_items": [], "order_adjustments": [
            { "id": 95, "kind": "refund_discrepancy", "amount": "-4.00", "tax_amount": "0.00" },
            { "id": 96, "kind": "shipping_refund", "amount": "4.00", "tax_amount": "0.00" },
        ] }]);
    });
    comes_to(&shopify, "44.98");
    assert!(shopify.totals().discounts.is_zero());
}
