//! Who does which part of the work: the actions `reroute`, `split`, `merge`, `schedule` and a cancel of
//! single lines, and the question what other rules of sourcing would have decided.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use orderhub_domain::ids::{FulfilmentId, LocationCode, OrderId};
use orderhub_domain::order::{Command, RouteCommand};
use orderhub_domain::policy::SourcingPolicy;
use orderhub_domain::sourcing::source;
use serde_json::{Value, json};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::fulfilments::read_lines;
use super::{answer, asked, body, json as reply, with};
use crate::http::asked::Asked;
use crate::http::edge::Edge;
use crate::http::fields::Fields;
use crate::http::json::object;
use crate::http::problem::Problem;
use crate::views::sourcing;

/// Longest code of a location.
const LONGEST_CODE: usize = 64;

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    warp::path!("v1" / "orders" / String / "redecide")
        .and(warp::post())
        .and(asked())
        .and(body())
        .and(with(edge))
        .then(
            |id: String, asked: Arc<Asked>, body: Bytes, edge: Arc<Edge>| async move {
                answer(redecide(&edge, &asked, &id, &body).await)
            },
        )
        .boxed()
}

/// Reads an action about the routing of the work; nothing when the verb is none of these.
pub(super) fn read(
    order: OrderId,
    verb: &str,
    reason: String,
    fields: &mut Fields,
) -> Option<Command> {
    let command = match verb {
        "reroute" => RouteCommand::Reroute {
            fulfilment: work(order, "fulfilment", fields),
            to: fields.text("to", LONGEST_CODE).map(LocationCode),
            reason,
        },
        "split" => RouteCommand::Split {
            fulfilment: work(order, "fulfilment", fields),
            lines: read_lines(fields).unwrap_or_default(),
            reason,
        },
        "merge" => RouteCommand::Merge {
            fulfilment: work(order, "fulfilment", fields),
            from: work(order, "from", fields),
            reason,
        },
        "schedule" => RouteCommand::Schedule {
            fulfilment: work(order, "fulfilment", fields),
            not_before: not_before(fields),
            reason,
        },
        _ => return None,
    };
    Some(Command::Route(command))
}

/// A cancel: of the whole order, or of the lines that the body names.
pub(super) fn read_cancel(reason: String, fields: &mut Fields) -> Command {
    match read_lines(fields) {
        Some(lines) => Command::Route(RouteCommand::CancelLines { lines, reason }),
        None => Command::Cancel { reason },
    }
}

/// The number of one of the order's fulfilments, by its id.
fn work(order: OrderId, name: &'static str, fields: &mut Fields) -> u16 {
    let text = fields.required_text(name, 80);
    match text.parse::<FulfilmentId>() {
        Ok(id) if id.order == order => id.number,
        _ if text.trim().is_empty() => 0,
        _ => {
            let hint = "the id of one of the order's fulfilments";
            fields.refuse(name, "invalid_value", hint);
            0
        }
    }
}

fn not_before(fields: &mut Fields) -> Timestamp {
    if let Some(value) = fields.take("not_before") {
        let moment = value.as_str().and_then(|text| text.parse().ok());
        return moment.unwrap_or_else(|| {
            fields.refuse("not_before", "bad_time", "a time like 2026-11-20T09:00:00Z");
            Timestamp::UNIX_EPOCH
        });
    }
    fields.refuse("not_before", "required", "a time like 2026-11-20T09:00:00Z");
    Timestamp::UNIX_EPOCH
}

/// What other rules would have decided about the same: a question, nothing is done.
async fn redecide(edge: &Edge, asked: &Asked, id: &str, body: &[u8]) -> Result<Response, Problem> {
    let id: OrderId = id.parse().map_err(|_| Problem::not_found())?;
    let (order, _) = edge.visible(asked.key()?, id).await?;
    let mut fields = Fields::new("", object(body)?);
    let rules = match fields.take("policy") {
        None => edge.policy.sourcing.clone(),
        Some(stated) => serde_json::from_value::<SourcingPolicy>(stated).unwrap_or_else(|error| {
            let hint = format!("weights as in [policy.sourcing]: {error}");
            fields.refuse("policy", "invalid_value", hint);
            edge.policy.sourcing.clone()
        }),
    };
    fields.finish()?;
    let Some(decided) = &order.sourced else {
        let detail = "No location has been chosen for this order yet.";
        return Err(Problem::new("not_decided", detail));
    };
    let again = source(&decided.seen, &rules);
    let same = again.as_ref().map(|again| &again.asked) == Some(&decided.asked);
    let body = json!({
        "id": id.to_string(),
        "version": order.version,
        "decided": sourcing::sourced(&order, decided),
        "again": again.map_or(Value::Null, |again| sourcing::sourced(&order, &again)),
        "same": same,
    });
    Ok(reply(StatusCode::OK, &body))
}
