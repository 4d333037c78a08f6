//! What the gateway does about a call: looks at a payment as it is and says what becomes of it.
//! Pure; nothing is kept here.

use std::collections::BTreeMap;

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::wire::{self, Intent, Look, Status};
use crate::sim::server::{Asked, value};

/// Stripe's test token for a card that is always declined.
const DECLINED_CARD: &str = "pm_card_chargeDeclined";

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    Create,
    Capture(String),
    Cancel(String),
    Refund,
    Retrieve(String),
    Search,
}

impl Call {
    /// Which call a request is; `None` for what this gateway does not have.
    pub(super) fn of(asked: &Asked) -> Option<Self> {
        let post = asked.method == Method::POST;
        let get = asked.method == Method::GET;
        match asked.segments().as_slice() {
            ["v1", "payment_intents"] if post => Some(Self::Create),
            ["v1", "payment_intents", "search"] if get => Some(Self::Search),
            ["v1", "payment_intents", id] if get => Some(Self::Retrieve((*id).to_owned())),
            ["v1", "payment_intents", id, "capture"] if post => {
                Some(Self::Capture((*id).to_owned()))
            }
            ["v1", "payment_intents", id, "cancel"] if post => Some(Self::Cancel((*id).to_owned())),
            ["v1", "refunds"] if post => Some(Self::Refund),
            _ => None,
        }
    }
}

/// What was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Did {
    Authorized,
    Declined,
    Captured,
    Canceled,
    Refunded,
}

/// What becomes of a call.
pub(super) struct Outcome {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) change: Option<Change>,
}

/// What a call changes.
pub(super) struct Change {
    pub(super) did: Did,
    pub(super) amount: i64,
    /// The payment afterwards.
    pub(super) intent: Intent,
    /// What is told about it: kinds of events and their objects.
    pub(super) events: Vec<(&'static str, Value)>,
}

impl Change {
    fn answered(self, status: u16, body: Value) -> Outcome {
        Outcome {
            status,
            body,
            change: Some(self),
        }
    }
}

/// A form's fields.
pub(super) type Form = Vec<(String, String)>;

/// A new payment's id and what the dice say about its card.
pub(super) struct Draw {
    pub(super) id: String,
    pub(super) now: i64,
    pub(super) declines: bool,
}

/// Creates and confirms a payment.
pub(super) fn create(form: &Form, draw: Draw, look: Look) -> Outcome {
    let field = |name: &str| value(form, name).unwrap_or_default();
    let amount = field("amount").parse::<i64>().unwrap_or_default();
    if amount <= 0 {
        return refused("parameter_invalid_integer", "Invalid amount.");
    }
    let currency = field("currency");
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return refused("parameter_missing", "Missing required param: currency.");
    }
    let token = field("payment_method");
    if token.is_empty() {
        return refused(
            "parameter_missing",
            "Missing required param: payment_method.",
        );
    }
    if field("capture_method") != "manual" || field("confirm") != "true" {
        let message = "This account takes only capture_method=manual with confirm=true.";
        return refused("parameter_invalid", message);
    }
    let mut intent = Intent {
        id: draw.id,
        created: draw.now,
        amount,
        currency: currency.to_owned(),
        status: Status::RequiresCapture,
        captured: 0,
        refunded: 0,
        canceled_at: None,
        payment_method: token.to_owned(),
        decline_code: None,
        metadata: metadata(form),
    };
    if draw.declines || token == DECLINED_CARD {
        intent.status = Status::RequiresPaymentMethod;
        intent.decline_code = Some("generic_decline".to_owned());
        let body = wire::declined(&intent, look);
        let failed = (
            "payment_intent.payment_failed",
            intent.json(Look::default()),
        );
        return change(Did::Declined, amount, intent, vec![failed]).answered(402, body);
    }
    let kind = "payment_intent.amount_capturable_updated";
    let told = (kind, intent.json(Look::default()));
    let body = intent.json(look);
    change(Did::Authorized, amount, intent, vec![told]).answered(200, body)
}

