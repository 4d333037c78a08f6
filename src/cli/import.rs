//! `orderhub import`: a file of orders of the past is sent to the running hub in pieces of whole orders,
//! and each of its orders gets a verdict. The hub decides; what is sent twice is recognised.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use orderhub_channels::imports::{Broken, ImportFormat, Piece, Pieces};
use serde_json::Value;

use super::client::{Client, Hub, Refused};
use super::output::printable;
use super::{Exit, Failure, Format, Out};
use crate::config::Config;

/// Pieces that are with the hub at once.
const IN_FLIGHT: usize = 2;
/// Tries of a piece that the hub could not take; what it took of it is recognised.
const TRIES: u32 = 6;
/// Before the second try; each further one waits twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// What to do after an import that was cut off.
pub(super) const AGAIN: &str =
    "run the same command again once the hub is there: what it took stays, and is recognised";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The format of the file.
    #[arg(value_parser = ["shopify-csv", "woocommerce-csv", "ndjson"])]
    format: String,
    /// The file; - is standard input.
    file: PathBuf,
    /// The sales channel that the orders came through, by its slug.
    #[arg(long, value_name = "SLUG")]
    channel: String,
    /// Say what would become of each order, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// The zone of times that name none, like Europe/Berlin.
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Print the verdict of every order, not of those alone that are refused.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    hub: Hub,
}

/// Verdicts so far.
#[derive(Default)]
struct Sums {
    rows: u64,
    orders: u64,
    would_import: u64,
    imported: u64,
    exists: u64,
    refused: u64,
}

pub(super) async fn run(
    arguments: Arguments,
    config: impl FnOnce() -> Result<Config, Failure>,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let of = ImportFormat::from_word(&arguments.format).ok_or_else(|| {
        let message = format!("there is no format {}", arguments.format);
        Failure::usage(message, "orderhub import --help")
    })?;
    let (file, length) = open(&arguments.file)?;
    let pieces = Pieces::of(of, file).map_err(|broken| unreadable(&arguments.file, &broken))?;
    let client = Client::new(&arguments.hub, config)?;
    let sent = stream::iter(pieces).map(|piece| send(&client, &arguments, piece));
    let mut answers = std::pin::pin!(sent.buffered(IN_FLIGHT));
    let mut sums = Sums::default();
    let mut seen = BTreeSet::new();
    let mut bar = Bar::of(length);
    let every = arguments.all || arguments.dry_run || format == Format::Json;
    while let Some(answer) = answers.next().await {
        let (piece, answer) = match answer {
            Ok(answer) => answer,
            Err(mut failure) => {
                bar.end(out);
                summary(&sums, &arguments, out);
                if matches!(failure.exit, Exit::Failed | Exit::Missing) {
                    AGAIN.clone_into(&mut failure.next);
                }
                return Err(failure);
            }
        };
        sums.rows += piece.rows;
        for verdict in answer["data"].as_array().into_iter().flatten() {
            let verdict = sums.count(verdict.clone(), &mut seen);
            if every || verdict["verdict"] == "refused" {
                bar.clear(out);
                show(&verdict, format, out);
            }
        }
        bar.draw(&sums, piece.read, out);
    }
    bar.end(out);
    summary(&sums, &arguments, out);
    if sums.refused == 0 {
        return Ok(());
    }
    let message = format!("{} of {} orders are refused", sums.refused, sums.orders);
    let next =
        "correct the rows that are named and run it again: what is there already stays as it is";
    Err(Failure::new(Exit::Partial, message, next))
}

pub(super) fn open(file: &Path) -> Result<(Box<dyn Read + Send>, Option<u64>), Failure> {
    if file.as_os_str() == "-" {
        return Ok((Box::new(std::io::stdin()), None));
    }
    let opened = File::open(file).and_then(|file| Ok((file.metadata()?.len(), file)));
    let (length, file) = opened.map_err(|error| {
        let message = format!("{} cannot be read: {error}", file.display());
        Failure::usage(
            message,
            "name a file that is there, or - for standard input",
        )
    })?;
    Ok((Box::new(file), Some(length)))
}

pub(super) fn unreadable(file: &Path, broken: &Broken) -> Failure {
    let message = format!("{} cannot be read: {broken}", file.display());
    Failure::usage(
        message,
        "correct it, or name the format that it has: --help lists them",
    )
}

