//! Changing what an order consists of: quantities of lines, and lines to add.

use serde_json::{Value, json};

use super::route::{self, Units};

/// What is to change.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Change {
    /// How many units a line is to have, by the channel's line id; 0 takes it out. Several times for
    /// several lines.
    #[arg(long = "line", value_name = "LINE=QUANTITY")]
    pub(super) units: Vec<Units>,
    /// A line that it does not have; several times for several lines.
    #[arg(long = "add", value_name = "SKU,QUANTITY,PRICE,TITLE")]
    pub(super) added: Vec<Added>,
}

/// A line to add, as `SKU,QUANTITY,PRICE,TITLE`.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Added {
    sku: String,
    quantity: String,
    price: String,
    title: String,
}

impl std::str::FromStr for Added {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.splitn(4, ',').map(str::trim).collect();
        match parts[..] {
            [sku, quantity, price, title] if parts.iter().all(|part| !part.is_empty()) => {
                Ok(Self {
                    sku: sku.to_owned(),
                    quantity: quantity.to_owned(),
                    price: price.to_owned(),
                    title: title.to_owned(),
                })
            }
            _ => Err("write SKU,QUANTITY,PRICE,TITLE, like MUG-1,2,9.90,Mug".to_owned()),
        }
    }
}

/// The lines of a body.
pub(super) fn lines(units: &[Units], added: &[Added]) -> Value {
    let mut lines = route::lines(units);
    let new = added.iter().map(|line| {
        json!({
            "sku": line.sku,
            "title": line.title,
            "quantity": line.quantity,
            "unit_price": line.price,
        })
    });
    if let Value::Array(lines) = &mut lines {
        lines.extend(new);
    }
    lines
}
