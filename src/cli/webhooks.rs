//! `orderhub webhooks`. Looking at webhooks reads the database, so it works while the hub is down;
//! reading one again is for the running hub, which owns the orders.

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use orderhub_actors::api::Received;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::client::{Client, Hub};
use super::output::printable;
use super::{Exit, Failure, Format, Out, Root};
use crate::config::Config;
use crate::store::{WebhookDetail, WebhookFilter};
use crate::views::messages::{webhook, webhook_in_full};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the webhooks of the last 30 days, newest first.
    Ls {
        /// Only those of this connection: sales/shop-de, payments/stripe-eu.
        #[arg(long, value_name = "FAMILY/SLUG")]
        source: Option<String>,
        /// Only those that fared like this.
        #[arg(long, value_parser = outcomes())]
        outcome: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1_000))]
        limit: u16,
    },
    /// Show a webhook.
    Show {
        /// Its id.
        id: String,
        /// Show what it said too. That is personal data.
        #[arg(long)]
        body: bool,
    },
    /// Let the running hub read a webhook again, with its connection as it is configured now.
    Replay {
        /// Its id.
        id: String,
        #[command(flatten)]
        hub: Hub,
    },
}

/// What a listed webhook is shown with, and a shown one first.
const FIELDS: [&str; 6] = ["id", "source", "outcome", "reason", "order", "received_at"];

fn outcomes() -> PossibleValuesParser {
    PossibleValuesParser::new(Received::ALL.map(Received::word))
}

pub(super) async fn run(
    verb: Verb,
    config: impl FnOnce() -> Result<Config, Failure>,
    root: &dyn Root,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    match verb {
        Verb::Ls {
            source,
            outcome,
            limit,
        } => {
            let filter = WebhookFilter {
                source,
                outcome,
                before: None,
                limit,
            };
            list(&filter, &config()?, root, format, out).await
        }
        Verb::Show { id, body } => show(&id, body, &config()?, root, format, out).await,
        Verb::Replay { id, hub } => {
            let client = Client::new(&hub, config)?;
            replay(&id, &client, format, out).await
        }
    }
}

async fn list(
    filter: &WebhookFilter,
    config: &Config,
    root: &dyn Root,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let found = root.messages(config).await?.webhooks(filter).await?;
    let row = |shown: &Value| FIELDS.map(|name| shown[name].clone()).to_vec();
    let rows: Vec<Vec<Value>> = found
        .webhooks
        .iter()
        .map(|one| row(&webhook(one)))
        .collect();
    out.rows(format, &FIELDS, &rows);
    if found.next.is_some() {
        out.words("there are older ones; --limit, --source and --outcome say which are listed");
    }
    Ok(())
}

async fn show(
    id: &str,
    body: bool,
    config: &Config,
    root: &dyn Root,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let named = named(id)?;
    let found = root.messages(config).await?.webhook(named).await?;
    let found = found.ok_or_else(|| unknown(id))?;
    if body && found.body.is_err() {
        let message = "what this webhook says was sealed with another key than the configured one";
        let next = "set [store] seal_key to the key that was in force when it came";
        return Err(Failure::new(Exit::Conflict, message, next));
    }
    let shown = webhook_in_full(&found, body);
    out.record(format, &shown, &fields(&shown));
    if body && format == Format::Text {
        say(&found, out);
    }
    Ok(())
}

/// The fields of a webhook, and its headers below.
fn fields(shown: &Value) -> Vec<(String, Value)> {
    let field = |name: &str| (name.to_owned(), shown[name].clone());
    let headers = shown["headers"].as_object().into_iter().flat_map(Map::iter);
    let headers = headers.map(|(name, value)| (format!("header {name}"), value.clone()));
    let fields = FIELDS.iter().chain(&["readable"]);
    fields.map(|name| field(name)).chain(headers).collect()
}

/// Prints what a webhook said for people: nothing in it may move their cursor.
fn say(found: &WebhookDetail, out: &mut Out) {
    let Ok(body) = &found.body else { return };
    match std::str::from_utf8(body) {
        Ok(text) => out.data(&format!("\n{}", printable(text, &['\n', '\t']))),
        Err(_) => out.words("the body is no text; -o json gives it as base64"),
    }
}

async fn replay(id: &str, client: &Client, format: Format, out: &mut Out) -> Result<(), Failure> {
    let named = named(id)?.to_string();
    let path = ["v1", "webhooks-received", &named, "actions", "replay"];
    let answer = client.post(&path, &json!({}), None).await;
    let answer = answer.map_err(|refused| refused.or_unknown(|| unknown(id)))?;
    let field = |name: &str| (name.to_owned(), answer[name].clone());
    let fields = ["id", "outcome", "reason", "order"].map(field);
    out.record(format, &answer, &fields);
    Ok(())
}

/// Whatever is no id names no webhook.
fn named(id: &str) -> Result<Uuid, Failure> {
    id.parse().map_err(|_| unknown(id))
}

fn unknown(id: &str) -> Failure {
    let message = format!("there is no webhook {}", printable(id, &[]));
    Failure::new(Exit::NotFound, message, "orderhub webhooks ls")
}
