//! Klarna's objects, as far as the hub reads them: orders of the order management API
//! (docs.klarna.com/api/ordermanagement) and pushes. What Klarna leaves out at times is optional; unknown
//! members are ignored. Of a push nothing secret is kept.

use orderhub_domain::ids::OrderId;
use orderhub_domain::money::{Currency, Money};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::spare::Text;
use crate::wire::Exact;

/// An amount or a currency that no order can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadAmount;

/// An order: what Klarna holds for one purchase. All amounts are in the currency's minor units.
#[derive(Debug, Deserialize)]
pub(super) struct Order {
    #[serde(rename = "order_id")]
    pub(super) id: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) fraud_status: Option<String>,
    purchase_currency: String,
    #[serde(default, rename = "order_amount")]
    pub(super) amount: Option<Exact>,
    #[serde(default, rename = "original_order_amount")]
    pub(super) bought: Option<Exact>,
    #[serde(default, rename = "captured_amount")]
    pub(super) captured: Option<Exact>,
    #[serde(default, rename = "refunded_amount")]
    pub(super) refunded: Option<Exact>,
    #[serde(default, rename = "remaining_authorized_amount")]
    pub(super) left: Option<Exact>,
    #[serde(default)]
    merchant_reference1: Text,
    #[serde(default)]
    merchant_reference2: Text,
    #[serde(default)]
    pub(super) created_at: Text,
    #[serde(default)]
    pub(super) expires_at: Text,
    #[serde(default)]
    captures: Option<Vec<Capture>>,
    #[serde(default)]
    refunds: Option<Vec<Refund>>,
}

impl Order {
    /// An amount of it.
    pub(super) fn money(&self, minor: &Exact) -> Result<Money, BadAmount> {
        // The API's own examples write currencies in small letters.
        let code = self.purchase_currency.to_ascii_uppercase();
        let currency = Currency::from_code(&code).ok_or(BadAmount)?;
        let minor = minor.0.parse().map_err(|_| BadAmount)?;
        Money::from_minor(minor, currency).ok_or(BadAmount)
    }

    /// A sum of it; `None` when it is not stated, or nothing.
    pub(super) fn sum(&self, minor: Option<&Exact>) -> Result<Option<Money>, BadAmount> {
        let sum = minor.map(|minor| self.money(minor)).transpose()?;
        Ok(sum.filter(|sum| sum.is_positive()))
    }

    /// The hub's order that it names, in either of the merchant's references.
    pub(super) fn order(&self) -> Option<String> {
        let (first, second) = (&self.merchant_reference1, &self.merchant_reference2);
        let mut ours = [second.as_ref(), first.as_ref()].into_iter().flatten();
        ours.find(|text| text.parse::<OrderId>().is_ok()).cloned()
    }

    pub(super) fn captures(&self) -> &[Capture] {
        self.captures.as_deref().unwrap_or_default()
    }

    pub(super) fn refunds(&self) -> &[Refund] {
        self.refunds.as_deref().unwrap_or_default()
    }
}

/// A part of an order that was captured.
#[derive(Debug, Deserialize)]
pub(super) struct Capture {
    #[serde(rename = "capture_id")]
    pub(super) id: String,
    #[serde(rename = "captured_amount")]
    pub(super) amount: Exact,
    #[serde(default)]
    pub(super) captured_at: Text,
}

/// A part of an order that was given back. Older ones have no id.
#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    #[serde(default, rename = "refund_id")]
    pub(super) id: Option<String>,
    #[serde(rename = "refunded_amount")]
    pub(super) amount: Exact,
    #[serde(default)]
    pub(super) refunded_at: Text,
}

/// The body of a push.
#[derive(Deserialize)]
pub(super) struct Push {
    #[serde(default)]
    pub(super) order_id: Option<String>,
    #[serde(default)]
    pub(super) session: Option<Session>,
    /// Lets whoever has it place the order: that it is there is all that is looked at.
    #[serde(default)]
    pub(super) authorization_token: Option<IgnoredAny>,
}

/// A session of the hosted payment page.
#[derive(Deserialize)]
pub(super) struct Session {
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) order_id: Option<String>,
}

/// The body of a refusal; its messages are prose.
#[derive(Deserialize)]
pub(super) struct Refused {
    pub(super) error_code: String,
}
