//! Messages from outside, as operators see them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use orderhub_actors::api::Receipt;
use orderhub_actors::ports::ParkedState;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::store::{ParkedDetail, ParkedListing, SealError, WebhookDetail, WebhookListing};

/// A webhook in a list, without what it said.
pub fn webhook(webhook: &WebhookListing) -> Value {
    json!({
        "id": webhook.id,
        "source": webhook.source,
        "outcome": webhook.outcome,
        "reason": webhook.reason,
        "order": webhook.order.map(|order| order.to_string()),
        "received_at": webhook.received_at,
    })
}

/// A webhook with its headers, and with its body for those who may see personal data.
pub fn webhook_in_full(found: &WebhookDetail, personal: bool) -> Value {
    in_full(
        webhook(&found.listing),
        &found.headers,
        &found.body,
        personal,
    )
}

/// A parked message in a list, without what it said.
pub fn parked(message: &ParkedListing) -> Value {
    let waiting_for = message.waiting_for.as_ref();
    let advice = advice(message);
    json!({
        "message_id": message.id,
        "source": message.source,
        "state": message.state().word(),
        "reason": message.reason,
        "received_at": message.received_at,
        "dead_since": message.dead_since,
        "because": advice.map(|(because, _)| because),
        "recommended": advice.map(|(_, action)| action),
        "waiting_for": waiting_for.map(|reference| json!({
            "kind": reference.kind.word(),
            "scope": reference.scope,
            "value": reference.value,
        })),
    })
}

/// What a person does about a dead message, and why; nothing has to be done about others.
fn advice(message: &ParkedListing) -> Option<(&'static str, &'static str)> {
    if message.state() != ParkedState::Dead {
        return None;
    }
    Some(if message.reason.contains("no_order") {
        (
            "Its order never came. Should it come, the message is applied by itself; throw it away when it is about \
             nobody's order here.",
            "discard",
        )
    } else {
        (
            "The hub could do nothing with it. Repair the cause (the connection, the sender, an older hub) and offer it \
             again; throw it away when that changes nothing.",
            "replay",
        )
    })
}

/// A parked message with its headers, and with its body for those who may see personal data.
pub fn parked_in_full(found: &ParkedDetail, personal: bool) -> Value {
    in_full(
        parked(&found.listing),
        &found.headers,
        &found.body,
        personal,
    )
}

fn in_full(
    mut shown: Value,
    headers: &BTreeMap<String, String>,
    body: &Result<Vec<u8>, SealError>,
    personal: bool,
) -> Value {
    shown["headers"] = json!(headers);
    shown["readable"] = body.is_ok().into();
    if personal && let Ok(body) = body {
        match std::str::from_utf8(body) {
            Ok(text) => shown["body"] = text.into(),
            Err(_) => shown["body_base64"] = BASE64_STANDARD.encode(body).into(),
        }
    }
    shown
}

/// What became of a message that a person threw away.
pub fn discarded(id: Uuid) -> Value {
    json!({ "id": id, "outcome": "discarded" })
}

/// What became of a message that was offered again.
pub fn replayed(id: Uuid, receipt: &Receipt) -> Value {
    json!({
        "id": id,
        "outcome": receipt.received.word(),
        "reason": receipt.reason,
        "order": receipt.order.map(|order| order.to_string()),
    })
}
