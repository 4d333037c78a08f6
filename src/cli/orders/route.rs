//! Changing who does which part of an order's work, and asking what other rules would have decided.

use std::path::PathBuf;

use jiff::Timestamp;
use orderhub_domain::ids::{FulfilmentId, OrderId};
use serde_json::{Value, json};

use super::find;
use crate::cli::client::Client;
use crate::cli::{Exit, Failure, Format, Out};

/// Units of a line, as `LINE=QUANTITY`.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Units {
    line: String,
    quantity: String,
}

impl std::str::FromStr for Units {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (line, quantity) = text
            .rsplit_once('=')
            .filter(|(line, quantity)| !line.is_empty() && !quantity.is_empty())
            .ok_or("write LINE=QUANTITY, like 1=2")?;
        Ok(Self {
            line: line.to_owned(),
            quantity: quantity.to_owned(),
        })
    }
}

/// The lines of a body.
pub(super) fn lines(units: &[Units]) -> Value {
    let lines = units.iter();
    lines
        .map(|units| json!({ "line": units.line, "quantity": units.quantity }))
        .collect()
}

/// One piece of the order's work.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Work {
    /// The fulfilment, by its id or its number within the order.
    #[arg(long, value_name = "FULFILMENT")]
    fulfilment: String,
}

impl Work {
    /// Its id.
    pub(super) fn id(&self, order: OrderId) -> String {
        id(order, &self.fulfilment)
    }

    #[cfg(test)]
    pub(super) const fn named(fulfilment: String) -> Self {
        Self { fulfilment }
    }
}

/// What is to change.
pub(super) enum Change {
    Reroute { work: Work, to: Option<String> },
    Split { work: Work, units: Vec<Units> },
    Merge { work: Work, from: String },
    Schedule { work: Work, not_before: Timestamp },
}

impl Change {
    /// The verb and its body, without the reason.
    pub(super) fn body(&self, order: OrderId) -> (&'static str, Value) {
        match self {
            Self::Reroute { work, to } => {
                let mut body = json!({ "fulfilment": id(order, &work.fulfilment) });
                if let Some(to) = to {
                    body["to"] = json!(to);
                }
                ("reroute", body)
            }
            Self::Split { work, units } => (
                "split",
                json!({ "fulfilment": id(order, &work.fulfilment), "lines": lines(units) }),
            ),
            Self::Merge { work, from } => (
                "merge",
                json!({ "fulfilment": id(order, &work.fulfilment), "from": id(order, from) }),
            ),
            Self::Schedule { work, not_before } => (
                "schedule",
                json!({ "fulfilment": id(order, &work.fulfilment), "not_before": not_before }),
            ),
        }
    }
}

/// The id of a fulfilment that may be named by its number.
fn id(order: OrderId, name: &str) -> String {
    match name.parse::<u16>() {
        Ok(number) => FulfilmentId { order, number }.to_string(),
        Err(_) => name.to_owned(),
    }
}

/// Asks what the rules in a file would have decided, on what was known then.
pub(super) async fn redecide(
    order: OrderId,
    policy: &PathBuf,
    client: &Client,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let policy = read(policy)?;
    let id = order.to_string();
    let path = ["v1", "orders", &id, "redecide"];
    let answer = client.post(&path, &json!({ "policy": policy }), None).await;
    let answer = answer.map_err(|refused| refused.or_unknown(|| find::unknown(&id)))?;
    let because = |part: &str| answer[part]["because"].clone();
    let same = if answer["same"].as_bool() == Some(true) {
        "yes"
    } else {
        "no"
    };
    let fields = [
        ("order", answer["id"].clone()),
        ("decided", because("decided")),
        ("these rules", because("again")),
        ("the same", json!(same)),
    ];
    let fields: Vec<(String, Value)> = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    out.record(format, &answer, &fields);
    Ok(())
}

/// The rules in a file: `[policy.sourcing]` of a configuration, or the bare weights.
fn read(path: &PathBuf) -> Result<Value, Failure> {
    let refused = |why: String| {
        let message = format!("{} cannot be read as rules: {why}", path.display());
        let next = "write weights as in [policy.sourcing], like distance = 1";
        Failure::new(Exit::Usage, message, next)
    };
    let text = std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| refused(error.message().to_owned()))?;
    let inner = table
        .get("policy")
        .and_then(|policy| policy.get("sourcing"));
    let rules = inner.cloned().unwrap_or(toml::Value::Table(table));
    serde_json::to_value(rules).map_err(|error| refused(error.to_string()))
}
