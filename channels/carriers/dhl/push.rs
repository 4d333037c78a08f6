//! The push of the Shipment Tracking Unified API (developer.dhl.com/api-reference/shipment-tracking-unified-push):
//! messages of a subscription, for an account or for parcels.
//!
//! Nothing is signed: with the authentication type `ApiKeyAuthentication` DHL shows, in a header that the
//! subscription names, the token that it was made with. A new subscription is idle until the secret of its
//! `subscription.validate` was sent back; that is for whoever made it.

use secrecy::SecretString;
use serde_json::value::RawValue;

use super::STATED;
use super::map::parcel;
use super::wire::Push;
use crate::carriers::shared_words::is_any;
use crate::port::{Forged, Inbound, RawRequest};
use crate::wire::{code, unreadable};

/// The header that the subscription is made with.
const TOKEN: &str = "x-orderhub-token";

/// What a message is that tells of parcels.
const PUSHED: &str = "subscription.push";

/// Whether a message shows one of the tokens in force.
pub(super) fn verify(words: &[SecretString], request: &RawRequest<'_>) -> Result<(), Forged> {
    // What we asked for never comes this way.
    if request.headers.contains_key(STATED) {
        return Err(Forged::Mismatch);
    }
    let shown = request.headers.get(TOKEN).ok_or(Forged::Missing)?;
    if is_any(words, shown.as_bytes()) {
        Ok(())
    } else {
        Err(Forged::Mismatch)
    }
}

/// What a message says, parcel by parcel.
pub(super) fn read(body: &[u8]) -> Vec<Inbound> {
    let push: Push<'_> = match serde_json::from_slice(body) {
        Ok(push) => push,
        Err(error) => {
            return vec![Inbound::Unreadable {
                reason: unreadable(&error),
            }];
        }
    };
    let Some(scope) = push.scope else {
        return answered(body, &push.shipments);
    };
    match scope.as_str() {
        PUSHED if push.shipments.is_empty() => vec![Inbound::Unreadable {
            reason: "the message comes without its shipments".to_owned(),
        }],
        PUSHED => {
            let each = push.shipments.iter();
            each.map(|shipment| parcel(shipment, true)).collect()
        }
        // The subscription works from now on.
        "subscription.ready" => Vec::new(),
        other => {
            let topic = code(other);
            vec![Inbound::Unknown {
                topic: topic.unwrap_or_else(|| "a message without a plain scope".to_owned()),
            }]
        }
    }
}

/// What is said without a word on what it is: the parcels of an answer of the tracking, or one of them.
fn answered(body: &[u8], parcels: &[&RawValue]) -> Vec<Inbound> {
    match serde_json::from_slice::<&RawValue>(body) {
        Ok(body) if parcels.is_empty() => vec![parcel(body, true)],
        _ => parcels.iter().map(|one| parcel(one, true)).collect(),
    }
}
