//! The sheet of an order: everything about it that a person at a telephone is asked for.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::cli::output::{moment, section, short};
use crate::cli::{Format, Out};

/// Longest title in a table.
const TITLE: usize = 28;

/// Prints it.
pub(super) fn show(order: &Value, out: &mut Out) {
    out.record(Format::Text, order, &head(order));
    let line = |line: &Value| {
        vec![
            line["external_id"].clone(),
            line["sku"].clone(),
            short(&line["title"], TITLE),
            line["quantity"].clone(),
            line["unit_price"].clone(),
            line["net"].clone(),
            units(&line["quantities"]),
        ]
    };
    let heading = ["line", "sku", "title", "quantity", "price", "net", "units"];
    section("lines", &heading, &order["lines"], line, out);
    let tender = |tender: &Value| {
        let fields = [
            "tender",
            "terms",
            "gateway",
            "amount",
            "captured",
            "refunded",
            "reference",
        ];
        let mut row = fields.map(|name| tender[name].clone()).to_vec();
        row.push(trouble(tender));
        row
    };
    let heading = [
        "tender",
        "terms",
        "gateway",
        "amount",
        "captured",
        "refunded",
        "reference",
        "trouble",
    ];
    section(
        "payment",
        &heading,
        &order["payment"]["tenders"],
        tender,
        out,
    );
    let fulfilment = |work: &Value| {
        vec![
            work["id"].clone(),
            work["location"].clone(),
            work["stage"].clone(),
            content(&work["lines"]),
            work["carrier"].clone(),
            work["tracking_number"].clone(),
        ]
    };
    let heading = [
        "fulfilment",
        "location",
        "stage",
        "lines",
        "carrier",
        "tracking_number",
    ];
    section(
        "fulfilments",
        &heading,
        &order["fulfilments"],
        fulfilment,
        out,
    );
    parcels(order, out);
    returns(order, out);
    let hold = |hold: &Value| {
        vec![
            hold["id"].clone(),
            hold["reason"].clone(),
            hold["scope"].clone(),
            hold["blocks"].clone(),
            hold["owner"].clone(),
            moment(&hold["since"]),
            moment(&hold["until"]),
        ]
    };
    let heading = [
        "hold", "reason", "scope", "blocks", "owner", "since", "until",
    ];
    section("holds", &heading, &order["holds"], hold, out);
    let open = |open: &Value| {
        vec![
            open["kind"].clone(),
            moment(&open["opened_at"]),
            open["attempt"].clone(),
            moment(&open["next_try_at"]),
            open["effect"].clone(),
        ]
    };
    let heading = ["asked", "since", "tries", "next_try_at", "effect"];
    section("outstanding", &heading, &order["outstanding"], open, out);
}

/// What comes back from the buyer.
fn returns(order: &Value, out: &mut Out) {
    let back = |back: &Value| {
        vec![
            back["id"].clone(),
            back["stage"].clone(),
            content(&back["lines"]),
            back["refund"]["entitled"].clone(),
            back["reason"].clone(),
        ]
    };
    let heading = ["return", "stage", "announced", "given back", "reason"];
    section("returns", &heading, &order["returns"], back, out);
    let claim = |claim: &Value| {
        vec![
            claim["id"].clone(),
            claim["kind"].clone(),
            claim["fulfilment"].clone(),
            claim["parcel"].clone(),
            content(&claim["lines"]),
            claim["resolution"].clone(),
        ]
    };
    let heading = [
        "claim",
        "kind",
        "fulfilment",
        "parcel",
        "lines",
        "resolution",
    ];
    section("claims", &heading, &order["claims"], claim, out);
}

/// The parcels of work that goes out in several.
fn parcels(order: &Value, out: &mut Out) {
    let works = order["fulfilments"].as_array().into_iter().flatten();
    let rows = works.flat_map(|work| {
        let parcels = work["parcels"].as_array();
        let several = parcels.filter(|parcels| parcels.len() > 1);
        several
            .into_iter()
            .flatten()
            .map(move |parcel| json!({ "fulfilment": work["id"], "parcel": parcel }))
    });
    let row = |row: &Value| {
        let parcel = &row["parcel"];
        vec![
            row["fulfilment"].clone(),
            parcel["parcel"].clone(),
            parcel["stage"].clone(),
            content(&parcel["lines"]),
            parcel["carrier"].clone(),
            parcel["tracking_number"].clone(),
        ]
    };
    let heading = [
        "fulfilment",
        "parcel",
        "stage",
        "lines",
        "carrier",
        "tracking_number",
    ];
    section("parcels", &heading, &rows.collect(), row, out);
}

