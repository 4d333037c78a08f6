//! Amounts: each vendor's own table of smallest units, and each vendor's own way to write a decimal.

use orderhub_domain::money::Money;
use orderhub_domain::order::PaymentEvidence;
use serde_json::{Value, json};

use super::scene::{comes_to, eur, evidence, line, money, order, sale_in, taking, vendor};
use crate::port::Inbound;
use crate::specimen::{Taken, Taking};

/// What a gateway reads as set aside.
fn held(read: Vec<Inbound>) -> Money {
    match &evidence(read)[..] {
        [PaymentEvidence::Authorized { amount, .. }] => *amount,
        other => panic!("not one authorisation: {other:?}"),
    }
}

fn set(body: &mut Value, pointer: &str, value: impl Into<Value>) {
    *body.pointer_mut(pointer).expect("a member") = value.into();
}

/// An authorisation of so many smallest units of a currency.
fn of_minor(gateway: &str, minor: i64, currency: &str) -> Vec<Inbound> {
    let own = currency.to_owned();
    vendor(gateway).taking(Taken::Authorized, |body| match gateway {
        "stripe" => {
            set(body, "/data/object/currency", own.to_ascii_lowercase());
            set(body, "/data/object/amount", minor);
            set(body, "/data/object/amount_capturable", minor);
        }
        "adyen" => {
            let item = "/notificationItems/0/NotificationRequestItem/amount";
            set(body, item, json!({ "currency": own, "value": minor }));
        }
        "checkout_com" => {
            set(body, "/data/currency", own);
            set(body, "/data/amount", minor);
            set(body, "/data/balances/total_authorized", minor);
        }
        other => panic!("{other} states no smallest units"),
    })
}

#[test]
fn trap_01_minor_units_follow_each_vendors_own_table() {
    for (gateway, minor, currency, amount) in [
        ("stripe", 1500, "EUR", "15.00"),
        ("stripe", 500, "JPY", "500"),
        ("stripe", 1000, "KWD", "1.000"),
        ("stripe", 500, "ISK", "5"),
        ("stripe", 500, "UGX", "5"),
        ("adyen", 1500, "EUR", "15.00"),
        ("adyen", 500, "JPY", "500"),
        ("adyen", 1000, "KWD", "1.000"),
        ("adyen", 500, "CLP", "5"),
        ("adyen", 500, "ISK", "5"),
        ("adyen", 5, "CVE", "5.00"),
        ("adyen", 5, "IDR", "5.00"),
        ("checkout_com", 1500, "EUR", "15.00"),
        ("checkout_com", 500, "JPY", "500"),
        ("checkout_com", 1000, "KWD", "1.000"),
        ("checkout_com", 500, "CLP", "5"),
        ("checkout_com", 5, "ISK", "5"),
    ] {
        let read = held(of_minor(gateway, minor, currency));
        assert_eq!(read, money(amount, currency), "{gateway}");
    }
}

#[test]
fn trap_01_units_that_a_currency_does_not_have_are_not_rounded_away() {
    for (gateway, minor, currency) in [
        ("stripe", 550, "ISK"),
        ("adyen", 550, "CLP"),
        ("checkout_com", 550, "CLP"),
    ] {
        let read = of_minor(gateway, minor, currency);
        assert!(
            matches!(read[..], [Inbound::Unreadable { .. }]),
            "{gateway}: {read:?}"
        );
    }
}

#[test]
fn trap_01_texts_in_major_units_have_as_many_decimals_as_the_currency() {
    for gateway in ["mollie", "paypal"] {
        for (amount, currency) in [("500", "JPY"), ("1.000", "KWD"), ("15.00", "EUR")] {
            let of = Taking {
                amount: money(amount, currency),
                ..taking(Taken::Authorized)
            };
            let read = held(vendor(gateway).taking_of(&of, |_| {}));
            assert_eq!(read, money(amount, currency), "{gateway}");
        }
    }
}

#[test]
fn trap_01_tills_count_yen_in_yen_and_dinars_in_thousandths() {
    for till in ["square", "clover"] {
        for (currency, mug, tee, total) in [
            ("JPY", "500", "100", "1100"),
            ("KWD", "1.250", "0.500", "3.000"),
        ] {
            let sold = sale_in(currency, mug, tee, total);
            let read = order(vendor(till).sale_of(&sold, |_| {}));
            let draft = &read.submission.draft;
            comes_to(draft, total);
            let price = line(draft, "MUG-1").unit_price;
            assert_eq!(price, money(mug, currency).amount(), "{till}");
        }
    }
}

#[test]
fn trap_02_a_number_and_its_text_are_the_same_amount() {
    let shop = vendor("adobe_commerce");
    let texts = shop.order(|order| {
        for pointer in ["/grand_total", "/total_paid"] {
            set(order, pointer, "44.9800");
        }
        set(order, "/entity_id", "4711");
        set(order, "/items/0/qty_ordered", "2.0000");
        set(order, "/items/0/price", "19.9900");
        set(order, "/items/0/row_total", "39.9800");
        set(order, "/items/1/row_total", "5");
    });
    assert_eq!(texts.submission, shop.order(|_| {}).submission);

    let shop = vendor("woocommerce");
    let numbers = shop.order(|order| {
        set(order, "/total", json!(44.98));
        set(order, "/id", "4711");
        set(order, "/number", 4711);
        set(order, "/line_items/0/quantity", "2");
        set(order, "/line_items/0/subtotal", json!(39.98));
        set(order, "/line_items/0/total", json!(39.98));
        set(order, "/line_items/1/total", 5);
    });
    assert_eq!(numbers.submission, shop.order(|_| {}).submission);
}

#[test]
fn trap_02_four_decimals_and_one_decimal_are_exact_amounts() {
    let draft = vendor("bigcommerce").draft(|whole| {
        set(whole, "/order/total_inc_tax", "44.9800");
        set(whole, "/products/0/total_inc_tax", "39.9800");
        set(whole, "/products/1/total_inc_tax", "5.0000");
    });
    comes_to(&draft, "44.98");
    assert_eq!(line(&draft, "MUG-1").unit_price.to_string(), "19.99");

    let draft = vendor("ebay").draft(|order| {
        set(order, "/lineItems/0/lineItemCost/value", "40.0");
        set(order, "/lineItems/1/lineItemCost/value", "6.0");
        set(order, "/pricingSummary/total/value", "46.0");
    });
    comes_to(&draft, "46.00");
    assert_eq!(line(&draft, "TEE-2").unit_price, eur("6.00").amount());
}

#[test]
fn trap_02_the_noise_of_a_shops_floats_is_no_money() {
    let noisy = |name: &str, price: &str, total: &str| {
        vendor(name).draft(|order| {
            // More digits than the price has, as a sum of floats comes out.
            set(order, price, json!(19.989_999_999_999_995));
            set(order, total, json!(39.979_999_999_999_99));
        })
    };
    for draft in [
        noisy("adobe_commerce", "/items/0/price", "/items/0/row_total"),
        noisy(
            "shopware",
            "/lineItems/0/unitPrice",
            "/lineItems/0/totalPrice",
        ),
    ] {
        comes_to(&draft, "44.98");
        assert_eq!(line(&draft, "MUG-1").unit_price.to_string(), "19.99");
        assert_eq!(draft.fees, []);
    }
}
