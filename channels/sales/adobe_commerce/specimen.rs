//! An order as Adobe Commerce's REST API states it when it is asked (V1): numbers for amounts, times in UTC
//! that do not say so; and the event that names one.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::port::Statement;
use crate::specimen::{Sale, SaleState, Scene, Signing, Specimen, Thing};

/// A shop that is asked for its orders.
#[derive(Debug)]
pub(super) struct Shop;

impl Specimen for Shop {
    fn signing(&self) -> Signing {
        Signing::Theirs {
            because: "Adobe signs with keys that only it has, and the public ones are fetched",
        }
    }

    fn word(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sale) = thing else {
            return None;
        };
        let event = Statement::json(&json!({
            "event_id": format!("own-{}", sale.id),
            "event": { "data": { "value": order(sale) } },
            "recipient_client_id": scene.settings.text("events_client_id"),
        }));
        let saved = "com.adobe.commerce.observer.sales_order_save_commit_after";
        Some(event.with("x-adobe-event-code", saved))
    }

    fn state(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sale) = thing else {
            return None;
        };
        Some(Statement::json(&order(sale)).with("orderhub-stated", "order"))
    }
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A number as PHP writes it.
fn number(amount: Decimal) -> Value {
    let raw = RawValue::from_string(amount.normalize().to_string()).ok();
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or(Value::Null)
}

fn order(sale: &Sale) -> Value {
    let total = sale.total.amount();
    let waits = sale.state == SaleState::Waiting;
    let (first, last) = sale.buyer.split_once(' ').unwrap_or((&sale.buyer, ""));
    let address = json!({
        "firstname": first, "lastname": last, "street": ["Eigene Straße 1"], "city": "Berlin",
        "postcode": "10115", "country_id": "DE", "telephone": "030 000",
    });
    let items = sale.lines.iter().map(|line| {
        let sum = line.unit_price.amount() * Decimal::from(line.quantity);
        json!({
            "item_id": line.id, "order_id": sale.id, "product_type": "simple", "product_id": 77,
            "sku": line.sku, "name": line.title, "qty_ordered": line.quantity, "qty_shipped": 0,
            "qty_canceled": 0, "qty_refunded": 0, "price": number(line.unit_price.amount()),
            "row_total": number(sum), "tax_amount": 0, "tax_percent": 0, "discount_amount": 0,
        })
    });
    json!({
        "entity_id": sale.id, "increment_id": format!("{:09}", sale.id),
        "state": match sale.state {
            SaleState::Waiting => "pending_payment",
            SaleState::Paid => "processing",
            SaleState::Cancelled => "canceled",
            SaleState::Odd => "own_state",
        },
        "status": "own_status",
        "created_at": time(sale.placed_at), "updated_at": time(sale.changed_at),
        "order_currency_code": sale.total.currency().code(), "base_currency_code": "USD",
        "grand_total": number(total), "base_grand_total": 1,
        "shipping_amount": 0, "shipping_tax_amount": 0, "discount_amount": 0,
        "total_paid": if waits { Value::Null } else { number(total) },
        "customer_email": "ada@example.com", "customer_firstname": first,
        "customer_lastname": last, "billing_address": address,
        "payment": { "method": "own_card", "last_trans_id": format!("own_{}", sale.id) },
        "items": items.collect::<Vec<_>>(),
        "extension_attributes": {
            "shipping_assignments": [{ "shipping": { "address": address, "method": "flatrate" } }],
        },
    })
}
