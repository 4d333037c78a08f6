//! `orderhub events`: what the running hub has committed, by page or as it happens. The messages are
//! those that the bus has.

use std::collections::VecDeque;
use std::time::Duration;

use clap::Subcommand;
use serde_json::Value;
use tokio::time::sleep;

use super::client::{Client, Hub};
use super::output::{moment, printable};
use super::wire::Going;
use super::{Exit, Failure, Format, Out};
use crate::config::Config;

/// The pause before a hub that has gone is looked for again.
const PAUSE: Duration = Duration::from_secs(1);
/// Most events of a page.
const PAGE: usize = 200;
/// Longest event; the hub's are far below.
const LONGEST: usize = 8 * 1024 * 1024;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List events, oldest first. With -o json, one event a line.
    Ls {
        /// Only what came after this position: a listing ends by naming one.
        #[arg(long, value_name = "POSITION")]
        after: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        limit: u16,
        #[command(flatten)]
        terms: Terms,
    },
    /// Show events as they happen, until Ctrl-C, also when the hub comes back after a break. With
    /// -o json, one event a line.
    Tail {
        /// Begin after this position, in place of now.
        #[arg(long, value_name = "POSITION")]
        after: Option<String>,
        /// End after so many.
        #[arg(long, value_name = "EVENTS")]
        limit: Option<u64>,
        #[command(flatten)]
        terms: Terms,
    },
}

/// Which events, and of which hub.
#[derive(Debug, clap::Args)]
pub(super) struct Terms {
    /// Only these kinds (order.received) or beginnings of kinds (shipment.), separated by commas.
    #[arg(long, value_name = "KINDS")]
    types: Option<String>,
    #[command(flatten)]
    hub: Hub,
}

pub(super) async fn run(
    verb: Verb,
    config: impl FnOnce() -> Result<Config, Failure>,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    match verb {
        Verb::Ls {
            after,
            limit,
            terms,
        } => {
            let client = Client::new(&terms.hub, config)?;
            list(after, usize::from(limit), terms.types, &client, format, out).await
        }
        Verb::Tail {
            after,
            limit,
            terms,
        } => {
            let client = Client::new(&terms.hub, config)?;
            let tailing = tail(after, limit, terms.types, &client, format, out);
            tokio::select! {
                ended = tailing => ended,
                // That is how it ends.
                _ = tokio::signal::ctrl_c() => Ok(()),
            }
        }
    }
}

async fn list(
    mut after: Option<String>,
    limit: usize,
    types: Option<String>,
    client: &Client,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let mut left = limit;
    while left > 0 {
        let mut query = vec![("limit", left.min(PAGE).to_string())];
        query.extend(types.clone().map(|types| ("types", types)));
        query.extend(after.clone().map(|after| ("after", after)));
        let page = client.get(&["v1", "events"], &query).await?;
        for event in page["data"].as_array().into_iter().flatten() {
            left -= 1;
            if !show(event, format, out) {
                return Ok(());
            }
        }
        after = page["next_cursor"].as_str().map(str::to_owned);
        if page["has_more"] != true {
            return Ok(());
        }
    }
    if let Some(after) = after {
        out.words(&format!(
            "there may be more: --after {}",
            printable(&after, &[])
        ));
    }
    Ok(())
}

async fn tail(
    after: Option<String>,
    limit: Option<u64>,
    types: Option<String>,
    client: &Client,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let mut last = after;
    let mut left = limit;
    let mut stream = listen(last.as_deref(), types.as_deref(), client).await?;
    while left != Some(0) {
        let Some(heard) = stream.next().await else {
            out.words("the hub has gone; waiting for it");
            stream = again(last.as_deref(), types.as_deref(), client).await?;
            out.words("the hub is back");
            continue;
        };
        if let Some(event) = heard.data {
            left = left.map(|left| left - 1);
            if !show(&event, format, out) {
                return Ok(());
            }
        }
        last = heard.id.or(last);
    }
    Ok(())
}

async fn listen(
    last: Option<&str>,
    types: Option<&str>,
    client: &Client,
) -> Result<Stream, Failure> {
    let query: Vec<_> = types
        .map(|types| ("types", types.to_owned()))
        .into_iter()
        .collect();
    let going = client
        .listen(&["v1", "events", "stream"], &query, last)
        .await?;
    Ok(Stream {
        going,
        read: Vec::new(),
        heard: VecDeque::new(),
    })
}

/// Listens to a hub that comes back. What it refuses then, it would refuse again.
async fn again(
    last: Option<&str>,
    types: Option<&str>,
    client: &Client,
) -> Result<Stream, Failure> {
    loop {
        sleep(PAUSE).await;
        match listen(last, types, client).await {
            Err(failure) if matches!(failure.exit, Exit::Missing | Exit::Failed) => {}
            ended => return ended,
        }
    }
}

/// The hub's stream of events, as it comes.
struct Stream {
    going: Going,
    read: Vec<u8>,
    heard: VecDeque<Heard>,
}

/// A message of the stream.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    /// The position after it.
    id: Option<String>,
    data: Option<Value>,
}

impl Stream {
    /// The next message; `None` when the hub has gone.
    async fn next(&mut self) -> Option<Heard> {
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return Some(heard);
            }
            let piece = self.going.next().await?;
            self.read.extend_from_slice(&piece);
            self.heard.extend(messages(&mut self.read));
            // What never ends is no message of a hub.
            if self.read.len() > LONGEST {
                return None;
            }
        }
    }
}

/// Takes the whole messages out of what was read.
fn messages(read: &mut Vec<u8>) -> Vec<Heard> {
    let mut heard = Vec::new();
    while let Some(end) = read.windows(2).position(|pair| pair == b"\n\n") {
        let message: Vec<u8> = read.drain(..end + 2).collect();
        let message = String::from_utf8_lossy(&message);
        let field = |name: &str| {
            let of_name = message.lines().find_map(|line| line.strip_prefix(name));
            of_name.map(str::trim_start)
        };
        heard.push(Heard {
            id: field("id:").map(str::to_owned),
            data: field("data:").and_then(|data| serde_json::from_str(data).ok()),
        });
    }
    heard
}

/// Prints an event on one line; `false` when nobody reads any more.
fn show(event: &Value, format: Format, out: &mut Out) -> bool {
    if format == Format::Json {
        return out.tell(&event.to_string());
    }
    let text = |name: &str| printable(event[name].as_str().unwrap_or("-"), &[]);
    let kind = text("type");
    let kind = kind.trim_start_matches("io.orderhub.");
    let kind = kind.rsplit_once(".v").map_or(kind, |(kind, _)| kind);
    let time = moment(&event["time"]);
    let line = format!(
        "{}  {kind:34}  {:36}  {:>4}  {}",
        time.as_str().unwrap_or("-"),
        text("subject"),
        text("sequence"),
        text("channel"),
    );
    out.tell(line.trim_end())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_are_taken_when_they_are_whole() {
        let text = ":from here on\nid:A\n\n:\n\ndata:{\"n\":1}\n\ndata:{\"n\":2}\nid:B\n\nda";
        let mut read = text.as_bytes().to_vec();
        let heard = messages(&mut read);
        let found: Vec<_> = heard
            .iter()
            .map(|one| (one.id.as_deref(), one.data.clone()))
            .collect();
        assert_eq!(
            found,
            [
                (Some("A"), None),
                (None, None),
                (None, Some(json!({"n": 1}))),
                (Some("B"), Some(json!({"n": 2}))),
            ]
        );
        assert_eq!(read, b"da");
    }
}