/// What stands above the tables.
fn head(order: &Value) -> Vec<(String, Value)> {
    let word = |name: &str| order[name].as_str().unwrap_or_default();
    let payment = &order["payment"];
    let paid = |name: &str| payment[name].as_str().unwrap_or("-");
    let number = order["number"]
        .as_str()
        .map(|number| format!(", number {number}"));
    let test = if order["test"] == true {
        ", a test"
    } else {
        ""
    };
    let mut fields = vec![
        ("order", order["id"].clone()),
        (
            "channel",
            json!(format!(
                "{} {}{}{test}",
                word("channel"),
                word("external_id"),
                number.unwrap_or_default()
            )),
        ),
        ("stage", order["stage"].clone()),
        ("reason", order["reason"].clone()),
        ("the buyer sees", order["status"].clone()),
        ("version", order["version"].clone()),
        ("placed", moment(&order["placed_at"])),
        ("changed", moment(&order["updated_at"])),
        ("goes on by", moment(&order["wake_at"])),
        ("customer", person(&order["customer"])),
        ("ship to", address(&order["ship_to"])),
        ("total", total(order)),
        (
            "paid",
            json!(format!(
                "{}: {} authorised, {} captured, {} refunded",
                paid("status"),
                paid("authorized"),
                paid("captured"),
                paid("refunded")
            )),
        ),
    ];
    fields.retain(|(_, value)| !value.is_null());
    let fields = fields.into_iter();
    fields
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The sum, and the parts of it that are something.
fn total(order: &Value) -> Value {
    let totals = order["totals"].as_object();
    let parts = totals.into_iter().flat_map(Map::iter);
    let parts = parts.filter(|(name, amount)| *name != "grand" && !is_zero(amount));
    let mode = order["tax_mode"].as_str().unwrap_or_default();
    let parts = parts.map(|(name, amount)| {
        let amount = amount.as_str().unwrap_or("-");
        match name.as_str() {
            "taxes" => format!("{mode} taxes {amount}"),
            name => format!("{name} {amount}"),
        }
    });
    let parts = parts.collect::<Vec<_>>().join(", ");
    let sum = order["totals"]["grand"].as_str().unwrap_or("-");
    let currency = order["currency"].as_str().unwrap_or("-");
    json!(format!("{sum} {currency} ({parts})"))
}

fn is_zero(amount: &Value) -> bool {
    let amount = amount
        .as_str()
        .and_then(|text| text.parse::<Decimal>().ok());
    amount.is_some_and(|amount| amount.is_zero())
}

/// Where a line's units are: those words that are not zero.
fn units(quantities: &Value) -> Value {
    let of = quantities.as_object().into_iter().flat_map(Map::iter);
    let of = of.filter(|(name, count)| *name != "ordered" && !is_zero(count));
    let of = of.map(|(name, count)| {
        format!(
            "{} {}",
            count.as_str().unwrap_or("-"),
            name.replace('_', " ")
        )
    });
    json!(of.collect::<Vec<_>>().join(", "))
}

/// What is in a fulfilment.
fn content(lines: &Value) -> Value {
    let lines = lines.as_array().into_iter().flatten();
    let lines = lines.map(|line| {
        let word = |name: &str| line[name].as_str().unwrap_or("-");
        format!("{} {}", word("quantity"), word("sku"))
    });
    json!(lines.collect::<Vec<_>>().join(", "))
}

/// What went wrong with a tender.
fn trouble(tender: &Value) -> Value {
    let all = [
        "action_required",
        "declined",
        "capture_failed",
        "refund_failed",
        "voided",
    ];
    let happened = all.into_iter().filter(|name| match &tender[*name] {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        _ => true,
    });
    let mut happened: Vec<String> = happened.map(|name| name.replace('_', " ")).collect();
    let disputes = tender["disputes"].as_array().map_or(0, Vec::len);
    if disputes > 0 {
        happened.push(format!("{disputes} disputed"));
    }
    if happened.is_empty() {
        return Value::Null;
    }
    json!(happened.join(", "))
}

fn person(customer: &Value) -> Value {
    let known = ["name", "email", "phone"].map(|name| customer[name].as_str());
    joined(customer, known.into_iter().flatten())
}

fn address(of: &Value) -> Value {
    let word = |name: &str| of[name].as_str();
    let lines = of["lines"].as_array().into_iter().flatten();
    let city = [word("postcode"), word("city")].into_iter().flatten();
    let city = city.collect::<Vec<_>>().join(" ");
    let known = word("name").into_iter();
    let known = known.chain(lines.filter_map(Value::as_str));
    let known = known.chain((!city.is_empty()).then_some(city.as_str()));
    let known = known.chain(word("region")).chain(word("country"));
    joined(of, known)
}

/// What is known of somebody, and whether that is all this key may see.
fn joined<'a>(of: &Value, known: impl Iterator<Item = &'a str>) -> Value {
    if of.is_null() {
        return Value::Null;
    }
    let known: Vec<&str> = known.collect();
    let masked = if of["masked"] == true {
        " (masked)"
    } else {
        ""
    };
    json!(format!("{}{masked}", known.join(", ")))
}
