//! Gift cards, which are a line here and a way to pay there, and kits, whose money and whose stock stand on
//! different lines.

use orderhub_domain::canonical::{FulfilledBy, KitPart, OrderDraft, Terms};
use orderhub_domain::money::Money;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::hub::{placed, set_aside};
use super::scene::{comes_to, eur, line, vendor};

#[test]
fn trap_04_a_gift_card_that_is_sold_needs_no_stock_and_bears_no_tax() {
    let shopify = vendor("shopify").order(|order| {
        order["line_items"][0]["gift_card"] = true.into();
    });
    let bigcommerce = vendor("bigcommerce").order(|whole| {
        whole["products"][0]["type"] = "giftcertificate".into();
    });
    for order in [shopify, bigcommerce] {
        let draft = &order.submission.draft;
        comes_to(draft, "44.98");
        let card = line(draft, "MUG-1");
        assert_eq!(card.fulfilled_by, FulfilledBy::Nobody);
        assert_eq!(card.taxes, []);
        assert_eq!(set_aside(&placed(&order)), ["TEE-2"]);
    }
}

/// What it is paid with.
fn tenders(draft: &OrderDraft) -> Vec<(Money, &Terms)> {
    let tenders = draft.tenders.iter();
    tenders.map(|one| (one.amount, &one.terms)).collect()
}

#[test]
fn trap_04_a_gift_card_that_is_redeemed_is_a_way_to_pay_and_no_discount() {
    let bigcommerce = vendor("bigcommerce").draft(|whole| {
        let order = &mut whole["order"];
        order["gift_certificate_amount"] = "10.0000".into();
        order["payment_status"] = "".into();
    });
    let adobe = vendor("adobe_commerce").draft(|order| {
        order["extension_attributes"]["gift_cards_amount"] = json!(10);
        order["grand_total"] = json!(34.98);
        order["total_paid"] = Value::Null;
        order["payment"]["method"] = "purchaseorder".into();
    });
    for draft in [bigcommerce, adobe] {
        comes_to(&draft, "44.98");
        assert!(draft.totals().discounts.is_zero());
        let card = Terms::Prepaid { reference: None };
        let paid = [(eur("10.00"), &card), (eur("34.98"), &Terms::Invoice)];
        assert_eq!(tenders(&draft), paid);
    }
}

#[test]
fn trap_04_an_order_that_gift_cards_pay_whole_is_paid() {
    let bigcommerce = vendor("bigcommerce").draft(|whole| {
        whole["order"]["gift_certificate_amount"] = "44.9800".into();
        whole["order"]["payment_status"] = "".into();
    });
    let adobe = vendor("adobe_commerce").draft(|order| {
        order["extension_attributes"]["gift_cards_amount"] = json!(44.98);
        order["grand_total"] = json!(0);
        order["total_paid"] = Value::Null;
    });
    for draft in [bigcommerce, adobe] {
        comes_to(&draft, "44.98");
        let card = Terms::Prepaid { reference: None };
        assert_eq!(tenders(&draft), [(eur("44.98"), &card)]);
    }
}

/// That a kit of the mug's line bears its price, and two cups for each of it its stock.
fn is_kit_of_cups(draft: &OrderDraft) {
    comes_to(draft, "44.98");
    let kit = line(draft, "MUG-1");
    assert_eq!(kit.fulfilled_by, FulfilledBy::Components);
    assert_eq!(kit.unit_price.to_string(), "19.99");
    let cup = line(draft, "CUP");
    assert_eq!(cup.fulfilled_by, FulfilledBy::Us);
    assert_eq!(cup.unit_price, Decimal::ZERO);
    assert_eq!(cup.quantity.whole(), Some(4));
    assert_eq!(cup.part_of, Some(KitPart { line: 1, each: 2 }));
}

#[test]
fn trap_05_a_bundle_has_its_price_on_the_parent_and_its_stock_on_the_parts() {
    let shopware = vendor("shopware").order(|whole| {
        let parent = whole["lineItems"][0]["id"].clone();
        let part = json!({
            "id": format!("{:0>32}", 21), "parentId": parent, "productId": format!("{:0>32}", 78),
            "type": "product", "label": "Cup", "quantity": 4, "good": true,
            "unitPrice": 9.0, "totalPrice": 36.0, "payload": { "productNumber": "CUP" },
            "states": ["is-physical"],
        });
        whole["lineItems"].as_array_mut().expect("lines").push(part);
    });
    let adobe = vendor("adobe_commerce").order(|order| {
        order["items"][0]["product_type"] = "bundle".into();
        let part = json!({
            "item_id": 21, "parent_item_id": 11, "product_type": "simple", "product_id": 78,
            "sku": "CUP", "name": "Cup", "qty_ordered": 4, "price": 9, "row_total": 36,
        });
        order["items"].as_array_mut().expect("lines").push(part);
    });
    for order in [shopware, adobe] {
        is_kit_of_cups(&order.submission.draft);
        assert_eq!(set_aside(&placed(&order)), ["CUP", "TEE-2"]);
    }
}

#[test]
fn trap_05_a_bundle_whose_price_is_made_of_its_parts_is_counted_once() {
    let draft = vendor("adobe_commerce").draft(|order| {
        let bundle = &mut order["items"][0];
        bundle["product_type"] = "bundle".into();
        bundle["discount_amount"] = json!(0);
        let part = json!({
            "item_id": 21, "parent_item_id": 11, "product_type": "simple", "product_id": 78,
            "sku": "CUP", "name": "Cup", "qty_ordered": 4, "price": 9.995, "row_total": 39.98,
            "tax_amount": 7.6, "discount_amount": 4,
        });
        order["items"].as_array_mut().expect("lines").push(part);
        for total in ["grand_total", "total_paid"] {
            order[total] = json!(48.58);
        }
    });
    comes_to(&draft, "48.58");
    assert_eq!(draft.totals().items, eur("44.98"));
    assert_eq!(draft.totals().discounts, eur("4.00"));
    assert_eq!(draft.totals().taxes, eur("7.60"));
}

#[test]
fn trap_05_a_variant_and_its_parent_are_one_line() {
    let order = vendor("adobe_commerce").order(|order| {
        order["items"][0]["product_type"] = "configurable".into();
        let chosen = json!({
            "item_id": 21, "parent_item_id": 11, "product_type": "simple", "product_id": 78,
            "sku": "MUG-1", "name": "Mug, blue", "qty_ordered": 2, "price": 0, "row_total": 0,
        });
        order["items"].as_array_mut().expect("lines").push(chosen);
    });
    comes_to(&order.submission.draft, "44.98");
    assert_eq!(order.submission.draft.lines.len(), 2);
    assert_eq!(set_aside(&placed(&order)), ["MUG-1", "TEE-2"]);
}

#[test]
fn trap_05_items_that_amazon_associates_are_counted_once_each() {
    let associated = vendor("amazon").draft(|order| {
        let (id, tee) = (order["orderId"].clone(), order["orderItems"][1].clone());
        order["orderItems"][0]["associatedItems"] = json!([{
            "orderId": id, "orderItemId": tee["orderItemId"],
            "associationType": "VALUE_ADD_SERVICE",
        }]);
    });
    comes_to(&associated, "44.98");
    assert_eq!(associated.lines.len(), 2);
}
