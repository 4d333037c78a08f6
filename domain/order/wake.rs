//! When an order wants attention: the one number that timers, retries, crash recovery and waking
//! from sleep all come from. Every wait has a name here, its end, and what happens then by itself.

use jiff::{SignedDuration, Timestamp};

use super::{
    Edge, Fulfilment, FulfilmentStage, Order, REASON_PAYMENT_MISMATCH, ReservationState, Stage,
    waits_for_stock,
};
use crate::policy::Policy;

/// Something that an order waits for, for a limited time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wait {
    /// The next try of an effect.
    Retry,
    /// The end of a hold that was placed for a time.
    Hold,
    /// The report that is missing where more is said to be refunded than captured.
    MissingReport,
    /// Units that other orders hold softly.
    Contention,
    /// Supply that an order stands in line for.
    Supply,
    /// A person who looks at an order in review.
    Review,
    /// The gateway's or the buyer's answer, while stock is held softly.
    Payment,
    /// A location's answer to a request.
    Acceptance,
    /// A parcel that has to be seen.
    Parcel,
    /// Units that the buyer announced to send back.
    Return,
    /// What is to pay for units that went out in advance.
    ClawBack,
    /// The end of an authorisation that still has to pay for something.
    Authorization,
    /// The next try of a capture or a renewal that was refused in a way that may pass.
    PaymentRetry,
    /// Stock for an order whose money came after it had expired.
    LatePayment,
    /// The retailer's answer to a dispute.
    Dispute,
    /// The time before which work is not asked for.
    Schedule,
    /// The buyer, who comes for what is ready.
    Pickup,
    /// The units and the money of an edit.
    Edit,
    /// Returns and reports that may still come after the delivery.
    AutoClose,
    /// A call whose tries fail.
    Stuck,
}

