//! UPS by its own APIs: labels on the shipper's account, and their parcels followed.
//!
//! Inbound: Track Alert, one scan per message; a delivery is looked up as well, with all that was seen
//! before. Outbound: buy a label for the configured service, look one up by the parcel's name, give it
//! back, and ask for the alerts of the parcel. UPS has no idempotency keys, so a purchase whose outcome is
//! unknown is looked up first.

mod alerts;
mod ask;
mod calls;
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
use crate::outbound::Outbound;
use crate::port::{
    CallError, Connector, Follow, Forged, Found, Inbound, LabelAnswer, LookUp, RawRequest, Repeat,
};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};
use crate::token::Tokens;

/// Where UPS's APIs live.
const VENDOR: &str = "https://onlinetools.ups.com";

/// The same for trying out: what is bought there moves nothing.
const SANDBOX: &str = "https://wwwcie.ups.com";

/// The header that tells the reader that a body is a tracking that we asked for.
const STATED: &str = "x-ups-resource";

/// A parcel named by its tracking number.
const NUMBER: &str = "tracking_number";

/// A connection to a UPS account.
pub(super) struct Ups {
    slug: Slug,
    /// The shipper's number, which pays.
    account: String,
    service: String,
    /// What an alert shows, newest first.
    words: Vec<SecretString>,
    /// Where alerts are asked for; none where nobody wants any.
    alerts_to: Option<String>,
    live: bool,
    tokens: Tokens,
    http: Outbound,
}

/// What there is to know of a UPS account.
pub(super) const KIND: Kind<dyn CarrierConnector> = Kind {
    about: About {
        family: Family::Carriers,
        name: "ups",
        standing: Standing::Sampled,
        can: &[
            Capability::Webhooks,
            Capability::LooksUp,
            Capability::Polled,
            Capability::Labels,
            Capability::Tracking,
        ],
        settings: &[
            Setting::required(
                "client_id",
                Form::Text,
                "the Client ID of your app: developer.ups.com, Apps",
            ),
            Setting::required(
                "client_secret",
                Form::Secret,
                "the Client Secret of the same app",
            ),
            Setting::required(
                "account_number",
                Form::Text,
                "the six characters of the UPS account that ships and pays: ups.com, Profile, Accounts",
            ),
            Setting::required(
                "service",
                Form::Text,
                "the code of the service that labels are bought for: 03 is Ground, 11 Standard, 07 Express",
            ),
            Setting::optional(
                "webhook_url",
                Form::Url,
                "the hub's address for this connection's webhooks; without it UPS is asked for no alerts",
            ),
            Setting::optional(
                "webhook_tokens",
                Form::Secrets,
                "words of your own, newest first; the newest is told to UPS, which shows it with each alert",
            ),
        ],
        account: None,
    },
    connect,
    specimen: Some(&specimen::Alerts),
};

fn connect(settings: &Settings) -> Result<Arc<dyn CarrierConnector>, ConfigError> {
    let live = settings.is_live();
    let http = Outbound::new(settings, if live { VENDOR } else { SANDBOX })?;
    let id = settings.required_text("client_id")?.to_owned();
    let secret = settings.secret("client_secret")?;
    let tokens = Tokens::new(http.clone(), move |door| {
        door.post("/security/v1/oauth/token")
            .basic_auth(&id, Some(secret.expose_secret()))
            .form(&[("grant_type", "client_credentials")])
    });
    let words = words(settings, "webhook_tokens")?;
    let alerts_to = settings.text("webhook_url").map(str::to_owned);
    if alerts_to.is_some() && words.is_empty() {
        return Err(settings.bad("webhook_tokens", "alerts need a word that they show"));
    }
    Ok(Arc::new(Ups {
        slug: settings.slug.clone(),
        account: settings.required_text("account_number")?.to_owned(),
        service: settings.required_text("service")?.to_owned(),
        words,
        alerts_to,
        live,
        tokens,
        http,
    }))
}

impl Connector for Ups {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        alerts::verify(&self.words, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        match request.header(STATED) {
            Some(_) => map::read(request.body),
            None => alerts::read(request.body),
        }
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        Some(self)
    }

    fn follow(&self) -> Option<&dyn Follow> {
        Some(self)
    }
}

#[async_trait]
impl CarrierConnector for Ups {
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
