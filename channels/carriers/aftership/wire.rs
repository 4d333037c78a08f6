//! AfterShip's webhook, as far as the hub reads it. The members that changed their names between the
//! versions of the webhook (`as-webhook-version`) are not among them.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::spare::{Spare, Text};

/// A webhook's body.
#[derive(Deserialize)]
pub(super) struct Event<'a> {
    #[serde(rename = "event")]
    pub(super) name: String,
    #[serde(borrow, default)]
    pub(super) msg: Option<&'a RawValue>,
    /// When it happened, in seconds since 1970.
    #[serde(default)]
    pub(super) ts: Spare<i64>,
}

/// A tracking as it is now.
#[derive(Deserialize)]
pub(super) struct Tracking {
    #[serde(rename = "tracking_number")]
    pub(super) number: String,
    /// The carrier, by AfterShip's word for it.
    #[serde(default)]
    pub(super) slug: Text,
    #[serde(default)]
    pub(super) tag: Text,
    #[serde(default)]
    pub(super) subtag: Text,
    /// Who signed: a name, of which the hub keeps only that there was one.
    #[serde(default)]
    pub(super) signed_by: Text,
    /// The carrier's page about the parcel.
    #[serde(default)]
    pub(super) courier_tracking_link: Text,
    #[serde(default)]
    pub(super) checkpoints: Option<Vec<Checkpoint>>,
}

/// One sighting.
#[derive(Deserialize)]
pub(super) struct Checkpoint {
    #[serde(default)]
    pub(super) tag: Text,
    #[serde(default)]
    pub(super) subtag: Text,
    /// As the carrier states it: with a zone, without one, a date alone, or nothing.
    #[serde(default, rename = "checkpoint_time")]
    pub(super) time: Text,
}
