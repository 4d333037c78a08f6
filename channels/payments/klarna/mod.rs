//! Klarna: orders that the buyer let Klarna authorise at the shop's checkout, captured when goods leave.
//!
//! Inbound: pushes, which name an order at most, so that it is looked up. Klarna signs none of them and
//! advises a secret in their address. Outbound: capture, release, cancel, refund, retrieve of the order
//! management API. Klarna cannot be searched and pushes neither captures nor refunds: what happens in its
//! portal alone is seen when an order is looked up for another reason.
//!
//! Klarna authorises no bare amount but an order with its lines and taxes, which a gateway's call does not
//! carry: so nothing is authorised or renewed from here. An idempotency key counts for 24 hours, and only
//! the key (docs.klarna.com, integration resilience, and the API's `Klarna-Idempotency-Key`).

mod answers;
mod calls;
mod look;
mod push;
mod specimen;
mod state;
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

/// Prefix of keys that move no money.
const TEST_KEYS: [&str; 1] = ["klarna_test_"];

/// How long Klarna remembers an idempotency key.
const KEY_LIFE: Duration = Duration::from_hours(24);

/// The header that tells the reader that a body is an order that we asked for.
const STATED: &str = "x-klarna-resource";

/// A connection to a Klarna merchant account.
pub(super) struct Klarna {
    push_tokens: Vec<SecretString>,
    user: String,
    password: SecretString,
    live: bool,
    capture: CaptureMode,
    http: Outbound,
}

/// What there is to know of a Klarna merchant account.
pub(super) const KIND: Kind<dyn PaymentConnector> = Kind {
    about: About {
        family: Family::Payments,
        name: "klarna",
        standing: Standing::Sampled,
        can: &[
            Capability::Webhooks,
            Capability::LooksUp,
            Capability::Capture,
            Capability::Void,
            Capability::Refund,
            Capability::Query,
        ],
        settings: &[
            Setting::required(
                "api_user",
                Form::Text,
                "the user name of the API credentials: Klarna's portal, Settings, API credentials",
            ),
            Setting::required(
                "api_password",
                Form::Secret,
                "the password of the API credentials, shown once when they are made",
            ),
            Setting::required(
                "push_tokens",
                Form::Secrets,
                "a secret of your own, which the shop appends to the push addresses it gives Klarna (?token=...)",
            ),
            Setting::optional(
                "region",
                Form::Text,
                "where the merchant account is kept: eu, na or oc; eu when left out",
            ),
        ],
        account: Some("api_user"),
    },
    connect,
    specimen: Some(&specimen::Account),
};

fn connect(settings: &Settings) -> Result<Arc<dyn PaymentConnector>, ConfigError> {
    let live = settings.is_live_by("api_password", &TEST_KEYS);
    let region = match settings.text("region").map(str::trim) {
        None | Some("eu") => "",
        Some("na") => "-na",
        Some("oc") => "-oc",
        // It says nothing beside a base_url.
        Some(_) if settings.base_url.is_some() => "",
        Some(_) => return Err(settings.bad("region", "one of eu, na and oc")),
    };
    let platform = if live { "" } else { ".playground" };
    Ok(Arc::new(Klarna {
        push_tokens: settings.secrets("push_tokens")?,
        user: settings.required_text("api_user")?.to_owned(),
        password: settings.secret("api_password")?,
        live,
        capture: settings.capture,
        http: Outbound::new(
            settings,
            &format!("https://api{region}{platform}.klarna.com"),
        )?,
    }))
}

impl Connector for Klarna {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        push::verify(&self.push_tokens, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        match request.header(STATED) {
            Some(_) => state::read(request.body, !self.live),
            None => push::read(request),
        }
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        Some(self)
    }
}

#[async_trait]
impl PaymentConnector for Klarna {
    fn capture_mode(&self) -> CaptureMode {
        self.capture
    }

    fn repeat(&self) -> Repeat {
        Repeat::Keyed {
            valid_for: KEY_LIFE,
        }
    }

    /// Never: Klarna wants the order's lines and taxes, and the buyer at the shop's checkout.
    async fn authorize(&self, _call: &PaymentCall, _means: &Means<'_>) -> PaymentAnswer {
        Ok(PaymentEvidence::Declined {
            reference: None,
            code: "authorized_at_checkout_only".to_owned(),
        })
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

    /// By Klarna's own reference only: it has no search, and "not there" would be a guess.
    async fn query(
        &self,
        _order: OrderId,
        sought: Sought<'_>,
    ) -> Result<Found<Vec<PaymentEvidence>>, CallError> {
        match sought {
            Sought::Reference(reference) => self.query_now(reference).await,
            Sought::Effect(_) | Sought::All => Err(CallError::not_now(
                "the gateway finds orders by its own id only; look the order up in its portal",
            )),
        }
    }
}
