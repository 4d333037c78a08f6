//! Locations that the hub itself runs: store staff and pickers use the hub's own fulfilment verbs,
//! so there is no partner to call. A request has arrived by being recorded, and a cancel is agreed
//! to at once; an order never asks for one after the hand-over.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::FulfilmentId;
use orderhub_domain::order::FulfilmentEvidence;

use super::{FulfilmentCall, WarehouseConnector};
use crate::port::WorkAnswer;
use crate::settings::{ConfigError, Settings};

/// A warehouse without a system of its own.
struct Managed;

/// Builds the connection. It needs nothing but its name.
#[expect(
    clippy::unnecessary_wraps,
    reason = "every constructor of the registry may fail"
)]
pub(super) fn connect(_: &Settings) -> Result<Arc<dyn WarehouseConnector>, ConfigError> {
    Ok(Arc::new(Managed))
}

#[async_trait]
impl WarehouseConnector for Managed {
    async fn request(&self, _: &FulfilmentCall) -> WorkAnswer {
        Ok(FulfilmentEvidence::Delivered)
    }

    async fn cancel(&self, _: FulfilmentId) -> WorkAnswer {
        Ok(FulfilmentEvidence::Cancelled)
    }
}
