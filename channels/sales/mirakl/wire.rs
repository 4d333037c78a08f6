//! Mirakl's order as `GET /api/orders` (OR11) states it, as far as the hub reads it. Amounts are JSON numbers
//! in the shop's currency; what is not there is `null` or missing. New members and new words may come any
//! day: the vendor says so.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::spare::{self, Spare, Text};
use crate::wire::Exact;

/// A page of the list.
#[derive(Deserialize)]
pub(super) struct List<'a> {
    #[serde(borrow)]
    pub(super) orders: Vec<&'a RawValue>,
    #[serde(default)]
    pub(super) total_count: Option<u64>,
}

/// An order: the part of a buyer's order that is this shop's.
#[derive(Deserialize)]
pub(super) struct Order {
    #[serde(rename = "order_id", deserialize_with = "spare::id")]
    pub(super) id: String,
    /// The buyer's order, which may have parts at other shops.
    #[serde(default)]
    pub(super) commercial_id: Text,
    #[serde(rename = "order_state")]
    pub(super) state: String,
    pub(super) currency_iso_code: String,
    #[serde(default)]
    pub(super) created_date: Option<String>,
    #[serde(default)]
    pub(super) last_updated_date: Option<String>,
    #[serde(default)]
    pub(super) customer_debited_date: Option<String>,
    #[serde(default)]
    pub(super) transaction_number: Text,
    #[serde(default, deserialize_with = "spare::flag")]
    pub(super) customer_directly_pays_seller: Option<bool>,
    /// `PAY_ON_ACCEPTANCE`, `PAY_ON_DELIVERY` or `PAY_ON_DUE_DATE`.
    #[serde(default)]
    pub(super) payment_workflow: Option<String>,
    /// `TAX_INCLUDED` or `TAX_EXCLUDED`: whether the amounts contain the taxes.
    #[serde(default, rename = "order_tax_mode")]
    pub(super) tax_mode: Option<String>,
    pub(super) total_price: Exact,
    #[serde(default)]
    pub(super) shipping_type_label: Text,
    #[serde(default)]
    pub(super) shipping_pudo_id: Text,
    #[serde(default)]
    pub(super) fulfillment: Option<Fulfillment>,
    #[serde(default)]
    pub(super) customer: Spare<Customer>,
    #[serde(default)]
    pub(super) customer_notification_email: Text,
    #[serde(rename = "order_lines")]
    pub(super) lines: Vec<Line>,
}

/// Who ships it.
#[derive(Deserialize)]
pub(super) struct Fulfillment {
    #[serde(default)]
    pub(super) center: Option<Center>,
}

#[derive(Deserialize)]
pub(super) struct Center {
    #[serde(default)]
    pub(super) code: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Customer {
    #[serde(default, rename = "customer_id")]
    pub(super) id: Spare<Exact>,
    #[serde(default)]
    pub(super) firstname: Text,
    #[serde(default)]
    pub(super) lastname: Text,
    #[serde(default)]
    pub(super) billing_address: Spare<Address>,
    #[serde(default)]
    pub(super) shipping_address: Spare<Address>,
}

#[derive(Deserialize)]
pub(super) struct Address {
    #[serde(default)]
    pub(super) firstname: Text,
    #[serde(default)]
    pub(super) lastname: Text,
    #[serde(default)]
    pub(super) company: Text,
    #[serde(default)]
    pub(super) street_1: Text,
    #[serde(default)]
    pub(super) street_2: Text,
    #[serde(default)]
    pub(super) zip_code: Text,
    #[serde(default)]
    pub(super) city: Text,
    #[serde(default)]
    pub(super) state: Text,
    /// ISO 3166-1, of three letters.
    #[serde(default)]
    pub(super) country_iso_code: Text,
    #[serde(default)]
    pub(super) phone: Text,
    #[serde(default)]
    pub(super) phone_secondary: Text,
    #[serde(default)]
    pub(super) additional_info: Text,
}

/// A line. `price` and `shipping_price` are those of all its units, `total_price` is their sum with the fees.
#[derive(Deserialize)]
pub(super) struct Line {
    #[serde(rename = "order_line_id", deserialize_with = "spare::id")]
    pub(super) id: String,
    #[serde(rename = "order_line_state")]
    pub(super) state: String,
    #[serde(default)]
    pub(super) offer_id: Spare<Exact>,
    /// The shop's own name of what it offers.
    #[serde(default)]
    pub(super) offer_sku: Text,
    #[serde(default)]
    pub(super) product_shop_sku: Text,
    #[serde(default)]
    pub(super) product_title: Text,
    #[serde(default)]
    pub(super) quantity: Option<Exact>,
    #[serde(default)]
    pub(super) price: Option<Exact>,
    #[serde(default)]
    pub(super) price_unit: Option<Exact>,
    #[serde(default)]
    pub(super) shipping_price: Option<Exact>,
    #[serde(default)]
    pub(super) fees: Option<Vec<Fee>>,
    #[serde(default)]
    pub(super) taxes: Option<Vec<Tax>>,
    #[serde(default)]
    pub(super) shipping_taxes: Option<Vec<Tax>>,
    #[serde(default)]
    pub(super) shipped_date: Option<String>,
    /// Units that were cancelled; `quantity` and `price` are without them.
    #[serde(default)]
    pub(super) cancelations: Option<Vec<Cancelled>>,
    /// What was given back of it; `quantity` and `price` are with that.
    #[serde(default)]
    pub(super) refunds: Option<Vec<Refund>>,
}

#[derive(Deserialize)]
pub(super) struct Fee {
    #[serde(default)]
    pub(super) code: Text,
    #[serde(default)]
    pub(super) amount: Option<Exact>,
}

#[derive(Deserialize)]
pub(super) struct Tax {
    #[serde(default)]
    pub(super) code: Text,
    #[serde(default)]
    pub(super) amount: Option<Exact>,
}

/// Units of a line that were cancelled.
#[derive(Deserialize)]
pub(super) struct Cancelled {
    #[serde(default)]
    pub(super) quantity: Option<Exact>,
}

/// What was given back of a line, or is about to be.
#[derive(Deserialize)]
pub(super) struct Refund {
    #[serde(default)]
    pub(super) id: Option<Exact>,
    /// Its id in the answer to OR28.
    #[serde(default, rename = "refund_id")]
    pub(super) new_id: Option<Exact>,
    /// Its line, where it does not stand within one.
    #[serde(default)]
    pub(super) order_line_id: Option<String>,
    /// `REFUNDED` once the buyer has it.
    #[serde(default)]
    pub(super) state: Option<String>,
    #[serde(default)]
    pub(super) quantity: Option<Exact>,
    #[serde(default)]
    pub(super) amount: Option<Exact>,
    #[serde(default)]
    pub(super) shipping_amount: Option<Exact>,
    #[serde(default)]
    pub(super) fees: Option<Vec<Fee>>,
    #[serde(default)]
    pub(super) taxes: Option<Vec<Tax>>,
    #[serde(default)]
    pub(super) shipping_taxes: Option<Vec<Tax>>,
    #[serde(default)]
    pub(super) created_date: Option<String>,
    #[serde(default)]
    pub(super) transaction_date: Option<String>,
}
