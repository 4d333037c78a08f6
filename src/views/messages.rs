//! Messages from outside, as operators see them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use orderhub_actors::api::Receipt;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::store::{WebhookDetail, WebhookListing};

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
    let mut shown = webhook(&found.listing);
    shown["headers"] = json!(found.headers);
    if personal && let Ok(body) = &found.body {
        match std::str::from_utf8(body) {
            Ok(text) => shown["body"] = text.into(),
            Err(_) => shown["body_base64"] = BASE64_STANDARD.encode(body).into(),
        }
    }
    shown["readable"] = found.body.is_ok().into();
    shown
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
