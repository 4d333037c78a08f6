//! WhatsApp's webhook of a cart, as the order messages reference documents it. Meta states no orders, so there is
//! nothing to state of a sale: the cart is all that is ever said of one.

use serde_json::{Value, json};

use crate::port::Statement;
use crate::signature::mac;
use crate::specimen::{Scene, Signing, Specimen, Thing};

/// A conversation in which somebody fills a cart.
#[derive(Debug)]
pub(super) struct Conversation;

impl Specimen for Conversation {
    fn signing(&self) -> Signing {
        Signing::By {
            key: "secrets",
            window: None,
        }
    }

    fn secret(&self, number: u8) -> String {
        hex::encode([number; 16])
    }

    fn sign(&self, pushed: &mut Statement, secret: &str, _: &Scene<'_>) {
        let tag = hex::encode(mac(secret.as_bytes(), &[&pushed.raw]));
        let header = ("x-hub-signature-256".to_owned(), format!("sha256={tag}"));
        pushed.headers.extend([header]);
    }

    fn state(&self, _: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        None
    }

    fn word(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sale) = thing else {
            return None;
        };
        let items = sale.lines.iter().map(|line| {
            // A number in the currency's main unit, and not a text.
            let price = line.unit_price.amount().to_string();
            let price: Value = serde_json::from_str(&price).unwrap_or_default();
            json!({
                "product_retailer_id": line.sku.as_deref().unwrap_or("own"),
                "quantity": line.quantity, "item_price": price,
                "currency": sale.total.currency().code(),
            })
        });
        let message = json!({
            "from": "491500000000", "id": format!("wamid.own{}", sale.id),
            "timestamp": scene.at.as_second().to_string(), "type": "order",
            "order": {
                "catalog_id": "354000000000001", "text": "",
                "product_items": items.collect::<Vec<_>>(),
            },
        });
        Some(Statement::json(&json!({
            "object": "whatsapp_business_account",
            "entry": [{
                "id": scene.settings.text("business_account_id").unwrap_or_default(),
                "changes": [{ "field": "messages", "value": {
                    "messaging_product": "whatsapp",
                    "metadata": { "display_phone_number": "49300000000", "phone_number_id": "112200000000001" },
                    "contacts": [{ "profile": { "name": sale.buyer }, "wa_id": "491500000000" }],
                    "messages": [message],
                } }],
            }],
        })))
    }
}
