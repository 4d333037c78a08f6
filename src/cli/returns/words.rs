//! How returns are named and counted on a command line.

use clap::builder::PossibleValuesParser;
use orderhub_domain::order::Disposition;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::cli::client::Hub;

/// An order, and the hub that has it.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct OfOrder {
    /// Its id, the last digits of its id (at least four), or the channel's id or number of it.
    #[arg(value_name = "ORDER")]
    pub(super) name: String,
    #[command(flatten)]
    pub(super) hub: Hub,
}

/// A return, and the hub that has it.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Named {
    /// Its id, as `orderhub returns ls ORDER` shows it.
    #[arg(value_name = "RETURN")]
    pub(super) id: String,
    #[command(flatten)]
    pub(super) hub: Hub,
}

/// The label for the way back, where there is one.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Label {
    /// Who carries the label for the way back.
    #[arg(long, requires = "tracking_number")]
    carrier: Option<String>,
    /// The label's tracking number.
    #[arg(long, requires = "carrier")]
    tracking_number: Option<String>,
    /// What the label cost, as 4.90.
    #[arg(long, requires = "carrier", requires = "currency")]
    cost: Option<Decimal>,
    /// The cost's currency, as EUR.
    #[arg(long)]
    currency: Option<String>,
}

impl Label {
    pub(super) fn write(self, body: &mut Value) {
        let Some(carrier) = self.carrier else {
            return;
        };
        body["label"] = json!({ "carrier": carrier, "tracking_number": self.tracking_number });
        if let Some(cost) = self.cost {
            body["label"]["cost"] = cost.to_string().into();
            body["label"]["currency"] = json!(self.currency);
        }
    }
}

/// How it is asked.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Terms {
    /// Only if the order still has this version.
    #[arg(long, value_name = "VERSION")]
    pub(super) if_match: Option<u64>,
    /// Only say what it would do.
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// Why it is asked, and how.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Why {
    /// Why. It stands in the order's timeline, so it names nobody.
    #[arg(long)]
    pub(super) reason: String,
    #[command(flatten)]
    pub(super) terms: Terms,
}

/// Something and how many of it.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Counted(String, Decimal);

/// How many units of a line, and what was found of them.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Found(Counted, String);

pub(in crate::cli) fn counted(text: &str) -> Result<Counted, String> {
    let (name, count) = text
        .rsplit_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or("write it as NAME=QUANTITY, like 1=2")?;
    let count = count
        .parse()
        .map_err(|_| format!("\"{count}\" is no quantity; write it as NAME=QUANTITY, like 1=2"))?;
    Ok(Counted(name.to_owned(), count))
}

pub(super) fn found(text: &str) -> Result<Found, String> {
    let (counts, word) = text
        .rsplit_once('=')
        .ok_or("write it as LINE=QUANTITY=DISPOSITION, like 1=2=restock")?;
    let known = Disposition::ALL.map(Disposition::word);
    if !known.contains(&word) {
        return Err(format!("\"{word}\" is none of {}", known.join(", ")));
    }
    Ok(Found(counted(counts)?, word.to_owned()))
}

pub(super) fn dispositions() -> PossibleValuesParser {
    PossibleValuesParser::new(Disposition::ALL.map(Disposition::word))
}

/// What opens a return.
pub(super) fn opening(
    reason: &str,
    line: &[Counted],
    received_at: Option<String>,
    parcel: Option<String>,
) -> Value {
    let mut body = json!({ "reason": reason });
    let lines = counts("line", line);
    match received_at {
        Some(location) => {
            body["received"] = json!({ "location": location, "lines": lines });
            if let Some(parcel) = parcel {
                body["received"]["parcel"] = parcel.into();
            }
        }
        None if line.is_empty() => {}
        None => body["lines"] = lines.into(),
    }
    body
}

pub(in crate::cli) fn counts(name: &str, lines: &[Counted]) -> Vec<Value> {
    let line = |Counted(id, quantity): &Counted| {
        let mut line = Map::new();
        line.insert(name.to_owned(), json!(id));
        line.insert("quantity".to_owned(), json!(quantity.to_string()));
        Value::Object(line)
    };
    lines.iter().map(line).collect()
}

/// What was found, line by line.
pub(super) fn findings(lines: Vec<Found>) -> Vec<Value> {
    let lines = lines.into_iter();
    let line = |Found(Counted(line, quantity), word)| json!({ "line": line, "quantity": quantity.to_string(), "disposition": word });
    lines.map(line).collect()
}
