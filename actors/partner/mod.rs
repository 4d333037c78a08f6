//! Partner desks: one actor per configured gateway, carrier, warehouse or sales channel account. It carries out
//! orders' effects through the account's connector and reports what came of them.
//!
//! Calls run beside the desk, a bounded number at once, never inside an order's handler. The desk
//! owns the account's breaker. It keeps nothing: what is not answered stands open in the order's
//! log and comes back. An effect is at the desk at most once.

mod breaker;
mod carrier;
mod channel;
mod desk;
mod payment;
mod repeat;
#[cfg(test)]
mod tests;
mod warehouse;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_channels::carriers::Goods;
use orderhub_channels::port::CallError;
use orderhub_channels::warehouses::FulfilmentCall;
use orderhub_domain::ids::{EffectId, FulfilmentId, LocationCode, OrderId, ParcelId};
use orderhub_domain::money::Money;
use orderhub_domain::order::Fact;
use std::time::Duration;

pub(crate) use breaker::Breaker;
pub(crate) use carrier::CarrierCaller;
pub(crate) use channel::{ChannelCaller, ChannelNotice, News};
pub(crate) use desk::{Desk, DeskArgs, DeskMsg};
pub(crate) use payment::PaymentCaller;
pub(crate) use warehouse::WarehouseCaller;

/// Kinds of partners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    Payments,
    Carriers,
    Warehouses,
    Sales,
}

impl Family {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Payments => "payments",
            Self::Carriers => "carriers",
            Self::Warehouses => "warehouses",
            Self::Sales => "sales",
        }
    }
}

/// An effect on its way to a partner.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) order: OrderId,
    pub(crate) effect: EffectId,
    pub(crate) ask: Ask,
    /// When the effect was opened: the age of its idempotency key.
    pub(crate) opened_at: Timestamp,
    /// An earlier try may have been carried out.
    pub(crate) perhaps_done: bool,
}

/// What a partner is asked.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    Authorize {
        tender: u16,
        amount: Money,
        token: String,
        /// The gateway's reference of the payment that is renewed.
        renews: Option<String>,
    },
    Capture {
        tender: u16,
        amount: Money,
        reference: Option<String>,
        last: bool,
        /// Captured before this, as the order knows it.
        before: Money,
    },
    Void {
        tender: u16,
        amount: Money,
        reference: Option<String>,
    },
    Refund {
        tender: u16,
        amount: Money,
        reference: Option<String>,
        /// Refunded before this, as the order knows it.
        before: Money,
    },
    Fulfil(FulfilmentCall),
    StopFulfilling(FulfilmentId, LocationCode),
    Notify(ChannelNotice),
    BuyLabel {
        parcel: ParcelId,
        location: LocationCode,
        destination: Option<String>,
        /// The store that it goes to, when that is not the buyer.
        store: Option<LocationCode>,
        /// What is in it.
        goods: Goods,
        /// The order's address was changed.
        readdressed: bool,
    },
    VoidLabel {
        parcel: ParcelId,
        reference: String,
    },
}

/// What came of a try.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Evidence: what the partner says is so.
    Evidence(Vec<Fact>),
    /// No evidence; the effect is tried again.
    Failed(Failed),
}

/// A try without evidence.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) reason: String,
    /// What the partner asked for.
    pub(crate) retry_after: Option<Duration>,
    /// It, or a try before it, may have been carried out.
    pub(crate) perhaps_done: bool,
    /// Nothing is wrong with the partner: no reason to leave it alone.
    pub(crate) well: bool,
}

impl Outcome {
    /// A call that failed for certain says nothing about the tries before it.
    fn failed(error: CallError, in_doubt: bool) -> Self {
        Self::Failed(match error {
            CallError::NotDone {
                reason,
                retry_after,
                well,
            } => Failed {
                reason,
                retry_after: retry_after.filter(|_| !in_doubt),
                perhaps_done: in_doubt,
                well,
            },
            CallError::Unknown { reason, well } => Failed {
                reason,
                retry_after: None,
                perhaps_done: true,
                well,
            },
        })
    }

    /// No partner was called.
    fn not_called(reason: impl Into<String>, in_doubt: bool) -> Self {
        Self::failed(CallError::not_now(reason), in_doubt)
    }
}

/// Makes one account's calls.
#[async_trait]
pub(crate) trait Caller: Send + Sync {
    /// Tries once. `now` is the database's time.
    async fn call(&self, job: &Job, now: Timestamp) -> Outcome;

    /// How long a try may take; the effect's lease is 15 s longer.
    fn time_out(&self) -> Duration;
}
