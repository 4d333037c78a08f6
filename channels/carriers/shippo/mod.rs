//! Shippo: labels of many carriers, and their tracking.
//!
//! Inbound: `track_updated`. Outbound: make a shipment, buy its cheapest rate, look a purchase up, give
//! the label back. Shippo has no idempotency keys, so a purchase whose outcome is unknown is looked up
//! first.

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

/// Where Shippo's API lives.
const VENDOR: &str = "https://api.goshippo.com";

/// Prefix of keys that buy no real labels.
const TEST_KEYS: [&str; 1] = ["shippo_test_"];

/// A connection to a Shippo account.
pub(super) struct Shippo {
    slug: Slug,
    verifier: verify::Verifier,
    api_key: SecretString,
    /// Length, width and height in centimetres.
    usual_size: [String; 3],
    live: bool,
    http: Outbound,
}

/// What there is to know of a Shippo account.
pub(super) const KIND: Kind<dyn CarrierConnector> = Kind {
    about: About {
        family: Family::Carriers,
        name: "shippo",
        standing: Standing::Sampled,
        can: &[
            Capability::Webhooks,
            Capability::Labels,
            Capability::Tracking,
        ],
        settings: &[
            Setting::required(
                "api_key",
                Form::Secret,
                "the account's API token: Settings, API",
            ),
            Setting::optional(
                "webhook_secrets",
                Form::Secrets,
                "the HMAC secret of your webhooks, from Shippo's support; this or webhook_tokens",
            ),
            Setting::optional(
                "webhook_tokens",
                Form::Secrets,
                "the token that you wrote into the webhook's URL as ?token=, where Shippo signs nothing for you",
            ),
            Setting::required("parcel_length_cm", Form::Digits, SIZE),
            Setting::required("parcel_width_cm", Form::Digits, SIZE),
            Setting::required("parcel_height_cm", Form::Digits, SIZE),
        ],
        account: None,
    },
    connect,
    specimen: Some(&specimen::Tracks),
};

const SIZE: &str =
    "the size of your usual parcel in whole centimetres: Shippo offers nothing without one";

fn connect(settings: &Settings) -> Result<Arc<dyn CarrierConnector>, ConfigError> {
    let size = |key| settings.required_text(key).map(str::to_owned);
    Ok(Arc::new(Shippo {
        slug: settings.slug.clone(),
        verifier: verify::Verifier::new(settings)?,
        api_key: settings.secret("api_key")?,
        usual_size: [
            size("parcel_length_cm")?,
            size("parcel_width_cm")?,
            size("parcel_height_cm")?,
        ],
        live: settings.is_live_by("api_key", &TEST_KEYS),
        http: Outbound::new(settings, VENDOR)?,
    }))
}

impl Connector for Shippo {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        self.verifier.verify(request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        vec![map::read(request.body)]
    }

    fn is_live(&self) -> bool {
        self.live
    }
}

#[async_trait]
impl CarrierConnector for Shippo {
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