/// Sends a piece until the hub has said what became of it.
async fn send(
    client: &Client,
    arguments: &Arguments,
    piece: Result<Piece, Broken>,
) -> Result<(Piece, Value), Failure> {
    let mut piece = piece.map_err(|broken| unreadable(&arguments.file, &broken))?;
    let bytes = std::mem::take(&mut piece.bytes);
    let mut query = vec![
        ("format", arguments.format.clone()),
        ("first_row", piece.first_row.to_string()),
        ("dry_run", arguments.dry_run.to_string()),
    ];
    query.extend(arguments.time_zone.clone().map(|zone| ("time_zone", zone)));
    let path = ["v1", "imports", &arguments.channel];
    let mut tries = 1;
    let mut pause = FIRST_PAUSE;
    loop {
        match client.send_file(&path, &query, bytes.clone()).await {
            Ok(answer) => return Ok((piece, answer)),
            Err(refused) if refused.passes() && tries < TRIES => {
                tokio::time::sleep(pause).await;
                tries += 1;
                pause *= 2;
            }
            Err(refused) => return Err(refusal(refused, arguments)),
        }
    }
}

fn refusal(refused: Refused, arguments: &Arguments) -> Failure {
    refused.or_unknown(|| {
        let channel = printable(&arguments.channel, &[]);
        let message = format!("the hub has no sales channel {channel}");
        Failure::new(Exit::NotFound, message, "orderhub channel ls lists them")
    })
}

impl Sums {
    /// Counts a verdict. An order that stands twice in a file would be there the second time, also where
    /// its pieces were tried out by themselves.
    fn count(&mut self, mut verdict: Value, seen: &mut BTreeSet<String>) -> Value {
        let id = verdict["external_id"].as_str().map(str::to_owned);
        if verdict["verdict"] == "would_import" && id.is_some_and(|id| !seen.insert(id)) {
            verdict["verdict"] = "exists".into();
        }
        self.orders += 1;
        match verdict["verdict"].as_str().unwrap_or_default() {
            "would_import" => self.would_import += 1,
            "imported" => self.imported += 1,
            "exists" => self.exists += 1,
            _ => self.refused += 1,
        }
        verdict
    }
}

/// A verdict on a line, and a line below it for each thing that is wrong.
fn show(verdict: &Value, format: Format, out: &mut Out) {
    if format == Format::Json {
        out.data(&verdict.to_string());
        return;
    }
    let word = |value: &Value| printable(value.as_str().unwrap_or("-"), &[]);
    let (first, last) = (&verdict["row"], &verdict["last_row"]);
    let rows = if first == last {
        format!("row {first}")
    } else {
        format!("rows {first}-{last}")
    };
    let id = word(&verdict["external_id"]);
    let mut line = format!("{rows}  {id}  {}", word(&verdict["verdict"]));
    if let Some(order) = verdict["order"].as_str() {
        line.push_str("  ");
        line.push_str(order);
    }
    out.data(&line);
    for error in verdict["errors"].as_array().into_iter().flatten() {
        let (row, pointer) = (&error["row"], word(&error["pointer"]));
        let (code, hint) = (word(&error["code"]), word(&error["hint"]));
        out.data(&format!("  row {row} {pointer} {code}: {hint}"));
    }
}

fn summary(sums: &Sums, arguments: &Arguments, out: &mut Out) {
    let done = if arguments.dry_run {
        format!("{} would be imported", sums.would_import)
    } else {
        format!("{} imported", sums.imported)
    };
    out.words(&format!(
        "{} rows, {} orders: {done}, {} there already, {} refused",
        sums.rows, sums.orders, sums.exists, sums.refused
    ));
}

/// How far a file is: a bar on a terminal, a line at each tenth elsewhere.
struct Bar {
    length: Option<u64>,
    since: Timestamp,
    tenths: u64,
    drawn: bool,
}

/// Cells of the bar.
const CELLS: u64 = 30;

impl Bar {
    fn of(length: Option<u64>) -> Self {
        Self {
            length: length.filter(|length| *length > 0),
            since: Timestamp::now(),
            tenths: 0,
            drawn: false,
        }
    }

    fn draw(&mut self, sums: &Sums, read: u64, out: &mut Out) {
        let took = Timestamp::now().duration_since(self.since).as_millis();
        let took = u64::try_from(took).unwrap_or(0).max(1);
        let pace = sums.rows.saturating_mul(1_000) / took;
        let so_far = format!("{} rows, {pace}/s, {} refused", sums.rows, sums.refused);
        let Some(length) = self.length else {
            self.drawn |= out.redraw(&so_far);
            return;
        };
        let read = read.min(length);
        let (percent, filled) = (read * 100 / length, read * CELLS / length);
        let filled_cells = "#".repeat(usize::try_from(filled).unwrap_or(0));
        let open_cells = "-".repeat(usize::try_from(CELLS - filled).unwrap_or(0));
        let line = format!("[{filled_cells}{open_cells}] {percent:>3} %  {so_far}");
        if out.redraw(&line) {
            self.drawn = true;
        } else if percent / 10 > self.tenths {
            self.tenths = percent / 10;
            out.words(&line);
        }
    }

    /// Makes room for a line of data.
    fn clear(&mut self, out: &mut Out) {
        if std::mem::take(&mut self.drawn) {
            out.redraw("");
        }
    }

    fn end(&mut self, out: &mut Out) {
        self.clear(out);
    }
}
