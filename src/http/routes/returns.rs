//! `POST /v1/orders/{id}/returns` and `POST /v1/returns/{id}/…`: what buyers send back, as the people who
//! answer them and open their parcels tell it.

use std::sync::Arc;

use bytes::Bytes;
use orderhub_domain::ids::{LocationCode, OrderId, ReturnId};
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::{
    Arrival, Command, Disposition, InspectedLine, ReceivedLine, ReturnCommand,
};
use orderhub_domain::quantity::Quantity;
use serde_json::Value;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::actions::{carry_out, try_out};
use super::{answer, answered, asked, body, with};
use crate::http::asked::Asked;
use crate::http::edge::Edge;
use crate::http::fields::{Fields, LONGEST_REASON};
use crate::http::json::{body_hash, object};
use crate::http::problem::Problem;
use crate::views::replies;

/// Longest id of a line, SKU, name of a parcel and tracking number.
const LONGEST_ID: usize = 255;

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    let opening = warp::path!("v1" / "orders" / String / "returns")
        .and(warp::post())
        .and(asked())
        .and(body())
        .and(with(edge))
        .then(
            |id: String, asked: Arc<Asked>, body: Bytes, edge: Arc<Edge>| async move {
                answer(open(&edge, &asked, &id, &body).await)
            },
        );
    let steps = warp::path!("v1" / "returns" / String / String)
        .and(warp::post())
        .and(asked())
        .and(body())
        .and(with(edge))
        .then(
            |id: String, verb: String, asked: Arc<Asked>, body: Bytes, edge: Arc<Edge>| async move {
                answer(step(&edge, &asked, &id, &verb, &body).await)
            },
        );
    opening.or(steps).unify().boxed()
}

/// Opens a return: announced, or by the parcel that came without a word.
pub(super) async fn open(
    edge: &Edge,
    asked: &Asked,
    id: &str,
    body: &[u8],
) -> Result<Response, Problem> {
    let order: OrderId = id.parse().map_err(|_| Problem::not_found())?;
    edge.check_visible(asked.key()?, order).await?;
    let mut fields = Fields::new("", object(body)?);
    let dry_run = fields.flag("dry_run");
    let reason = fields.required_text("reason", LONGEST_REASON);
    let lines = fields.list("lines");
    let command = match fields.take("received") {
        None => {
            let lines = lines.map(|lines| read_announced(lines, &mut fields));
            ReturnCommand::Open { lines, reason }
        }
        Some(_) if lines.is_some() => {
            let hint = "either lines that are announced, or what was received unannounced";
            fields.refuse("received", "invalid_value", hint);
            ReturnCommand::Open {
                lines: None,
                reason,
            }
        }
        Some(Value::Object(received)) => {
            let mut inner = Fields::new("/received", received);
            let parcel = read_arrival(&mut inner);
            if parcel.lines.is_none() {
                inner.refuse("lines", "required", "what came");
            }
            inner.merge_into(&mut fields);
            ReturnCommand::ReceiveUnannounced { parcel, reason }
        }
        Some(_) => {
            fields.refuse("received", "wrong_type", "an object");
            ReturnCommand::Open {
                lines: None,
                reason,
            }
        }
    };
    fields.finish()?;
    let command = Command::Return(command);
    if dry_run {
        return try_out(edge, asked, order, command).await;
    }
    let body_hash = body_hash(body)?;
    let done = carry_out(edge, asked, order, command, &body_hash).await?;
    let log = edge.hub.order(order).await?.map(|(_, log)| log);
    let number = log.and_then(|log| replies::return_opened_until(&log, done.version));
    Ok(answered(
        &replies::return_done(number, &done),
        done.repeated,
    ))
}

/// Takes a step of a return.
pub(super) async fn step(
    edge: &Edge,
    asked: &Asked,
    id: &str,
    verb: &str,
    body: &[u8],
) -> Result<Response, Problem> {
    let id: ReturnId = id.parse().map_err(|_| Problem::not_found())?;
    let (order, number) = (id.order, id.number);
    edge.check_visible(asked.key()?, order).await?;
    let mut fields = Fields::new("", object(body)?);
    let dry_run = fields.flag("dry_run");
    let command = match verb {
        "approve" => ReturnCommand::Approve {
            number,
            reason: fields.required_text("reason", LONGEST_REASON),
            label: read_label(&mut fields),
        },
        "decline" => ReturnCommand::Decline {
            number,
            reason: fields.required_text("reason", LONGEST_REASON),
        },
        "receive" => ReturnCommand::Receive {
            number,
            parcel: read_arrival(&mut fields),
        },
        "inspect" => read_inspection(number, &mut fields),
        "close" => ReturnCommand::Close {
            number,
            reason: fields.required_text("reason", LONGEST_REASON),
        },
        _ => return Err(Problem::not_found()),
    };
    fields.finish()?;
    let command = Command::Return(command);
    if dry_run {
        return try_out(edge, asked, order, command).await;
    }
    let body_hash = body_hash(body)?;
    let done = carry_out(edge, asked, order, command, &body_hash).await?;
    Ok(answered(
        &replies::return_done(Some(number), &done),
        done.repeated,
    ))
}

