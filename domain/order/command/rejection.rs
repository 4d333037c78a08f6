//! Why a command is refused: nothing happened, and the sentence says what to do instead.

use super::super::claims::ClaimRejection;
use super::super::exchanges::ExchangeRejection;
use super::super::hold::Hold;
use super::super::packing::PackRejection;
use super::super::returns::ReturnRejection;
use super::super::stage::Stage;
use super::{AddressRejection, EditRejection};
use crate::ids::LocationCode;
use crate::money::Money;
use crate::quantity::Quantity;

/// Why a request is refused. Text is made at the edge; this is data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The same key came with another body.
    #[error("the idempotency key was used with another body")]
    KeyReused,
    /// The order was recorded from another body.
    #[error("the order was recorded from another body")]
    OtherBody,
    /// The order was over before the hub heard of it.
    #[error(
        "the order was imported as history: it can be looked at and noted on, and nothing else"
    )]
    Past,
    /// The order has moved on from the version that the sender saw.
    #[error("the order is at version {current} by now, not {expected}")]
    Stale {
        /// What the sender saw.
        expected: u64,
        /// What it is.
        current: u64,
    },
    /// The stage does not allow it.
    #[error("an order that is {} cannot be {verb}", stage.word())]
    WrongStage {
        /// Where the order is.
        stage: Stage,
        /// What was asked, as a participle: "cancelled".
        verb: &'static str,
    },
    /// The fulfilment's stage does not allow the step.
    #[error("a fulfilment that is {stage} cannot be {verb}")]
    WrongFulfilmentStage {
        /// Where the fulfilment is.
        stage: &'static str,
        /// What was asked, as a participle: "packed".
        verb: &'static str,
    },
    /// There is no such fulfilment.
    #[error("the order has no fulfilment {0}")]
    NoSuchFulfilment(u16),
    /// There is no such hold, or it is released already.
    #[error("the order has no hold {0}")]
    NoSuchHold(u32),
    /// The order has no such line.
    #[error("the order has no line \"{0}\"")]
    NoLine(String),
    /// A hold that is never over cannot do anything when it is.
    #[error("what happens when the hold's time is over needs a time: give until")]
    NeverOver,
    /// There is no such line in the fulfilment.
    #[error("the fulfilment has no line \"{line}\"")]
    NoSuchLine {
        /// The channel's line id.
        line: String,
        /// Its place in the request, from 0.
        place: usize,
    },
    /// More than is left to pick.
    #[error("line \"{line}\" has {left} left to pick")]
    TooMany {
        /// The channel's line id.
        line: String,
        /// Its place in the request, from 0.
        place: usize,
        /// How many are left.
        left: Quantity,
    },
    /// The label is not there yet.
    #[error("the shipping label is not bought yet")]
    LabelMissing,
    /// A hold blocks it.
    #[error("hold {} blocks it: {}", .0.id, .0.reason)]
    OnHold(Box<Hold>),
    /// No money is there that could go back.
    #[error("there is no money that could be given back")]
    NothingToRefund,
    /// No call came to nothing and waits for its next try.
    #[error("no call waits for its next try")]
    NothingToRetry,
    /// More than could go back.
    #[error("{left} can be given back at most")]
    RefundTooLarge {
        /// How much could.
        left: Money,
    },
    /// The order's currency has no such amount.
    #[error("it is no amount in {currency}: it must be positive, with {exponent} decimals at most")]
    NoAmount {
        /// The currency's code.
        currency: &'static str,
        /// How many decimals it has.
        exponent: u32,
    },
    /// No dispute is open, or not the named one.
    #[error("the order has no such dispute that could be answered")]
    NoOpenDispute,
    /// The line of a payout file fits: there is nothing to decide.
    #[error("only a line that does not match can be resolved or written off")]
    NothingToDecide,
    /// Several disputes are open, and none was named.
    #[error("several disputes are open")]
    WhichDispute,
    /// The hold would block nothing.
    #[error("a hold blocks at least one edge")]
    BlocksNothing,
    /// A request about a return is refused.
    #[error(transparent)]
    Return(#[from] ReturnRejection),
    /// Packing is refused.
    #[error(transparent)]
    Pack(#[from] PackRejection),
    /// An edit is refused.
    #[error(transparent)]
    Edit(#[from] EditRejection),
    /// A change of the address is refused.
    #[error(transparent)]
    Address(#[from] AddressRejection),
    /// A request about an exchange is refused.
    #[error(transparent)]
    Exchange(#[from] ExchangeRejection),
    /// A request about a claim is refused.
    #[error(transparent)]
    Claim(#[from] ClaimRejection),
    /// No line is stated, or all of them with none.
    #[error("no units are stated")]
    NoUnits,
    /// There is no such line in the order.
    #[error("the order has no line \"{line}\"")]
    NoSuchOrderLine {
        /// The channel's line id.
        line: String,
        /// Its place in the request, from 0.
        place: usize,
    },
    /// More than the work or the order still has.
    #[error("line \"{line}\" has {left} left that this can be done with")]
    TooManyLeft {
        /// The channel's line id.
        line: String,
        /// Its place in the request, from 0.
        place: usize,
        /// How many there are.
        left: Quantity,
    },
    /// A split would leave nothing behind.
    #[error("a split leaves at least one unit behind; reroute the fulfilment to move all of it")]
    SplitsAll,
    /// The two are not one location's work, or not for the same way out.
    #[error("fulfilments {0} and {1} are not work of one location that can be put together")]
    CannotMerge(u16, u16),
    /// Its location has not said yet that it holds the units of this work apart.
    #[error("fulfilment {0} is just being divided at its location; ask again in a moment")]
    BeingDivided(u16),
    /// There is no such location.
    #[error("there is no location \"{0}\"")]
    NoSuchLocation(LocationCode),
    /// The location cannot take the work.
    #[error("{location} cannot take it: {why}")]
    LocationCannot {
        /// Which.
        location: LocationCode,
        /// Why not, as the end of a sentence.
        why: &'static str,
    },
    /// No other location can take the work.
    #[error("no other location has what is needed; it stays where it is")]
    NowhereElse,
    /// The buyer collects it there.
    #[error("the buyer collects it at {0}")]
    CollectedThere(LocationCode),
    /// Not all of an order that parts are sent for is at the store.
    #[error("fulfilment {0} becomes ready by itself, once all of its order is at the store")]
    NotAllThere(u16),
    /// The time is not ahead, or too far.
    #[error("not_before must be ahead, and within a year")]
    NotAhead,
}

impl Rejection {
    /// The stable code that clients branch on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::KeyReused => "idempotency_key_reused",
            Self::OtherBody => "external_id_conflict",
            Self::Past => "imported_history",
            Self::Stale { .. } => "stale_version",
            Self::WrongStage { .. } | Self::WrongFulfilmentStage { .. } => "wrong_stage",
            Self::NoSuchFulfilment(_) => "no_such_fulfilment",
            Self::NoSuchHold(_) => "no_such_hold",
            Self::NoSuchLine { .. } | Self::NoLine(_) | Self::NoSuchOrderLine { .. } => {
                "no_such_line"
            }
            Self::TooMany { .. } | Self::TooManyLeft { .. } => "too_many",
            Self::LabelMissing => "label_missing",
            Self::OnHold(_) => "on_hold",
            Self::NothingToRefund => "nothing_to_refund",
            Self::NothingToRetry => "nothing_to_retry",
            Self::RefundTooLarge { .. } => "refund_too_large",
            Self::NoAmount { .. } => "invalid_amount",
            Self::NoOpenDispute => "no_open_dispute",
            Self::NothingToDecide => "nothing_to_resolve",
            Self::WhichDispute => "which_dispute",
            Self::BlocksNothing => "blocks_nothing",
            Self::NeverOver => "never_over",
            Self::Return(refused) => refused.code(),
            Self::Claim(refused) => refused.code(),
            Self::Pack(refused) => refused.code(),
            Self::Edit(refused) => refused.code(),
            Self::Exchange(refused) => refused.code(),
            Self::Address(refused) => refused.code(),
            Self::NoUnits => "no_units",
            Self::SplitsAll => "splits_all",
            Self::CannotMerge(..) => "cannot_merge",
            Self::BeingDivided(_) => "being_divided",
            Self::NoSuchLocation(_) => "no_such_location",
            Self::LocationCannot { .. } => "location_cannot",
            Self::NowhereElse => "nowhere_else",
            Self::CollectedThere(_) => "collected_there",
            Self::NotAllThere(_) => "not_all_there",
            Self::NotAhead => "not_ahead",
        }
    }
}
