//! A sale of Lightspeed Retail (X-Series), as the API of 2026-07 states it, with what hangs on it. Amounts are
//! numbers in major units, some with more decimals than the currency has.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::spare::{self, Spare, Text};
use crate::wire::Exact;

/// The answers that a sale is looked up by, each in the vendor's own bytes.
#[derive(Serialize)]
pub(super) struct Answers<'a> {
    pub(super) sale: &'a RawValue,
    pub(super) retailer: &'a RawValue,
    pub(super) customer: Option<Box<RawValue>>,
    pub(super) addresses: Vec<Box<RawValue>>,
    pub(super) fulfillments: Vec<Box<RawValue>>,
    pub(super) products: Vec<Box<RawValue>>,
}

/// The same, to be read.
#[derive(Deserialize)]
pub(super) struct Whole {
    pub(super) sale: Sale,
    pub(super) retailer: Retailer,
    #[serde(default)]
    pub(super) customer: Spare<Customer>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) addresses: Vec<Address>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) fulfillments: Vec<Fulfillment>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) products: Vec<Product>,
}

#[derive(Deserialize)]
pub(super) struct Retailer {
    #[serde(default)]
    pub(super) currency: Option<RetailerCurrency>,
    /// What a discount on a whole sale is sold as.
    #[serde(default)]
    pub(super) discount_product_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RetailerCurrency {
    #[serde(default)]
    pub(super) code: Option<String>,
}

/// A sale.
#[derive(Deserialize)]
pub(super) struct Sale {
    #[serde(deserialize_with = "spare::id")]
    pub(super) id: String,
    pub(super) state: String,
    #[serde(default)]
    pub(super) attributes: Option<Vec<String>>,
    #[serde(default)]
    pub(super) date: Option<String>,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
    #[serde(default)]
    pub(super) deleted_at: Option<String>,
    #[serde(default)]
    pub(super) receipt_number: Spare<Exact>,
    #[serde(default)]
    pub(super) note: Text,
    #[serde(default)]
    pub(super) source: Option<Source>,
    #[serde(default, rename = "return")]
    pub(super) returned: Option<Return>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) line_items: Vec<Line>,
    #[serde(default)]
    pub(super) payments: Option<Vec<Payment>>,
    #[serde(default)]
    pub(super) adjustments: Option<Vec<Adjustment>>,
    #[serde(default)]
    pub(super) ecom_custom_charges: Option<Vec<CustomCharge>>,
    pub(super) totals: Totals,
}

#[derive(Deserialize)]
pub(super) struct Source {
    #[serde(default)]
    pub(super) outlet_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Return {
    #[serde(default, deserialize_with = "spare::flag")]
    pub(super) is_return: Option<bool>,
    /// Of a sale: the one that it takes things back of.
    #[serde(default)]
    pub(super) original_sale_id: Option<String>,
}

/// A line. Its totals are those of all its units, without their taxes and after its discount.
#[derive(Deserialize)]
pub(super) struct Line {
    #[serde(deserialize_with = "spare::id")]
    pub(super) id: String,
    pub(super) quantity: Exact,
    #[serde(default)]
    pub(super) product: Option<Named>,
    pub(super) pricing: Pricing,
    #[serde(default)]
    pub(super) tax: Option<LineTax>,
    #[serde(default)]
    pub(super) gift_card_number: Option<String>,
    #[serde(default, rename = "return")]
    pub(super) returned: Option<Return>,
}

#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(default)]
    pub(super) id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Pricing {
    pub(super) total: Exact,
    #[serde(default)]
    pub(super) discount_total: Option<Exact>,
}

#[derive(Deserialize)]
pub(super) struct LineTax {
    #[serde(default)]
    pub(super) total: Option<Exact>,
}

#[derive(Deserialize)]
pub(super) struct Payment {
    #[serde(default)]
    pub(super) id: Text,
    pub(super) amount: Exact,
    #[serde(default)]
    pub(super) date: Option<String>,
    #[serde(default)]
    pub(super) deleted_at: Option<String>,
}

/// What is charged, or taken off, beside the lines.
#[derive(Deserialize)]
pub(super) struct Adjustment {
    #[serde(default)]
    pub(super) name: Text,
    #[serde(default)]
    pub(super) total: Option<Exact>,
    #[serde(default)]
    pub(super) tax_components: Option<Vec<TaxPart>>,
}

#[derive(Deserialize)]
pub(super) struct TaxPart {
    #[serde(default)]
    pub(super) total_tax: Option<Exact>,
}

/// A charge of the web shop: shipping, most of the time.
#[derive(Deserialize)]
pub(super) struct CustomCharge {
    #[serde(default)]
    pub(super) name: Text,
    #[serde(default)]
    pub(super) total: Option<Exact>,
    #[serde(default)]
    pub(super) total_tax: Option<Exact>,
}

#[derive(Deserialize)]
pub(super) struct Totals {
    #[serde(default)]
    pub(super) price: Option<Exact>,
    #[serde(default)]
    pub(super) price_incl_tax: Option<Exact>,
    #[serde(default)]
    pub(super) tax: Option<Exact>,
}

#[derive(Deserialize)]
pub(super) struct Product {
    #[serde(deserialize_with = "spare::id")]
    pub(super) id: String,
    #[serde(default)]
    pub(super) sku: Text,
    #[serde(default)]
    pub(super) name: Text,
    #[serde(default)]
    pub(super) variant_name: Text,
    #[serde(default, deserialize_with = "spare::flag")]
    pub(super) has_inventory: Option<bool>,
}

/// Units of a sale that are dispatched or picked up later, at one outlet.
#[derive(Deserialize)]
pub(super) struct Fulfillment {
    #[serde(default, rename = "type")]
    pub(super) form: Option<String>,
    #[serde(default)]
    pub(super) shipping_address_id: Spare<Exact>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) line_items: Vec<FulfillmentLine>,
}

#[derive(Deserialize)]
pub(super) struct FulfillmentLine {
    #[serde(deserialize_with = "spare::id")]
    pub(super) sale_line_item_id: String,
    pub(super) quantity: Exact,
    pub(super) fulfilled_quantity: Exact,
}

#[derive(Deserialize)]
pub(super) struct Customer {
    #[serde(default)]
    pub(super) id: Text,
    #[serde(default)]
    pub(super) first_name: Text,
    #[serde(default)]
    pub(super) last_name: Text,
    #[serde(default)]
    pub(super) company_name: Text,
    #[serde(default)]
    pub(super) email: Text,
    #[serde(default)]
    pub(super) phone: Text,
    #[serde(default)]
    pub(super) mobile: Text,
    #[serde(default)]
    pub(super) physical_address_1: Text,
    #[serde(default)]
    pub(super) physical_address_2: Text,
    #[serde(default)]
    pub(super) physical_city: Text,
    #[serde(default)]
    pub(super) physical_postcode: Text,
    #[serde(default)]
    pub(super) physical_state: Text,
    #[serde(default)]
    pub(super) physical_country_id: Text,
}

/// One of a customer's addresses.
#[derive(Deserialize)]
#[expect(
    clippy::struct_field_names,
    reason = "these are the members' own names"
)]
pub(super) struct Address {
    pub(super) id: Exact,
    #[serde(default)]
    pub(super) address_line_1: Text,
    #[serde(default)]
    pub(super) address_line_2: Text,
    #[serde(default)]
    pub(super) city: Text,
    #[serde(default)]
    pub(super) state: Text,
    #[serde(default)]
    pub(super) state_code: Text,
    #[serde(default)]
    pub(super) postcode: Text,
    #[serde(default)]
    pub(super) country_code: Text,
}
