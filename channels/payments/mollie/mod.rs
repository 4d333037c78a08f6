//! Mollie: payments on a mandate that are authorised on creation and captured by hand.
//!
//! Inbound: classic webhooks, which name a payment and prove nothing, so that it is looked up; and the
//! signed ones of the next generation, of which no more is believed than that. Outbound: create,
//! capture, release, refund, retrieve, list of the payments API, version 2. Mollie no longer takes
//! new integrations of its orders API: an order that a webhook names is kept and not looked up.
//!
//! An idempotency key is trusted for an hour: Mollie's documentation said 24 of them, and one later
//! (docs.mollie.com/reference/api-idempotency). After that it is asked first.

mod answers;
mod calls;
mod hooks;
mod look;
mod map;
mod specimen;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use orderhub_domain::canonical::CaptureMode;
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::PaymentEvidence;
use secrecy::SecretString;

use super::{Means, PaymentCall, PaymentConnector, Sought};
use crate::outbound::Outbound;
use crate::port::{
    CallError, Connector, Forged, Found, Inbound, LookUp, PaymentAnswer, RawRequest, Repeat,
};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};

/// Where Mollie's API lives.
const VENDOR: &str = "https://api.mollie.com";

/// Prefix of keys that move no money.
const TEST_KEYS: [&str; 1] = ["test_"];

/// How long Mollie remembers an idempotency key at least.
const KEY_LIFE: Duration = Duration::from_hours(1);

/// The header that tells the reader that a body is a payment that we asked for.
const STATED: &str = "x-mollie-resource";

/// A connection to a profile of a Mollie account.
pub(super) struct Mollie {
    secrets: Vec<SecretString>,
    api_key: SecretString,
    profile: Option<String>,
    webhook_url: String,
    live: bool,
    capture: CaptureMode,
    http: Outbound,
}

/// What there is to know of a profile of Mollie.
pub(super) const KIND: Kind<dyn PaymentConnector> = Kind {
    about: About {
        family: Family::Payments,
        name: "mollie",
        standing: Standing::Sampled,
        can: &[
            Capability::Webhooks,
            Capability::LooksUp,
            Capability::Authorize,
            Capability::Capture,
            Capability::Void,
            Capability::Refund,
            Capability::Query,
            Capability::Disputes,
        ],
        settings: &[
            Setting::required(
                "api_key",
                Form::Secret,
                "the profile's API key (live_... or test_...): Mollie's dashboard, Developers, API keys",
            ),
            Setting::required(
                "webhook_url",
                Form::Url,
                "the public address of this connection's webhook; Mollie is told it with each payment",
            ),
            Setting::optional(
                "profile",
                Form::Text,
                "the id of the profile (pfl_...): payments that name another one are kept apart",
            ),
            Setting::optional(
                "webhook_secrets",
                Form::Secrets,
                "the signing secret of a next-generation webhook, if one is set up in the dashboard",
            ),
        ],
        account: Some("profile"),
    },
    connect,
    specimen: Some(&specimen::Profile),
};

fn connect(settings: &Settings) -> Result<Arc<dyn PaymentConnector>, ConfigError> {
    let url = settings.required_text("webhook_url")?;
    if !url.starts_with("https://") {
        return Err(settings.bad("webhook_url", "a public address that begins with https://"));
    }
    let secrets = match settings.secret_if_any("webhook_secrets")? {
        Some(_) => settings.secrets("webhook_secrets")?,
        None => Vec::new(),
    };
    Ok(Arc::new(Mollie {
        secrets,
        api_key: settings.secret("api_key")?,
        profile: settings.text("profile").map(str::to_owned),
        webhook_url: url.to_owned(),
        live: settings.is_live_by("api_key", &TEST_KEYS),
        capture: settings.capture,
        http: Outbound::new(settings, VENDOR)?,
    }))
}

impl Connector for Mollie {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        hooks::verify(&self.secrets, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        match request.header(STATED) {
            Some(_) => map::read(request.body, self.profile.as_deref()),
            None => hooks::read(request.body),
        }
    }

    fn is_live(&self) -> bool {
        self.live
    }

    /// The same for every id, known or not: Mollie wants a plain 200, and a stranger learns nothing.
    fn thanks(&self) -> Option<&'static str> {
        Some("OK")
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        Some(self)
    }
}

#[async_trait]
impl PaymentConnector for Mollie {
    fn capture_mode(&self) -> CaptureMode {
        self.capture
    }

    fn repeat(&self) -> Repeat {
        Repeat::Keyed {
            valid_for: KEY_LIFE,
        }
    }

    async fn authorize(&self, call: &PaymentCall, means: &Means<'_>) -> PaymentAnswer {
        self.authorize_now(call, means).await
    }

    /// `last` has no say: after the only capture Mollie releases the rest, and with several the
    /// authorisation lapses at its time.
    async fn capture(&self, call: &PaymentCall, reference: &str, _last: bool) -> PaymentAnswer {
        self.capture_now(call, reference).await
    }

    async fn void(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        self.void_now(call, reference).await
    }

    async fn refund(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        self.refund_now(call, reference).await
    }

    async fn query(
        &self,
        order: OrderId,
        sought: Sought<'_>,
    ) -> Result<Found<Vec<PaymentEvidence>>, CallError> {
        self.query_now(order, sought).await
    }
}
