//! What a retailer may decide about money: when it is taken, when it is asked for again, and which
//! way it goes back.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::ids::Slug;

/// The rules about money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentPolicy {
    /// When an authorisation that can be captured only once is captured.
    pub once_capture: OnceCapture,
    /// How long before an authorisation ends what has not shipped is authorised anew.
    pub reauthorize_before: SignedDuration,
    /// How often in a row a tender is renewed before a person has to want it.
    pub renewals_most: u16,
    /// How long to wait after each refusal that may pass by itself; after the last one it counts as
    /// final.
    pub decline_retries: Vec<SignedDuration>,
    /// How long a buyer may take to confirm a payment, within the life of the reservation.
    pub action_time: Option<SignedDuration>,
    /// Which way refunds go. Tenders that are not named come after those that are.
    pub refund_order: Vec<RefundWay>,
    /// How long a refund that nobody would take waits for a person before it is tried once more.
    pub refund_sla: SignedDuration,
    /// How long an order that had expired looks for stock when its money comes after all.
    pub reopen_within: SignedDuration,
    /// How long after it was taken money is named by a payout at the latest. No order acts on it; what
    /// is named by none after that is counted for people.
    pub payout_within: SignedDuration,
}

/// When an authorisation that can be captured only once is captured, if an order ships in parts. At
/// the latest [`PaymentPolicy::reauthorize_before`] its end, if anything has shipped by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnceCapture {
    /// With the last shipment, for all of them.
    AtLastShipment,
    /// Everything with the first shipment; what never ships goes back.
    AtFirstShipment,
    /// With each shipment; the rest is authorised anew before it is released.
    ReauthorizeRest,
}

impl OnceCapture {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AtLastShipment => "at_last_shipment",
            Self::AtFirstShipment => "at_first_shipment",
            Self::ReauthorizeRest => "reauthorize_rest",
        }
    }
}

/// A way for a refund to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundWay {
    /// The tenders of this gateway connection.
    Gateway(Slug),
    /// Credit, for what no tender takes.
    StoreCredit,
}

impl Default for PaymentPolicy {
    fn default() -> Self {
        Self {
            once_capture: OnceCapture::AtLastShipment,
            reauthorize_before: SignedDuration::from_hours(24),
            renewals_most: 4,
            decline_retries: vec![
                SignedDuration::from_mins(15),
                SignedDuration::from_hours(2),
                SignedDuration::from_hours(12),
            ],
            action_time: None,
            // Nobody gets credit for money without having been asked, unless the retailer says so.
            refund_order: Vec::new(),
            refund_sla: SignedDuration::from_hours(72),
            reopen_within: SignedDuration::from_secs(30),
            payout_within: SignedDuration::from_hours(14 * 24),
        }
    }
}

impl PaymentPolicy {
    /// Whether what no tender takes back becomes credit.
    pub fn gives_credit(&self) -> bool {
        self.refund_order.contains(&RefundWay::StoreCredit)
    }

    /// The place of a gateway among the ways of refunds.
    pub fn refund_place(&self, gateway: Option<&Slug>) -> usize {
        let named = |way: &RefundWay| match way {
            RefundWay::Gateway(slug) => Some(slug) == gateway,
            RefundWay::StoreCredit => false,
        };
        let place = self.refund_order.iter().position(named);
        place.unwrap_or(self.refund_order.len())
    }

    /// When to try again after so many refusals in a row, that may pass by themselves.
    pub fn retry_after_decline(&self, refusals: u16) -> Option<SignedDuration> {
        let index = usize::from(refusals).checked_sub(1)?;
        self.decline_retries.get(index).copied()
    }
}
