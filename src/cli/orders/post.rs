//! `orderhub orders post`: a file of orders is sent to the running hub in pieces of whole orders, and each of
//! them gets a verdict. What is sent twice is recognised, so a file that was cut off is sent again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use orderhub_channels::imports::{Piece, Pieces};
use orderhub_channels::sales::direct::sheet;
use serde_json::{Value, json};

use super::super::client::{Client, Hub, Refused};
use super::super::import::{AGAIN, open, unreadable};
use super::super::output::printable;
use super::super::{Exit, Failure, Format, Out};
use crate::config::Config;

/// Tries of what the hub could not take; what it took is recognised.
const TRIES: u32 = 6;
/// Before the second try; each further one waits twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The format of the file: a row a line of an order, or an order a line in the hub's own form.
    #[arg(value_parser = ["csv", "ndjson"])]
    format: String,
    /// The file; - is standard input.
    file: PathBuf,
    /// The direct channel of rows that name none, by its slug.
    #[arg(long, value_name = "SLUG")]
    channel: Option<String>,
    /// Say what would become of each order, and record nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print the verdict of every order, not of those alone that are refused.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    hub: Hub,
}

/// Verdicts so far.
#[derive(Default)]
struct Sums {
    recorded: u64,
    exists: u64,
    refused: u64,
    /// Hashes of what a trial found new, by channel and external id: its pieces do not know of each other.
    tried: BTreeMap<(String, String), String>,
}

pub(super) async fn run(
    arguments: Arguments,
    config: impl FnOnce() -> Result<Config, Failure>,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let (file, _) = open(&arguments.file)?;
    let pieces = if arguments.format == "csv" {
        let pieces = Pieces::rows(&[sheet::NAME], "file of orders", file);
        pieces.map_err(|broken| unreadable(&arguments.file, &broken))?
    } else {
        Pieces::lines(file)
    };
    if arguments.format != "csv" && arguments.channel.is_some() {
        let message = "--channel is for rows of a csv that name no channel";
        return Err(Failure::usage(message, "name the channel in each order"));
    }
    let client = Client::new(&arguments.hub, config)?;
    let every = arguments.all || arguments.dry_run || format == Format::Json;
    let mut sums = Sums::default();
    for piece in pieces {
        let answered = match piece {
            Ok(piece) => send(&client, &arguments, piece)
                .await
                .map_err(Failure::from),
            Err(broken) => Err(unreadable(&arguments.file, &broken)),
        };
        let verdicts = answered.map_err(|mut failure| {
            summary(&sums, &arguments, out);
            if matches!(failure.exit, Exit::Failed | Exit::Missing) {
                AGAIN.clone_into(&mut failure.next);
            }
            failure
        })?;
        for verdict in verdicts {
            let verdict = sums.count(verdict);
            if every || is_refused(&verdict) {
                show(&verdict, format, out);
            }
        }
    }
    summary(&sums, &arguments, out);
    if sums.refused == 0 {
        return Ok(());
    }
    let orders = sums.recorded + sums.exists + sums.refused;
    let message = format!("{} of {orders} orders are refused", sums.refused);
    let next = "correct what is named and send it again: what is there already stays as it is";
    Err(Failure::new(Exit::Partial, message, next))
}

