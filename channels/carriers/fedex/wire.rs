//! FedEx's objects, as far as the hub reads them: of the Track API and of the Ship API
//! (developer.fedex.com/api/en-us/catalog/track and .../ship).

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::spare::{self, Spare, Text};
use crate::wire::Exact;

/// A tracking, as an answer and as it is pushed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tracked<'a> {
    #[serde(borrow, default)]
    pub(super) output: Option<Output<'a>>,
    /// The same without what is around it in an answer.
    #[serde(borrow, default, deserialize_with = "spare::list")]
    pub(super) complete_track_results: Vec<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output<'a> {
    #[serde(borrow, default, deserialize_with = "spare::list")]
    pub(super) complete_track_results: Vec<&'a RawValue>,
}

/// All that has this number.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Complete {
    pub(super) tracking_number: Exact,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) track_results: Vec<TrackResult>,
}

/// One parcel with it: FedEx gives a number more than once in time.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TrackResult {
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) scan_events: Vec<ScanEvent>,
    #[serde(default)]
    pub(super) delivery_details: Spare<DeliveryDetails>,
    #[serde(default)]
    pub(super) error: Option<Problem>,
}

/// One sighting.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScanEvent {
    #[serde(default)]
    pub(super) date: Text,
    #[serde(default)]
    pub(super) event_type: Text,
    #[serde(default)]
    pub(super) exception_code: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeliveryDetails {
    /// Who signed: a name, of which the hub keeps only that there was one; or that nobody had to.
    #[serde(default)]
    pub(super) signed_by_name: Text,
}

/// A refusal.
#[derive(Deserialize)]
pub(super) struct Refused {
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) errors: Vec<Problem>,
}

#[derive(Deserialize)]
pub(super) struct Problem {
    #[serde(default)]
    pub(super) code: Option<String>,
}

/// The answer to a purchase.
#[derive(Deserialize)]
pub(super) struct Shipped {
    pub(super) output: ShipOutput,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShipOutput {
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) transaction_shipments: Vec<Shipment>,
}

/// A shipment that was bought.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shipment {
    #[serde(default)]
    pub(super) master_tracking_number: Option<Exact>,
    #[serde(default)]
    pub(super) service_type: Option<String>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) piece_responses: Vec<Piece>,
    #[serde(default)]
    pub(super) completed_shipment_detail: Option<Completed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Piece {
    #[serde(default)]
    pub(super) tracking_number: Option<Exact>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) package_documents: Vec<Document>,
}

#[derive(Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    pub(super) url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Completed {
    #[serde(default)]
    pub(super) shipment_rating: Option<Rating>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rating {
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) shipment_rate_details: Vec<Rate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rate {
    #[serde(default)]
    pub(super) total_net_charge: Option<Exact>,
    #[serde(default)]
    pub(super) currency: Option<String>,
}

/// The answer to giving a label back.
#[derive(Deserialize)]
pub(super) struct Cancelled {
    pub(super) output: CancelOutput,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CancelOutput {
    #[serde(default, deserialize_with = "spare::flag")]
    pub(super) cancelled_shipment: Option<bool>,
}
