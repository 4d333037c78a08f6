//! What reading an order at a sales channel comes to, whoever the vendor is: why it is not taken, and the
//! pieces that all of them state alike: ids, decimals, amounts, discounts, gaps that are rounding.
//!
//! Not here: what any vendor's fields mean, and names and addresses (`buyer`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use orderhub_domain::canonical::{
    Charge, Discount, FundedBy, OrderDraft, Submission, Tax, TaxMode,
};
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::canonical::{Repeated, hash};
use crate::json;
use crate::port::{Inbound, InboundOrder};
use crate::wire::Exact;

/// Why an order cannot be taken as it is. Never quotes what it could not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// A part of it cannot be read: parked with this reason.
    Unreadable(String),
    /// It is no order yet, or in a state that the hub does not know how to handle: kept under this
    /// topic.
    Unknown(String),
}

/// A part of it cannot be read.
pub(super) fn unreadable(what: &str) -> NotTaken {
    NotTaken::Unreadable(format!("{what} cannot be read"))
}

/// It is in a state that the hub does not know how to handle.
pub(super) fn unknown(what: impl Into<String>) -> NotTaken {
    NotTaken::Unknown(what.into())
}

/// It is no order yet, in a state that says so; the vendor says so again when it is one.
pub(super) fn not_yet(state: &str) -> NotTaken {
    NotTaken::Unknown(format!("not_yet:{state}"))
}

impl NotTaken {
    /// With the topic before what is not known of it. What is no order yet is the same under every
    /// topic.
    pub(super) fn under(self, topic: &str) -> Self {
        match self {
            Self::Unknown(what) if !what.starts_with("not_yet:") => {
                Self::Unknown(format!("{topic}:{what}"))
            }
            other => other,
        }
    }
}

impl From<NotTaken> for Inbound {
    fn from(why: NotTaken) -> Self {
        match why {
            NotTaken::Unknown(topic) => Self::Unknown { topic },
            NotTaken::Unreadable(reason) => Self::Unreadable { reason },
        }
    }
}

/// A body as the vendor documents it.
pub(super) fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, NotTaken> {
    let parsed = serde_json::from_slice(body);
    parsed.map_err(|error| NotTaken::Unreadable(crate::wire::unreadable(&error)))
}

/// An order that was read out of this body. Where an object of it has a member twice, the last counts,
/// as it did when it was read.
pub(super) fn taken(
    body: &[u8],
    (submission, facts): (Submission, Vec<ChannelFact>),
) -> Result<Inbound, NotTaken> {
    let body_hash = json::parse(body)
        .map_err(Into::into)
        .and_then(|value| hash(&value, Repeated::LastWins))
        .map_err(|error| NotTaken::Unreadable(error.to_string()))?;
    Ok(Inbound::Order(Box::new(InboundOrder {
        submission,
        body_hash,
        facts,
        wanted: BTreeMap::new(),
    })))
}

/// What an order says that is known already, in a state in which none can be begun: of one that nobody knows it
/// waits, and begins none.
pub(super) fn news_only(inbound: Inbound) -> Inbound {
    match inbound {
        Inbound::Order(order) => Inbound::Said {
            order: order.submission.draft.external_id.clone(),
            facts: order.news(),
        },
        other => other,
    }
}

/// An order that keeps the hub's own rules; else what it breaks, and where.
pub(super) fn sound(draft: OrderDraft) -> Result<OrderDraft, NotTaken> {
    match draft.violations().first() {
        None => Ok(draft),
        Some(violation) => {
            let (pointer, hint) = (&violation.pointer, &violation.hint);
            let reason = format!("{pointer} of the order breaks a rule: {hint}");
            Err(NotTaken::Unreadable(reason))
        }
    }
}

/// An id of digits only, of any length that vendors use; `None` for what is none.
pub(crate) fn digits(text: &str) -> Option<String> {
    let fits = !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.to_owned())
}

/// The id in a member, of digits only; `None` for what is none, and for the `0` that means none.
pub(super) fn id_of(id: Option<&Exact>) -> Option<String> {
    digits(&id?.0).filter(|id| id.bytes().any(|byte| byte != b'0'))
}

/// A time that states its zone (ISO 8601).
pub(super) fn instant(text: Option<&String>, what: &str) -> Result<Timestamp, NotTaken> {
    let at = text.and_then(|text| text.parse().ok());
    at.ok_or_else(|| unreadable(what))
}

/// A decimal of a sane size.
pub(super) fn decimal(text: &Exact, what: &str) -> Result<Decimal, NotTaken> {
    text.decimal()
        .filter(|value| value.abs() <= Decimal::from(1_000_000_000_000_i64))
        .ok_or_else(|| unreadable(what))
}

/// An amount, rounded where the vendor states more digits than the currency has.
pub(super) fn amount(text: &Exact, currency: Currency, what: &str) -> Result<Money, NotTaken> {
    Ok(Money::rounded(decimal(text, what)?, currency))
}

/// An amount that may be missing, or empty.
pub(super) fn optional(
    text: Option<&Exact>,
    currency: Currency,
    what: &str,
) -> Result<Option<Money>, NotTaken> {
    let stated = text.filter(|text| !text.0.trim().is_empty());
    stated.map(|text| amount(text, currency, what)).transpose()
}

