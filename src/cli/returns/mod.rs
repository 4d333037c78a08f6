//! `orderhub returns`: what buyers send back, for the people who answer them and open their parcels.
//! `words` is how it is written on a command line, `show` what is printed.

mod show;
mod words;

use clap::Subcommand;
use orderhub_domain::ids::ReturnId;
use serde_json::{Value, json};

use super::client::Client;
use super::orders::find;
use super::{Exit, Failure, Format, Out};
use crate::config::Config;
pub(super) use words::{Counted, counted, counts};
use words::{Found, Label, Named, OfOrder, Terms, Why, dispositions, findings, found, opening};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the returns of an order.
    Ls {
        #[command(flatten)]
        order: OfOrder,
    },
    /// Show a return: what was announced, came, was found and is given back.
    Show {
        #[command(flatten)]
        back: Named,
    },
    /// Open a return: announced, or by a parcel that came without a word.
    Open {
        #[command(flatten)]
        order: OfOrder,
        /// What, as LINE=QUANTITY by the channel's line id; everything that can come back by default.
        #[arg(long, value_name = "LINE=QUANTITY", value_parser = counted)]
        line: Vec<Counted>,
        /// It came already, unannounced: where its parcel was opened.
        #[arg(long, value_name = "LOCATION", requires = "line")]
        received_at: Option<String>,
        /// The name of the parcel that came.
        #[arg(long, requires = "received_at")]
        parcel: Option<String>,
        #[command(flatten)]
        why: Why,
    },
    /// Let it come back.
    Approve {
        #[command(flatten)]
        back: Named,
        #[command(flatten)]
        label: Label,
        #[command(flatten)]
        why: Why,
    },
    /// Do not let it come back.
    Decline {
        #[command(flatten)]
        back: Named,
        #[command(flatten)]
        why: Why,
    },
    /// A parcel of it came.
    Receive {
        #[command(flatten)]
        back: Named,
        /// Where it was opened.
        #[arg(long)]
        location: String,
        /// Its name, as its tracking number: told again it adds nothing.
        #[arg(long)]
        parcel: Option<String>,
        /// What was in it, as LINE=QUANTITY; everything that was announced by default.
        #[arg(long, value_name = "LINE=QUANTITY", value_parser = counted)]
        line: Vec<Counted>,
        /// What was in it that the order never had, as SKU=QUANTITY.
        #[arg(long, value_name = "SKU=QUANTITY", value_parser = counted)]
        unexpected: Vec<Counted>,
        #[command(flatten)]
        terms: Terms,
    },
    /// Say what was found of what came.
    Inspect {
        #[command(flatten)]
        back: Named,
        /// What was found, as LINE=QUANTITY=DISPOSITION.
        #[arg(long, value_name = "LINE=QUANTITY=DISPOSITION", value_parser = found)]
        line: Vec<Found>,
        /// What was found of everything else.
        #[arg(long, value_parser = dispositions(), required_unless_present = "line")]
        disposition: Option<String>,
        #[command(flatten)]
        terms: Terms,
    },
    /// Expect nothing more of it.
    Close {
        #[command(flatten)]
        back: Named,
        #[command(flatten)]
        why: Why,
    },
}

pub(super) async fn run(
    verb: Verb,
    config: impl FnOnce() -> Result<Config, Failure>,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let (target, step, body, terms) = match verb {
        Verb::Ls { order } => {
            let client = Client::new(&order.hub, config)?;
            let id = find::order(&order.name, &client).await?;
            return show::list(id, &client, format, out).await;
        }
        Verb::Show { back } => {
            let client = Client::new(&back.hub, config)?;
            return show::show(named(&back.id)?, &client, format, out).await;
        }
        Verb::Open {
            order,
            line,
            received_at,
            parcel,
            why,
        } => {
            let client = Client::new(&order.hub, config)?;
            let id = find::order(&order.name, &client).await?.to_string();
            let body = opening(&why.reason, &line, received_at, parcel);
            let path = ["v1", "orders", &id, "returns"];
            return ask(&path, body, &why.terms, &client, format, out).await;
        }
        Verb::Approve { back, label, why } => {
            let mut body = json!({ "reason": why.reason });
            label.write(&mut body);
            (back, "approve", body, why.terms)
        }
        Verb::Decline { back, why } => {
            let body = json!({ "reason": why.reason });
            (back, "decline", body, why.terms)
        }
        Verb::Close { back, why } => (back, "close", json!({ "reason": why.reason }), why.terms),
        Verb::Receive {
            back,
            location,
            parcel,
            line,
            unexpected,
            terms,
        } => {
            let mut body = json!({ "location": location });
            if let Some(parcel) = parcel {
                body["parcel"] = parcel.into();
            }
            let mut lines = counts("line", &line);
            lines.extend(counts("sku", &unexpected));
            if !lines.is_empty() {
                body["lines"] = lines.into();
            }
            (back, "receive", body, terms)
        }
        Verb::Inspect {
            back,
            line,
            disposition,
            terms,
        } => {
            let mut body = json!({});
            let lines = findings(line);
            if !lines.is_empty() {
                body["lines"] = lines.into();
            }
            if let Some(word) = disposition {
                body["disposition"] = word.into();
            }
            (back, "inspect", body, terms)
        }
    };
    let client = Client::new(&target.hub, config)?;
    let id = named(&target.id)?.to_string();
    ask(
        &["v1", "returns", &id, step],
        body,
        &terms,
        &client,
        format,
        out,
    )
    .await
}

fn named(text: &str) -> Result<ReturnId, Failure> {
    text.parse().map_err(|_| {
        let message = format!("\"{text}\" is no id of a return");
        Failure::new(Exit::Usage, message, "orderhub returns ls ORDER")
    })
}

fn unknown(id: &str) -> Failure {
    let message = format!("the hub has no return {id}");
    Failure::new(Exit::NotFound, message, "orderhub returns ls ORDER")
}

/// Asks, and says what came of it.
async fn ask(
    path: &[&str],
    mut body: Value,
    terms: &Terms,
    client: &Client,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    if terms.dry_run {
        body["dry_run"] = true.into();
    }
    let answer = client.post(path, &body, terms.if_match).await;
    let answer = answer.map_err(|refused| refused.or_unknown(|| unknown(path[2])))?;
    let fields = if terms.dry_run {
        let events = answer["events"].as_array().filter(|all| !all.is_empty());
        let would = events.map_or_else(|| json!("nothing"), |events| json!(events));
        vec![("order", answer["id"].clone()), ("it would record", would)]
    } else {
        let id = answer["id"].as_str().unwrap_or_default().to_owned();
        let order = answer["order"].as_str().unwrap_or_default().to_owned();
        // It is done; an order that cannot be read now does not undo it.
        let now = client.get(&["v1", "orders", &order], &[]).await;
        let now = now.unwrap_or(Value::Null);
        let returns = now["returns"].as_array().into_iter().flatten();
        let stage = returns
            .into_iter()
            .find(|back| back["id"] == id.as_str())
            .map(|back| back["stage"].clone());
        vec![
            ("return", id.into()),
            ("order", order.into()),
            ("version", answer["version"].clone()),
            ("stage", stage.unwrap_or(Value::Null)),
        ]
    };
    let fields = fields.into_iter();
    let fields: Vec<(String, Value)> = fields
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    out.record(format, &answer, &fields);
    Ok(())
}
