//! Klarna's pushes: that an order is to be looked at, never how it is.
//!
//! Klarna signs nothing; it advises a secret in the address that it calls, which the shop hands over with
//! each session (docs.klarna.com, authorization callback). That secret lets a push in, and of what it says
//! only the order's id is believed. A push of Klarna Checkout has no body: its id stands in the address,
//! as `klarna_order_id`. The decision about a pending order is a body with `order_id`; a status of the
//! hosted payment page one with `session`.

use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::STATED;
use super::wire::Push;
use crate::port::{Forged, Inbound, RawRequest, Resource};
use crate::signature::signed_by_any;
use crate::wire::{code, path_id, unreadable};

/// What both sides of the comparison of secrets sign.
const LABEL: &[u8] = b"push token";

/// The value of a parameter of the address that was called.
fn parameter(request: &RawRequest<'_>, name: &str) -> Option<String> {
    let url = Url::parse(request.url).ok()?;
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(known, _)| known == name);
    found.map(|(_, value)| value.into_owned())
}

/// Whether the address carries one of the secrets, in a time that does not tell how much of it is right.
pub(super) fn verify(tokens: &[SecretString], request: &RawRequest<'_>) -> Result<(), Forged> {
    // What we asked for never comes this way.
    if request.headers.contains_key(STATED) {
        return Err(Forged::Mismatch);
    }
    let stated = parameter(request, "token").ok_or(Forged::Missing)?;
    let mac = Hmac::<Sha256>::new_from_slice(stated.as_bytes()).map_err(|_| Forged::Mismatch)?;
    let tag = mac.chain_update(LABEL).finalize().into_bytes();
    let known = tokens.iter().map(|token| token.expose_secret().as_bytes());
    if signed_by_any(known, &[LABEL], &tag) {
        Ok(())
    } else {
        Err(Forged::Mismatch)
    }
}

/// What a verified push says.
pub(super) fn read(request: &RawRequest<'_>) -> Vec<Inbound> {
    if request.body.is_empty() {
        let named = parameter(request, "klarna_order_id");
        return vec![order(named.as_deref(), "push_without_order")];
    }
    let push: Push = match serde_json::from_slice(request.body) {
        Ok(push) => push,
        Err(error) => {
            let reason = unreadable(&error);
            return vec![Inbound::Unreadable { reason }];
        }
    };
    let of_session = push.session.as_ref();
    let named = push.order_id.as_deref();
    let named = named.or_else(|| of_session.and_then(|session| session.order_id.as_deref()));
    let session = of_session.and_then(|session| session.status.as_deref());
    let otherwise = match session.and_then(code) {
        Some(status) => format!("not_yet:{status}"),
        None if push.authorization_token.is_some() => "authorization_callback".to_owned(),
        None => "push_without_order".to_owned(),
    };
    vec![order(named, &otherwise)]
}

fn order(named: Option<&str>, otherwise: &str) -> Inbound {
    match named.and_then(path_id) {
        Some(id) => Inbound::Changed(Resource {
            kind: "order".to_owned(),
            id: id.to_owned(),
        }),
        None => Inbound::Unknown {
            topic: otherwise.to_owned(),
        },
    }
}
