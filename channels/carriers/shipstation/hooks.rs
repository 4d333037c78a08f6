//! ShipStation's webhooks: that a parcel was seen, never how.
//!
//! They are signed with RSA (`x-shipengine-rsa-sha256-signature`, base64, over `<time>.<raw body>`, by a key
//! that changes and is named in another header), and the account may have given them a word
//! of its own: ShipStation sends headers of the account's choice with them
//! (docs.shipstation.com/apis/docs/guides/webhooks-validation, POST /v2/environment/webhooks). What they name
//! is looked up with our own key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use secrecy::SecretString;

use super::wire::Event;
use super::{LABEL, NUMBER, STATED};
use crate::carriers::shared_words::is_any;
use crate::carriers::sightings::instant;
use crate::key_ring::KeyRing;
use crate::port::{Forged, Inbound, RawRequest, Resource};
use crate::wire::{code, path_id, unreadable};

/// The header that carries the account's word.
const TOKEN: &str = "x-orderhub-token";

/// How far the stated time may be from ours, either way: what the vendor recommends.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(300);

/// Longest name of a key.
const LONGEST_NAME: usize = 128;

/// Whether ShipStation sent a webhook just now.
pub(super) fn verify(
    tokens: &[SecretString],
    keys: &KeyRing,
    request: &RawRequest<'_>,
) -> Result<(), Forged> {
    // What we asked for never comes this way.
    if request.headers.contains_key(STATED) {
        return Err(Forged::Mismatch);
    }
    let header = |name| request.header(name).ok_or(Forged::Missing);
    let signature = header("x-shipengine-rsa-sha256-signature")?;
    let id = key_id(request)?;
    let stated = header("x-shipengine-timestamp")?;
    if !tokens.is_empty() && !is_any(tokens, header(TOKEN)?.as_bytes()) {
        return Err(Forged::Mismatch);
    }
    let sent_at = moment(stated).ok_or(Forged::Mismatch)?;
    if request.received_at.duration_since(sent_at).abs() > TOLERANCE {
        return Err(Forged::Stale);
    }
    let signature = STANDARD.decode(signature).map_err(|_| Forged::Mismatch)?;
    let key = keys.key(id, request.received_at)?;
    let text = [stated.as_bytes(), b".", request.body].concat();
    if key.signed(&text, &signature) {
        Ok(())
    } else {
        Err(Forged::Mismatch)
    }
}

/// The name of the key that a webhook is signed with.
pub(super) fn key_id<'a>(request: &RawRequest<'a>) -> Result<&'a str, Forged> {
    let id = request.headers.get("x-shipengine-rsa-sha256-key-id");
    let id = id.ok_or(Forged::Missing)?;
    let id = id.to_str().map_err(|_| Forged::Mismatch)?;
    let fits = (1..=LONGEST_NAME).contains(&id.len());
    fits.then_some(id).ok_or(Forged::Mismatch)
}

/// A time, or seconds since 1970: the vendor does not say which.
fn moment(text: &str) -> Option<Timestamp> {
    let seconds = text.trim().parse().ok();
    instant(text).or_else(|| Timestamp::from_second(seconds?).ok())
}

/// The label of `.../v2/labels/<id>/track`. The address is read and never followed.
fn label_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let parts: Vec<&str> = url.path_segments()?.collect();
    match parts[..] {
        ["v2", "labels", id, "track"] => path_id(id).map(str::to_owned),
        _ => None,
    }
}

/// What a webhook names.
pub(super) fn read(body: &[u8]) -> Inbound {
    let event: Event = match serde_json::from_slice(body) {
        Ok(event) => event,
        Err(error) => {
            return Inbound::Unreadable {
                reason: unreadable(&error),
            };
        }
    };
    if !matches!(event.resource_type.as_str(), "TRACK_EVENT_V2" | "API_TRACK") {
        let topic = code(&event.resource_type);
        return Inbound::Unknown {
            topic: topic.unwrap_or_else(|| "an event without a plain name".to_owned()),
        };
    }
    let named = |kind: &str, id: String| {
        Inbound::Changed(Resource {
            kind: kind.to_owned(),
            id,
        })
    };
    if let Some(id) = event.resource_url.as_deref().and_then(label_of) {
        return named(LABEL, id);
    }
    let number = event.data.and_then(|data| data.tracking_number);
    match number.as_deref().and_then(path_id) {
        Some(number) => named(NUMBER, number.to_owned()),
        None => Inbound::Unreadable {
            reason: "the event names neither a label nor a parcel".to_owned(),
        },
    }
}
