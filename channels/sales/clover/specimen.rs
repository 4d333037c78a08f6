//! What Clover sends, as its reference has it: webhooks that name an order of a merchant, with the application's
//! code in a header; and the answers that an order is looked up by, joined.

use orderhub_domain::money::Money;
use serde_json::{Value, json};

use crate::port::Statement;
use crate::specimen::{Sale, SaleState, Scene, Signing, Specimen, Thing};

/// A merchant who has taken an order to be shipped.
#[derive(Debug)]
pub(super) struct Till;

impl Specimen for Till {
    fn signing(&self) -> Signing {
        Signing::Theirs {
            because: "nothing is signed: the same code stands in the header of every message",
        }
    }

    fn sign(&self, pushed: &mut Statement, secret: &str, _: &Scene<'_>) {
        let name = "x-clover-auth".to_owned();
        pushed.headers.insert(name, secret.to_owned());
    }

    fn state(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sale) = thing else {
            return None;
        };
        let (first, last) = sale.buyer.split_once(' ').unwrap_or((&sale.buyer, ""));
        let items = sale.lines.iter().map(|line| {
            let sku = line.sku.as_deref().unwrap_or_default();
            json!({ "id": format!("ITEM{}", line.id), "name": line.title, "sku": sku, "code": "" })
        });
        let home = json!({ "id": "OWNADDRESS", "address1": "Eigene Straße 1", "address2": "",
            "city": "Berlin", "zip": "10115", "country": "DE" });
        let whole = json!({
            "order": order(sale, scene), "items": items.collect::<Vec<_>>(),
            "customer": { "id": "OWNCUSTOMER", "firstName": first, "lastName": last,
                "addresses": { "elements": [home] } },
        });
        Some(Statement::json(&whole).with("orderhub-stated", "order"))
    }

    fn word(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sale) = thing else {
            return None;
        };
        let merchant = scene.settings.text("merchant_id")?;
        let change = json!({ "objectId": format!("O:OWN{}", sale.id), "type": "UPDATE",
            "ts": scene.at.as_millisecond() });
        Some(Statement::json(&json!({
            "appId": "OWNAPP", "merchants": { merchant: [change.clone(), change] },
        })))
    }
}

/// The order. Each unit is a line of its own there; one that has more is stated as what is sold by measure.
fn order(sale: &Sale, scene: &Scene<'_>) -> Value {
    let cents = |amount: Money| json!(amount.minor());
    let lines = sale.lines.iter().map(|line| {
        json!({
            "id": format!("LINE{}", line.id), "name": line.title, "price": cents(line.unit_price),
            "item": { "id": format!("ITEM{}", line.id) },
            "unitQty": u64::from(line.quantity) * 1000, "unitName": "piece",
        })
    });
    let paid = (sale.state != SaleState::Waiting).then(|| {
        json!({ "id": format!("OWNPAY{}", sale.id), "amount": cents(sale.total), "taxAmount": 0,
            "tipAmount": 0, "result": "SUCCESS" })
    });
    json!({
        "id": format!("OWN{}", sale.id), "currency": sale.total.currency().code(),
        "total": cents(sale.total), "state": "locked",
        "paymentState": match sale.state {
            SaleState::Waiting => "OPEN",
            SaleState::Paid => "PAID",
            SaleState::Cancelled => "REFUNDED",
            SaleState::Odd => "OWN_STATE",
        },
        "orderType": { "id": scene.settings.text("ship_order_type") },
        "isVat": false, "testMode": false, "manualTransaction": false,
        "createdTime": sale.placed_at.as_millisecond(),
        "clientCreatedTime": sale.placed_at.as_millisecond(),
        "modifiedTime": sale.changed_at.as_millisecond(),
        "lineItems": { "elements": lines.collect::<Vec<_>>() },
        "payments": { "elements": paid.into_iter().collect::<Vec<_>>() },
    })
}
