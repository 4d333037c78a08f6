//! eBay's notifications, which only say that an order is there, and the question that eBay asks before it sends
//! any.
//!
//! A notification is signed with ECDSA (`x-ebay-signature`: base64 of a document with `alg`, `kid`,
//! `signature` and `digest`) over its body, white space left out, by a key that eBay serves by its id
//! (developer.ebay.com/api-docs/commerce/notification/resources/public_key/methods/getPublicKey, and eBay's own
//! event-notification SDKs). Which hash is signed is said by eBay with its key, and not by whoever sent the
//! notification. Nothing is read out of one but an order's id, and the order is looked up. Without a
//! verification token every notification is refused.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::keys::SigningKeys;
use super::wire;
use crate::port::{Forged, Greeting, Inbound, RawRequest, Resource};
use crate::sales::taken::{NotTaken, parse, unreadable};
use crate::sales::told::opaque_id;
use crate::settings::{ConfigError, Settings};
use crate::wire::path_id;

/// Topics that name an order which is not what it was.
const CHANGES: [&str; 2] = ["ITEM_MARKED_SHIPPED", "ORDER_CONFIRMATION"];

const TOKEN: &str = "verification_token";
const ENDPOINT: &str = "endpoint";

/// What eBay knows of the address that it sends to, and the keys that it signs with.
pub(super) struct Hooks {
    token: SecretString,
    endpoint: String,
    pub(super) keys: SigningKeys,
}

/// What the signature's header is, in base64.
#[derive(Deserialize)]
pub(super) struct Signature {
    alg: String,
    /// The name of the key, fit to stand in a path.
    pub(super) kid: String,
    #[serde(rename = "signature")]
    tag: String,
}

impl Hooks {
    /// For a connection that says both; none for one that says neither.
    pub(super) fn open(settings: &Settings) -> Result<Option<Self>, ConfigError> {
        let token = settings.secret_if_any(TOKEN)?;
        let endpoint = settings.text(ENDPOINT).map(str::to_owned);
        let (token, endpoint) = match (token, endpoint) {
            (Some(token), Some(endpoint)) => (token, endpoint),
            (None, None) => return Ok(None),
            (Some(_), None) => return Err(settings.bad(ENDPOINT, "goes with verification_token")),
            (None, Some(_)) => return Err(settings.bad(TOKEN, "goes with endpoint")),
        };
        let text = token.expose_secret();
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if !(32..=80).contains(&text.len()) || !text.bytes().all(plain) {
            let what = "32 to 80 letters, digits, underscores and dashes";
            return Err(settings.bad(TOKEN, what));
        }
        Ok(Some(Self {
            token,
            endpoint,
            keys: SigningKeys::open(settings)?,
        }))
    }

    /// The answer to a challenge: the hash of its code, the token and the address
    /// (`developer.ebay.com/marketplace-account-deletion`).
    pub(super) fn greet(&self, query: &[(String, String)]) -> Option<Greeting> {
        let (_, code) = query.iter().find(|(name, _)| name == "challenge_code")?;
        let mut hash = Sha256::new();
        for part in [
            code.as_str(),
            self.token.expose_secret(),
            self.endpoint.as_str(),
        ] {
            hash.update(part.as_bytes());
        }
        let answer = hex::encode(hash.finalize());
        let answer = serde_json::json!({ "challengeResponse": answer });
        Some(Greeting::Json(answer.to_string()))
    }

    /// Whether eBay signed the body.
    pub(super) fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        let signature = Signature::of(request)?;
        let tag = STANDARD
            .decode(&signature.tag)
            .map_err(|_| Forged::Mismatch)?;
        let key = self.keys.key(&signature.kid, request.received_at)?;
        let signed = key.signed(request.body, &tag) || key.signed(&compact(request.body), &tag);
        signed.then_some(()).ok_or(Forged::Mismatch)
    }
}

/// The body without white space between its parts, which says the same: eBay's own SDKs verify what they
/// have written once more (`JSON.stringify`), so what is between is not signed.
fn compact(body: &[u8]) -> Vec<u8> {
    let (mut quoted, mut escaped) = (false, false);
    let signed = body.iter().filter(|byte| {
        let between = !quoted && byte.is_ascii_whitespace();
        let ends = **byte == b'"' && !escaped;
        escaped = quoted && **byte == b'\\' && !escaped;
        quoted ^= ends;
        !between
    });
    signed.copied().collect()
}

impl Signature {
    /// What a notification states as its signature.
    pub(super) fn of(request: &RawRequest<'_>) -> Result<Self, Forged> {
        let header = request.header("x-ebay-signature").ok_or(Forged::Missing)?;
        let header = STANDARD.decode(header).map_err(|_| Forged::Mismatch)?;
        let of: Self = serde_json::from_slice(&header).map_err(|_| Forged::Mismatch)?;
        let known = of.alg.eq_ignore_ascii_case("ecdsa") && path_id(&of.kid).is_some();
        known.then_some(of).ok_or(Forged::Mismatch)
    }
}

/// The order that it names.
pub(super) fn read(body: &[u8]) -> Result<Inbound, NotTaken> {
    let hook: wire::Hook<'_> = parse(body)?;
    let topic = hook.metadata.topic;
    if !CHANGES.contains(&topic.as_str()) {
        let topic = topic.chars().take(64).collect();
        return Ok(Inbound::Unknown { topic });
    }
    let data = hook.notification.and_then(|of| of.data);
    let data = data.ok_or_else(|| unreadable("notification.data"))?;
    let data: wire::Named = parse(data.get().as_bytes())?;
    let id = data.order_id.or_else(|| data.order?.order_id);
    let id = id.and_then(|id| opaque_id(&id));
    Ok(Inbound::Changed(Resource {
        kind: "order".to_owned(),
        id: id.ok_or_else(|| unreadable("the order's id"))?,
    }))
}
