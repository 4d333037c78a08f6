//! `POST /v1/orders/{id}/actions/…`: what people ask of an order.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use orderhub_actors::api::Done;
use orderhub_domain::ids::{FulfilmentId, OrderId};
use orderhub_domain::order::{
    Asked as Demand, Command, Context, Decided, DisputeAnswer, Edge as Edges, HoldScope, Input,
    InputBody, OnExpiry, decide,
};
use serde_json::{Map, Value, json};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{answer, answered, asked, body, json as reply, routing, with};
use crate::http::asked::Asked;
use crate::http::edge::Edge;
use crate::http::fields::{Fields, LONGEST_REASON};
use crate::http::json::{body_hash, object};
use crate::http::problem::Problem;
use crate::views::{edits, replies};

/// Longest reference of a dispute.
const LONGEST_REFERENCE: usize = 200;

/// Largest number of a hold.
const LARGEST_HOLD: i64 = u32::MAX as i64;

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    warp::path!("v1" / "orders" / String / "actions" / String)
        .and(warp::post())
        .and(asked())
        .and(body())
        .and(with(edge))
        .then(
            |id: String, verb: String, asked: Arc<Asked>, body: Bytes, edge: Arc<Edge>| async move {
                answer(act(&edge, &asked, &id, &verb, &body).await)
            },
        )
        .boxed()
}

/// Does what the body asks under this verb.
pub(super) async fn act(
    edge: &Edge,
    asked: &Asked,
    id: &str,
    verb: &str,
    body: &[u8],
) -> Result<Response, Problem> {
    let order: OrderId = id.parse().map_err(|_| Problem::not_found())?;
    edge.check_visible(asked.key()?, order).await?;
    let fields = object(body)?;
    let body_hash = body_hash(body)?;
    let (command, dry_run) = read(order, verb, fields)?;
    if dry_run {
        return try_out(edge, asked, order, command).await;
    }
    let is_hold = matches!(command, Command::Hold { .. });
    let done = carry_out(edge, asked, order, command, &body_hash).await?;
    let mut body = replies::done(&done);
    if is_hold && let Some((_, log)) = edge.hub.order(order).await? {
        body["hold_id"] = replies::hold_placed_until(&log, done.version).into();
    }
    Ok(answered(&body, done.repeated))
}

/// Carries out a request under its idempotency key and the version that the sender saw.
pub(super) async fn carry_out(
    edge: &Edge,
    asked: &Asked,
    order: OrderId,
    command: Command,
    body_hash: &str,
) -> Result<Done, Problem> {
    let request = asked.request(&order.to_string(), body_hash)?;
    let actor = operator(asked)?;
    let expected = asked.if_match()?;
    let demand = Demand {
        command,
        request,
        expected,
    };
    Ok(edge.hub.command(order, demand, actor).await?)
}

pub(super) fn operator(asked: &Asked) -> Result<String, Problem> {
    Ok(format!("operator:{}", asked.key()?.name))
}

/// Reads a body as the action that the path names, and whether it is only to be tried out.
fn read(order: OrderId, verb: &str, body: Map<String, Value>) -> Result<(Command, bool), Problem> {
    let mut fields = Fields::new("", body);
    let dry_run = fields.flag("dry_run");
    let reason = fields.required_text("reason", LONGEST_REASON);
    let command = match verb {
        "hold" => Command::Hold {
            scope: read_scope(order, &mut fields),
            blocks: read_blocks(&mut fields),
            reason,
            until: read_until(&mut fields),
            on_expiry: read_on_expiry(&mut fields),
        },
        "release" => Command::Release {
            hold: u32::try_from(fields.required_count("hold_id", LARGEST_HOLD)).unwrap_or_default(),
            reason,
        },
        "cancel" => routing::read_cancel(reason, &mut fields),
        "edit" => super::edits::read(reason, &mut fields),
        "open_exchange" => super::exchanges::read(reason, &mut fields),
        "change_address" => super::address::read(reason, &mut fields),
        "refund" => Command::Refund {
            amount: fields.decimal("amount"),
            as_credit: read_way(&mut fields),
            reason,
        },
        "note" => Command::Note { note: reason },
        "retry" => Command::Retry { reason },
        "dispute" => Command::AnswerDispute {
            dispute: fields.text("dispute", LONGEST_REFERENCE),
            answer: read_dispute_answer(&mut fields),
            reason,
        },
        "approve" => Command::Approve { reason },
        "reject" => Command::Reject { reason },
        "claim" => super::claims::open(order, &mut fields, reason),
        "resolve_claim" => super::claims::resolve(&mut fields, reason),
        other => routing::read(order, other, reason, &mut fields).ok_or_else(Problem::not_found)?,
    };
    fields.finish()?;
    Ok((command, dry_run))
}

