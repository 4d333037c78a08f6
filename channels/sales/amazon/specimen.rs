//! Amazon's orders as the Orders API v2026-01-01 states them when it is asked. It pushes nothing.

use orderhub_domain::money::Money;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::port::Statement;
use crate::specimen::{Sale, SaleState, Scene, Signing, Specimen, Thing, utc};

/// A marketplace that is asked for its orders.
#[derive(Debug)]
pub(super) struct Marketplace;

impl Specimen for Marketplace {
    fn signing(&self) -> Signing {
        Signing::Silent
    }

    fn state(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sale) = thing else {
            return None;
        };
        let configured = scene.settings.text("marketplaces").unwrap_or_default();
        let marketplace = configured.split(',').next().unwrap_or_default();
        Some(Statement::json(&order(sale, marketplace.trim())).with("orderhub-stated", "order"))
    }
}

fn money(amount: Decimal, of: Money) -> Value {
    json!({ "amount": amount.to_string(), "currencyCode": of.currency().code() })
}

fn order(sale: &Sale, marketplace: &str) -> Value {
    let lines = sale.lines.iter().map(|line| {
        let sum = line.unit_price.amount() * Decimal::from(line.quantity);
        let mut product = json!({
            "asin": "B000OWN001", "title": line.title,
            "price": { "unitPrice": money(line.unit_price.amount(), sale.total) },
        });
        if let Some(sku) = &line.sku {
            product["sellerSku"] = sku.as_str().into();
        }
        json!({
            "orderItemId": line.id.to_string(), "quantityOrdered": line.quantity,
            "product": product,
            "proceeds": {
                "proceedsTotal": money(sum, sale.total),
                "breakdowns": [{ "type": "ITEM", "subtotal": money(sum, sale.total) }],
            },
            "fulfillment": { "quantityFulfilled": 0, "quantityUnfulfilled": line.quantity },
        })
    });
    json!({
        "orderId": format!("302-{}-0000001", sale.id),
        "createdTime": format!("{}Z", utc(sale.placed_at)),
        "lastUpdatedTime": format!("{}Z", utc(sale.changed_at)),
        "salesChannel": { "channelName": "AMAZON", "marketplaceId": marketplace },
        "buyer": { "buyerName": sale.buyer, "buyerEmail": "own@marketplace.example" },
        "recipient": { "deliveryAddress": {
            "name": sale.buyer, "addressLine1": "Eigene Straße 1", "city": "Berlin",
            "postalCode": "10115", "countryCode": "DE", "addressType": "RESIDENTIAL",
        } },
        "proceeds": { "grandTotal": money(sale.total.amount(), sale.total) },
        "fulfillment": {
            "fulfillmentStatus": match sale.state {
                SaleState::Waiting => "PENDING",
                SaleState::Paid => "UNSHIPPED",
                SaleState::Cancelled => "CANCELLED",
                SaleState::Odd => "OWN_STATUS",
            },
            "fulfilledBy": "MERCHANT",
        },
        "orderItems": lines.collect::<Vec<_>>(),
    })
}
