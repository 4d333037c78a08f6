//! Events: what happened, in the past tense. The log of an order is a list of these.
//!
//! An event's stored form is its public kind (`order.received`) and a JSON body without personal
//! data. Bodies of opening events carry `effect`, of closing events `closes`, of money events
//! `postings`: auditors and views read those three without knowing the rest.

mod address;
mod claims;
mod edits;
mod exchanges;
mod money;
mod parcels;
mod returns;
mod routing;
mod source;
mod stuck;
mod transfers;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use money::{DisputeAnswer, MoneyEvent, RenewalReason};

use super::command::Request;
use super::effect::{Effect, Notice};
use super::fact::{
    FulfilmentEvidence, LabelEvidence, NoticeEvidence, ParcelStatus, PaymentEvidence, PickedLine,
    Scan, StockEvidence,
};
use super::history::History;
use super::hold::Hold;
use super::ledger::Posting;
use super::packing::{is_only, only};
use super::screening::{Features, Missing, ReviewDecision, ScreeningReason, Verdict};
use super::settled::JudgedLine;
use crate::canonical::OrderDraft;
use crate::ids::{ChannelId, CommandId, EffectId, LocationCode, OrderId, Slug};
use crate::money::Money;
use crate::quantity::Quantity;

pub use address::AddressEvent;
pub use claims::ClaimEvent;
pub use edits::EditEvent;
pub use exchanges::ExchangeEvent;
pub use parcels::ParcelEvent;
pub use returns::{ReturnEvent, Settlement};
pub use routing::Routing;
pub use source::SourceEvent;
pub use stuck::{StuckBy, StuckEvent};
pub use transfers::TransferEvent;

/// An event where it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place: 1, 2, 3, ... without a gap.
    pub version: u64,
    /// When the hub recorded it, by the database's clock.
    pub recorded_at: Timestamp,
    /// When it happened, by the reporter's clock, if the reporter said.
    pub occurred_at: Option<Timestamp>,
    /// Who caused it: `system`, `channel:<slug>` or `operator:<name>`.
    pub actor: String,
    /// The request it belongs to.
    pub command_id: Option<CommandId>,
    /// What happened.
    pub event: Event,
}

