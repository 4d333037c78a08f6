//! The action `open_exchange`: what goes out for units that come back.

use orderhub_domain::order::{Command, ExchangeCommand, ExchangeLine};
use orderhub_domain::quantity::Quantity;

use super::edits::{LINES_MOST, LONGEST_ID, new_line};
use crate::http::fields::Fields;

/// Reads an exchange: what comes back, and what goes out for it.
pub(super) fn read(reason: String, fields: &mut Fields) -> Command {
    let back = fields.list("return").map(|items| {
        if items.len() > LINES_MOST {
            let hint = format!("{LINES_MOST} lines at the most");
            fields.refuse("return", "out_of_range", hint);
        }
        let mut back: Vec<(String, Quantity)> = Vec::new();
        fields.each("return", items, |line| {
            let id = line.required_text("line", LONGEST_ID);
            let quantity = line.required_quantity("quantity");
            if back.iter().any(|(known, _)| *known == id) {
                line.refuse("line", "duplicate", "each line once");
            }
            back.push((id, quantity));
        });
        back
    });
    let items = fields.list("lines").unwrap_or_default();
    if items.is_empty() || items.len() > LINES_MOST {
        let hint = format!("1 to {LINES_MOST} lines that go out");
        fields.refuse("lines", "required", hint);
    }
    let mut lines = Vec::new();
    fields.each("lines", items, |line| {
        lines.push(if line.has("line") {
            ExchangeLine::Again {
                line: line.required_text("line", LONGEST_ID),
                quantity: line.required_quantity("quantity"),
            }
        } else {
            ExchangeLine::Other(Box::new(new_line(line)))
        });
    });
    Command::Exchange(ExchangeCommand::Open {
        back,
        lines,
        advance: fields.flag("advance"),
        reason,
    })
}
