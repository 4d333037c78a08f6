//! TikTok Shop's objects as its Open API 202309 describes them: answers are wrapped, amounts are texts, times
//! are seconds, and a line item is one unit. Prices contain their taxes.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::sim::courier::Letter;
use crate::sim::goods::{Line, decimal, person};
use crate::sim::ledger::Sale;
use crate::sim::server::Reply;

/// The one way of delivery, and the one warehouse.
pub(super) const DELIVERY: &str = "7091146663229654785";
pub(super) const WAREHOUSE: &str = "7068517275539719942";

/// Carriers that the network knows.
const PROVIDERS: [(&str, &str); 4] = [
    ("7117858858072016686", "USPS"),
    ("7117859084333745966", "UPS"),
    ("7129720299146184490", "FedEx"),
    ("7212608507307099946", "DHL"),
];

/// An answer's body that says no, and its number.
pub(super) fn code(number: i64, message: &str) -> Value {
    json!({ "code": number, "message": message, "request_id": "sim", "data": null })
}

/// An answer that says yes.
pub(super) fn done(data: &Value) -> Reply {
    let body = json!({ "code": 0, "message": "Success", "request_id": "sim", "data": data });
    Reply::new(200, body)
}

/// The carriers, as they are asked for.
pub(super) fn providers() -> Value {
    let known = PROVIDERS.iter();
    let known = known.map(|(id, name)| json!({ "id": id, "name": name }));
    json!({ "shipping_providers": known.collect::<Vec<_>>() })
}

/// The carrier with this id.
pub(super) fn provider(id: &str) -> Option<&'static str> {
    let known = PROVIDERS.iter().find(|(known, _)| *known == id);
    known.map(|(_, name)| *name)
}

/// The product at this place of what is sold, and back.
pub(super) fn product_id(place: u64) -> String {
    (1_728_000_000_000_000_000 + place).to_string()
}

/// The place of a product.
pub(super) fn product_place(id: &str) -> Option<u64> {
    let id: u64 = id.parse().ok()?;
    id.checked_sub(1_728_000_000_000_000_000)
}

/// The network's id of a SKU.
pub(super) fn sku_id(sku: &str) -> String {
    let named = sku.bytes().fold(0_u64, |hash, byte| {
        hash.wrapping_mul(131).wrapping_add(u64::from(byte))
    });
    (1_729_000_000_000_000_000 + named % 100_000_000_000).to_string()
}

/// The place in a list behind this order.
pub(super) fn page_token(sale: &Sale) -> String {
    format!("{}-{}", sale.changed_at.as_nanosecond(), sale.id)
}

/// The place that a token names.
pub(super) fn place(token: &str) -> Option<(Timestamp, u64)> {
    let (at, id) = token.split_once('-')?;
    let at = Timestamp::from_nanosecond(at.parse().ok()?).ok()?;
    Some((at, id.parse().ok()?))
}

/// The id of the package that an order's next parcel becomes.
pub(super) fn package_id(sale: &Sale) -> String {
    (sale.id * 100 + sale.parcels.len() as u64).to_string()
}

/// Units and the lines that they are of, each with its place in the order.
fn units(sale: &Sale) -> impl Iterator<Item = (u64, &Line)> {
    let units = sale.lines.iter().flat_map(|line| {
        let units = usize::try_from(line.quantity).unwrap_or_default();
        std::iter::repeat_n(line, units)
    });
    (0_u64..).zip(units)
}

fn unit_id(sale: &Sale, place: u64) -> String {
    (sale.id * 100 + place).to_string()
}

/// The place of the unit with this id.
pub(super) fn unit(sale: &Sale, id: &str) -> Option<u64> {
    let mut units = units(sale).map(|(place, _)| place);
    units.find(|place| unit_id(sale, *place) == id)
}

/// An order's status.
pub(super) fn status(sale: &Sale) -> &'static str {
    let (all, left) = (
        units(sale).count(),
        sale.parcels.iter().flat_map(|parcel| &parcel.units).count(),
    );
    match sale.cancelled {
        Some(_) => "CANCELLED",
        None if left == 0 => "AWAITING_SHIPMENT",
        None if left < all => "PARTIALLY_SHIPPING",
        None => "IN_TRANSIT",
    }
}

/// What letters about a wish to cancel are about; the others are about an order's status.
pub(super) const CANCELLATION: &str = "cancellation";

