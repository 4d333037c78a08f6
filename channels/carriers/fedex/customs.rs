//! Sizes, and what is declared to customs, as FedEx takes them (developer.fedex.com/api/en-us/catalog/ship:
//! `customsClearanceDetail`, `dimensions`).

use orderhub_domain::money::Money;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::carriers::LabelCall;
use crate::carriers::customs::{exact, whole};
use crate::carriers::labels::weight_in_tenths;

/// A weight: FedEx wants a number, which stands there digit by digit.
#[derive(Serialize)]
pub(super) struct Weight {
    units: &'static str,
    value: Box<RawValue>,
}

/// A weight of grams in pounds or kilograms.
pub(super) fn weighed(grams: u32, pounds: bool) -> Option<Weight> {
    let value = RawValue::from_string(weight_in_tenths(grams, pounds)).ok()?;
    let units = if pounds { "LB" } else { "KG" };
    Some(Weight { units, value })
}

/// A parcel's size in whole inches or centimetres, where it is known.
pub(super) fn dimensions(call: &LabelCall, inch: bool) -> Option<Value> {
    let [length, width, height] = call.goods.size?.sides().map(|mm| whole(mm, inch));
    let units = if inch { "IN" } else { "CM" };
    Some(json!({ "length": length, "width": width, "height": height, "units": units }))
}

/// What is declared: goods that were sold; the receiver pays what customs ask.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Clearance<'a> {
    duties_payment: Value,
    commercial_invoice: Value,
    total_customs_value: Amount,
    commodities: Vec<Commodity<'a>>,
}

#[derive(Serialize)]
struct Amount {
    amount: Option<Box<RawValue>>,
    currency: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Commodity<'a> {
    description: String,
    number_of_pieces: u32,
    quantity: u32,
    quantity_units: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<Weight>,
    unit_price: Amount,
    customs_value: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    harmonized_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country_of_manufacture: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    part_number: Option<&'a str>,
}

fn amount(money: Money) -> Amount {
    Amount {
        amount: exact(money.amount()),
        currency: money.currency().to_string(),
    }
}

/// What is declared of a parcel that meets customs.
pub(super) fn clearance(call: &LabelCall, pounds: bool) -> Option<Clearance<'_>> {
    let contents = call.declared()?;
    let commodities = contents.iter().map(|content| Commodity {
        description: content.words(450),
        number_of_pieces: content.units,
        quantity: content.units,
        quantity_units: "PCS",
        weight: weighed(content.grams(), pounds),
        unit_price: amount(content.unit_value),
        customs_value: amount(content.value()),
        harmonized_code: content.hs_code.as_deref(),
        country_of_manufacture: content.origin.as_deref(),
        part_number: content.sku.as_deref(),
    });
    Some(Clearance {
        duties_payment: json!({ "paymentType": "RECIPIENT" }),
        commercial_invoice: json!({ "shipmentPurpose": "SOLD" }),
        total_customs_value: amount(call.declared_value()?),
        commodities: commodities.collect(),
    })
}
