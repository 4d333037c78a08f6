//! Mollie's webhooks: that a payment has changed, never how.
//!
//! A classic one is a form with an `id` and nothing else, from whoever knows the address: the look-up
//! with our own key is what authenticates it (docs.mollie.com/reference/webhooks). So nothing but such
//! a form is let in unsigned. One of the next generation is signed, HMAC-SHA256 in hexadecimal over
//! the body (`X-Mollie-Signature`); it is taken for the same word, that a payment has changed.

use secrecy::{ExposeSecret, SecretString};

use super::STATED;
use super::wire::Event;
use crate::port::{Forged, Inbound, RawRequest, Resource};
use crate::signature::signed_by_any;
use crate::wire::{code, path_id, unreadable};

const SIGNATURE: &str = "x-mollie-signature";

/// The longest id that is taken from a stranger.
const LONGEST_ID: usize = 64;

pub(super) fn verify(secrets: &[SecretString], request: &RawRequest<'_>) -> Result<(), Forged> {
    // What we asked for never comes this way.
    if request.headers.contains_key(STATED) {
        return Err(Forged::Mismatch);
    }
    if !request.headers.contains_key(SIGNATURE) {
        return match named(request.body) {
            Some(_) => Ok(()),
            None => Err(Forged::Missing),
        };
    }
    let keys = || secrets.iter().map(|key| key.expose_secret().as_bytes());
    let mut signatures = request.headers.get_all(SIGNATURE).iter();
    let signed = signatures.any(|value| {
        let text = value.to_str().unwrap_or_default().trim();
        let tag = hex::decode(text.strip_prefix("sha256=").unwrap_or(text));
        tag.is_ok_and(|tag| signed_by_any(keys(), &[request.body], &tag))
    });
    if signed {
        Ok(())
    } else {
        Err(Forged::Mismatch)
    }
}

/// The id that a classic webhook names: the form has no other field.
fn named(body: &[u8]) -> Option<&str> {
    let id = std::str::from_utf8(body).ok()?.trim_end();
    let id = path_id(id.strip_prefix("id=")?)?;
    (id.len() <= LONGEST_ID && id.contains('_')).then_some(id)
}

/// A payment that has to be looked up.
pub(super) fn payment(id: &str) -> Inbound {
    Inbound::Changed(Resource {
        kind: "payment".to_owned(),
        id: id.to_owned(),
    })
}

/// What a verified webhook says.
pub(super) fn read(body: &[u8]) -> Vec<Inbound> {
    if let Some(id) = named(body) {
        return vec![of_id(id)];
    }
    let event: Event = match serde_json::from_slice(body) {
        Ok(event) => event,
        Err(error) => {
            let reason = unreadable(&error);
            return vec![Inbound::Unreadable { reason }];
        }
    };
    // Of a capture, a refund, a chargeback the payment is looked up, with all that hangs on it.
    let entity = event.embedded.and_then(|embedded| embedded.entity);
    let of_payment = entity.and_then(|entity| entity.payment_id);
    let known = [&of_payment, &event.entity_id, &event.payment_id, &event.id];
    let known = known.map(Option::as_deref);
    let known = known.into_iter().flatten();
    let mut payments = known.filter(|id| id.starts_with("tr_") && path_id(id).is_some());
    if let Some(id) = payments.next() {
        return vec![payment(id)];
    }
    let Some(kind) = event.kind.or(event.resource) else {
        let reason = "the body lacks type".to_owned();
        return vec![Inbound::Unreadable { reason }];
    };
    let topic = code(&kind);
    let topic = topic.unwrap_or_else(|| "an event without a plain name".to_owned());
    vec![Inbound::Unknown { topic }]
}

fn of_id(id: &str) -> Inbound {
    match id.split_once('_') {
        Some(("tr", _)) => payment(id),
        // An order, a subscription, a payment link: not ours to look up.
        Some((prefix, _)) => Inbound::Unknown {
            topic: format!("id:{prefix}"),
        },
        None => Inbound::Unknown {
            topic: "id".to_owned(),
        },
    }
}
