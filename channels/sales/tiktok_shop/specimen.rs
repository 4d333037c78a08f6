//! TikTok Shop's webhooks, which only name an order, and its order as `Get Order Detail` (202309) states it.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::api::STATED;
use crate::port::Statement;
use crate::signature::mac;
use crate::specimen::{Sale, SaleState, Scene, Signing, Specimen, Thing};

/// A shop that says which orders have changed.
#[derive(Debug)]
pub(super) struct Shop;

impl Specimen for Shop {
    fn signing(&self) -> Signing {
        Signing::By {
            key: "secrets",
            window: None,
        }
    }

    fn secret(&self, number: u8) -> String {
        hex::encode([number; 20])
    }

    fn sign(&self, pushed: &mut Statement, secret: &str, scene: &Scene<'_>) {
        let app_key = scene.settings.text("app_key").unwrap_or_default();
        let tag = mac(secret.as_bytes(), &[app_key.as_bytes(), &pushed.raw]);
        let header = ("authorization".to_owned(), hex::encode(tag));
        pushed.headers.extend([header]);
    }

    fn state(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sale) = thing else {
            return None;
        };
        Some(Statement::json(&order(sale)).with(STATED, "order"))
    }

    fn word(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sale) = thing else {
            return None;
        };
        Some(Statement::json(&json!({
            "type": 1, "tts_notification_id": "7300000000000000001",
            "shop_id": scene.settings.text("shop_id").unwrap_or_default(),
            "timestamp": scene.at.as_second(),
            "data": {
                "order_id": sale.id.to_string(), "order_status": status(sale),
                "is_on_hold_order": false, "update_time": sale.changed_at.as_second(),
            },
        })))
    }
}

fn status(sale: &Sale) -> &'static str {
    match sale.state {
        SaleState::Waiting => "UNPAID",
        SaleState::Paid => "AWAITING_SHIPMENT",
        SaleState::Cancelled => "CANCELLED",
        SaleState::Odd => "OWN_STATUS",
    }
}

fn order(sale: &Sale) -> Value {
    let currency = sale.total.currency().code();
    let units = sale.lines.iter().flat_map(|line| {
        let price = line.unit_price.amount().to_string();
        // Every unit is a line item with an id of its own.
        (0..line.quantity).map(move |unit| {
            json!({
                "id": format!("{}{unit:02}", line.id), "sku_id": format!("1729{}", line.id),
                "seller_sku": line.sku.as_deref().unwrap_or_default(),
                "product_id": "1728000000000000001", "product_name": line.title,
                "sku_name": "Default", "currency": currency, "original_price": price,
                "sale_price": price, "platform_discount": "0", "seller_discount": "0",
                "display_status": status(sale), "is_gift": false,
            })
        })
    });
    let goods = sale.lines.iter();
    let goods = goods.map(|line| line.unit_price.amount() * Decimal::from(line.quantity));
    let goods: Decimal = goods.sum();
    json!({
        "id": sale.id.to_string(), "status": status(sale), "user_id": "7490000000000000001",
        "create_time": sale.placed_at.as_second(), "update_time": sale.changed_at.as_second(),
        "cancel_time": if sale.state == SaleState::Cancelled { sale.changed_at.as_second() } else { 0 },
        "buyer_email": "own@scs.tiktok.example", "buyer_message": "",
        "fulfillment_type": "FULFILLMENT_BY_SELLER", "shipping_type": "SELLER",
        "delivery_option_id": "7091146663229654785", "is_cod": false, "is_on_hold_order": false,
        "is_buyer_request_cancel": false,
        "payment": {
            "currency": currency, "sub_total": goods.to_string(), "shipping_fee": "0",
            "original_total_product_price": goods.to_string(), "seller_discount": "0",
            "platform_discount": "0", "tax": "0", "total_amount": sale.total.amount().to_string(),
        },
        "recipient_address": {
            "name": sale.buyer, "phone_number": "(+49)30*****01", "postal_code": "10115",
            "region_code": "DE", "address_line1": "Eigene Straße 1", "address_line2": "",
            "address_line3": "", "address_line4": "",
            "district_info": [
                { "address_level": "L0", "address_level_name": "Country", "address_name": "Germany" },
                { "address_level": "L1", "address_level_name": "State", "address_name": "Berlin" },
                { "address_level": "L2", "address_level_name": "City", "address_name": "Berlin" },
            ],
        },
        "line_items": units.collect::<Vec<_>>(),
    })
}
