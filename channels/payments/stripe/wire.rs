//! Stripe's objects, as far as the hub reads them. Everything that older or newer API versions
//! leave out is optional; unknown members are ignored.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::spare::{self, Text};
use crate::wire::Reference;

/// A webhook's body.
#[derive(Deserialize)]
pub(super) struct Event<'a> {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default, deserialize_with = "spare::flag")]
    pub(super) livemode: Option<bool>,
    #[serde(default)]
    pub(super) created: Option<i64>,
    #[serde(borrow)]
    pub(super) data: EventData<'a>,
}

#[derive(Deserialize)]
pub(super) struct EventData<'a> {
    #[serde(borrow)]
    pub(super) object: &'a RawValue,
    #[serde(default)]
    previous_attributes: Option<Before>,
}

/// Of what changed: how it was before.
#[derive(Default, Deserialize)]
struct Before {
    #[serde(default)]
    status: Text,
}

impl EventData<'_> {
    /// The status before the event, where that is what changed.
    pub(super) fn status_before(&self) -> Option<&str> {
        self.previous_attributes.as_ref()?.status.as_deref()
    }
}

/// What we told Stripe about a payment.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    order_id: Option<serde_json::Value>,
    #[serde(default)]
    effect_id: Option<serde_json::Value>,
}

impl Metadata {
    pub(super) fn order(&self) -> Option<String> {
        let text = self.order_id.as_ref()?.as_str()?;
        Some(text.to_owned())
    }

    /// The effect that it was made for; payments of older hubs name none.
    pub(super) fn effect(&self) -> Option<&str> {
        self.effect_id.as_ref()?.as_str()
    }
}

/// A `payment_intent`.
#[derive(Debug, Deserialize)]
pub(super) struct Intent {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    #[serde(default)]
    pub(super) amount_capturable: Option<i64>,
    #[serde(default)]
    pub(super) amount_received: Option<i64>,
    #[serde(default)]
    pub(super) capture_method: Option<String>,
    #[serde(default)]
    pub(super) created: Option<i64>,
    #[serde(default)]
    pub(super) metadata: Option<Metadata>,
    #[serde(default)]
    pub(super) payment_method: Option<Reference>,
    #[serde(default)]
    pub(super) customer: Option<Reference>,
    #[serde(default)]
    pub(super) last_payment_error: Option<Problem>,
    #[serde(default)]
    latest_charge: Option<LatestCharge>,
    #[serde(default)]
    charges: Option<List<Charge>>,
}

impl Intent {
    /// The charge that counts: newer versions name it, older ones list all, newest first.
    pub(super) fn charge(&self) -> Option<&Charge> {
        let listed = self.charges.as_ref().map(|list| list.data.as_slice());
        match &self.latest_charge {
            Some(LatestCharge::Expanded(charge)) => Some(charge),
            Some(LatestCharge::Id(id)) => listed?.iter().find(|charge| charge.id == *id),
            None => listed?.first(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum LatestCharge {
    Id(String),
    Expanded(Box<Charge>),
}

/// A page of objects.
#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    #[serde(default = "Vec::new")]
    pub(super) data: Vec<T>,
}

/// A `charge`.
#[derive(Debug, Deserialize)]
pub(super) struct Charge {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    #[serde(default, deserialize_with = "spare::or_default")]
    pub(super) captured: bool,
    #[serde(default)]
    pub(super) amount_captured: Option<i64>,
    #[serde(default)]
    pub(super) amount_refunded: Option<i64>,
    #[serde(default)]
    pub(super) payment_intent: Option<Reference>,
    #[serde(default)]
    pub(super) metadata: Option<Metadata>,
    #[serde(default)]
    payment_method_details: Option<MethodDetails>,
}

impl Charge {
    /// Until when it can be captured, in seconds since 1970, for cards.
    pub(super) fn capture_before(&self) -> Option<i64> {
        let details = self.payment_method_details.as_ref()?;
        details.card.as_ref()?.capture_before
    }
}

#[derive(Debug, Deserialize)]
struct MethodDetails {
    #[serde(default)]
    card: Option<Card>,
}

#[derive(Debug, Deserialize)]
struct Card {
    #[serde(default)]
    capture_before: Option<i64>,
}

/// A `refund`.
#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) charge: Option<Reference>,
    #[serde(default)]
    pub(super) payment_intent: Option<Reference>,
    #[serde(default)]
    pub(super) failure_reason: Option<String>,
    #[serde(default)]
    pub(super) metadata: Option<Metadata>,
    #[serde(default)]
    pub(super) balance_transaction: Booking,
}

/// Whether a refund moved money on the account.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Booking {
    /// The object does not say.
    #[default]
    NotStated,
    /// It says that there is no booking.
    Nothing,
    /// It names the booking.
    Booked,
}

impl<'de> Deserialize<'de> for Booking {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let booking = Option::<Reference>::deserialize(deserializer)?;
        Ok(booking.map_or(Self::Nothing, |_| Self::Booked))
    }
}

/// A `dispute`.
#[derive(Debug, Deserialize)]
pub(super) struct Dispute {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) charge: Option<Reference>,
    #[serde(default)]
    pub(super) payment_intent: Option<Reference>,
    #[serde(default)]
    pub(super) metadata: Option<Metadata>,
    #[serde(default)]
    evidence_details: Option<EvidenceDetails>,
}

impl Dispute {
    /// Until when it can be answered, in seconds since 1970.
    pub(super) fn due_by(&self) -> Option<i64> {
        self.evidence_details.as_ref()?.due_by
    }
}

#[derive(Debug, Deserialize)]
struct EvidenceDetails {
    #[serde(default)]
    due_by: Option<i64>,
}

/// The body of a refusal.
#[derive(Deserialize)]
pub(super) struct Refused {
    pub(super) error: Problem,
}

/// Why a payment or a call failed.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Problem {
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) decline_code: Option<String>,
    #[serde(default)]
    pub(super) payment_intent: Option<Reference>,
}

impl Problem {
    /// The most telling code that there is.
    pub(super) fn word(&self) -> Option<String> {
        [&self.decline_code, &self.code, &self.kind]
            .into_iter()
            .flatten()
            .find_map(|text| crate::wire::code(text))
    }
}
