//! FedEx by its own APIs: labels on the account, and their parcels followed.
//!
//! Inbound: the pushes of Advanced Integrated Visibility, with the whole tracking of a parcel; one of which
//! it says too little is looked up. Outbound: buy a label for the configured service, give it back. FedEx
//! has neither idempotency keys nor a look-up by a name of ours; what nobody hands over it is said not to
//! bill.

mod calls;
mod customs;
mod look;
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

/// Where FedEx's APIs live.
const VENDOR: &str = "https://apis.fedex.com";

/// The same for trying out: what is bought there moves nothing.
const SANDBOX: &str = "https://apis-sandbox.fedex.com";

/// The header that tells the reader that a body is a tracking that we asked for.
const STATED: &str = "x-fedex-resource";

/// A parcel named by its tracking number.
const NUMBER: &str = "tracking_number";

/// A connection to a FedEx account.
pub(super) struct FedEx {
    slug: Slug,
    account: String,
    service: String,
    secrets: Vec<SecretString>,
    live: bool,
    tokens: Tokens,
    http: Outbound,
}

/// What there is to know of a FedEx account.
pub(super) const KIND: Kind<dyn CarrierConnector> = Kind {
    about: About {
        family: Family::Carriers,
        name: "fedex",
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
                "the API Key of a project with the Ship and Track APIs: developer.fedex.com, My Projects",
            ),
            Setting::required(
                "client_secret",
                Form::Secret,
                "the Secret Key of the same project",
            ),
            Setting::required(
                "account_number",
                Form::Text,
                "the nine digits of the account that ships and pays, which the project is associated with",
            ),
            Setting::required(
                "service",
                Form::Text,
                "the service that labels are bought for, by FedEx's word: FEDEX_GROUND, PRIORITY_OVERNIGHT",
            ),
            Setting::optional(
                "webhook_secrets",
                Form::Secrets,
                "the security token of the Advanced Integrated Visibility webhook: My Projects, Webhooks",
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
    let id = settings.required_text("client_id")?.to_owned();
    let secret = settings.secret("client_secret")?;
    let tokens = Tokens::new(http.clone(), move |door| {
        door.post("/oauth/token").form(&[
            ("grant_type", "client_credentials"),
            ("client_id", id.as_str()),
            ("client_secret", secret.expose_secret()),
        ])
    });
    Ok(Arc::new(FedEx {
        slug: settings.slug.clone(),
        account: settings.required_text("account_number")?.to_owned(),
        service: settings.required_text("service")?.to_owned(),
        secrets: words(settings, "webhook_secrets")?,
        live,
        tokens,
        http,
    }))
}

impl Connector for FedEx {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        verify::verify(&self.secrets, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        // What was asked for and still says nothing is not asked for again.
        let look_up = request.header(STATED).is_none();
        map::read(request.body, look_up)
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
impl CarrierConnector for FedEx {
    /// A label that is never handed over costs nothing: so FedEx's users say, and there is no other way to
    /// come out of a lost answer.
    fn repeat(&self) -> Repeat {
        Repeat::Natural
    }

    async fn buy(&self, call: &LabelCall) -> LabelAnswer {
        self.buy_now(call).await
    }

    async fn void(&self, reference: &str) -> LabelAnswer {
        self.void_now(reference).await
    }

    /// FedEx knows labels by its own numbers only: there is never a firm answer.
    async fn find(&self, _: ParcelId) -> Result<Found<LabelEvidence>, CallError> {
        Err(CallError::not_now(
            "the carrier finds no label by a name of ours",
        ))
    }
}