/// Everything that can happen to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum Event {
    /// The order exists; the public kind says whether it came to be worked on, or was over.
    #[serde(rename = "order.received")]
    Received(Box<Received>),
    /// The hub looked at it before touching stock and money.
    #[serde(rename = "order.screened")]
    Screened(Box<Screened>),
    /// A person, or the lack of one, decided about an order in review.
    #[serde(rename = "order.reviewed")]
    Reviewed {
        /// What was decided.
        decision: ReviewDecision,
        /// Why, in a person's words; nothing when nobody came in time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// An effect is wanted; the public kind depends on the effect.
    #[serde(rename = "order.effect_opened")]
    EffectOpened {
        /// What, and under which id.
        effect: OpenedEffect,
    },
    /// A try of an effect failed or got no answer.
    #[serde(rename = "order.effect_postponed")]
    EffectPostponed {
        /// Which.
        postpones: EffectId,
        /// Its kind.
        effect_kind: String,
        /// Failed tries so far.
        attempt: u32,
        /// When it is tried again.
        next_try_at: Timestamp,
        /// Why.
        reason: String,
        /// It may have been carried out.
        unknown: bool,
    },
    /// An effect is not wanted any more, and no try of it was carried out.
    #[serde(rename = "order.effect_given_up")]
    EffectGivenUp {
        /// Its kind.
        effect_kind: String,
        /// Which.
        closes: Vec<EffectId>,
    },
    /// A person wrote something down.
    #[serde(rename = "order.note_added")]
    NoteAdded {
        /// What.
        note: String,
    },
    /// A person wants calls that were put off to be tried now.
    #[serde(rename = "order.retry_requested")]
    RetryRequested {
        /// Which.
        effects: Vec<EffectId>,
        /// Why, in a person's words.
        reason: String,
    },
    /// A location answered about holds; the public kind depends on the evidence.
    #[serde(rename = "inventory.answered")]
    StockAnswered {
        /// Where.
        location: LocationCode,
        /// The try it is about.
        attempt: u16,
        /// What is known.
        stock: StockEvidence,
        /// All of it was held softly before, and is held longer now.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        extended: bool,
        /// Effects that this answers.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        closes: Vec<EffectId>,
    },
    /// A gateway reported; the public kind depends on the evidence.
    #[serde(rename = "payment.reported")]
    PaymentReported {
        /// The tender's number.
        tender: u16,
        /// What is known.
        payment: PaymentEvidence,
        /// What moved in the order's ledger.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        postings: Vec<Posting>,
        /// Effects that this answers.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        closes: Vec<EffectId>,
    },
    /// The channel says that it has the money.
    #[serde(rename = "payment.settled_by_channel")]
    SettledByChannel {
        /// The tender's number.
        tender: u16,
        /// How much.
        amount: Money,
        /// What moved in the order's ledger.
        postings: Vec<Posting>,
    },
    /// A person decided that money goes back which was earned; what each tender gives.
    #[serde(rename = "payment.refund_granted")]
    RefundGranted {
        /// How much of which tender.
        refunds: Vec<Granted>,
        /// Why.
        reason: String,
        /// What moved in the order's ledger.
        postings: Vec<Posting>,
    },
    /// A line of a payout file was held against the order; the public kind depends on the verdict.
    #[serde(rename = "payment.payout_line")]
    PayoutLineJudged(Box<JudgedLine>),
    /// A report that does not fit: amount, currency or reference differ from what was asked.
    #[serde(rename = "payment.mismatch_found")]
    MismatchFound {
        /// The tender's number.
        tender: u16,
        /// What was reported.
        payment: PaymentEvidence,
        /// What does not fit.
        reason: String,
    },
    /// Stock and money are secured: the order stands.
    #[serde(rename = "order.confirmed")]
    Confirmed {
        /// What moved in the order's ledger.
        postings: Vec<Posting>,
    },
    /// A location will be asked to fulfil these lines.
    #[serde(rename = "fulfilment.planned")]
    FulfilmentPlanned {
        /// The fulfilment's number.
        fulfilment: u16,
        /// Where.
        location: LocationCode,
        /// The try that made the holds.
        attempt: u16,
        /// What.
        lines: Vec<PickedLine>,
        /// The buyer collects it.
        pickup: bool,
        /// The store that its parcels go to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transfer_to: Option<LocationCode>,
        /// The fulfilment whose parcels brought it to the store.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        brought_by: Option<u16>,
    },
    /// A location reported about its work; the public kind depends on the evidence.
    #[serde(rename = "fulfilment.reported")]
    FulfilmentReported {
        /// The fulfilment's number.
        fulfilment: u16,
        /// What is known.
        work: FulfilmentEvidence,
        /// Effects that this answers.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        closes: Vec<EffectId>,
    },
    /// A location did not answer in time.
    #[serde(rename = "fulfilment.unanswered")]
    FulfilmentUnanswered {
        /// The fulfilment's number.
        fulfilment: u16,
        /// Effects that are given up.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        closes: Vec<EffectId>,
    },
    /// A carrier reported about a label; the public kind depends on the evidence.
    #[serde(rename = "shipment.label_reported")]
    LabelReported {
        /// The fulfilment's number.
        fulfilment: u16,
        /// The number of its parcel.
        #[serde(default = "only", skip_serializing_if = "is_only")]
        parcel: u16,
        /// What is known.
        label: LabelEvidence,
        /// Effects that this answers.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        closes: Vec<EffectId>,
    },
    /// A parcel was seen; the public kind depends on what it means.
    #[serde(rename = "shipment.scanned")]
    Scanned {
        /// The fulfilment's number.
        fulfilment: u16,
        /// The number of its parcel.
        #[serde(default = "only", skip_serializing_if = "is_only")]
        parcel: u16,
        /// What was seen.
        scan: Scan,
    },
    /// The order's own sales channel answered a notice; the public kind depends on the evidence.
    #[serde(rename = "order.channel_answered")]
    ChannelAnswered {
        /// What it was told.
        told: Notice,
        /// What it said.
        answer: NoticeEvidence,
        /// Effects that this answers.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        closes: Vec<EffectId>,
    },
    /// A hold was placed.
    #[serde(rename = "order.hold_placed")]
    HoldPlaced {
        /// The hold.
        hold: Hold,
    },
    /// A hold was released by somebody.
    #[serde(rename = "order.hold_released")]
    HoldReleased {
        /// Which.
        hold: u32,
        /// Why.
        reason: String,
    },
    /// A hold's time was over.
    #[serde(rename = "order.hold_expired")]
    HoldExpired {
        /// Which.
        hold: u32,
    },
    /// Somebody wants the order to end.
    #[serde(rename = "order.cancel_requested")]
    CancelRequested {
        /// Why.
        reason: String,
    },
    /// The hub decided to end the order; what is held and authorised is given back first.
    #[serde(rename = "order.end_decided")]
    EndDecided {
        /// How it ends.
        outcome: Outcome,
        /// Why: `out_of_stock`, `payment_declined`, `reservation_lapsed`, ...
        reason: String,
    },
    /// Nothing could be cancelled any more: everything had shipped.
    #[serde(rename = "order.cancel_refused")]
    CancelRefused {
        /// Why.
        reason: String,
    },
    /// A part was cancelled; the rest goes on.
    #[serde(rename = "order.lines_cancelled")]
    LinesCancelled {
        /// What.
        lines: Vec<PickedLine>,
        /// What of it the sales channel has the money of; nothing said where the channel cancelled it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_channel: Option<Money>,
        /// What moved in the order's ledger.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        postings: Vec<Posting>,
    },
    /// All of it was cancelled.
    #[serde(rename = "order.cancelled")]
    Cancelled {
        /// Why.
        reason: String,
        /// What moved in the order's ledger.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        postings: Vec<Posting>,
    },
    /// The hub refused it.
    #[serde(rename = "order.rejected")]
    Rejected {
        /// Why: `out_of_stock`, `payment_declined`, `fraud_review`, ...
        reason: String,
    },
    /// Nobody answered in time.
    #[serde(rename = "order.expired")]
    Expired {
        /// Why.
        reason: String,
    },
    /// Everything open was delivered and paid.
    #[serde(rename = "order.completed")]
    Completed,
    /// Nothing more is expected.
    #[serde(rename = "order.closed")]
    Closed {
        /// Why: `auto_close`, `test_order`.
        reason: String,
    },
    /// Something came up after it had ended.
    #[serde(rename = "order.reopened")]
    Reopened {
        /// What: `return`, `dispute`; `late_payment` when the money of an expired order came.
        reason: String,
    },
    /// A report that is not applied.
    #[serde(rename = "order.fact_ignored")]
    FactIgnored {
        /// What was reported: `payment.captured`, `shipment.delivered`, ...
        fact: String,
        /// Why it is not applied.
        reason: String,
        /// The natural key of the fact; each is recorded once.
        key: String,
    },
    /// A request with an idempotency key was answered; the first event of its commit, and the only
    /// one when the request changed nothing. Remembered so that a repeat gets the same answer.
    #[serde(rename = "order.request_noted")]
    Requested {
        /// How its repeat is recognised.
        request: Request,
        /// What was asked.
        verb: String,
    },
    /// Something happened to a return.
    #[serde(untagged)]
    Return(ReturnEvent),
    /// Something happened to a claim.
    #[serde(untagged)]
    Claim(ClaimEvent),
    /// The hub noticed something about a parcel.
    #[serde(untagged)]
    Parcel(ParcelEvent),
    /// What is decided about money beside what gateways report.
    #[serde(untagged)]
    Money(MoneyEvent),
    /// Who does which part of the work.
    #[serde(untagged)]
    Routing(Routing),
    /// What becomes of an edit.
    #[serde(untagged)]
    Edit(EditEvent),
    /// Where it goes.
    #[serde(untagged)]
    Address(AddressEvent),
    /// Units go out for others that come back.
    #[serde(untagged)]
    Exchange(ExchangeEvent),
    /// It does not go on by itself, or does again.
    #[serde(untagged)]
    Stuck(StuckEvent),
    /// Units are on their way to the store where the buyer collects them.
    #[serde(untagged)]
    Transfer(TransferEvent),
    /// Its own sales channel says something of it.
    #[serde(untagged)]
    Source(SourceEvent),
}

