//! What a Lightspeed store sends, as its reference of 2026-07 has it: `sale.update` as a form that an
//! application's client secret signs, and the answers that a sale is looked up by, joined.

use reqwest::Url;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::port::Statement;
use crate::signature::mac;
use crate::specimen::{Sale, SaleState, Scene, Signing, Specimen, Thing};

/// A store that has sold something to be delivered.
#[derive(Debug)]
pub(super) struct Till;

const CUSTOMER: &str = "0af7b240-own-customer";

impl Specimen for Till {
    fn signing(&self) -> Signing {
        Signing::By {
            key: "secrets",
            window: None,
        }
    }

    fn sign(&self, pushed: &mut Statement, secret: &str, _: &Scene<'_>) {
        let tag = hex::encode(mac(secret.as_bytes(), &[&pushed.raw]));
        let value = format!("signature={tag}, algorithm=HMAC-SHA256");
        pushed.headers.insert("x-signature".to_owned(), value);
    }

    fn state(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sold) = thing else {
            return None;
        };
        let (first, last) = sold.buyer.split_once(' ').unwrap_or((&sold.buyer, ""));
        let products = sold.lines.iter().map(|line| {
            json!({
                "id": format!("product-{}", line.id), "sku": line.sku.as_deref().unwrap_or_default(),
                "name": line.title, "variant_name": line.title, "has_inventory": true,
            })
        });
        let held = sold.lines.iter().map(|line| {
            json!({
                "sale_line_item_id": format!("line-{}", line.id),
                "product_id": format!("product-{}", line.id),
                "quantity": format!("{}.00", line.quantity), "picked_quantity": "0.00",
                "packed_quantity": "0.00", "fulfilled_quantity": "0.00",
            })
        });
        let whole = json!({
            "sale": sale(sold, scene),
            "retailer": { "currency": { "code": sold.total.currency().code(), "symbol": "" } },
            "customer": { "id": CUSTOMER, "first_name": first, "last_name": last, "email": null },
            "addresses": [{
                "id": 123_456_789, "customer_id": CUSTOMER, "type": "SHIPPING",
                "address_line_1": "Eigene Straße 1", "address_line_2": null, "city": "Berlin",
                "postcode": "10115", "country_code": "DE" }],
            "fulfillments": [{
                "id": "1947700198720344064", "type": "DISPATCH", "state": "OPEN", "version": 1,
                "shipping_address_id": "123456789", "line_items": held.collect::<Vec<_>>() }],
            "products": products.collect::<Vec<_>>(),
        });
        Some(Statement::json(&whole).with("orderhub-stated", "sale"))
    }

    fn word(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Sale(sold) = thing else {
            return None;
        };
        let payload = json!({
            "id": id(sold), "status": "AWAITING_DISPATCH", "register_sale_products": [],
        });
        let mut form = Url::parse("https://form.invalid/").ok()?;
        form.query_pairs_mut()
            .append_pair("payload", &payload.to_string())
            .append_pair("domain_prefix", scene.settings.text("domain_prefix")?)
            .append_pair("type", "sale.update");
        let kind = ("content-type", "application/x-www-form-urlencoded");
        Some(Statement::new([kind], form.query()?))
    }
}

fn id(sold: &Sale) -> String {
    format!("06bf537b-c783-11e6-{}", sold.id)
}

/// An amount as a number in major units.
fn number(amount: Decimal) -> Value {
    let text = amount.normalize().to_string();
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

fn sale(sold: &Sale, scene: &Scene<'_>) -> Value {
    let lines = sold.lines.iter().map(|line| {
        let price = line.unit_price.amount();
        json!({
            "id": format!("line-{}", line.id), "quantity": line.quantity,
            "product": { "id": format!("product-{}", line.id) },
            "pricing": { "price": number(price), "discount": 0, "discount_total": 0,
                "total": number(price * Decimal::from(line.quantity)) },
            "tax": { "amount": 0, "total": 0 }, "return": { "is_return": false },
        })
    });
    let paid = (sold.state != SaleState::Waiting).then(|| {
        json!({ "id": "own-payment", "amount": number(sold.total.amount()), "deleted_at": null })
    });
    json!({
        "id": id(sold), "customer_id": CUSTOMER, "receipt_number": sold.id.to_string(),
        "state": match sold.state {
            SaleState::Waiting => "parked",
            SaleState::Paid => "pending",
            SaleState::Cancelled => "voided",
            SaleState::Odd => "own_state",
        },
        "attributes": ["delivery"], "date": sold.placed_at, "created_at": sold.placed_at,
        "updated_at": sold.changed_at, "deleted_at": null,
        "source": { "outlet_id": scene.settings.text("outlet_id") },
        "line_items": lines.collect::<Vec<_>>(), "payments": paid.into_iter().collect::<Vec<_>>(),
        "adjustments": [], "ecom_custom_charges": [],
        "totals": { "price": number(sold.total.amount()), "tax": 0,
            "price_incl_tax": number(sold.total.amount()) },
    })
}
