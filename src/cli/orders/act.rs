//! Asking something of an order: hold, release, cancel, refund, approve, reject, answer a dispute,
//! and what `route` adds.

use clap::builder::PossibleValuesParser;
use jiff::Timestamp;
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::Edge;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{address, edit, exchange, find, route};
use crate::cli::client::Client;
use crate::cli::output::printable;
use crate::cli::returns::{Counted, counted, counts};
use crate::cli::{Exit, Failure, Format, Out};

/// What is asked.
pub(super) enum Act {
    Hold(Extent),
    /// The hold with this number, or the only one.
    Release(Option<u32>),
    /// These units, or all of it.
    Cancel(Vec<route::Units>),
    /// Lines with other quantities, and lines to add.
    Edit(edit::Change),
    /// What goes out for what comes back.
    Exchange(exchange::Swap),
    /// Where it is to go.
    ChangeAddress(Box<address::Address>),
    /// Who does which part of the work.
    Route(route::Change),
    /// This much, or all that can go back; as credit instead of money.
    Refund(Option<Decimal>, bool),
    /// What is answered to the dispute with this reference, or the only one.
    Dispute(&'static str, Option<String>),
    Note,
    Retry,
    Approve,
    Reject,
    /// What did not arrive as it should.
    Claim(Claimed),
    /// How a claim ends.
    ResolveClaim(Ended),
}

/// How it is asked.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Terms {
    /// Why. It stands in the order's timeline, so it names nobody.
    #[arg(long)]
    reason: String,
    /// Only if the order still has this version.
    #[arg(long, value_name = "VERSION")]
    if_match: Option<u64>,
    /// Only say what it would do.
    #[arg(long)]
    dry_run: bool,
}

/// What did not arrive as it should.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Claimed {
    /// Which fulfilment, by its id.
    #[arg(long)]
    fulfilment: String,
    /// Which of its parcels, by its number; any that fits by default.
    #[arg(long, value_name = "NUMBER")]
    parcel: Option<u16>,
    /// What, as LINE=QUANTITY; all of the fulfilment by default.
    #[arg(long, value_name = "LINE=QUANTITY", value_parser = counted)]
    line: Vec<Counted>,
}

/// How a claim ends.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Ended {
    /// Which claim, by its number.
    #[arg(long, value_name = "NUMBER")]
    claim: u16,
    /// How.
    #[arg(long, value_parser = ["reship", "refund", "deny"])]
    resolution: String,
    /// What was in the parcel, as LINE=QUANTITY, where nobody has said yet.
    #[arg(long, value_name = "LINE=QUANTITY", value_parser = counted)]
    line: Vec<Counted>,
}

/// What a hold stops.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Extent {
    /// What may not happen, separated by commas; everything but refunds by default.
    #[arg(long, value_delimiter = ',', value_name = "STEPS", value_parser = blocks())]
    blocks: Vec<String>,
    /// Only this fulfilment, by its id, or this line, as line:ID.
    #[arg(long, value_name = "PART")]
    scope: Option<String>,
    /// It ends by itself then, as 2026-12-01T09:00:00Z.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// What happens then.
    #[arg(long, value_name = "WHAT", value_parser = ["release", "cancel"], requires = "until")]
    on_expiry: Option<String>,
}

fn blocks() -> PossibleValuesParser {
    let all = [
        Edge::Reserve,
        Edge::Capture,
        Edge::Release,
        Edge::Ship,
        Edge::Refund,
    ];
    PossibleValuesParser::new(all.map(Edge::word))
}

impl Extent {
    /// Puts it into a request's body.
    fn put_into(&self, body: &mut Value) {
        if !self.blocks.is_empty() {
            body["blocks"] = json!(self.blocks);
        }
        if let Some(scope) = &self.scope {
            body["scope"] = json!(scope);
        }
        if let Some(until) = self.until {
            body["until"] = json!(until);
        }
        if let Some(on_expiry) = &self.on_expiry {
            body["on_expiry"] = json!(on_expiry);
        }
    }
}