/// The first event of every order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Its id.
    pub id: OrderId,
    /// The channel it came through.
    pub channel: ChannelId,
    /// The channel's name at that time.
    pub channel_slug: Slug,
    /// The connection is live: test orders are recorded and nothing else.
    pub live_connection: bool,
    /// Hexadecimal SHA-256 of the canonical value of the body it came in.
    pub body_hash: String,
    /// The request that brought it, when it had an idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// The order as stated.
    pub draft: OrderDraft,
    /// It was over before the hub heard of it: how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<Box<History>>,
}

/// What the hub found when it looked at a new order. Nothing of it is personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screened {
    /// What came of it.
    pub verdict: Verdict,
    /// The version of the policy used.
    pub policy: u32,
    /// The fingerprint of the rules used; empty on events from before there were any.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rules: String,
    /// The points of all reasons.
    #[serde(default)]
    pub score: u32,
    /// Every rule that spoke against it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<ScreeningReason>,
    /// What could not be found out, of what the rules ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub degraded: Vec<Missing>,
    /// What was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Features>,
    /// Until when a person has to have looked, when one has to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_until: Option<Timestamp>,
}

impl Screened {
    /// A verdict without anything behind it, as hubs recorded it before there were rules.
    pub const fn bare(verdict: Verdict, policy: u32) -> Self {
        Self {
            verdict,
            policy,
            rules: String::new(),
            score: 0,
            reasons: Vec::new(),
            degraded: Vec::new(),
            features: None,
            review_until: None,
        }
    }
}

