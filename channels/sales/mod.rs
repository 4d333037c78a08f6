//! Sales channels: orders in; later shipments, cancellations and stock back out.

pub mod direct;
mod shopify;

use std::sync::Arc;

use crate::port::{Forged, Inbound, RawRequest};
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
}