/// An amount that is nothing where it is missing, or empty.
pub(super) fn amount_or_zero(
    text: Option<&Exact>,
    currency: Currency,
    what: &str,
) -> Result<Money, NotTaken> {
    Ok(optional(text, currency, what)?.unwrap_or(Money::zero(currency)))
}

/// What the seller takes off, if it is anything. One below zero stays, and is refused as unsound.
pub(crate) fn discount(off: Money, code: Option<String>) -> Vec<Discount> {
    let off = Some(off).filter(|off| !off.is_zero());
    let discount = |amount| Discount {
        code,
        amount,
        funded_by: FundedBy::Seller,
    };
    off.map(discount).into_iter().collect()
}

/// A tax on top of whose name and rate nothing is stated, if it is anything.
pub(super) fn taxes(amount: Money) -> Vec<Tax> {
    let tax = Tax {
        name: "Tax".to_owned(),
        rate: None,
        amount,
        included: false,
    };
    let tax = Some(tax).filter(|tax| !tax.amount.is_zero());
    tax.into_iter().collect()
}

/// Says whether the prices contain the taxes, where the vendor does not: so they do when only that comes to
/// the stated total. A total that is met neither way stays as it is.
pub(super) fn settle_taxes(draft: &mut OrderDraft) {
    if draft.totals().grand == draft.stated_total {
        return;
    }
    draft.tax_mode = TaxMode::Inclusive;
    let contained = draft.totals().grand == draft.stated_total;
    if !contained {
        draft.tax_mode = TaxMode::Exclusive;
        return;
    }
    let lines = draft.lines.iter_mut().map(|line| &mut line.taxes);
    let charges = draft.shipping.iter_mut().chain(&mut draft.fees);
    let taxes = lines.chain(charges.map(|charge| &mut charge.taxes));
    for tax in taxes.flatten() {
        tax.included = true;
    }
}

/// Closes a gap between the parts and the stated total that is rounding: at most half of the smallest unit
/// for each amount that a vendor rounds by itself. A larger one stays open, for a person to look at.
pub(crate) fn close_rounding(draft: &mut OrderDraft) {
    let gap = draft.stated_total.minus(draft.totals().grand);
    let charges = draft.shipping.iter().chain(&draft.fees);
    let of_lines = draft.lines.iter().map(|line| 2 + line.taxes.len());
    let rounded = of_lines.sum::<usize>()
        + charges.map(|charge| 1 + charge.taxes.len()).sum::<usize>()
        + draft.discounts.len();
    let most = u64::try_from(rounded).unwrap_or(0);
    if gap.is_zero() || gap.minor().unsigned_abs().saturating_mul(2) > most {
        return;
    }
    if gap.is_positive() {
        draft.fees.push(Charge {
            title: "Rounding".to_owned(),
            amount: gap,
            taxes: Vec::new(),
        });
    } else {
        draft.discounts.extend(discount(gap.negated(), None));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Exact {
        Exact(text.to_owned())
    }

    #[test]
    fn ids_are_digits_and_a_zero_is_none() {
        for (text, id) in [
            ("9007199254740993", Some("9007199254740993")),
            ("18446744073709551615", Some("18446744073709551615")),
            ("0", None),
            ("", None),
            ("-1", None),
            ("12a", None),
            ("123456789012345678901", None),
        ] {
            assert_eq!(id_of(Some(&exact(text))).as_deref(), id, "{text}");
        }
        assert_eq!(id_of(None), None);
    }

    #[test]
    fn a_time_without_a_zone_is_none() {
        let read = |text: &str| instant(Some(&text.to_owned()), "it");
        let at = "2026-03-01T09:30:00Z".parse().expect("a time");
        assert_eq!(read("2026-03-01T09:30:00.000Z"), Ok(at));
        assert_eq!(read("2026-03-01T10:30:00+01:00"), Ok(at));
        for bad in ["2026-03-01T09:30:00", "2026-03-01", "", "now"] {
            assert_eq!(read(bad), Err(unreadable("it")), "{bad}");
        }
        assert_eq!(instant(None, "it"), Err(unreadable("it")));
    }

    #[test]
    fn amounts_are_exact_and_sane_and_an_empty_one_is_none() {
        let euro = Currency::from_code("EUR").expect("a currency");
        let read = |text: &str| amount(&exact(text), euro, "it").map(Money::amount);
        assert_eq!(read("19.99"), Ok(Decimal::new(1999, 2)));
        assert_eq!(read("19.995"), Ok(Decimal::new(2000, 2)));
        for bad in ["", "1,5", "NaN", "10000000000000", "0x10", "1 5"] {
            assert_eq!(read(bad), Err(unreadable("it")), "{bad}");
        }
        assert_eq!(optional(Some(&exact(" ")), euro, "it"), Ok(None));
        let none = amount_or_zero(None, euro, "it");
        assert_eq!(none, Ok(Money::zero(euro)));
    }

    #[test]
    fn what_is_no_order_yet_is_the_same_under_every_topic() {
        let topic = |why: NotTaken| Inbound::from(why.under("order.updated"));
        let unknown_to_us = topic(unknown("status.odd"));
        assert_eq!(
            unknown_to_us,
            Inbound::Unknown {
                topic: "order.updated:status.odd".into()
            }
        );
        assert_eq!(
            topic(not_yet("pending")),
            Inbound::Unknown {
                topic: "not_yet:pending".into()
            }
        );
    }
}
