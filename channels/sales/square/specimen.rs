//! What Square sends, as its reference has it: `order.updated` webhooks that name an order, signed over the
//! notification URL and the body; and the answers that an order is looked up by (`RetrieveOrder`,
//! `BatchRetrieveCatalogObjects`), joined.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use orderhub_domain::money::Money;
use serde_json::{Value, json};

use crate::port::Statement;
use crate::signature::mac;
use crate::specimen::{Sale, SaleState, Scene, Signing, Specimen, Thing};

/// A seller that has taken an order to be shipped.
#[derive(Debug)]
pub(super) struct Till;

impl Specimen for Till {
    fn signing(&self) -> Signing {
        Signing::By {
            key: "secrets",
            window: None,
        }
    }

    fn sign(&self, pushed: &mut Statement, secret: &str, scene: &Scene<'_>) {
        let tag = mac(secret.as_bytes(), &[scene.url.as_bytes(), &pushed.raw]);
        let name = "x-square-hmacsha256-signature".to_owned();
        pushed.headers.insert(name, STANDARD.encode(tag));
    }

    fn state(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sale) = thing else {
            return None;
        };
        let catalog = sale.lines.iter().filter_map(|line| {
            let sku = line.sku.as_ref()?;
            Some(json!({
                "type": "ITEM_VARIATION", "id": format!("VAR{}", line.id),
                "item_variation_data": { "name": "Regular", "sku": sku },
            }))
        });
        let whole = json!({
            "order": order(sale, scene), "catalog": catalog.collect::<Vec<_>>(),
        });
        Some(Statement::json(&whole).with("orderhub-stated", "order"))
    }

    fn word(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sale) = thing else {
            return None;
        };
        let updated = json!({
            "order_id": format!("OWN{}", sale.id), "location_id": location(scene),
            "state": "OPEN", "version": 4, "created_at": sale.placed_at, "updated_at": sale.changed_at,
        });
        Some(Statement::json(&json!({
            "merchant_id": scene.settings.text("merchant_id"), "type": "order.updated",
            "event_id": "0d0c1f6e-0000-4000-8000-000000000001", "created_at": sale.changed_at,
            "data": {
                "type": "order_updated", "id": format!("OWN{}", sale.id),
                "object": { "order_updated": updated },
            },
        })))
    }
}

fn location<'a>(scene: &Scene<'a>) -> Option<&'a str> {
    scene.settings.text("location_id")
}

fn money(amount: Money) -> Value {
    json!({ "amount": amount.minor(), "currency": amount.currency().code() })
}

fn order(sale: &Sale, scene: &Scene<'_>) -> Value {
    let zero = money(Money::zero(sale.total.currency()));
    let lines = sale.lines.iter().map(|line| {
        let sum = (0..line.quantity).map(|_| line.unit_price);
        let sum = money(Money::sum(sale.total.currency(), sum));
        json!({
            "uid": format!("line-{}", line.id), "name": line.title, "variation_name": "Regular",
            "catalog_object_id": format!("VAR{}", line.id), "item_type": "ITEM",
            "quantity": line.quantity.to_string(), "base_price_money": money(line.unit_price),
            "gross_sales_money": sum, "total_tax_money": zero, "total_discount_money": zero,
            "total_money": sum, "total_service_charge_money": zero,
        })
    });
    let (state, fulfilment) = match sale.state {
        SaleState::Waiting | SaleState::Paid => ("OPEN", "PROPOSED"),
        SaleState::Cancelled => ("CANCELED", "CANCELED"),
        SaleState::Odd => ("OWN_STATE", "PROPOSED"),
    };
    let paid = (sale.state != SaleState::Waiting).then(|| {
        json!({
            "id": "OWNTENDER", "payment_id": format!("OWNPAY{}", sale.id), "type": "CARD",
            "amount_money": money(sale.total), "card_details": { "status": "CAPTURED" },
        })
    });
    json!({
        "id": format!("OWN{}", sale.id), "location_id": location(scene),
        "created_at": sale.placed_at, "updated_at": sale.changed_at, "state": state, "version": 4,
        "line_items": lines.collect::<Vec<_>>(),
        "fulfillments": [{
            "uid": "OWNSHIP", "type": "SHIPMENT", "state": fulfilment,
            "line_item_application": "ALL",
            "shipment_details": { "recipient": {
                "display_name": sale.buyer, "address": {
                    "address_line_1": "Eigene Straße 1", "locality": "Berlin",
                    "postal_code": "10115", "country": "DE" } } },
        }],
        "tenders": paid.into_iter().collect::<Vec<_>>(),
        "total_money": money(sale.total), "total_tax_money": zero, "total_discount_money": zero,
        "total_tip_money": zero, "total_service_charge_money": zero,
    })
}
