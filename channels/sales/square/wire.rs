//! Square's webhooks and its order (Orders API, `Square-Version` in `rest`), as far as the hub reads them.
//! Amounts are whole numbers of the currency's smallest unit, quantities are decimals as text.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::spare::{self, Spare, Text};
use crate::wire::Exact;

/// A webhook: what has changed. An order is only named, a payment names its order.
#[derive(Deserialize)]
pub(super) struct Hook {
    #[serde(default)]
    pub(super) merchant_id: Option<String>,
    #[serde(rename = "type")]
    pub(super) topic: String,
    #[serde(default)]
    pub(super) data: Option<HookData>,
}

#[derive(Deserialize)]
pub(super) struct HookData {
    #[serde(default)]
    pub(super) object: Option<HookObject>,
}

/// The object stands under a name that differs from topic to topic.
#[derive(Deserialize)]
pub(super) struct HookObject {
    #[serde(
        default,
        alias = "order_created",
        alias = "order_updated",
        alias = "order_fulfillment_updated",
        alias = "payment",
        alias = "refund"
    )]
    pub(super) of: Option<Named>,
}

/// What names an order or a refund: a webhook's object, or an entry of a search.
#[derive(Deserialize)]
pub(super) struct Named {
    /// Of a payment or a refund: its own.
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) order_id: Option<String>,
    #[serde(default)]
    pub(super) location_id: Option<String>,
}

/// The answers that an order is looked up by, each in the vendor's own bytes.
#[derive(Serialize)]
pub(super) struct Answers<'a> {
    pub(super) order: &'a RawValue,
    pub(super) catalog: Vec<Box<RawValue>>,
}

/// The same, to be read.
#[derive(Deserialize)]
pub(super) struct Whole {
    pub(super) order: Order,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) catalog: Vec<CatalogObject>,
}

/// The answers that a refund is looked up by: itself, and the order whose payment it gives back. The order
/// that a refund names is one of its own.
#[derive(Serialize)]
pub(super) struct RefundAnswers<'a> {
    pub(super) refund: &'a RawValue,
    pub(super) order_id: Option<String>,
}

/// The same, to be read.
#[derive(Deserialize)]
pub(super) struct GivenBack {
    pub(super) refund: Refund,
    #[serde(default)]
    pub(super) order_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Refund {
    pub(super) id: String,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) location_id: Option<String>,
    pub(super) amount_money: Money,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
}

/// What a line was bought from. An order's line has no SKU of its own.
#[derive(Deserialize)]
pub(super) struct CatalogObject {
    pub(super) id: String,
    #[serde(default)]
    pub(super) item_variation_data: Option<Variation>,
}

#[derive(Deserialize)]
pub(super) struct Variation {
    #[serde(default)]
    pub(super) sku: Text,
}

/// An amount in the currency's smallest unit.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Money {
    #[serde(default)]
    pub(super) amount: i64,
    #[serde(default)]
    pub(super) currency: Option<String>,
}

/// An order.
#[derive(Deserialize)]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) location_id: String,
    #[serde(default)]
    pub(super) reference_id: Text,
    #[serde(default)]
    pub(super) customer_id: Text,
    #[serde(default)]
    pub(super) state: Option<String>,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
    #[serde(default)]
    pub(super) closed_at: Option<String>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) line_items: Vec<Line>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) returns: Vec<serde::de::IgnoredAny>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) taxes: Vec<OrderTax>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) service_charges: Vec<ServiceCharge>,
    #[serde(default)]
    pub(super) rounding_adjustment: Option<Rounding>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) fulfillments: Vec<Fulfillment>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) tenders: Vec<Tender>,
    pub(super) total_money: Money,
    #[serde(default)]
    pub(super) total_tip_money: Option<Money>,
    #[serde(default)]
    pub(super) net_amount_due_money: Option<Money>,
}