/// An effect under its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedEffect {
    /// Its id, the partner's idempotency key or reference.
    pub id: EffectId,
    /// What is wanted.
    #[serde(flatten)]
    pub effect: Effect,
}

/// What a tender gives back because a person said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// The tender's number.
    pub tender: u16,
    /// How much.
    pub amount: Money,
}

/// How an order ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The hub refuses it.
    Rejected,
    /// Nobody answered in time.
    Expired,
    /// Somebody asked for it.
    Cancelled,
}

impl Event {
    /// The public kind: `<entity>.<event>`, past tense.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Received(received) if received.history.is_some() => "order.imported",
            Self::Received(_) => "order.received",
            Self::Screened(_) => "order.screened",
            Self::Reviewed { .. } => "order.reviewed",
            Self::EffectOpened { effect } => effect.effect.opening_kind(),
            Self::EffectPostponed {
                unknown: true,
                effect_kind,
                ..
            } if effect_kind.ends_with("_payment") => "payment.outcome_unknown",
            Self::EffectPostponed { .. } => "order.effect_postponed",
            Self::EffectGivenUp { .. } => "order.effect_given_up",
            Self::NoteAdded { .. } => "order.note_added",
            Self::RetryRequested { .. } => "order.retry_requested",
            Self::StockAnswered { extended: true, .. } => "inventory.reservation_extended",
            Self::StockAnswered { stock, .. } => match stock {
                StockEvidence::Reserved { .. } => "inventory.reserved",
                StockEvidence::Refused { .. } => "inventory.reservation_refused",
                StockEvidence::Confirmed => "inventory.reservation_confirmed",
                StockEvidence::Lost { .. } => "inventory.reservation_lost",
                StockEvidence::Released => "inventory.reservation_released",
                StockEvidence::Consumed => "inventory.consumed",
                StockEvidence::Restocked => "inventory.adjusted",
                StockEvidence::Expired { .. } => "inventory.reservation_expired",
                StockEvidence::Waiting => "inventory.backordered",
                StockEvidence::Supplied { .. } => "inventory.supplied",
                StockEvidence::Dated { .. } => "inventory.promise_dated",
                StockEvidence::Cut { .. } => "inventory.reservation_cut",
                StockEvidence::Regrouped { .. } => "inventory.regrouped",
            },
            Self::PaymentReported { payment, .. } => payment.kind(),
            Self::SettledByChannel { .. } => "payment.settled_by_channel",
            Self::RefundGranted { .. } => "payment.refund_granted",
            Self::PayoutLineJudged(judged) => judged.kind(),
            Self::MismatchFound { .. } => "payment.mismatch_found",
            Self::Confirmed { .. } => "order.confirmed",
            Self::FulfilmentPlanned { .. } => "fulfilment.planned",
            Self::FulfilmentReported { work, .. } => work.kind(),
            Self::FulfilmentUnanswered { .. } => "fulfilment.unanswered",
            Self::LabelReported { label, .. } => match label {
                LabelEvidence::Bought { .. } => "shipment.label_bought",
                LabelEvidence::Failed { .. } => "shipment.label_failed",
                LabelEvidence::Voided => "shipment.label_voided",
                LabelEvidence::VoidRefused { .. } => "shipment.label_void_refused",
            },
            Self::Scanned { scan, .. } => scan.status.kind(),
            Self::ChannelAnswered { answer, .. } => match answer {
                NoticeEvidence::Told | NoticeEvidence::Repaid { .. } => "order.channel_notified",
                NoticeEvidence::Refused { .. } => "order.channel_notice_refused",
            },
            Self::HoldPlaced { .. } => "order.hold_placed",
            Self::HoldReleased { .. } => "order.hold_released",
            Self::HoldExpired { .. } => "order.hold_expired",
            Self::CancelRequested { .. } => "order.cancel_requested",
            Self::EndDecided { .. } => "order.end_decided",
            Self::CancelRefused { .. } => "order.cancel_refused",
            Self::LinesCancelled { .. } => "order.lines_cancelled",
            Self::Cancelled { .. } => "order.cancelled",
            Self::Rejected { .. } => "order.rejected",
            Self::Expired { .. } => "order.expired",
            Self::Completed => "order.completed",
            Self::Closed { .. } => "order.closed",
            Self::Reopened { .. } => "order.reopened",
            Self::FactIgnored { .. } => "order.fact_ignored",
            Self::Requested { .. } => "order.request_noted",
            Self::Return(event) => event.kind(),
            Self::Claim(event) => event.kind(),
            Self::Parcel(event) => event.kind(),
            Self::Money(event) => event.kind(),
            Self::Routing(routing) => routing.kind(),
            Self::Edit(event) => event.kind(),
            Self::Address(event) => event.kind(),
            Self::Exchange(event) => event.kind(),
            Self::Stuck(event) => event.kind(),
            Self::Transfer(event) => event.kind(),
            Self::Source(event) => event.kind(),
        }
    }

    /// The version of the body's shape. Raised when a body changes in a way old readers misread.
    pub const SCHEMA: i16 = 1;

    /// The stored body: the event's fields and, under `shape`, which variant they belong to.
    pub fn body(&self) -> Value {
        let mut tagged = serde_json::to_value(self).unwrap_or_default();
        let shape = tagged.get("kind").cloned().unwrap_or_default();
        let mut body = tagged.get_mut("body").map(Value::take).unwrap_or_default();
        if !body.is_object() {
            body = Value::Object(serde_json::Map::new());
        }
        if let (Value::Object(fields), Value::String(shape)) = (&mut body, shape)
            && shape != self.kind()
        {
            fields.insert("shape".into(), shape.into());
        }
        body
    }

    /// The event with this stored kind and body.
    ///
    /// # Errors
    /// When this binary does not know the kind or cannot read the body: a fold never skips, so the
    /// order must stay untouched by it.
    pub fn from_stored(kind: &str, mut body: Value) -> Result<Self, UnreadableEvent> {
        let unreadable = |reason: String| UnreadableEvent {
            kind: kind.to_owned(),
            reason,
        };
        let shape = match &mut body {
            Value::Object(fields) => match fields.remove("shape") {
                Some(Value::String(shape)) => shape,
                _ => kind.to_owned(),
            },
            _ => return Err(unreadable("its body is not an object".into())),
        };
        let tagged = if shape == "order.completed" {
            serde_json::json!({ "kind": shape })
        } else {
            serde_json::json!({ "kind": shape, "body": body })
        };
        let event: Self =
            serde_json::from_value(tagged).map_err(|error| unreadable(error.to_string()))?;
        if event.kind() == kind {
            Ok(event)
        } else {
            Err(unreadable("kind and body differ".into()))
        }
    }

    /// The open effects that it closes.
    pub fn closes(&self) -> &[EffectId] {
        match self {
            Self::EffectGivenUp { closes, .. }
            | Self::StockAnswered { closes, .. }
            | Self::PaymentReported { closes, .. }
            | Self::FulfilmentReported { closes, .. }
            | Self::FulfilmentUnanswered { closes, .. }
            | Self::LabelReported { closes, .. }
            | Self::ChannelAnswered { closes, .. } => closes,
            Self::Routing(routing) => routing.closes(),
            _ => &[],
        }
    }

    /// The effect that it opens.
    pub const fn opens(&self) -> Option<&OpenedEffect> {
        match self {
            Self::EffectOpened { effect } => Some(effect),
            _ => None,
        }
    }

    /// What it moves in the order's ledger.
    pub fn postings(&self) -> &[Posting] {
        match self {
            Self::PaymentReported { postings, .. }
            | Self::SettledByChannel { postings, .. }
            | Self::RefundGranted { postings, .. }
            | Self::Confirmed { postings }
            | Self::LinesCancelled { postings, .. }
            | Self::Cancelled { postings, .. } => postings,
            Self::Return(event) => event.postings(),
            Self::PayoutLineJudged(judged) => &judged.postings,
            Self::Claim(event) => event.postings(),
            Self::Money(event) => event.postings(),
            Self::Edit(event) => event.postings(),
            Self::Exchange(event) => event.postings(),
            _ => &[],
        }
    }

    /// The request it remembers.
    pub fn request(&self) -> Option<&Request> {
        match self {
            Self::Received(received) => received.request.as_ref(),
            Self::Requested { request, .. } => Some(request),
            _ => None,
        }
    }
}

