//! The state of an order's money: its tenders. Which tender pays what is computed in `paying.rs`, what
//! evidence means in `tender.rs`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::dispute::Dispute;
use super::movements::Movements;
use crate::canonical::{CaptureMode, Terms};
use crate::ids::Slug;
use crate::money::Money;
use crate::order::event::RenewalReason;
use crate::settlement::{self, PayoutLine};

/// A way of paying, with the evidence about it. Evidence merges in any order: the status is
/// computed from it.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tender {
    /// The share of the total that it pays.
    pub amount: Money,
    /// On which terms.
    pub terms: Terms,
    /// The gateway's reference of the payment.
    pub reference: Option<String>,
    /// The buyer has to act.
    pub action_required: bool,
    /// What is authorised; the largest amount reported.
    pub authorized: Option<Money>,
    /// When the authorisation lapses.
    pub expires_at: Option<Timestamp>,
    /// The gateway's code of the refusal.
    pub declined: Option<String>,
    /// The authorisation was released.
    pub voided: bool,
    /// Everything captured of it once the last capture that was asked for is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture_asked: Option<Money>,
    /// The gateway's code of the last refused capture.
    pub capture_failed: Option<String>,
    /// Captures that were refused one after the other.
    #[serde(default)]
    pub captures_failed: u16,
    /// When the last one was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture_failed_at: Option<Timestamp>,
    /// When the gateway first answered to being asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// The time of its authorisation was over before all was taken.
    #[serde(default)]
    pub lapsed: bool,
    /// The tender whose authorisation this one renews.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews: Option<u16>,
    /// Why it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<RenewalReason>,
    /// The tender that pays in its place by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<u16>,
    /// The edit whose lines it pays for; none for what the order came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<u16>,
    /// The tender whose means of payment it uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub means: Option<u16>,
    /// Its edit is not part of the order: it pays for nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pending: bool,
    /// How often a person has asked for one more renewal of it.
    #[serde(default)]
    pub renewals_asked: u16,
    /// Money taken.
    pub captured: Movements,
    /// Money given back.
    pub refunded: Movements,
    /// What a person granted, paid back already or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<Money>,
    /// What should have come from it and came from other tenders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Money>,
    /// Of what was granted: what it gives in place of others, which could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_others: Option<Money>,
    /// What should have come from it and the buyer got as credit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credited: Option<Money>,
    /// What was granted and the buyer got by winning a dispute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub netted: Option<Money>,
    /// The gateway's code of the last refused refund.
    pub refund_failed: Option<String>,
    /// Since when more is reported refunded than captured; a report may still be missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdrawn_since: Option<Timestamp>,
    /// Disputes by the gateway's reference.
    pub disputes: BTreeMap<String, Dispute>,
    /// Lines of payout files about it, by their payer's id, and what came of each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settled: BTreeMap<String, (PayoutLine, settlement::Verdict)>,
    /// What people decided about lines that do not fit, by their payer's id, and how much of what was
    /// taken that settles.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub decided: BTreeMap<String, (settlement::LineDecision, Option<Money>)>,
}

/// Credit that a buyer has instead of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreCredit {
    /// What it is known by.
    pub reference: String,
    /// How much.
    pub amount: Money,
    /// Since when.
    pub issued_at: Timestamp,
}

impl Tender {
    /// How often its authorisation can be captured.
    pub const fn capture_mode(&self) -> CaptureMode {
        match &self.terms {
            Terms::Authorized { capture, .. } | Terms::ToAuthorize { capture, .. } => *capture,
            _ => CaptureMode::Many,
        }
    }

    /// The connection that can move its money.
    pub const fn gateway(&self) -> Option<&Slug> {
        match &self.terms {
            Terms::ToAuthorize { gateway, .. } => Some(gateway),
            Terms::Authorized { gateway, .. } => gateway.as_ref(),
            _ => None,
        }
    }
}
