//! Screening: what speaks against a new order, before stock and money are touched.
//!
//! Three pure steps: [`marks`] says by what an order is recognised, [`Features::of`] what is odd
//! about it once the store has counted, [`judge`] what that means under the rules in force. Features
//! and judgement stand on the event `order.screened`; marks are personal and stand in no event.

mod address;
mod marks;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

pub use address::{AddressCheck, AddressFault};
pub use marks::{Mark, MarkKind, Sighting, marks};

use crate::canonical::Submission;
use crate::money::Money;
use crate::policy::{CountRule, ScreeningPolicy, WhenDegraded};

/// How many times over a rule counts at most: ten times the threshold is not worse than this.
const STEPS_MOST: u32 = 4;

/// What the store said about the marks of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Sightings {
    /// No rule in force asks for other orders.
    #[default]
    NotNeeded,
    /// They could not be read in time.
    Unread,
    /// One for each mark that the order has.
    Read(Vec<Sighting>),
}

/// Whether orders were counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// No rule in force asks for it.
    #[default]
    NotNeeded,
    /// They could not be read in time.
    Unread,
    /// As far as the order has what is counted by.
    Read,
}

/// What is known about a new order that may speak against it. Nothing of it is personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Features {
    /// What the buyer owes.
    pub amount: Money,
    /// Whether orders were counted.
    #[serde(default)]
    pub counts: Counts,
    /// Orders under its e-mail address within the window, this one among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_orders: Option<u32>,
    /// Orders with its token or reference of payment within the window, this one among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_orders: Option<u32>,
    /// Orders to its address within the window, this one among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_orders: Option<u32>,
    /// No earlier order of this e-mail address is remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_order: Option<bool>,
    /// It is billed to another country than it ships to; `None` when one of the two is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_mismatch: Option<bool>,
    /// What the address that it ships to looks like.
    #[serde(default)]
    pub address: AddressCheck,
}

impl Features {
    /// The features of an order.
    pub fn of(submission: &Submission, sightings: &Sightings) -> Self {
        let private = &submission.private;
        let country = |address: Option<&crate::canonical::Address>| {
            address.and_then(|address| address.country.clone())
        };
        let ships_to = country(private.ship_to.as_ref()).or(submission.draft.destination.clone());
        let billed_to = country(private.bill_to.as_ref());
        let seen = |kind| match sightings {
            Sightings::Read(seen) => seen.iter().find(|one: &&Sighting| one.kind == kind),
            Sightings::NotNeeded | Sightings::Unread => None,
        };
        let orders = |kind| seen(kind).map(|one| one.recent.saturating_add(1));
        Self {
            amount: submission.draft.stated_total,
            counts: match sightings {
                Sightings::NotNeeded => Counts::NotNeeded,
                Sightings::Unread => Counts::Unread,
                Sightings::Read(_) => Counts::Read,
            },
            email_orders: orders(MarkKind::Email),
            payment_orders: orders(MarkKind::Payment),
            address_orders: orders(MarkKind::Address),
            first_order: seen(MarkKind::Email).map(|one| !one.before),
            country_mismatch: billed_to.zip(ships_to).map(|(bill, ship)| bill != ship),
            address: private
                .ship_to
                .as_ref()
                .filter(|to| to.names_a_place())
                .map_or(AddressCheck::Absent, AddressCheck::of),
        }
    }

    /// Of an order about which nothing but its amount could be found out.
    pub const fn unknown(amount: Money) -> Self {
        Self {
            amount,
            counts: Counts::Unread,
            email_orders: None,
            payment_orders: None,
            address_orders: None,
            first_order: None,
            country_mismatch: None,
            address: AddressCheck::NotChecked,
        }
    }
}

/// The rules that can speak against an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Many orders under one e-mail address.
    EmailVelocity,
    /// Many orders with one token or reference of payment.
    PaymentVelocity,
    /// Many orders to one address.
    AddressVelocity,
    /// A large amount.
    Amount,
    /// Billed to another country than it ships to.
    CountryMismatch,
    /// No earlier order of the buyer is remembered.
    FirstOrder,
    /// The address cannot be right.
    ImplausibleAddress,
}

impl Rule {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::EmailVelocity => "email_velocity",
            Self::PaymentVelocity => "payment_velocity",
            Self::AddressVelocity => "address_velocity",
            Self::Amount => "amount",
            Self::CountryMismatch => "country_mismatch",
            Self::FirstOrder => "first_order",
            Self::ImplausibleAddress => "implausible_address",
        }
    }
}

