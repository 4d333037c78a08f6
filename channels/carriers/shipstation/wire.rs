//! ShipStation's objects of its API v2, as far as the hub reads and writes them.

use orderhub_domain::canonical::Address;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::carriers::labels::{Offer, street};
use crate::spare;
use crate::wire::Exact;

/// A webhook's body.
#[derive(Deserialize)]
pub(super) struct Event {
    pub(super) resource_type: String,
    #[serde(default)]
    pub(super) resource_url: Option<String>,
    #[serde(default)]
    pub(super) data: Option<Named>,
}

/// What a webhook says of a parcel, of which only its number is taken.
#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(default)]
    pub(super) tracking_number: Option<String>,
}

/// What is known of a parcel.
#[derive(Deserialize)]
pub(super) struct Tracking {
    #[serde(rename = "tracking_number")]
    pub(super) number: String,
    #[serde(default)]
    pub(super) status_code: Option<String>,
    #[serde(default)]
    pub(super) status_detail_code: Option<String>,
    #[serde(default)]
    pub(super) actual_delivery_date: Option<String>,
    /// The carrier's page about the parcel.
    #[serde(default, rename = "tracking_url")]
    pub(super) page: Option<String>,
    #[serde(default)]
    pub(super) events: Option<Vec<Sighting>>,
}

/// One sighting.
#[derive(Deserialize)]
pub(super) struct Sighting {
    /// In UTC; the carrier's local time stands beside it.
    #[serde(default)]
    pub(super) occurred_at: Option<String>,
    #[serde(default)]
    pub(super) status_code: Option<String>,
    #[serde(default)]
    pub(super) status_detail_code: Option<String>,
    /// The carrier's own.
    #[serde(default)]
    pub(super) event_code: Option<String>,
    /// Who signed: a name, of which the hub keeps only that there was one.
    #[serde(default)]
    pub(super) signer: Option<String>,
    #[serde(default)]
    pub(super) proof_of_delivery_url: Option<String>,
}

/// A shipment that is there.
#[derive(Deserialize)]
pub(super) struct Shipment {
    pub(super) shipment_id: String,
}

/// A shipment with what the carriers ask for it.
#[derive(Deserialize)]
pub(super) struct Rated {
    pub(super) rate_response: Rates,
}

#[derive(Deserialize)]
pub(super) struct Rates {
    #[serde(default, rename = "rates", deserialize_with = "spare::list")]
    pub(super) offers: Vec<Rate>,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) errors: Vec<Problem>,
}

/// What a carrier asks. The price is the sum of its parts.
#[derive(Deserialize)]
pub(super) struct Rate {
    /// Only estimates come without one.
    #[serde(default, rename = "rate_id")]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) carrier_code: Option<String>,
    #[serde(default)]
    pub(super) validation_status: Option<String>,
    #[serde(default)]
    pub(super) shipping_amount: Option<Amount>,
    #[serde(default)]
    pub(super) insurance_amount: Option<Amount>,
    #[serde(default)]
    pub(super) confirmation_amount: Option<Amount>,
    #[serde(default)]
    pub(super) other_amount: Option<Amount>,
}

#[derive(Deserialize)]
pub(super) struct Amount {
    /// In small letters.
    #[serde(default)]
    pub(super) currency: Option<String>,
    #[serde(default)]
    pub(super) amount: Option<Exact>,
}

impl Offer for Rate {
    fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    fn carrier(&self) -> Option<&str> {
        self.carrier_code.as_deref()
    }

    /// None when it cannot be bought, and when its parts cannot be added.
    fn price(&self) -> Option<Decimal> {
        self.id.as_ref()?;
        if self.validation_status.as_deref() == Some("invalid") {
            return None;
        }
        let mut sum = self.shipping_amount.as_ref()?.amount.as_ref()?.decimal()?;
        let others = [
            &self.insurance_amount,
            &self.confirmation_amount,
            &self.other_amount,
        ];
        for other in others.into_iter().flatten() {
            let more = other.amount.as_ref()?.decimal()?;
            if !more.is_zero() && other.currency.as_deref() != self.currency() {
                return None;
            }
            sum = sum.checked_add(more)?;
        }
        Some(sum)
    }

    fn currency(&self) -> Option<&str> {
        self.shipping_amount.as_ref()?.currency.as_deref()
    }
}

