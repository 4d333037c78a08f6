//! The messages between the hub and a warehouse's system, as `docs/connectors/webhook.md` describes them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Label;
use super::site::{Job, Stage};

/// What the hub asks for.
#[derive(Deserialize)]
pub(super) struct Request {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) data: Work,
}

/// The work that is asked for, or to be stopped.
#[derive(Deserialize)]
pub(super) struct Work {
    pub(super) fulfilment: String,
    #[serde(default)]
    pub(super) location: String,
    #[serde(default)]
    pub(super) pickup: bool,
    #[serde(default)]
    pub(super) lines: Vec<Units>,
}

/// Units of a line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Units {
    pub(super) line: String,
    pub(super) sku: String,
    /// A decimal as text.
    pub(super) quantity: String,
}

/// What is told of a job once it is in this stage. Nothing is told of one that is only requested.
pub(super) fn told(job: &Job, at: Timestamp) -> Option<Value> {
    let (kind, more) = match job.stage {
        Stage::Requested => return None,
        Stage::Accepted => ("accepted", json!({})),
        Stage::Rejected => ("rejected", json!({ "reason": job.reason })),
        Stage::Packed => {
            let weight = 350 * job.lines.len().max(1);
            ("packed", json!({ "parcels": [{ "weight_g": weight }] }))
        }
        Stage::Ready => ("ready_for_pickup", json!({})),
        Stage::HandedOver => ("handed_over", json!({})),
        Stage::Collected => ("collected", json!({})),
        Stage::Cancelled => ("cancelled", json!({})),
    };
    Some(message(kind, job, at, more))
}

/// That it is too late to stop a job.
pub(super) fn too_late(job: &Job, at: Timestamp) -> Value {
    message("cancel_refused", job, at, json!({}))
}

fn message(kind: &str, job: &Job, at: Timestamp, mut data: Value) -> Value {
    data["fulfilment"] = job.fulfilment.as_str().into();
    data["location"] = job.location.as_str().into();
    json!({ "type": format!("fulfilment.{kind}"), "timestamp": at.to_string(), "data": data })
}

/// The order that a fulfilment is of: its id says so.
pub(super) fn order_of(fulfilment: &str) -> Option<String> {
    let (order, _) = fulfilment.strip_prefix("ful_")?.rsplit_once('_')?;
    Some(format!("ord_{order}"))
}

/// What the hub says of the label of a piece of work.
pub(super) fn label(work: &Value) -> Label {
    match work["stage"].as_str().unwrap_or_default() {
        "cancelled" | "rejected" | "unanswered" => return Label::Never,
        _ => {}
    }
    let parcels = work["parcels"].as_array().map_or(&[][..], Vec::as_slice);
    let labelled = |parcel: &Value| parcel["tracking_number"].is_string();
    if !parcels.is_empty() && parcels.iter().all(labelled) {
        Label::There
    } else {
        Label::NotYet
    }
}
