//! Shopify's order webhooks, built here after its REST Admin reference and signed with the shop's
//! secret.

use bytes::Bytes;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::api::{Api, Reply};
use super::doubles::signing;

/// The secret that the hub knows the shop by.
pub(crate) const SECRET: &str = "shpss_orderhub_scenarios";

/// An order of one line of two units, 12.50 USD each, and 5.00 shipping: 30.00, paid.
pub(crate) fn paid(id: u64, sku: &str) -> Value {
    let line = line(id * 10, sku, 2, "12.50");
    order(id, "paid", &[line], "30.00", "5.00", "0.00")
}

/// The shape of the vendor's own test deliveries: whatever the topic says, the body is a cancelled
/// test order; two lines of 199.00, shipping 10.00, 20.00 off: 388.00.
pub(crate) fn test_delivery(id: u64, sku: &str) -> Value {
    let lines = [
        line(id * 10, sku, 1, "199.00"),
        line(id * 10 + 1, sku, 1, "199.00"),
    ];
    let mut order = order(id, "voided", &lines, "388.00", "10.00", "20.00");
    order["test"] = true.into();
    order["cancelled_at"] = "2026-11-19T19:00:00-05:00".into();
    order["cancel_reason"] = "customer".into();
    order["fulfillment_status"] = "pending".into();
    order
}

/// The same order as the shop tells it after the buyer cancelled it.
pub(crate) fn cancelled(mut order: Value) -> Value {
    order["cancelled_at"] = "2026-11-20T10:30:00-05:00".into();
    order["cancel_reason"] = "customer".into();
    order["updated_at"] = "2026-11-20T10:30:00-05:00".into();
    order
}

/// The same order after one of its two units was taken out and paid back, before any was sent.
pub(crate) fn cut(mut order: Value) -> Value {
    let line = &mut order["line_items"][0];
    line["current_quantity"] = 1.into();
    line["fulfillable_quantity"] = 1.into();
    let (id, item) = (order["id"].clone(), order["line_items"][0].clone());
    order["financial_status"] = "partially_refunded".into();
    order["total_outstanding"] = "0.00".into();
    order["updated_at"] = "2026-11-20T09:20:00-05:00".into();
    order["refunds"] = json!([{
        "id": 71, "order_id": id, "created_at": "2026-11-20T09:20:00-05:00",
        "total_duties_set": money("0.00"),
        "refund_line_items": [{ "id": 72, "line_item_id": item["id"], "line_item": item,
            "quantity": 1, "restock_type": "cancel", "subtotal_set": money("12.50") }],
        "transactions": [{ "id": 73, "admin_graphql_api_id": format!("gid://shopify/OrderTransaction/{id}73"),
            "kind": "refund", "status": "success", "amount": "12.50", "currency": "USD",
            "processed_at": "2026-11-20T09:20:00-05:00" }],
    }]);
    order
}

fn line(id: u64, sku: &str, quantity: u32, price: &str) -> Value {
    json!({
        "id": id, "admin_graphql_api_id": format!("gid://shopify/LineItem/{id}"),
        "current_quantity": quantity, "fulfillable_quantity": quantity,
        "fulfillment_service": "manual", "fulfillment_status": null, "gift_card": false,
        "grams": 250, "name": "A thing", "price": price, "price_set": money(price),
        "product_exists": true, "properties": [], "quantity": quantity,
        "requires_shipping": true, "sku": sku, "taxable": true, "title": "A thing",
        "total_discount": "0.00", "total_discount_set": money("0.00"), "tax_lines": [],
        "duties": [], "discount_allocations": [],
    })
}

fn order(
    id: u64,
    financial_status: &str,
    lines: &[Value],
    total: &str,
    shipping: &str,
    discounts: &str,
) -> Value {
    let address = json!({
        "first_name": "Grace", "last_name": "Example", "name": "Grace Example",
        "address1": "1 Harbor Street", "address2": null, "company": null, "city": "Boston",
        "zip": "02110", "province": "Massachusetts", "province_code": "MA",
        "country": "United States", "country_code": "US", "phone": null,
    });
    let mut order = json!({
        // The number in the gid is the id; JSON numbers lose digits on the way through some tools.
        "id": id, "admin_graphql_api_id": format!("gid://shopify/Order/{id}"),
        "cancel_reason": null, "cancelled_at": null, "closed_at": null, "confirmed": true,
        "created_at": "2026-11-20T09:00:00-05:00", "updated_at": "2026-11-20T09:00:00-05:00",
        "processed_at": "2026-11-20T09:00:00-05:00", "email": "grace@shop.example",
        "financial_status": financial_status, "fulfillment_status": null,
        "name": format!("#{id}"), "note": null, "note_attributes": [], "number": id,
        "order_number": id, "phone": null, "source_name": "web", "tags": "", "test": false,
        "refunds": [], "fulfillments": [], "payment_terms": null,
        "payment_gateway_names": ["shopify_payments"], "line_items": lines,
        "customer": {"id": id + 1, "email": "grace@shop.example", "first_name": "Grace",
                     "last_name": "Example", "phone": null},
        "billing_address": address, "shipping_address": address,
        "shipping_lines": [{
            "id": id + 2, "title": "Standard", "code": "standard", "price": shipping,
            "price_set": money(shipping), "discounted_price": shipping, "source": "shopify",
            "tax_lines": [], "discount_allocations": [],
        }],
    });
    let amounts = json!({
        "currency": "USD", "presentment_currency": "USD", "current_total_price": total,
        "total_price": total, "total_price_set": money(total), "total_discounts": discounts,
        "total_discounts_set": money(discounts), "total_tax": "0.00",
        "total_shipping_price_set": money(shipping), "taxes_included": false, "tax_lines": [],
        "discount_codes": [], "discount_applications": [],
    });
    for (name, value) in amounts.as_object().into_iter().flatten() {
        order[name.as_str()] = value.clone();
    }
    order
}

fn money(amount: &str) -> Value {
    let side = json!({"amount": amount, "currency_code": "USD"});
    json!({"shop_money": side, "presentment_money": side})
}

/// Delivers a webhook as the shop would.
pub(crate) async fn deliver(api: &Api, topic: &str, body: &Value) -> Reply {
    Api::send(webhook(api, topic, body)).await
}

/// A webhook as the shop would send it.
pub(crate) fn webhook(api: &Api, topic: &str, body: &Value) -> RequestBuilder {
    let body = body.to_string();
    let signature = signing::shopify(SECRET, body.as_bytes());
    signed(api, "shop-de", topic, body, &signature)
}

/// Delivers bytes under a signature that need not be right.
pub(crate) async fn deliver_signed(
    api: &Api,
    slug: &str,
    topic: &str,
    body: impl Into<Bytes>,
    signature: &str,
) -> Reply {
    Api::send(signed(api, slug, topic, body, signature)).await
}

fn signed(
    api: &Api,
    slug: &str,
    topic: &str,
    body: impl Into<Bytes>,
    signature: &str,
) -> RequestBuilder {
    let path = format!("/v1/hooks/sales/{slug}");
    let mut request = api.with_key(None).request(Method::POST, &path);
    let headers = [
        ("content-type", "application/json"),
        ("x-shopify-topic", topic),
        ("x-shopify-hmac-sha256", signature),
        ("x-shopify-shop-domain", "scenarios.myshopify.com"),
        ("x-shopify-api-version", "2024-10"),
        (
            "x-shopify-webhook-id",
            "3f0c4f0e-5d0e-4a37-9b54-000000000001",
        ),
    ];
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.body(body.into())
}
