//! Walmart's purchase orders as `GET /v3/orders` lists them, with the total that some of its markets state. It
//! states nothing of a buyer who has not paid, and the hub listens to nothing that it pushes.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::port::Statement;
use crate::specimen::{Sale, SaleState, Scene, Signing, Specimen, Thing};

/// A marketplace that is asked for its orders.
#[derive(Debug)]
pub(super) struct Market;

impl Specimen for Market {
    fn signing(&self) -> Signing {
        Signing::Silent
    }

    fn state(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        match thing {
            Thing::Sale(sale) if sale.state != SaleState::Waiting => {
                Some(Statement::json(&order(sale)))
            }
            _ => None,
        }
    }
}

/// An amount as Walmart writes it. A price of some digits is the same text again.
fn amount(sale: &Sale, amount: Decimal) -> Value {
    let number: Option<Value> = serde_json::from_str(&amount.to_string()).ok();
    json!({ "currency": sale.total.currency().code(), "amount": number })
}

fn order(sale: &Sale) -> Value {
    let status = match sale.state {
        SaleState::Waiting | SaleState::Paid => "Acknowledged",
        SaleState::Cancelled => "Cancelled",
        SaleState::Odd => "OwnStatus",
    };
    let lines = sale.lines.iter().map(|line| {
        let units = json!({ "unitOfMeasurement": "EACH", "amount": line.quantity.to_string() });
        let price = line.unit_price.amount() * Decimal::from(line.quantity);
        json!({
            "lineNumber": line.id.to_string(),
            "item": { "productName": line.title, "sku": line.sku, "condition": "New" },
            "charges": { "charge": [{
                "chargeType": "PRODUCT", "chargeName": "ItemPrice",
                "chargeAmount": amount(sale, price),
                "tax": { "taxName": "Tax1", "taxAmount": amount(sale, Decimal::ZERO) },
            }] },
            "orderLineQuantity": units,
            "statusDate": sale.changed_at.as_millisecond(),
            "orderLineStatuses": { "orderLineStatus": [
                { "status": status, "statusQuantity": units }
            ] },
        })
    });
    json!({
        "purchaseOrderId": sale.id.to_string(), "customerOrderId": format!("2{}", sale.id % 1_000_000),
        "customerEmailId": "own@relay.example.com", "orderType": "REGULAR",
        "orderDate": sale.placed_at.as_millisecond(),
        "shippingInfo": {
            "phone": "5550100000", "methodCode": "Value",
            "postalAddress": {
                "name": sale.buyer, "address1": "1 Own Street", "address2": null, "city": "Sunnyvale",
                "state": "CA", "postalCode": "94086", "country": "USA", "addressType": "RESIDENTIAL",
            },
        },
        "orderTotal": amount(sale, sale.total.amount()),
        "shipNode": { "type": "SellerFulfilled" },
        "orderLines": { "orderLine": lines.collect::<Vec<_>>() },
    })
}
