//! The account behind the double of Stripe: its payment intents and what may happen to them.
//!
//! An authorisation is captured once and never for more than it is worth; what is carried out is
//! in the book, refusals of cards included.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use serde_json::Value;

use super::server;
use super::stripe_wire::{self as wire, Intent};

/// Stripe's own test token for a card that is always declined.
pub(crate) const DECLINED_CARD: &str = "pm_card_chargeDeclined";

/// What was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    Authorized,
    Declined,
    Captured,
    Canceled,
    Refunded,
}

/// A line of the book.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) applied: Applied,
    /// The order that the intent was made for, as its metadata says.
    pub(crate) order: String,
    pub(crate) intent: String,
    /// Minor units; for a cancellation, what was released.
    pub(crate) amount: i64,
    /// The idempotency key it was applied under.
    pub(crate) key: String,
}

#[derive(Default)]
pub(crate) struct Account {
    pub(crate) intents: BTreeMap<String, Intent>,
    pub(crate) book: Vec<Entry>,
    pub(crate) events: Vec<String>,
    pub(crate) replays: HashMap<String, (String, u16, Value, Instant)>,
    pub(crate) unexpected: Vec<String>,
    pub(crate) repeated: u32,
}

/// What carrying a call out gave: status, body, and events to tell about.
pub(crate) type Done = (u16, Value, Vec<(&'static str, Value)>);

impl Account {
    fn note(&mut self, applied: Applied, intent: &Intent, amount: i64, key: &str) {
        self.book.push(Entry {
            applied,
            order: intent.order().unwrap_or_default().to_owned(),
            intent: intent.id.clone(),
            amount,
            key: key.to_owned(),
        });
    }

    pub(crate) fn create(
        &mut self,
        fields: &BTreeMap<String, String>,
        key: &str,
        decline: bool,
    ) -> Done {
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        let amount = field("amount").parse::<i64>().unwrap_or_default();
        let manual = field("capture_method") == "manual" && field("confirm") == "true";
        let complete = amount > 0 && field("currency").len() == 3 && manual;
        if !complete || field("payment_method").is_empty() {
            return refused(
                "parameter_missing",
                "A required parameter is missing or wrong.",
            );
        }
        let metadata = fields.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix("metadata[")?.strip_suffix(']')?;
            Some((name.to_owned(), value.clone()))
        });
        let mut intent = Intent {
            id: format!("pi_{:08}", self.intents.len() + 1),
            created: now(),
            amount,
            currency: field("currency").to_owned(),
            status: "requires_capture",
            capturable: amount,
            received: 0,
            refunded: 0,
            metadata: metadata.collect(),
            token: field("payment_method").to_owned(),
            decline: None,
        };
        let created = ("payment_intent.created", intent.json(false));
        let done = if decline || intent.token == DECLINED_CARD {
            intent.status = "requires_payment_method";
            intent.capturable = 0;
            intent.decline = Some("generic_decline");
            self.note(Applied::Declined, &intent, amount, key);
            let failed = ("payment_intent.payment_failed", intent.json(false));
            (402, wire::declined(&intent), vec![created, failed])
        } else {
            self.note(Applied::Authorized, &intent, amount, key);
            let capturable = "payment_intent.amount_capturable_updated";
            let told = vec![created, (capturable, intent.json(false))];
            (200, intent.json(false), told)
        };
        self.intents.insert(intent.id.clone(), intent);
        done
    }

    pub(crate) fn capture(
        &mut self,
        id: &str,
        fields: &BTreeMap<String, String>,
        key: &str,
    ) -> Done {
        let Some(mut intent) = self.intents.get(id).cloned() else {
            return missing(id);
        };
        if intent.status != "requires_capture" {
            return unexpected_state(&intent, "captured");
        }
        let stated = fields.get("amount_to_capture");
        let amount = stated.map_or(Ok(intent.capturable), |text| text.parse::<i64>());
        let Ok(amount) = amount else {
            return refused("parameter_invalid_integer", "Invalid integer.");
        };
        if amount <= 0 || amount > intent.capturable {
            return refused(
                "amount_too_large",
                "The amount is more than can be captured.",
            );
        }
        intent.status = "succeeded";
        intent.received = amount;
        intent.capturable = 0;
        self.note(Applied::Captured, &intent, amount, key);
        let told = vec![
            ("charge.captured", intent.charge()),
            ("payment_intent.succeeded", intent.json(false)),
        ];
        let body = intent.json(false);
        self.intents.insert(id.to_owned(), intent);
        (200, body, told)
    }

    pub(crate) fn cancel(&mut self, id: &str, key: &str) -> Done {
        let Some(mut intent) = self.intents.get(id).cloned() else {
            return missing(id);
        };
        if matches!(intent.status, "succeeded" | "canceled") {
            return unexpected_state(&intent, "canceled");
        }
        let released = intent.capturable;
        intent.status = "canceled";
        intent.capturable = 0;
        self.note(Applied::Canceled, &intent, released, key);
        let body = intent.json(false);
        self.intents.insert(id.to_owned(), intent);
        (200, body.clone(), vec![("payment_intent.canceled", body)])
    }

    pub(crate) fn refund(&mut self, fields: &BTreeMap<String, String>, key: &str) -> Done {
        let id = fields.get("payment_intent").cloned().unwrap_or_default();
        let Some(mut intent) = self.intents.get(&id).cloned() else {
            return missing(&id);
        };
        let left = intent.received - intent.refunded;
        let amount = fields.get("amount").map_or(Ok(left), |text| text.parse());
        let Ok(amount) = amount else {
            return refused("parameter_invalid_integer", "Invalid integer.");
        };
        if left == 0 {
            return refused("charge_already_refunded", "The charge has been refunded.");
        }
        if amount <= 0 || amount > left {
            return refused("amount_too_large", "The amount is more than what is left.");
        }
        intent.refunded += amount;
        self.note(Applied::Refunded, &intent, amount, key);
        let refund = intent.refund(&format!("re_{:08}", self.book.len()), amount);
        let told = vec![("charge.refunded", intent.charge())];
        self.intents.insert(id, intent);
        (200, refund, told)
    }

    /// Turns the payment intents in an answer into the shape of older API versions.
    pub(crate) fn list_charges(&self, body: &mut Value) {
        if body["object"] == "payment_intent" {
            let id = body["id"].as_str().unwrap_or_default();
            if let Some(intent) = self.intents.get(id) {
                *body = intent.json_with_charges();
            }
            return;
        }
        for part in body
            .as_object_mut()
            .into_iter()
            .flat_map(|all| all.values_mut())
        {
            if let Some(items) = part.as_array_mut() {
                for item in items {
                    self.list_charges(item);
                }
            } else if part.is_object() {
                self.list_charges(part);
            }
        }
    }

    pub(crate) fn look(&self, id: &str, query: &str) -> Done {
        let pairs = server::form(query);
        let expand = pairs
            .iter()
            .any(|(name, value)| name.starts_with("expand[") && value.ends_with("latest_charge"));
        if id != "search" {
            return match self.intents.get(id) {
                Some(intent) => (200, intent.json(expand), Vec::new()),
                None => missing(id),
            };
        }
        let text = pairs.iter().find(|(name, _)| name == "query");
        let text = text.map_or("", |(_, value)| value.as_str());
        let wanted = text
            .replace('"', "'")
            .replace(' ', "")
            .strip_prefix("metadata['order_id']:'")
            .and_then(|rest| rest.strip_suffix('\'').map(str::to_owned));
        let Some(wanted) = wanted else {
            return refused("search_query_invalid", "The query cannot be read.");
        };
        let found = self.intents.values().rev();
        let found = found.filter(|intent| intent.order() == Some(&wanted));
        let found: Vec<Value> = found.map(|intent| intent.json(expand)).collect();
        (200, wire::search_result(&found), Vec::new())
    }
}

/// Unix time in seconds.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn refused(code: &str, message: &str) -> Done {
    let body = wire::error("invalid_request_error", code, message);
    (400, body, Vec::new())
}

fn missing(id: &str) -> Done {
    let message = format!("No such payment_intent: '{id}'");
    let body = wire::error("invalid_request_error", "resource_missing", &message);
    (404, body, Vec::new())
}

fn unexpected_state(intent: &Intent, verb: &str) -> Done {
    let message = format!(
        "This PaymentIntent could not be {verb} because it has a status of {}.",
        intent.status
    );
    let code = "payment_intent_unexpected_state";
    let mut body = wire::error("invalid_request_error", code, &message);
    body["error"]["payment_intent"] = intent.json(false);
    (400, body, Vec::new())
}
