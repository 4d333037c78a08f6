//! Adyen's objects, as far as the hub reads them: standard notifications
//! (docs.adyen.com/api-explorer/Webhooks) and the answers of the Checkout API. What Adyen leaves out
//! at times is optional; unknown members are ignored.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::spare::Text;
use crate::wire::Exact;

/// A notification's body. JSON carries one item today; the list is Adyen's.
#[derive(Deserialize)]
pub(super) struct Notification<'a> {
    #[serde(default)]
    live: Word,
    #[serde(borrow, rename = "notificationItems")]
    pub(super) items: Vec<&'a RawValue>,
}

impl Notification<'_> {
    /// Whether it comes from the live platform: the text `true`, nothing else.
    pub(super) fn is_live(&self) -> bool {
        self.live.0 == "true"
    }
}

/// An item, in the object that Adyen wraps around each.
#[derive(Deserialize)]
struct Wrapped {
    #[serde(rename = "NotificationRequestItem")]
    item: Item,
}

/// Reads one item.
pub(super) fn item(raw: &RawValue) -> Result<Item, serde_json::Error> {
    serde_json::from_str::<Wrapped>(raw.get()).map(|wrapped| wrapped.item)
}

/// What happened. Adyen signs eight of these values and no others.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    #[serde(default)]
    pub(super) psp_reference: Option<String>,
    /// Of a modification or a dispute: the payment.
    #[serde(default)]
    pub(super) original_reference: Option<String>,
    #[serde(default)]
    pub(super) merchant_account_code: Option<String>,
    #[serde(default)]
    pub(super) merchant_reference: Text,
    #[serde(default)]
    pub(super) amount: Option<Amount>,
    pub(super) event_code: String,
    #[serde(default)]
    success: Word,
    /// Not signed.
    #[serde(default)]
    pub(super) event_date: Text,
    /// Prose, not signed.
    #[serde(default)]
    pub(super) reason: Text,
    /// Not signed, but for the signature.
    #[serde(default)]
    pub(super) additional_data: Option<AdditionalData>,
}

impl Item {
    /// Whether it succeeded: the text `true`, nothing else.
    pub(super) fn succeeded(&self) -> bool {
        self.success.0 == "true"
    }

    /// The signature, in base64.
    pub(super) fn signature(&self) -> Option<&str> {
        self.additional_data.as_ref()?.hmac_signature.as_deref()
    }

    /// The values that are signed, in their order; what is missing is empty.
    pub(super) fn signed_values(&self) -> [&str; 8] {
        fn text(value: Option<&String>) -> &str {
            value.map_or("", String::as_str)
        }
        let amount = self.amount.as_ref();
        [
            text(self.psp_reference.as_ref()),
            text(self.original_reference.as_ref()),
            text(self.merchant_account_code.as_ref()),
            text(self.merchant_reference.as_ref()),
            amount.map_or("", |amount| amount.value.0.as_str()),
            amount.map_or("", |amount| amount.currency.as_str()),
            &self.event_code,
            &self.success.0,
        ]
    }
}

/// The parts of `additionalData` that are read.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AdditionalData {
    #[serde(default)]
    hmac_signature: Option<String>,
    /// Until when a dispute can be answered.
    #[serde(default)]
    pub(super) defense_period_ends_at: Text,
    /// What a `CANCEL_OR_REFUND` came to: `cancel` or `refund`.
    #[serde(default, rename = "modification.action")]
    pub(super) action: Option<String>,
}

/// An amount in Adyen's minor units: a number, at times a text.
#[derive(Debug, Deserialize)]
pub(super) struct Amount {
    pub(super) currency: String,
    pub(super) value: Exact,
}

/// A flag, which Adyen writes as a text and some of its libraries as a truth value.
#[derive(Debug, Default)]
struct Word(String);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either<'a> {
            Flag(bool),
            #[serde(borrow)]
            Text(Cow<'a, str>),
        }
        Ok(Self(match Either::deserialize(deserializer)? {
            Either::Flag(flag) => flag.to_string(),
            Either::Text(text) => text.into_owned(),
        }))
    }
}

/// The answer to `/payments`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payment {
    pub(super) result_code: String,
    /// Missing while the buyer has to act first.
    #[serde(default)]
    pub(super) psp_reference: Option<String>,
    #[serde(default)]
    pub(super) merchant_reference: Option<String>,
    #[serde(default)]
    pub(super) amount: Option<Amount>,
    #[serde(default)]
    pub(super) refusal_reason: Option<String>,
}

/// The answer to a capture, a cancel or a refund: that it was taken, not what became of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Modification {
    pub(super) psp_reference: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) payment_psp_reference: Option<String>,
    #[serde(default)]
    pub(super) amount: Option<Amount>,
}

/// The body of a refusal.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Refused {
    pub(super) error_code: String,
}
