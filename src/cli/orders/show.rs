//! Looking at one order: its sheet, its timeline, and why it is where it is. All of it is the hub's
//! answer; nothing is reckoned here.

use orderhub_domain::ids::OrderId;
use serde_json::Value;

use super::{find, sheet};
use crate::cli::client::Client;
use crate::cli::output::{moment, section};
use crate::cli::{Failure, Format, Out};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Sheet,
    Timeline,
    Explanation,
}

pub(super) async fn run(
    part: Part,
    order: OrderId,
    client: &Client,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let id = order.to_string();
    let mut path = vec!["v1", "orders", id.as_str()];
    path.extend(match part {
        Part::Sheet => None,
        Part::Timeline => Some("timeline"),
        Part::Explanation => Some("explain"),
    });
    let answer = client.get(&path, &[]).await;
    let answer = answer.map_err(|refused| refused.or_unknown(|| find::unknown(&id)))?;
    if format == Format::Json {
        out.data(&answer.to_string());
        return Ok(());
    }
    match part {
        Part::Sheet => sheet::show(&answer, out),
        Part::Timeline => timeline(&answer, out),
        Part::Explanation => explanation(&answer, out),
    }
    Ok(())
}

fn timeline(entries: &Value, out: &mut Out) {
    let entries = entries.as_array().into_iter().flatten();
    let rows: Vec<Vec<Value>> = entries
        .map(|entry| {
            vec![
                moment(&entry["occurred_at"]),
                entry["actor"].clone(),
                entry["summary"].clone(),
            ]
        })
        .collect();
    out.rows(Format::Text, &["time", "actor", "what"], &rows);
}

fn explanation(said: &Value, out: &mut Out) {
    let fields = [
        ("order", said["id"].clone()),
        ("stage", said["stage"].clone()),
        ("waits for", said["waiting_for"].clone()),
        ("since", moment(&said["since"])),
        ("until", moment(&said["until"])),
        ("then", said["then"].clone()),
        ("because", said["because"].clone()),
        ("recommended", said["recommended"].clone()),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    out.record(Format::Text, said, &fields);
    let action = |action: &Value| {
        let allowed = if action["allowed"] == true {
            "yes"
        } else {
            "no"
        };
        vec![
            action["action"].clone(),
            allowed.into(),
            action["why_not"].clone(),
        ]
    };
    let heading = ["action", "allowed", "why_not"];
    section("actions", &heading, &said["actions"], action, out);
}
