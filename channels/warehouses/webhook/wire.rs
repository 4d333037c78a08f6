//! The messages between the hub and a warehouse. They are the hub's own.

use serde::{Deserialize, Serialize};

use crate::wire::Exact;

/// What goes out.
#[derive(Serialize)]
pub(super) struct Request<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    /// When this try was made, RFC 3339.
    pub(super) timestamp: String,
    pub(super) data: Work<'a>,
}

/// The work that a request is about.
#[derive(Serialize)]
pub(super) struct Work<'a> {
    pub(super) fulfilment: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) location: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pickup: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) lines: Vec<Line<'a>>,
}

/// Units that are asked for.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "this is the member's own name")]
pub(super) struct Line<'a> {
    pub(super) line: &'a str,
    pub(super) sku: &'a str,
    /// A decimal as text.
    pub(super) quantity: String,
}

/// What a warehouse may answer at once; nothing at all means that it has the request.
#[derive(Deserialize)]
pub(super) struct Answer {
    pub(super) status: String,
    #[serde(default)]
    pub(super) reason: Option<String>,
}

/// What comes in.
#[derive(Deserialize)]
pub(super) struct Report {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) timestamp: Option<String>,
    pub(super) data: Done,
}

/// What was done.
#[derive(Deserialize)]
pub(super) struct Done {
    pub(super) fulfilment: String,
    pub(super) location: String,
    #[serde(default)]
    pub(super) reason: Option<String>,
    #[serde(default)]
    pub(super) lines: Option<Vec<Units>>,
    #[serde(default)]
    pub(super) parcels: Option<Vec<Parcel>>,
}

/// Units of a line, which is named as the request named it.
#[derive(Deserialize)]
pub(super) struct Units {
    pub(super) line: String,
    pub(super) quantity: Exact,
}

/// A parcel.
#[derive(Deserialize)]
pub(super) struct Parcel {
    #[serde(default)]
    pub(super) lines: Option<Vec<Units>>,
    #[serde(default)]
    pub(super) weight_g: Option<u32>,
}
