//! Carriers: labels and tracking; their webhooks.

mod easypost;

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::canonical::Address;
use orderhub_domain::ids::ParcelId;

use crate::port::{CallError, Forged, Found, Inbound, LabelAnswer, RawRequest, Repeat};
use crate::settings::{ConfigError, Settings, constructor};
use orderhub_domain::order::LabelEvidence;

/// Builds a connection of one kind.
pub type Connect = fn(&Settings) -> Result<Arc<dyn CarrierConnector>, ConfigError>;

/// Every kind of carrier, by name.
pub const KINDS: [(&str, Connect); 1] = [("easypost", easypost::connect)];

/// Builds a connection of this kind.
pub fn connect(kind: &str, settings: &Settings) -> Result<Arc<dyn CarrierConnector>, ConfigError> {
    constructor("carriers", &KINDS, kind)?(settings)
}

/// A connection to a carrier account.
#[async_trait]
pub trait CarrierConnector: Send + Sync {
    /// Whether the bytes are really from the vendor. Called before anything is parsed.
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged>;

    /// What they say. Pure; called only after `verify`.
    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound>;

    /// Whether the connection is live; facts marked as test then change nothing.
    fn is_live(&self) -> bool;

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