/// A line. Its amounts are those of all its units.
#[derive(Deserialize)]
pub(super) struct Line {
    pub(super) uid: String,
    #[serde(default)]
    pub(super) name: Text,
    #[serde(default)]
    pub(super) variation_name: Text,
    pub(super) quantity: Exact,
    #[serde(default)]
    pub(super) catalog_object_id: Text,
    #[serde(default)]
    pub(super) item_type: Text,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) applied_taxes: Vec<AppliedTax>,
    /// With taxes and charges, after discounts.
    pub(super) total_money: Money,
    #[serde(default)]
    pub(super) total_tax_money: Option<Money>,
    #[serde(default)]
    pub(super) total_discount_money: Option<Money>,
    /// The share of service charges that are spread over the lines.
    #[serde(default)]
    pub(super) total_service_charge_money: Option<Money>,
}

/// What a line bears of one of the order's taxes.
#[derive(Deserialize)]
pub(super) struct AppliedTax {
    #[serde(default)]
    pub(super) tax_uid: Text,
    #[serde(default)]
    pub(super) applied_money: Option<Money>,
}

/// A tax of the order: `ADDITIVE` comes on top, `INCLUSIVE` is in the price.
#[derive(Deserialize)]
pub(super) struct OrderTax {
    #[serde(default)]
    pub(super) uid: Text,
    #[serde(default)]
    pub(super) name: Text,
    #[serde(default, rename = "type")]
    pub(super) form: Option<String>,
    #[serde(default)]
    pub(super) percentage: Spare<Exact>,
}

#[derive(Deserialize)]
pub(super) struct ServiceCharge {
    #[serde(default)]
    pub(super) name: Text,
    /// Without taxes that come on top.
    #[serde(default)]
    pub(super) applied_money: Option<Money>,
    #[serde(default)]
    pub(super) total_money: Option<Money>,
    #[serde(default)]
    pub(super) total_tax_money: Option<Money>,
}

/// What cash was rounded by, either way.
#[derive(Deserialize)]
pub(super) struct Rounding {
    #[serde(default)]
    pub(super) amount_money: Option<Money>,
}

/// How a part of an order, or all of it, reaches the buyer later.
#[derive(Deserialize)]
pub(super) struct Fulfillment {
    #[serde(default, rename = "type")]
    pub(super) form: Option<String>,
    #[serde(default)]
    pub(super) state: Option<String>,
    #[serde(default)]
    pub(super) line_item_application: Option<String>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) entries: Vec<Entry>,
    #[serde(default)]
    pub(super) pickup_details: Option<Details>,
    #[serde(default)]
    pub(super) shipment_details: Option<Details>,
    #[serde(default)]
    pub(super) delivery_details: Option<Details>,
}

#[derive(Deserialize)]
pub(super) struct Entry {
    pub(super) line_item_uid: String,
    pub(super) quantity: Exact,
}

#[derive(Deserialize)]
pub(super) struct Details {
    #[serde(default)]
    pub(super) recipient: Spare<Recipient>,
    #[serde(default)]
    pub(super) note: Text,
    #[serde(default)]
    pub(super) shipping_note: Text,
}

#[derive(Deserialize)]
pub(super) struct Recipient {
    #[serde(default)]
    pub(super) display_name: Text,
    #[serde(default)]
    pub(super) email_address: Text,
    #[serde(default)]
    pub(super) phone_number: Text,
    #[serde(default)]
    pub(super) address: Spare<Address>,
}

#[derive(Deserialize)]
#[expect(
    clippy::struct_field_names,
    reason = "these are the members' own names"
)]
pub(super) struct Address {
    #[serde(default)]
    pub(super) address_line_1: Text,
    #[serde(default)]
    pub(super) address_line_2: Text,
    #[serde(default)]
    pub(super) locality: Text,
    #[serde(default)]
    pub(super) administrative_district_level_1: Text,
    #[serde(default)]
    pub(super) postal_code: Text,
    #[serde(default)]
    pub(super) country: Text,
}

/// How a part of an order was paid.
#[derive(Deserialize)]
pub(super) struct Tender {
    #[serde(default)]
    pub(super) payment_id: Option<String>,
    /// With the tip.
    #[serde(default)]
    pub(super) amount_money: Option<Money>,
    #[serde(default)]
    pub(super) card_details: Option<CardDetails>,
}

#[derive(Deserialize)]
pub(super) struct CardDetails {
    #[serde(default)]
    pub(super) status: Option<String>,
}
