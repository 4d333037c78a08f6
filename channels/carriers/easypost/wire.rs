//! EasyPost's objects, as far as the hub reads and writes them.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::carriers::labels::{AddressParts, Offer};
use crate::spare::{self, Text};
use crate::wire::Exact;

/// What a thing is: `Event`, `Tracker`, `Batch`, ...
#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) object: String,
}

/// A webhook's body.
#[derive(Deserialize)]
pub(super) struct Event<'a> {
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
    pub(super) status: Text,
    #[serde(default)]
    pub(super) status_detail: Text,
    #[serde(default)]
    pub(super) updated_at: Text,
    /// Who signed: a name, of which the hub keeps only that there was one.
    #[serde(default)]
    pub(super) signed_by: Text,
    /// The carrier's or EasyPost's page about the parcel.
    #[serde(default)]
    pub(super) public_url: Text,
    #[serde(default)]
    pub(super) tracking_details: Option<Vec<Sighting>>,
}

/// One sighting.
#[derive(Deserialize)]
pub(super) struct Sighting {
    #[serde(default)]
    pub(super) status: Text,
    #[serde(default)]
    pub(super) status_detail: Text,
    #[serde(default)]
    pub(super) datetime: Text,
    #[serde(default)]
    pub(super) carrier_code: Text,
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
    #[serde(default, deserialize_with = "spare::list")]
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

impl Offer for Rate {
    fn id(&self) -> &str {
        &self.id
    }

    fn carrier(&self) -> Option<&str> {
        self.carrier.as_deref()
    }

    fn price(&self) -> Option<Decimal> {
        self.price.as_ref()?.decimal()
    }

    fn currency(&self) -> Option<&str> {
        self.currency.as_deref()
    }
}

#[derive(Deserialize)]
pub(super) struct PostageLabel {
    #[serde(default)]
    pub(super) label_url: Option<String>,
}

/// A page of shipments.
#[derive(Deserialize)]
pub(super) struct Page {
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) shipments: Vec<Shipment>,
    /// Older ones follow. Said on every page; stand-ins may leave it out.
    #[serde(default, deserialize_with = "spare::flag")]
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) customs_info: Option<CustomsInfo<'a>>,
}

/// Ounces and inches with one decimal, written as exact numbers.
#[derive(Serialize)]
pub(super) struct Parcel {
    pub(super) weight: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) length: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) width: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) height: Option<Box<RawValue>>,
}

/// A `CustomsInfo` (docs.easypost.com/docs/customs-infos).
#[derive(Serialize)]
pub(super) struct CustomsInfo<'a> {
    pub(super) contents_type: &'static str,
    pub(super) restriction_type: &'static str,
    pub(super) non_delivery_option: &'static str,
    pub(super) customs_certify: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) customs_signer: Option<&'a str>,
    pub(super) customs_items: Vec<CustomsItem<'a>>,
}

/// A `CustomsItem`: value and weight are those of all its units.
#[derive(Serialize)]
pub(super) struct CustomsItem<'a> {
    pub(super) description: String,
    pub(super) quantity: u32,
    pub(super) value: Option<Box<RawValue>>,
    pub(super) currency: String,
    pub(super) weight: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hs_tariff_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) origin_country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<&'a str>,
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
