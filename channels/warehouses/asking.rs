//! What a warehouse with a system of its own is asked, in the hub's own words. Whichever way the message
//! goes, it is written here, under one id for all its tries, so that the warehouse takes it once.

use jiff::Timestamp;
use orderhub_domain::ids::{FulfilmentId, LocationCode};
use serde::Serialize;

use super::FulfilmentCall;
use crate::port::CallError;

/// A message to the warehouse.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// Names it, in every try.
    pub(super) id: String,
    /// JSON.
    pub(super) body: Vec<u8>,
}

#[derive(Serialize)]
struct Request<'a> {
    #[serde(rename = "type")]
    kind: String,
    /// When this try was made, RFC 3339.
    timestamp: String,
    data: Work<'a>,
}

/// The work that a request is about.
#[derive(Serialize)]
struct Work<'a> {
    fulfilment: String,
    location: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pickup: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lines: Vec<Line<'a>>,
}

/// Units that are asked for.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "this is the member's own name")]
struct Line<'a> {
    line: &'a str,
    sku: &'a str,
    /// A decimal as text.
    quantity: String,
}

/// That a location is to do this work.
pub(super) fn requested(call: &FulfilmentCall) -> Result<Message, CallError> {
    let lines = call.lines.iter().map(|line| Line {
        line: &line.line,
        sku: &line.sku.0,
        quantity: line.quantity.to_string(),
    });
    let work = Work {
        fulfilment: call.fulfilment.to_string(),
        location: &call.location.0,
        pickup: Some(call.pickup),
        lines: lines.collect(),
    };
    message("requested", work)
}

/// That a location is to stop this work.
pub(super) fn cancel_requested(
    fulfilment: FulfilmentId,
    location: &LocationCode,
) -> Result<Message, CallError> {
    let work = Work {
        fulfilment: fulfilment.to_string(),
        location: &location.0,
        pickup: None,
        lines: Vec::new(),
    };
    message("cancel_requested", work)
}

fn message(verb: &str, work: Work<'_>) -> Result<Message, CallError> {
    let id = format!("{}_{verb}", work.fulfilment);
    let request = Request {
        kind: format!("fulfilment.{verb}"),
        timestamp: Timestamp::now().to_string(),
        data: work,
    };
    let body = serde_json::to_vec(&request)
        .map_err(|_| CallError::not_done("the request cannot be written"))?;
    Ok(Message { id, body })
}

/// What is known of a request to stop that the warehouse has and has not answered. It is repeated until
/// it is.
pub(super) fn stop_is_under_way() -> CallError {
    CallError::under_way("the warehouse has the request to stop and says later whether it did")
}
