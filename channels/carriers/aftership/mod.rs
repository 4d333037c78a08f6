//! AfterShip: parcels of many carriers followed, and nothing else.
//!
//! Inbound: `tracking_update`. Labels are bought elsewhere: asked for one, it refuses for good, and there
//! is never one to find. Outbound: with a key of its API it is told of the parcels that are under way; without
//! one AfterShip follows what its account takes from the shop or the carrier that it is connected with.

mod couriers;
mod enlist;
mod map;
mod specimen;
mod verify;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::ParcelId;
use orderhub_domain::order::LabelEvidence;
use secrecy::SecretString;

use super::{CarrierConnector, LabelCall};
use crate::port::{
    CallError, Connector, Enlist, Forged, Found, Inbound, LabelAnswer, RawRequest, Repeat,
};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};

/// Why there is no label.
const NO_LABELS: &str = "tracking_only";

/// A connection to an AfterShip account.
pub(super) struct AfterShip {
    secrets: Vec<SecretString>,
    live: bool,
    /// How it is told of parcels; none where nobody wants that.
    desk: Option<enlist::Desk>,
}

/// What there is to know of an AfterShip account.
pub(super) const KIND: Kind<dyn CarrierConnector> = Kind {
    about: About {
        family: Family::Carriers,
        name: "aftership",
        standing: Standing::Sampled,
        can: &[
            Capability::Webhooks,
            Capability::Tracking,
            Capability::Enlists,
        ],
        settings: &[
            Setting::required(
                "webhook_secrets",
                Form::Secrets,
                "the webhook secret of AfterShip Tracking: Settings, Webhooks",
            ),
            Setting::optional(
                "api_key",
                Form::Secret,
                "an API key of AfterShip Tracking: Settings, API keys; with it AfterShip is told of every parcel under way",
            ),
        ],
        account: None,
    },
    connect,
    specimen: Some(&specimen::Trackings),
};

fn connect(settings: &Settings) -> Result<Arc<dyn CarrierConnector>, ConfigError> {
    Ok(Arc::new(AfterShip {
        secrets: settings.secrets("webhook_secrets")?,
        live: settings.is_live(),
        desk: enlist::Desk::new(settings)?,
    }))
}

impl Connector for AfterShip {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        verify::verify(&self.secrets, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        map::read(request.body)
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn enlist(&self) -> Option<&dyn Enlist> {
        self.desk.as_ref().map(|desk| desk as &dyn Enlist)
    }
}

#[async_trait]
impl CarrierConnector for AfterShip {
    /// Nothing is called, so nothing can happen twice.
    fn repeat(&self) -> Repeat {
        Repeat::Natural
    }

    async fn buy(&self, _: &LabelCall) -> LabelAnswer {
        Ok(LabelEvidence::Failed {
            reason: NO_LABELS.to_owned(),
        })
    }

    async fn void(&self, _: &str) -> LabelAnswer {
        Ok(LabelEvidence::VoidRefused {
            reason: NO_LABELS.to_owned(),
        })
    }

    async fn find(&self, _: ParcelId) -> Result<Found<LabelEvidence>, CallError> {
        Ok(Found::Absent)
    }
}
