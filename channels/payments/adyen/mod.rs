//! Adyen: payments that are authorised with a stored means of payment and captured by hand.
//!
//! Inbound: standard notifications in JSON, each item signed for itself, all of them behind basic
//! authentication. Outbound: authorise, capture, cancel, refund of the Checkout API.
//!
//! Adyen has no call that reads a payment: what became of a capture, a cancel or a refund is said by
//! notification alone, and the call itself is only `received`. So a capture and a cancel stay open
//! until their notification comes, there is nothing to query, and an idempotency key counts for the
//! seven days that Adyen keeps it at least (docs.adyen.com/development-resources/api-idempotency).

mod answers;
mod calls;
mod map;
mod money;
mod reasons;
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

use self::verify::Verifier;
use super::{Means, PaymentCall, PaymentConnector, Sought};
use crate::outbound::Outbound;
use crate::port::{
    CallError, Connector, Forged, Found, Inbound, PaymentAnswer, RawRequest, Repeat,
};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};

/// Where Adyen's test platform lives.
const TEST_PLATFORM: &str = "https://checkout-test.adyen.com";

/// The version of the Checkout API that the shapes in `wire` are written for, as it stands in paths.
/// The live platform wants `checkout` before it.
const TEST_ROOT: &str = "/v71";
const LIVE_ROOT: &str = "/checkout/v71";

/// How long Adyen remembers an idempotency key at least.
const KEY_LIFE: Duration = Duration::from_hours(7 * 24);

/// A connection to a merchant account.
pub(super) struct Adyen {
    account: String,
    verifier: Verifier,
    api_key: SecretString,
    return_url: String,
    live: bool,
    root: &'static str,
    capture: CaptureMode,
    http: Outbound,
}

/// What there is to know of a merchant account of Adyen.
pub(super) const KIND: Kind<dyn PaymentConnector> = Kind {
    about: About {
        family: Family::Payments,
        name: "adyen",
        standing: Standing::Sampled,
        can: &[
            Capability::Webhooks,
            Capability::Authorize,
            Capability::Capture,
            Capability::Void,
            Capability::Refund,
            Capability::Disputes,
        ],
        settings: &[
            Setting::required(
                "merchant_account",
                Form::Text,
                "the merchant account's name, as the account switcher of the Customer Area shows it",
            ),
            Setting::required(
                "api_key",
                Form::Secret,
                "the API key: Customer Area, Developers, API credentials, Server settings",
            ),
            Setting::required(
                "hmac_keys",
                Form::Secrets,
                "the HMAC key (hexadecimal): Customer Area, Developers, Webhooks, the webhook's Security",
            ),
            Setting::required(
                "webhook_user",
                Form::Text,
                "the user name of the webhook's basic authentication, as set in its Security",
            ),
            Setting::required(
                "webhook_passwords",
                Form::Secrets,
                "the password of the webhook's basic authentication",
            ),
            Setting::required(
                "return_url",
                Form::Text,
                "where a buyer goes back to who was sent to a bank; Adyen wants it in every payment",
            ),
            Setting::optional(
                "live_prefix",
                Form::Text,
                "the prefix of the live endpoints: live Customer Area, Developers, API URLs",
            ),
        ],
        account: Some("merchant_account"),
    },
    connect,
    specimen: Some(&specimen::Merchant),
};

fn connect(settings: &Settings) -> Result<Arc<dyn PaymentConnector>, ConfigError> {
    let live = settings.is_live();
    let platform = match settings.text("live_prefix").map(str::trim) {
        _ if !live => TEST_PLATFORM.to_owned(),
        Some(prefix) if is_prefix(prefix) => {
            format!("https://{prefix}-checkout-live.adyenpayments.com")
        }
        Some(_) => {
            let what = "the prefix alone, letters, digits and dashes";
            return Err(settings.bad("live_prefix", what));
        }
        None if settings.base_url.is_some() => TEST_PLATFORM.to_owned(),
        None => {
            let what = "a live connection has an address of its own; set mode = \"test\" else";
            return Err(settings.bad("live_prefix", what));
        }
    };
    Ok(Arc::new(Adyen {
        account: settings.required_text("merchant_account")?.to_owned(),
        verifier: Verifier::new(settings)?,
        api_key: settings.secret("api_key")?,
        return_url: settings.required_text("return_url")?.to_owned(),
        live,
        root: if live { LIVE_ROOT } else { TEST_ROOT },
        capture: settings.capture,
        http: Outbound::new(settings, &platform)?,
    }))
}

/// Fit to stand in a host's name.
fn is_prefix(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty() && text.bytes().all(plain)
}

impl Connector for Adyen {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        self.verifier.verify(request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        let signed = |item: &wire::Item| self.verifier.signed(item);
        map::read(request.body, &self.account, signed)
    }

    fn is_live(&self) -> bool {
        self.live
    }

    /// Any 2xx will do today; older set-ups of Adyen wait for this body.
    fn thanks(&self) -> Option<&'static str> {
        Some("[accepted]")
    }
}

#[async_trait]
impl PaymentConnector for Adyen {
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

    /// `last` has no say: Adyen releases the rest after the first capture, or, on an account with
    /// several captures, when the authorisation expires.
    async fn capture(&self, call: &PaymentCall, reference: &str, _last: bool) -> PaymentAnswer {
        self.capture_now(call, reference).await
    }

    async fn void(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        self.void_now(call, reference).await
    }

    async fn refund(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        self.refund_now(call, reference).await
    }

    /// Never an answer: Adyen cannot be asked, and "not there" would let a payment be made twice.
    async fn query(
        &self,
        _order: OrderId,
        _sought: Sought<'_>,
    ) -> Result<Found<Vec<PaymentEvidence>>, CallError> {
        Err(CallError::not_now(
            "the gateway tells of payments by notification only; look the order up in its Customer Area",
        ))
    }
}
