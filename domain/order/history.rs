//! History: orders that were over before the hub heard of them, read in from a file. They are kept as what
//! they are, in the stage that they ended in, so that people find them and payouts, returns and numbers
//! have somewhere to point.
//!
//! The one invariant: history is never acted on. No rule runs on it (`decide::Draft::advance`), no clock
//! wakes it (`wake::next_wait`), no request but a note is taken, and no report changes it. Nothing is
//! booked in its ledger either: what was paid and given back then is the file's word, and the hub's ledger
//! holds only what the hub saw move.
//!
//! What does not live here: how a vendor's file says these things (`channels/imports`).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Event, Order, Quantities, REASON_CANCELLED_AT_SOURCE, Received, Recorded, Stage, evolve,
};
use crate::canonical::{FulfilledBy, OrderDraft, Terms, Violation};
use crate::ids::{ChannelId, OrderId, Slug};
use crate::money::Money;
use crate::quantity::Quantity;

/// How an order of the past ended, as its file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// How.
    pub end: PastEnd,
    /// When, if the file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// What the buyer had paid, before anything went back.
    pub paid: Money,
    /// What went back.
    pub refunded: Money,
    /// Numbers of the lines that never shipped; all others were delivered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unshipped: Vec<u16>,
    /// The format of the file: `shopify-csv`.
    pub format: String,
}

/// How an order of the past ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PastEnd {
    /// Delivered and paid.
    Completed,
    /// Nothing of it was to ship any more.
    Cancelled,
    /// All of the money went back.
    Refunded,
}

impl PastEnd {
    /// Every end.
    pub const ALL: [Self; 3] = [Self::Completed, Self::Cancelled, Self::Refunded];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }

    /// The end with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.word() == word)
    }

    /// The stage that an order of the past stands in.
    const fn stage(self) -> Stage {
        match self {
            Self::Completed | Self::Refunded => Stage::Closed,
            Self::Cancelled => Stage::Cancelled,
        }
    }

    /// Why it stands there.
    const fn reason(self) -> &'static str {
        match self {
            Self::Completed => "delivered",
            Self::Refunded => "refunded",
            Self::Cancelled => REASON_CANCELLED_AT_SOURCE,
        }
    }
}

/// What a file says about the money of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaidThen {
    /// All of it was paid.
    Paid,
    /// It was paid, and a part went back.
    PartlyRefunded,
    /// All of it went back.
    Refunded,
    /// Some of it is still to come.
    Open,
    /// Nothing was taken, and nothing will be.
    Voided,
}

/// What a file says about the goods of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShippedThen {
    /// Everything that was to ship has.
    All,
    /// Some of it.
    Some,
    /// Nothing.
    Nothing,
}

/// What a file says about an order, in one vocabulary for all files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatedEnd {
    /// It was cancelled.
    pub cancelled: bool,
    /// Its money.
    pub paid: PaidThen,
    /// Its goods.
    pub shipped: ShippedThen,
}

/// The order is not over: something is still to be shipped, or to be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotOver {
    /// What is missing: `shipped` or `paid`.
    pub lacks: &'static str,
}

impl NotOver {
    /// The refusal of its row, with what to do instead.
    pub fn violation(self, pointer: &str) -> Violation {
        let hint = format!(
            "an order that is over: this one is not all {} yet; let the channel push it (its webhook or \
             its poll brings it live), or import it once it is delivered, cancelled or refunded",
            self.lacks
        );
        Violation::new(pointer, "not_over", hint)
    }
}

impl StatedEnd {
    /// How it ended, if it did. A cancellation is one whatever was paid; all of the money back is an end
    /// whatever was shipped; else an order is over once everything was shipped and paid.
    ///
    /// # Errors
    /// When something is still to be done about it.
    pub const fn end(self) -> Result<PastEnd, NotOver> {
        match (self.cancelled, self.paid, self.shipped) {
            (true, ..) | (false, PaidThen::Voided, ShippedThen::Nothing) => Ok(PastEnd::Cancelled),
            (false, PaidThen::Refunded, _) => Ok(PastEnd::Refunded),
            (false, PaidThen::Paid | PaidThen::PartlyRefunded, ShippedThen::All) => {
                Ok(PastEnd::Completed)
            }
            (false, PaidThen::Paid | PaidThen::PartlyRefunded, _) => {
                Err(NotOver { lacks: "shipped" })
            }
            (false, PaidThen::Open | PaidThen::Voided, _) => Err(NotOver { lacks: "paid" }),
        }
    }
}

