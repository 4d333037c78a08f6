//! DHL in Germany: labels by the Parcel DE Shipping API, parcels of any DHL service by the Shipment Tracking
//! Unified API.
//!
//! Inbound: what the account's push subscription says of parcels; one of which it says too little is looked
//! up. Outbound: buy a label, give it back. DHL has neither idempotency keys nor a look-up by a name of
//! ours, so what a lost answer means depends on how the product is billed.

mod address;
mod ask;
mod calls;
mod look;
mod map;
mod push;
mod specimen;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

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

/// Where DHL's APIs live.
const VENDOR: &str = "https://api-eu.dhl.com";

/// The same for trying out: what is bought there moves nothing.
const SANDBOX: &str = "https://api-sandbox.dhl.com";

/// The header that tells the reader that a body is a tracking that we asked for.
const STATED: &str = "x-dhl-resource";

/// A parcel named by its shipment number.
const NUMBER: &str = "tracking_number";

/// The user group of an account that has made none of its own.
const PROFILE: &str = "STANDARD_GRUPPENPROFIL";

/// Products that are billed by what DHL carries ("production data") and not by what was announced: a label
/// of theirs that nobody uses costs nothing.
const BILLED_WHEN_CARRIED: [&str; 2] = ["V01PAK", "V62KP"];

/// A connection to a DHL business account.
pub(super) struct Dhl {
    slug: Slug,
    api_key: SecretString,
    product: String,
    billing_number: String,
    profile: String,
    /// What a push shows, newest first.
    words: Vec<SecretString>,
    live: bool,
    /// How long to wait between two parcels that are asked for.
    pause: Duration,
    tokens: Tokens,
    http: Outbound,
}

/// What there is to know of a DHL business account.
pub(super) const KIND: Kind<dyn CarrierConnector> = Kind {
    about: About {
        family: Family::Carriers,
        name: "dhl",
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
                "api_key",
                Form::Secret,
                "the API Key of your app, which has Parcel DE Shipping and Shipment Tracking: developer.dhl.com, My Apps",
            ),
            Setting::required("api_secret", Form::Secret, "the API Secret of the same app"),
            Setting::required(
                "username",
                Form::Text,
                "a user of the business portal (geschaeftskunden.dhl.de), best one of its own for the API",
            ),
            Setting::required("password", Form::Secret, "that user's password"),
            Setting::required(
                "billing_number",
                Form::Text,
                "the 14 characters that the product is billed to: business portal, Contract data",
            ),
            Setting::required(
                "product",
                Form::Text,
                "the product that labels are bought for: V01PAK is DHL Paket, V62KP Kleinpaket, V53WPAK abroad",
            ),
            Setting::optional(
                "profile",
                Form::Text,
                "the user group of that user, where it is not STANDARD_GRUPPENPROFIL",
            ),
            Setting::optional(
                "webhook_tokens",
                Form::Secrets,
                "the token of the header x-orderhub-token that you gave the push subscription as you made it",
            ),
            Setting::optional(
                "tracking_calls_per_day",
                Form::Digits,
                "how many calls a day your app has for Shipment Tracking, where it is not 250: My Apps shows it",
            ),
        ],
        account: None,
    },
    connect,
    specimen: Some(&specimen::Pushes),
};

fn connect(settings: &Settings) -> Result<Arc<dyn CarrierConnector>, ConfigError> {
    let live = settings.is_live();
    let http = Outbound::new(settings, if live { VENDOR } else { SANDBOX })?;
    let api_key = settings.secret("api_key")?;
    let (id, secret) = (api_key.clone(), settings.secret("api_secret")?);
    let user = settings.required_text("username")?.to_owned();
    let password = settings.secret("password")?;
    let tokens = Tokens::new(http.clone(), move |door| {
        door.post("/parcel/de/account/auth/ropc/v1/token").form(&[
            ("grant_type", "password"),
            ("username", user.as_str()),
            ("password", password.expose_secret()),
            ("client_id", id.expose_secret()),
            ("client_secret", secret.expose_secret()),
        ])
    });
    Ok(Arc::new(Dhl {
        slug: settings.slug.clone(),
        api_key,
        product: settings.required_text("product")?.to_owned(),
        billing_number: settings.required_text("billing_number")?.to_owned(),
        profile: settings.text("profile").unwrap_or(PROFILE).to_owned(),
        words: words(settings, "webhook_tokens")?,
        live,
        pause: look::pause(settings)?,
        tokens,
        http,
    }))
}

impl Connector for Dhl {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        push::verify(&self.words, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        match request.header(STATED) {
            Some(_) => map::read(request.body),
            None => push::read(request.body),
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
impl CarrierConnector for Dhl {
    /// A label that nobody uses costs nothing, or it has to be looked for first, by a person.
    fn repeat(&self) -> Repeat {
        if BILLED_WHEN_CARRIED.contains(&self.product.as_str()) {
            Repeat::Natural
        } else {
            Repeat::QueryFirst
        }
    }

    async fn buy(&self, call: &LabelCall) -> LabelAnswer {
        self.buy_now(call).await
    }

    async fn void(&self, reference: &str) -> LabelAnswer {
        self.void_now(reference).await
    }

    /// DHL knows labels by its own numbers only: there is never a firm answer.
    async fn find(&self, _: ParcelId) -> Result<Found<LabelEvidence>, CallError> {
        Err(CallError::not_now(
            "the carrier finds no label by a name of ours; look for it in its business portal",
        ))
    }
}