impl Wait {
    /// Every wait.
    pub const ALL: [Self; 20] = [
        Self::Retry,
        Self::Hold,
        Self::MissingReport,
        Self::Contention,
        Self::Supply,
        Self::Review,
        Self::Payment,
        Self::Acceptance,
        Self::Parcel,
        Self::Authorization,
        Self::Dispute,
        Self::LatePayment,
        Self::PaymentRetry,
        Self::Return,
        Self::ClawBack,
        Self::Schedule,
        Self::Pickup,
        Self::Edit,
        Self::AutoClose,
        Self::Stuck,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Hold => "hold",
            Self::MissingReport => "missing_report",
            Self::Contention => "contention",
            Self::Supply => "supply",
            Self::Review => "review",
            Self::Payment => "payment",
            Self::Acceptance => "acceptance",
            Self::Parcel => "parcel",
            Self::Return => "return",
            Self::ClawBack => "claw_back",
            Self::Authorization => "authorization",
            Self::PaymentRetry => "payment_retry",
            Self::LatePayment => "late_payment",
            Self::Dispute => "dispute",
            Self::Schedule => "schedule",
            Self::Pickup => "pickup",
            Self::Edit => "edit",
            Self::AutoClose => "auto_close",
            Self::Stuck => "stuck",
        }
    }

    /// What happens when its time is over and nobody came: the end of a sentence that begins with
    /// "then".
    pub const fn exit(self) -> &'static str {
        match self {
            Self::Retry => "the call is made again",
            Self::Hold => "the hold ends, and the order goes on or is cancelled as was said",
            Self::MissingReport => "the order is held for a person, because its sums do not fit",
            Self::Contention => {
                "the order is refused as out of stock, or held if it stands already"
            }
            Self::Supply => "the order is refused, or gives up what it lacks if it stands already",
            Self::Review => "the policy's default decides",
            Self::Payment => "the order expires and its stock is free",
            Self::Acceptance => "another location is asked",
            Self::Parcel => "the parcel counts as overdue",
            Self::Return => "what did not come back is not waited for any more",
            Self::ClawBack => "the buyer is charged for what went out in advance",
            Self::Authorization => "what has shipped is captured and the rest is authorised anew",
            Self::PaymentRetry => "the gateway is asked again",
            Self::LatePayment => "the order expires again and the money goes back",
            Self::Dispute => "the dispute counts as not answered",
            Self::Schedule => "the location is asked",
            Self::Pickup => "what was ready is sold to others and paid back",
            Self::Edit => "the edit is refused and the order is as before",
            Self::AutoClose => "the order is closed",
            Self::Stuck => "the order is said to be stuck",
        }
    }

    /// When its time is over, if the order waits for it.
    pub fn until(self, order: &Order, policy: &Policy) -> Option<Timestamp> {
        let going_on = order.ending.is_none();
        match self {
            Self::Retry => order.outstanding.values().map(|o| o.next_try_at).min(),
            Self::Hold => order.holds.iter().filter_map(|hold| hold.until).min(),
            Self::MissingReport => {
                let held = order.is_held_for(REASON_PAYMENT_MISMATCH);
                let since = order.tenders.iter().filter_map(|t| t.overdrawn_since).min();
                since
                    .filter(|_| !held)
                    .and_then(|since| after(since, policy.mismatch_patience))
            }
            Self::Contention => {
                let waits = order.outstanding.is_empty() && !waits_for_stock(order).is_empty();
                waits.then(|| after(order.stage_since, policy.contention_wait))?
            }
            Self::Supply => {
                let waiting = order.reservations.values();
                let waiting = waiting.filter(|hold| hold.state == ReservationState::Waiting);
                let first = waiting.map(|hold| hold.expires_at).min();
                // Who stands already leaves the line only when others may be asked.
                let asks = order.stage == Stage::Reserving
                    || order.blocking(Edge::Reserve, None).is_none();
                first.filter(|_| going_on && asks)
            }
            Self::Review => order.review_until(),
            Self::Payment => {
                let waits = order.stage == Stage::Authorizing && !order.is_money_secured();
                let lapse = || after(order.stage_since, policy.reservation_ttl);
                let until = (going_on && waits).then(|| order.soft_until().or_else(lapse))?;
                let abandoned = order.abandoned_at(policy);
                until.into_iter().chain(abandoned).min()
            }
            Self::Authorization => order.authorizations_end(policy),
            Self::PaymentRetry => order.payment_retry_at(policy),
            Self::LatePayment => order.revival_until(policy).filter(|_| going_on),
            Self::Dispute => {
                let disputes = order.undecided_disputes();
                let open = disputes.filter(|(_, _, dispute)| dispute.is_open());
                open.filter_map(|(_, _, dispute)| dispute.due).min()
            }
            Self::Acceptance => {
                let standing = matches!(order.stage, Stage::Confirmed | Stage::Fulfilling);
                let asked = order
                    .fulfilments
                    .iter()
                    .filter(|f| f.stage == FulfilmentStage::Requested);
                let first = asked
                    .map(|f| f.since)
                    .min()
                    .filter(|_| going_on && standing);
                first.and_then(|since| after(since, policy.acceptance_time))
            }
            Self::Parcel => {
                let expected = order.parcels();
                expected
                    .filter_map(|(work, parcel)| order.parcel_expected(work, parcel, policy))
                    .min()
            }
            Self::Return => {
                let returns = order.returns.iter();
                returns.filter_map(|back| back.awaited_until(policy)).min()
            }
            Self::ClawBack => {
                let exchanges = order.exchanges.iter();
                exchanges
                    .filter_map(|one| order.claw_back_at(one, policy))
                    .min()
            }
            Self::AutoClose => {
                let rests =
                    order.stage == Stage::Completed && order.unfinished_business().is_none();
                (going_on && rests).then(|| after(order.stage_since, policy.auto_close))?
            }
            Self::Stuck => order.stuck_at(policy),
            Self::Edit => order.edit_until(policy).filter(|_| going_on),
            Self::Schedule => {
                let standing = matches!(order.stage, Stage::Confirmed | Stage::Fulfilling);
                let works = order.fulfilments.iter();
                let put_off = works.filter(|f| f.stage == FulfilmentStage::Scheduled);
                // What a hold keeps back waits for the hold.
                let free =
                    |f: &&Fulfilment| order.blocking(Edge::Release, Some(f.number)).is_none();
                let put_off = put_off.filter(free);
                let first = put_off.filter_map(|f| f.not_before).min();
                first.filter(|_| going_on && standing)
            }
            Self::Pickup => {
                let standing = matches!(order.stage, Stage::Confirmed | Stage::Fulfilling);
                let works = order.fulfilments.iter();
                let first = works.filter_map(|work| order.ready_since(work)).min();
                let first = first.filter(|_| going_on && standing);
                first.and_then(|since| after(since, policy.pickup_time))
            }
        }
    }
}

fn after(since: Timestamp, wait: SignedDuration) -> Option<Timestamp> {
    since.saturating_add(wait).ok()
}

/// The wait of an order that ends first, and when; `None` when it waits for nothing but news.
pub fn next_wait(order: &Order, policy: &Policy) -> Option<(Wait, Timestamp)> {
    if order.is_past() {
        return None;
    }
    let waits = Wait::ALL.into_iter();
    let timed = waits.filter_map(|wait| Some((wait, wait.until(order, policy)?)));
    timed.min_by_key(|(_, at)| *at)
}

/// When the order wants attention at the latest; `None` when it waits for nothing but news.
pub fn wake_at(order: &Order, policy: &Policy) -> Option<Timestamp> {
    next_wait(order, policy).map(|(_, at)| at)
}