/// Lines that the buyer announces, each once.
fn read_announced(items: Vec<Value>, fields: &mut Fields) -> Vec<(String, Quantity)> {
    let mut lines: Vec<(String, Quantity)> = Vec::new();
    fields.each("lines", items, |line| {
        let id = line.required_text("line", LONGEST_ID);
        let quantity = line.required_quantity("quantity");
        if lines.iter().any(|(known, _)| *known == id) {
            line.refuse("line", "duplicate", "each line once");
        }
        lines.push((id, quantity));
    });
    lines
}

/// A parcel, and what was in it.
fn read_arrival(fields: &mut Fields) -> Arrival {
    let parcel = fields.text("parcel", LONGEST_ID);
    let parcel = parcel.filter(|name| !name.trim().is_empty());
    let location = LocationCode(fields.required_text("location", LONGEST_ID));
    let lines = fields.list("lines").map(|items| {
        let mut lines = Vec::new();
        fields.each("lines", items, |line| {
            let id = line.text("line", LONGEST_ID);
            let sku = line.text("sku", LONGEST_ID);
            let quantity = line.required_quantity("quantity");
            match (id, sku) {
                (Some(id), None) => lines.push(ReceivedLine::Line(id, quantity)),
                (None, Some(sku)) => lines.push(ReceivedLine::Unexpected(sku, quantity)),
                (None, None) => line.refuse(
                    "line",
                    "required",
                    "the id of a line, or the sku of something that the order never had",
                ),
                (Some(_), Some(_)) => {
                    line.refuse("sku", "invalid_value", "a line or a sku, not both");
                }
            }
        });
        lines
    });
    Arrival {
        parcel,
        location,
        lines,
    }
}

/// What was found: line by line, or one disposition for everything else that came.
fn read_inspection(number: u16, fields: &mut Fields) -> ReturnCommand {
    let rest = read_disposition(fields);
    let items = fields.list("lines");
    if rest.is_none() && items.as_ref().is_none_or(Vec::is_empty) {
        let hint = "at least one line, or a disposition for everything that came";
        fields.refuse("lines", "required", hint);
    }
    let mut lines = Vec::new();
    fields.each("lines", items.unwrap_or_default(), |line| {
        let id = line.required_text("line", LONGEST_ID);
        let quantity = line.required_quantity("quantity");
        let accepted = match line.take("accepted") {
            None => None,
            Some(Value::Bool(accepted)) => Some(accepted),
            Some(_) => {
                line.refuse("accepted", "wrong_type", "true or false");
                None
            }
        };
        match read_disposition(line) {
            Some(disposition) => lines.push(InspectedLine {
                line: id,
                quantity,
                disposition,
                accepted,
            }),
            None => line.refuse("disposition", "required", DISPOSITIONS),
        }
    });
    ReturnCommand::Inspect {
        number,
        lines,
        rest,
    }
}

const DISPOSITIONS: &str = "restock, refurbish, scrap, missing or wrong_item";

fn read_disposition(fields: &mut Fields) -> Option<Disposition> {
    let word = fields.text("disposition", LONGEST_ID)?;
    let known = Disposition::ALL.into_iter().find(|one| one.word() == word);
    if known.is_none() {
        fields.refuse("disposition", "invalid_value", DISPOSITIONS);
    }
    known
}

/// The label for the way back, if there is one.
fn read_label(fields: &mut Fields) -> Option<(String, String, Option<Money>)> {
    let Value::Object(label) = fields.take("label")? else {
        fields.refuse("label", "wrong_type", "an object");
        return None;
    };
    let mut label = Fields::new("/label", label);
    let carrier = label.required_text("carrier", LONGEST_ID);
    let tracking_number = label.required_text("tracking_number", LONGEST_ID);
    let cost = read_cost(&mut label);
    label.merge_into(fields);
    Some((carrier, tracking_number, cost))
}

/// An amount with its currency; both or none.
fn read_cost(label: &mut Fields) -> Option<Money> {
    let amount = label.decimal("cost");
    let code = label.text("currency", 3);
    let amount = amount?;
    let currency = code.as_deref().and_then(Currency::from_code);
    let Some(currency) = currency else {
        label.refuse("currency", "invalid_value", "the ISO 4217 code of the cost");
        return None;
    };
    match Money::exact(amount, currency) {
        Ok(money) if !money.is_negative() => Some(money),
        _ => {
            label.refuse("cost", "invalid_amount", "an amount that the currency has");
            None
        }
    }
}
