//! `orderhub locations`: where goods lie, and whether anybody works there.

use clap::Subcommand;
use serde_json::{Value, json};

use super::client::{Client, Hub};
use super::output::printable;
use super::{Exit, Failure, Format, Out};
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the locations, with how much work they have and why they take none.
    Ls {
        #[command(flatten)]
        hub: Hub,
    },
    /// Let a location take no new work: what it has not begun goes to others.
    Pause {
        /// Its code.
        location: String,
        /// Why; it stands in the list and in the log.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        hub: Hub,
    },
    /// Let a location take work again.
    Resume {
        /// Its code.
        location: String,
        /// Why; it stands in the log.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        hub: Hub,
    },
}

pub(super) async fn run(
    verb: Verb,
    config: impl FnOnce() -> Result<Config, Failure>,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let (location, word, reason, hub) = match verb {
        Verb::Ls { hub } => {
            let client = Client::new(&hub, config)?;
            let answer = client.get(&["v1", "locations"], &[]).await?;
            let known = answer["data"].as_array().cloned().unwrap_or_default();
            show(&answer, &known, format, out);
            return Ok(());
        }
        Verb::Pause {
            location,
            reason,
            hub,
        } => (location, "pause", reason, hub),
        Verb::Resume {
            location,
            reason,
            hub,
        } => (location, "resume", reason, hub),
    };
    let client = Client::new(&hub, config)?;
    let path = ["v1", "locations", &location, word];
    let answer = client.post(&path, &json!({ "reason": reason }), None).await;
    let answer = answer.map_err(|refused| refused.or_unknown(|| unknown(&location)))?;
    show(&answer, std::slice::from_ref(&answer), format, out);
    Ok(())
}

fn unknown(location: &str) -> Failure {
    let message = format!("the hub has no location {}", printable(location, &[]));
    let next = "orderhub locations ls lists them";
    Failure::new(Exit::NotFound, message, next)
}

const HEADING: [&str; 7] = [
    "location", "country", "work", "capacity", "paused", "by", "reason",
];

fn show(answer: &Value, locations: &[Value], format: Format, out: &mut Out) {
    if format == Format::Json {
        out.data(&answer.to_string());
        return;
    }
    let pointers = [
        "/code",
        "/country",
        "/work_day/taken",
        "/work_day/capacity",
        "/paused/since",
        "/paused/by",
        "/paused/reason",
    ];
    let row = |one: &Value| {
        let cells = pointers.map(|pointer| one.pointer(pointer).cloned().unwrap_or_default());
        cells.to_vec()
    };
    let rows: Vec<Vec<Value>> = locations.iter().map(row).collect();
    out.rows(format, &HEADING, &rows);
}
