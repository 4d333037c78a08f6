//! `orderhub inventory quota`: how many units a location may promise through a channel.

use serde_json::{Value, json};

use super::client::{Client, Hub};
use super::output::printable;
use super::{Exit, Failure, Format, Out};
use crate::config::Config;

#[derive(Debug, clap::Args)]
pub(super) struct Quota {
    /// The location's code.
    location: String,
    /// Of which SKU.
    sku: String,
    /// The sales channel's slug.
    channel: String,
    /// Units that it may have promised in all from now on, those that it has included; `none` takes the
    /// bound away.
    #[arg(value_parser = units)]
    units: Bound,
    /// Why.
    #[arg(long)]
    reason: String,
    /// Only if the quota is at this version; 0 is one that was never set.
    #[arg(long, value_name = "VERSION")]
    if_match: Option<u64>,
    #[command(flatten)]
    hub: Hub,
}

#[derive(Debug, Clone, Copy)]
struct Bound(Option<u32>);

fn units(text: &str) -> Result<Bound, String> {
    if text == "none" {
        return Ok(Bound(None));
    }
    let number = text.parse().map(|units| Bound(Some(units)));
    number.map_err(|_| "a whole number of units, or none".to_owned())
}

const COLUMNS: [&str; 7] = [
    "location", "channel", "units", "reserved", "taken", "left", "version",
];

pub(super) async fn set(
    quota: Quota,
    config: impl FnOnce() -> Result<Config, Failure>,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let client = Client::new(&quota.hub, config)?;
    let body = json!({ "units": quota.units.0, "reason": quota.reason });
    let (location, sku, channel) = (&quota.location, &quota.sku, &quota.channel);
    let path = ["v1", "inventory", location, sku, "quotas", channel];
    let answer = client.put(&path, &body, quota.if_match).await;
    let answer = answer.map_err(|refused| {
        refused.or_unknown(|| {
            let message = format!("the hub has no location {}", printable(location, &[]));
            let next = "orderhub config show lists the locations, as [[locations]] code";
            Failure::new(Exit::NotFound, message, next)
        })
    })?;
    if format == Format::Json {
        out.data(&answer.to_string());
        return Ok(());
    }
    let row = COLUMNS.map(|name| answer[name].clone()).to_vec();
    out.rows(format, &COLUMNS, &[row]);
    if answer["repeated"] == Value::Bool(true) {
        out.words("it was so before; nothing has changed");
    }
    Ok(())
}
