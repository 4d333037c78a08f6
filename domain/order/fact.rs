//! Facts: what partners report. They may not be refused: applied, ignored as repeats, or recorded
//! as ignored with the reason.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::effect::Notice;
use super::packing::{PackedParcel, StatedParcel};
use super::proof::ProofFact;
use super::source::ChannelFact;
use crate::ids::{EffectId, LocationCode, Slug};
use crate::money::Money;
use crate::quantity::Quantity;
use crate::settlement::PayoutLine;

/// A report from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// About money.
    Payment(PaymentFact),
    /// About stock.
    Stock(StockFact),
    /// About a location's work.
    Fulfilment(FulfilmentFact),
    /// A warehouse's own system reports about a location's work.
    Work(WorkReport),
    /// About a shipping label.
    Label(LabelFact),
    /// A parcel was seen.
    Scan(ScanFact),
    /// A carrier can show that a parcel was delivered.
    Proof(ProofFact),
    /// About the order, from its own sales channel.
    Channel(ChannelFact),
    /// The order's own sales channel answered a notice.
    Notice(NoticeFact),
    /// A gateway or a marketplace says what it paid out.
    Payout(PayoutFact),
    /// A location takes no new work until somebody says so.
    Paused(LocationCode),
    /// A try of an effect failed; it was certainly not carried out.
    Postponed(Postponement),
    /// A try of an effect got no answer; it may have been carried out.
    Unknown(Postponement),
}

/// A line of a payout file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutFact {
    /// The connection whose file it stands in: a gateway's account, or the order's own channel.
    pub source: Slug,
    /// The gateway's reference of the payment, if the line has it.
    pub payment: Option<String>,
    /// What it says.
    pub line: PayoutLine,
}

/// A try that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postponement {
    /// The effect that was tried.
    pub effect: EffectId,
    /// Why it failed, one sentence for an operator. No personal data, no payload.
    pub reason: String,
    /// The earliest moment that makes sense for the next try; the order's own back-off otherwise.
    pub not_before: Option<Timestamp>,
}

/// What a gateway (or the channel that took the money) reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentFact {
    /// Which tender.
    pub tender: TenderSelector,
    /// The connection that reports it.
    pub account: Option<Slug>,
    /// When it happened there.
    pub occurred_at: Option<Timestamp>,
    /// What is known.
    pub evidence: PaymentEvidence,
}

/// How a report names its tender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenderSelector {
    /// By its number: answers to our own calls.
    Number(u16),
    /// By the gateway's reference of the payment, or, when the report comes before our call was
    /// answered, by the account alone.
    Reference(String),
}

/// What is known of a payment. Amounts that say `Total` are cumulative, `Part` are one movement
/// with a reference of its own; both merge in any order and any number of times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "evidence")]
pub enum PaymentEvidence {
    /// The buyer has to act (3DS, SCA).
    ActionRequired {
        /// The gateway's reference of the payment.
        reference: String,
    },
    /// Money is set aside.
    Authorized {
        /// The gateway's reference of the payment.
        reference: String,
        /// How much.
        amount: Money,
        /// When it lapses.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
    },
    /// The gateway said no.
    Declined {
        /// The gateway's reference, if it made one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// The gateway's code.
        code: String,
    },
    /// Money was taken.
    Captured {
        /// The gateway's reference of the payment.
        reference: String,
        /// How much.
        amount: Reported,
    },
    /// A capture was refused for good; or one that was told as made has come to nothing after all.
    CaptureFailed {
        /// The gateway's reference of the capture that it had told of, or will; `None` when it made none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        capture: Option<String>,
        /// The gateway's code.
        code: String,
    },
    /// The authorisation was released.
    Voided {
        /// The gateway's reference of the payment.
        reference: String,
    },
    /// Money was given back.
    Refunded {
        /// The gateway's reference of the payment.
        reference: String,
        /// How much.
        amount: Reported,
    },
    /// A refund failed after all.
    RefundFailed {
        /// The gateway's reference of the refund; `None` when it made none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refund: Option<String>,
        /// The gateway's code.
        code: String,
    },
    /// The buyer disputes the charge.
    DisputeOpened {
        /// The gateway's reference of the dispute.
        dispute: String,
        /// How much.
        amount: Money,
        /// Until when the retailer may answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Timestamp>,
    },
    /// A dispute ended.
    DisputeClosed {
        /// The gateway's reference of the dispute.
        dispute: String,
        /// Whether the retailer kept the money.
        won: bool,
        /// How much.
        amount: Money,
    },
}