/// Sends a piece until the hub has said what became of each of its orders, or went on failing.
async fn send(client: &Client, arguments: &Arguments, piece: Piece) -> Result<Vec<Value>, Refused> {
    let is_sheet = arguments.format == "csv";
    let mut query = vec![("dry_run", arguments.dry_run.to_string())];
    if is_sheet {
        query.push(("first_row", piece.first_row.to_string()));
    }
    query.extend(arguments.channel.clone().map(|slug| ("channel", slug)));
    let media = if is_sheet {
        "text/csv"
    } else {
        "application/x-ndjson"
    };
    let mut told: Vec<Value> = Vec::new();
    let mut pause = FIRST_PAUSE;
    for attempt in 1.. {
        match client.send_orders(&query, media, piece.bytes.clone()).await {
            Ok(verdicts) if told.is_empty() => told = verdicts,
            Ok(verdicts) => {
                for (known, now) in told.iter_mut().zip(verdicts) {
                    if passes(known) {
                        *known = now;
                    }
                }
            }
            Err(refused) if refused.passes() && attempt < TRIES => {}
            Err(refused) => return Err(refused),
        }
        if attempt == TRIES || !told.is_empty() && !told.iter().any(passes) {
            break;
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    if !is_sheet {
        number(&mut told, &piece);
    }
    Ok(told)
}

/// The hub counts the orders of a body; whoever has the file looks for a line.
fn number(verdicts: &mut [Value], piece: &Piece) {
    let lines = (piece.first_row..).zip(piece.bytes.split(|byte| *byte == b'\n'));
    let filled = lines.filter(|(_, line)| !line.iter().all(u8::is_ascii_whitespace));
    for (verdict, (number, _)) in verdicts.iter_mut().zip(filled) {
        verdict["line"] = number.into();
    }
}

fn is_refused(verdict: &Value) -> bool {
    verdict["error"].is_object()
}

/// Whether the same order may well be taken a little later.
fn passes(verdict: &Value) -> bool {
    verdict["error"]["retryable"] == true
}

impl Sums {
    fn count(&mut self, mut verdict: Value) -> Value {
        if verdict["dry_run"] == true && verdict["status"] == 201 {
            self.try_out(&mut verdict);
        }
        match verdict["status"].as_u64() {
            _ if is_refused(&verdict) => self.refused += 1,
            Some(201) => self.recorded += 1,
            _ => self.exists += 1,
        }
        verdict
    }

    /// What an earlier piece would have recorded is there by then.
    fn try_out(&mut self, verdict: &mut Value) {
        let order = &verdict["order"];
        let word = |name: &str| order[name].as_str().unwrap_or_default().to_owned();
        let (place, hash) = ((word("channel"), word("external_id")), word("body_hash"));
        let Some(before) = self.tried.get(&place) else {
            self.tried.insert(place, hash);
            return;
        };
        if *before == hash {
            verdict["status"] = 200.into();
        } else {
            let detail = "An order before it has this external_id and says something else.";
            let error = json!({ "code": "external_id_conflict", "detail": detail, "errors": [] });
            verdict["status"] = 409.into();
            verdict["error"] = error;
        }
    }
}

/// A verdict on a line, and a line below it for each thing that is wrong.
fn show(verdict: &Value, format: Format, out: &mut Out) {
    if format == Format::Json {
        out.data(&verdict.to_string());
        return;
    }
    let word = |value: &Value| printable(value.as_str().unwrap_or("-"), &[]);
    let place = match (&verdict["line"], &verdict["row"], &verdict["last_row"]) {
        (Value::Null, first, last) if first == last => format!("row {first}"),
        (Value::Null, first, last) => format!("rows {first}-{last}"),
        (line, ..) => format!("line {line}"),
    };
    let order = &verdict["order"];
    let id = match &verdict["external_id"] {
        Value::Null => word(&order["external_id"]),
        id => word(id),
    };
    let became = match (verdict["status"].as_u64(), &verdict["dry_run"]) {
        _ if is_refused(verdict) => "refused",
        (Some(201), Value::Bool(true)) => "would be recorded",
        (Some(201), _) => "recorded",
        _ => "there already",
    };
    let mut line = format!("{place}  {id}  {became}");
    if let Some(order) = order["id"].as_str() {
        line.push_str("  ");
        line.push_str(&printable(order, &[]));
    }
    out.data(&line);
    let error = &verdict["error"];
    let errors = error["errors"].as_array().filter(|all| !all.is_empty());
    for error in errors.into_iter().flatten() {
        let (pointer, code) = (word(&error["pointer"]), word(&error["code"]));
        let row = match &error["row"] {
            Value::Null => String::new(),
            row => format!("row {row} "),
        };
        out.data(&format!(
            "  {row}{pointer} {code}: {}",
            word(&error["hint"])
        ));
    }
    if is_refused(verdict) && errors.is_none() {
        let (code, detail) = (word(&error["code"]), word(&error["detail"]));
        out.data(&format!("  {code}: {detail}"));
    }
}

fn summary(sums: &Sums, arguments: &Arguments, out: &mut Out) {
    let Sums {
        recorded,
        exists,
        refused,
        ..
    } = sums;
    let orders = recorded + exists + refused;
    let done = if arguments.dry_run {
        "would be recorded"
    } else {
        "recorded"
    };
    out.words(&format!(
        "{orders} orders: {recorded} {done}, {exists} there already, {refused} refused"
    ));
}
