//! PayPal: orders that are authorised with a vaulted means of payment and captured by hand.
//!
//! Inbound: webhooks, signed with RSA by a certificate of PayPal's. What they say is not taken from them:
//! they come in any order and a refund's does not name its payment, so the checkout order is looked up
//! with everything that happened to it. Events are also asked for from time to time, for those that were
//! not taken. Outbound: create, authorise, capture, void, refund of the Orders and Payments APIs,
//! version 2.
//!
//! A payment is referred to by its authorisation; one that was captured at once, by its capture. An
//! idempotency key of an order is remembered for 6 hours, one of a capture or refund for longer
//! (developer.paypal.com/api/orders/v2, `PayPal-Request-Id`). There is no search by our own ids.

mod answers;
mod calls;
mod events;
mod look;
mod specimen;
mod state;
mod verify;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use orderhub_domain::canonical::CaptureMode;
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::PaymentEvidence;
use secrecy::ExposeSecret;

use super::{Means, PaymentCall, PaymentConnector, Sought};
use crate::key_ring::KeyRing;
use crate::outbound::Outbound;
use crate::port::{
    CallError, Connector, Forged, Found, Inbound, Keys, LookUp, PaymentAnswer, Poll, RawRequest,
    Repeat,
};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};
use crate::token::Tokens;

/// How long PayPal remembers an idempotency key at least.
const KEY_LIFE: Duration = Duration::from_hours(6);

/// How long a certificate counts before it is fetched again: one that PayPal no longer serves ends.
const CERTIFICATE_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// The header that tells the reader what a body is that we asked for.
const STATED: &str = "x-paypal-resource";

/// The header that tells the reader which payment a dispute is about.
const PAYMENT: &str = "x-paypal-payment";

/// A connection to a REST app of a PayPal account.
pub(super) struct PayPal {
    webhook: String,
    merchant: Option<String>,
    keys: KeyRing,
    live: bool,
    capture: CaptureMode,
    tokens: Tokens,
    http: Outbound,
    certificates: Outbound,
}

/// What there is to know of a REST app of PayPal.
pub(super) const KIND: Kind<dyn PaymentConnector> = Kind {
    about: About {
        family: Family::Payments,
        name: "paypal",
        standing: Standing::Sampled,
        can: &[
            Capability::Webhooks,
            Capability::LooksUp,
            Capability::Polled,
            Capability::Authorize,
            Capability::Capture,
            Capability::Void,
            Capability::Refund,
            Capability::Query,
            Capability::Disputes,
        ],
        settings: &[
            Setting::required(
                "client_id",
                Form::Text,
                "the app's client id: developer dashboard, Apps & Credentials",
            ),
            Setting::required(
                "client_secret",
                Form::Secret,
                "the app's secret, shown beside its client id",
            ),
            Setting::required(
                "webhook_id",
                Form::Text,
                "the id of the app's webhook, which is part of what PayPal signs: the app's page, Webhooks",
            ),
            Setting::optional(
                "merchant_id",
                Form::Text,
                "the account's merchant id (business account, Account Settings, Business information): payments to another payee are kept apart",
            ),
        ],
        account: Some("client_id"),
    },
    connect,
    specimen: Some(&specimen::Account),
};

fn connect(settings: &Settings) -> Result<Arc<dyn PaymentConnector>, ConfigError> {
    let live = settings.is_live();
    let platform = if live {
        "paypal.com"
    } else {
        "sandbox.paypal.com"
    };
    let http = Outbound::new(settings, &format!("https://api-m.{platform}"))?;
    let id = settings.required_text("client_id")?.to_owned();
    let secret = settings.secret("client_secret")?;
    let tokens = Tokens::new(http.clone(), move |door| {
        door.post("/v1/oauth2/token")
            .basic_auth(&id, Some(secret.expose_secret()))
            .form(&[("grant_type", "client_credentials")])
    });
    Ok(Arc::new(PayPal {
        webhook: settings.required_text("webhook_id")?.to_owned(),
        merchant: settings.text("merchant_id").map(str::to_owned),
        keys: KeyRing::new(CERTIFICATE_LIFE),
        live,
        capture: settings.capture,
        tokens,
        http,
        certificates: Outbound::new(settings, &format!("https://api.{platform}"))?,
    }))
}

impl Connector for PayPal {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        verify::verify(&self.webhook, &self.keys, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        match request.header(STATED) {
            None | Some("event") => events::read(request.body),
            Some(kind) => {
                let reader = state::Reader {
                    merchant: self.merchant.as_deref(),
                    test: !self.live,
                };
                reader.read(kind, request.header(PAYMENT), request.body)
            }
        }
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

    fn poll(&self) -> Option<&dyn Poll> {
        Some(self)
    }
}

#[async_trait]
impl PaymentConnector for PayPal {
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

    async fn void(&self, _call: &PaymentCall, reference: &str) -> PaymentAnswer {
        self.void_now(reference).await
    }

    async fn refund(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        self.refund_now(call, reference).await
    }

    /// By PayPal's own reference only: it has no search by ours, and "not there" would be a guess.
    async fn query(
        &self,
        _order: OrderId,
        sought: Sought<'_>,
    ) -> Result<Found<Vec<PaymentEvidence>>, CallError> {
        match sought {
            Sought::Reference(reference) => self.query_now(reference).await,
            Sought::Effect(_) | Sought::All => Err(CallError::not_now(
                "the gateway finds payments by its own ids only; look the order up in its dashboard",
            )),
        }
    }
}
