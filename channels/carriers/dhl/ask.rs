//! What DHL is asked for a label (Parcel DE Shipping API 2.1: `ShipmentOrderRequest`): its parcel with weight and
//! size, and what is declared to customs.

use orderhub_domain::money::Money;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::address::{Party, three_letters};
use crate::carriers::LabelCall;
use crate::carriers::customs::exact;

#[derive(Serialize)]
pub(super) struct Order<'a> {
    pub(super) profile: &'a str,
    pub(super) shipments: [Shipment<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shipment<'a> {
    pub(super) product: &'a str,
    pub(super) billing_number: &'a str,
    pub(super) ref_no: String,
    pub(super) shipper: Party<'a>,
    pub(super) consignee: Party<'a>,
    pub(super) details: Details,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) customs: Option<Customs<'a>>,
}

#[derive(Serialize)]
pub(super) struct Details {
    weight: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    dim: Option<Value>,
}

impl Details {
    /// Weight and size of a parcel. A missing weight must not stop a label.
    pub(super) fn of(call: &LabelCall) -> Self {
        let dim = call.goods.size.map(|size| {
            let [length, width, height] = size.sides();
            json!({ "uom": "mm", "length": length, "width": width, "height": height })
        });
        Self {
            weight: json!({ "uom": "g", "value": call.goods.weight_g.max(1) }),
            dim,
        }
    }
}

/// What is declared: goods that were sold.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Customs<'a> {
    export_type: &'static str,
    /// What the buyer paid for postage, which the hub does not tell apart by parcel.
    postal_charges: Amount,
    items: Vec<Declared<'a>>,
}

#[derive(Serialize)]
struct Amount {
    currency: String,
    value: Option<Box<RawValue>>,
}

/// Some units of a line; value and weight are those of one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Declared<'a> {
    item_description: String,
    packaged_quantity: u32,
    item_value: Amount,
    item_weight: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    hs_code: Option<&'a str>,
    /// In three letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    country_of_origin: Option<&'static str>,
}

fn amount(money: Money) -> Amount {
    Amount {
        currency: money.currency().to_string(),
        value: exact(money.amount()),
    }
}

/// What is declared of a parcel that meets customs.
pub(super) fn customs(call: &LabelCall) -> Option<Customs<'_>> {
    let contents = call.declared()?;
    let currency = contents.first()?.unit_value.currency();
    let items = contents.iter().map(|content| Declared {
        item_description: content.words(256),
        packaged_quantity: content.units,
        item_value: amount(content.unit_value),
        item_weight: json!({ "uom": "g", "value": content.weight_g.max(1) }),
        hs_code: content.hs_code.as_deref(),
        country_of_origin: content.origin.as_deref().and_then(three_letters),
    });
    Some(Customs {
        export_type: "COMMERCIAL_GOODS",
        postal_charges: amount(Money::zero(currency)),
        items: items.collect(),
    })
}