/// Why a score is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreeningReason {
    /// The rule.
    pub rule: Rule,
    /// What it added.
    pub points: u32,
}

/// What could not be found out about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Orders could not be counted.
    Counts,
    /// The address could not be checked.
    Address,
}

impl Missing {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::Address => "address",
        }
    }
}

/// What came of screening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Go on.
    Pass,
    /// A person has to look.
    Review,
    /// It is refused at once.
    Refuse,
}

/// What the features of an order mean under the rules in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What becomes of it.
    pub verdict: Verdict,
    /// The points of all reasons.
    pub score: u32,
    /// Every rule that spoke against it.
    pub reasons: Vec<ScreeningReason>,
    /// What could not be found out, of what the rules ask for.
    pub degraded: Vec<Missing>,
}

/// Judges an order. The score never falls when a feature grows worse.
pub fn judge(features: &Features, rules: &ScreeningPolicy) -> Judgement {
    let once = |is: bool, weight: u32| if is { weight } else { 0 };
    let points = [
        (
            Rule::EmailVelocity,
            velocity(features.email_orders, rules.email),
        ),
        (
            Rule::PaymentVelocity,
            velocity(features.payment_orders, rules.payment),
        ),
        (
            Rule::AddressVelocity,
            velocity(features.address_orders, rules.address),
        ),
        (Rule::Amount, large(features.amount, rules)),
        (
            Rule::CountryMismatch,
            once(
                features.country_mismatch == Some(true),
                rules.country_mismatch_weight,
            ),
        ),
        (
            Rule::FirstOrder,
            once(features.first_order == Some(true), rules.first_order_weight),
        ),
        (
            Rule::ImplausibleAddress,
            once(
                features.address.is_implausible(),
                rules.implausible_address_weight,
            ),
        ),
    ];
    let reasons: Vec<ScreeningReason> = points
        .into_iter()
        .filter(|(_, points)| *points > 0)
        .map(|(rule, points)| ScreeningReason { rule, points })
        .collect();
    let score = reasons
        .iter()
        .fold(0_u32, |sum, reason| sum.saturating_add(reason.points));
    let mut degraded = Vec::new();
    if features.counts == Counts::Unread && rules.counts_orders() {
        degraded.push(Missing::Counts);
    }
    if features.address == AddressCheck::NotChecked && rules.implausible_address_weight > 0 {
        degraded.push(Missing::Address);
    }
    let to_look = !degraded.is_empty() && rules.when_degraded == WhenDegraded::Review;
    let verdict = if rules.refuse_at.is_some_and(|least| score >= least) {
        Verdict::Refuse
    } else if score >= rules.review_at || to_look {
        Verdict::Review
    } else {
        Verdict::Pass
    };
    Judgement {
        verdict,
        score,
        reasons,
        degraded,
    }
}

/// The rule's weight once for each time that the threshold is reached, within bounds.
fn velocity(orders: Option<u32>, rule: CountRule) -> u32 {
    let steps = orders.unwrap_or_default() / rule.from.max(1);
    rule.weight.saturating_mul(steps.min(STEPS_MOST))
}

fn large(amount: Money, rules: &ScreeningPolicy) -> u32 {
    let threshold = rules.amount_from.get(amount.currency().code());
    let Some(threshold) = threshold.filter(|least| **least > Decimal::ZERO) else {
        return 0;
    };
    // More than can be told counts as the most.
    let times = amount.amount().checked_div(*threshold);
    let times = times.unwrap_or(Decimal::MAX).floor();
    let steps = times.min(STEPS_MOST.into()).to_u32().unwrap_or_default();
    rules.amount_weight.saturating_mul(steps)
}

/// An order that a person has to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Its score.
    pub score: u32,
    /// Every rule that spoke against it.
    pub reasons: Vec<ScreeningReason>,
    /// What could not be found out.
    pub degraded: Vec<Missing>,
    /// Until when somebody has to have looked.
    pub until: Timestamp,
}

/// What a person, or the lack of one, decided about an order in review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewDecision {
    /// It goes on.
    Approved,
    /// It is refused.
    Rejected,
}

impl ReviewDecision {
    /// The word for it, a participle.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}
