//! Stripe's wire format: payment intents, refunds, errors and events, after its API reference.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// A payment intent as the double keeps it. Amounts are in minor units.
#[derive(Debug, Clone)]
pub(crate) struct Intent {
    pub(crate) id: String,
    pub(crate) created: i64,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) status: &'static str,
    pub(crate) capturable: i64,
    pub(crate) received: i64,
    pub(crate) refunded: i64,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) token: String,
    pub(crate) decline: Option<&'static str>,
}

impl Intent {
    /// The order that the intent says it is for.
    pub(crate) fn order(&self) -> Option<&str> {
        self.metadata.get("order_id").map(String::as_str)
    }

    fn charge_id(&self) -> String {
        self.id.replacen("pi_", "ch_", 1)
    }

    /// The object `payment_intent`; its charge is an id unless it is asked for.
    pub(crate) fn json(&self, expand_charge: bool) -> Value {
        let charged = self.decline.is_some() || self.capturable + self.received > 0;
        let latest_charge = match (charged, expand_charge) {
            (false, _) => Value::Null,
            (true, false) => self.charge_id().into(),
            (true, true) => self.charge(),
        };
        let error = self.decline.map(|code| {
            json!({"type": "card_error", "code": "card_declined", "decline_code": code,
                   "message": "Your card was declined."})
        });
        json!({
            "id": self.id, "object": "payment_intent", "amount": self.amount,
            "amount_capturable": self.capturable, "amount_received": self.received,
            "canceled_at": if self.status == "canceled" { json!(self.created) } else { Value::Null },
            "capture_method": "manual", "client_secret": format!("{}_secret_x", self.id),
            "confirmation_method": "automatic", "created": self.created,
            "currency": self.currency, "customer": null, "description": null,
            "last_payment_error": error, "latest_charge": latest_charge, "livemode": false,
            "metadata": self.metadata,
            "next_action": if self.status == "requires_action" {
                json!({"type": "use_stripe_sdk"})
            } else {
                Value::Null
            },
            "payment_method": if self.decline.is_some() { Value::Null } else { json!(self.token) },
            "payment_method_types": ["card"], "status": self.status,
        })
    }

    /// The object as API versions before 2022-11-15 answer it: with a list of charges.
    pub(crate) fn json_with_charges(&self) -> Value {
        let mut intent = self.json(false);
        let charge = match intent["latest_charge"].take() {
            Value::Null => Vec::new(),
            _ => vec![self.charge()],
        };
        intent["charges"] = json!({"object": "list", "data": charge, "has_more": false,
                                   "url": format!("/v1/charges?payment_intent={}", self.id)});
        if let Some(members) = intent.as_object_mut() {
            members.remove("latest_charge");
        }
        intent
    }

    /// The object `charge`.
    pub(crate) fn charge(&self) -> Value {
        json!({
            "id": self.charge_id(), "object": "charge", "amount": self.amount,
            "amount_captured": self.received, "amount_refunded": self.refunded,
            "captured": self.received > 0, "created": self.created, "currency": self.currency,
            "livemode": false, "metadata": self.metadata, "paid": self.decline.is_none(),
            "payment_intent": self.id,
            "refunded": self.received > 0 && self.refunded == self.received,
            "status": if self.decline.is_some() { "failed" } else { "succeeded" },
            "failure_code": self.decline.map(|_| "card_declined"),
        })
    }

    /// The object `refund`.
    pub(crate) fn refund(&self, id: &str, amount: i64) -> Value {
        json!({
            "id": id, "object": "refund", "amount": amount, "charge": self.charge_id(),
            "created": self.created, "currency": self.currency, "metadata": {},
            "payment_intent": self.id, "reason": null, "status": "succeeded",
        })
    }
}

/// The list that a search answers.
pub(crate) fn search_result(found: &[Value]) -> Value {
    json!({"object": "search_result", "url": "/v1/payment_intents/search", "has_more": false,
           "next_page": null, "data": found})
}

/// An error of the API.
pub(crate) fn error(kind: &str, code: &str, message: &str) -> Value {
    json!({"error": {"type": kind, "code": code, "message": message,
                     "doc_url": format!("https://stripe.com/docs/error-codes/{code}")}})
}

/// The error for a declined card, which carries the intent.
pub(crate) fn declined(intent: &Intent) -> Value {
    let mut body = error("card_error", "card_declined", "Your card was declined.");
    body["error"]["decline_code"] = intent.decline.unwrap_or("generic_decline").into();
    body["error"]["charge"] = intent.charge_id().into();
    body["error"]["payment_intent"] = intent.json(false);
    body
}

/// An event around an object, as its webhook carries it.
pub(crate) fn event(number: usize, kind: &str, created: i64, object: &Value) -> Value {
    json!({"id": format!("evt_{number:08}"), "object": "event", "api_version": "2024-06-20",
           "created": created, "data": {"object": object}, "livemode": false,
           "pending_webhooks": 1, "request": {"id": null, "idempotency_key": null},
           "type": kind})
}

/// Makes every amount one of a hundred minor units: the answer lies.
pub(crate) fn misstate(body: &mut Value) {
    match body {
        Value::Object(members) => {
            for (name, value) in members {
                if name.starts_with("amount") && value.as_i64().is_some_and(|amount| amount > 0) {
                    *value = 100.into();
                } else {
                    misstate(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(misstate),
        _ => {}
    }
}
