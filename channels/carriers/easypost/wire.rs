//! EasyPost's objects, as far as the hub reads and writes them.

use orderhub_domain::canonical::Address;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::wire::Exact;

/// A webhook's body.
#[derive(Deserialize)]
pub(super) struct Event<'a> {
    pub(super) object: String,
    pub(super) description: String,
    #[serde(default)]
    pub(super) mode: Option<String>,
    /// Events that are fetched later come without it.
    #[serde(borrow, default)]
    pub(super) result: Option<&'a RawValue>,
}

/// A `Tracker`.
#[derive(Deserialize)]
pub(super) struct Tracker {
    pub(super) tracking_code: String,
    #[serde(default)]
    pub(super) mode: Option<String>,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) status_detail: Option<String>,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
    /// Who signed: a name, of which the hub keeps only that there was one.
    #[serde(default)]
    pub(super) signed_by: Option<String>,
    /// The carrier's or EasyPost's page about the parcel.
    #[serde(default)]
    pub(super) public_url: Option<String>,
    #[serde(default)]
    pub(super) tracking_details: Option<Vec<Sighting>>,
}

/// One sighting.
#[derive(Deserialize)]
pub(super) struct Sighting {
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) status_detail: Option<String>,
    #[serde(default)]
    pub(super) datetime: Option<String>,
    #[serde(default)]
    pub(super) carrier_code: Option<String>,
}

/// A `Shipment`.
#[derive(Deserialize)]
pub(super) struct Shipment {
    pub(super) id: String,
    #[serde(default)]
    pub(super) reference: Option<String>,
    #[serde(default)]
    pub(super) tracking_code: Option<String>,
    #[serde(default)]
    pub(super) refund_status: Option<String>,
    #[serde(default = "Vec::new")]
    pub(super) rates: Vec<Rate>,
    #[serde(default)]
    pub(super) selected_rate: Option<Rate>,
    #[serde(default)]
    pub(super) postage_label: Option<PostageLabel>,
    #[serde(default)]
    pub(super) tracker: Option<Tracked>,
}

#[derive(Deserialize)]
pub(super) struct Tracked {
    #[serde(default)]
    pub(super) tracking_code: Option<String>,
}

/// What a carrier asks for a shipment.
#[derive(Deserialize)]
pub(super) struct Rate {
    pub(super) id: String,
    #[serde(default)]
    pub(super) carrier: Option<String>,
    #[serde(default)]
    pub(super) service: Option<String>,
    #[serde(default, rename = "rate")]
    pub(super) price: Option<Exact>,
    #[serde(default)]
    pub(super) currency: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct PostageLabel {
    #[serde(default)]
    pub(super) label_url: Option<String>,
}

/// A page of shipments.
#[derive(Deserialize)]
pub(super) struct Page {
    #[serde(default = "Vec::new")]
    pub(super) shipments: Vec<Shipment>,
    /// Older ones follow. Said on every page; stand-ins may leave it out.
    pub(super) has_more: Option<bool>,
}

/// The body of a refusal.
#[derive(Deserialize)]
pub(super) struct Refused {
    pub(super) error: Problem,
}

#[derive(Deserialize)]
pub(super) struct Problem {
    #[serde(default)]
    pub(super) code: Option<String>,
}

/// The body that creates a shipment.
#[derive(Serialize)]
pub(super) struct NewShipment<'a> {
    pub(super) shipment: ShipmentParts<'a>,
}

#[derive(Serialize)]
pub(super) struct ShipmentParts<'a> {
    pub(super) reference: String,
    pub(super) to_address: AddressParts<'a>,
    pub(super) from_address: AddressParts<'a>,
    pub(super) parcel: Parcel,
}

#[derive(Serialize)]
pub(super) struct Parcel {
    /// Ounces with one decimal, written as an exact number.
    pub(super) weight: Box<RawValue>,
}

/// An address with whatever parts there are.
#[derive(Serialize, Default)]
pub(super) struct AddressParts<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    street1: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    street2: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
}

impl<'a> From<&'a Address> for AddressParts<'a> {
    fn from(address: &'a Address) -> Self {
        let rest = address.lines.get(1..).unwrap_or_default();
        Self {
            name: address.name.as_deref(),
            company: address.company.as_deref(),
            street1: address.lines.first().map(String::as_str),
            street2: (!rest.is_empty()).then(|| rest.join(", ")),
            city: address.city.as_deref(),
            state: address.region.as_deref(),
            zip: address.postcode.as_deref(),
            country: address.country.as_deref(),
            phone: address.phone.as_deref(),
        }
    }
}

/// The body that buys a shipment's label.
#[derive(Serialize)]
pub(super) struct Buy<'a> {
    pub(super) rate: Chosen<'a>,
}

#[derive(Serialize)]
pub(super) struct Chosen<'a> {
    pub(super) id: &'a str,
}
