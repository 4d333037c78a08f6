//! Taxes that are in the price, taxes that come on top of it, and taxes that are not the seller's at all.

use orderhub_domain::canonical::{OrderDraft, TaxMode};
use serde_json::json;

use super::scene::{comes_to, eur, line, vendor};

/// That it has one tax of 6.38, in its price or on top of it, and says which.
fn bears(draft: &OrderDraft, included: bool) {
    let taxes: Vec<_> = draft.lines.iter().flat_map(|line| &line.taxes).collect();
    assert_eq!(taxes.len(), 1, "{draft:?}");
    assert_eq!(taxes[0].amount, eur("6.38"));
    assert_eq!(taxes[0].included, included);
    let mode = if included {
        TaxMode::Inclusive
    } else {
        TaxMode::Exclusive
    };
    assert_eq!(draft.tax_mode, mode);
}

#[test]
fn trap_03_shopify_says_for_the_whole_order_whether_taxes_are_in_it() {
    let taxed = |included: bool, total: &str| {
        vendor("shopify").draft(|order| {
            order["taxes_included"] = included.into();
            order["total_price"] = total.into();
            order["total_tax"] = "6.38".into();
            order["line_items"][0]["tax_lines"] =
                json!([{ "title": "VAT", "rate": 0.19, "price": "6.38" }]);
        })
    };
    let gross = taxed(true, "44.98");
    comes_to(&gross, "44.98");
    bears(&gross, true);
    let net = taxed(false, "51.36");
    comes_to(&net, "51.36");
    bears(&net, false);
}

#[test]
fn trap_03_what_shopify_takes_off_a_gross_price_is_gross() {
    let draft = vendor("shopify").draft(|order| {
        order["total_price"] = "40.98".into();
        order["total_discounts"] = "4.00".into();
        order["total_tax"] = "5.74".into();
        let item = &mut order["line_items"][0];
        item["discount_allocations"] = json!([{ "amount": "4.00" }]);
        item["tax_lines"] = json!([{ "title": "VAT", "rate": 0.19, "price": "5.74" }]);
    });
    comes_to(&draft, "40.98");
    assert_eq!(draft.totals().discounts, eur("4.00"));
    assert_eq!(draft.totals().taxes, eur("5.74"));
}

#[test]
fn trap_03_woocommerce_states_amounts_without_taxes_whatever_the_buyer_was_shown() {
    let shown = |with_taxes: bool| {
        vendor("woocommerce").draft(|order| {
            order["prices_include_tax"] = with_taxes.into();
            order["total_tax"] = "6.38".into();
            let item = &mut order["line_items"][0];
            item["subtotal"] = "33.60".into();
            item["total"] = "33.60".into();
            item["subtotal_tax"] = "6.38".into();
            item["total_tax"] = "6.38".into();
        })
    };
    let draft = shown(true);
    comes_to(&draft, "44.98");
    bears(&draft, false);
    assert_eq!(draft, shown(false));
}

#[test]
fn trap_03_mirakl_says_for_the_whole_order_whether_taxes_are_in_it() {
    let taxed = |mode: &str| {
        vendor("mirakl").draft(|order| {
            order["order_tax_mode"] = mode.into();
            order["order_lines"][0]["taxes"] = json!([{ "code": "VAT", "amount": 6.38 }]);
        })
    };
    let gross = taxed("TAX_INCLUDED");
    comes_to(&gross, "44.98");
    bears(&gross, true);
    let net = taxed("TAX_EXCLUDED");
    comes_to(&net, "51.36");
    bears(&net, false);
}

#[test]
fn trap_03_shopwares_tax_status_says_whether_taxes_are_in_the_prices() {
    let taxed = |status: &str, total: f64| {
        vendor("shopware").draft(|whole| {
            let order = &mut whole["order"];
            order["taxStatus"] = status.into();
            order["amountTotal"] = json!(total);
            order["price"] = json!({
                "totalPrice": total, "rawTotal": total, "taxStatus": status });
            whole["lineItems"][0]["price"]["calculatedTaxes"] =
                json!([{ "tax": 6.38, "taxRate": 19, "price": 39.98 }]);
        })
    };
    let gross = taxed("gross", 44.98);
    comes_to(&gross, "44.98");
    bears(&gross, true);
    let net = taxed("net", 51.36);
    comes_to(&net, "51.36");
    bears(&net, false);
}

#[test]
fn trap_03_what_a_marketplace_collects_as_tax_is_no_price_of_the_sellers() {
    let amazon = vendor("amazon").draft(|order| {
        order["proceeds"]["grandTotal"]["amount"] = "47.98".into();
        let parts = &mut order["orderItems"][0]["proceeds"]["breakdowns"];
        let tax = json!({ "type": "TAX", "subtotal": { "amount": "3.00", "currencyCode": "EUR" } });
        parts.as_array_mut().expect("parts").push(tax);
    });
    let walmart = vendor("walmart").draft(|order| {
        order["orderTotal"]["amount"] = json!(47.98);
        let charge = &mut order["orderLines"]["orderLine"][0]["charges"]["charge"][0];
        charge["tax"]["taxAmount"]["amount"] = json!(3.00);
    });
    let ebay = |total: &str| {
        vendor("ebay").draft(|order| {
            order["pricingSummary"]["total"]["value"] = total.into();
            order["lineItems"][0]["taxes"] =
                json!([{ "amount": { "value": "3.00", "currency": "EUR" } }]);
            order["lineItems"][0]["ebayCollectAndRemitTaxes"] = json!([{
                "taxType": "STATE_SALES_TAX", "collectionMethod": "NET",
                "amount": { "value": "3.00", "currency": "EUR" } }]);
        })
    };
    // The documentation has the tax in the total, the vendor's own sample has not.
    for draft in [amazon, walmart, ebay("47.98")] {
        comes_to(&draft, "47.98");
        assert_eq!(draft.totals().items, eur("44.98"));
        assert_eq!(draft.totals().taxes, eur("3.00"));
        assert_eq!(line(&draft, "MUG-1").unit_price.to_string(), "19.99");
    }
    let without = ebay("44.98");
    comes_to(&without, "44.98");
    assert_eq!(without.totals().taxes, eur("0.00"));
}