/// Whether the buyer gets credit instead of money.
fn read_way(fields: &mut Fields) -> bool {
    match fields.text("as", 20).as_deref() {
        None | Some("money") => false,
        Some("store_credit") => true,
        Some(_) => {
            fields.refuse("as", "invalid_value", "money or store_credit");
            false
        }
    }
}

/// What the retailer answers to a dispute.
fn read_dispute_answer(fields: &mut Fields) -> DisputeAnswer {
    match fields.required_text("answer", 20).as_str() {
        "accept" | "" => DisputeAnswer::Accepted,
        "challenge" => DisputeAnswer::Challenged,
        _ => {
            fields.refuse("answer", "invalid_value", "accept or challenge");
            DisputeAnswer::Accepted
        }
    }
}

/// Which edges to block: by default all but giving money back.
fn read_blocks(fields: &mut Fields) -> Vec<Edges> {
    let Some(words) = fields.list("blocks") else {
        return vec![Edges::Reserve, Edges::Capture, Edges::Release, Edges::Ship];
    };
    let mut blocks = Vec::new();
    for (index, word) in words.into_iter().enumerate() {
        match serde_json::from_value::<Edges>(word) {
            Ok(edge) if !blocks.contains(&edge) => blocks.push(edge),
            Ok(_) => {}
            Err(_) => fields.refuse(
                &format!("blocks/{index}"),
                "invalid_value",
                "reserve, capture, release, ship or refund",
            ),
        }
    }
    blocks
}

/// What happens when nobody has released it in time.
fn read_on_expiry(fields: &mut Fields) -> OnExpiry {
    let Some(text) = fields.text("on_expiry", 20) else {
        return OnExpiry::default();
    };
    serde_json::from_value(text.into()).unwrap_or_else(|_| {
        fields.refuse("on_expiry", "invalid_value", "release or cancel");
        OnExpiry::default()
    })
}

/// Which part to hold: `order`, `line:` and the channel's id of the line, or the id of one of its
/// fulfilments.
fn read_scope(order: OrderId, fields: &mut Fields) -> HoldScope {
    let Some(text) = fields.text("scope", LONGEST_REASON) else {
        return HoldScope::Order;
    };
    if text == "order" {
        return HoldScope::Order;
    }
    if let Some(line) = text.strip_prefix("line:") {
        let line = line.to_owned();
        return HoldScope::Line { line };
    }
    match text.parse::<FulfilmentId>() {
        Ok(fulfilment) if fulfilment.order == order => HoldScope::Fulfilment {
            number: fulfilment.number,
        },
        _ => {
            let hint = "order, line: and the id of one of the order's lines, or the id of one of its fulfilments";
            fields.refuse("scope", "invalid_value", hint);
            HoldScope::Order
        }
    }
}

fn read_until(fields: &mut Fields) -> Option<Timestamp> {
    let until = fields.timestamp("until")?;
    if until <= Timestamp::now() {
        fields.refuse("until", "invalid_value", "a time in the future");
        return None;
    }
    Some(until)
}

/// What a request would do, without doing it: the domain's own decision on the state as it is.
pub(super) async fn try_out(
    edge: &Edge,
    asked: &Asked,
    order: OrderId,
    command: Command,
) -> Result<Response, Problem> {
    let (state, _) = edge.visible(asked.key()?, order).await?;
    let input = Input {
        actor: operator(asked)?,
        body: InputBody::Request(Demand {
            command,
            request: None,
            expected: asked.if_match()?,
        }),
    };
    let places = edge.hub.places();
    let private = match &input.body {
        InputBody::Request(asked) if matches!(asked.command, Command::ChangeAddress(_)) => {
            edge.journal.private(order).await?
        }
        _ => None,
    };
    let context = Context {
        ship_to: private
            .as_ref()
            .and_then(|private| private.ship_to.as_ref()),
        now: Timestamp::now(),
        policy: &edge.policy,
        places: places.as_ref(),
        // Whether its shop hears of it changes nothing that a person asks for.
        channel_listens: &[],
    };
    let events = match decide(&state, &input, &context)? {
        Decided::Commit(events, _) => events,
        Decided::Nothing | Decided::Repeat(_) => Vec::new(),
    };
    let kinds: Vec<_> = events
        .iter()
        .map(|recorded| recorded.event.kind())
        .collect();
    let id = order.to_string();
    let mut body = json!({ "id": id, "version": state.version, "dry_run": true, "events": kinds });
    if let Some(delta) = edits::delta(&state, &events) {
        body["edit"] = delta;
    }
    Ok(reply(StatusCode::OK, &body))
}