pub(super) async fn run(
    act: &Act,
    terms: &Terms,
    order: OrderId,
    client: &Client,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let id = order.to_string();
    let mut body = json!({ "reason": terms.reason });
    let verb = match act {
        Act::Hold(extent) => {
            extent.put_into(&mut body);
            "hold"
        }
        Act::Release(named) => {
            body["hold_id"] = match named {
                Some(number) => (*number).into(),
                None => only_hold(&id, client).await?.into(),
            };
            "release"
        }
        Act::Cancel(units) => {
            if !units.is_empty() {
                body["lines"] = route::lines(units);
            }
            "cancel"
        }
        Act::Edit(change) => {
            body["lines"] = edit::lines(&change.units, &change.added);
            "edit"
        }
        Act::Exchange(swap) => {
            swap.put_into(&mut body);
            "open_exchange"
        }
        Act::ChangeAddress(address) => {
            body["address"] = address.body();
            "change_address"
        }
        Act::Route(change) => {
            let (verb, stated) = change.body(order);
            body = stated;
            body["reason"] = json!(terms.reason);
            verb
        }
        Act::Refund(amount, as_credit) => {
            if let Some(amount) = amount {
                body["amount"] = json!(amount.to_string());
            }
            if *as_credit {
                body["as"] = json!("store_credit");
            }
            "refund"
        }
        Act::Claim(claimed) => {
            body["fulfilment"] = json!(claimed.fulfilment);
            if let Some(parcel) = claimed.parcel {
                body["parcel"] = json!(parcel);
            }
            if !claimed.line.is_empty() {
                body["lines"] = counts("line", &claimed.line).into();
            }
            "claim"
        }
        Act::ResolveClaim(ended) => {
            body["claim"] = json!(ended.claim);
            body["resolution"] = json!(ended.resolution);
            if !ended.line.is_empty() {
                body["lines"] = counts("line", &ended.line).into();
            }
            "resolve_claim"
        }
        Act::Dispute(answer, named) => {
            body["answer"] = json!(answer);
            if let Some(named) = named {
                body["dispute"] = json!(named);
            }
            "dispute"
        }
        Act::Note => "note",
        Act::Retry => "retry",
        Act::Approve => "approve",
        Act::Reject => "reject",
    };
    if terms.dry_run {
        body["dry_run"] = true.into();
    }
    let path = ["v1", "orders", &id, "actions", verb];
    let answer = client.post(&path, &body, terms.if_match).await;
    let answer = answer.map_err(|refused| refused.or_unknown(|| find::unknown(&id)))?;
    let fields = if terms.dry_run {
        forecast(&answer)
    } else {
        // It is done; an order that cannot be read now does not undo it.
        let now = client.get(&["v1", "orders", &id], &[]).await;
        outcome(&answer, &now.unwrap_or(Value::Null))
    };
    out.record(format, &answer, &fields);
    Ok(())
}

/// The number of the order's only hold.
async fn only_hold(id: &str, client: &Client) -> Result<u64, Failure> {
    let order = client.get(&["v1", "orders", id], &[]).await;
    let order = order.map_err(|refused| refused.or_unknown(|| find::unknown(id)))?;
    let holds = order["holds"].as_array().cloned().unwrap_or_default();
    let next = format!("orderhub orders explain {id}");
    match holds.as_slice() {
        [] => {
            let message = format!("the order {id} has no hold");
            Err(Failure::new(Exit::Conflict, message, next))
        }
        [one] => one["id"].as_u64().ok_or_else(|| find::unknown(id)),
        several => {
            let mut message = format!("the order {id} has {} holds:", several.len());
            for hold in several {
                let reason = printable(hold["reason"].as_str().unwrap_or("-"), &[]);
                let line = format!("\n  {} {reason}", hold["id"]);
                message.push_str(&line);
            }
            let next = "name one with --hold NUMBER";
            Err(Failure::new(Exit::Conflict, message, next))
        }
    }
}

/// What became of the order.
fn outcome(answer: &Value, now: &Value) -> Vec<(String, Value)> {
    let holds = now["holds"].as_array().into_iter().flatten();
    let holds = holds.map(|hold| {
        let reason = hold["reason"].as_str().unwrap_or("-");
        json!(format!("{} ({reason})", hold["id"]))
    });
    let mut fields = vec![("order", answer["id"].clone())];
    if let Some(hold) = answer.get("hold_id") {
        fields.push(("hold", hold.clone()));
    }
    fields.push(("version", answer["version"].clone()));
    if now.is_object() {
        fields.push(("stage", now["stage"].clone()));
        let holds: Vec<Value> = holds.collect();
        let none = holds.is_empty().then(|| json!("none"));
        fields.push(("holds now", none.unwrap_or_else(|| holds.into())));
    }
    let fields = fields.into_iter();
    fields
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// What would become of it.
fn forecast(answer: &Value) -> Vec<(String, Value)> {
    let events = answer["events"]
        .as_array()
        .filter(|events| !events.is_empty());
    let would = events.map_or_else(|| json!("nothing"), |events| json!(events));
    [
        ("order", answer["id"].clone()),
        ("version", answer["version"].clone()),
        ("it would record", would),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}