/// An amount as reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reported")]
pub enum Reported {
    /// Everything so far.
    Total {
        /// How much.
        amount: Money,
    },
    /// One movement.
    Part {
        /// Its own reference.
        reference: String,
        /// How much.
        amount: Money,
    },
}

impl PaymentEvidence {
    /// The amount it states, if any.
    pub const fn amount(&self) -> Option<Money> {
        match self {
            Self::Authorized { amount, .. }
            | Self::DisputeOpened { amount, .. }
            | Self::DisputeClosed { amount, .. } => Some(*amount),
            Self::Captured { amount, .. } | Self::Refunded { amount, .. } => match amount {
                Reported::Total { amount } | Reported::Part { amount, .. } => Some(*amount),
            },
            _ => None,
        }
    }
}

/// What a location reports about its stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockFact {
    /// The location.
    pub location: LocationCode,
    /// The try it is about.
    pub attempt: u16,
    /// The effect it answers; `None` when the location decided by itself.
    pub effect: Option<EffectId>,
    /// What is known.
    pub evidence: StockEvidence,
}

/// What is known of holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "evidence")]
pub enum StockEvidence {
    /// All lines asked for are held softly.
    Reserved {
        /// Until when.
        expires_at: Timestamp,
    },
    /// Nothing was held.
    Refused {
        /// Why.
        reason: StockRefusal,
    },
    /// All lines asked for are held firmly.
    Confirmed,
    /// Lines whose soft hold had lapsed and whose units are gone; the others are held firmly.
    Lost {
        /// Numbers of the lines that are gone.
        lines: Vec<u16>,
    },
    /// The holds are given back.
    Released,
    /// The units left the building.
    Consumed,
    /// The units that came back are on the shelf.
    Restocked,
    /// The soft hold of these lines lapsed.
    Expired {
        /// Numbers of the lines.
        lines: Vec<u16>,
    },
    /// All lines asked for stand in line for units that are still to come.
    Waiting,
    /// Units came for these lines, which stood in line; they are held softly.
    Supplied {
        /// Numbers of the lines.
        lines: Vec<u16>,
        /// Until when.
        expires_at: Timestamp,
    },
    /// The units that these lines wait for are expected on another day than was thought.
    Dated {
        /// Numbers of the lines.
        lines: Vec<u16>,
        /// When; nothing when nobody knows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promise: Option<Timestamp>,
    },
    /// A count found the units of these lines missing: they are not held any more.
    Cut {
        /// Numbers of the lines.
        lines: Vec<u16>,
    },
    /// Firm holds stand under another try.
    Regrouped {
        /// Numbers of the lines whose units were not there any more.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missing: Vec<u16>,
    },
}

/// Why nothing was held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum StockRefusal {
    /// Not enough of it.
    Short,
    /// The location does not exist or is closed.
    UnknownLocation,
    /// The same holds had ended before: a late request after its release.
    AlreadyEnded,
    /// It takes no new work now.
    Paused,
    /// Its day has no room for more work.
    Full,
    /// The channel may have no more of it promised there.
    Quota,
}

/// What a location reports about a fulfilment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FulfilmentFact {
    /// The fulfilment's number.
    pub fulfilment: u16,
    /// When it happened there.
    pub occurred_at: Option<Timestamp>,
    /// What is known.
    pub evidence: FulfilmentEvidence,
}

/// What a warehouse's own system reports. It names the location, which has to be the work's own: a
/// system speaks for its own locations only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkReport {
    /// The fulfilment's number.
    pub fulfilment: u16,
    /// Where the work is.
    pub location: LocationCode,
    /// When it happened there.
    pub occurred_at: Option<Timestamp>,
    /// What happened.
    pub said: WorkSaid,
}

/// What a warehouse's own system says about work, with lines as the order's channel names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkSaid {
    /// What needs no lines to be said.
    Evidence(FulfilmentEvidence),
    /// No more than these units could be picked; what becomes of the rest follows from the reason.
    PickedShort {
        /// What was picked.
        lines: Vec<(String, Quantity)>,
        /// Why not the rest: `not_in_stock`, `damaged`, ...
        reason: String,
    },
    /// Everything is packed, into these parcels.
    PackedInto {
        /// Each of them.
        parcels: Vec<StatedParcel>,
    },
}

