//! PayPal's objects, as far as the hub reads them: webhook events (version 1), checkout orders and
//! payments (version 2), disputes (version 1) of developer.paypal.com/api. What PayPal leaves out at times
//! is optional; unknown members are ignored.

use orderhub_domain::ids::OrderId;
use orderhub_domain::money::{Currency, Money};
use reqwest::Url;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::spare::{self, Text};
use crate::wire::{Exact, code, path_id};

/// An amount or a currency that no order can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadAmount;

/// A decimal text and its currency.
#[derive(Debug, Deserialize)]
pub(super) struct Amount {
    currency_code: String,
    value: Exact,
}

impl Amount {
    /// What it states.
    pub(super) fn money(&self) -> Result<Money, BadAmount> {
        let currency = Currency::from_code(&self.currency_code).ok_or(BadAmount)?;
        let value = self.value.decimal().ok_or(BadAmount)?;
        Money::exact(value, currency).map_err(|_| BadAmount)
    }
}

/// Where something that belongs to an object is found.
#[derive(Debug, Deserialize)]
pub(super) struct Link {
    pub(super) href: String,
    pub(super) rel: String,
}

/// The id of what an object belongs to, if that is of this kind: `authorizations`, `captures`.
fn up<'a>(links: &'a [Link], kind: &str) -> Option<&'a str> {
    let mut ups = links.iter().filter(|link| link.rel == "up");
    ups.find_map(|link| {
        let (folder, id) = link.href.rsplit_once('/')?;
        path_id(id).filter(|_| folder.ends_with(kind))
    })
}

/// What else an object belongs to.
#[derive(Debug, Default, Deserialize)]
struct Supplementary {
    #[serde(default, deserialize_with = "spare::or_default")]
    related_ids: Related,
}

#[derive(Debug, Default, Deserialize)]
struct Related {
    #[serde(default)]
    order_id: Option<String>,
    #[serde(default)]
    authorization_id: Option<String>,
}

/// An event, pushed or listed.
#[derive(Deserialize)]
pub(super) struct Event<'a> {
    #[serde(rename = "event_type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) resource_type: Option<String>,
    #[serde(borrow)]
    pub(super) resource: &'a RawValue,
}

/// What an event is about, whatever it is.
#[derive(Deserialize)]
pub(super) struct Subject {
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) dispute_id: Option<String>,
    #[serde(default, deserialize_with = "spare::or_default")]
    supplementary_data: Supplementary,
}

impl Subject {
    /// The checkout order that it belongs to.
    pub(super) fn order(&self) -> Option<&str> {
        self.supplementary_data.related_ids.order_id.as_deref()
    }
}

/// A page of events, newest first.
#[derive(Deserialize)]
pub(super) struct Listed<'a> {
    #[serde(borrow, default, deserialize_with = "spare::list")]
    pub(super) events: Vec<&'a RawValue>,
    #[serde(default, deserialize_with = "spare::list")]
    links: Vec<Link>,
}

impl Listed<'_> {
    /// The query of the page after this one, in the same folder.
    pub(super) fn next(&self, folder: &str) -> Option<String> {
        let next = self.links.iter().find(|link| link.rel == "next")?;
        let url = Url::parse(&next.href).ok()?;
        let query = url.query().filter(|_| url.path() == folder)?;
        Some(query.to_owned())
    }
}

/// A checkout order: one purchase, with everything that happened to it.
#[derive(Debug, Deserialize)]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) status: String,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) purchase_units: Vec<Unit>,
}

/// A part of a purchase that is paid to one payee.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Unit {
    #[serde(default)]
    pub(super) custom_id: Text,
    #[serde(default)]
    pub(super) payee: Option<Payee>,
    #[serde(default, deserialize_with = "spare::or_default")]
    pub(super) payments: Payments,
}

#[derive(Debug, Deserialize)]
pub(super) struct Payee {
    #[serde(default)]
    pub(super) merchant_id: Option<String>,
}

/// What happened to the money of a part.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Payments {
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) authorizations: Vec<Movement>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) captures: Vec<Movement>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) refunds: Vec<Movement>,
}

/// An authorisation, a capture, or a refund.
#[derive(Debug, Deserialize)]
pub(super) struct Movement {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) amount: Amount,
    #[serde(default)]
    pub(super) custom_id: Text,
    #[serde(default)]
    pub(super) create_time: Text,
    #[serde(default)]
    pub(super) expiration_time: Text,
    #[serde(default)]
    pub(super) payee: Option<Payee>,
    #[serde(default, deserialize_with = "spare::list")]
    links: Vec<Link>,
    #[serde(default, deserialize_with = "spare::or_default")]
    supplementary_data: Supplementary,
}

impl Movement {
    /// Of a capture: its authorisation.
    pub(super) fn authorization(&self) -> Option<&str> {
        let related = self
            .supplementary_data
            .related_ids
            .authorization_id
            .as_deref();
        related.or_else(|| up(&self.links, "authorizations"))
    }

    /// Of a refund: its capture.
    pub(super) fn capture(&self) -> Option<&str> {
        up(&self.links, "captures")
    }

    /// The checkout order that it belongs to.
    pub(super) fn order(&self) -> Option<&str> {
        self.supplementary_data.related_ids.order_id.as_deref()
    }
}

/// The hub's order, as the first of these texts that names one.
pub(super) fn named<'a>(texts: impl IntoIterator<Item = Option<&'a String>>) -> Option<String> {
    let mut ours = texts.into_iter().flatten();
    ours.find(|text| text.parse::<OrderId>().is_ok()).cloned()
}

/// A dispute.
#[derive(Debug, Deserialize)]
pub(super) struct Dispute {
    #[serde(rename = "dispute_id")]
    pub(super) id: String,
    pub(super) status: String,
    #[serde(rename = "dispute_amount")]
    pub(super) amount: Amount,
    #[serde(default, rename = "dispute_outcome")]
    pub(super) outcome: Option<Outcome>,
    #[serde(default)]
    pub(super) seller_response_due_date: Text,
    #[serde(default)]
    pub(super) create_time: Text,
    #[serde(default)]
    pub(super) update_time: Text,
    #[serde(default, deserialize_with = "spare::list")]
    disputed_transactions: Vec<Disputed>,
}

impl Dispute {
    /// The capture that is disputed.
    pub(super) fn capture(&self) -> Option<&str> {
        let first = self.disputed_transactions.first()?;
        first.seller_transaction_id.as_deref()
    }
}

#[derive(Debug, Deserialize)]
struct Disputed {
    #[serde(default)]
    seller_transaction_id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Outcome {
    #[serde(default)]
    pub(super) outcome_code: Option<String>,
    #[serde(default)]
    pub(super) amount_refunded: Option<Amount>,
}

/// The body of a refusal: prose but for its names.
#[derive(Deserialize)]
pub(super) struct Refused {
    name: String,
    #[serde(default, deserialize_with = "spare::list")]
    details: Vec<Detail>,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(default)]
    issue: Option<String>,
}

impl Refused {
    /// The most telling name that there is.
    pub(super) fn word(&self) -> Option<String> {
        let issues = self
            .details
            .iter()
            .filter_map(|detail| detail.issue.as_deref());
        let mut words = issues.chain([self.name.as_str()]);
        words.find_map(code)
    }
}
