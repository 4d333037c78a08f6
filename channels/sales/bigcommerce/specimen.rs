//! BigCommerce's webhooks as the store sends them, which only name an order, and its order with lines and
//! addresses as the V2 API answers.

use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::rest::STATED;
use crate::port::Statement;
use crate::specimen::{Sale, SaleState, Scene, Signing, Specimen, Thing};
use crate::standard_webhooks;

/// A store that says which orders have changed.
#[derive(Debug)]
pub(super) struct Store;

impl Specimen for Store {
    fn signing(&self) -> Signing {
        Signing::By {
            key: "secrets",
            window: Some(standard_webhooks::WINDOW),
        }
    }

    fn sign(&self, pushed: &mut Statement, secret: &str, scene: &Scene<'_>) {
        let key = secret.as_bytes();
        let headers = standard_webhooks::sign(key, "msg_own_1", scene.at, &pushed.raw);
        pushed.headers.extend(headers);
    }

    fn state(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sale) = thing else {
            return None;
        };
        Some(Statement::json(&answers(sale)).with(STATED, "order"))
    }

    fn word(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sale) = thing else {
            return None;
        };
        let store = scene.settings.text("store_hash").unwrap_or_default();
        Some(Statement::json(&json!({
            "scope": "store/order/updated", "store_id": "1001", "hash": "own",
            "producer": format!("stores/{store}"), "created_at": scene.at.as_second(),
            "data": { "type": "order", "id": sale.id },
        })))
    }
}

/// The three answers that an order is looked up by.
fn answers(sale: &Sale) -> Value {
    let (first, last) = sale.buyer.split_once(' ').unwrap_or((&sale.buyer, ""));
    let units: u32 = sale.lines.iter().map(|line| line.quantity).sum();
    let address = |items: Value| {
        json!({
            "id": 9, "first_name": first, "last_name": last, "street_1": "Eigene Straße 1",
            "street_2": "", "city": "Berlin", "zip": "10115", "country_iso2": "DE",
            "email": "buyer@example.com", "items_total": items,
        })
    };
    let lines = sale.lines.iter().map(|line| {
        let sum = line.unit_price.amount() * Decimal::from(line.quantity);
        json!({
            "id": line.id, "product_id": 77, "order_address_id": 9, "name": line.title,
            "sku": line.sku.as_deref().unwrap_or_default(), "type": "physical",
            "quantity": line.quantity, "quantity_shipped": 0,
            "total_inc_tax": format!("{sum:.4}"), "total_tax": "0.0000",
        })
    });
    let time = |at: jiff::Timestamp| {
        let at = at.to_zoned(TimeZone::UTC);
        jiff::fmt::rfc2822::to_string(&at).unwrap_or_default()
    };
    json!({
        "order": {
            "id": sale.id,
            "status_id": match sale.state {
                SaleState::Waiting => 7,
                SaleState::Paid => 11,
                SaleState::Cancelled => 5,
                SaleState::Odd => 99,
            },
            "date_created": time(sale.placed_at), "date_modified": time(sale.changed_at),
            "currency_code": sale.total.currency().code(),
            "default_currency_code": sale.total.currency().code(),
            "total_inc_tax": format!("{:.4}", sale.total.amount()),
            "shipping_cost_inc_tax": "0.0000", "discount_amount": "0.0000",
            "coupon_discount": "0.0000", "payment_status": "captured", "items_shipped": 0,
            "billing_address": address(Value::Null),
        },
        "products": lines.collect::<Vec<_>>(),
        "shipping_addresses": [address(units.into())],
    })
}
