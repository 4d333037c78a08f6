//! `orderhub settlements`: payout files are read in by the running hub, and what does not fit is looked
//! through.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use super::client::{Client, Hub};
use super::output::{moment, printable};
use super::{Exit, Failure, Format, Out};
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Read a payout file in. The same file again changes nothing.
    Read {
        /// The file.
        file: PathBuf,
        /// The connection it is from, by its slug.
        #[arg(long, value_name = "SLUG")]
        source: String,
        /// Its format, where the connection has none of its own.
        #[arg(long, value_parser = ["stripe_balance", "amazon_settlement"])]
        format: Option<String>,
        #[command(flatten)]
        hub: Hub,
    },
    /// List the files that were read, newest first.
    Ls {
        #[command(flatten)]
        hub: Hub,
    },
    /// List lines that do not fit and that nobody has decided about.
    Open {
        /// Only those of this connection.
        #[arg(long, value_name = "SLUG")]
        source: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=200))]
        limit: u16,
        #[command(flatten)]
        hub: Hub,
    },
    /// List money that was taken and that no payout has named.
    Unreconciled {
        /// Only what this connection took.
        #[arg(long, value_name = "SLUG")]
        gateway: Option<String>,
        /// Only what was taken longer ago, like 14d.
        #[arg(long, value_name = "DURATION")]
        older_than: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=200))]
        limit: u16,
        #[command(flatten)]
        hub: Hub,
    },
    /// Say that a line that did not fit is explained.
    Resolve(Decision),
    /// Say that the difference is borne.
    WriteOff(Decision),
}

#[derive(Debug, clap::Args)]
pub(super) struct Decision {
    /// The line, by its id.
    line: String,
    /// Why.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    hub: Hub,
}

/// What a table shows of a line.
const SHOWN: [&str; 8] = [
    "id", "line", "kind", "gross", "currency", "verdict", "reason", "order",
];

/// What a table shows of money that no payout has named.
const UNNAMED: [&str; 6] = [
    "order",
    "gateway",
    "reference",
    "captured",
    "open",
    "currency",
];

pub(super) async fn run(
    verb: Verb,
    config: impl FnOnce() -> Result<Config, Failure>,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    match verb {
        Verb::Read {
            file,
            source,
            format: named,
            hub,
        } => {
            let bytes = std::fs::read(&file).map_err(|error| {
                let message = format!("{} cannot be read: {error}", file.display());
                Failure::usage(message, "name a file that is there")
            })?;
            let client = Client::new(&hub, config)?;
            let query: Vec<_> = named.map(|named| ("format", named)).into_iter().collect();
            let answer = client
                .send_file(&["v1", "settlements", &source], &query, bytes)
                .await;
            let read = answer.map_err(|refused| refused.or_unknown(|| unknown(&source)))?;
            show_read(&read, format, out);
        }
        Verb::Ls { hub } => {
            let client = Client::new(&hub, config)?;
            let answer = client.get(&["v1", "settlements"], &[]).await?;
            let row = |file: &Value| {
                let read_at = moment(&file["read_at"]);
                let rest = ["source", "format", "lines", "read_by"].map(|name| file[name].clone());
                [vec![read_at], rest.to_vec()].concat()
            };
            let heading = ["read", "source", "format", "lines", "by"];
            list(&answer, &heading, row, format, out);
        }
        Verb::Open { source, limit, hub } => {
            let client = Client::new(&hub, config)?;
            let mut query = vec![("open", "true".to_owned()), ("limit", limit.to_string())];
            query.extend(source.map(|source| ("source", source)));
            let answer = client.get(&["v1", "settlements", "lines"], &query).await?;
            let row = |line: &Value| SHOWN.map(|name| line[name].clone()).to_vec();
            list(&answer, &SHOWN, row, format, out);
        }
        Verb::Unreconciled {
            gateway,
            older_than,
            limit,
            hub,
        } => {
            let client = Client::new(&hub, config)?;
            let mut query = vec![("limit", limit.to_string())];
            query.extend(gateway.map(|gateway| ("gateway", gateway)));
            query.extend(older_than.map(|age| ("older_than", age)));
            let path = ["v1", "settlements", "unreconciled"];
            let answer = client.get(&path, &query).await?;
            let row = |capture: &Value| {
                let rest = UNNAMED.map(|name| capture[name].clone());
                [vec![moment(&capture["captured_at"])], rest.to_vec()].concat()
            };
            let heading = [&["captured at"][..], &UNNAMED[..]].concat();
            list(&answer, &heading, row, format, out);
        }
        Verb::Resolve(decision) => decide("resolve", decision, config, format, out).await?,
        Verb::WriteOff(decision) => decide("write-off", decision, config, format, out).await?,
    }
    Ok(())
}

async fn decide(
    verb: &str,
    decision: Decision,
    config: impl FnOnce() -> Result<Config, Failure>,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let client = Client::new(&decision.hub, config)?;
    let path = [
        "v1",
        "settlements",
        "lines",
        &decision.line,
        "actions",
        verb,
    ];
    let body = json!({ "reason": decision.reason });
    let answer = client.post(&path, &body, None).await;
    let line = answer.map_err(|refused| {
        refused.or_unknown(|| {
            let line = printable(&decision.line, &[]);
            let message = format!("there is no line {line}");
            Failure::new(
                Exit::NotFound,
                message,
                "orderhub settlements open lists them",
            )
        })
    })?;
    let words = format!("{}: {}", line["line"], line["resolution"]["resolution"]);
    out.value(format, &line, &words);
    Ok(())
}

fn unknown(source: &str) -> Failure {
    let message = format!("the hub has no connection {}", printable(source, &[]));
    let next = "orderhub channel ls lists them";
    Failure::new(Exit::NotFound, message, next)
}

/// The sums of a file, a row a currency.
fn show_read(read: &Value, format: Format, out: &mut Out) {
    if format == Format::Json {
        out.data(&read.to_string());
        return;
    }
    let columns = [
        "currency", "lines", "total", "matched", "variance", "unknown",
    ];
    let sums = read["totals"].as_array().into_iter().flatten();
    let row = |sums: &Value| columns.map(|name| sums[name].clone()).to_vec();
    out.rows(format, &columns, &sums.map(row).collect::<Vec<_>>());
}

fn list(
    answer: &Value,
    heading: &[&str],
    row: impl Fn(&Value) -> Vec<Value>,
    format: Format,
    out: &mut Out,
) {
    if format == Format::Json {
        out.data(&answer.to_string());
        return;
    }
    let rows: Vec<Vec<Value>> = answer["data"]
        .as_array()
        .into_iter()
        .flatten()
        .map(row)
        .collect();
    out.rows(format, heading, &rows);
}
