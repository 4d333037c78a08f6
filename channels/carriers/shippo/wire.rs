//! Shippo's objects of its API version 2018-02-08, as far as the hub reads and writes them.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::carriers::labels::{AddressParts, Offer};
use crate::spare::{self, Spare, Text};
use crate::wire::Exact;

/// A webhook's body.
#[derive(Deserialize)]
pub(super) struct Event<'a> {
    #[serde(rename = "event")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "spare::flag")]
    pub(super) test: Option<bool>,
    #[serde(borrow, default)]
    pub(super) data: Option<&'a RawValue>,
}

/// A `Track`.
#[derive(Deserialize)]
pub(super) struct Track {
    #[serde(rename = "tracking_number")]
    pub(super) number: String,
    #[serde(default, rename = "tracking_status")]
    pub(super) latest: Option<Sighting>,
    #[serde(default, rename = "tracking_history")]
    pub(super) history: Option<Vec<Sighting>>,
}

/// A `TrackingStatus`: one sighting, or the latest.
#[derive(Deserialize)]
pub(super) struct Sighting {
    #[serde(default)]
    pub(super) status: Text,
    #[serde(default)]
    pub(super) substatus: Spare<Substatus>,
    /// In UTC; test data comes without its zone.
    #[serde(default)]
    pub(super) status_date: Text,
}

#[derive(Deserialize)]
pub(super) struct Substatus {
    #[serde(default)]
    pub(super) code: Text,
}

/// A `Shipment`, which is made to be offered rates.
#[derive(Deserialize)]
pub(super) struct Shipment {
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) rates: Vec<Rate>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) messages: Vec<Message>,
}

/// What a carrier asks for a shipment.
#[derive(Deserialize)]
pub(super) struct Rate {
    pub(super) object_id: String,
    #[serde(default)]
    pub(super) amount: Option<Exact>,
    #[serde(default)]
    pub(super) currency: Option<String>,
    #[serde(default)]
    pub(super) provider: Option<String>,
    /// In offers.
    #[serde(default)]
    pub(super) servicelevel: Option<ServiceLevel>,
    /// Within transactions.
    #[serde(default)]
    pub(super) servicelevel_token: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ServiceLevel {
    #[serde(default)]
    pub(super) token: Option<String>,
}

impl Rate {
    /// The carrier's service, in Shippo's word for it.
    pub(super) fn service(&self) -> Option<&str> {
        let level = self.servicelevel.as_ref();
        level
            .and_then(|level| level.token.as_deref())
            .or(self.servicelevel_token.as_deref())
    }
}

impl Offer for Rate {
    fn id(&self) -> &str {
        &self.object_id
    }

    fn carrier(&self) -> Option<&str> {
        self.provider.as_deref()
    }

    fn price(&self) -> Option<Decimal> {
        self.amount.as_ref()?.decimal()
    }

    fn currency(&self) -> Option<&str> {
        self.currency.as_deref()
    }
}

/// Why a carrier offers nothing, or sells nothing. Its text may name a person and is not read.
#[derive(Deserialize)]
pub(super) struct Message {
    #[serde(default)]
    pub(super) code: Option<String>,
}

/// A `Transaction`: the purchase of a label.
#[derive(Deserialize)]
pub(super) struct Transaction {
    pub(super) object_id: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) metadata: Option<String>,
    #[serde(default)]
    pub(super) tracking_number: Option<String>,
    #[serde(default)]
    pub(super) label_url: Option<String>,
    /// The rate's id, or the rate itself.
    #[serde(default)]
    pub(super) rate: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) messages: Vec<Message>,
}

/// A page of transactions.
#[derive(Deserialize)]
pub(super) struct Page {
    /// The address of the next page; none on the last one.
    #[serde(default)]
    pub(super) next: Option<String>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) results: Vec<Transaction>,
}

/// A `Refund`: a label that is being given back.
#[derive(Deserialize)]
pub(super) struct Refund {
    pub(super) status: String,
}

/// The body that makes a shipment.
#[derive(Serialize)]
pub(super) struct NewShipment<'a> {
    pub(super) address_to: AddressParts<'a>,
    pub(super) address_from: AddressParts<'a>,
    pub(super) parcels: [Parcel; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) customs_declaration: Option<Declaration<'a>>,
    pub(super) metadata: &'a str,
    /// The rates are wanted in the answer.
    #[serde(rename = "async")]
    pub(super) later: bool,
}

/// A `CustomsDeclaration` (docs.goshippo.com/shippoapi/public-api/#operation/CreateCustomsDeclaration).
#[derive(Serialize)]
pub(super) struct Declaration<'a> {
    pub(super) contents_type: &'static str,
    pub(super) non_delivery_option: &'static str,
    pub(super) certify: bool,
    pub(super) certify_signer: &'a str,
    pub(super) items: Vec<DeclaredItem<'a>>,
}

/// A `CustomsItem`: value and weight are those of all its units, as text.
#[derive(Serialize)]
pub(super) struct DeclaredItem<'a> {
    pub(super) description: String,
    pub(super) quantity: u32,
    pub(super) net_weight: String,
    pub(super) mass_unit: &'static str,
    pub(super) value_amount: String,
    pub(super) value_currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) origin_country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tariff_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sku_code: Option<&'a str>,
}

/// Sizes and weights are text.
#[derive(Serialize)]
pub(super) struct Parcel {
    pub(super) length: String,
    pub(super) width: String,
    pub(super) height: String,
    pub(super) distance_unit: &'static str,
    pub(super) weight: String,
    pub(super) mass_unit: &'static str,
}

/// The body that buys a label.
#[derive(Serialize)]
pub(super) struct NewTransaction<'a> {
    pub(super) rate: &'a str,
    pub(super) metadata: &'a str,
    /// The label is wanted in the answer.
    #[serde(rename = "async")]
    pub(super) later: bool,
}

/// The body that gives a label back.
#[derive(Serialize)]
pub(super) struct NewRefund<'a> {
    pub(super) transaction: &'a str,
    /// The outcome is wanted in the answer.
    #[serde(rename = "async")]
    pub(super) later: bool,
}
