//! For the tests of money that channels give back: notices, how a channel is told them, and what it answers.
//!
//! Not here: the channels' doubles, which keep their books in their vendor's own words.

use std::sync::Arc;

use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::{NoticeEvidence, Repayment};

use super::shipments::left_at;
use super::{PartNotice, PartOf, SalesConnector};
use crate::port::NoticeAnswer;

/// So many cents, of a currency that has them.
pub(super) fn cents(cents: i64, currency: &str) -> Money {
    let currency = Currency::from_code(currency).expect("a currency");
    Money::from_minor(cents, currency).expect("an amount")
}

/// An amount as text, of a currency.
pub(super) fn sum(amount: &str, currency: &str) -> Money {
    let amount = amount.parse().expect("a number");
    Money::exact(amount, Currency::from_code(currency).expect("a currency")).expect("cents")
}

/// Units of an order, and the money for them.
pub(super) fn part(
    order: &str,
    key: &str,
    lines: &[(&str, u32)],
    amount: Money,
    of: PartOf,
) -> PartNotice {
    let lines = lines.iter().map(|(line, units)| ((*line).into(), *units));
    PartNotice {
        given: None,
        external_id: order.into(),
        key: key.into(),
        asked_at: left_at(),
        lines: lines.collect(),
        amount,
        of,
    }
}

/// Tells a channel of a part, as the hub does.
pub(super) async fn tell(connector: &Arc<dyn SalesConnector>, notice: &PartNotice) -> NoticeAnswer {
    let way = connector.way_back().expect("a way back");
    match notice.of {
        PartOf::Unsent => way.part_cancelled(notice).await,
        PartOf::Returned | PartOf::Claimed => way.refunded(notice).await,
    }
}

/// The channel gave money back in these movements.
pub(super) fn repaid(movements: &[(&str, Money)]) -> NoticeEvidence {
    let movements = movements.iter().map(|(reference, amount)| Repayment {
        reference: (*reference).to_owned(),
        amount: *amount,
    });
    NoticeEvidence::Repaid {
        movements: movements.collect(),
    }
}

/// The channel will not.
pub(super) fn no(code: &str) -> NoticeEvidence {
    NoticeEvidence::Refused { code: code.into() }
}
