//! The port: what a connector gets and what it must answer. No connector is named here, and
//! nothing here has an insecure default: a connector that does not verify does not compile.
//!
//! A connector is two halves. The inbound half is [`Connector`], the same for every family, and pure:
//! `verify` the raw bytes, then `read` them into [`Inbound`] values; what only names a thing is looked
//! up ([`LookUp`]), who does not push is asked ([`Poll`], [`Follow`]), and who pushes of what it was told
//! is told ([`Enlist`]). The outbound half is its family's trait:
//! it makes the calls and says how each may be repeated.

mod asking;
mod parcels;

use std::collections::BTreeMap;
use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use orderhub_domain::canonical::{Address, Submission};
use orderhub_domain::ids::{FulfilmentId, LocationCode};
use orderhub_domain::order::{
    ChannelFact, DeliveryProof, FulfilmentEvidence, LabelEvidence, NoticeEvidence, PaymentEvidence,
    Restatement, Scan, WorkSaid,
};
use orderhub_domain::quantity::Quantity;

pub use asking::{Checkup, Keys, LookUp, Page, Poll, Resource, Statement};
pub use parcels::{Enlist, Enlisted, Follow, Pace, UnderWay};

/// The inbound half of a connection, whatever its family.
pub trait Connector: Send + Sync {
    /// Whether the bytes are really from the vendor. Called before anything is parsed.
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged>;

    /// What they say. Pure; called only after `verify`.
    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound>;

    /// Whether the connection is live; what is marked as test is then recorded and changes nothing.
    fn is_live(&self) -> bool;

    /// The body that the vendor wants to read when its webhook was taken; the hub's own when `None`.
    fn thanks(&self) -> Option<&'static str> {
        None
    }

    /// The answer to a vendor that asks, before it sends anything, whether the address is ours. `None`
    /// when this vendor does not ask, or asks wrongly.
    fn greet(&self, query: &[(String, String)]) -> Option<Greeting> {
        let _ = query;
        None
    }

    /// How the keys are fetched that webhooks are signed with. Whoever says [`Forged::KeyUnknown`] has it.
    fn keys(&self) -> Option<&dyn Keys> {
        None
    }

    /// How things are looked up that webhooks only name.
    fn look_up(&self) -> Option<&dyn LookUp> {
        None
    }

    /// How the vendor is asked what is new.
    fn poll(&self) -> Option<&dyn Poll> {
        None
    }

    /// How a carrier is asked for the parcels that are under way.
    fn follow(&self) -> Option<&dyn Follow> {
        None
    }

    /// How who follows parcels of many carriers is told which ones are under way. `None` where nobody wants
    /// that.
    fn enlist(&self) -> Option<&dyn Enlist> {
        None
    }

    /// How somebody sees, before the hub starts, whether the vendor's side has what the connection needs.
    fn checkup(&self) -> Option<&dyn Checkup> {
        None
    }
}

/// What a vendor is answered that asks whether the address is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Greeting {
    /// Plain text.
    Text(String),
    /// A document of JSON.
    Json(String),
}

/// A webhook as it arrived: nothing parsed, nothing trusted.
#[derive(Debug, Clone, Copy)]
pub struct RawRequest<'a> {
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The body's bytes as received: signatures are over these and no others.
    pub body: &'a [u8],
    /// The URL as registered with the vendor; some schemes sign it.
    pub url: &'a str,
    /// When it arrived.
    pub received_at: Timestamp,
}

impl RawRequest<'_> {
    /// A header's value as text; `None` when absent or not ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Why a webhook is not believed. All reasons get the same answer, but for a key that has to be fetched
/// first; the reason is for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// The signature's header is not there.
    #[error("the signature is missing")]
    Missing,
    /// The signature is not one of ours.
    #[error("the signature does not match")]
    Mismatch,
    /// The signature is right, but older or newer than the scheme allows.
    #[error("the signed time is outside the window")]
    Stale,
    /// It may be right: the key that it names has to be fetched first ([`Connector::keys`]).
    #[error("the key of the signature is not known here yet")]
    KeyUnknown,
}

/// What a verified webhook says. One webhook may say several things; one bad item loses nothing
/// else. One whose topic is known and asks nothing of the hub is read to no item at all: it is
/// answered and not parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// The state of an order at a sales channel: placed if it is new, compared if it is known.
    Order(Box<InboundOrder>),
    /// Something about an order of a sales channel, without a state of all of it.
    Said {
        /// The channel's id of the order.
        order: String,
        /// What.
        facts: Vec<ChannelFact>,
    },
    /// Money moved, or did not.
    Payment {
        /// How the gateway names the payment.
        reference: String,
        /// The order the gateway was told about, as text of our order id, if it says so.
        order: Option<String>,
        /// When it happened there.
        occurred_at: Option<Timestamp>,
        /// Test data: counts on a test connection only.
        test: bool,
        /// What is known.
        evidence: PaymentEvidence,
    },
    /// A parcel was seen.
    Scans {
        /// The carrier's tracking number.
        tracking_number: String,
        /// The carrier that moves it, from a connection that follows parcels of many carriers, whoever sold
        /// their labels. None where the number is of the connection's own.
        carrier: Option<String>,
        /// Test data: counts on a test connection only.
        test: bool,
        /// The sightings.
        scans: Vec<Scan>,
        /// What the carrier can show for its delivery.
        proof: Option<DeliveryProof>,
    },
    /// A location has worked, or will not.
    Work {
        /// On what.
        fulfilment: FulfilmentId,
        /// Where.
        location: LocationCode,
        /// When it happened there.
        occurred_at: Option<Timestamp>,
        /// What happened.
        said: WorkSaid,
    },
    /// Something has changed there; what it is now has to be looked up.
    Changed(Resource),
    /// Verified and well-formed, but nothing that the hub acts on: kept with the reason.
    Unknown {
        /// What it was: a topic, an event type, an unknown status.
        topic: String,
    },
    /// Verified, but it cannot be read as what it claims to be: parked with the reason.
    Unreadable {
        /// What is wrong.
        reason: String,
    },
}

