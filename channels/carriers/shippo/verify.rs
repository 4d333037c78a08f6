//! Who is believed (docs.goshippo.com/docs/tracking/webhooksecurity). Shippo has two ways, of which an
//! account uses one; where there is a secret, the signature alone counts:
//!
//! - `Shippo-Auth-Signature: t=<seconds>,v1=<hex>`, HMAC-SHA256 over `<t>.<raw body>`; the secret is
//!   agreed with Shippo's support. The vendor names no age: five minutes, as its own library has it.
//! - a token of our own in the URL that was registered, `?token=...`.
//!
//! The vendor publishes no vector.

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use crate::carriers::shared_words::{is_any, words};
use crate::port::{Forged, RawRequest};
use crate::settings::{ConfigError, Settings};
use crate::signature::signed_by_any;

/// How far the signed time may be from ours, either way.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(300);

/// What a webhook has to show.
pub(super) struct Verifier {
    secrets: Vec<SecretString>,
    tokens: Vec<SecretString>,
}

impl Verifier {
    /// From a connection's settings, of which one way at least must be there.
    pub(super) fn new(settings: &Settings) -> Result<Self, ConfigError> {
        let tokens = words(settings, "webhook_tokens")?;
        let secrets = if tokens.is_empty() {
            settings.secrets("webhook_secrets")?
        } else {
            words(settings, "webhook_secrets")?
        };
        Ok(Self { secrets, tokens })
    }

    /// Whether the webhook is from Shippo.
    pub(super) fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        if self.secrets.is_empty() {
            self.knows_the_token(request)
        } else {
            self.is_signed(request)
        }
    }

    fn knows_the_token(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        let url = reqwest::Url::parse(request.url).map_err(|_| Forged::Missing)?;
        let token = url.query_pairs().find(|(name, _)| name == "token");
        let (_, token) = token.ok_or(Forged::Missing)?;
        if is_any(&self.tokens, token.as_bytes()) {
            Ok(())
        } else {
            Err(Forged::Mismatch)
        }
    }

    fn is_signed(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        let header = request
            .header("shippo-auth-signature")
            .ok_or(Forged::Missing)?;
        let only = |wanted: &str| {
            let parts = header.split(',').filter_map(|part| part.split_once('='));
            let mut values = parts.filter(|(name, _)| name.trim() == wanted);
            let (_, value) = values.next().ok_or(Forged::Missing)?;
            // Each stands there once; a second one would be somebody's addition.
            if values.next().is_some() {
                return Err(Forged::Mismatch);
            }
            Ok(value.trim())
        };
        let time = only("t")?;
        let tag = hex::decode(only("v1")?).map_err(|_| Forged::Mismatch)?;
        let keys = self.secrets.iter();
        let keys = keys.map(|secret| secret.expose_secret().as_bytes());
        if !signed_by_any(keys, &[time.as_bytes(), b".", request.body], &tag) {
            return Err(Forged::Mismatch);
        }
        let signed_at = time
            .parse()
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .ok_or(Forged::Mismatch)?;
        if request.received_at.duration_since(signed_at).abs() > TOLERANCE {
            return Err(Forged::Stale);
        }
        Ok(())
    }
}
