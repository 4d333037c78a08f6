//! The personal side of a canonical order: customer, addresses, attributes.

use std::collections::BTreeMap;

use orderhub_domain::canonical::{Address, Customer, PrivateDetails};

use super::order::{MOST_PARTS, NAME};
use super::reader::{Part, Problems};
use crate::canonical::normal_number;
use crate::json::Json;
use orderhub_domain::places::is_country;
use orderhub_domain::sourcing::Point;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

const ADDRESS: [&str; 9] = [
    "name", "lines", "city", "postcode", "region", "country", "phone", "lat", "lon",
];

/// Who bought and where it goes, with what the channel sent beside it.
pub(super) fn private(order: &Part<'_, '_>, problems: &mut Problems) -> PrivateDetails {
    let customer = order
        .need("customer", "an object; it may be empty", problems)
        .and_then(|value| customer(value, problems));
    let address = |name: &str, whole: bool, problems: &mut Problems| {
        let value = order.get(name)?;
        address(value, &order.at(name), whole, problems)
    };
    PrivateDetails {
        customer,
        ship_to: address("ship_to", true, problems),
        bill_to: address("bill_to", false, problems),
        attributes: attributes(order, problems),
        ..PrivateDetails::default()
    }
}

/// About where it goes: enough to choose a location by, too little to find a house. The exact place
/// is not kept.
pub(super) fn point(order: &Part<'_, '_>, problems: &mut Problems) -> Option<Point> {
    let value = order.get("ship_to")?;
    point_of(value, &order.at("ship_to"), problems)
}

/// About where an address is.
pub(super) fn point_of(value: &Json<'_>, pointer: &str, problems: &mut Problems) -> Option<Point> {
    let part = Part::new(value, pointer, &ADDRESS, &mut Problems::default())?;
    let degrees = |name: &str, most: i64, problems: &mut Problems| {
        let value = part.decimal_if(name, problems)?;
        if value.abs() > Decimal::from(most) {
            let hint = format!("degrees from -{most} to {most}");
            problems.add(&part.at(name), "out_of_range", &hint);
            return None;
        }
        (value * Decimal::from(10_000)).trunc().to_i32()
    };
    let lat = degrees("lat", 90, problems);
    let lon = degrees("lon", 180, problems);
    Some(
        Point {
            lat: lat?,
            lon: lon?,
        }
        .blurred(),
    )
}

fn customer(value: &Json<'_>, problems: &mut Problems) -> Option<Customer> {
    let known = ["external_id", "name", "email", "phone"];
    let part = Part::new(value, "/customer", &known, problems)?;
    Some(Customer {
        external_id: part.text_if("external_id", NAME, problems),
        name: part.text_if("name", NAME, problems),
        email: part.text_if("email", 320, problems),
        phone: part.text_if("phone", NAME, problems),
    })
}

/// An address; `whole` when goods go there.
pub(super) fn address(
    value: &Json<'_>,
    pointer: &str,
    whole: bool,
    problems: &mut Problems,
) -> Option<Address> {
    let part = Part::new(value, pointer, &ADDRESS, problems)?;
    let text = |name: &str, problems: &mut Problems| {
        if whole {
            part.text(name, NAME, "a text", problems)
        } else {
            part.text_if(name, NAME, problems)
        }
    };
    let name = text("name", problems);
    let city = text("city", problems);
    let country = text("country", problems);
    if whole {
        // Some countries have no postcodes: it may be empty, but not left out.
        part.need("postcode", "a text; empty where there are none", problems);
        part.need("lines", "the street, as a list of texts", problems);
    }
    if country
        .as_deref()
        .is_some_and(|country| !is_country(country))
    {
        let hint = "an ISO 3166 code of two capitals, e.g. DE";
        problems.add(&part.at("country"), "unknown_country", hint);
    }
    let mut lines = Vec::new();
    for (pointer, item) in part.list("lines", 10, problems) {
        match item {
            Json::Text(line) if line.chars().count() <= NAME => lines.push(line.to_string()),
            Json::Text(_) => problems.add(&pointer, "too_long", "at most 255 characters"),
            _ => problems.add(&pointer, "wrong_type", "a text"),
        }
    }
    Some(Address {
        name,
        company: None,
        lines,
        city,
        postcode: part.text_if("postcode", 32, problems),
        region: part.text_if("region", NAME, problems),
        country,
        phone: part.text_if("phone", NAME, problems),
    })
}

fn attributes(
    order: &Part<'_, '_>,
    problems: &mut Problems,
) -> BTreeMap<String, serde_json::Value> {
    match order.get("attributes") {
        None => BTreeMap::new(),
        Some(Json::Object(members)) if members.len() <= MOST_PARTS => {
            let kept = members
                .iter()
                .map(|(name, value)| (name.to_string(), keep(value)));
            kept.collect()
        }
        Some(Json::Object(_)) => {
            problems.add("/attributes", "too_many", "at most 100");
            BTreeMap::new()
        }
        Some(_) => {
            problems.add("/attributes", "wrong_type", "an object");
            BTreeMap::new()
        }
    }
}

/// A value as it came. A number that a float would change is kept as its text.
fn keep(value: &Json<'_>) -> serde_json::Value {
    match value {
        Json::Null => serde_json::Value::Null,
        Json::Bool(flag) => (*flag).into(),
        Json::Number(text) => serde_json::from_str::<serde_json::Number>(text)
            .ok()
            .filter(|number| normal_number(&number.to_string()) == normal_number(text))
            .map_or_else(|| (*text).into(), serde_json::Value::Number),
        Json::Text(text) => text.as_ref().into(),
        Json::List(items) => items.iter().map(keep).collect(),
        Json::Object(members) => {
            let kept = members
                .iter()
                .map(|(name, value)| (name.to_string(), keep(value)));
            serde_json::Value::Object(kept.collect())
        }
    }
}
