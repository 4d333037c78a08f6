//! TikTok Shop's webhooks and orders (202309), as far as the hub reads them. Amounts are texts, times are Unix
//! seconds, ids have up to 20 digits. A line item is one unit.

use serde::Deserialize;

use crate::spare::{self, Spare, Text};
use crate::wire::Exact;

/// A webhook, which only names an order.
#[derive(Deserialize)]
pub(super) struct Hook {
    #[serde(rename = "type")]
    pub(super) form: Exact,
    #[serde(default)]
    pub(super) shop_id: Option<Exact>,
    #[serde(default)]
    pub(super) data: Option<Named>,
}

/// Which orders a webhook is about: one, or those of packages.
#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(default)]
    pub(super) order_id: Option<Exact>,
    #[serde(default, rename = "order_id_list", deserialize_with = "spare::list")]
    pub(super) order_ids: Vec<Exact>,
    #[serde(default, rename = "package_list", deserialize_with = "spare::list")]
    pub(super) packages: Vec<OfPackage>,
}

#[derive(Deserialize)]
pub(super) struct OfPackage {
    #[serde(default, rename = "order_id_list", deserialize_with = "spare::list")]
    pub(super) order_ids: Vec<Exact>,
}

#[derive(Deserialize)]
pub(super) struct Order {
    #[serde(deserialize_with = "spare::id")]
    pub(super) id: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) create_time: Option<Exact>,
    #[serde(default)]
    pub(super) update_time: Option<Exact>,
    #[serde(default)]
    pub(super) cancel_time: Option<Exact>,
    #[serde(default)]
    pub(super) user_id: Text,
    #[serde(default)]
    pub(super) buyer_email: Text,
    #[serde(default)]
    pub(super) buyer_message: Text,
    /// `FULFILLMENT_BY_SELLER`, or whose warehouse it is.
    #[serde(default)]
    pub(super) fulfillment_type: Option<String>,
    /// `SELLER`: with a label of ours; `TIKTOK`: with one of the channel's.
    #[serde(default)]
    pub(super) shipping_type: Option<String>,
    #[serde(default)]
    pub(super) delivery_option_id: Option<Exact>,
    #[serde(default, deserialize_with = "spare::flag")]
    pub(super) is_cod: Option<bool>,
    #[serde(default, deserialize_with = "spare::flag")]
    pub(super) is_buyer_request_cancel: Option<bool>,
    #[serde(default)]
    pub(super) payment: Option<Payment>,
    #[serde(default)]
    pub(super) recipient_address: Spare<Recipient>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) line_items: Vec<Unit>,
}

#[derive(Deserialize)]
pub(super) struct Payment {
    pub(super) currency: String,
    #[serde(default)]
    pub(super) total_amount: Option<Exact>,
    /// What the buyer pays for it, all discounts taken off.
    #[serde(default)]
    pub(super) shipping_fee: Option<Exact>,
    #[serde(default)]
    pub(super) shipping_fee_tax: Option<Exact>,
    #[serde(default)]
    pub(super) tax: Option<Exact>,
    #[serde(default)]
    pub(super) small_order_fee: Option<Exact>,
    #[serde(default)]
    pub(super) buyer_service_fee: Option<Exact>,
    #[serde(default)]
    pub(super) retail_delivery_fee: Option<Exact>,
    #[serde(default)]
    pub(super) handling_fee: Option<Exact>,
    #[serde(default)]
    pub(super) item_insurance_fee: Option<Exact>,
    #[serde(default)]
    pub(super) shipping_insurance_fee: Option<Exact>,
}

#[derive(Deserialize)]
pub(super) struct Recipient {
    #[serde(default)]
    pub(super) name: Text,
    #[serde(default)]
    pub(super) phone_number: Text,
    #[serde(default)]
    pub(super) address_line1: Text,
    #[serde(default)]
    pub(super) address_line2: Text,
    #[serde(default)]
    pub(super) address_line3: Text,
    #[serde(default)]
    pub(super) address_line4: Text,
    /// The street in one text.
    #[serde(default)]
    pub(super) address_detail: Text,
    /// All of it in one text.
    #[serde(default)]
    pub(super) full_address: Text,
    #[serde(default)]
    pub(super) postal_code: Text,
    /// In the United Kingdom only.
    #[serde(default)]
    pub(super) post_town: Text,
    #[serde(default)]
    pub(super) region_code: Text,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) district_info: Vec<District>,
}

/// A part of an address, from the country (`L0`) down.
#[derive(Deserialize)]
pub(super) struct District {
    #[serde(default, rename = "address_level")]
    pub(super) level: Text,
    /// What such a part is called there: `State`, `City`, ...
    #[serde(default, rename = "address_level_name")]
    pub(super) called: Text,
    #[serde(default, rename = "address_name")]
    pub(super) name: Text,
}

/// One unit of what was bought.
#[derive(Deserialize)]
pub(super) struct Unit {
    #[serde(deserialize_with = "spare::id")]
    pub(super) id: String,
    #[serde(default)]
    pub(super) sku_id: Option<Exact>,
    #[serde(default)]
    pub(super) seller_sku: Text,
    #[serde(default)]
    pub(super) product_name: Text,
    #[serde(default)]
    pub(super) sku_name: Text,
    #[serde(default)]
    pub(super) original_price: Option<Exact>,
    /// What the buyer pays, all discounts taken off.
    #[serde(default)]
    pub(super) sale_price: Option<Exact>,
    #[serde(default)]
    pub(super) platform_discount: Option<Exact>,
    #[serde(default)]
    pub(super) display_status: Option<String>,
    #[serde(default, deserialize_with = "spare::flag")]
    pub(super) is_gift: Option<bool>,
    #[serde(default)]
    pub(super) tracking_number: Text,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) item_tax: Vec<ItemTax>,
}

#[derive(Deserialize)]
pub(super) struct ItemTax {
    #[serde(default)]
    pub(super) tax_amount: Option<Exact>,
}
