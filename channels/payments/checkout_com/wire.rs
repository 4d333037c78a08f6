//! Checkout.com's objects, as far as the hub reads them (api-reference.checkout.com): events of
//! workflows, and the answers of the payments API. What older versions leave out is optional; unknown
//! members are ignored.

use orderhub_domain::ids::OrderId;
use orderhub_domain::money::Money;
use reqwest::Url;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use super::money::stated;
use crate::spare::{self, Text};
use crate::wire::Exact;

/// An amount or a currency that no order can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadAmount;

/// An amount of a currency; both are stated, in one object.
pub(super) fn money(amount: Option<&Exact>, currency: Option<&str>) -> Result<Money, BadAmount> {
    let stated = amount.zip(currency).and_then(|(of, in_)| stated(of, in_));
    stated.ok_or(BadAmount)
}

/// A webhook's body.
#[derive(Deserialize)]
pub(super) struct Event<'a> {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    created_on: Text,
    /// In newer events in place of `created_on`.
    #[serde(default)]
    timestamp: Text,
    #[serde(borrow)]
    pub(super) data: &'a RawValue,
    #[serde(default, rename = "_links")]
    links: Option<EventLinks>,
}

impl Event<'_> {
    /// When it was made, as stated.
    pub(super) fn made(&self) -> Option<&str> {
        self.created_on.as_deref().or(self.timestamp.as_deref())
    }

    /// Whether it comes from the sandbox, as its own address says; `None` when it has none. No
    /// other member tells the two apart.
    pub(super) fn is_test(&self) -> Option<bool> {
        let own = self.links.as_ref()?.own.as_ref()?;
        let url = Url::parse(&own.href).ok()?;
        Some(url.host_str()?.ends_with("sandbox.checkout.com"))
    }
}

#[derive(Deserialize)]
struct EventLinks {
    #[serde(default, rename = "self")]
    own: Option<Link>,
}

#[derive(Debug, Deserialize)]
struct Link {
    href: String,
}

/// What we told Checkout.com about a payment.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Metadata(Option<Value>);

impl Metadata {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.as_ref()?.get(name)?.as_str()
    }

    /// The effect that it was made for.
    pub(super) fn effect(&self) -> Option<&str> {
        self.text("effect_id")
    }

    /// The order, as the reference or the metadata name it.
    pub(super) fn order(&self, reference: Option<&str>) -> Option<String> {
        let named = [reference, self.text("order_id")];
        let mut ours = named.into_iter().flatten();
        ours.find(|text| text.parse::<OrderId>().is_ok())
            .map(str::to_owned)
    }
}

/// The `data` of an event about a payment.
#[derive(Deserialize)]
pub(super) struct Happened {
    pub(super) id: String,
    #[serde(default)]
    pub(super) action_id: Option<String>,
    #[serde(default)]
    pub(super) amount: Option<Exact>,
    #[serde(default)]
    pub(super) currency: Option<String>,
    #[serde(default)]
    pub(super) reference: Text,
    #[serde(default)]
    pub(super) metadata: Metadata,
    #[serde(default)]
    pub(super) response_code: Text,
    #[serde(default)]
    pub(super) processed_on: Text,
    #[serde(default)]
    pub(super) processing_channel_id: Option<String>,
    #[serde(default)]
    pub(super) balances: Option<Balances>,
    /// Only of a payout: money that leaves the account, and no payment.
    #[serde(default)]
    pub(super) destination: Option<IgnoredAny>,
}

/// What has become of a payment's money in all, in its currency's smallest units.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Balances {
    #[serde(default)]
    pub(super) total_authorized: Option<Exact>,
    #[serde(default)]
    pub(super) total_captured: Option<Exact>,
    #[serde(default)]
    pub(super) available_to_capture: Option<Exact>,
    #[serde(default)]
    pub(super) total_refunded: Option<Exact>,
}

impl Balances {
    /// Whether it is stated and more than nothing.
    pub(super) fn is_some(amount: Option<&Exact>) -> bool {
        amount.is_some_and(|amount| amount.0.parse::<i64>().is_ok_and(|minor| minor > 0))
    }
}

/// The `data` of an event about a dispute.
#[derive(Deserialize)]
pub(super) struct Dispute {
    pub(super) id: String,
    pub(super) payment_id: String,
    #[serde(default)]
    pub(super) payment_reference: Text,
    #[serde(default)]
    pub(super) amount: Option<Exact>,
    #[serde(default)]
    pub(super) currency: Option<String>,
    #[serde(default)]
    pub(super) date: Text,
    #[serde(default)]
    pub(super) evidence_required_by: Text,
    #[serde(default)]
    pub(super) processing_channel_id: Option<String>,
}

/// A payment, in the answer to its request or when it is asked for.
#[derive(Debug, Deserialize)]
pub(super) struct Payment {
    pub(super) id: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) amount: Option<Exact>,
    #[serde(default)]
    pub(super) currency: Option<String>,
    #[serde(default)]
    pub(super) reference: Option<String>,
    #[serde(default)]
    pub(super) metadata: Metadata,
    #[serde(default)]
    pub(super) response_code: Option<String>,
    #[serde(default)]
    pub(super) expires_on: Option<String>,
    #[serde(default)]
    pub(super) requested_on: Option<String>,
    #[serde(default)]
    pub(super) balances: Balances,
    #[serde(default)]
    pub(super) source: Option<Source>,
    #[serde(default, rename = "_links")]
    links: PaymentLinks,
}

impl Payment {
    /// Whether the buyer is to be sent somewhere before it goes on.
    pub(super) const fn waits_for_buyer(&self) -> bool {
        self.links.redirect.is_some()
    }
}

#[derive(Debug, Default, Deserialize)]
struct PaymentLinks {
    #[serde(default)]
    redirect: Option<IgnoredAny>,
}

/// What a payment was made with.
#[derive(Debug, Deserialize)]
pub(super) struct Source {
    #[serde(default)]
    pub(super) id: Option<String>,
}

/// Something that was done to a payment.
#[derive(Debug, Deserialize)]
pub(super) struct Action {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) amount: Option<Exact>,
    #[serde(default, deserialize_with = "spare::flag")]
    pub(super) approved: Option<bool>,
    #[serde(default)]
    pub(super) response_code: Option<String>,
}

/// An action that was taken on.
#[derive(Deserialize)]
pub(super) struct Accepted {
    pub(super) action_id: String,
}

/// A page of payments.
#[derive(Deserialize)]
pub(super) struct Page {
    pub(super) total_count: usize,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) data: Vec<Payment>,
}

/// The body of a refusal.
#[derive(Deserialize)]
pub(super) struct Refused {
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) error_codes: Vec<String>,
}
