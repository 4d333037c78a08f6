//! Clover's webhooks and its order (REST API, version 3), as far as the hub reads them. Amounts are whole
//! numbers of the currency's smallest unit, times are milliseconds; a list is an object with `elements`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::spare::{self, Spare, Text};

/// A webhook: for each merchant, what has changed. Nothing says how.
#[derive(Deserialize)]
pub(super) struct Hook<'a> {
    #[serde(borrow)]
    pub(super) merchants: BTreeMap<String, Vec<&'a RawValue>>,
}

/// Something that has changed: `O:GHIVJT2ABCRSC` is an order.
#[derive(Deserialize)]
pub(super) struct Change {
    #[serde(rename = "objectId")]
    pub(super) object: String,
    #[serde(default, rename = "type")]
    pub(super) verb: Option<String>,
}

/// The answers that an order is looked up by, each in the vendor's own bytes.
#[derive(Serialize)]
pub(super) struct Answers<'a> {
    pub(super) order: &'a RawValue,
    pub(super) items: Vec<Box<RawValue>>,
    pub(super) customer: Option<Box<RawValue>>,
}

/// The same, to be read.
#[derive(Deserialize)]
pub(super) struct Whole {
    pub(super) order: Order,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) items: Vec<Item>,
    #[serde(default)]
    pub(super) customer: Spare<Customer>,
}

/// A list. What is not expanded is missing.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct List<T> {
    #[serde(default = "Vec::new", deserialize_with = "spare::list")]
    pub(super) elements: Vec<T>,
}

/// What a list holds; nothing where it is missing.
pub(super) fn each<T>(list: Option<&List<T>>) -> &[T] {
    list.map_or(&[], |list| &list.elements)
}

/// An order.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "this is the member's own name")]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) currency: String,
    pub(super) total: i64,
    #[serde(default)]
    pub(super) state: Option<String>,
    #[serde(default)]
    pub(super) payment_state: Option<String>,
    #[serde(default)]
    pub(super) title: Text,
    #[serde(default)]
    pub(super) note: Text,
    #[serde(default)]
    pub(super) order_type: Option<Named>,
    #[serde(default, deserialize_with = "spare::or_default")]
    pub(super) is_vat: bool,
    #[serde(default, deserialize_with = "spare::or_default")]
    pub(super) test_mode: bool,
    #[serde(default, deserialize_with = "spare::or_default")]
    pub(super) manual_transaction: bool,
    #[serde(default)]
    pub(super) created_time: Option<i64>,
    #[serde(default)]
    pub(super) client_created_time: Option<i64>,
    #[serde(default)]
    pub(super) modified_time: Option<i64>,
    #[serde(default)]
    pub(super) deleted_timestamp: Option<i64>,
    #[serde(default)]
    pub(super) line_items: Option<List<Line>>,
    #[serde(default)]
    pub(super) discounts: Option<List<Discount>>,
    #[serde(default)]
    pub(super) service_charge: Option<ServiceCharge>,
    #[serde(default)]
    pub(super) additional_charges: Option<List<AdditionalCharge>>,
    #[serde(default)]
    pub(super) payments: Option<List<Payment>>,
    #[serde(default)]
    pub(super) refunds: Option<List<Refund>>,
    /// What was given back without naming a payment.
    #[serde(default)]
    pub(super) credits: Option<List<Refund>>,
}

#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(default)]
    pub(super) id: Option<String>,
}

/// A line: one unit, or so many thousandths of what is sold by measure.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line {
    #[serde(deserialize_with = "spare::id")]
    pub(super) id: String,
    #[serde(default)]
    pub(super) item: Option<Named>,
    #[serde(default)]
    pub(super) name: Text,
    /// For one unit, or one measure.
    #[serde(default)]
    pub(super) price: i64,
    #[serde(default)]
    pub(super) unit_qty: Option<i64>,
    /// Its money went back.
    #[serde(default)]
    pub(super) refunded: Option<bool>,
    #[serde(default)]
    pub(super) discounts: Option<List<Discount>>,
    #[serde(default)]
    pub(super) modifications: Option<List<Modification>>,
}

/// What is taken off: an amount below zero, or whole percent.
#[derive(Deserialize)]
pub(super) struct Discount {
    #[serde(default)]
    pub(super) amount: Option<i64>,
    #[serde(default)]
    pub(super) percentage: Option<i64>,
}

/// What a line was changed to, for its price.
#[derive(Deserialize)]
pub(super) struct Modification {
    #[serde(default)]
    pub(super) amount: i64,
}

/// A charge on the whole, in ten-thousandths of a percent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceCharge {
    #[serde(default)]
    pub(super) name: Text,
    #[serde(default)]
    pub(super) percentage_decimal: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct AdditionalCharge {
    #[serde(default)]
    pub(super) name: Text,
    #[serde(default)]
    pub(super) amount: i64,
}

/// A payment. Its tip is beside what the order comes to.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payment {
    #[serde(default)]
    pub(super) id: Text,
    #[serde(default)]
    pub(super) tax_amount: Option<i64>,
    #[serde(default)]
    pub(super) result: Option<String>,
}

/// Money that went back; its tax is in the amount, a tip beside it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Refund {
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) amount: Option<i64>,
    #[serde(default)]
    pub(super) created_time: Option<i64>,
    #[serde(default)]
    pub(super) voided: Option<bool>,
}

/// What a line was sold from.
#[derive(Deserialize)]
pub(super) struct Item {
    #[serde(deserialize_with = "spare::id")]
    pub(super) id: String,
    #[serde(default)]
    pub(super) sku: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Customer {
    #[serde(default)]
    pub(super) id: Text,
    #[serde(default)]
    pub(super) first_name: Text,
    #[serde(default)]
    pub(super) last_name: Text,
    #[serde(default)]
    pub(super) addresses: Spare<List<Address>>,
    #[serde(default)]
    pub(super) email_addresses: Spare<List<Email>>,
    #[serde(default)]
    pub(super) phone_numbers: Spare<List<Phone>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Email {
    #[serde(default)]
    pub(super) email_address: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Phone {
    #[serde(default)]
    pub(super) phone_number: Text,
}

#[derive(Deserialize)]
pub(super) struct Address {
    #[serde(default)]
    pub(super) address1: Text,
    #[serde(default)]
    pub(super) address2: Text,
    #[serde(default)]
    pub(super) city: Text,
    #[serde(default)]
    pub(super) state: Text,
    #[serde(default)]
    pub(super) zip: Text,
    #[serde(default)]
    pub(super) country: Text,
}
