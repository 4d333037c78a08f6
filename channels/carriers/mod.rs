//! Carriers: labels and tracking; their webhooks.

mod aftership;
#[cfg(test)]
mod buying;
mod customs;
mod dhl;
mod easypost;
mod fedex;
mod labels;
mod measured;
mod shared_words;
mod shippo;
mod shipstation;
mod sightings;
mod ups;

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::canonical::Address;
use orderhub_domain::ids::ParcelId;
use orderhub_domain::money::Money;

use crate::measured::Measured;
use crate::port::{CallError, Connector, Found, LabelAnswer, Repeat};
use crate::registry::{Family, Kind, build};
use crate::settings::{ConfigError, Settings};
use orderhub_domain::order::{LabelEvidence, ParcelSize};

/// Every kind of carrier.
pub static KINDS: &[Kind<dyn CarrierConnector>] = &[
    aftership::KIND,
    dhl::KIND,
    easypost::KIND,
    fedex::KIND,
    shippo::KIND,
    shipstation::KIND,
    ups::KIND,
];

/// Builds a connection of this kind, whose calls are measured.
pub fn connect(kind: &str, settings: &Settings) -> Result<Arc<dyn CarrierConnector>, ConfigError> {
    let measured = Measured {
        slug: settings.slug.clone(),
        inner: build(Family::Carriers, KINDS, kind, settings)?,
    };
    measured.announce();
    Ok(Arc::new(measured))
}

/// A connection to a carrier account.
#[async_trait]
pub trait CarrierConnector: Connector {
    /// How buying may be repeated when its outcome is unknown.
    fn repeat(&self) -> Repeat;

    /// Buys a label.
    async fn buy(&self, call: &LabelCall) -> LabelAnswer;

    /// Gives a label back.
    async fn void(&self, reference: &str) -> LabelAnswer;

    /// Looks up whether a label was bought for this parcel.
    async fn find(&self, parcel: ParcelId) -> Result<Found<LabelEvidence>, CallError>;
}

/// A parcel's goods, as far as somebody said what they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Goods {
    /// Weight of the parcel in grams.
    pub weight_g: u32,
    /// Its size, if it was measured or there is a usual one.
    pub size: Option<ParcelSize>,
    /// What is in it; nothing where nobody knows.
    pub contents: Vec<Content>,
}

/// Some units of a line in a parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The channel's id of the line.
    pub line: String,
    /// What the buyer saw.
    pub title: String,
    /// What was picked.
    pub sku: Option<String>,
    /// How many.
    pub units: u32,
    /// Weight of one unit in grams.
    pub weight_g: u32,
    /// What one unit was sold for.
    pub unit_value: Money,
    /// Its number in the Harmonized System.
    pub hs_code: Option<String>,
    /// Where it was made: ISO 3166 two-letter country.
    pub origin: Option<String>,
}

/// What a label is bought for. Missing address parts and weights never stop it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelCall {
    /// The parcel: the carrier's reference of the shipment.
    pub parcel: ParcelId,
    /// Where it goes.
    pub to: Address,
    /// Where it starts.
    pub from: Address,
    /// What is in it.
    pub goods: Goods,
    /// The order's address was changed: what an earlier try left at the carrier may say another one.
    pub readdressed: bool,
}