/// A buyer's wish not to get an order, as its webhook says it.
pub(super) fn wish(sale: &Sale) -> Value {
    json!({
        "order_id": sale.id.to_string(), "cancel_id": format!("{}1", sale.id),
        "cancel_status": "CANCELLATION_REQUEST_PENDING", "cancellations_role": "BUYER",
        "create_time": sale.changed_at.as_second(),
    })
}

/// The webhook that a letter becomes: of a change of status, or of a cancellation's.
pub(super) fn hook(shop: &str, letter: &Letter, now: Timestamp) -> String {
    let data: Value = serde_json::from_str(&letter.body).unwrap_or_default();
    let form = if letter.topic == CANCELLATION { 11 } else { 1 };
    let number = 7_300_000_000_000_000_000 + letter.number;
    json!({
        "type": form, "tts_notification_id": number.to_string(),
        "shop_id": shop, "timestamp": now.as_second(), "data": data,
    })
    .to_string()
}

/// An order as it is now.
pub(super) fn order(sale: &Sale) -> Value {
    let [first, last, street, zip, city] = person(sale.buyer);
    let name = format!("{first} {last}");
    let units: Vec<Value> = units(sale)
        .map(|(place, line)| item(sale, place, line))
        .collect();
    let cancelled = sale.cancelled.as_ref();
    let district = |level: &str, called: &str, name: &str| json!({ "address_level": level, "address_level_name": called, "address_name": name });
    json!({
        "id": sale.id.to_string(), "status": status(sale), "user_id": (7_490_000_000_000_000_000 + sale.buyer).to_string(),
        "create_time": sale.placed_at.as_second(), "update_time": sale.changed_at.as_second(),
        "paid_time": sale.placed_at.as_second(),
        "cancel_time": cancelled.map(|cancelled| cancelled.at.as_second()),
        "cancel_reason": cancelled.map(|cancelled| cancelled.reason.as_str()),
        "cancellation_initiator": cancelled.map(|it| if it.by_buyer { "BUYER" } else { "SELLER" }),
        "buyer_email": format!("{:x}@scs.tiktok.example", sale.buyer), "buyer_message": "",
        "fulfillment_type": "FULFILLMENT_BY_SELLER", "shipping_type": "SELLER",
        "delivery_option_id": DELIVERY, "warehouse_id": WAREHOUSE, "is_cod": false,
        "is_on_hold_order": false, "is_sample_order": false,
        "is_buyer_request_cancel": sale.is_asked_for(),
        "payment_method_name": "Visa",
        "payment": {
            "currency": "EUR", "sub_total": decimal(sale.goods()),
            "original_total_product_price": decimal(sale.goods()),
            "shipping_fee": decimal(sale.shipping), "original_shipping_fee": decimal(sale.shipping),
            "seller_discount": "0", "platform_discount": "0", "tax": "0",
            "total_amount": decimal(sale.total()),
        },
        "recipient_address": {
            "name": name, "first_name": first, "last_name": last, "phone_number": "(+49)30*****01",
            "postal_code": zip, "region_code": "DE", "address_line1": street, "address_line2": "",
            "address_line3": "", "address_line4": "",
            "full_address": format!("{street}, {zip} {city}, Germany"),
            "district_info": [district("L0", "Country", "Germany"), district("L2", "City", city)],
        },
        "line_items": units,
    })
}

fn item(sale: &Sale, place: u64, line: &Line) -> Value {
    let mut parcels = sale.parcels.iter();
    let parcel = parcels.find(|parcel| parcel.units.iter().any(|(there, _)| *there == place));
    let status = match (parcel, &sale.cancelled) {
        (Some(_), _) => "IN_TRANSIT",
        (None, Some(_)) => "CANCELLED",
        (None, None) => "AWAITING_SHIPMENT",
    };
    let price = decimal(line.price);
    json!({
        "id": unit_id(sale, place), "sku_id": sku_id(&line.sku), "seller_sku": line.sku,
        "product_name": format!("Article {}", line.sku), "sku_name": "Default", "sku_type": "NORMAL",
        "currency": "EUR", "original_price": price, "sale_price": price, "platform_discount": "0",
        "seller_discount": "0", "display_status": status, "is_gift": false,
        "tracking_number": parcel.map_or("", |parcel| parcel.tracking.as_str()),
        "shipping_provider_name": parcel.map_or("", |parcel| parcel.carrier.as_str()),
    })
}
