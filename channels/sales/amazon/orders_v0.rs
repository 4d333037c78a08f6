//! Amazon's order as the Orders API v0 states it (`getOrder` with the `OrderItems` of `getOrderItems` in it), told
//! in the words of v2026-01-01, so that one reader decides what it means. The hub itself asks for the newer one
//! only; Amazon names the members of both in its guide for moving from one to the other
//! (`developer-docs.amazon.com/sp-api/docs/orders-api-migration-guide`). Pure.
//!
//! The taxes on discounts are left out, as the newer API leaves them out: whether an order comes to its
//! stated total is looked at after that.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::port::Inbound;
use crate::sales::taken::{NotTaken, instant, not_yet, parse, unknown, unreadable};
use crate::sales::told::opaque_id;
use crate::spare::{self, Spare, Text};
use crate::wire::{Exact, code};

use orderhub_domain::order::ChannelFact;

/// A member that every order of this API has, and none of the newer one's.
pub(super) const ID: &str = "AmazonOrderId";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OlderOrder {
    amazon_order_id: String,
    #[serde(default)]
    purchase_date: Option<String>,
    #[serde(default)]
    last_update_date: Option<String>,
    /// Not there in what is only a part of an order: its address, its buyer, its items.
    #[serde(default)]
    order_status: Option<String>,
    /// `MFN` is the seller, `AFN` is Amazon.
    #[serde(default)]
    fulfillment_channel: Option<String>,
    #[serde(default)]
    sales_channel: Text,
    #[serde(default)]
    marketplace_id: Option<String>,
    #[serde(default)]
    order_total: Option<Amount>,
    #[serde(default)]
    payment_method: Option<String>,
    #[serde(default, deserialize_with = "spare::flag")]
    is_replacement_order: Option<bool>,
    #[serde(default)]
    latest_ship_date: Text,
    #[serde(default)]
    shipping_address: Spare<Destination>,
    #[serde(default)]
    buyer_info: Spare<Person>,
    #[serde(default)]
    order_items: Option<Vec<Sold>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Amount {
    #[serde(default)]
    currency_code: Option<String>,
    amount: Exact,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Destination {
    #[serde(default)]
    name: Text,
    #[serde(default)]
    company_name: Text,
    #[serde(default)]
    address_line1: Text,
    #[serde(default)]
    address_line2: Text,
    #[serde(default)]
    address_line3: Text,
    #[serde(default)]
    city: Text,
    #[serde(default)]
    county: Text,
    #[serde(default)]
    state_or_region: Text,
    #[serde(default)]
    postal_code: Text,
    #[serde(default)]
    country_code: Text,
    #[serde(default)]
    phone: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Person {
    #[serde(default)]
    buyer_name: Text,
    #[serde(default)]
    buyer_email: Text,
    #[serde(default)]
    purchase_order_number: Text,
}

/// An item; its amounts are those of all its units.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sold {
    #[serde(deserialize_with = "spare::id")]
    order_item_id: String,
    #[serde(default, rename = "ASIN")]
    asin: Text,
    #[serde(default, rename = "SellerSKU")]
    seller_sku: Text,
    #[serde(default)]
    title: Text,
    quantity_ordered: Exact,
    #[serde(default)]
    quantity_shipped: Option<Exact>,
    #[serde(default)]
    measurement: Option<Measurement>,
    #[serde(default)]
    item_price: Option<Amount>,
    #[serde(default)]
    item_tax: Option<Amount>,
    #[serde(default)]
    shipping_price: Option<Amount>,
    #[serde(default)]
    shipping_tax: Option<Amount>,
    #[serde(default)]
    shipping_discount: Option<Amount>,
    #[serde(default)]
    promotion_discount: Option<Amount>,
    #[serde(default, rename = "CODFee")]
    cod_fee: Option<Amount>,
    #[serde(default, rename = "CODFeeDiscount")]
    cod_fee_discount: Option<Amount>,
    #[serde(default)]
    buyer_info: Option<Wrapping>,
    #[serde(default)]
    buyer_requested_cancel: Option<Wish>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Measurement {
    unit: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wrapping {
    #[serde(default, rename = "GiftWrapPrice")]
    price: Option<Amount>,
    #[serde(default, rename = "GiftWrapTax")]
    tax: Option<Amount>,
    #[serde(default, rename = "GiftMessageText")]
    message: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wish {
    #[serde(default, deserialize_with = "spare::flag")]
    is_buyer_requested_cancel: Option<bool>,
}

/// What an order of this API comes to.
pub(super) enum Told {
    /// The order in the newer API's words.
    Whole(Vec<u8>),
    /// All that can be said without its items.
    Said(Inbound),
}

/// Whether a body is this API's, and not the newer one's.
pub(super) fn is_one(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Named {
        #[serde(rename = "AmazonOrderId")]
        _id: serde::de::IgnoredAny,
    }
    serde_json::from_slice::<Named>(body).is_ok()
}

/// The order that this API states.
pub(super) fn told(body: &[u8]) -> Result<Told, NotTaken> {
    let order: OlderOrder = parse(body)?;
    let Some(status) = order.order_status.as_deref() else {
        return Err(unknown("order:part_of_one"));
    };
    if let Some(items) = &order.order_items {
        return Ok(Told::Whole(
            whole(&order, status, items).to_string().into_bytes(),
        ));
    }
    match status {
        "Pending" => Err(not_yet("pending")),
        "PendingAvailability" => Err(not_yet("pending_availability")),
        "Canceled" => {
            let id = opaque_id(&order.amazon_order_id);
            let at = instant(order.last_update_date.as_ref(), "LastUpdateDate")?;
            Ok(Told::Said(Inbound::Said {
                order: id.ok_or_else(|| unreadable("AmazonOrderId"))?,
                facts: vec![ChannelFact::Cancelled { at }],
            }))
        }
        _ => Err(unknown("order:without_items")),
    }
}

fn whole(order: &OlderOrder, status: &str, items: &[Sold]) -> Value {
    let by = match order.fulfillment_channel.as_deref() {
        Some("MFN") => Some("MERCHANT"),
        Some("AFN") => Some("AMAZON"),
        other => other,
    };
    let status = match status {
        "PendingAvailability" => "PENDING_AVAILABILITY".to_owned(),
        "PartiallyShipped" => "PARTIALLY_SHIPPED".to_owned(),
        "Canceled" => "CANCELLED".to_owned(),
        other => code(other).unwrap_or_default().to_ascii_uppercase(),
    };
    let replaces = order.is_replacement_order == Some(true);
    let replaces = replaces.then(|| json!({ "associationType": "REPLACEMENT_ORIGINAL_ID" }));
    let at_the_door = order.payment_method.as_deref() == Some("COD");
    let buyer = order.buyer_info.as_ref();
    json!({
        "orderId": order.amazon_order_id,
        "createdTime": order.purchase_date,
        "lastUpdatedTime": order.last_update_date,
        "associatedOrders": replaces.into_iter().collect::<Vec<_>>(),
        "salesChannel": {
            "channelName": *order.sales_channel, "marketplaceId": order.marketplace_id,
        },
        "buyer": buyer.map(|buyer| json!({
            "buyerName": *buyer.buyer_name, "buyerEmail": *buyer.buyer_email,
            "buyerPurchaseOrderNumber": *buyer.purchase_order_number,
        })),
        "recipient": { "deliveryAddress": order.shipping_address.as_ref().map(address) },
        "proceeds": { "grandTotal": order.order_total.as_ref().map(amount) },
        "fulfillment": {
            "fulfillmentStatus": status, "fulfilledBy": by,
            "shipByWindow": { "latestDateTime": *order.latest_ship_date },
        },
        "orderItems": items.iter().map(|one| item(one, at_the_door)).collect::<Vec<_>>(),
    })
}

fn address(at: &Destination) -> Value {
    json!({
        "name": *at.name, "companyName": *at.company_name,
        "addressLine1": *at.address_line1, "addressLine2": *at.address_line2,
        "addressLine3": *at.address_line3, "city": *at.city, "districtOrCounty": *at.county,
        "stateOrRegion": *at.state_or_region, "postalCode": *at.postal_code,
        "countryCode": *at.country_code, "phone": *at.phone,
    })
}

fn amount(money: &Amount) -> Value {
    json!({ "amount": money.amount.0, "currencyCode": money.currency_code })
}

fn item(item: &Sold, at_the_door: bool) -> Value {
    let wrapping = item.buyer_info.as_ref();
    let wrap = |of: fn(&Wrapping) -> Option<&Amount>| wrapping.and_then(of);
    let parts = [
        ("ITEM", item.item_price.as_ref()),
        ("SHIPPING", item.shipping_price.as_ref()),
        ("GIFT_WRAP", wrap(|of| of.price.as_ref())),
        ("COD_FEE", item.cod_fee.as_ref()),
        ("TAX", item.item_tax.as_ref()),
        ("TAX", item.shipping_tax.as_ref()),
        ("TAX", wrap(|of| of.tax.as_ref())),
        ("DISCOUNT", item.promotion_discount.as_ref()),
        ("DISCOUNT", item.shipping_discount.as_ref()),
        ("DISCOUNT", item.cod_fee_discount.as_ref()),
    ];
    let part = |(form, money): (&str, Option<&Amount>)| {
        Some(json!({ "type": form, "subtotal": amount(money?) }))
    };
    let parts: Vec<Value> = parts.into_iter().filter_map(part).collect();
    let wish = item.buyer_requested_cancel.as_ref();
    let unwanted = wish.is_some_and(|wish| wish.is_buyer_requested_cancel == Some(true));
    let message = wrapping.and_then(|of| of.message.as_ref());
    json!({
        "orderItemId": item.order_item_id,
        "quantityOrdered": item.quantity_ordered.0,
        "measurement": item.measurement.as_ref().map(|of| json!({ "unit": measure(&of.unit) })),
        "product": {
            "asin": *item.asin, "title": *item.title, "sellerSku": *item.seller_sku,
        },
        "proceeds": { "breakdowns": parts },
        "cancellation": { "cancellationRequest": unwanted.then(|| json!({})) },
        "fulfillment": {
            "quantityFulfilled": item.quantity_shipped.as_ref().map(|units| &units.0),
            "packing": { "giftOption": { "giftMessage": message } },
            "shipping": { "shippingConstraints": {
                "cashOnDelivery": at_the_door.then_some("MANDATORY"),
            } },
        },
    })
}

/// The unit of what is counted; whatever else is measured keeps its own.
fn measure(unit: &str) -> String {
    match unit {
        "Count" => "COUNT".to_owned(),
        other => other.to_owned(),
    }
}
