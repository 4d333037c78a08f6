//! Sales channels: orders in; shipments and cancellations of their own orders back out.

pub mod direct;
mod shopify;

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::Sku;

use crate::port::{CallError, Forged, Inbound, NoticeAnswer, RawRequest};
use crate::settings::{ConfigError, Settings, constructor};

/// Builds a connection of one kind.
pub type Connect = fn(&Settings) -> Result<Arc<dyn SalesConnector>, ConfigError>;

/// Every kind of sales channel, by name.
pub const KINDS: [(&str, Connect); 2] =
    [("direct", direct::connect), ("shopify", shopify::connect)];

/// Builds a connection of this kind.
pub fn connect(kind: &str, settings: &Settings) -> Result<Arc<dyn SalesConnector>, ConfigError> {
    constructor("sales", &KINDS, kind)?(settings)
}

/// A connection to a sales channel that pushes webhooks.
pub trait SalesConnector: Send + Sync {
    /// Whether the bytes are really from the vendor. Called before anything is parsed.
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged>;

    /// What they say. Pure; called only after `verify`.
    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound>;

    /// Whether test orders are recorded only (`live`) or handled like any other (`test`).
    fn is_live(&self) -> bool;

    /// How the channel is told what becomes of its orders; `None` when nobody there listens.
    fn way_back(&self) -> Option<&dyn WayBack>;

    /// How the channel is told how many units it can offer; `None` when it does not want to know.
    fn stock_way(&self) -> Option<&dyn StockWay> {
        None
    }
}

/// The way of stock to a sales channel.
#[async_trait]
pub trait StockWay: Send + Sync {
    /// Makes the channel offer so many units of a SKU. Whoever implements this makes it harmless that a
    /// try comes twice, and that one arrives after a later one. `key` is the try's own.
    async fn offer(&self, sku: &Sku, units: i64, key: &str) -> Result<Offered, CallError>;
}

/// What became of a number of units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offered {
    /// The channel offers that many from now on.
    Set,
    /// It did so before.
    Same,
    /// It does not sell the SKU.
    NotSold,
    /// It will not.
    Refused {
        /// Why, in the channel's word or ours.
        code: String,
    },
}

/// The way back to a sales channel. A notice may come twice, after a try whose outcome is not known:
/// whoever implements this makes that harmless.
#[async_trait]
pub trait WayBack: Send + Sync {
    /// A part of an order has left the building.
    async fn shipped(&self, notice: &ShipmentNotice) -> NoticeAnswer;

    /// Nothing of an order will be shipped.
    async fn cancelled(&self, notice: &CancellationNotice) -> NoticeAnswer;
}

/// What has left the building.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipmentNotice {
    /// The channel's id of the order.
    pub external_id: String,
    /// Units per line, by the channel's id of the line.
    pub lines: Vec<(String, u32)>,
    /// How its parcels are followed; none for goods that the buyer collected.
    pub tracking: Vec<Tracking>,
}

/// How a parcel is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracking {
    /// The carrier that moves it.
    pub carrier: String,
    /// The carrier's number of it.
    pub number: String,
}

/// What ended before its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancellationNotice {
    /// The channel's id of the order.
    pub external_id: String,
    /// Why.
    pub why: Why,
    /// The channel itself has the buyer's money and gives it back.
    pub refund: bool,
}

/// Why an order ended before its time, as far as channels tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// There is none left.
    OutOfStock,
    /// The buyer's money could not be had.
    Declined,
    /// Anything else: a person decided, nobody answered in time.
    Other,
}
