//! `orderhub inventory`: what the running hub has on its shelves.

use clap::Subcommand;
use serde_json::{Value, json};

use super::client::{Client, Hub};
use super::output::printable;
use super::{Exit, Failure, Format, Out};
use super::{feeds, quotas};
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Show what every location has of a SKU, and what of it can still be promised.
    Get {
        /// Which.
        sku: String,
        #[command(flatten)]
        hub: Hub,
    },
    /// Say what was counted at a location.
    Set {
        /// Its code.
        location: String,
        /// Of which SKU.
        sku: String,
        /// How many units lie there, those that are promised already included.
        on_hand: u32,
        /// How many of them are not to be promised; as before by default.
        #[arg(long, value_name = "UNITS")]
        buffer: Option<u32>,
        /// How many units orders may wait for beyond what was announced; as before by default.
        #[arg(long, value_name = "UNITS")]
        backorder_limit: Option<u32>,
        #[command(flatten)]
        hub: Hub,
    },
    /// Bound what a location may promise of a SKU through a channel, or take the bound away.
    Quota(quotas::Quota),
    /// Send what another system says of many SKUs: a file of JSON lines, like
    /// `{"location":"BER1","sku":"SKU-1","on_hand":100}`, or with `"delta"` in its place.
    Feed(feeds::Feed),
    /// List the systems that send feeds: their last numbers, what is missing, how old the last is.
    Feeds {
        #[command(flatten)]
        hub: Hub,
    },
    /// Say that units are on their way, or that their number or day has changed.
    Announce {
        /// The location's code.
        location: String,
        /// Of which SKU.
        sku: String,
        /// Your name for it: a purchase order, a transfer.
        reference: String,
        /// How many units in all; 0 when they will not come.
        quantity: u32,
        /// When, like 2026-11-20T09:00:00Z; nobody is promised a day without it.
        #[arg(long, value_name = "TIME")]
        expected_at: Option<String>,
        #[command(flatten)]
        hub: Hub,
    },
    /// Say that units came; orders that stand in line for them are served, the oldest first.
    Receive {
        /// The location's code.
        location: String,
        /// Of which SKU.
        sku: String,
        /// The receipt's own name: said again, it changes nothing.
        reference: String,
        /// How many units.
        quantity: u32,
        /// What they were announced as.
        #[arg(long, value_name = "REFERENCE")]
        inbound: Option<String>,
        #[command(flatten)]
        hub: Hub,
    },
}

/// What is shown of a location.
const COUNTERS: [&str; 8] = [
    "location",
    "on_hand",
    "reserved",
    "allocated",
    "buffer",
    "available",
    "waiting",
    "inbound",
];

pub(super) async fn run(
    verb: Verb,
    config: impl FnOnce() -> Result<Config, Failure>,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    match verb {
        Verb::Quota(quota) => quotas::set(quota, config, format, out).await?,
        Verb::Feed(feed) => feeds::send(feed, config, format, out).await?,
        Verb::Feeds { hub } => feeds::list(&hub, config, format, out).await?,
        Verb::Get { sku, hub } => {
            let client = Client::new(&hub, config)?;
            let answer = client.get(&["v1", "inventory", &sku], &[]).await?;
            let locations = answer["locations"].as_array().cloned().unwrap_or_default();
            show(&answer, &locations, format, out);
            if locations.is_empty() {
                let sku = printable(&sku, &[]);
                out.words(&format!("no location has counted {sku}"));
            }
        }
        Verb::Set {
            location,
            sku,
            on_hand,
            buffer,
            backorder_limit,
            hub,
        } => {
            let client = Client::new(&hub, config)?;
            let mut body = json!({ "on_hand": on_hand });
            if let Some(buffer) = buffer {
                body["buffer"] = buffer.into();
            }
            if let Some(limit) = backorder_limit {
                body["backorder_limit"] = limit.into();
            }
            let path = ["v1", "inventory", &location, &sku];
            let answer = client.put(&path, &body, None).await;
            let answer = answer.map_err(|refused| refused.or_unknown(|| unknown(&location)))?;
            show(&answer, std::slice::from_ref(&answer), format, out);
        }
        Verb::Announce {
            location,
            sku,
            reference,
            quantity,
            expected_at,
            hub,
        } => {
            let client = Client::new(&hub, config)?;
            let mut body = json!({ "reference": reference, "quantity": quantity });
            if let Some(moment) = expected_at {
                body["expected_at"] = moment.into();
            }
            let answer = say(&client, &location, &sku, "inbound", &body).await?;
            show(&answer, std::slice::from_ref(&answer), format, out);
        }
        Verb::Receive {
            location,
            sku,
            reference,
            quantity,
            inbound,
            hub,
        } => {
            let client = Client::new(&hub, config)?;
            let mut body = json!({ "reference": reference, "quantity": quantity });
            if let Some(announced) = inbound {
                body["inbound"] = announced.into();
            }
            let answer = say(&client, &location, &sku, "receipts", &body).await?;
            if answer["repeated"] == true {
                let reference = printable(&reference, &[]);
                out.words(&format!(
                    "{reference} was booked before; nothing has changed"
                ));
            }
            show(&answer, std::slice::from_ref(&answer), format, out);
        }
    }
    Ok(())
}

/// Says something about supply to a location.
async fn say(
    client: &Client,
    location: &str,
    sku: &str,
    what: &str,
    body: &Value,
) -> Result<Value, Failure> {
    let path = ["v1", "inventory", location, sku, what];
    let answer = client.post(&path, body, None).await;
    answer.map_err(|refused| refused.or_unknown(|| unknown(location)))
}

/// The address of a count names a location and a SKU; any SKU may be counted.
fn unknown(location: &str) -> Failure {
    let message = format!("the hub has no location {}", printable(location, &[]));
    let next = "orderhub config show lists the locations, as [[locations]] code";
    Failure::new(Exit::NotFound, message, next)
}

fn show(answer: &Value, locations: &[Value], format: Format, out: &mut Out) {
    if format == Format::Json {
        out.data(&answer.to_string());
        return;
    }
    let row = |counters: &Value| COUNTERS.map(|name| counters[name].clone()).to_vec();
    let rows: Vec<Vec<Value>> = locations.iter().map(row).collect();
    out.rows(format, &COUNTERS, &rows);
}