/// What is known of a location's work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "evidence")]
pub enum FulfilmentEvidence {
    /// The request has arrived; the location has not agreed yet.
    Delivered,
    /// The location will do it.
    Accepted,
    /// The location will not.
    Rejected {
        /// Why: `not_in_stock`, `damaged`, `closed`, ...
        reason: String,
    },
    /// Units were picked.
    Picked {
        /// What.
        lines: Vec<PickedLine>,
    },
    /// Everything is packed.
    Packed {
        /// Into what; one parcel with everything when nothing is said.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        parcels: Vec<PackedParcel>,
    },
    /// The buyer can collect it.
    ReadyForPickup,
    /// The buyer has it.
    Collected,
    /// The carrier has it.
    HandedOver,
    /// The location stopped.
    Cancelled,
    /// It is too late to stop.
    CancelRefused,
}

/// Units picked of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickedLine {
    /// The line's number.
    pub line: u16,
    /// How many.
    pub quantity: Quantity,
}

/// What a carrier reports about a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelFact {
    /// The fulfilment's number.
    pub fulfilment: u16,
    /// The number of the parcel that it is for.
    pub parcel: u16,
    /// What is known.
    pub evidence: LabelEvidence,
}

/// What is known of a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "evidence")]
pub enum LabelEvidence {
    /// It was bought.
    Bought {
        /// The connection it was bought through.
        account: Slug,
        /// The carrier that moves the parcel.
        carrier: String,
        /// The carrier's tracking number.
        tracking_number: String,
        /// The connection's reference of the shipment, for voiding it.
        reference: String,
        /// Where the label can be printed from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label_url: Option<String>,
        /// What it cost.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cost: Option<Money>,
        /// Which of the carrier's services it is for, where the connection says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service: Option<String>,
    },
    /// It cannot be bought as asked.
    Failed {
        /// The carrier's reason.
        reason: String,
    },
    /// It was given back.
    Voided,
    /// It cannot be given back any more.
    VoidRefused {
        /// The carrier's reason.
        reason: String,
    },
}

/// A carrier's report that a parcel was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanFact {
    /// The carrier's tracking number.
    pub tracking_number: String,
    /// Whose number it is, where who saw it follows parcels of several carriers.
    pub carrier: Option<String>,
    /// What was seen.
    pub scan: Scan,
}

/// One sighting of a parcel. Its natural key is tracking number, code and time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Scan {
    /// When it happened.
    pub at: Timestamp,
    /// What it means.
    pub status: ParcelStatus,
    /// The carrier's own code or text, as sent.
    pub code: String,
}

/// What a carrier's code means. The order of the variants is the rank that breaks ties in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParcelStatus {
    /// The code says nothing that we know.
    Unknown,
    /// The carrier knows of the label.
    LabelCreated,
    /// The carrier has it.
    PickedUp,
    /// On the way.
    InTransit,
    /// Later than promised.
    Delayed,
    /// The carrier keeps it.
    OnHold,
    /// In the last vehicle.
    OutForDelivery,
    /// Nobody was there.
    AttemptFailed,
    /// To be collected.
    AvailableForPickup,
    /// Something is wrong.
    Exception,
    /// On its way back.
    ReturnToSender,
    /// The carrier cancelled it.
    Cancelled,
    /// The carrier stopped looking.
    Expired,
    /// Back at the sender.
    Returned,
    /// Gone.
    Lost,
    /// The recipient has it.
    Delivered,
}

/// What a sales channel answered to a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeFact {
    /// What it was told.
    pub notice: Notice,
    /// What it said.
    pub evidence: NoticeEvidence,
}

/// What is known of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "evidence")]
pub enum NoticeEvidence {
    /// The channel knows.
    Told,
    /// The channel gave the buyer money back, and says under which names.
    Repaid {
        /// Each movement of money.
        movements: Vec<Repayment>,
    },
    /// The channel will not take it, however often it is told.
    Refused {
        /// The channel's code.
        code: String,
    },
}

/// Money that a channel gave the buyer back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repayment {
    /// The channel's own reference of the refund: its reports name it so, too.
    pub reference: String,
    /// How much.
    pub amount: Money,
}
