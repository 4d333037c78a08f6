//! WooCommerce's order (REST API, version 3), as far as the hub reads it. Amounts are texts at the shop's
//! own decimals, some are numbers, and what is not there is `""` as often as `null`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::spare::{self, Spare, Text};
use crate::wire::Exact;

/// An order.
#[derive(Deserialize)]
pub(super) struct Order {
    pub(super) id: Exact,
    #[serde(default)]
    pub(super) number: Spare<Exact>,
    pub(super) status: String,
    pub(super) currency: String,
    #[serde(default)]
    pub(super) date_created_gmt: Option<String>,
    #[serde(default)]
    pub(super) date_modified_gmt: Option<String>,
    #[serde(default)]
    pub(super) date_paid_gmt: Option<String>,
    #[serde(default)]
    pub(super) date_completed_gmt: Option<String>,
    pub(super) total: Exact,
    #[serde(default)]
    pub(super) customer_id: Spare<Exact>,
    #[serde(default)]
    pub(super) customer_note: Text,
    #[serde(default)]
    pub(super) billing: Spare<Address>,
    #[serde(default)]
    pub(super) shipping: Spare<Address>,
    #[serde(default)]
    pub(super) payment_method: Option<String>,
    #[serde(default)]
    pub(super) transaction_id: Text,
    /// Whether anything in it has to be shipped; newer shops say so.
    #[serde(default, deserialize_with = "spare::flag")]
    pub(super) needs_processing: Option<bool>,
    #[serde(deserialize_with = "spare::list")]
    pub(super) line_items: Vec<Line>,
    #[serde(default)]
    pub(super) tax_lines: Spare<Vec<TaxLine>>,
    #[serde(default)]
    pub(super) shipping_lines: Option<Vec<ChargeLine>>,
    #[serde(default)]
    pub(super) fee_lines: Option<Vec<ChargeLine>>,
    #[serde(default)]
    pub(super) coupon_lines: Spare<Vec<CouponLine>>,
    #[serde(default)]
    pub(super) refunds: Option<Vec<RefundSum>>,
}

/// The members of an order that the hub reads, for lists that would be too long with all of them.
pub(super) const FIELDS: &str = "id,number,status,currency,date_created_gmt,date_modified_gmt,\
    date_paid_gmt,date_completed_gmt,total,customer_id,customer_note,billing,shipping,\
    payment_method,transaction_id,needs_processing,line_items,tax_lines,shipping_lines,fee_lines,\
    coupon_lines,refunds";

/// The two answers that an order is looked up by once money of it went back, each in the shop's own bytes.
#[derive(Serialize)]
pub(super) struct Answers<'a> {
    pub(super) order: &'a RawValue,
    pub(super) refunds: &'a RawValue,
}

/// The same, to be read.
#[derive(Deserialize)]
pub(super) struct Whole {
    pub(super) order: Order,
    pub(super) refunds: Vec<Refund>,
}

/// A refund as an order states it: an amount below zero.
#[derive(Deserialize)]
pub(super) struct RefundSum {
    pub(super) id: Exact,
    pub(super) total: Exact,
}

/// A refund with what it is for.
#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    pub(super) id: Exact,
    pub(super) amount: Exact,
    #[serde(default)]
    pub(super) reason: Option<String>,
    #[serde(default)]
    pub(super) date_created_gmt: Option<String>,
    /// The shop's gateway has given the money back. A refund by hand never says so.
    #[serde(default)]
    pub(super) refunded_payment: Option<bool>,
    #[serde(default)]
    pub(super) line_items: Option<Vec<RefundLine>>,
}

/// The members of a refund that the hub reads.
pub(super) const REFUND_FIELDS: &str =
    "id,amount,reason,date_created_gmt,refunded_payment,line_items";

/// Units of a line that were refunded, as a number below zero. Its meta data name the line.
#[derive(Debug, Deserialize)]
pub(super) struct RefundLine {
    pub(super) quantity: Exact,
    #[serde(default)]
    pub(super) meta_data: Option<Vec<Meta>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Meta {
    #[serde(default)]
    pub(super) key: Option<String>,
    #[serde(default)]
    pub(super) value: Option<Value>,
}

/// What is left of an order that was deleted.
#[derive(Deserialize)]
pub(super) struct Deleted {
    pub(super) id: Exact,
}

#[derive(Deserialize)]
#[expect(
    clippy::struct_field_names,
    reason = "these are the members' own names"
)]
pub(super) struct Address {
    #[serde(default)]
    pub(super) first_name: Text,
    #[serde(default)]
    pub(super) last_name: Text,
    #[serde(default)]
    pub(super) company: Text,
    #[serde(default)]
    pub(super) address_1: Text,
    #[serde(default)]
    pub(super) address_2: Text,
    #[serde(default)]
    pub(super) city: Text,
    #[serde(default)]
    pub(super) state: Text,
    #[serde(default)]
    pub(super) postcode: Text,
    #[serde(default)]
    pub(super) country: Text,
    #[serde(default)]
    pub(super) email: Text,
    #[serde(default)]
    pub(super) phone: Text,
}

/// A line. Its amounts are those of all its units, without their taxes: `subtotal` before discounts,
/// `total` after them.
#[derive(Deserialize)]
pub(super) struct Line {
    pub(super) id: Exact,
    #[serde(default)]
    pub(super) name: Text,
    #[serde(default)]
    pub(super) product_id: Spare<Exact>,
    #[serde(default)]
    pub(super) variation_id: Spare<Exact>,
    #[serde(default)]
    pub(super) sku: Text,
    pub(super) quantity: Exact,
    #[serde(default)]
    pub(super) subtotal: Option<Exact>,
    pub(super) total: Exact,
    #[serde(default)]
    pub(super) total_tax: Option<Exact>,
    #[serde(default)]
    pub(super) taxes: Option<Vec<TaxShare>>,
}

/// What a line or a charge bears of one of the order's taxes.
#[derive(Deserialize)]
pub(super) struct TaxShare {
    #[serde(default)]
    pub(super) id: Option<Exact>,
    #[serde(default)]
    pub(super) total: Option<Exact>,
}

/// A tax of the order: its name, and its rate where newer shops state it.
#[derive(Deserialize)]
pub(super) struct TaxLine {
    #[serde(default)]
    pub(super) rate_id: Spare<Exact>,
    #[serde(default)]
    pub(super) label: Text,
    #[serde(default)]
    pub(super) rate_percent: Spare<Exact>,
}

/// A shipping charge (`method_title`) or a fee (`name`), without its taxes.
#[derive(Deserialize)]
pub(super) struct ChargeLine {
    #[serde(default)]
    pub(super) method_title: Text,
    #[serde(default)]
    pub(super) name: Text,
    pub(super) total: Exact,
    #[serde(default)]
    pub(super) total_tax: Option<Exact>,
    #[serde(default)]
    pub(super) taxes: Option<Vec<TaxShare>>,
}

#[derive(Deserialize)]
pub(super) struct CouponLine {
    #[serde(default)]
    pub(super) code: Text,
}
