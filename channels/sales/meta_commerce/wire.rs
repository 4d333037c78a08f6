//! Meta's webhooks, as far as the hub reads them: one request has several entries, each with several changes,
//! each with several messages. Every one of them is read by itself, so that a broken one takes no other along.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::spare;
use crate::wire::Exact;

#[derive(Deserialize)]
pub(super) struct Hook<'a> {
    /// `whatsapp_business_account`, `page`, `instagram`, ...
    #[serde(default)]
    pub(super) object: Option<String>,
    #[serde(borrow, default, rename = "entry", deserialize_with = "spare::list")]
    pub(super) entries: Vec<&'a RawValue>,
}

/// Changes of one account.
#[derive(Deserialize)]
pub(super) struct Entry<'a> {
    pub(super) id: Exact,
    #[serde(borrow, default, deserialize_with = "spare::list")]
    pub(super) changes: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Change<'a> {
    /// What was subscribed to: `messages`, ...
    pub(super) field: String,
    #[serde(borrow)]
    pub(super) value: &'a RawValue,
}

/// What a change of `messages` holds: what somebody wrote, or what became of what the seller wrote.
#[derive(Deserialize)]
pub(super) struct Value<'a> {
    #[serde(borrow, default, deserialize_with = "spare::list")]
    pub(super) messages: Vec<&'a RawValue>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) statuses: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct Message {
    #[serde(rename = "type")]
    pub(super) form: String,
    #[serde(default)]
    pub(super) order: Option<Cart>,
}

/// What somebody would like to buy. Prices are those of the catalogue, for which nobody was asked to pay.
#[derive(Deserialize)]
pub(super) struct Cart {
    #[serde(default, rename = "product_items", deserialize_with = "spare::list")]
    pub(super) items: Vec<IgnoredAny>,
}
