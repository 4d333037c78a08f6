//! ShipStation's webhooks: that a parcel was seen, never how.
//!
//! They are signed with RSA (`x-shipengine-rsa-sha256-signature` over `<time>.<raw body>`, by a key of
//! api.shipengine.com/jwks that changes), and no key can be fetched where a webhook is verified. So
//! nothing that they say is taken for true: what they name is looked up with our own key. One without
//! the headers of a signature, or with an old time, is refused; and one without the word that the account
//! gave its webhooks, where it gave one: ShipStation sends headers of the account's choice with them
//! (docs.shipstation.com/apis/docs/guides/webhooks-validation, POST /v2/environment/webhooks).

use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use secrecy::SecretString;

use super::wire::Event;
use super::{LABEL, NUMBER, STATED};
use crate::carriers::shared_words::is_any;
use crate::carriers::sightings::instant;
use crate::port::{Forged, Inbound, RawRequest, Resource};
use crate::wire::{code, path_id, unreadable};

/// The header that carries the account's word.
const TOKEN: &str = "x-orderhub-token";

/// How far the stated time may be from ours, either way: what the vendor recommends.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(300);

/// Whether a webhook is worth a look-up.
pub(super) fn verify(tokens: &[SecretString], request: &RawRequest<'_>) -> Result<(), Forged> {
    // What we asked for never comes this way.
    if request.headers.contains_key(STATED) {
        return Err(Forged::Mismatch);
    }
    for name in [
        "x-shipengine-rsa-sha256-signature",
        "x-shipengine-rsa-sha256-key-id",
    ] {
        request.header(name).ok_or(Forged::Missing)?;
    }
    let stated = request
        .header("x-shipengine-timestamp")
        .ok_or(Forged::Missing)?;
    if !tokens.is_empty() {
        let token = request.header(TOKEN).ok_or(Forged::Missing)?;
        if !is_any(tokens, token.as_bytes()) {
            return Err(Forged::Mismatch);
        }
    }
    let sent_at = moment(stated).ok_or(Forged::Mismatch)?;
    if request.received_at.duration_since(sent_at).abs() > TOLERANCE {
        return Err(Forged::Stale);
    }
    Ok(())
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
