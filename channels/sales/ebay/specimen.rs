//! eBay's orders as the Fulfillment API states them when it is asked, and the notification that names one.

use orderhub_domain::money::Money;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::port::Statement;
use crate::specimen::{Sale, SaleState, Scene, Signing, Specimen, Thing, utc};

/// A site that is asked for its orders.
#[derive(Debug)]
pub(super) struct Site;

impl Specimen for Site {
    fn signing(&self) -> Signing {
        Signing::Theirs {
            because: "eBay signs with a key that only it has, and the public one is fetched",
        }
    }

    fn secret(&self, number: u8) -> String {
        hex::encode([number; 32])
    }

    fn state(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sale) = thing else {
            return None;
        };
        let mut order = order(sale);
        if let Some(seller) = scene.settings.text("seller") {
            order["sellerId"] = seller.into();
        }
        Some(Statement::json(&order).with("orderhub-stated", "order"))
    }

    fn word(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sale) = thing else {
            return None;
        };
        Some(Statement::json(&json!({
            "metadata": { "topic": "ORDER_CONFIRMATION", "schemaVersion": "1.0", "deprecated": false },
            "notification": {
                "notificationId": "own-1", "publishAttemptCount": 1,
                "eventDate": format!("{}.000Z", utc(scene.at)),
                "publishDate": format!("{}.000Z", utc(scene.at)),
                "data": { "orderId": id(sale) },
            },
        })))
    }
}

fn id(sale: &Sale) -> String {
    format!("07-{}-00001", sale.id)
}

fn money(amount: Decimal, of: Money) -> Value {
    json!({ "value": amount.to_string(), "currency": of.currency().code() })
}

fn order(sale: &Sale) -> Value {
    let lines = sale.lines.iter().map(|line| {
        let sum = line.unit_price.amount() * Decimal::from(line.quantity);
        let mut stated = json!({
            "lineItemId": line.id.to_string(), "legacyItemId": "110000000001",
            "title": line.title, "quantity": line.quantity,
            "lineItemCost": money(sum, sale.total), "total": money(sum, sale.total),
            "lineItemFulfillmentStatus": "NOT_STARTED", "taxes": [],
        });
        if let Some(sku) = &line.sku {
            stated["sku"] = sku.as_str().into();
        }
        stated
    });
    let (payment, cancel) = match sale.state {
        SaleState::Waiting => ("PENDING", "NONE_REQUESTED"),
        SaleState::Paid => ("PAID", "NONE_REQUESTED"),
        SaleState::Cancelled => ("FULLY_REFUNDED", "CANCELED"),
        SaleState::Odd => ("OWN_STATUS", "NONE_REQUESTED"),
    };
    json!({
        "orderId": id(sale), "legacyOrderId": id(sale),
        "creationDate": format!("{}.000Z", utc(sale.placed_at)),
        "lastModifiedDate": format!("{}.000Z", utc(sale.changed_at)),
        "orderFulfillmentStatus": "NOT_STARTED", "orderPaymentStatus": payment,
        "cancelStatus": { "cancelState": cancel, "cancelRequests": [] },
        "buyer": { "username": "own-buyer" },
        "pricingSummary": {
            "priceSubtotal": money(sale.total.amount(), sale.total),
            "total": money(sale.total.amount(), sale.total),
        },
        "paymentSummary": { "payments": [{ "paymentReferenceId": "own-pay-1" }] },
        "fulfillmentStartInstructions": [{
            "fulfillmentInstructionsType": "SHIP_TO",
            "shippingStep": { "shipTo": {
                "fullName": sale.buyer,
                "contactAddress": {
                    "addressLine1": "Eigene Straße 1", "city": "Berlin",
                    "postalCode": "10115", "countryCode": "DE",
                },
            } },
        }],
        "lineItems": lines.collect::<Vec<_>>(),
    })
}
