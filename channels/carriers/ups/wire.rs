//! UPS's objects, as far as the hub reads them (github.com/UPS-API/api-documentation: `Tracking.yaml`,
//! `UPSTrackAlert.yaml`, `Shipping.yaml`). What the hub writes is in `ask.rs`.

use serde::Deserialize;

use crate::spare::{self, Spare, Text};
use crate::wire::Exact;

/// One or several: UPS writes a list of one as the thing itself in its older versions.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Several<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> Several<T> {
    /// The first of them; none of an empty list.
    pub(super) fn first(&self) -> Option<&T> {
        match self {
            Self::Many(many) => many.first(),
            Self::One(one) => Some(one),
        }
    }

    /// Whether there is exactly one.
    pub(super) fn is_one(&self) -> bool {
        match self {
            Self::Many(many) => many.len() == 1,
            Self::One(_) => true,
        }
    }
}

/// What an alert or an activity says of a parcel.
#[derive(Deserialize, Default)]
pub(super) struct Status {
    #[serde(default, rename = "type")]
    pub(super) kind: Text,
    #[serde(default)]
    pub(super) code: Text,
    /// The number of the same in simple words: three digits, as an alert has it.
    #[serde(default, rename = "descriptionCode")]
    description: Text,
    /// The same number, as the Tracking API has it.
    #[serde(default, rename = "statusCode")]
    simple: Text,
}

impl Status {
    /// The number of the simple words.
    pub(super) fn plain(&self) -> Option<&str> {
        self.description.as_deref().or(self.simple.as_deref())
    }
}

/// A Track Alert.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alert {
    pub(super) tracking_number: String,
    #[serde(default, deserialize_with = "spare::or_default")]
    pub(super) activity_status: Status,
    /// `YYYYMMDD`, in GMT.
    #[serde(default)]
    pub(super) gmt_activity_date: Text,
    /// `HHMMSS`, in GMT.
    #[serde(default)]
    pub(super) gmt_activity_time: Text,
}

/// The answer of the Tracking API.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tracked {
    pub(super) track_response: TrackResponse,
}

#[derive(Deserialize)]
pub(super) struct TrackResponse {
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) shipment: Vec<Shipment>,
}

#[derive(Deserialize)]
pub(super) struct Shipment {
    #[serde(default, rename = "package", deserialize_with = "spare::list")]
    pub(super) packages: Vec<Package>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) warnings: Vec<Problem>,
}

/// A parcel.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Package {
    pub(super) tracking_number: String,
    #[serde(default, rename = "activity", deserialize_with = "spare::list")]
    pub(super) activities: Vec<Activity>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) additional_services: Vec<String>,
    #[serde(default)]
    pub(super) delivery_information: Spare<DeliveryInformation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeliveryInformation {
    /// Who took it: a name, of which the hub keeps only that there was one.
    #[serde(default)]
    pub(super) received_by: Text,
}

/// One sighting.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Activity {
    #[serde(default, deserialize_with = "spare::or_default")]
    pub(super) status: Status,
    #[serde(default)]
    pub(super) gmt_date: Text,
    #[serde(default)]
    pub(super) gmt_time: Text,
    /// Where it was seen, that place's date.
    #[serde(default)]
    pub(super) date: Text,
    #[serde(default)]
    pub(super) time: Text,
}

/// A refusal.
#[derive(Deserialize)]
pub(super) struct Refused {
    pub(super) response: Problems,
}

#[derive(Deserialize)]
pub(super) struct Problems {
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
    #[serde(rename = "ShipmentResponse")]
    pub(super) response: ShipmentResponse,
}

#[derive(Deserialize)]
pub(super) struct ShipmentResponse {
    #[serde(rename = "ShipmentResults")]
    pub(super) results: ShipmentResults,
}

/// A shipment that was bought.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ShipmentResults {
    pub(super) shipment_identification_number: Option<String>,
    #[serde(default)]
    pub(super) shipment_charges: Option<ShipmentCharges>,
    #[serde(default)]
    pub(super) negotiated_rate_charges: Option<NegotiatedCharges>,
    #[serde(default)]
    pub(super) package_results: Option<Several<PackageResult>>,
    #[serde(default, rename = "LabelURL")]
    pub(super) label_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ShipmentCharges {
    #[serde(default)]
    pub(super) total_charges: Option<Charge>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NegotiatedCharges {
    #[serde(default)]
    pub(super) total_charge: Option<Charge>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Charge {
    #[serde(default)]
    pub(super) currency_code: Option<String>,
    #[serde(default)]
    pub(super) monetary_value: Option<Exact>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PackageResult {
    #[serde(default)]
    pub(super) tracking_number: Option<String>,
}

/// The answer to a look-up by our name of the parcel.
#[derive(Deserialize)]
pub(super) struct Recovered {
    #[serde(rename = "LabelRecoveryResponse")]
    pub(super) response: RecoveryResponse,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RecoveryResponse {
    #[serde(default)]
    pub(super) shipment_identification_number: Option<String>,
    #[serde(default)]
    pub(super) label_results: Option<Several<LabelResult>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct LabelResult {
    #[serde(default)]
    pub(super) tracking_number: Option<String>,
    #[serde(default)]
    pub(super) label_image: Option<LabelImage>,
}

#[derive(Deserialize)]
pub(super) struct LabelImage {
    #[serde(default, rename = "URL")]
    pub(super) url: Option<String>,
}

/// The answer to giving a label back.
#[derive(Deserialize)]
pub(super) struct Voided {
    #[serde(rename = "VoidShipmentResponse")]
    pub(super) response: VoidResponse,
}

#[derive(Deserialize)]
pub(super) struct VoidResponse {
    #[serde(rename = "SummaryResult")]
    pub(super) result: SummaryResult,
}

#[derive(Deserialize)]
pub(super) struct SummaryResult {
    #[serde(rename = "Status")]
    pub(super) status: VoidStatus,
}

#[derive(Deserialize)]
pub(super) struct VoidStatus {
    /// `1` when it was voided.
    #[serde(rename = "Code")]
    pub(super) code: Exact,
}
