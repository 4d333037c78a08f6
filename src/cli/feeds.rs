//! `orderhub inventory feed`: stock that outside systems speak of, sent from a file, and how far each
//! of them has come.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::client::{Client, Hub};
use super::output::{moment, printable};
use super::{Exit, Failure, Format, Out};
use crate::config::Config;

#[derive(Debug, clap::Args)]
pub(super) struct Feed {
    /// The name of the system that says so, like erp-1.
    source: String,
    /// The file; - is standard input.
    file: PathBuf,
    /// The message's number, one above the last. The same one again changes nothing. Without it the
    /// lines must name it.
    #[arg(long, value_name = "NUMBER")]
    sequence: Option<u64>,
    /// When it was so, like 2026-11-20T09:00:00Z.
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    #[command(flatten)]
    hub: Hub,
}

/// Sends a file.
pub(super) async fn send(
    feed: Feed,
    config: impl FnOnce() -> Result<Config, Failure>,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let lines = read(&feed.file)?;
    let client = Client::new(&feed.hub, config)?;
    let mut query = Vec::new();
    query.extend(feed.sequence.map(|number| ("sequence", number.to_string())));
    query.extend(feed.as_of.map(|moment| ("as_of", moment)));
    let path = ["v1", "inventory", "feeds", &feed.source];
    let answer = client.send_lines(&path, &query, lines).await?;
    show(&answer, format, out)
}

/// Lists the sources.
pub(super) async fn list(
    hub: &Hub,
    config: impl FnOnce() -> Result<Config, Failure>,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let client = Client::new(hub, config)?;
    let answer = client.get(&["v1", "inventory", "feeds"], &[]).await?;
    show_sources(&answer, format, out);
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    bytes.map_err(|error| {
        let message = format!("{} cannot be read: {error}", file.display());
        Failure::usage(
            message,
            "name a file that is there, or - for standard input",
        )
    })
}

/// What became of it: a line a message, and one on standard error for each line that was not taken.
fn show(answer: &Value, format: Format, out: &mut Out) -> Result<(), Failure> {
    if format == Format::Json {
        out.data(&answer.to_string());
    } else {
        let columns = ["sequence", "outcome", "rows", "rejected"];
        let messages = answer["feeds"].as_array().into_iter().flatten();
        let row = |message: &Value| columns.map(|name| message[name].clone()).to_vec();
        out.rows(format, &columns, &messages.map(row).collect::<Vec<_>>());
    }
    for message in answer["feeds"].as_array().into_iter().flatten() {
        let gap = &message["gap"];
        if gap.is_object() {
            let (first, last) = (&gap["first"], &gap["last"]);
            out.words(&format!("messages {first} to {last} never came"));
        }
    }
    for error in answer["errors"].as_array().into_iter().flatten() {
        let word = |name: &str| printable(error[name].as_str().unwrap_or_default(), &[]);
        let (line, pointer, hint) = (&error["line"], word("pointer"), word("hint"));
        out.words(&format!("line {line} {pointer}: {hint}"));
    }
    let refused = |message: &Value| {
        let outcome = message["outcome"].as_str().unwrap_or_default();
        !["applied", "repeated"].contains(&outcome)
    };
    let mut messages = answer["feeds"].as_array().into_iter().flatten();
    if answer["rejected"] != 0 || messages.any(refused) {
        let message = "not all of it was taken";
        let next = "correct the lines that are named and send them under the next number";
        return Err(Failure::new(Exit::Partial, message, next));
    }
    Ok(())
}

fn show_sources(answer: &Value, format: Format, out: &mut Out) {
    if format == Format::Json {
        out.data(&answer.to_string());
        return;
    }
    let columns = [
        "source",
        "sequence",
        "applied",
        "age_seconds",
        "gaps",
        "missing",
    ];
    let row = |source: &Value| {
        let name = |name: &str| source[name].clone();
        vec![
            name("source"),
            name("sequence"),
            moment(&source["applied_at"]),
            name("age_seconds"),
            name("gaps"),
            name("missing"),
        ]
    };
    let sources = answer["data"].as_array().into_iter().flatten();
    let rows: Vec<Vec<Value>> = sources.map(row).collect();
    out.rows(format, &columns, &rows);
    if rows.is_empty() {
        out.words("no source has sent a feed yet");
    }
}
