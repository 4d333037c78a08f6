//! Whether units may come back: the rules decide what they can, a person the rest. A pure function of
//! the order, the units, the time and the policy; its verdict is stored with its reasons.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::event::{LineUnits, units_of};
use super::super::{Fulfilment, Order, Parcel, ParcelStatus};
use crate::policy::{Policy, ShippingRefund};
use crate::quantity::Quantity;

/// What the rules say about a return, and on what they stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnVerdict {
    /// What they say.
    pub outcome: ReturnOutcome,
    /// What spoke against it; nothing when it is approved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<ReturnReason>,
    /// The version of the policy used.
    pub policy: u32,
}

/// What the rules say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnOutcome {
    /// It may come back.
    Approve,
    /// A person has to decide.
    Review,
    /// It may not.
    Decline,
}

/// Something that speaks against a return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnReason {
    /// The rule.
    pub rule: ReturnRule,
    /// The line that it is about; the whole return without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u16>,
}

/// A rule about returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnRule {
    /// Its SKU never comes back.
    ExcludedSku,
    /// It never had a place on a shelf: digital goods, services, what the channel ships.
    ExcludedKind,
    /// The window after its delivery is over.
    TooLate,
    /// It is worth more than the rules may decide.
    AboveLimit,
    /// It came without having been announced.
    Unannounced,
}

impl ReturnRule {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ExcludedSku => "excluded_sku",
            Self::ExcludedKind => "excluded_kind",
            Self::TooLate => "too_late",
            Self::AboveLimit => "above_limit",
            Self::Unannounced => "unannounced",
        }
    }

    /// What it leads to when it speaks.
    const fn outcome(self) -> ReturnOutcome {
        match self {
            Self::ExcludedSku | Self::ExcludedKind => ReturnOutcome::Decline,
            Self::TooLate | Self::AboveLimit | Self::Unannounced => ReturnOutcome::Review,
        }
    }
}

/// Judges units that the buyer announces, or that came `unannounced`. What lies on the table already is
/// never declined by a rule: a person says what becomes of it.
pub fn judge_return(
    order: &Order,
    units: &[LineUnits],
    unannounced: bool,
    now: Timestamp,
    policy: &Policy,
) -> ReturnVerdict {
    let rules = &policy.returns;
    let mut reasons = Vec::new();
    let mut against = |rule, line| reasons.push(ReturnReason { rule, line });
    for line in units.iter().map(|units| units.line) {
        let Some(stated) = order.line(line) else {
            continue;
        };
        if stated.sku.as_ref().is_some_and(|sku| rules.excludes(sku)) {
            against(ReturnRule::ExcludedSku, Some(line));
        }
        if order.quantities(line).not_stocked > Quantity::ZERO {
            against(ReturnRule::ExcludedKind, Some(line));
        }
        let over = |since: Timestamp| {
            since
                .saturating_add(rules.window)
                .is_ok_and(|until| now > until)
        };
        if order.delivered_at(line).is_some_and(over) {
            against(ReturnRule::TooLate, Some(line));
        }
    }
    let limit = rules.auto_approve.get(order.draft.currency.code());
    let worth = order.worth_of(units, ShippingRefund::Never);
    if limit.is_some_and(|limit| worth.amount() > *limit) {
        against(ReturnRule::AboveLimit, None);
    }
    if unannounced && !rules.approve_unannounced {
        against(ReturnRule::Unannounced, None);
    }
    let worst = reasons.iter().map(|reason| reason.rule.outcome()).max();
    let outcome = match worst {
        Some(ReturnOutcome::Decline) if unannounced => ReturnOutcome::Review,
        worst => worst.unwrap_or(ReturnOutcome::Approve),
    };
    ReturnVerdict {
        outcome,
        reasons,
        policy: policy.version,
    }
}

impl Order {
    /// When the last units of a line were delivered, as the carrier or the location said.
    pub fn delivered_at(&self, line: u16) -> Option<Timestamp> {
        let with_it = self.fulfilments.iter().flat_map(|work| {
            let shares = work.shares().into_iter();
            let here = shares.filter(|share| !units_of(&share.units, line).is_zero());
            let parcels = here.flat_map(|share| share.parcels);
            parcels.filter_map(|parcel| work.arrived_at(parcel))
        });
        with_it.max()
    }
}

impl Fulfilment {
    /// When the buyer got a parcel of it, as far as anybody said.
    pub fn arrived_at(&self, parcel: &Parcel) -> Option<Timestamp> {
        let seen = parcel
            .scans
            .iter()
            .rev()
            .find(|scan| scan.status == ParcelStatus::Delivered);
        match seen {
            Some(scan) if self.has_arrived(parcel) => Some(scan.at),
            None if self.has_arrived(parcel) => self.shipped_at,
            _ => None,
        }
    }
}
