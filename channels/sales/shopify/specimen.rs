//! Shopify's order webhooks as it sends them (Admin API, `orders/updated`): the whole order as JSON, signed
//! with HMAC-SHA256 in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::port::Statement;
use crate::signature::mac;
use crate::specimen::{Sale, SaleState, Scene, Signing, Specimen, Thing};

/// A shop that sends its orders.
#[derive(Debug)]
pub(super) struct Shop;

impl Specimen for Shop {
    fn signing(&self) -> Signing {
        Signing::By {
            key: "secrets",
            window: None,
        }
    }

    fn sign(&self, pushed: &mut Statement, secret: &str, _: &Scene<'_>) {
        let tag = mac(secret.as_bytes(), &[&pushed.raw]);
        let name = "x-shopify-hmac-sha256".to_owned();
        pushed.headers.insert(name, STANDARD.encode(tag));
    }

    fn state(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sale) = thing else {
            return None;
        };
        // Shopify has no order before checkout is done: one that waits for money is an order already.
        if sale.state == SaleState::Waiting {
            return None;
        }
        let stated = Statement::json(&order(sale)).with("x-shopify-topic", "orders/updated");
        Some(match scene.settings.text("shop_domain") {
            Some(domain) => stated.with("x-shopify-shop-domain", domain),
            None => stated,
        })
    }
}

fn order(sale: &Sale) -> Value {
    let (first, last) = sale.buyer.split_once(' ').unwrap_or((&sale.buyer, ""));
    let address = json!({
        "first_name": first, "last_name": last, "name": sale.buyer, "address1": "Eigene Straße 1",
        "address2": "", "city": "Berlin", "zip": "10115", "country_code": "DE",
    });
    let lines = sale.lines.iter().map(|line| {
        json!({
            "id": line.id, "admin_graphql_api_id": format!("gid://shopify/LineItem/{}", line.id),
            "sku": line.sku, "name": line.title, "title": line.title, "variant_id": 77,
            "quantity": line.quantity, "current_quantity": line.quantity,
            "fulfillable_quantity": line.quantity, "price": line.unit_price.amount().to_string(),
            "total_discount": "0.00", "discount_allocations": [], "tax_lines": [], "grams": 0,
            "gift_card": false, "requires_shipping": true, "fulfillment_status": null,
        })
    });
    let cancelled = sale.state == SaleState::Cancelled;
    json!({
        "id": sale.id, "admin_graphql_api_id": format!("gid://shopify/Order/{}", sale.id),
        "name": format!("#{}", sale.id), "source_name": "web", "test": false,
        "created_at": sale.placed_at.to_string(), "updated_at": sale.changed_at.to_string(),
        "cancelled_at": cancelled.then(|| sale.changed_at.to_string()),
        "currency": sale.total.currency().code(), "taxes_included": true,
        "total_price": sale.total.amount().to_string(), "total_outstanding": "0.00",
        "total_discounts": "0.00", "total_tax": "0.00",
        "financial_status": if sale.state == SaleState::Odd { "own_word" } else { "paid" },
        "email": "buyer@example.com", "note_attributes": [], "discount_codes": [],
        "customer": { "id": 78, "first_name": first, "last_name": last },
        "shipping_address": address, "billing_address": address,
        "line_items": lines.collect::<Vec<_>>(), "shipping_lines": [],
        "fulfillments": [], "refunds": [],
    })
}