/// A stored event that this binary cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an event of kind \"{kind}\" cannot be read by this version of the hub: {reason}")]
pub struct UnreadableEvent {
    /// The stored kind.
    pub kind: String,
    /// What is wrong.
    pub reason: String,
}

impl PaymentEvidence {
    /// The public kind of the event that reports it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ActionRequired { .. } => "payment.action_required",
            Self::Authorized { .. } => "payment.authorized",
            Self::Declined { .. } => "payment.declined",
            Self::Captured { .. } => "payment.captured",
            Self::CaptureFailed { .. } => "payment.capture_failed",
            Self::Voided { .. } => "payment.voided",
            Self::Refunded { .. } => "payment.refunded",
            Self::RefundFailed { .. } => "payment.refund_failed",
            Self::DisputeOpened { .. } => "payment.dispute_opened",
            Self::DisputeClosed { won: true, .. } => "payment.dispute_won",
            Self::DisputeClosed { .. } => "payment.dispute_lost",
        }
    }
}

impl FulfilmentEvidence {
    /// The public kind of the event that reports it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Delivered => "fulfilment.request_delivered",
            Self::Accepted => "fulfilment.accepted",
            Self::Rejected { .. } => "fulfilment.rejected",
            Self::Picked { .. } => "fulfilment.picked",
            Self::Packed { .. } => "fulfilment.packed",
            Self::ReadyForPickup => "fulfilment.ready_for_pickup",
            Self::Collected => "fulfilment.collected",
            Self::HandedOver => "shipment.handed_over",
            Self::Cancelled => "fulfilment.cancelled",
            Self::CancelRefused => "fulfilment.cancel_refused",
        }
    }
}

impl ParcelStatus {
    /// The public kind of the event that reports it.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Unknown | Self::LabelCreated => "shipment.noted",
            Self::PickedUp | Self::InTransit => "shipment.in_transit",
            Self::Delayed | Self::OnHold | Self::AttemptFailed | Self::Exception => {
                "shipment.exception_opened"
            }
            Self::OutForDelivery | Self::AvailableForPickup => "shipment.out_for_delivery",
            Self::ReturnToSender | Self::Returned => "shipment.returned_to_sender",
            Self::Cancelled | Self::Expired => "shipment.stopped",
            Self::Lost => "shipment.lost",
            Self::Delivered => "shipment.delivered",
        }
    }
}

/// Units of a line, with the number of the line: what a fulfilment is about.
pub type LineUnits = PickedLine;

/// Shorthand for the quantity of a line in a list.
pub fn units_of(lines: &[LineUnits], line: u16) -> Quantity {
    Quantity::sum(lines.iter().filter(|l| l.line == line).map(|l| l.quantity))
}