/// A label.
#[derive(Deserialize)]
pub(super) struct Label {
    #[serde(rename = "label_id")]
    pub(super) id: String,
    pub(super) status: String,
    #[serde(default, deserialize_with = "spare::flag")]
    pub(super) voided: Option<bool>,
    #[serde(default)]
    pub(super) shipment_id: Option<String>,
    #[serde(default)]
    pub(super) tracking_number: Option<String>,
    #[serde(default)]
    pub(super) carrier_code: Option<String>,
    #[serde(default)]
    pub(super) service_code: Option<String>,
    #[serde(default)]
    pub(super) shipment_cost: Option<Amount>,
    #[serde(default, rename = "label_download")]
    pub(super) download: Option<Download>,
}

#[derive(Deserialize)]
pub(super) struct Download {
    #[serde(default)]
    pub(super) pdf: Option<String>,
    #[serde(default)]
    pub(super) href: Option<String>,
}

/// A page of labels, newest first.
#[derive(Deserialize)]
pub(super) struct Page {
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) labels: Vec<Label>,
}

/// Whether a label was given back.
#[derive(Deserialize)]
pub(super) struct Voided {
    pub(super) approved: bool,
    #[serde(default)]
    pub(super) reason_code: Option<String>,
}

/// The body of a refusal. The messages may name a person and are not read.
#[derive(Deserialize)]
pub(super) struct Refused {
    pub(super) errors: Vec<Problem>,
}

#[derive(Deserialize)]
pub(super) struct Problem {
    #[serde(default)]
    pub(super) error_code: Option<String>,
}

/// The body that asks for offers, for a shipment that is there or a new one.
#[derive(Serialize)]
pub(super) struct Ask<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shipment_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shipment: Option<NewShipment<'a>>,
    pub(super) rate_options: Options<'a>,
}

#[derive(Serialize)]
pub(super) struct Options<'a> {
    pub(super) carrier_ids: &'a [String],
}

/// The body that makes a shipment, or sets what is in it.
#[derive(Serialize)]
pub(super) struct NewShipment<'a> {
    pub(super) external_shipment_id: &'a str,
    pub(super) validate_address: &'static str,
    pub(super) ship_to: Party<'a>,
    pub(super) ship_from: Party<'a>,
    pub(super) packages: [Package; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) customs: Option<CustomsDeclaration<'a>>,
}

#[derive(Serialize)]
pub(super) struct Package {
    pub(super) weight: Weight,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dimensions: Option<Dimensions>,
}

#[derive(Serialize)]
pub(super) struct Dimensions {
    pub(super) unit: &'static str,
    pub(super) length: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// What is declared to customs (docs.shipstation.com/openapi: `customs_info`).
#[derive(Serialize)]
pub(super) struct CustomsDeclaration<'a> {
    pub(super) contents: &'static str,
    pub(super) non_delivery: &'static str,
    pub(super) customs_items: Vec<CustomsItem<'a>>,
}

/// Some units of a line: the value is that of one.
#[derive(Serialize)]
pub(super) struct CustomsItem<'a> {
    pub(super) description: String,
    pub(super) quantity: u32,
    pub(super) value: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) harmonized_tariff_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) country_of_origin: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sku: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Value {
    pub(super) amount: Option<Box<RawValue>>,
    pub(super) currency: String,
}

#[derive(Serialize)]
pub(super) struct Weight {
    pub(super) value: u32,
    pub(super) unit: &'static str,
}

/// An address with whatever parts there are.
#[derive(Serialize)]
pub(super) struct Party<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address_line1: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address_line2: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city_locality: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_province: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country_code: Option<&'a str>,
    address_residential_indicator: &'static str,
}

impl<'a> From<&'a Address> for Party<'a> {
    fn from(address: &'a Address) -> Self {
        let (address_line1, address_line2) = street(address);
        Self {
            name: address.name.as_deref(),
            company_name: address.company.as_deref(),
            phone: address.phone.as_deref(),
            address_line1,
            address_line2,
            city_locality: address.city.as_deref(),
            state_province: address.region.as_deref(),
            postal_code: address.postcode.as_deref(),
            country_code: address.country.as_deref(),
            address_residential_indicator: "unknown",
        }
    }
}

/// The body that buys a label at a rate.
#[derive(Serialize)]
pub(super) struct Buy {
    pub(super) label_download_type: &'static str,
}
