//! BigCommerce's webhook and its order of the V2 API, as far as the hub reads them. Amounts are texts with
//! four decimals; what is not there is `""` as often as `null`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::spare::{Spare, Text};
use crate::wire::Exact;

/// A webhook: what has changed, and nothing about how.
#[derive(Deserialize)]
pub(super) struct Hook {
    pub(super) scope: String,
    /// `stores/<store hash>`.
    #[serde(default)]
    pub(super) producer: Option<String>,
    #[serde(default)]
    pub(super) data: Option<Named>,
}

/// What a webhook names.
#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(default, rename = "type")]
    pub(super) form: Option<String>,
    #[serde(default)]
    pub(super) id: Option<Exact>,
    #[serde(default, alias = "orderId")]
    pub(super) order_id: Option<Exact>,
}

/// The answers that an order is looked up by, each in the vendor's own bytes.
#[derive(Serialize)]
pub(super) struct Answers<'a> {
    pub(super) order: &'a RawValue,
    pub(super) products: Vec<Box<RawValue>>,
    pub(super) shipping_addresses: Vec<Box<RawValue>>,
    pub(super) refunds: Vec<Box<RawValue>>,
    /// Asked for once something was refunded.
    pub(super) shipments: Vec<Box<RawValue>>,
}

/// The same, to be read.
#[derive(Deserialize)]
pub(super) struct Whole {
    pub(super) order: Order,
    pub(super) products: Vec<Product>,
    pub(super) shipping_addresses: Vec<Address>,
    #[serde(default)]
    pub(super) refunds: Vec<Refund>,
    #[serde(default)]
    pub(super) shipments: Vec<Shipment>,
}

/// Money that the store gave back, and for what (V3). Its amounts are numbers.
#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    pub(super) id: Exact,
    #[serde(default)]
    pub(super) created: Option<String>,
    #[serde(default)]
    pub(super) reason: Option<String>,
    #[serde(default)]
    pub(super) items: Vec<RefundItem>,
    #[serde(default)]
    pub(super) payments: Vec<RefundPayment>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RefundItem {
    /// `PRODUCT` for units of a line; `ORDER`, `SHIPPING` and others for an amount.
    #[serde(default)]
    pub(super) item_type: Option<String>,
    #[serde(default)]
    pub(super) item_id: Option<Exact>,
    #[serde(default)]
    pub(super) quantity: Option<Exact>,
    #[serde(default)]
    pub(super) reason: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RefundPayment {
    #[serde(default)]
    pub(super) id: Option<Exact>,
    pub(super) amount: Exact,
    #[serde(default)]
    pub(super) is_declined: Option<bool>,
}

/// What has left (V2).
#[derive(Debug, Deserialize)]
pub(super) struct Shipment {
    #[serde(default)]
    pub(super) date_created: Option<String>,
    #[serde(default)]
    pub(super) tracking_number: Option<String>,
    #[serde(default)]
    pub(super) items: Vec<ShippedItem>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ShippedItem {
    pub(super) order_product_id: Exact,
    pub(super) quantity: Exact,
}

/// An order.
#[derive(Deserialize)]
pub(super) struct Order {
    pub(super) id: Exact,
    pub(super) status_id: Exact,
    #[serde(default)]
    pub(super) date_created: Option<String>,
    #[serde(default)]
    pub(super) date_modified: Option<String>,
    /// The currency that the buyer was shown.
    #[serde(default)]
    pub(super) currency_code: Option<String>,
    /// The currency that the buyer pays in, which the amounts are in.
    #[serde(default)]
    pub(super) default_currency_code: Option<String>,
    pub(super) total_inc_tax: Exact,
    #[serde(default)]
    pub(super) shipping_cost_inc_tax: Option<Exact>,
    #[serde(default)]
    pub(super) shipping_cost_tax: Option<Exact>,
    #[serde(default)]
    pub(super) handling_cost_inc_tax: Option<Exact>,
    #[serde(default)]
    pub(super) handling_cost_tax: Option<Exact>,
    #[serde(default)]
    pub(super) wrapping_cost_inc_tax: Option<Exact>,
    #[serde(default)]
    pub(super) wrapping_cost_tax: Option<Exact>,
    #[serde(default)]
    pub(super) discount_amount: Option<Exact>,
    #[serde(default)]
    pub(super) coupon_discount: Option<Exact>,
    #[serde(default)]
    pub(super) store_credit_amount: Option<Exact>,
    #[serde(default)]
    pub(super) gift_certificate_amount: Option<Exact>,
    #[serde(default)]
    pub(super) items_shipped: Option<Exact>,
    #[serde(default)]
    pub(super) payment_method: Option<String>,
    #[serde(default)]
    pub(super) payment_status: Option<String>,
    #[serde(default)]
    pub(super) customer_id: Spare<Exact>,
    #[serde(default)]
    pub(super) customer_message: Text,
    #[serde(default)]
    pub(super) billing_address: Spare<Address>,
}

/// A line.
#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "this is the member's own name")]
pub(super) struct Product {
    pub(super) id: Exact,
    #[serde(default)]
    pub(super) product_id: Spare<Exact>,
    #[serde(default)]
    pub(super) order_address_id: Option<Exact>,
    #[serde(default)]
    pub(super) name: Text,
    #[serde(default)]
    pub(super) sku: Text,
    #[serde(default, rename = "type")]
    pub(super) form: Option<String>,
    pub(super) quantity: Exact,
    #[serde(default)]
    pub(super) quantity_shipped: Option<Exact>,
    pub(super) total_inc_tax: Exact,
    #[serde(default)]
    pub(super) total_tax: Option<Exact>,
}

#[derive(Deserialize)]
pub(super) struct Address {
    #[serde(default)]
    pub(super) first_name: Text,
    #[serde(default)]
    pub(super) last_name: Text,
    #[serde(default)]
    pub(super) company: Text,
    #[serde(default)]
    pub(super) street_1: Text,
    #[serde(default)]
    pub(super) street_2: Text,
    #[serde(default)]
    pub(super) city: Text,
    #[serde(default)]
    pub(super) state: Text,
    #[serde(default)]
    pub(super) zip: Text,
    #[serde(default)]
    pub(super) country_iso2: Text,
    #[serde(default)]
    pub(super) phone: Text,
    #[serde(default)]
    pub(super) email: Text,
    /// Units that go there; the billing address has none.
    #[serde(default)]
    pub(super) items_total: Option<Exact>,
}
