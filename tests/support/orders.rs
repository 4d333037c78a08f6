//! Orders in the canonical form, small enough to add up in one's head.

use serde_json::{Value, json};

/// 2 x 19.99 + 4.99 shipping = 44.97 EUR, to be authorised at the gateway.
pub(crate) fn two_and_shipping(external_id: &str, sku: &str) -> Value {
    let mut order = one_unit(external_id, sku);
    order["lines"][0]["quantity"] = "2".into();
    order["shipping"] = json!([{"title": "Standard", "amount": "4.99", "taxes": []}]);
    order["stated_total"] = "44.97".into();
    order
}

/// 1 x 19.99 EUR, to be authorised at the gateway.
pub(crate) fn one_unit(external_id: &str, sku: &str) -> Value {
    json!({
        "channel": "web", "external_id": external_id, "number": format!("#{external_id}"),
        "placed_at": "2026-11-20T09:00:00Z", "currency": "EUR", "tax_mode": "inclusive",
        "customer": {"external_id": "c1", "name": "Ada Example", "email": "ada@shop.example"},
        "ship_to": {"name": "Ada Example", "lines": ["Chausseestr. 1"], "city": "Berlin",
                    "postcode": "10115", "country": "DE"},
        "lines": [{"external_id": "1", "sku": sku, "title": "A thing", "quantity": "1",
                   "unit_price": "19.99",
                   "taxes": [{"name": "VAT", "rate": "0.19", "amount": "3.19", "included": true}],
                   "weight_g": 400, "fulfilled_by": "us"}],
        "payment": {"terms": "to_authorize", "gateway": "stripe-eu", "token": "pm_card_visa"},
        "stated_total": "19.99",
    })
}

/// 1 x 19.99 EUR that somebody else has authorised already.
pub(crate) fn paid_elsewhere(external_id: &str, sku: &str) -> Value {
    let mut order = one_unit(external_id, sku);
    order["payment"] = json!({"terms": "prepaid", "reference": "till-7"});
    order
}

/// 1 x 19.99 EUR that the shop had authorised at our gateway, under this reference.
pub(crate) fn authorized_elsewhere(external_id: &str, sku: &str, reference: &str) -> Value {
    let mut order = one_unit(external_id, sku);
    order["payment"] = json!({
        "terms": "authorized", "gateway": "stripe-eu", "reference": reference, "amount": "19.99",
    });
    order
}