/// An order as a sales channel states it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundOrder {
    /// The order.
    pub submission: Submission,
    /// Hexadecimal SHA-256 of the canonical value of the body.
    pub body_hash: String,
    /// What this state means for an order that is known already.
    pub facts: Vec<ChannelFact>,
    /// Units per line that are still wanted or were sent, where the order's own quantities count others:
    /// those that a shop took out or gave money back for.
    pub wanted: BTreeMap<String, Quantity>,
}

impl InboundOrder {
    /// What this state says of an order that is new, beside what it is placed with.
    pub fn besides(&self) -> Vec<ChannelFact> {
        let beside = self.facts.iter().filter(|fact| !fact.is_in_the_order());
        beside.cloned().collect()
    }

    /// What this state says of an order that is known already. A state without a time of its change cannot
    /// be told from an older one: of it only the facts count. The statement comes first: an order that is
    /// released by being paid goes where that says.
    pub fn news(&self) -> Vec<ChannelFact> {
        let paid = |fact: &ChannelFact| matches!(fact, ChannelFact::Paid { .. });
        let mut news = Vec::new();
        if self.submission.draft.changed_at.is_some() {
            news.push(ChannelFact::Restated(Box::new(Restatement {
                draft: self.submission.draft.clone(),
                wanted: self.wanted.clone(),
                // A state that hides the buyer says no other address.
                ship_to: self
                    .submission
                    .private
                    .ship_to
                    .clone()
                    .filter(Address::names_a_place),
                paid: self.facts.iter().any(paid),
            })));
        }
        news.extend(self.facts.iter().cloned());
        news
    }
}

/// How a call may be repeated when its outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Under the same key it is carried out once, within this time; a repeat counts as the query.
    Keyed {
        /// How long the partner remembers the key.
        valid_for: Duration,
    },
    /// It can be repeated at will: the second time changes nothing.
    Natural,
    /// It must be looked up first; only a firm "not there" allows a repeat.
    QueryFirst,
}

/// Why a call has no evidence to give. A refusal by the partner *is* evidence and never an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// It was certainly not carried out; try again later.
    #[error("{reason}")]
    NotDone {
        /// One sentence, without payload or personal data.
        reason: String,
        /// What the partner asked for (`Retry-After`).
        retry_after: Option<Duration>,
        /// The partner works and says no to this one ask: no reason to leave it alone.
        well: bool,
    },
    /// It may have been carried out.
    #[error("{reason}")]
    Unknown {
        /// One sentence, without payload or personal data.
        reason: String,
        /// The partner works and has taken it on; what becomes of it, it tells later.
        well: bool,
    },
}

impl CallError {
    /// Certainly not carried out: the partner cannot be reached, or does not work.
    pub fn not_done(reason: impl Into<String>) -> Self {
        Self::NotDone {
            reason: reason.into(),
            retry_after: None,
            well: false,
        }
    }

    /// Certainly not carried out, by a partner that works.
    pub fn not_now(reason: impl Into<String>) -> Self {
        Self::NotDone {
            reason: reason.into(),
            retry_after: None,
            well: true,
        }
    }

    /// Perhaps carried out.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown {
            reason: reason.into(),
            well: false,
        }
    }

    /// The failure of a call that changes nothing there, such as a question: whatever became of it, nothing was
    /// done.
    #[must_use]
    pub fn of_question(self) -> Self {
        match self {
            Self::Unknown { reason, .. } => Self::not_done(reason),
            not_done @ Self::NotDone { .. } => not_done,
        }
    }

    /// Taken on by a partner that works and tells later what became of it.
    pub fn under_way(reason: impl Into<String>) -> Self {
        Self::Unknown {
            reason: reason.into(),
            well: true,
        }
    }
}

/// What looking something up found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<T> {
    /// It is there.
    There(T),
    /// It is firmly not there.
    Absent,
}

/// The answer of a label purchase or its voiding.
pub type LabelAnswer = Result<LabelEvidence, CallError>;
/// The answer of a gateway call.
pub type PaymentAnswer = Result<PaymentEvidence, CallError>;
/// The answer of a warehouse call.
pub type WorkAnswer = Result<FulfilmentEvidence, CallError>;

/// What a sales channel answers to a notice.
pub type NoticeAnswer = Result<NoticeEvidence, CallError>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_that_failed_has_done_nothing() {
        let lost = CallError::unknown("lost").of_question();
        assert_eq!(lost, CallError::not_done("lost"));
        let busy = CallError::not_now("busy");
        assert_eq!(busy.clone().of_question(), busy);
    }
}
