//! Shopify's order, as far as the hub reads it. Amounts are texts in newer versions and numbers in
//! some places of older ones; ids are numbers of 64 bits that some senders have rounded, beside a
//! gid that is a text and right.

use serde::Deserialize;

use crate::spare::{self, Spare, Text};
use crate::wire::Exact;

/// An order.
#[derive(Deserialize)]
pub(super) struct Order {
    #[serde(default)]
    pub(super) id: Option<Exact>,
    #[serde(default)]
    pub(super) admin_graphql_api_id: Option<String>,
    #[serde(default)]
    pub(super) name: Text,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) processed_at: Option<String>,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
    #[serde(default)]
    pub(super) cancelled_at: Option<String>,
    pub(super) currency: String,
    #[serde(default, deserialize_with = "spare::flag")]
    pub(super) taxes_included: Option<bool>,
    #[serde(default, deserialize_with = "spare::flag")]
    pub(super) test: Option<bool>,
    /// Where it was bought: `web`, `pos`, or the name of an app.
    #[serde(default)]
    pub(super) source_name: Option<String>,
    pub(super) total_price: Exact,
    #[serde(default)]
    pub(super) total_price_set: Option<MoneySet>,
    #[serde(default)]
    pub(super) total_outstanding: Option<Exact>,
    #[serde(default)]
    pub(super) total_discounts: Option<Exact>,
    #[serde(default)]
    pub(super) total_tax: Option<Exact>,
    #[serde(default)]
    pub(super) total_tip_received: Option<Exact>,
    #[serde(default)]
    pub(super) original_total_duties_set: Option<MoneySet>,
    #[serde(default)]
    pub(super) original_total_additional_fees_set: Option<MoneySet>,
    #[serde(default)]
    pub(super) financial_status: Option<String>,
    #[serde(default)]
    pub(super) email: Text,
    #[serde(default)]
    pub(super) contact_email: Text,
    #[serde(default)]
    pub(super) phone: Text,
    #[serde(default)]
    pub(super) note: Text,
    #[serde(default)]
    pub(super) note_attributes: Option<Vec<NoteAttribute>>,
    #[serde(default)]
    pub(super) discount_codes: Spare<Vec<DiscountCode>>,
    #[serde(default)]
    pub(super) customer: Spare<Customer>,
    #[serde(default)]
    pub(super) shipping_address: Spare<Address>,
    #[serde(default)]
    pub(super) billing_address: Spare<Address>,
    #[serde(deserialize_with = "spare::list")]
    pub(super) line_items: Vec<Line>,
    #[serde(default)]
    pub(super) shipping_lines: Option<Vec<ShippingLine>>,
    #[serde(default)]
    pub(super) fulfillments: Option<Vec<Fulfillment>>,
    #[serde(default)]
    pub(super) refunds: Option<Vec<Refund>>,
}

/// An amount in the shop's and in the buyer's currency.
#[derive(Deserialize)]
pub(super) struct MoneySet {
    pub(super) shop_money: Amount,
    #[serde(default)]
    pub(super) presentment_money: Option<Amount>,
}

