//! Stripe: payment intents that are authorised on creation and captured by hand.
//!
//! Inbound: events about payment intents, charges, refunds and disputes. Outbound: create,
//! retrieve, search, capture, cancel, refund. Amounts are taken from Stripe's answers, never
//! assumed. An idempotency key is remembered for 24 hours; a repeat under it is the query.

mod answers;
mod calls;
mod map;
mod money;
mod specimen;
mod verify;
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
    CallError, Connector, Forged, Found, Inbound, PaymentAnswer, RawRequest, Repeat,
};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};

/// Where Stripe's API lives.
const VENDOR: &str = "https://api.stripe.com";

/// Prefixes of keys that move no money.
const TEST_KEYS: [&str; 2] = ["sk_test_", "rk_test_"];

/// How long Stripe remembers an idempotency key.
const KEY_LIFE: Duration = Duration::from_hours(24);

/// A connection to a Stripe account.
pub(super) struct Stripe {
    secrets: Vec<SecretString>,
    api_key: SecretString,
    live: bool,
    capture: CaptureMode,
    http: Outbound,
}

/// What there is to know of a Stripe account.
pub(super) const KIND: Kind<dyn PaymentConnector> = Kind {
    about: About {
        family: Family::Payments,
        name: "stripe",
        standing: Standing::Sampled,
        can: &[
            Capability::Webhooks,
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
                "the account's secret key, or a restricted one that may write payment intents and refunds",
            ),
            Setting::required(
                "webhook_secrets",
                Form::Secrets,
                "the signing secret of the webhook endpoint (whsec_...)",
            ),
        ],
        account: None,
    },
    connect,
    specimen: Some(&specimen::Account),
};

fn connect(settings: &Settings) -> Result<Arc<dyn PaymentConnector>, ConfigError> {
    Ok(Arc::new(Stripe {
        secrets: settings.secrets("webhook_secrets")?,
        api_key: settings.secret("api_key")?,
        live: settings.is_live_by("api_key", &TEST_KEYS),
        capture: settings.capture,
        http: Outbound::new(settings, VENDOR)?,
    }))
}

impl Connector for Stripe {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        verify::verify(&self.secrets, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        map::read(request.body)
    }

    fn is_live(&self) -> bool {
        self.live
    }
}

#[async_trait]
impl PaymentConnector for Stripe {
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

    async fn capture(&self, call: &PaymentCall, reference: &str, last: bool) -> PaymentAnswer {
        self.capture_now(call, reference, last).await
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
