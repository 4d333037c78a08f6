//! By what an order is recognised as one of many: an e-mail address, a means of payment, a place.
//!
//! The values are personal. They live in memory and go to the store, which keeps a keyed hash of
//! each; they never stand in an event, a log line or a metric.

use std::fmt;

use crate::canonical::{Address, OrderDraft, Submission, Terms};

/// What kind of thing a mark is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarkKind {
    /// The buyer's e-mail address.
    Email,
    /// The gateway's token of the means of payment, or its reference when that is all there is.
    Payment,
    /// Where it ships to.
    Address,
}

impl MarkKind {
    /// The word for it; part of what is hashed, so it never changes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Payment => "payment",
            Self::Address => "address",
        }
    }
}

/// Something that an order shares with others of the same buyer, in one spelling.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// What it is.
    pub kind: MarkKind,
    /// The value.
    pub value: String,
}

// The value is personal: whoever prints an append must not print it.
impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mark({}, ..)", self.kind.word())
    }
}

/// How often a mark was seen before this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sighting {
    /// The kind of the mark; an order has at most one of each.
    pub kind: MarkKind,
    /// Earlier orders within the window.
    pub recent: u32,
    /// Whether any earlier order is remembered.
    pub before: bool,
}

/// The marks of an order, at most one of each kind. An order of test data has none: what a
/// developer tries is no buyer's behaviour.
pub fn marks(submission: &Submission) -> Vec<Mark> {
    let Submission { draft, private } = submission;
    if draft.test {
        return Vec::new();
    }
    let customer = private.customer.as_ref();
    let email = customer.and_then(|customer| customer.email.as_deref());
    let found = [
        (
            MarkKind::Email,
            email.map(|text| text.trim().to_lowercase()),
        ),
        (MarkKind::Payment, payment(draft)),
        (MarkKind::Address, private.ship_to.as_ref().and_then(place)),
    ];
    found
        .into_iter()
        .filter_map(|(kind, value)| {
            let value = value.filter(|value| !value.is_empty())?;
            Some(Mark { kind, value })
        })
        .collect()
}

/// What the gateway calls the means of payment. Tokens of different accounts are different things.
fn payment(draft: &OrderDraft) -> Option<String> {
    draft.tenders.iter().find_map(|tender| match &tender.terms {
        Terms::ToAuthorize { gateway, token, .. } => Some(format!("{gateway}\n{token}")),
        Terms::Authorized {
            gateway: Some(gateway),
            reference: Some(reference),
            ..
        } => Some(format!("{gateway}\n{reference}")),
        _ => None,
    })
}

/// A place in one spelling, however it was typed. A street alone is not a place.
fn place(address: &Address) -> Option<String> {
    let plain = |text: &str| -> String {
        let letters = text.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let street = plain(&address.lines.concat());
    let town = address.postcode.as_deref().or(address.city.as_deref());
    let town = town.map(plain).filter(|town| !town.is_empty())?;
    let country = address.country.as_deref().map(plain).unwrap_or_default();
    (!street.is_empty()).then(|| format!("{country}\n{town}\n{street}"))
}
