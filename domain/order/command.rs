//! Commands: requests that may be refused, and the refusals.

mod address;
mod edit;
mod rejection;
mod routing;
mod step;

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::claims::ClaimCommand;
use super::event::DisputeAnswer;
use super::exchanges::ExchangeCommand;
use super::hold::{HoldScope, OnExpiry};
use super::returns::ReturnCommand;
use super::screening::Features;
use crate::canonical::OrderDraft;
use crate::ids::{ChannelId, CommandId, OrderId, Slug};
use crate::quantity::Quantity;
use crate::settlement::LineDecision;

pub use address::{AddressChange, AddressRejection};
pub use edit::{EditCommand, EditRejection, LineEdit, NewLine, NewTax};
pub use rejection::Rejection;
pub use routing::{RouteCommand, StatedLines};
pub use step::FulfilmentStep;

/// What makes a new order: the draft and what the hub knows about where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The id that the hub gives it.
    pub id: OrderId,
    /// The channel it came through.
    pub channel: ChannelId,
    /// The channel's name at that time.
    pub channel_slug: Slug,
    /// The order.
    pub draft: OrderDraft,
    /// Units per line that the channel still wants, where it had taken others out before.
    pub wanted: BTreeMap<String, Quantity>,
    /// What is known about it that may speak against it.
    pub features: Features,
    /// Its test mark counts: a live connection records test orders and does nothing with them.
    pub live_connection: bool,
    /// Hexadecimal SHA-256 of the canonical value of the body it came in.
    pub body_hash: String,
}

/// A request about an order that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The order was sent again under a key that it does not know: remember the key.
    PlaceAgain {
        /// Hexadecimal SHA-256 of the canonical value of the body that came.
        body_hash: String,
    },
    /// End the order as far as it has not shipped.
    Cancel {
        /// Why, in a person's words.
        reason: String,
    },
    /// Block edges until released.
    Hold {
        /// Which part of the order.
        scope: HoldScope,
        /// Which edges.
        blocks: Vec<Edge>,
        /// Why, in a person's words.
        reason: String,
        /// When its time is over.
        until: Option<Timestamp>,
        /// What happens then.
        on_expiry: OnExpiry,
    },
    /// Let an order go on that waits for a review.
    Approve {
        /// Why, in a person's words.
        reason: String,
    },
    /// Refuse an order that waits for a review.
    Reject {
        /// Why, in a person's words.
        reason: String,
    },
    /// Release one hold.
    Release {
        /// Which.
        hold: u32,
        /// Why, in a person's words.
        reason: String,
    },
    /// Give money back that was earned: a person's decision.
    Refund {
        /// How much, in the order's currency; all that can be given back when absent.
        amount: Option<Decimal>,
        /// The buyer gets credit instead of money.
        as_credit: bool,
        /// Why, in a person's words.
        reason: String,
    },
    /// Write something down about the order; nothing else changes.
    Note {
        /// What, in a person's words.
        note: String,
    },
    /// Try what was put off now.
    Retry {
        /// Why, in a person's words.
        reason: String,
    },
    /// Record what was answered to a dispute.
    AnswerDispute {
        /// The gateway's reference of the dispute; the only open one when absent.
        dispute: Option<String>,
        /// What was answered.
        answer: DisputeAnswer,
        /// Why, in a person's words.
        reason: String,
    },
    /// Change who does which part of the work.
    Route(RouteCommand),
    /// Decide about a line of a payout file that does not fit.
    DecideLine {
        /// The payer's id of the line.
        line: String,
        /// What is decided.
        decision: LineDecision,
        /// Why, in a person's words.
        reason: String,
    },
    /// A step at a location.
    Fulfil {
        /// The fulfilment's number.
        fulfilment: u16,
        /// Which step.
        step: FulfilmentStep,
    },
    /// Change what the order consists of.
    Edit(EditCommand),
    /// Send the order to another address.
    ChangeAddress(Box<AddressChange>),
    /// Something about what comes back.
    Return(ReturnCommand),
    /// Something about what did not arrive.
    Claim(ClaimCommand),
    /// Something about what goes out for what comes back.
    Exchange(ExchangeCommand),
}

/// An edge that a hold can block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// Asking for stock.
    Reserve,
    /// Taking money.
    Capture,
    /// Asking a location to fulfil.
    Release,
    /// Buying a label and handing over.
    Ship,
    /// Giving money back.
    Refund,
}

impl Edge {
    /// Every edge.
    pub const ALL: [Self; 5] = [
        Self::Reserve,
        Self::Capture,
        Self::Release,
        Self::Ship,
        Self::Refund,
    ];
}

/// Who asks, and how a repeat is recognised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The same for every repeat.
    pub command_id: CommandId,
    /// Hexadecimal SHA-256 of the body's canonical value.
    pub body_hash: String,
    /// Which generation of answers the sender got; answers to repeats are built by the same one.
    pub reply_schema: u16,
}

/// The generation of answers that this code gives.
pub const REPLY_SCHEMA: u16 = 1;
