//! Amazon's order of the Orders API v2026-01-01, as far as the hub reads it. Amounts are texts beside their
//! currency; what was not asked for, or may not be seen, is not there at all.

use serde::Deserialize;

use crate::spare::{self, Spare, Text};
use crate::wire::Exact;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    #[serde(rename = "orderId", deserialize_with = "spare::id")]
    pub(super) id: String,
    #[serde(default)]
    pub(super) created_time: Option<String>,
    #[serde(default)]
    pub(super) last_updated_time: Option<String>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) associated_orders: Vec<Associated>,
    #[serde(default)]
    pub(super) sales_channel: Option<SalesChannel>,
    #[serde(default)]
    pub(super) buyer: Spare<Buyer>,
    #[serde(default)]
    pub(super) recipient: Spare<Recipient>,
    #[serde(default)]
    pub(super) proceeds: Option<OrderProceeds>,
    #[serde(default)]
    pub(super) fulfillment: Option<OrderFulfillment>,
    #[serde(default, rename = "orderItems", deserialize_with = "spare::list")]
    pub(super) items: Vec<Item>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) packages: Vec<Package>,
}

impl Order {
    /// How far it is, in the channel's word.
    pub(super) fn status(&self) -> Option<&str> {
        Some(self.fulfillment.as_ref()?.status.as_str())
    }

    /// Whether the channel ships it itself.
    pub(super) fn is_by_amazon(&self) -> bool {
        let fulfillment = self.fulfillment.as_ref();
        fulfillment.and_then(|of| of.fulfilled_by.as_deref()) == Some("AMAZON")
    }

    /// Where it was sold.
    pub(super) fn marketplace(&self) -> Option<&str> {
        self.sales_channel.as_ref()?.marketplace_id.as_deref()
    }
}

impl Item {
    /// Whether all of it was cancelled: units that were are not counted any more.
    pub(super) fn is_gone(&self) -> bool {
        let ordered = self.quantity_ordered.decimal();
        ordered.is_some_and(|units| units.is_zero())
    }

    /// Whether the buyer wants it cancelled, and nobody has answered.
    pub(super) fn is_unwanted(&self) -> bool {
        let cancellation = self.cancellation.as_ref();
        cancellation.is_some_and(|of| of.request.is_some() && of.execution.is_none())
    }
}

/// Another order that this one replaces or is exchanged for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Associated {
    #[serde(default)]
    pub(super) association_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SalesChannel {
    #[serde(default)]
    pub(super) channel_name: Text,
    #[serde(default)]
    pub(super) marketplace_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Buyer {
    #[serde(default, rename = "buyerName")]
    pub(super) name: Text,
    #[serde(default, rename = "buyerEmail")]
    pub(super) email: Text,
    #[serde(default, rename = "buyerPurchaseOrderNumber")]
    pub(super) purchase_order: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recipient {
    #[serde(default)]
    pub(super) delivery_address: Spare<Address>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Address {
    #[serde(default)]
    pub(super) name: Text,
    #[serde(default)]
    pub(super) company_name: Text,
    #[serde(default, rename = "addressLine1")]
    pub(super) first_line: Text,
    #[serde(default, rename = "addressLine2")]
    pub(super) second_line: Text,
    #[serde(default, rename = "addressLine3")]
    pub(super) third_line: Text,
    #[serde(default)]
    pub(super) city: Text,
    #[serde(default)]
    pub(super) district_or_county: Text,
    #[serde(default)]
    pub(super) state_or_region: Text,
    #[serde(default)]
    pub(super) postal_code: Text,
    #[serde(default)]
    pub(super) country_code: Text,
    #[serde(default)]
    pub(super) phone: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Amount {
    pub(super) amount: Exact,
    #[serde(default)]
    pub(super) currency_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderProceeds {
    #[serde(default)]
    pub(super) grand_total: Option<Amount>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) breakdowns: Vec<Breakdown>,
}

/// A share of what the seller receives: `ITEM`, `SHIPPING`, `TAX`, `DISCOUNT`, ...
#[derive(Deserialize)]
pub(super) struct Breakdown {
    #[serde(rename = "type")]
    pub(super) form: String,
    pub(super) subtotal: Amount,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderFulfillment {
    #[serde(rename = "fulfillmentStatus")]
    pub(super) status: String,
    /// `AMAZON` or `MERCHANT`.
    #[serde(default)]
    pub(super) fulfilled_by: Option<String>,
    #[serde(default)]
    pub(super) ship_by_window: Spare<Window>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Window {
    #[serde(default)]
    pub(super) latest_date_time: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    #[serde(rename = "orderItemId", deserialize_with = "spare::id")]
    pub(super) id: String,
    pub(super) quantity_ordered: Exact,
    #[serde(default)]
    pub(super) measurement: Option<Measurement>,
    pub(super) product: Product,
    #[serde(default)]
    pub(super) proceeds: Option<ItemProceeds>,
    #[serde(default)]
    pub(super) cancellation: Option<Cancellation>,
    #[serde(default)]
    pub(super) fulfillment: Option<ItemFulfillment>,
}

/// What is sold by weight or length states its unit.
#[derive(Deserialize)]
pub(super) struct Measurement {
    pub(super) unit: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Product {
    #[serde(default)]
    pub(super) asin: Text,
    #[serde(default)]
    pub(super) title: Text,
    #[serde(default)]
    pub(super) seller_sku: Text,
    #[serde(default)]
    pub(super) price: Option<Price>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Price {
    #[serde(default)]
    pub(super) unit_price: Option<Amount>,
}

#[derive(Deserialize)]
pub(super) struct ItemProceeds {
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) breakdowns: Vec<Breakdown>,
}

/// Whether the buyer asked for a cancellation, and whether somebody carried it out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cancellation {
    #[serde(default, rename = "cancellationRequest")]
    pub(super) request: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "cancellationExecution")]
    pub(super) execution: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ItemFulfillment {
    #[serde(default)]
    pub(super) quantity_fulfilled: Option<Exact>,
    #[serde(default)]
    pub(super) packing: Spare<Packing>,
    #[serde(default)]
    pub(super) shipping: Option<Shipping>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Packing {
    #[serde(default)]
    pub(super) gift_option: Spare<Gift>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Gift {
    #[serde(default, rename = "giftMessage")]
    pub(super) message: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shipping {
    #[serde(default, rename = "shippingConstraints")]
    pub(super) constraints: Option<Constraints>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Constraints {
    /// `MANDATORY`: the money is collected at the door.
    #[serde(default)]
    pub(super) cash_on_delivery: Option<String>,
}

/// A parcel that the channel knows of.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Package {
    #[serde(default)]
    pub(super) tracking_number: Text,
}
