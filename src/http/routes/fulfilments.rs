//! `POST /v1/fulfilments/{id}/…`: what managed locations and store staff do.

use std::sync::Arc;

use bytes::Bytes;
use orderhub_domain::ids::FulfilmentId;
use orderhub_domain::order::{Command, FulfilmentStep, LONGEST_SIDE_MM, ParcelSize, StatedParcel};
use orderhub_domain::quantity::Quantity;
use serde_json::{Map, Value};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::actions::carry_out;
use super::{answer, answered, asked, body, with};
use crate::http::asked::Asked;
use crate::http::edge::Edge;
use crate::http::fields::{Fields, LONGEST_REASON};
use crate::http::json::{body_hash, object};
use crate::http::problem::Problem;
use crate::views::replies;

/// Longest id of a line.
const LONGEST_LINE_ID: usize = 255;
/// Heaviest parcel in grams: a tonne, which no carrier takes.
const HEAVIEST_G: i64 = 1_000_000;

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    warp::path!("v1" / "fulfilments" / String / String)
        .and(warp::post())
        .and(asked())
        .and(body())
        .and(with(edge))
        .then(
            |id: String, verb: String, asked: Arc<Asked>, body: Bytes, edge: Arc<Edge>| async move {
                answer(step(&edge, &asked, &id, &verb, &body).await)
            },
        )
        .boxed()
}

async fn step(
    edge: &Edge,
    asked: &Asked,
    id: &str,
    verb: &str,
    body: &[u8],
) -> Result<Response, Problem> {
    let fulfilment: FulfilmentId = id.parse().map_err(|_| Problem::not_found())?;
    edge.check_visible(asked.key()?, fulfilment.order).await?;
    let fields = object(body)?;
    let body_hash = body_hash(body)?;
    let command = Command::Fulfil {
        fulfilment: fulfilment.number,
        step: read(verb, fields)?,
    };
    let done = carry_out(edge, asked, fulfilment.order, command, &body_hash).await?;
    let body = replies::step_done(fulfilment, &done);
    Ok(answered(&body, done.repeated))
}

fn read(verb: &str, body: Map<String, Value>) -> Result<FulfilmentStep, Problem> {
    let mut fields = Fields::new("", body);
    let step = match verb {
        "accept" => FulfilmentStep::Accept,
        "reject" => FulfilmentStep::Reject {
            reason: fields.required_text("reason", LONGEST_REASON),
        },
        "pick" => read_pick(&mut fields),
        "pack" => read_pack(&mut fields),
        "hand-over" => FulfilmentStep::HandOver,
        "ready" => FulfilmentStep::Ready,
        "collect" => FulfilmentStep::Collect,
        _ => return Err(Problem::not_found()),
    };
    fields.finish()?;
    Ok(step)
}

/// Into which parcels it was packed: one with everything, unless something else is said.
fn read_pack(fields: &mut Fields) -> FulfilmentStep {
    let Some(items) = fields.list("parcels") else {
        return FulfilmentStep::Pack;
    };
    if items.is_empty() {
        let hint = "at least one parcel, or no parcels at all for one with everything";
        fields.refuse("parcels", "required", hint);
    }
    let mut parcels = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let Value::Object(item) = item else {
            fields.refuse(&format!("parcels/{index}"), "wrong_type", "an object");
            continue;
        };
        let mut parcel = Fields::new(format!("/parcels/{index}"), item);
        let lines = read_lines(&mut parcel);
        let weight_g = parcel.count("weight_g", HEAVIEST_G);
        if weight_g == Some(0) {
            parcel.refuse("weight_g", "invalid_value", "grams, at least 1");
        }
        let size = read_size(&mut parcel);
        parcel.merge_into(fields);
        parcels.push(StatedParcel {
            lines,
            size,
            weight_g: weight_g.and_then(|grams| u32::try_from(grams).ok()),
        });
    }
    FulfilmentStep::PackInto { parcels }
}

/// The size of a parcel, if it was measured: all three sides.
fn read_size(parcel: &mut Fields) -> Option<ParcelSize> {
    let names = ["length_mm", "width_mm", "height_mm"];
    let sides = names.map(|name| parcel.count(name, LONGEST_SIDE_MM.into()));
    if sides == [None; 3] {
        return None;
    }
    let sides = sides.map(|side| side.and_then(|side| u32::try_from(side).ok()).unwrap_or(0));
    let size = ParcelSize::new(sides);
    if size.is_none() {
        let hint = "millimetres, at least 1: all three sides, or none";
        parcel.refuse("length_mm", "invalid_value", hint);
    }
    size
}

/// What was picked. With `short` nothing more of it can be, for a reason that says what becomes of the
/// rest: it is not there, unless something else is said.
fn read_pick(fields: &mut Fields) -> FulfilmentStep {
    let lines = read_lines(fields);
    let short = fields.flag("short");
    let reason = fields.text("reason", LONGEST_REASON);
    if !short {
        if reason.is_some() {
            fields.refuse("reason", "not_allowed", "only with short");
        }
        return FulfilmentStep::Pick { lines };
    }
    FulfilmentStep::PickShort {
        lines: lines.unwrap_or_default(),
        reason: reason.unwrap_or_else(|| "not_in_stock".to_owned()),
    }
}

/// Lines and how many of each; `None` is everything as planned.
pub(super) fn read_lines(fields: &mut Fields) -> Option<Vec<(String, Quantity)>> {
    let items = fields.list("lines")?;
    if items.is_empty() {
        fields.refuse(
            "lines",
            "required",
            "at least one line, or no lines at all for everything",
        );
    }
    let mut lines = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let Value::Object(item) = item else {
            fields.refuse(&format!("lines/{index}"), "wrong_type", "an object");
            continue;
        };
        let mut line = Fields::new(format!("{}/lines/{index}", fields.place()), item);
        let id = line.required_text("line", LONGEST_LINE_ID);
        let quantity = line.required_quantity("quantity");
        if lines.iter().any(|(known, _)| *known == id) {
            line.refuse("line", "duplicate", "each line once");
        }
        line.merge_into(fields);
        lines.push((id, quantity));
    }
    Some(lines)
}
