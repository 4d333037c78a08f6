//! What can happen to a return, in the past tense.

use serde::{Deserialize, Serialize};

use super::super::fact::Scan;
use super::super::ledger::Posting;
use super::super::returns::{
    InspectedUnits, ReturnLabel, ReturnReason, ReturnVerdict, UnexpectedItem,
};
use super::{Granted, LineUnits};
use crate::ids::LocationCode;
use crate::money::Money;

/// What can happen to a return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum ReturnEvent {
    /// The buyer wants to send units back, or a parcel came that nobody announced.
    #[serde(rename = "return.requested")]
    Requested {
        /// The return's number.
        number: u16,
        /// What is to come; nothing when it came unannounced.
        announced: Vec<LineUnits>,
        /// Why, in a person's words.
        reason: String,
        /// What the rules say.
        verdict: ReturnVerdict,
    },
    /// It may come back.
    #[serde(rename = "return.approved")]
    Approved {
        /// The return's number.
        number: u16,
        /// Why, in a person's words; the rules approved it without.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The version of the policy in force.
        policy: u32,
    },
    /// It may not come back.
    #[serde(rename = "return.declined")]
    Declined {
        /// The return's number.
        number: u16,
        /// Why, in a person's words; the rules declined it without.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// What the rules had against it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        reasons: Vec<ReturnReason>,
        /// The version of the policy in force.
        policy: u32,
    },
    /// There is a label for the way back.
    #[serde(rename = "return.label_issued")]
    LabelIssued {
        /// The return's number.
        number: u16,
        /// The label.
        label: ReturnLabel,
    },
    /// Its carrier saw it on its way back.
    #[serde(rename = "return.seen")]
    Seen {
        /// The return's number.
        number: u16,
        /// What was seen.
        scan: Scan,
    },
    /// A parcel was opened.
    #[serde(rename = "return.received")]
    Received {
        /// The return's number.
        number: u16,
        /// The parcel's name.
        parcel: String,
        /// Where.
        location: LocationCode,
        /// Units of the order's lines.
        units: Vec<LineUnits>,
        /// Things that the order never had.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unexpected: Vec<UnexpectedItem>,
    },
    /// Units were looked at.
    #[serde(rename = "return.inspected")]
    Inspected {
        /// The return's number.
        number: u16,
        /// What was found.
        units: Vec<InspectedUnits>,
    },
    /// What was announced did not come in time.
    #[serde(rename = "return.no_show")]
    NoShow {
        /// The return's number.
        number: u16,
        /// What did not come.
        missing: Vec<LineUnits>,
    },
    /// Accepted units are paid back for: what each tender gives. The public kind is that of every
    /// grant.
    #[serde(rename = "return.refund_granted")]
    RefundGranted(Box<Settlement>),
    /// What was granted has gone back.
    #[serde(rename = "return.refunded")]
    Refunded {
        /// The return's number.
        number: u16,
        /// How much, in all.
        amount: Money,
    },
    /// Nothing more is expected.
    #[serde(rename = "return.closed")]
    Closed {
        /// The return's number.
        number: u16,
        /// Why: `settled`, or a person's words.
        reason: String,
        /// Nothing of it came: the buyer keeps the units.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cancelled: bool,
    },
}

/// What the buyer gets for accepted units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// The return's number.
    pub number: u16,
    /// The units.
    pub units: Vec<LineUnits>,
    /// What they were sold for.
    pub worth: Money,
    /// What the buyer gets for them, fees taken off.
    pub entitled: Money,
    /// Of it, what the buyer got already by winning a dispute.
    pub netted: Money,
    /// Of it, what pays for units that go out in exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchanged: Option<Money>,
    /// Of it, how much of which tender.
    pub refunds: Vec<Granted>,
    /// Of it, what no gateway of the hub's holds: it goes back by hand or through the channel.
    pub elsewhere: Money,
    /// The version of the policy used.
    pub policy: u32,
    /// What moved in the order's ledger.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub postings: Vec<Posting>,
}

impl Settlement {
    /// What goes back through gateways.
    pub fn granted(&self) -> Money {
        let shares = self.refunds.iter().map(|granted| granted.amount);
        Money::sum(self.worth.currency(), shares)
    }
}

impl ReturnEvent {
    /// The public kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Requested { .. } => "return.requested",
            Self::Approved { .. } => "return.approved",
            Self::Declined { .. } => "return.declined",
            Self::LabelIssued { .. } => "return.label_issued",
            Self::Seen { .. } => "return.seen",
            Self::Received { .. } => "return.received",
            Self::Inspected { .. } => "return.inspected",
            Self::NoShow { .. } => "return.no_show",
            Self::RefundGranted(_) => "payment.refund_granted",
            Self::Refunded { .. } => "return.refunded",
            Self::Closed { .. } => "return.closed",
        }
    }

    /// The number of the return that it is about.
    pub fn number(&self) -> u16 {
        match self {
            Self::Requested { number, .. }
            | Self::Approved { number, .. }
            | Self::Declined { number, .. }
            | Self::LabelIssued { number, .. }
            | Self::Seen { number, .. }
            | Self::Received { number, .. }
            | Self::Inspected { number, .. }
            | Self::NoShow { number, .. }
            | Self::Refunded { number, .. }
            | Self::Closed { number, .. } => *number,
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
