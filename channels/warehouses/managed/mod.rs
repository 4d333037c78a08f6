//! Locations that the hub itself runs: store staff and pickers use the hub's own fulfilment verbs,
//! so there is no partner to call. A request has arrived by being recorded, and a cancel is agreed
//! to at once; an order never asks for one after the hand-over.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::{FulfilmentId, LocationCode};
use orderhub_domain::order::FulfilmentEvidence;

use super::{FulfilmentCall, WarehouseConnector};
use crate::port::{Connector, Forged, Inbound, RawRequest, WorkAnswer};
use crate::registry::{About, Capability, Family, Kind, Standing};
use crate::settings::{ConfigError, Settings};

/// A warehouse without a system of its own: it sends no webhooks, and none is believed.
struct Managed {
    live: bool,
}

/// What there is to know of a managed location. It needs nothing but its name.
pub(super) const KIND: Kind<dyn WarehouseConnector> = Kind {
    about: About {
        family: Family::Warehouses,
        name: "managed",
        standing: Standing::Live,
        can: &[Capability::Requests, Capability::Submitted],
        settings: &[],
        account: None,
    },
    connect,
    specimen: None,
};

#[expect(
    clippy::unnecessary_wraps,
    reason = "every constructor of the registry may fail"
)]
fn connect(settings: &Settings) -> Result<Arc<dyn WarehouseConnector>, ConfigError> {
    let live = settings.is_live();
    Ok(Arc::new(Managed { live }))
}

impl Connector for Managed {
    fn verify(&self, _: &RawRequest<'_>) -> Result<(), Forged> {
        Err(Forged::Missing)
    }

    fn read(&self, _: &RawRequest<'_>) -> Vec<Inbound> {
        Vec::new()
    }

    fn is_live(&self) -> bool {
        self.live
    }
}

#[async_trait]
impl WarehouseConnector for Managed {
    async fn request(&self, _: &FulfilmentCall) -> WorkAnswer {
        Ok(FulfilmentEvidence::Delivered)
    }

    async fn cancel(&self, _: FulfilmentId, _: &LocationCode) -> WorkAnswer {
        Ok(FulfilmentEvidence::Cancelled)
    }
}
