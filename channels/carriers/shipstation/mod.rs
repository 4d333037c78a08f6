//! ShipStation, by its API v2: labels of many carriers, and their tracking.
//!
//! Inbound: `track_event_v2`, signed with RSA, which is the word that a parcel was seen; how, is looked up.
//! Outbound: ask for offers under the parcel's id, buy the cheapest, look a label up, give it back.
//! ShipStation has no idempotency keys, so a purchase whose outcome is unknown is looked up first.

mod calls;
mod hooks;
mod keys;
mod look;
mod map;
mod specimen;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::{ParcelId, Slug};
use orderhub_domain::order::LabelEvidence;
use secrecy::{ExposeSecret, SecretString};

use super::shared_words::words;
use super::{CarrierConnector, LabelCall};
use crate::key_ring::KeyRing;
use crate::outbound::Outbound;
use crate::port::{
    CallError, Connector, Forged, Found, Inbound, Keys, LabelAnswer, LookUp, RawRequest, Repeat,
};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};
use crate::wire::path_id;

/// Where ShipStation's API lives.
const VENDOR: &str = "https://api.shipstation.com";

/// Prefix of the sandbox's keys, which buy no real labels.
const TEST_KEYS: [&str; 1] = ["TEST_"];

/// The header that tells the reader that a body is a tracking that we asked for.
const STATED: &str = "x-shipstation-resource";

/// A parcel named by its label's id.
const LABEL: &str = "label";

/// A parcel named by the carrier's tracking number.
const NUMBER: &str = "tracking_number";

/// A connection to a ShipStation account.
pub(super) struct ShipStation {
    slug: Slug,
    tokens: Vec<SecretString>,
    api_key: SecretString,
    carrier_ids: Vec<String>,
    /// What the key sees is the sandbox.
    sandbox: bool,
    live: bool,
    http: Outbound,
    /// Where the keys are served that webhooks are signed with.
    signers: Outbound,
    keys: KeyRing,
}

/// What there is to know of a ShipStation account.
pub(super) const KIND: Kind<dyn CarrierConnector> = Kind {
    about: About {
        family: Family::Carriers,
        name: "shipstation",
        standing: Standing::Sampled,
        can: &[
            Capability::Webhooks,
            Capability::LooksUp,
            Capability::Labels,
            Capability::Tracking,
        ],
        settings: &[
            Setting::required(
                "api_key",
                Form::Secret,
                "a key of the API v2: Settings, Account, API Settings",
            ),
            Setting::required(
                "carrier_ids",
                Form::Text,
                "the carriers that make offers, as se-1,se-2: the ids that GET /v2/carriers lists",
            ),
            Setting::optional(
                "webhook_tokens",
                Form::Secrets,
                "the value of the header x-orderhub-token that you gave the webhook as you made it",
            ),
        ],
        account: None,
    },
    connect,
    specimen: Some(&specimen::Trackings),
};

/// The ids of a list with commas between them.
fn ids(settings: &Settings, key: &'static str) -> Result<Vec<String>, ConfigError> {
    let listed = settings.required_text(key)?.split(',').map(str::trim);
    let ids: Option<Vec<String>> = listed.map(|id| path_id(id).map(str::to_owned)).collect();
    ids.ok_or_else(|| settings.bad(key, "write the ids with commas between them, as se-1,se-2"))
}

fn connect(settings: &Settings) -> Result<Arc<dyn CarrierConnector>, ConfigError> {
    let api_key = settings.secret("api_key")?;
    let key = api_key.expose_secret();
    Ok(Arc::new(ShipStation {
        slug: settings.slug.clone(),
        tokens: words(settings, "webhook_tokens")?,
        carrier_ids: ids(settings, "carrier_ids")?,
        sandbox: TEST_KEYS.iter().any(|prefix| key.starts_with(prefix)),
        live: settings.is_live_by("api_key", &TEST_KEYS),
        http: Outbound::new(settings, VENDOR)?,
        signers: Outbound::new(settings, keys::HOST)?,
        keys: KeyRing::new(keys::LIFE),
        api_key,
    }))
}

impl Connector for ShipStation {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        hooks::verify(&self.tokens, &self.keys, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        vec![match request.header(STATED) {
            Some(_) => map::read(request.body, self.sandbox),
            None => hooks::read(request.body),
        }]
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn keys(&self) -> Option<&dyn Keys> {
        Some(self)
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        Some(self)
    }
}

#[async_trait]
impl CarrierConnector for ShipStation {
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
