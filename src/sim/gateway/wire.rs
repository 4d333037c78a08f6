//! Stripe's objects as its API reference describes them: payment intents, charges, refunds, errors
//! and events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The version of the account: its webhooks, and answers to who asks for none, are in it.
const ACCOUNT_VERSION: &str = "2024-06-20";
/// From here on an intent names its latest charge; before, it lists all.
const LATEST_CHARGE_SINCE: &str = "2022-11-15";

/// Where a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    RequiresPaymentMethod,
    RequiresCapture,
    Succeeded,
    Canceled,
}

impl Status {
    /// Stripe's word.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresCapture => "requires_capture",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }
}

/// A payment. Amounts are in the currency's minor unit, times in seconds since 1970.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Intent {
    pub(super) id: String,
    pub(super) created: i64,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) status: Status,
    pub(super) captured: i64,
    pub(super) refunded: i64,
    pub(super) canceled_at: Option<i64>,
    pub(super) payment_method: String,
    pub(super) decline_code: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
}

/// How a caller wants an intent to look.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Look {
    /// The charges are listed in it, as older API versions do.
    pub(super) lists_charges: bool,
    /// The latest charge stands in it as an object.
    pub(super) expands_charge: bool,
}

impl Look {
    /// After the version that a request asks for and what it wants expanded.
    pub(super) fn of(version: Option<&str>, expands_charge: bool) -> Self {
        Self {
            lists_charges: version.unwrap_or(ACCOUNT_VERSION) < LATEST_CHARGE_SINCE,
            expands_charge,
        }
    }
}

impl Intent {
    /// The order that it was made for, as its maker says.
    pub(super) fn order(&self) -> &str {
        self.metadata.get("order_id").map_or("", String::as_str)
    }

    /// The id of its only charge.
    pub(super) fn charge_id(&self) -> String {
        self.id.replacen("pi_", "ch_", 1)
    }

    /// The object `payment_intent`.
    pub(super) fn json(&self, look: Look) -> Value {
        let capturable = if self.status == Status::RequiresCapture {
            self.amount
        } else {
            0
        };
        let mut object = json!({
            "id": self.id, "object": "payment_intent", "amount": self.amount,
            "amount_capturable": capturable, "amount_details": {"tip": {}},
            "amount_received": self.captured, "canceled_at": self.canceled_at,
            "cancellation_reason": null, "capture_method": "manual",
            "client_secret": format!("{}_secret_sim", self.id),
            "confirmation_method": "automatic", "created": self.created,
            "currency": self.currency, "customer": null, "description": null,
            "last_payment_error": self.problem(), "livemode": false, "metadata": self.metadata,
            "next_action": null, "payment_method": self.method(),
            "payment_method_types": ["card"], "receipt_email": null, "shipping": null,
            "status": self.status.word(),
        });
        if look.lists_charges {
            object["charges"] = json!({
                "object": "list", "data": [self.charge()], "has_more": false, "total_count": 1,
                "url": format!("/v1/charges?payment_intent={}", self.id),
            });
        } else if look.expands_charge {
            object["latest_charge"] = self.charge();
        } else {
            object["latest_charge"] = self.charge_id().into();
        }
        object
    }

    fn method(&self) -> Option<&str> {
        let declined = self.decline_code.is_some();
        (!declined).then_some(self.payment_method.as_str())
    }

    fn problem(&self) -> Option<Value> {
        let decline_code = self.decline_code.as_ref()?;
        Some(json!({
            "type": "card_error", "code": "card_declined", "decline_code": decline_code,
            "charge": self.charge_id(), "message": "Your card was declined.",
        }))
    }

    /// The object `charge`. What a capture left and what a cancellation released are refunded in
    /// it: that is how Stripe tells a release.
    pub(super) fn charge(&self) -> Value {
        let released = match self.status {
            Status::Succeeded => self.amount - self.captured,
            Status::Canceled if self.decline_code.is_none() => self.amount,
            _ => 0,
        };
        let refunded = released + self.refunded;
        let declined = self.decline_code.is_some();
        json!({
            "id": self.charge_id(), "object": "charge", "amount": self.amount,
            "amount_captured": self.captured, "amount_refunded": refunded,
            "captured": self.status == Status::Succeeded, "created": self.created,
            "currency": self.currency, "disputed": false,
            "failure_code": declined.then_some("card_declined"), "livemode": false,
            "metadata": self.metadata, "paid": !declined, "payment_intent": self.id,
            "payment_method": self.payment_method, "refunded": refunded == self.amount,
            "status": if declined { "failed" } else { "succeeded" },
        })
    }
}

/// The object `refund`.
pub(super) fn refund(
    intent: &Intent,
    id: &str,
    amount: i64,
    created: i64,
    metadata: &BTreeMap<String, String>,
) -> Value {
    json!({
        "id": id, "object": "refund", "amount": amount,
        "balance_transaction": id.replacen("re_", "txn_", 1), "charge": intent.charge_id(),
        "created": created, "currency": intent.currency, "metadata": metadata,
        "payment_intent": intent.id, "reason": null, "status": "succeeded",
    })
}

/// The list that a search answers.
pub(super) fn search_result(found: &[Value]) -> Value {
    json!({
        "object": "search_result", "url": "/v1/payment_intents/search", "has_more": false,
        "next_page": null, "data": found,
    })
}

/// An error.
pub(super) fn error(kind: &str, code: &str, message: &str) -> Value {
    json!({ "error": {
        "type": kind, "code": code, "message": message,
        "doc_url": format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")),
    }})
}

/// The error of a declined card; it carries the payment.
pub(super) fn declined(intent: &Intent, look: Look) -> Value {
    let mut error = intent.problem().unwrap_or_default();
    error["payment_intent"] = intent.json(look);
    json!({ "error": error })
}

/// An event about an object, as a webhook carries it.
pub(super) fn event(id: &str, kind: &str, created: i64, object: &Value) -> Value {
    json!({
        "id": id, "object": "event", "api_version": ACCOUNT_VERSION, "created": created,
        "data": {"object": object}, "livemode": false, "pending_webhooks": 1,
        "request": {"id": null, "idempotency_key": null}, "type": kind,
    })
}
