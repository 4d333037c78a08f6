//! Lightspeed's webhooks: that a sale has changed, never how. They come as a form, whose field `payload` is the
//! thing as JSON in the shape of an old API (x-series-api.lightspeedhq.com/docs/webhooks); nothing is read out
//! of it but its id.
//!
//! A webhook that an application made is signed with the application's client secret: `X-Signature` is
//! `signature=<hex>, algorithm=HMAC-SHA256`, over the raw body. The pages of the vendor that can be read today
//! do not describe that, and one that was set up by hand is not signed. So a connection with secrets believes
//! what they sign and nothing else; without secrets a form that names a thing is let in, and the look-up
//! with our own token is what authenticates it.

use std::borrow::Cow;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::port::{Forged, Inbound, RawRequest, Resource};
use crate::sales::taken::{NotTaken, parse, unknown};
use crate::sales::till::poses_as_stated;
use crate::signature::signed_by_any;
use crate::wire::{code, path_id};

/// The longest form that a stranger may send.
const LONGEST: usize = 256 * 1024;

/// Checks the signature, where the connection has a secret.
pub(super) fn verify(secrets: &[SecretString], request: &RawRequest<'_>) -> Result<(), Forged> {
    if poses_as_stated(request) {
        return Err(Forged::Mismatch);
    }
    if secrets.is_empty() {
        let is_form = request.body.len() <= LONGEST && field(request.body, "payload").is_some();
        return if is_form {
            Ok(())
        } else {
            Err(Forged::Missing)
        };
    }
    let header = request.header("x-signature").ok_or(Forged::Missing)?;
    let part = |name: &str| {
        let mut parts = header.split(',');
        parts.find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
    };
    if part("algorithm").is_some_and(|algorithm| !algorithm.eq_ignore_ascii_case("HMAC-SHA256")) {
        return Err(Forged::Mismatch);
    }
    let tag = part("signature").unwrap_or(header.trim());
    let tag = hex::decode(tag.trim()).map_err(|_| Forged::Mismatch)?;
    let keys = secrets.iter().map(|key| key.expose_secret().as_bytes());
    if signed_by_any(keys, &[request.body], &tag) {
        Ok(())
    } else {
        Err(Forged::Mismatch)
    }
}

/// A field of the form.
fn field(body: &[u8], name: &str) -> Option<String> {
    let mut form = Url::parse("https://form.invalid/").ok()?;
    form.set_query(Some(std::str::from_utf8(body).ok()?.trim_end()));
    let mut fields = form.query_pairs();
    let (_, value) = fields.find(|(key, _)| key == name)?;
    Some(Cow::into_owned(value))
}

/// What of a thing says what it is.
#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    register_sale_products: Option<serde::de::IgnoredAny>,
}

/// What a verified webhook to the store of this prefix says.
pub(super) fn read(body: &[u8], prefix: &str) -> Result<Inbound, NotTaken> {
    // Whoever sends webhooks on, sends what the form holds.
    let bare = || {
        std::str::from_utf8(body)
            .ok()
            .filter(|text| text.trim_start().starts_with('{'))
    };
    let payload = field(body, "payload").or_else(|| bare().map(str::to_owned));
    let Some(payload) = payload else {
        let reason = "the body is no form with a payload".to_owned();
        return Err(NotTaken::Unreadable(reason));
    };
    let payload: Payload = parse(payload.as_bytes())?;
    let topic = field(body, "type");
    let is_sale = payload.register_sale_products.is_some();
    let topic = match topic.as_deref().and_then(code) {
        Some(topic) => topic,
        None if is_sale => "sale.update".to_owned(),
        None => "unnamed".to_owned(),
    };
    if field(body, "domain_prefix").is_some_and(|from| from != prefix) {
        return Err(unknown(format!("another_store:{topic}")));
    }
    if topic != "sale.update" {
        return Err(unknown(topic));
    }
    match payload.id.as_deref().and_then(path_id) {
        Some(id) => Ok(Inbound::Changed(Resource {
            kind: "sale".to_owned(),
            id: id.to_owned(),
        })),
        None => Err(unknown("sale.update:no_id")),
    }
}