/// Captures a payment, once: what is left over is released.
pub(super) fn capture(mut intent: Intent, form: &Form, look: Look) -> Outcome {
    if intent.status != Status::RequiresCapture {
        return wrong_state(&intent, "captured", look);
    }
    let amount = value(form, "amount_to_capture").map_or(Ok(intent.amount), str::parse::<i64>);
    let Ok(amount) = amount else {
        return refused("parameter_invalid_integer", "Invalid amount_to_capture.");
    };
    if amount <= 0 || amount > intent.amount {
        let message = "The amount is not between nothing and what can be captured.";
        return refused("amount_too_large", message);
    }
    intent.status = Status::Succeeded;
    intent.captured = amount;
    let told = ("payment_intent.succeeded", intent.json(Look::default()));
    let body = intent.json(look);
    change(Did::Captured, amount, intent, vec![told]).answered(200, body)
}

/// Cancels a payment that was not captured.
pub(super) fn cancel(mut intent: Intent, now: i64, look: Look) -> Outcome {
    if matches!(intent.status, Status::Succeeded | Status::Canceled) {
        return wrong_state(&intent, "canceled", look);
    }
    let held = intent.status == Status::RequiresCapture;
    intent.status = Status::Canceled;
    intent.canceled_at = Some(now);
    let mut told = vec![("payment_intent.canceled", intent.json(Look::default()))];
    if held {
        // The release of a hold is told as a refund of a charge that was never captured.
        told.push(("charge.refunded", intent.charge()));
    }
    let body = intent.json(look);
    let released = if held { intent.amount } else { 0 };
    change(Did::Canceled, released, intent, told).answered(200, body)
}

/// Gives back a part of what was captured, or all that is left of it.
pub(super) fn refund(mut intent: Intent, form: &Form, id: &str, now: i64) -> Outcome {
    let left = intent.captured - intent.refunded;
    if left == 0 {
        let message = "The charge has nothing left to be refunded.";
        return refused("charge_already_refunded", message);
    }
    let amount = value(form, "amount").map_or(Ok(left), str::parse::<i64>);
    let Ok(amount) = amount else {
        return refused("parameter_invalid_integer", "Invalid amount.");
    };
    if amount <= 0 || amount > left {
        let message = "The amount is not between nothing and what is left.";
        return refused("amount_too_large", message);
    }
    intent.refunded += amount;
    let body = wire::refund(&intent, id, amount, now, &metadata(form));
    let told = ("charge.refunded", intent.charge());
    change(Did::Refunded, amount, intent, vec![told]).answered(200, body)
}

/// There is no such payment.
pub(super) fn missing(id: &str) -> Outcome {
    let message = format!("No such payment_intent: '{id}'");
    let body = wire::error("invalid_request_error", "resource_missing", &message);
    answered(404, body)
}

/// An answer that changes nothing.
pub(super) const fn answered(status: u16, body: Value) -> Outcome {
    Outcome {
        status,
        body,
        change: None,
    }
}

/// A request that cannot be carried out as it is.
pub(super) fn refused(code: &str, message: &str) -> Outcome {
    answered(400, wire::error("invalid_request_error", code, message))
}

/// The order that a search is for: `metadata['order_id']:'…'`.
pub(super) fn searched(query: &str) -> Option<String> {
    let plain = query.replace('"', "'").replace(' ', "");
    let rest = plain.strip_prefix("metadata['order_id']:'")?;
    Some(rest.strip_suffix('\'')?.to_owned())
}

const fn change(
    did: Did,
    amount: i64,
    intent: Intent,
    events: Vec<(&'static str, Value)>,
) -> Change {
    Change {
        did,
        amount,
        intent,
        events,
    }
}

fn wrong_state(intent: &Intent, verb: &str, look: Look) -> Outcome {
    let status = intent.status.word();
    let message =
        format!("This PaymentIntent could not be {verb} because it has a status of {status}.");
    let code = "payment_intent_unexpected_state";
    let mut body = wire::error("invalid_request_error", code, &message);
    body["error"]["payment_intent"] = intent.json(look);
    answered(400, body)
}

fn metadata(form: &Form) -> BTreeMap<String, String> {
    let named = form.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("metadata[")?.strip_suffix(']')?;
        Some((name.to_owned(), value.clone()))
    });
    named.collect()
}
