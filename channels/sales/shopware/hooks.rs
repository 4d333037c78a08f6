//! Shopware's app webhooks: `shopware-shop-signature`, HMAC-SHA256 over the raw body in hexadecimal; the key
//! is the secret that the shop was given when the app registered. They are read for the order that they
//! name and for nothing else: what it is now is looked up.
//!
//! The vendor signs a time (`timestamp`) and lets apps refuse an old one. It is not held against the clock:
//! a webhook that is sent again makes the hub look once more, and nothing else.

use secrecy::{ExposeSecret, SecretString};

use super::api::{DELETED, is_id};
use super::{ANSWERS, wire};
use crate::port::{Forged, Inbound, RawRequest, Resource};
use crate::sales::taken::parse;
use crate::signature::signed_by_any;

/// The version of an entity that counts (`Defaults::LIVE_VERSION`); others are drafts of it.
const LIVE: &str = "0fa91ce3e96a4bc2be4bd9ce752c3425";

/// Checks the signature. Without a secret nobody is believed.
pub(super) fn verify(secrets: &[SecretString], request: &RawRequest<'_>) -> Result<(), Forged> {
    let header = request.header("shopware-shop-signature");
    let tag = hex::decode(header.ok_or(Forged::Missing)?.trim()).map_err(|_| Forged::Mismatch)?;
    let keys = secrets
        .iter()
        .map(|secret| secret.expose_secret().as_bytes());
    if signed_by_any(keys, &[request.body], &tag) {
        Ok(())
    } else {
        Err(Forged::Mismatch)
    }
}

/// What a webhook names. `shop` is the shop's id, held against what it says of itself.
pub(super) fn read(body: &[u8], shop: Option<&str>) -> Vec<Inbound> {
    let hook: wire::Hook<'_> = match parse(body) {
        Ok(hook) => hook,
        Err(why) => return vec![ANSWERS.unasked(body, why)],
    };
    let Some(data) = hook.data else {
        // The app's registration is confirmed with a body of its own.
        return vec![unknown("no_event")];
    };
    let event: String = data.event.chars().take(64).collect();
    let sender = hook.source.and_then(|source| source.shop_id);
    if shop.is_some() && sender.as_deref() != shop {
        return vec![unknown(format!("another_shop:{event}"))];
    }
    let payload = data.payload.map_or("", |payload| payload.get());
    if !payload.starts_with('[') {
        return vec![named(&event, payload)];
    }
    let Ok(written) = serde_json::from_str::<Vec<&serde_json::value::RawValue>>(payload) else {
        return vec![unreadable("the payload is no list of what was written")];
    };
    if written.is_empty() {
        return vec![unknown(event)];
    }
    let mut items: Vec<Inbound> = Vec::new();
    for one in written {
        let item = match serde_json::from_str(one.get()) {
            Ok(one) => changed(&event, &one),
            Err(_) => unreadable("something that was written has another shape than documented"),
        };
        if !items.contains(&item) {
            items.push(item);
        }
    }
    items
}

/// The order that a business event is about.
fn named(event: &str, payload: &str) -> Inbound {
    let of_orders = ["checkout.order.", "state_enter.order", "state_leave.order"];
    if !of_orders.iter().any(|prefix| event.starts_with(prefix)) {
        return unknown(event);
    }
    let about = serde_json::from_str::<wire::About>(payload).ok();
    let id = about.and_then(|about| {
        let of_order = about.order_transaction.map(|of| of.order_id);
        about.order.map(|order| order.id).or(of_order)
    });
    match id {
        Some(id) if is_id(&id) => order(id),
        _ => unreadable("the order that has changed is not named"),
    }
}

/// An entity that was written. The end of a draft is told like the end of its order, and older shops do not
/// say which: so a deleted order is looked up, too.
fn changed(event: &str, written: &wire::Written) -> Inbound {
    if written.entity.as_deref() != Some("order") {
        return unknown(event);
    }
    if written.version_id.as_deref().is_some_and(|id| id != LIVE) {
        return unknown(format!("{event}:draft"));
    }
    let kind = match written.operation.as_deref() {
        Some("delete") => DELETED,
        _ => "order",
    };
    match &written.primary_key {
        Some(id) if is_id(id) => resource(kind, id.clone()),
        _ => unreadable("the order that has changed is not named"),
    }
}

/// An order that has to be looked up.
pub(super) fn order(id: String) -> Inbound {
    resource("order", id)
}

fn resource(kind: &str, id: String) -> Inbound {
    Inbound::Changed(Resource {
        kind: kind.to_owned(),
        id,
    })
}

fn unknown(topic: impl Into<String>) -> Inbound {
    Inbound::Unknown {
        topic: topic.into(),
    }
}

fn unreadable(reason: impl Into<String>) -> Inbound {
    Inbound::Unreadable {
        reason: reason.into(),
    }
}