#[derive(Deserialize)]
pub(super) struct Amount {
    pub(super) amount: Exact,
    #[serde(default)]
    pub(super) currency_code: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct NoteAttribute {
    #[serde(default)]
    pub(super) name: Text,
    #[serde(default)]
    pub(super) value: Option<serde_json::Value>,
}

#[derive(Deserialize)]
pub(super) struct DiscountCode {
    #[serde(default)]
    pub(super) code: Text,
}

#[derive(Deserialize)]
pub(super) struct Customer {
    #[serde(default)]
    pub(super) id: Spare<Exact>,
    #[serde(default)]
    pub(super) admin_graphql_api_id: Text,
    #[serde(default)]
    pub(super) first_name: Text,
    #[serde(default)]
    pub(super) last_name: Text,
    #[serde(default)]
    pub(super) email: Text,
    #[serde(default)]
    pub(super) phone: Text,
}

#[derive(Deserialize)]
pub(super) struct Address {
    #[serde(default)]
    pub(super) name: Text,
    #[serde(default)]
    pub(super) first_name: Text,
    #[serde(default)]
    pub(super) last_name: Text,
    #[serde(default)]
    pub(super) company: Text,
    #[serde(default)]
    pub(super) address1: Text,
    #[serde(default)]
    pub(super) address2: Text,
    #[serde(default)]
    pub(super) city: Text,
    #[serde(default)]
    pub(super) zip: Text,
    #[serde(default)]
    pub(super) province: Text,
    #[serde(default)]
    pub(super) province_code: Text,
    #[serde(default)]
    pub(super) country_code: Text,
    #[serde(default)]
    pub(super) phone: Text,
}

/// A line.
#[derive(Deserialize)]
pub(super) struct Line {
    #[serde(default)]
    pub(super) id: Option<Exact>,
    #[serde(default)]
    pub(super) admin_graphql_api_id: Option<String>,
    #[serde(default)]
    pub(super) sku: Text,
    #[serde(default)]
    pub(super) variant_id: Spare<Exact>,
    #[serde(default)]
    pub(super) name: Text,
    #[serde(default)]
    pub(super) title: Text,
    pub(super) quantity: Exact,
    /// Without the units that were taken out, by an edit, a refund or a return.
    #[serde(default)]
    pub(super) current_quantity: Option<Exact>,
    /// Units that the shop still waits for.
    #[serde(default)]
    pub(super) fulfillable_quantity: Option<Exact>,
    pub(super) price: Exact,
    #[serde(default)]
    pub(super) total_discount: Option<Exact>,
    #[serde(default)]
    pub(super) discount_allocations: Option<Vec<Allocation>>,
    #[serde(default)]
    pub(super) tax_lines: Option<Vec<TaxLine>>,
    #[serde(default)]
    pub(super) grams: Spare<Exact>,
    #[serde(default, deserialize_with = "spare::flag")]
    pub(super) gift_card: Option<bool>,
    #[serde(default, deserialize_with = "spare::flag")]
    pub(super) requires_shipping: Option<bool>,
    #[serde(default)]
    pub(super) fulfillment_status: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Allocation {
    pub(super) amount: Exact,
}

#[derive(Deserialize)]
pub(super) struct TaxLine {
    #[serde(default)]
    pub(super) title: Text,
    #[serde(default)]
    pub(super) rate: Spare<Exact>,
    pub(super) price: Exact,
}

#[derive(Deserialize)]
pub(super) struct ShippingLine {
    #[serde(default)]
    pub(super) title: Text,
    pub(super) price: Exact,
    #[serde(default)]
    pub(super) discounted_price: Option<Exact>,
    #[serde(default)]
    pub(super) discount_allocations: Option<Vec<Allocation>>,
    #[serde(default)]
    pub(super) tax_lines: Option<Vec<TaxLine>>,
    #[serde(default, deserialize_with = "spare::flag")]
    pub(super) is_removed: Option<bool>,
}

/// What has left.
#[derive(Deserialize)]
pub(super) struct Fulfillment {
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) line_items: Option<Vec<Units>>,
}

/// Units of a line of the order.
#[derive(Deserialize)]
pub(super) struct Units {
    #[serde(default)]
    pub(super) id: Option<Exact>,
    #[serde(default)]
    pub(super) admin_graphql_api_id: Option<String>,
    #[serde(default)]
    pub(super) quantity: Option<Exact>,
}

/// Units that were taken back and money that was given back: in an order, or pushed by itself.
#[derive(Deserialize)]
pub(super) struct Refund {
    #[serde(default)]
    pub(super) order_id: Option<Exact>,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) total_duties_set: Option<MoneySet>,
    #[serde(default, rename = "refund_line_items")]
    pub(super) lines: Option<Vec<RefundLine>>,
    #[serde(default)]
    pub(super) transactions: Option<Vec<Transaction>>,
}

#[derive(Deserialize)]
pub(super) struct RefundLine {
    #[serde(default)]
    pub(super) line_item_id: Option<Exact>,
    #[serde(default)]
    pub(super) line_item: Option<Units>,
    pub(super) quantity: Exact,
    /// `cancel` before it was sent, `return` after, `no_restock` either.
    #[serde(default)]
    pub(super) restock_type: Option<String>,
    #[serde(default)]
    pub(super) subtotal_set: Option<MoneySet>,
}

/// A movement of money, in the currency that the buyer pays in.
#[derive(Deserialize)]
pub(super) struct Transaction {
    #[serde(default)]
    pub(super) id: Option<Exact>,
    #[serde(default)]
    pub(super) admin_graphql_api_id: Option<String>,
    #[serde(default)]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) status: Option<String>,
    pub(super) amount: Exact,
    #[serde(default)]
    pub(super) currency: Option<String>,
    #[serde(default)]
    pub(super) processed_at: Option<String>,
}

/// What is left of an order that was deleted.
#[derive(Deserialize)]
pub(super) struct Deleted {
    #[serde(default)]
    pub(super) id: Option<Exact>,
    #[serde(default)]
    pub(super) admin_graphql_api_id: Option<String>,
}
