//! Checkout.com: payments that are authorised with a stored means of payment and captured by hand.
//!
//! Inbound: workflow events about payments and disputes. Outbound: request, capture, void, refund,
//! retrieve, list of the payments API. A capture, a void and a refund are only taken on (202): what
//! became of them stands in the payment's actions, and comes by webhook.
//!
//! An idempotency key is remembered for 24 hours, but only with an answer of 2xx: after any other the
//! request is carried out again (checkout.com/docs/payments/manage-payments/idempotency). So every call
//! carries its key, and one whose answer was lost is looked up before it is repeated.

mod answers;
mod ask;
mod calls;
mod known;
mod map;
mod money;
mod specimen;
mod verify;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

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

/// Prefixes of keys that move no money.
const TEST_KEYS: [&str; 2] = ["sk_sbox_", "sk_test_"];

/// A connection to a processing channel of a Checkout.com account.
pub(super) struct CheckoutCom {
    secrets: Vec<SecretString>,
    api_key: SecretString,
    channel: String,
    live: bool,
    capture: CaptureMode,
    http: Outbound,
}

/// What there is to know of a processing channel of Checkout.com.
pub(super) const KIND: Kind<dyn PaymentConnector> = Kind {
    about: About {
        family: Family::Payments,
        name: "checkout_com",
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
                "processing_channel",
                Form::Text,
                "the processing channel's id (pc_...): Dashboard, Settings, Account structure",
            ),
            Setting::required(
                "api_key",
                Form::Secret,
                "the secret key (sk_...) with the scopes of payments: Dashboard, Developers, Keys",
            ),
            Setting::required(
                "webhook_secrets",
                Form::Secrets,
                "the signature key of the workflow's webhook action: Dashboard, Developers, Workflows",
            ),
            Setting::optional(
                "client_prefix",
                Form::Text,
                "the first eight characters of the client id (without cli_), the account's own host: Dashboard, Settings, Account structure",
            ),
        ],
        account: Some("processing_channel"),
    },
    connect,
    specimen: Some(&specimen::Account),
};

fn connect(settings: &Settings) -> Result<Arc<dyn PaymentConnector>, ConfigError> {
    let live = settings.is_live_by("api_key", &TEST_KEYS);
    let platform = if live {
        "api.checkout.com"
    } else {
        "api.sandbox.checkout.com"
    };
    let vendor = match settings.text("client_prefix").map(str::trim) {
        Some(prefix) if is_prefix(prefix) => format!("https://{prefix}.{platform}"),
        None if settings.base_url.is_some() => format!("https://{platform}"),
        _ => {
            let what = "the account's own host begins with it: eight letters and digits";
            return Err(settings.bad("client_prefix", what));
        }
    };
    Ok(Arc::new(CheckoutCom {
        secrets: settings.secrets("webhook_secrets")?,
        api_key: settings.secret("api_key")?,
        channel: settings.required_text("processing_channel")?.to_owned(),
        live,
        capture: settings.capture,
        http: Outbound::new(settings, &vendor)?,
    }))
}

/// Fit to stand in a host's name.
fn is_prefix(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl Connector for CheckoutCom {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        verify::verify(&self.secrets, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        map::read(request.body, &self.channel, self.live)
    }

    fn is_live(&self) -> bool {
        self.live
    }
}

#[async_trait]
impl PaymentConnector for CheckoutCom {
    fn capture_mode(&self) -> CaptureMode {
        self.capture
    }

    fn repeat(&self) -> Repeat {
        Repeat::QueryFirst
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
