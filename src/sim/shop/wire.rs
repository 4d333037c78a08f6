//! Shopify's order as its REST reference describes it: what every order topic carries.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::basket::Payment;
use super::orders::Order;
use crate::sim::goods::{self, Line, decimal as euros, tax};

/// What the buyer's address of the shop is.
pub(super) const DOMAIN: &str = "sim.myshopify.com";

/// The order as it is for whom the money has come or not, and who took it back when.
pub(super) fn order(order: &Order, paid: bool, cancelled_at: Option<Timestamp>) -> Value {
    let basket = &order.basket;
    let [first, last, street, zip, city] = goods::person(basket.buyer);
    let email = format!("{}@shop.example", first.to_lowercase());
    let address = json!({
        "first_name": first, "last_name": last, "name": format!("{first} {last}"),
        "address1": street, "address2": null, "company": null, "city": city, "zip": zip,
        "province": null, "province_code": null, "country": "Germany", "country_code": "DE",
        "phone": null, "latitude": null, "longitude": null,
    });
    let status = match basket.payment {
        _ if paid => "paid",
        Payment::Paid => "paid",
        Payment::HeldByShop => "authorized",
        Payment::Card | Payment::BadCard | Payment::Transfer => "pending",
    };
    let token = match basket.payment {
        Payment::Card => Some("pm_card_visa"),
        Payment::BadCard => Some("pm_card_chargeDeclined"),
        Payment::Paid | Payment::HeldByShop | Payment::Transfer => None,
    };
    let attributes: Vec<Value> = token
        .map(|token| json!({"name": "payment_token", "value": token}))
        .into_iter()
        .collect();
    let codes: Vec<Value> = basket
        .code
        .iter()
        .map(|code| {
            let kind = if basket.free_shipping {
                "shipping"
            } else {
                "percentage"
            };
            json!({"code": code, "amount": euros(basket.discounts()), "type": kind})
        })
        .collect();
    let lines = basket.lines.iter().zip(order.line_ids());
    let lines: Vec<Value> = lines.map(|(line, id)| line_item(line, id)).collect();
    let paid_shipping = basket.shipping - basket.shipping_discount();
    let taxes: u64 = basket
        .lines
        .iter()
        .map(|line| tax(line.net(), line.tax))
        .sum();
    let total = basket.total();
    let mut value = json!({
        "id": order.id, "admin_graphql_api_id": format!("gid://shopify/Order/{}", order.id),
        "app_id": 580_111, "cancel_reason": cancelled_at.map(|_| "customer"),
        "cancelled_at": cancelled_at.map(|at| at.to_string()), "closed_at": null,
        "confirmed": true, "contact_email": email, "created_at": order.placed_at.to_string(),
        "processed_at": order.placed_at.to_string(),
        "updated_at": cancelled_at.unwrap_or(order.placed_at).to_string(),
        "email": email, "financial_status": status, "fulfillment_status": null,
        "name": format!("#{}", 1_000 + order.number), "number": order.number,
        "order_number": 1_000 + order.number, "note": null, "note_attributes": attributes,
        "payment_gateway_names": ["manual"], "phone": null, "source_name": "web", "tags": "",
        "test": false, "token": format!("{:032x}", order.id), "refunds": [], "fulfillments": [],
        "line_items": lines, "discount_codes": codes, "billing_address": address,
        "shipping_address": address,
        "customer": {
            "id": order.id + 70, "email": email, "first_name": first, "last_name": last,
            "admin_graphql_api_id": format!("gid://shopify/Customer/{}", order.id + 70),
            "phone": null,
        },
    });
    let shipping_discounts: Vec<Value> = (basket.shipping_discount() > 0)
        .then(|| allocation(basket.shipping_discount()))
        .into_iter()
        .collect();
    let sums = json!({
        "currency": "EUR", "presentment_currency": "EUR", "taxes_included": true,
        "total_price": euros(total), "total_price_set": money(total),
        "current_total_price": euros(total), "subtotal_price": euros(basket.subtotal()),
        "total_line_items_price": euros(basket.lines.iter().map(|l| l.price * l.quantity).sum()),
        "total_discounts": euros(basket.discounts()),
        "total_discounts_set": money(basket.discounts()),
        "total_tax": euros(taxes + tax(paid_shipping, 19)),
        "total_outstanding": if status == "pending" { euros(total) } else { euros(0) },
        "total_tip_received": "0.00", "total_shipping_price_set": money(basket.shipping),
        "total_weight": basket.lines.iter().map(|l| l.grams * l.quantity).sum::<u64>(),
        "shipping_lines": [{
            "id": order.id + 80, "title": "Standard", "code": "standard", "source": "shopify",
            "price": euros(basket.shipping), "price_set": money(basket.shipping),
            "discounted_price": euros(paid_shipping), "is_removed": false,
            "discount_allocations": shipping_discounts,
            "tax_lines": tax_lines(paid_shipping, 19),
        }],
    });
    if let (Some(value), Value::Object(sums)) = (value.as_object_mut(), sums) {
        value.extend(sums);
    }
    value
}

fn line_item(line: &Line, id: u64) -> Value {
    let discounts: Vec<Value> = (line.discount > 0)
        .then(|| allocation(line.discount))
        .into_iter()
        .collect();
    let title = format!("Article {}", line.sku);
    json!({
        "id": id, "admin_graphql_api_id": format!("gid://shopify/LineItem/{id}"),
        "sku": line.sku, "title": title, "name": title, "quantity": line.quantity,
        "current_quantity": line.quantity, "fulfillable_quantity": line.quantity,
        "fulfillment_service": "manual", "fulfillment_status": null, "gift_card": false,
        "grams": line.grams, "price": euros(line.price), "price_set": money(line.price),
        "product_exists": true, "properties": [], "requires_shipping": true, "taxable": true,
        "total_discount": "0.00", "discount_allocations": discounts, "duties": [],
        "tax_lines": tax_lines(line.net(), line.tax), "vendor": "Sim", "variant_id": id + 1,
    })
}

fn allocation(cents: u64) -> Value {
    json!({"amount": euros(cents), "amount_set": money(cents), "discount_application_index": 0})
}

fn tax_lines(gross: u64, percent: u64) -> Value {
    let amount = tax(gross, percent);
    let rate = format!("0.{percent:02}");
    // A rate is a JSON number; it is written out so that it is exact.
    let rate = rate.parse::<serde_json::Number>().ok();
    json!([{"title": "MwSt", "rate": rate, "price": euros(amount), "price_set": money(amount),
            "channel_liable": false}])
}

pub(super) fn money(cents: u64) -> Value {
    let side = json!({"amount": euros(cents), "currency_code": "EUR"});
    json!({"shop_money": side, "presentment_money": side})
}
