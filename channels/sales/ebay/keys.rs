//! The keys that eBay signs notifications with, served by their ids to any application.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use serde::Deserialize;
use std::sync::Arc;

use super::api::vendor;
use super::hooks::Signature;
use crate::key_ring::{KeyRing, served};
use crate::outbound::{Failure, Outbound};
use crate::port::{CallError, Forged, Keys, RawRequest};
use crate::public_key::{Hash, PublicKey};
use crate::settings::{ConfigError, Settings};
use crate::token::Tokens;

/// How long a key counts: "The retrieved public key value should be cached for a temporary - but reasonable -
/// amount of time (e.g., one-hour is recommended.)" (getPublicKey).
const LIFE: SignedDuration = SignedDuration::from_hours(1);

/// What an application may do without any seller's consent.
const SCOPE: &str = "https://api.ebay.com/oauth/api_scope";

/// The keys, and the way to eBay as the application itself.
pub(super) struct SigningKeys {
    ring: KeyRing,
    http: Outbound,
    tokens: Tokens,
}

/// A key as eBay serves it (`PublicKey` of the Notification API).
#[derive(Deserialize)]
struct Served {
    key: String,
    algorithm: String,
    digest: String,
}

impl SigningKeys {
    pub(super) fn open(settings: &Settings) -> Result<Self, ConfigError> {
        let http = Outbound::new(settings, vendor(settings))?;
        let client = settings.required_text("client_id")?.to_owned();
        let secret = settings.secret("client_secret")?;
        // developer.ebay.com/api-docs/static/oauth-client-credentials-grant.html
        let login = move |door: &Outbound| {
            door.post("/identity/v1/oauth2/token")
                .basic_auth(&client, Some(secret.expose_secret()))
                .form(&[("grant_type", "client_credentials"), ("scope", SCOPE)])
        };
        Ok(Self {
            ring: KeyRing::new(LIFE),
            tokens: Tokens::new(http.clone(), login),
            http,
        })
    }

    pub(super) fn key(&self, id: &str, now: Timestamp) -> Result<Arc<PublicKey>, Forged> {
        self.ring.key(id, now)
    }

    async fn fetch(&self, id: &str) -> Result<Vec<(String, PublicKey)>, CallError> {
        let path = format!("/commerce/notification/v1/public_key/{id}");
        let request = self.http.get(&path).header("accept", "application/json");
        let answer = self.tokens.send(&self.http, request).await;
        let key = served(&answer.map_err(Failure::of_look_up)?, read)?;
        Ok(key.map(|key| (id.to_owned(), key)).into_iter().collect())
    }
}

fn read(body: &[u8]) -> Option<PublicKey> {
    let of: Served = serde_json::from_slice(body).ok()?;
    let hash = match of.digest.as_str() {
        "SHA1" => Hash::Sha1,
        "SHA256" => Hash::Sha256,
        _ => return None,
    };
    let known = of.algorithm.eq_ignore_ascii_case("ecdsa");
    PublicKey::from_pem(&of.key, hash).filter(|_| known)
}

#[async_trait]
impl Keys for SigningKeys {
    async fn learn(&self, request: &RawRequest<'_>) -> Result<(), CallError> {
        let Ok(signature) = Signature::of(request) else {
            return Ok(());
        };
        let id = signature.kid.as_str();
        let fetch = self.fetch(id);
        self.ring.learn(id, request.received_at, fetch).await
    }
}
