//! Messages that are kept although they changed nothing, and the names that they wait for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orderhub_domain::order::carrier_word;

/// Another name of an order: a gateway's reference, a tracking number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrderRef {
    /// What kind of name.
    pub kind: RefKind,
    /// The account that gave it, or whose number it is.
    pub scope: String,
    /// The name.
    pub value: String,
}

impl OrderRef {
    /// A parcel by its carrier and its number, whichever connection sold the label. No account is called
    /// like it.
    pub fn of_parcel(carrier: &str, number: &str) -> Self {
        Self {
            kind: RefKind::Tracking,
            scope: format!("@{}", carrier_word(carrier)),
            value: number.to_owned(),
        }
    }

    /// The carrier, if this is the name of a parcel by its carrier and its number.
    pub fn carrier(&self) -> Option<&str> {
        self.scope.strip_prefix('@')
    }
}

/// Kinds of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefKind {
    /// A sales channel's own id of the order; its scope is the connection.
    Order,
    /// A gateway's reference of a payment.
    Payment,
    /// A carrier's tracking number.
    Tracking,
    /// A thing at a vendor, which is looked up there: its scope is the connection.
    Resource,
}

impl RefKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Order, Self::Payment, Self::Tracking, Self::Resource];

    /// The word that the database keeps.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Payment => "payment",
            Self::Tracking => "tracking",
            Self::Resource => "resource",
        }
    }
}

/// A message that is kept although it changed nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// Its id: computed from source and body, so that a repeat is the same row.
    pub id: uuid::Uuid,
    /// Where it came from: `payments/stripe-eu`.
    pub source: String,
    /// Why it is kept: `no_order`, `unknown_topic:<topic>`, `dead: ...`.
    pub reason: String,
    /// The reference it waits for, or died waiting for.
    pub waiting_for: Option<OrderRef>,
    /// Since when nobody looks after it by itself.
    pub dead_since: Option<Timestamp>,
    /// When it arrived.
    pub received_at: Timestamp,
    /// The raw body; stored encrypted.
    pub body: Vec<u8>,
    /// Headers that reading needs, without secrets and signatures.
    pub headers: BTreeMap<String, String>,
}

/// What becomes of a parked message if nobody does anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ParkedState {
    /// It is offered again until its order is there.
    Waiting,
    /// Nothing: the hub does not act on such messages.
    Kept,
    /// Nothing, and a person has to look at it.
    Dead,
}

impl ParkedState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Kept, Self::Dead];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Kept => "kept",
            Self::Dead => "dead",
        }
    }

    /// The state of a message that is dead since then, if it is, and waits for this, if it does.
    pub const fn of(dead_since: Option<&Timestamp>, waiting_for: Option<&OrderRef>) -> Self {
        match (dead_since, waiting_for) {
            (Some(_), _) => Self::Dead,
            (None, Some(_)) => Self::Waiting,
            (None, None) => Self::Kept,
        }
    }
}

impl Parked {
    /// What becomes of it if nobody does anything.
    pub const fn state(&self) -> ParkedState {
        ParkedState::of(self.dead_since.as_ref(), self.waiting_for.as_ref())
    }
}
