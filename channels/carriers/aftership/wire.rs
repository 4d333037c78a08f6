//! AfterShip's webhook and its API's errors, as far as the hub reads them. The members that changed their names between the
//! versions of the webhook (`as-webhook-version`) are not among them.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::spare::{Spare, Text};

/// Where AfterShip keeps the hub's own word for the carrier of a parcel that the hub told it of.
pub(super) const OWN_CARRIER: &str = "hub_carrier";

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
    /// What somebody added, by whoever told AfterShip of the parcel.
    #[serde(default)]
    pub(super) custom_fields: Spare<CustomFields>,
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

/// What the hub added to a tracking.
#[derive(Deserialize)]
pub(super) struct CustomFields {
    /// [`OWN_CARRIER`].
    #[serde(default)]
    pub(super) hub_carrier: Text,
}

/// An answer of the API that says no.
#[derive(Deserialize)]
pub(super) struct Refused {
    pub(super) meta: Meta,
}

/// What the answer is.
#[derive(Deserialize)]
pub(super) struct Meta {
    /// AfterShip's own number of the error, else HTTP's.
    #[serde(default)]
    pub(super) code: Spare<u32>,
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
