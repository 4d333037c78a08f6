//! The action `edit`: what an order that stands is to consist of.

use orderhub_domain::ids::Sku;
use orderhub_domain::order::{Command, EditCommand, LineEdit, NewLine, NewTax};
use orderhub_domain::quantity::Quantity;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::http::fields::Fields;

/// Longest line id, SKU and title.
const LONGEST_ID: usize = 200;
const LONGEST_TITLE: usize = 500;

/// Lines that one edit may name.
const LINES_MOST: usize = 100;

/// Reads an edit: lines of the order with other quantities, and lines to add.
pub(super) fn read(reason: String, fields: &mut Fields) -> Command {
    let items = fields.list("lines").unwrap_or_default();
    if items.is_empty() || items.len() > LINES_MOST {
        let hint = format!("1 to {LINES_MOST} lines");
        fields.refuse("lines", "required", hint);
    }
    let mut lines = Vec::new();
    for (index, item) in items.into_iter().take(LINES_MOST).enumerate() {
        let Value::Object(item) = item else {
            fields.refuse(&format!("lines/{index}"), "wrong_type", "an object");
            continue;
        };
        let named = item.contains_key("line");
        let mut line = Fields::new(format!("/lines/{index}"), item);
        lines.push(if named {
            LineEdit::Set {
                line: line.required_text("line", LONGEST_ID),
                quantity: quantity(&mut line),
            }
        } else {
            LineEdit::Add(Box::new(NewLine {
                sku: Sku(line.required_text("sku", LONGEST_ID)),
                title: line.required_text("title", LONGEST_TITLE),
                quantity: line.required_quantity("quantity"),
                unit_price: amount("unit_price", &mut line),
                taxes: taxes(&mut line),
            }))
        });
        line.merge_into(fields);
    }
    Command::Edit(EditCommand { lines, reason })
}

/// How many units a line is to have; none takes it out.
fn quantity(line: &mut Fields) -> Quantity {
    let stated = amount("quantity", line);
    Quantity::new(stated).unwrap_or_else(|| {
        let hint = "zero or more, with at most 6 decimals";
        line.refuse("quantity", "bad_decimal", hint);
        Quantity::ZERO
    })
}

/// A decimal that has to be there.
fn amount(name: &'static str, of: &mut Fields) -> Decimal {
    if let Some(stated) = of.take(name) {
        let plain = stated.as_str().filter(|text| {
            let mut bytes = text.bytes();
            bytes.all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-')
        });
        let number = plain.and_then(|text| Decimal::from_str_exact(text).ok());
        return number.unwrap_or_else(|| {
            of.refuse(name, "bad_decimal", "a decimal string like \"9.99\"");
            Decimal::ZERO
        });
    }
    of.refuse(name, "required", "a decimal string like \"9.99\"");
    Decimal::ZERO
}

fn taxes(line: &mut Fields) -> Vec<NewTax> {
    let mut taxes = Vec::new();
    let place = line.place().to_owned();
    for (index, item) in line
        .list("taxes")
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        let Value::Object(item) = item else {
            line.refuse(&format!("taxes/{index}"), "wrong_type", "an object");
            continue;
        };
        let mut tax = Fields::new(format!("{place}/taxes/{index}"), item);
        taxes.push(NewTax {
            name: tax.required_text("name", LONGEST_ID),
            rate: tax.decimal("rate"),
            amount: amount("amount", &mut tax),
            included: tax.flag("included"),
        });
        tax.merge_into(line);
    }
    taxes
}
