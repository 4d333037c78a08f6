//! Giving money back through a store. It knows no idempotency keys: a refund carries the notice's name as the
//! reason of each of its items, and every try looks for that first.
//!
//! The store computes what units are worth, so it is asked first (`refund_quotes`). Where that is another amount
//! than the one to give back, the amount is given back on the order instead of on its units: never
//! more, never less. Which payments it goes back on, the quote says; the store takes no others.

use orderhub_domain::money::Money;
use orderhub_domain::order::{NoticeEvidence, Repayment};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::back::id;
use super::changes::reference;
use super::rest::Rest;
use super::wire::Refund;
use crate::port::{CallError, NoticeAnswer};
use crate::sales::PartNotice;
use crate::sales::told::refused;
use crate::wire::Exact;

/// Something that is refunded: units of a line, or an amount of the order.
#[derive(Serialize)]
struct Refunded<'a> {
    item_type: &'static str,
    item_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Box<RawValue>>,
    reason: &'a str,
}

#[derive(Serialize)]
struct Items<'a> {
    items: Vec<Refunded<'a>>,
}

#[derive(Serialize)]
struct Made<'a> {
    items: Vec<Refunded<'a>>,
    payments: Vec<Payment>,
}

#[derive(Serialize)]
struct Payment {
    provider_id: String,
    amount: Box<RawValue>,
    offline: bool,
}

/// What the store would give back, and each way that it could.
#[derive(Deserialize)]
struct Quote {
    total_refund_amount: Exact,
    #[serde(default)]
    refund_methods: Vec<Vec<PaymentOption>>,
}

#[derive(Deserialize)]
struct PaymentOption {
    #[serde(default)]
    provider_id: Option<String>,
    amount: Exact,
    #[serde(default)]
    offline: Option<bool>,
}

/// An order that is there.
#[derive(Deserialize)]
struct There {}

/// What is to go back: units of lines, if it is for some, and how much.
pub(super) struct GivenBack<'a> {
    /// The name that it is found again by.
    pub(super) key: &'a str,
    pub(super) lines: &'a [(String, u32)],
    pub(super) amount: Money,
}

impl<'a> From<&'a PartNotice> for GivenBack<'a> {
    fn from(notice: &'a PartNotice) -> Self {
        Self {
            key: &notice.key,
            lines: &notice.lines,
            amount: notice.amount,
        }
    }
}

/// Has the store give back the money for units that the buyer does not get or keep. Units without money it has
/// no place for.
pub(super) async fn repay(rest: &Rest, order: &str, back: &GivenBack<'_>) -> NoticeAnswer {
    let Some(order) = id(order) else {
        return Ok(refused("not_a_bigcommerce_id"));
    };
    if rest.look_up::<There>(&order, &[]).await?.is_none() {
        return Ok(refused("order_not_found"));
    }
    let known: Vec<Refund> = rest.refunds(&order).await?;
    if let Some(refund) = known.iter().find(|refund| is_ours(refund, back.key)) {
        return became(refund, back);
    }
    if back.amount.is_zero() {
        return Ok(refused("no_money_to_refund"));
    }
    let Some(units) = units(back) else {
        return Ok(refused("not_a_bigcommerce_id"));
    };
    let mut asked = Items { items: units };
    let mut quote = None;
    if !asked.items.is_empty() {
        quote = rest.quote::<Quote>(&order, &asked).await?;
    }
    if !quote.as_ref().is_some_and(|quote| quote.is_of(back.amount)) {
        let Some(whole) = whole(&order, back) else {
            return Ok(refused("not_a_bigcommerce_id"));
        };
        asked.items = vec![whole];
        quote = rest.quote::<Quote>(&order, &asked).await?;
    }
    let Some(quote) = quote else {
        return Ok(refused("not_refundable"));
    };
    if !quote.is_of(back.amount) {
        return Ok(refused("other_amount"));
    }
    let Some(payments) = quote.payments() else {
        return Ok(refused("refund_by_hand"));
    };
    let refund = Made {
        items: asked.items,
        payments,
    };
    match rest.refund::<Refund>(&order, &refund).await? {
        Some(refund) => became(&refund, back),
        None => Ok(refused("not_refundable")),
    }
}

pub(super) fn is_ours(refund: &Refund, key: &str) -> bool {
    let reasons = refund.items.iter().map(|item| item.reason.as_deref());
    let mut reasons = reasons.chain([refund.reason.as_deref()]);
    reasons.any(|reason| reason == Some(key))
}

/// The units; `None` when a line is none of a store's.
fn units<'a>(back: &GivenBack<'a>) -> Option<Vec<Refunded<'a>>> {
    let items = back.lines.iter().map(|(line, units)| {
        Some(Refunded {
            item_type: "PRODUCT",
            item_id: line.parse().ok()?,
            quantity: Some(*units),
            amount: None,
            reason: back.key,
        })
    });
    items.collect()
}

/// The amount, of the order as a whole.
fn whole<'a>(order: &str, back: &GivenBack<'a>) -> Option<Refunded<'a>> {
    Some(Refunded {
        item_type: "ORDER",
        item_id: order.parse().ok()?,
        quantity: None,
        amount: Some(number(&back.amount.amount().to_string())?),
        reason: back.key,
    })
}

/// A number in the digits that were stated.
fn number(text: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(text.trim().to_owned()).ok()
}

impl Quote {
    fn is_of(&self, amount: Money) -> bool {
        let total = self.total_refund_amount.decimal();
        total.is_some_and(|total| total == amount.amount())
    }

    /// The first way on which the store itself moves the money; store credit is not what the buyer paid with.
    fn payments(&self) -> Option<Vec<Payment>> {
        let moves = |option: &PaymentOption| {
            let provider = option.provider_id.as_deref().unwrap_or_default();
            option.offline != Some(true) && !matches!(provider, "" | "storecredit")
        };
        let mut ways = self.refund_methods.iter();
        let way = ways.find(|way| !way.is_empty() && way.iter().all(moves))?;
        let payments = way.iter().map(|option| {
            Some(Payment {
                provider_id: option.provider_id.clone()?,
                amount: number(&option.amount.0)?,
                offline: false,
            })
        });
        payments.collect()
    }
}

/// What became of a refund's money, under the names that the order's look-up states it with.
fn became(refund: &Refund, back: &GivenBack<'_>) -> NoticeAnswer {
    let unread = || CallError::unknown("the store's refund cannot be read");
    let mut movements = Vec::new();
    for payment in &refund.payments {
        if payment.is_declined == Some(true) {
            continue;
        }
        let amount = payment.amount.decimal().ok_or_else(unread)?;
        movements.push(Repayment {
            reference: reference(refund, payment).ok_or_else(unread)?,
            amount: Money::rounded(amount, back.amount.currency()),
        });
    }
    Ok(if movements.is_empty() {
        refused("refund_declined")
    } else {
        NoticeEvidence::Repaid { movements }
    })
}
