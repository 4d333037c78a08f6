//! WooCommerce's order webhooks as the shop writes them (REST API version 3, `WC_Webhook`): the whole order
//! as JSON, signed with HMAC-SHA256 in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::port::Statement;
use crate::signature::mac;
use crate::specimen::{Sale, SaleState, Scene, Signing, Specimen, Thing, utc};

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
        let name = "x-wc-webhook-signature".to_owned();
        pushed.headers.insert(name, STANDARD.encode(tag));
    }

    fn state(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sale) = thing else {
            return None;
        };
        let stated = Statement::json(&order(sale)).with("x-wc-webhook-topic", "order.updated");
        Some(match scene.settings.text("site") {
            Some(site) => stated.with("x-wc-webhook-source", site),
            None => stated,
        })
    }
}

fn order(sale: &Sale) -> Value {
    let paid = sale.state != SaleState::Waiting;
    let (first, last) = sale.buyer.split_once(' ').unwrap_or((&sale.buyer, ""));
    let address = json!({
        "first_name": first, "last_name": last, "address_1": "Eigene Straße 1", "address_2": "",
        "city": "Berlin", "postcode": "10115", "country": "DE",
    });
    let lines = sale.lines.iter().map(|line| {
        let sum = line.unit_price.amount() * rust_decimal::Decimal::from(line.quantity);
        json!({
            "id": line.id, "name": line.title, "quantity": line.quantity,
            "sku": line.sku.as_deref().unwrap_or_default(), "product_id": 77,
            "subtotal": sum.to_string(), "subtotal_tax": "0.00", "total": sum.to_string(),
            "total_tax": "0.00", "taxes": [],
        })
    });
    json!({
        "id": sale.id, "number": sale.id.to_string(), "parent_id": 0,
        "status": match sale.state {
            SaleState::Waiting => "pending",
            SaleState::Paid => "processing",
            SaleState::Cancelled => "cancelled",
            SaleState::Odd => "own-status",
        },
        "currency": sale.total.currency().code(), "prices_include_tax": true,
        "date_created_gmt": utc(sale.placed_at), "date_modified_gmt": utc(sale.changed_at),
        "date_paid_gmt": paid.then(|| utc(sale.placed_at)), "date_completed_gmt": null,
        "total": sale.total.amount().to_string(), "total_tax": "0.00",
        "billing": address, "shipping": address,
        "payment_method": "own_card", "transaction_id": format!("own_{}", sale.id),
        "line_items": lines.collect::<Vec<_>>(),
        "shipping_lines": [], "fee_lines": [], "coupon_lines": [], "tax_lines": [], "refunds": [],
    })
}
