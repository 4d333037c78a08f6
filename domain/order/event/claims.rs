//! What can happen to a claim, in the past tense.

use serde::{Deserialize, Serialize};

use super::super::claims::{ClaimKind, Resolution};
use super::super::ledger::Posting;
use super::super::packing::{is_only, only};
use super::{LineUnits, Settlement};

/// What can happen to a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum ClaimEvent {
    /// Units did not arrive as they should.
    #[serde(rename = "claim.opened")]
    Opened {
        /// The claim's number.
        number: u16,
        /// The fulfilment whose parcel it is about.
        fulfilment: u16,
        /// The number of the parcel; damaged units may come out of any.
        #[serde(default = "only", skip_serializing_if = "is_only")]
        parcel: u16,
        /// What became of the units. Not `kind`, which is the event's own.
        what: ClaimKind,
        /// The units; none when nobody knows what was in the parcel.
        lines: Vec<LineUnits>,
        /// Why, in a person's words; a parcel opens its claim without.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Somebody, or the policy, said how it ends.
    #[serde(rename = "claim.resolved")]
    Resolved {
        /// The claim's number.
        number: u16,
        /// How.
        resolution: Resolution,
        /// Why: a person's words, `policy`, or `delivered` when the parcel turned up.
        reason: String,
        /// The version of the policy in force.
        policy: u32,
        /// The units, where nobody knew them when it was opened.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lines: Vec<LineUnits>,
    },
    /// The buyer is paid back: what each tender gives. The public kind is that of every grant.
    #[serde(rename = "claim.refund_granted")]
    RefundGranted(Box<Settlement>),
}

impl ClaimEvent {
    /// The public kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "claim.opened",
            Self::Resolved { .. } => "claim.resolved",
            Self::RefundGranted(_) => "payment.refund_granted",
        }
    }

    /// The number of the claim that it is about.
    pub fn number(&self) -> u16 {
        match self {
            Self::Opened { number, .. } | Self::Resolved { number, .. } => *number,
            Self::RefundGranted(settlement) => settlement.number,
        }
    }

    /// What it moves in the order's ledger.
    pub fn postings(&self) -> &[Posting] {
        match self {
            Self::RefundGranted(settlement) => &settlement.postings,
            _ => &[],
        }
    }
}
