//! Mirakl's orders as `GET /api/orders` (OR11) states them, on a marketplace whose prices contain the taxes. It
//! pushes nothing.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::port::Statement;
use crate::specimen::{Sale, SaleState, Scene, Signing, Specimen, Thing};

/// A marketplace that is asked for its orders.
#[derive(Debug)]
pub(super) struct Shop;

impl Specimen for Shop {
    fn signing(&self) -> Signing {
        Signing::Silent
    }

    fn state(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        match thing {
            Thing::Sale(sale) => Some(Statement::json(&order(sale))),
            _ => None,
        }
    }
}

fn iso(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An amount as a JSON number. A price of some digits is the same text again.
fn number(amount: Decimal) -> Option<Value> {
    serde_json::from_str(&amount.to_string()).ok()
}

fn order(sale: &Sale) -> Value {
    let (order, line) = match sale.state {
        SaleState::Waiting => ("WAITING_ACCEPTANCE", "WAITING_ACCEPTANCE"),
        SaleState::Paid => ("SHIPPING", "SHIPPING"),
        SaleState::Cancelled => ("CANCELED", "CANCELED"),
        SaleState::Odd => ("OWN_STATE", "OWN_STATE"),
    };
    let (first, last) = sale.buyer.split_once(' ').unwrap_or((&sale.buyer, ""));
    let address = json!({
        "civility": null, "firstname": first, "lastname": last, "street_1": "Eigene Straße 1",
        "street_2": null, "city": "Berlin", "zip_code": "10115", "country": "Germany",
        "country_iso_code": "DEU",
    });
    let lines = sale.lines.iter().map(|one| {
        let sum = one.unit_price.amount() * Decimal::from(one.quantity);
        json!({
            "order_line_id": format!("{}-A-{}", sale.id, one.id), "order_line_state": line,
            "offer_id": one.id, "offer_sku": one.sku, "product_title": one.title,
            "quantity": one.quantity, "price_unit": number(one.unit_price.amount()),
            "price": number(sum), "shipping_price": 0.00, "total_price": number(sum),
            "taxes": [], "shipping_taxes": [], "fees": [], "cancelations": [], "refunds": [],
            "shipped_date": null,
        })
    });
    json!({
        "order_id": format!("{}-A", sale.id), "commercial_id": sale.id.to_string(),
        "order_state": order, "currency_iso_code": sale.total.currency().code(),
        "created_date": iso(sale.placed_at), "last_updated_date": iso(sale.changed_at),
        "customer_debited_date": (sale.state != SaleState::Waiting).then(|| iso(sale.placed_at)),
        "customer_directly_pays_seller": false, "order_tax_mode": "TAX_INCLUDED",
        "total_price": number(sale.total.amount()), "shipping_price": 0.00,
        "fulfillment": { "center": { "code": "DEFAULT" } }, "can_cancel": false,
        "customer": {
            "customer_id": "own-77", "firstname": first, "lastname": last,
            "billing_address": address, "shipping_address": address,
        },
        "order_lines": lines.collect::<Vec<_>>(),
    })
}
