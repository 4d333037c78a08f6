//! Policies: what a retailer may decide about how orders are handled, as data.
//!
//! Decisions store the version of the policy they used. Defaults are the hub's recommendation.

mod calendar;
mod claims;
mod payment;
mod returns;
mod screening;
mod sourcing;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::order::ParcelSize;

pub use calendar::{BusinessCalendar, MINUTES_OF_DAY, Opening, due_after};
pub use claims::{ClaimDefault, ClaimPolicy};
pub use payment::{OnceCapture, PaymentPolicy, RefundWay};
pub use returns::{ReturnPayer, ReturnPolicy, ShippingRefund};
pub use screening::{CountRule, ScreeningPolicy, WhenDegraded};
pub use sourcing::{PickupSupply, SourcingPolicy};

/// The rules in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Raised whenever a rule changes; decisions carry it.
    pub version: u32,
    /// How long stock is held softly while payment is under way.
    pub reservation_ttl: SignedDuration,
    /// How often a soft hold is extended while a payment's outcome is unknown.
    pub reservation_extensions: u8,
    /// How long an order waits for units that others hold softly before it is refused. Units come
    /// back when another buyer's payment is declined.
    pub contention_wait: SignedDuration,
    /// What becomes of an order when a part of it cannot be reserved.
    pub when_short: WhenShort,
    /// What becomes of a new order for something that no location has ever had.
    #[serde(default)]
    pub unknown_sku: UnknownSku,
    /// What becomes of an order when the buyer asks the channel for its cancellation.
    #[serde(default)]
    pub cancel_asked: CancelAsked,
    /// How long an order waits for supply, counted from when it came.
    pub backorder_wait: SignedDuration,
    /// How many locations may refuse or reject the same order before a person must look.
    pub sourcing_tries: u16,
    /// How long a location may take to accept a request.
    pub acceptance_time: SignedDuration,
    /// How long sums that do not fit together (more refunded than captured) may wait for the report
    /// that is missing before a person must look.
    pub mismatch_patience: SignedDuration,
    /// How long the tries of a call may fail before the order is said to be stuck. Longer than any wait between
    /// two tries.
    pub stuck_after: SignedDuration,
    /// How long a verified message may wait for its order before it is dead: kept, but only looked
    /// after by people.
    pub parked_patience: SignedDuration,
    /// After delivery, how long until the order is closed.
    pub auto_close: SignedDuration,
    /// Shortest wait before a failed call is tried again; doubles up to `retry_most`.
    pub retry_least: SignedDuration,
    /// Longest wait between tries.
    pub retry_most: SignedDuration,
    /// Weight in grams of a unit whose weight nobody stated.
    pub default_weight_g: u32,
    /// Size of a parcel that nobody measured, where somebody said one.
    pub default_size: Option<ParcelSize>,
    /// What has to be known for customs before a label is bought.
    pub customs: CustomsData,
    /// What counts against a location.
    pub sourcing: SourcingPolicy,
    /// How long a buyer has to collect what is ready.
    pub pickup_time: SignedDuration,
    /// How long an edit of an order that stands may take to get its units and its money.
    pub edit_time: SignedDuration,
    /// What counts against a new order.
    pub screening: ScreeningPolicy,
    /// How long an order waits for a person who reviews it, in working time.
    pub review_sla: SignedDuration,
    /// When people work; round the clock where nobody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_hours: Option<BusinessCalendar>,
    /// What becomes of it when nobody came.
    pub review_default: ReviewDefault,
    /// What may come back, and what is given back for it.
    pub returns: ReturnPolicy,
    /// What becomes of parcels that do not arrive.
    pub claims: ClaimPolicy,
    /// When money is taken, asked for again, and given back.
    pub payment: PaymentPolicy,
}

/// What becomes of an order when a part of it cannot be reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenShort {
    /// Everything goes back, and it is refused.
    Reject,
    /// What is there is held firmly; the rest stands in line for whatever comes.
    Wait,
    /// Nothing is held; what is missing stands in line for supply that was declared. Where there is
    /// not enough of that, it is refused.
    Backorder,
}

impl WhenShort {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Wait => "wait",
            Self::Backorder => "backorder",
        }
    }
}

/// What becomes of a new order for something that no location has ever had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownSku {
    /// It is out of stock like any other.
    #[default]
    Reject,
    /// A person looks at it.
    Hold,
}

impl UnknownSku {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Hold => "hold",
        }
    }
}

/// What becomes of an order when the buyer asks the channel for its cancellation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelAsked {
    /// It is cancelled as far as it has not left and its location stops.
    #[default]
    Grant,
    /// It waits for a person.
    Hold,
}

impl CancelAsked {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Hold => "hold",
        }
    }
}

/// What has to be known of a parcel's contents for customs before its label is bought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomsData {
    /// Nothing: what is known is declared, and the carrier says whether that is enough.
    #[default]
    AsKnown,
    /// All of it: without, no carrier is asked.
    Complete,
}

impl CustomsData {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AsKnown => "as_known",
            Self::Complete => "complete",
        }
    }
}

/// What becomes of an order that nobody reviewed in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewDefault {
    /// It is refused.
    Reject,
    /// It goes on.
    Approve,
}

impl ReviewDefault {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Approve => "approve",
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            version: 1,
            reservation_ttl: SignedDuration::from_mins(15),
            reservation_extensions: 2,
            contention_wait: SignedDuration::from_secs(20),
            when_short: WhenShort::Reject,
            unknown_sku: UnknownSku::default(),
            cancel_asked: CancelAsked::default(),
            backorder_wait: SignedDuration::from_hours(30 * 24),
            sourcing_tries: 5,
            acceptance_time: SignedDuration::from_hours(24),
            mismatch_patience: SignedDuration::from_hours(24),
            stuck_after: SignedDuration::from_mins(2),
            parked_patience: SignedDuration::from_hours(24),
            auto_close: SignedDuration::from_hours(14 * 24),
            retry_least: SignedDuration::from_secs(2),
            retry_most: SignedDuration::from_secs(30),
            default_weight_g: 500,
            default_size: None,
            customs: CustomsData::default(),
            sourcing: SourcingPolicy::default(),
            pickup_time: SignedDuration::from_hours(7 * 24),
            edit_time: SignedDuration::from_mins(15),
            screening: ScreeningPolicy::default(),
            review_sla: SignedDuration::from_hours(24),
            business_hours: None,
            review_default: ReviewDefault::Reject,
            returns: ReturnPolicy::default(),
            claims: ClaimPolicy::default(),
            payment: PaymentPolicy::default(),
        }
    }
}

impl Policy {
    /// The wait before try number `attempt` + 1 (`attempt` counts from 1): doubling, capped. Without
    /// jitter: the shell, which owns the dice, spreads a herd by its own slots.
    pub fn retry_after(&self, attempt: u32) -> SignedDuration {
        let doublings = attempt.saturating_sub(1).min(16);
        let seconds = self
            .retry_least
            .as_secs()
            .max(1)
            .saturating_mul(1 << doublings);
        SignedDuration::from_secs(seconds).min(self.retry_most)
    }
}
