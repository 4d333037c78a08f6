//! Carriers: labels and tracking; their webhooks.

mod aftership;
mod dhl;
mod easypost;
mod fedex;
mod labels;
mod shared_words;
mod shippo;
mod shipstation;
mod sightings;
mod ups;

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::canonical::Address;
use orderhub_domain::ids::ParcelId;

use crate::port::{CallError, Connector, Found, LabelAnswer, Repeat};
use crate::registry::{Family, Kind, build};
use crate::settings::{ConfigError, Settings};
use orderhub_domain::order::LabelEvidence;

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

/// Builds a connection of this kind.
pub fn connect(kind: &str, settings: &Settings) -> Result<Arc<dyn CarrierConnector>, ConfigError> {
    build(Family::Carriers, KINDS, kind, settings)
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

/// What a label is bought for. Missing address parts and weights never stop it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelCall {
    /// The parcel: the carrier's reference of the shipment.
    pub parcel: ParcelId,
    /// Where it goes.
    pub to: Address,
    /// Where it starts.
    pub from: Address,
    /// Weight of the parcel in grams.
    pub weight_g: u32,
    /// The order's address was changed: what an earlier try left at the carrier may say another one.
    pub readdressed: bool,
}
