//! Shopware's app webhooks and the order that a search of the Admin API finds, as the shop writes them: plain
//! JSON with numbers for amounts, signed with HMAC-SHA256 in hexadecimal.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::port::Statement;
use crate::signature::mac;
use crate::specimen::{Sale, SaleState, Scene, Signing, Specimen, Thing};

/// A shop that tells an app of its orders.
#[derive(Debug)]
pub(super) struct Shop;

impl Specimen for Shop {
    fn signing(&self) -> Signing {
        Signing::By {
            key: "secrets",
            window: None,
        }
    }

    fn sign(&self, pushed: &mut Statement, secret: &str, _: &Scene<'_>) {
        let tag = hex::encode(mac(secret.as_bytes(), &[&pushed.raw]));
        let name = "shopware-shop-signature".to_owned();
        pushed.headers.insert(name, tag);
    }

    fn state(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sale) = thing else {
            return None;
        };
        Some(Statement::json(&whole(sale)).with("orderhub-stated", "order"))
    }

    fn word(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sale) = thing else {
            return None;
        };
        let event = match sale.state {
            SaleState::Waiting | SaleState::Odd => "checkout.order.placed",
            SaleState::Paid => "state_enter.order_transaction.state.paid",
            SaleState::Cancelled => "state_enter.order.state.cancelled",
        };
        let named = json!({ "id": id(sale.id), "orderNumber": sale.id.to_string() });
        Some(Statement::json(&json!({
            "data": { "payload": { "order": named }, "event": event },
            "source": {
                "url": "https://shop.example.com", "appVersion": "1.0.0",
                "shopId": scene.settings.text("shop_id"),
                "eventId": id(sale.id + 1), "action": null,
            },
            "timestamp": scene.at.as_second(),
        })))
    }
}

/// An id whose digits are these.
fn id(number: u64) -> String {
    format!("{number:0>32}")
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.000+00:00").to_string()
}

/// A number as PHP writes it.
fn number(amount: Decimal) -> Value {
    let text = amount.normalize().to_string();
    let raw = RawValue::from_string(text).ok();
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or(Value::Null)
}

fn price(total: Decimal) -> Value {
    json!({
        "totalPrice": number(total), "calculatedTaxes": [], "taxRules": [],
        "apiAlias": "calculated_price",
    })
}

fn whole(sale: &Sale) -> Value {
    let total = sale.total.amount();
    let (first, last) = sale.buyer.split_once(' ').unwrap_or((&sale.buyer, ""));
    let address = json!({
        "id": id(31), "firstName": first, "lastName": last, "street": "Eigene Straße 1",
        "zipcode": "10115", "city": "Berlin", "country": { "iso": "DE" }, "countryState": null,
    });
    let state = |name: &str| json!({ "technicalName": name, "apiAlias": "state_machine_state" });
    let lines = sale.lines.iter().map(|line| {
        let sum = line.unit_price.amount() * Decimal::from(line.quantity);
        let payload = line
            .sku
            .as_ref()
            .map_or(json!([]), |sku| json!({ "productNumber": sku }));
        json!({
            "id": id(line.id), "parentId": null, "productId": id(77), "type": "product",
            "label": line.title, "quantity": line.quantity, "good": true,
            "unitPrice": number(line.unit_price.amount()), "totalPrice": number(sum),
            "price": price(sum), "payload": payload, "states": ["is-physical"],
        })
    });
    json!({
        "order": {
            "id": id(sale.id), "orderNumber": sale.id.to_string(),
            "orderDateTime": time(sale.placed_at), "createdAt": time(sale.placed_at),
            "updatedAt": time(sale.changed_at), "amountTotal": number(total),
            "taxStatus": "gross",
            "price": { "totalPrice": number(total), "rawTotal": number(total), "taxStatus": "gross" },
            "shippingCosts": price(Decimal::ZERO),
            "currency": { "isoCode": sale.total.currency().code() },
            "stateMachineState": state(match sale.state {
                SaleState::Waiting | SaleState::Paid => "open",
                SaleState::Cancelled => "cancelled",
                SaleState::Odd => "own_state",
            }),
            "orderCustomer": { "firstName": first, "lastName": last, "email": "ada@example.com" },
            "billingAddress": address,
            "deliveries": [{
                "id": id(41), "createdAt": time(sale.placed_at), "trackingCodes": [],
                "customFields": null, "stateMachineState": state("open"),
                "shippingOrderAddress": address, "shippingCosts": price(Decimal::ZERO),
            }],
            "transactions": [{
                "id": id(51), "createdAt": time(sale.placed_at),
                "stateMachineState": state(match sale.state {
                    SaleState::Waiting => "open",
                    _ => "paid",
                }),
                "paymentMethod": { "name": "Card", "technicalName": "own_card" },
            }],
        },
        "lineItems": lines.collect::<Vec<_>>(),
    })
}