impl History {
    /// Where its money was in the end, in the words for any order that owed so much.
    pub fn payment_status(&self, owed: Money) -> &'static str {
        match () {
            () if self.paid.is_zero() && owed.is_positive() => "voided",
            () if self.refunded.is_positive() && self.refunded >= self.paid => "refunded",
            () if self.refunded.is_positive() => "part_refunded",
            () if self.paid >= owed => "captured",
            () => "part_captured",
        }
    }

    /// What no order of the past may have, beside what no order may have. Pointers are those of the hub's
    /// own form.
    pub fn violations(&self, draft: &OrderDraft, now: Timestamp) -> Vec<Violation> {
        let mut found = draft.violations();
        let mut say = |pointer: &str, code, hint: &str| {
            found.push(Violation::new(pointer, code, hint));
        };
        if draft.placed_at > now {
            say("/placed_at", "in_the_future", "a time that is past");
        }
        if self.ended_at.is_some_and(|at| at > now) {
            say("/history/ended_at", "in_the_future", "a time that is past");
        }
        let currency = draft.currency;
        if [self.paid, self.refunded]
            .iter()
            .any(|sum| sum.currency() != currency)
        {
            say("/history", "wrong_currency", "sums in the order's currency");
        } else if self.paid.is_negative() || self.refunded.is_negative() {
            say("/history", "negative", "zero or more");
        } else if self.refunded > self.paid {
            let hint = "at most what was paid";
            say("/history/refunded", "too_large", hint);
        }
        let asks =
            |terms: &Terms| matches!(terms, Terms::ToAuthorize { .. } | Terms::Authorized { .. });
        if draft.tenders.iter().any(|tender| asks(&tender.terms)) {
            let hint =
                "prepaid, on_delivery or invoice: nothing is charged for an order of the past";
            say("/payment/terms", "not_allowed", hint);
        }
        found
    }
}

/// An order of the past to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastPlacement {
    /// Its id.
    pub id: OrderId,
    /// The channel it came through.
    pub channel: ChannelId,
    /// The channel's name.
    pub channel_slug: Slug,
    /// The connection is live.
    pub live_connection: bool,
    /// Hexadecimal SHA-256 of what the file says of it.
    pub body_hash: String,
    /// The order.
    pub draft: OrderDraft,
    /// How it ended.
    pub history: History,
}

/// Records an order of the past: one event, and the order after it, which is over. Nothing follows.
pub fn place_past(past: PastPlacement, actor: &str, now: Timestamp) -> (Recorded, Order) {
    let first = Recorded {
        version: 1,
        recorded_at: now,
        occurred_at: Some(past.draft.placed_at),
        actor: actor.to_owned(),
        command_id: None,
        event: Event::Received(Box::new(Received {
            id: past.id,
            channel: past.channel,
            channel_slug: past.channel_slug,
            live_connection: past.live_connection,
            body_hash: past.body_hash,
            request: None,
            draft: past.draft,
            history: Some(Box::new(past.history)),
        })),
    };
    let Ok(order) = evolve(None, &first) else {
        unreachable!("a first event is the next one")
    };
    (first, order)
}

impl Order {
    /// Whether it was over before the hub heard of it.
    pub const fn is_past(&self) -> bool {
        self.history.is_some()
    }

    /// Begins at its end: the fold of the first event of an order of the past.
    pub(super) fn begin_past(&mut self, history: &History) {
        self.stage = history.end.stage();
        self.reason = Some(history.end.reason().to_owned());
        self.cancelled_at_source = history.end == PastEnd::Cancelled;
        for number in &history.unshipped {
            let index = usize::from(*number).checked_sub(1);
            let ordered = self.line(*number).map(|line| line.quantity);
            let line = index.and_then(|index| self.lines.get_mut(index));
            if let (Some(line), Some(ordered)) = (line, ordered) {
                line.cancelled = ordered;
            }
        }
        self.history = Some(Box::new(history.clone()));
    }

    /// Where the units of a line of the past are: with the buyer, as far as they were not cancelled.
    pub(super) fn past_quantities(
        by: FulfilledBy,
        ordered: Quantity,
        open: Quantity,
    ) -> Quantities {
        let mut vector = Quantities {
            ordered,
            cancelled: ordered.minus(open),
            ..Quantities::default()
        };
        if by == FulfilledBy::Nobody {
            vector.not_stocked = open;
        } else {
            vector.shipped = open;
            vector.delivered = open;
        }
        vector
    }
}
