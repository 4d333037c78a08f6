//! Shopware 6's webhook and its order of the Admin API (plain JSON), as far as the hub reads them. Amounts
//! are JSON numbers; ids are 32 hexadecimal digits.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::spare::{self, Spare, Text};
use crate::wire::Exact;

/// A webhook of an app.
#[derive(Deserialize)]
pub(super) struct Hook<'a> {
    #[serde(borrow, default)]
    pub(super) data: Option<HookData<'a>>,
    #[serde(default)]
    pub(super) source: Option<Source>,
}

/// What happened: an event's name, and what it is about, a list for written entities.
#[derive(Deserialize)]
pub(super) struct HookData<'a> {
    pub(super) event: String,
    #[serde(borrow, default)]
    pub(super) payload: Option<&'a RawValue>,
}

/// The shop that sends.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Source {
    #[serde(default)]
    pub(super) shop_id: Option<String>,
}

/// An entity that was written, by its id alone.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Written {
    #[serde(default)]
    pub(super) entity: Option<String>,
    #[serde(default)]
    pub(super) operation: Option<String>,
    #[serde(default)]
    pub(super) primary_key: Option<String>,
    #[serde(default)]
    pub(super) version_id: Option<String>,
}

/// What a business event is about; its entities may lack associations, so that their ids alone count.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct About {
    #[serde(default)]
    pub(super) order: Option<Named>,
    #[serde(default, alias = "order_transaction")]
    pub(super) order_transaction: Option<OfOrder>,
}

#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OfOrder {
    pub(super) order_id: String,
}

/// The answers that an order is looked up by, each in the vendor's own bytes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answers {
    pub(super) order: Box<RawValue>,
    pub(super) line_items: Vec<Box<RawValue>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) refunds: Vec<Box<RawValue>>,
}

/// The same, to be read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Whole {
    pub(super) order: Order,
    pub(super) line_items: Vec<Line>,
    #[serde(default)]
    pub(super) refunds: Vec<Refund>,
}

/// Money that a payment's plugin gave back, or tries to.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Refund {
    pub(super) id: Option<String>,
    pub(super) amount: Option<Price>,
    pub(super) state_machine_state: Option<State>,
    pub(super) created_at: Option<String>,
    pub(super) updated_at: Option<String>,
}

/// An order.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
#[expect(
    clippy::struct_field_names,
    reason = "these are the members' own names"
)]
pub(super) struct Order {
    pub(super) id: Option<String>,
    pub(super) order_number: Text,
    pub(super) order_date_time: Option<String>,
    pub(super) created_at: Option<String>,
    pub(super) updated_at: Option<String>,
    pub(super) amount_total: Option<Exact>,
    /// `gross`, `net` or `tax-free`.
    pub(super) tax_status: Option<String>,
    pub(super) price: Option<Price>,
    pub(super) shipping_costs: Option<Price>,
    pub(super) customer_comment: Text,
    pub(super) currency: Option<Currency>,
    pub(super) state_machine_state: Option<State>,
    pub(super) order_customer: Spare<Customer>,
    pub(super) billing_address: Spare<Address>,
    pub(super) deliveries: Option<Vec<Delivery>>,
    pub(super) transactions: Option<Vec<Transaction>>,
}

/// A state of one of the shop's state machines.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    pub(super) technical_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Currency {
    pub(super) iso_code: String,
}

/// What something costs, and the taxes of it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
#[expect(
    clippy::struct_field_names,
    reason = "these are the members' own names"
)]
pub(super) struct Price {
    pub(super) total_price: Option<Exact>,
    /// Of an order: before its total was rounded.
    pub(super) raw_total: Option<Exact>,
    pub(super) calculated_taxes: Option<Vec<Tax>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tax {
    #[serde(default)]
    pub(super) tax: Option<Exact>,
    #[serde(default)]
    pub(super) tax_rate: Spare<Exact>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
#[expect(
    clippy::struct_field_names,
    reason = "these are the members' own names"
)]
pub(super) struct Customer {
    pub(super) customer_id: Text,
    pub(super) first_name: Text,
    pub(super) last_name: Text,
    pub(super) email: Text,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Address {
    pub(super) id: Text,
    pub(super) first_name: Text,
    pub(super) last_name: Text,
    pub(super) company: Text,
    pub(super) street: Text,
    pub(super) additional_address_line1: Text,
    pub(super) additional_address_line2: Text,
    pub(super) zipcode: Text,
    pub(super) city: Text,
    pub(super) phone_number: Text,
    pub(super) country: Spare<Country>,
    pub(super) country_state: Spare<CountryState>,
    pub(super) created_at: Option<String>,
    pub(super) updated_at: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Country {
    #[serde(default)]
    pub(super) iso: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CountryState {
    #[serde(default)]
    pub(super) short_code: Text,
    #[serde(default)]
    pub(super) name: Text,
}

/// A delivery of an order. One with costs below zero is a discount on shipping.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Delivery {
    pub(super) id: Text,
    pub(super) created_at: Option<String>,
    pub(super) updated_at: Option<String>,
    pub(super) state_machine_state: Option<State>,
    pub(super) shipping_costs: Option<Price>,
    pub(super) shipping_order_address: Option<Address>,
    pub(super) shipping_method: Spare<Method>,
    pub(super) tracking_codes: Option<Vec<String>>,
    pub(super) custom_fields: Option<serde_json::Value>,
}

/// A way of paying or of shipping.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Method {
    #[serde(default)]
    pub(super) name: Text,
    #[serde(default)]
    pub(super) technical_name: Option<String>,
}

/// A try to pay.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Transaction {
    pub(super) id: Text,
    pub(super) amount: Option<Price>,
    pub(super) created_at: Option<String>,
    pub(super) updated_at: Option<String>,
    pub(super) state_machine_state: Option<State>,
    pub(super) payment_method: Option<Method>,
}

/// A line: a thing, something taken off, or a part of another line.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Line {
    pub(super) id: Option<String>,
    pub(super) parent_id: Option<String>,
    pub(super) product_id: Text,
    #[serde(rename = "type")]
    pub(super) form: Option<String>,
    pub(super) label: Text,
    pub(super) quantity: Option<Exact>,
    pub(super) unit_price: Option<Exact>,
    pub(super) total_price: Option<Exact>,
    pub(super) price: Option<Price>,
    pub(super) payload: Option<Payload>,
    #[serde(deserialize_with = "spare::flag")]
    pub(super) good: Option<bool>,
    /// `is-physical`, `is-download`; gone in newer shops.
    pub(super) states: Option<Vec<String>>,
    pub(super) created_at: Option<String>,
    pub(super) updated_at: Option<String>,
}

/// What the shop keeps of a product or a promotion with its line. PHP writes an empty one as `[]`.
#[derive(Default)]
pub(super) struct Payload {
    pub(super) product_number: Option<String>,
    pub(super) product_type: Option<String>,
    pub(super) code: Option<String>,
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
        Ok(Self {
            product_number: text("productNumber"),
            product_type: text("productType"),
            code: text("code"),
        })
    }
}
