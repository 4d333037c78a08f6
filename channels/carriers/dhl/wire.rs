//! DHL's objects, as far as the hub reads them: of the Parcel DE Shipping API 2.1 (`LabelDataResponse`), of
//! the Shipment Tracking Unified API 1.5 and of its push (developer.dhl.com).

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::spare;
use crate::wire::Exact;

/// The answer to a purchase, and to giving a label back.
#[derive(Deserialize)]
pub(super) struct Answered {
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) items: Vec<Item>,
}

/// What became of one shipment.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    #[serde(default)]
    pub(super) shipment_no: Option<Exact>,
    #[serde(default)]
    pub(super) sstatus: Option<State>,
    #[serde(default)]
    pub(super) label: Option<Document>,
    #[serde(default)]
    pub(super) validation_messages: Option<Vec<Validation>>,
}

/// A state's number, "usually, but not necessarily the HTTP status code", under its name and the one that
/// it had before.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    #[serde(default)]
    status: Option<Exact>,
    #[serde(default)]
    status_code: Option<Exact>,
}

impl State {
    /// The number.
    pub(super) fn number(&self) -> Option<u16> {
        let stated = self.status.as_ref().or(self.status_code.as_ref())?;
        stated.0.trim().parse().ok()
    }
}

#[derive(Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    pub(super) url: Option<String>,
}

/// What is wrong with a shipment, or odd.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Validation {
    /// The member's path: `consignee.postalCode`.
    #[serde(default)]
    pub(super) property: Option<String>,
    /// `Error` or `Warning`.
    #[serde(default)]
    pub(super) validation_state: Option<String>,
}

/// A message of a push subscription.
#[derive(Deserialize)]
pub(super) struct Push<'a> {
    #[serde(default)]
    pub(super) scope: Option<String>,
    #[serde(borrow, default, deserialize_with = "spare::list")]
    pub(super) shipments: Vec<&'a RawValue>,
}

/// The answer of the tracking.
#[derive(Deserialize)]
pub(super) struct Tracked<'a> {
    #[serde(borrow)]
    pub(super) shipments: Vec<&'a RawValue>,
}

/// A parcel.
#[derive(Deserialize)]
pub(super) struct Shipment {
    /// Its number, which some write without quotes.
    pub(super) id: Exact,
    #[serde(default)]
    pub(super) status: Option<Event>,
    #[serde(default)]
    pub(super) events: Option<Vec<Event>>,
    #[serde(default)]
    pub(super) details: Option<Details>,
}

/// A parcel as another API of DHL's states it (`MyDHL`, of DHL Express).
#[derive(Deserialize)]
pub(super) struct OfMyDhl {
    #[serde(rename = "shipmentTrackingNumber")]
    _number: serde::de::IgnoredAny,
}

/// One sighting.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    #[serde(default)]
    pub(super) timestamp: Option<String>,
    #[serde(default)]
    pub(super) status_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Details {
    #[serde(default)]
    pub(super) proof_of_delivery: Option<Proof>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Proof {
    #[serde(default)]
    pub(super) document_url: Option<String>,
    #[serde(default)]
    pub(super) signature_url: Option<String>,
    /// Who signed: a person, of whom the hub keeps only that there was one.
    #[serde(default)]
    pub(super) signed: Option<serde::de::IgnoredAny>,
}
