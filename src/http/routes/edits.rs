//! The action `edit`: what an order that stands is to consist of.

use orderhub_domain::ids::Sku;
use orderhub_domain::order::{Command, EditCommand, LineEdit, NewLine, NewTax};
use orderhub_domain::quantity::Quantity;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use crate::http::fields::Fields;

/// Longest line id, SKU and title.
pub(super) const LONGEST_ID: usize = 200;
const LONGEST_TITLE: usize = 500;

/// Lines that one edit may name.
pub(super) const LINES_MOST: usize = 100;

/// What a form says of an article to add, and the members of a line that these are.
const ARTICLE: [(&str, &str); 4] = [
    ("sku", "sku"),
    ("title", "title"),
    ("units", "quantity"),
    ("price", "unit_price"),
];

/// Reads an edit: lines of the order with other quantities, and lines to add.
pub(super) fn read(reason: String, fields: &mut Fields) -> Command {
    let items = fields.list("lines").unwrap_or_default();
    if items.is_empty() || items.len() > LINES_MOST {
        let hint = format!("1 to {LINES_MOST} lines");
        fields.refuse("lines", "required", hint);
    }
    let mut lines = Vec::new();
    fields.each("lines", items, |line| {
        lines.push(if line.has("line") {
            LineEdit::Set {
                line: line.required_text("line", LONGEST_ID),
                quantity: quantity(line),
            }
        } else {
            LineEdit::Add(Box::new(new_line(line)))
        });
    });
    Command::Edit(EditCommand { lines, reason })
}

/// Puts the fields of a page's form together to lines: those that it names, and the article that it
/// adds, if it says anything of one.
pub(super) fn of_form(fields: &mut Map<String, Value>) {
    let mut article = Map::new();
    for (field, name) in ARTICLE {
        let said = fields.remove(field).unwrap_or_default();
        if said.as_str().is_some_and(|said| !said.is_empty()) {
            article.insert(name.to_owned(), said);
        }
    }
    let mut lines = match fields.remove("lines") {
        Some(Value::Array(lines)) => lines,
        _ => Vec::new(),
    };
    if !article.is_empty() {
        lines.push(Value::Object(article));
    }
    fields.insert("lines".to_owned(), Value::Array(lines));
}

/// A line that the order does not have.
pub(super) fn new_line(line: &mut Fields) -> NewLine {
    NewLine {
        sku: Sku(line.required_text("sku", LONGEST_ID)),
        title: line.required_text("title", LONGEST_TITLE),
        quantity: line.required_quantity("quantity"),
        unit_price: amount("unit_price", line),
        taxes: taxes(line),
    }
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
    let items = line.list("taxes").unwrap_or_default();
    line.each("taxes", items, |tax| {
        taxes.push(NewTax {
            name: tax.required_text("name", LONGEST_ID),
            rate: tax.decimal("rate"),
            amount: amount("amount", tax),
            included: tax.flag("included"),
        });
    });
    taxes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(form: Value) -> Value {
        let Value::Object(mut fields) = form else {
            return form;
        };
        of_form(&mut fields);
        Value::Object(fields)
    }

    #[test]
    fn a_form_is_the_lines_that_it_names_and_the_article_that_it_adds() {
        let named = json!([{ "line": "1", "quantity": "3" }]);
        let form = json!({
            "reason": "more", "lines": named, "sku": "", "title": "", "units": "", "price": "",
        });
        assert_eq!(of(form), json!({ "reason": "more", "lines": named }));
        let form = json!({ "sku": "TEE", "title": "A tee", "units": "2", "price": "9.99" });
        let article =
            json!({ "sku": "TEE", "title": "A tee", "quantity": "2", "unit_price": "9.99" });
        assert_eq!(of(form), json!({ "lines": [article] }));
        // What is missing is asked for by the reader.
        assert_eq!(
            of(json!({ "sku": "TEE" })),
            json!({ "lines": [{ "sku": "TEE" }] })
        );
    }
}
