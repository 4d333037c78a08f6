//! EasyPost: labels of many carriers, and their tracking.
//!
//! Inbound: tracker events. Outbound: create a shipment under the parcel's id, buy its
//! cheapest rate, look it up, give the label back. EasyPost has no idempotency keys, so a purchase
//! whose outcome is unknown is looked up first.

mod calls;
mod map;
mod specimen;
mod verify;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::{ParcelId, Slug};
use orderhub_domain::order::LabelEvidence;
use secrecy::SecretString;

use super::{CarrierConnector, LabelCall};
use crate::outbound::Outbound;
use crate::port::{CallError, Connector, Forged, Found, Inbound, LabelAnswer, RawRequest, Repeat};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};

/// Where EasyPost's API lives.
const VENDOR: &str = "https://api.easypost.com";

/// Prefix of keys that buy no real labels.
const TEST_KEYS: [&str; 1] = ["EZTK"];

/// A connection to an EasyPost account.
pub(super) struct EasyPost {
    slug: Slug,
    keys: Vec<SecretString>,
    api_key: SecretString,
    live: bool,
    http: Outbound,
}

/// What there is to know of an EasyPost account.
pub(super) const KIND: Kind<dyn CarrierConnector> = Kind {
    about: About {
        family: Family::Carriers,
        name: "easypost",
        standing: Standing::Sampled,
        can: &[
            Capability::Webhooks,
            Capability::Labels,
            Capability::Tracking,
        ],
        settings: &[
            Setting::required("api_key", Form::Secret, "the account's API key"),
            Setting::required(
                "webhook_secrets",
                Form::Secrets,
                "the webhook's secret, as you gave it to EasyPost",
            ),
        ],
        account: None,
    },
    connect,
    specimen: Some(&specimen::Trackers),
};

fn connect(settings: &Settings) -> Result<Arc<dyn CarrierConnector>, ConfigError> {
    let secrets = settings.secrets("webhook_secrets")?;
    Ok(Arc::new(EasyPost {
        slug: settings.slug.clone(),
        keys: secrets.iter().map(verify::signing_key).collect(),
        api_key: settings.secret("api_key")?,
        live: settings.is_live_by("api_key", &TEST_KEYS),
        http: Outbound::new(settings, VENDOR)?,
    }))
}

impl Connector for EasyPost {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        verify::verify(&self.keys, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        vec![map::read(request.body)]
    }

    fn is_live(&self) -> bool {
        self.live
    }
}

#[async_trait]
impl CarrierConnector for EasyPost {
    fn repeat(&self) -> Repeat {
        Repeat::QueryFirst
    }

    async fn buy(&self, call: &LabelCall) -> LabelAnswer {
        self.buy_now(call).await
    }

    async fn void(&self, reference: &str) -> LabelAnswer {
        self.void_now(reference).await
    }

    async fn find(&self, parcel: ParcelId) -> Result<Found<LabelEvidence>, CallError> {
        self.find_now(parcel).await
    }
}
