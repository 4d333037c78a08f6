//! Walmart's purchase order as its Orders API (version 3) lists it: amounts are JSON numbers in dollars,
//! quantities texts, times milliseconds since 1970; an order has no state of its own, its lines have.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::sim::goods::{Line, decimal};
use crate::sim::ledger::Sale;

/// Buyers: name, street, city, state, postcode.
const PEOPLE: [[&str; 5]; 6] = [
    [
        "Mary Sample",
        "1 Market Street",
        "San Francisco",
        "CA",
        "94105",
    ],
    ["Alan Pattern", "200 Main Street", "Austin", "TX", "78701"],
    ["Katherine Draft", "35 Elm Street", "Hampton", "VA", "23669"],
    ["Dorothy Trial", "8 Hill Road", "Kansas City", "MO", "64106"],
    ["Claude Sketch", "77 Lake Drive", "Gaylord", "MI", "49735"],
    [
        "Barbara Outline",
        "19 Park Avenue",
        "Portland",
        "OR",
        "97205",
    ],
];

/// How errors are worded.
pub(super) fn error(code: &str) -> Value {
    json!({ "errors": [{ "code": code, "severity": "ERROR", "category": "DATA" }] })
}

/// The line with this number, counted from 1.
pub(super) fn line(sale: &Sale, number: u64) -> Option<&Line> {
    let place = usize::try_from(number).ok()?.checked_sub(1)?;
    sale.lines.get(place)
}

/// The whole question for the page behind this order.
pub(super) fn next_cursor(since: Timestamp, limit: usize, last: &Sale) -> String {
    let (at, id) = (last.changed_at.as_nanosecond(), last.id);
    format!("?limit={limit}&lastModifiedStartDate={since}&soIndex={at}-{id}")
}

/// The place that a question names.
pub(super) fn place(text: &str) -> Option<(Timestamp, u64)> {
    let (at, id) = text.split_once('-')?;
    let at = Timestamp::from_nanosecond(at.parse().ok()?).ok()?;
    Some((at, id.parse().ok()?))
}

fn amount(cents: u64) -> Value {
    // An amount is a JSON number; it is written out so that it is exact.
    let number = decimal(cents).parse::<serde_json::Number>().ok();
    json!({ "currency": "USD", "amount": number })
}

fn units(count: u64) -> Value {
    json!({ "unitOfMeasurement": "EACH", "amount": count.to_string() })
}

/// An order as it is now.
pub(super) fn order(sale: &Sale) -> Value {
    let place = usize::try_from(sale.buyer % PEOPLE.len() as u64).unwrap_or_default();
    let [name, street, city, state, zip] = PEOPLE[place];
    let lines = (1_u64..).zip(&sale.lines);
    let lines: Vec<Value> = lines
        .map(|(number, line)| order_line(sale, number, line))
        .collect();
    json!({
        "purchaseOrderId": sale.id.to_string(),
        "customerOrderId": format!("2000{:09}", sale.number),
        "customerEmailId": format!("{:08X}@relay.walmart.example", sale.buyer), "orderType": "REGULAR",
        "orderDate": sale.placed_at.as_millisecond(),
        "shippingInfo": {
            "phone": "5550100000", "methodCode": "Standard",
            "estimatedShipDate": sale.after(86_400).as_millisecond(),
            "estimatedDeliveryDate": sale.after(5 * 86_400).as_millisecond(),
            "postalAddress": {
                "name": name, "address1": street, "address2": null, "city": city, "state": state,
                "postalCode": zip, "country": "USA", "addressType": "RESIDENTIAL",
            },
        },
        "shipNode": { "type": "SellerFulfilled" },
        "orderLines": { "orderLine": lines },
    })
}

fn order_line(sale: &Sale, number: u64, line: &Line) -> Value {
    let mut charges = vec![charge("PRODUCT", "ItemPrice", line.net())];
    if number == 1 && sale.shipping > 0 {
        charges.push(charge("SHIPPING", "Shipping", sale.shipping));
    }
    json!({
        "lineNumber": number.to_string(),
        "item": {
            "productName": format!("Article {}", line.sku), "sku": line.sku, "condition": "New",
        },
        "charges": { "charge": charges },
        "orderLineQuantity": units(line.quantity),
        "statusDate": sale.changed_at.as_millisecond(),
        "orderLineStatuses": { "orderLineStatus": statuses(sale, number, line) },
        "intentToCancel": null,
    })
}

fn charge(form: &str, name: &str, cents: u64) -> Value {
    json!({
        "chargeType": form, "chargeName": name, "isDiscount": false, "chargeAmount": amount(cents),
        "tax": { "taxName": "Tax1", "taxAmount": amount(cents * 8 / 100) },
    })
}

/// So many of a line's units are in each state: one for each parcel, and one for the rest.
fn statuses(sale: &Sale, number: u64, line: &Line) -> Vec<Value> {
    let mut statuses = Vec::new();
    for parcel in &sale.parcels {
        let here = parcel.units.iter().filter(|(place, _)| *place == number);
        let here: u64 = here.map(|(_, units)| units).sum();
        if here > 0 {
            statuses.push(json!({
                "status": "Shipped", "statusQuantity": units(here),
                "trackingInfo": {
                    "carrierName": { "otherCarrier": null, "carrier": parcel.carrier },
                    "methodCode": "Standard", "trackingNumber": parcel.tracking,
                },
            }));
        }
    }
    let taken_out = sale.taken_out(number);
    if taken_out > 0 {
        statuses.push(json!({
            "status": "Cancelled", "statusQuantity": units(taken_out),
            "cancellationReason": "CUSTOMER_REQUESTED_SELLER_TO_CANCEL", "trackingInfo": null,
        }));
    }
    let rest = line
        .quantity
        .saturating_sub(sale.shipped(number) + taken_out);
    if rest > 0 {
        let (status, reason) = match &sale.cancelled {
            Some(cancelled) => ("Cancelled", Some(cancelled.reason.as_str())),
            None if sale.acknowledged => ("Acknowledged", None),
            None => ("Created", None),
        };
        statuses.push(json!({
            "status": status, "statusQuantity": units(rest), "cancellationReason": reason,
            "trackingInfo": null,
        }));
    }
    statuses
}
