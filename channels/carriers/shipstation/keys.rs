//! The keys that ShipStation signs its webhooks with: one list of them all, at the host that it was called
//! by before (docs.shipstation.com/apis/docs/guides/webhooks-validation).

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde::Deserialize;

use super::ShipStation;
use super::hooks::key_id;
use crate::key_ring::served;
use crate::outbound::Failure;
use crate::port::{CallError, Keys, RawRequest};
use crate::public_key::PublicKey;

/// The host of the list.
pub(super) const HOST: &str = "https://api.shipengine.com";

/// How long a key counts. ShipStation says nothing of it but that keys change.
pub(super) const LIFE: SignedDuration = SignedDuration::from_hours(12);

/// A list of keys (RFC 7517, 5).
#[derive(Deserialize)]
struct Listed {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

/// The keys of the list that are RSA's and have names.
fn read(body: &[u8]) -> Option<Vec<(String, PublicKey)>> {
    let listed: Listed = serde_json::from_slice(body).ok()?;
    let bytes = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok();
    let key = |jwk: Jwk| {
        let rsa = jwk.kty == "RSA";
        let (n, e) = (bytes(jwk.n)?, bytes(jwk.e)?);
        Some((jwk.kid.filter(|_| rsa)?, PublicKey::rsa(&n, &e)))
    };
    Some(listed.keys.into_iter().filter_map(key).collect())
}

impl ShipStation {
    async fn signing_keys(&self) -> Result<Vec<(String, PublicKey)>, CallError> {
        let answer = self.signers.send(self.signers.get("/jwks")).await;
        let keys = served(&answer.map_err(Failure::of_look_up)?, read)?;
        let none = "the list of ShipStation's public keys is not where it was";
        keys.ok_or_else(|| CallError::not_done(none))
    }
}

#[async_trait]
impl Keys for ShipStation {
    async fn learn(&self, request: &RawRequest<'_>) -> Result<(), CallError> {
        let Ok(id) = key_id(request) else {
            return Ok(());
        };
        let fetch = self.signing_keys();
        self.keys.learn(id, request.received_at, fetch).await
    }
}
