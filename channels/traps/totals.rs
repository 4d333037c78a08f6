//! Totals that the parts do not come to: what is rounding, what is still owed, and what nobody can explain.

use orderhub_domain::canonical::Terms;
use orderhub_domain::order::{Edge, REASON_TOTAL_MISMATCH};
use serde_json::json;

use super::hub::{placed, set_aside};
use super::scene::{comes_to, eur, vendor};

#[test]
fn trap_08_what_cash_is_rounded_by_is_a_fee_or_a_discount() {
    for (total, fee, off) in [("45.00", "0.02", "0.00"), ("44.95", "0.00", "0.03")] {
        let shopware = vendor("shopware").draft(|whole| {
            let order = &mut whole["order"];
            let rounded: serde_json::Value = serde_json::from_str(total).expect("a number");
            order["amountTotal"] = rounded.clone();
            order["price"]["totalPrice"] = rounded;
            order["price"]["rawTotal"] = json!(44.98);
        });
        let minor = eur(total).minor();
        let square = vendor("square").draft(|whole| {
            let order = &mut whole["order"];
            order["total_money"]["amount"] = minor.into();
            order["tenders"][0]["amount_money"]["amount"] = minor.into();
            let by = json!({ "amount": minor - 4498, "currency": "EUR" });
            order["rounding_adjustment"] = json!({ "name": "CASH", "amount_money": by });
        });
        for draft in [shopware, square] {
            comes_to(&draft, total);
            assert_eq!(draft.totals().items, eur("44.98"));
            assert_eq!(draft.totals().fees, eur(fee));
            assert_eq!(draft.totals().discounts, eur(off));
        }
    }
}

#[test]
fn trap_08_what_is_still_owed_is_a_tender_of_its_own() {
    let draft = vendor("shopify").draft(|order| {
        order["financial_status"] = "partially_paid".into();
        order["total_outstanding"] = "10.00".into();
    });
    comes_to(&draft, "44.98");
    let tenders: Vec<_> = draft.tenders.iter().map(|one| one.amount).collect();
    assert_eq!(tenders, [eur("34.98"), eur("10.00")]);
    assert_eq!(draft.tenders[0].terms, Terms::Prepaid { reference: None });
    assert_eq!(draft.tenders[1].terms, Terms::Invoice);
}

#[test]
fn trap_08_what_a_credit_memo_adjusts_changes_no_order() {
    let draft = vendor("adobe_commerce").draft(|order| {
        order["adjustment_negative"] = json!(5);
        order["adjustment_positive"] = json!(0);
        order["total_refunded"] = json!(14.99);
    });
    comes_to(&draft, "44.98");
}

#[test]
fn trap_08_a_total_that_nobody_can_explain_holds_the_order() {
    let dearer = json!(54.98);
    let shopify = vendor("shopify").order(|order| order["total_price"] = "54.98".into());
    let adobe = vendor("adobe_commerce").order(|order| {
        order["grand_total"] = dearer.clone();
        order["total_paid"] = dearer;
    });
    let bigcommerce =
        vendor("bigcommerce").order(|whole| whole["order"]["total_inc_tax"] = "54.9800".into());
    let woocommerce = vendor("woocommerce").order(|order| order["total"] = "54.98".into());
    for order in [shopify, adobe, bigcommerce, woocommerce] {
        assert_eq!(order.submission.draft.stated_total, eur("54.98"));
        let held = placed(&order);
        let holds: Vec<_> = held.holds.iter().map(|one| one.reason.as_str()).collect();
        assert_eq!(holds, [REASON_TOTAL_MISMATCH]);
        assert!(held.holds[0].blocks.contains(&Edge::Reserve));
        assert_eq!(set_aside(&held), [""; 0]);
    }
}
