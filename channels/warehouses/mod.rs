//! Warehouses, stores and 3PL sites: pick requests out, progress in.

mod managed;

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::{FulfilmentId, LocationCode, Sku};
use orderhub_domain::quantity::Quantity;

use crate::port::WorkAnswer;
use crate::settings::{ConfigError, Settings, constructor};

/// Builds a connection of one kind.
pub type Connect = fn(&Settings) -> Result<Arc<dyn WarehouseConnector>, ConfigError>;

/// Every kind of warehouse, by name.
pub const KINDS: [(&str, Connect); 1] = [("managed", managed::connect)];

/// Builds a connection of this kind.
pub fn connect(
    kind: &str,
    settings: &Settings,
) -> Result<Arc<dyn WarehouseConnector>, ConfigError> {
    constructor("warehouses", &KINDS, kind)?(settings)
}

/// A connection to the system that runs locations.
#[async_trait]
pub trait WarehouseConnector: Send + Sync {
    /// Asks a location to fulfil. The same request again changes nothing.
    async fn request(&self, call: &FulfilmentCall) -> WorkAnswer;

    /// Asks a location to stop. The same request again changes nothing.
    async fn cancel(&self, fulfilment: FulfilmentId) -> WorkAnswer;
}

/// What a location is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FulfilmentCall {
    /// Its id, the same for every try.
    pub fulfilment: FulfilmentId,
    /// Where.
    pub location: LocationCode,
    /// What.
    pub lines: Vec<(Sku, Quantity)>,
}
