//! What the hub decides about money beside what gateways report: authorisations that end and are
//! renewed, refunds that go another way, answers to disputes. What gateways report is
//! `payment.reported` in the parent.

use serde::{Deserialize, Serialize};

use super::Granted;
use crate::money::Money;
use crate::order::fact::PaymentEvidence;
use crate::order::ledger::Posting;
use crate::settlement::LineDecision;

/// What happens to an order's money by a decision of the hub or of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum MoneyEvent {
    /// The time of an authorisation is over: nothing can be taken of it any more.
    #[serde(rename = "payment.authorization_expired")]
    AuthorizationExpired {
        /// The tender's number.
        tender: u16,
    },
    /// What a tender cannot pay any more is to be set aside once more, by a tender of its own.
    #[serde(rename = "payment.reauthorization_requested")]
    ReauthorizationRequested {
        /// The tender whose authorisation ends or is used up.
        tender: u16,
        /// The number of the new tender.
        renewal: u16,
        /// How much it sets aside.
        amount: Money,
        /// Why.
        because: RenewalReason,
    },
    /// A refund cannot go the way it should; other tenders give it.
    #[serde(rename = "payment.refund_rerouted")]
    RefundRerouted {
        /// The tender that should have given it.
        tender: u16,
        /// The gateway's code of the refusal, or `needed_itself`: it gave in place of others before.
        code: String,
        /// What the others give instead.
        to: Vec<Granted>,
    },
    /// A refund that was counted already, by a sum that the gateway told, has a name.
    #[serde(rename = "payment.refund_named")]
    RefundNamed {
        /// The tender's number.
        tender: u16,
        /// What is known.
        payment: PaymentEvidence,
    },
    /// A person decided about a line of a payout file that does not fit; the public kind depends on the
    /// decision.
    #[serde(rename = "payment.payout_line_decided")]
    PayoutLineDecided {
        /// The payer's id of the line.
        line: String,
        /// The tender that it is about, where the order knows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tender: Option<u16>,
        /// What was decided.
        decision: LineDecision,
        /// Why, in a person's words.
        reason: String,
        /// How much of what was taken is settled by that, though no line that fits names it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settles: Option<Money>,
    },
    /// The buyer gets credit instead of money. The retailer's own system redeems the reference.
    #[serde(rename = "payment.store_credit_issued")]
    StoreCreditIssued {
        /// What the credit is known by.
        reference: String,
        /// How much.
        amount: Money,
        /// Which tenders would have given it.
        shares: Vec<Granted>,
        /// What moved in the order's ledger.
        postings: Vec<Posting>,
    },
    /// Somebody answered a dispute, or nobody did in time; the public kind depends on the answer.
    #[serde(rename = "payment.dispute_answered")]
    DisputeAnswered {
        /// The tender's number.
        tender: u16,
        /// The gateway's reference of the dispute.
        dispute: String,
        /// What was answered.
        answer: DisputeAnswer,
        /// Why, in a person's words; nothing when nobody answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// Why an authorisation is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RenewalReason {
    /// It ends soon.
    EndsSoon,
    /// It has ended.
    Expired,
    /// It could be captured once, and was; more has still to ship.
    UsedUp,
    /// The gateway would not capture it.
    CaptureFailed,
    /// The gateway let it go, and a person wants it again.
    Released,
}

impl RenewalReason {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::EndsSoon => "ends_soon",
            Self::Expired => "expired",
            Self::UsedUp => "used_up",
            Self::CaptureFailed => "capture_failed",
            Self::Released => "released",
        }
    }
}

/// What the retailer answered to a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeAnswer {
    /// Nobody answered in time: the gateway decides for the buyer.
    Expired,
    /// The retailer lets the buyer have the money.
    Accepted,
    /// The retailer contradicts.
    Challenged,
}

impl DisputeAnswer {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Accepted => "accepted",
            Self::Challenged => "challenged",
        }
    }
}

impl MoneyEvent {
    /// The public kind.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::AuthorizationExpired { .. } => "payment.authorization_expired",
            Self::ReauthorizationRequested { .. } => "payment.reauthorization_requested",
            Self::RefundRerouted { .. } => "payment.refund_rerouted",
            Self::RefundNamed { .. } => "payment.refund_named",
            Self::PayoutLineDecided { decision, .. } => match decision {
                LineDecision::Resolved => "payment.variance_resolved",
                LineDecision::WrittenOff => "payment.variance_written_off",
            },
            Self::StoreCreditIssued { .. } => "payment.store_credit_issued",
            Self::DisputeAnswered { answer, .. } => match answer {
                DisputeAnswer::Expired => "payment.dispute_expired",
                DisputeAnswer::Accepted => "payment.dispute_accepted",
                DisputeAnswer::Challenged => "payment.dispute_challenged",
            },
        }
    }

    /// What it moves in the order's ledger.
    pub(super) fn postings(&self) -> &[Posting] {
        match self {
            Self::StoreCreditIssued { postings, .. } => postings,
            _ => &[],
        }
    }
}
