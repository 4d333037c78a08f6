//! Mollie's objects, as far as the hub reads them (docs.mollie.com/reference). What older payments
//! leave out is optional; unknown members are ignored.

use orderhub_domain::money::{Currency, Money};
use serde::Deserialize;
use serde_json::Value;

use crate::spare::{self, Spare};
use crate::wire::{Exact, code};

/// A decimal text with the currency's own decimals, and the currency.
#[derive(Debug, Deserialize)]
pub(super) struct Amount {
    currency: String,
    value: Exact,
}

impl Amount {
    /// What it states; `None` when the currency is unknown or cannot have that amount.
    pub(super) fn money(&self) -> Option<Money> {
        let currency = Currency::from_code(&self.currency)?;
        Money::exact(self.value.decimal()?, currency).ok()
    }
}

/// A `payment`, with what was embedded on demand.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payment {
    pub(super) id: String,
    #[serde(default)]
    pub(super) mode: Option<String>,
    #[serde(default)]
    pub(super) profile_id: Option<String>,
    pub(super) status: String,
    pub(super) amount: Amount,
    #[serde(default)]
    pub(super) amount_captured: Option<Amount>,
    #[serde(default)]
    pub(super) capture_before: Option<String>,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) authorized_at: Option<String>,
    #[serde(default)]
    pub(super) paid_at: Option<String>,
    #[serde(default)]
    pub(super) canceled_at: Option<String>,
    #[serde(default)]
    pub(super) expired_at: Option<String>,
    #[serde(default)]
    pub(super) failed_at: Option<String>,
    #[serde(default)]
    pub(super) customer_id: Option<String>,
    #[serde(default)]
    pub(super) mandate_id: Option<String>,
    #[serde(default)]
    status_reason: Spare<StatusReason>,
    #[serde(default)]
    details: Spare<Details>,
    #[serde(default)]
    metadata: Option<Value>,
    #[serde(default, rename = "_embedded")]
    pub(super) embedded: Option<Embedded>,
}

#[derive(Debug, Deserialize)]
struct StatusReason {
    #[serde(default)]
    code: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    #[serde(default)]
    failure_reason: Option<String>,
}

impl Payment {
    /// Why it failed, in Mollie's word.
    pub(super) fn failure(&self) -> String {
        let status = self.status_reason.as_ref();
        let status = status.and_then(|reason| reason.code.as_deref());
        let details = self.details.as_ref();
        let details = details.and_then(|details| details.failure_reason.as_deref());
        let word = status.and_then(code).or_else(|| details.and_then(code));
        word.unwrap_or_else(|| "failed".to_owned())
    }

    /// What we told Mollie about it: an object, or a text that is one.
    fn told(&self, name: &str) -> Option<String> {
        let of = |value: &Value| value.get(name)?.as_str().map(str::to_owned);
        match self.metadata.as_ref()? {
            Value::String(text) => of(&serde_json::from_str(text).ok()?),
            other => of(other),
        }
    }

    /// The order that it names.
    pub(super) fn order(&self) -> Option<String> {
        self.told("order_id")
    }

    /// The effect that it was made for.
    pub(super) fn effect(&self) -> Option<String> {
        self.told("effect_id")
    }
}

/// What hangs on a payment.
#[derive(Debug, Deserialize)]
pub(super) struct Embedded {
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) captures: Vec<Movement>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) refunds: Vec<Movement>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) chargebacks: Vec<Chargeback>,
}

/// A `capture` or a `refund`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Movement {
    pub(super) id: String,
    pub(super) status: String,
    /// Missing in a capture of everything.
    #[serde(default)]
    pub(super) amount: Option<Amount>,
    #[serde(default)]
    pub(super) created_at: Option<String>,
}

/// A `chargeback`. Its `settlementAmount` is another currency's and negative: not the amount.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Chargeback {
    pub(super) id: String,
    pub(super) amount: Amount,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) reversed_at: Option<String>,
}

/// A page of payments, newest first.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    #[serde(rename = "_embedded")]
    pub(super) embedded: Payments,
}

#[derive(Debug, Deserialize)]
pub(super) struct Payments {
    pub(super) payments: Vec<Payment>,
}

/// A webhook of the next generation.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    #[serde(rename = "type", default)]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) entity_id: Option<String>,
    /// Of a thing that comes on its own, without an event: what it is, and which one.
    #[serde(default)]
    pub(super) resource: Option<String>,
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) payment_id: Option<String>,
    #[serde(default, rename = "_embedded")]
    pub(super) embedded: Option<EventEmbedded>,
}

#[derive(Deserialize)]
pub(super) struct EventEmbedded {
    #[serde(default)]
    pub(super) entity: Option<Entity>,
}

/// The thing that an event is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entity {
    #[serde(default)]
    pub(super) payment_id: Option<String>,
}

/// What hangs on a payment.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OfPayment {
    pub(super) payment_id: String,
}

/// The body of a refusal: prose but for the field that it is about.
#[derive(Deserialize)]
pub(super) struct Refused {
    pub(super) status: u16,
    #[serde(default)]
    pub(super) field: Option<String>,
}
