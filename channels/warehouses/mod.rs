//! Warehouses, stores and 3PL sites: pick requests out, progress in.

mod asking;
mod managed;
mod nats;
mod reports;
mod webhook;

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::{FulfilmentId, LocationCode, Sku};
use orderhub_domain::quantity::Quantity;

use crate::port::{Connector, WorkAnswer};
use crate::registry::{Family, Kind, build};
use crate::settings::{ConfigError, Settings};

/// Every kind of warehouse.
pub static KINDS: &[Kind<dyn WarehouseConnector>] = &[managed::KIND, nats::KIND, webhook::KIND];

/// Builds a connection of this kind.
pub fn connect(
    kind: &str,
    settings: &Settings,
) -> Result<Arc<dyn WarehouseConnector>, ConfigError> {
    build(Family::Warehouses, KINDS, kind, settings)
}

/// A connection to the system that runs locations.
#[async_trait]
pub trait WarehouseConnector: Connector {
    /// Asks a location to fulfil. The same request again changes nothing.
    async fn request(&self, call: &FulfilmentCall) -> WorkAnswer;

    /// Asks a location to stop. The same request again changes nothing.
    async fn cancel(&self, fulfilment: FulfilmentId, location: &LocationCode) -> WorkAnswer;
}

/// What a location is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FulfilmentCall {
    /// Its id, the same for every try.
    pub fulfilment: FulfilmentId,
    /// Where.
    pub location: LocationCode,
    /// What.
    pub lines: Vec<CallLine>,
    /// The buyer collects it there: it gets no label.
    pub pickup: bool,
}

/// Units that a location is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLine {
    /// The line, as the order's channel names it: the location names it so when it reports.
    pub line: String,
    /// Of what.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
}
