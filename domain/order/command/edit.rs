//! Requests of people to change what an order consists of, and why they are refused.

use rust_decimal::Decimal;

use crate::ids::Sku;
use crate::quantity::Quantity;

/// A change of what an order consists of, as a person states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditCommand {
    /// The lines that change.
    pub lines: Vec<LineEdit>,
    /// Why, in a person's words.
    pub reason: String,
}

/// One line of an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineEdit {
    /// A line is to have so many units; none takes it out.
    Set {
        /// The channel's line id.
        line: String,
        /// How many, with those that edits added to it before, and without those that are cancelled.
        quantity: Quantity,
    },
    /// A line that the order does not have.
    Add(Box<NewLine>),
}

/// A line that an edit adds, as a person states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLine {
    /// What to pick.
    pub sku: Sku,
    /// What the buyer sees.
    pub title: String,
    /// How many.
    pub quantity: Quantity,
    /// Price of one unit, in the order's currency.
    pub unit_price: Decimal,
    /// Taxes on the line.
    pub taxes: Vec<NewTax>,
}

/// A tax on an added line, as a person states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTax {
    /// Its name ("VAT").
    pub name: String,
    /// Its rate (0.19), when stated.
    pub rate: Option<Decimal>,
    /// How much, for all units of the line, in the order's currency.
    pub amount: Decimal,
    /// Whether the price contains it.
    pub included: bool,
}

/// Why an edit is refused at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditRejection {
    /// Another edit is being secured.
    #[error("edit {0} is being secured; wait until it is applied or refused")]
    Open(u16),
    /// It would change nothing.
    #[error("the order has these quantities already")]
    Unchanged,
    /// A line is named twice.
    #[error("line \"{line}\" is named twice")]
    Twice {
        /// The channel's line id.
        line: String,
        /// Its place in the request, from 0.
        place: usize,
    },
    /// A component of a kit changes with its kit only.
    #[error("line \"{line}\" is a part of a kit; edit the kit")]
    PartOfKit {
        /// The channel's line id.
        line: String,
        /// Its place in the request, from 0.
        place: usize,
    },
    /// The channel ships the line.
    #[error("line \"{line}\" is shipped by the channel; have it changed there")]
    NotOurs {
        /// The channel's line id.
        line: String,
        /// Its place in the request, from 0.
        place: usize,
    },
    /// The line is no line that an order may have.
    #[error("the line cannot be added: {what}")]
    BadLine {
        /// What would be right.
        what: String,
        /// Its place in the request, from 0.
        place: usize,
    },
    /// Too many lines.
    #[error("an order has {most} lines at most")]
    TooManyLines {
        /// How many it may have.
        most: usize,
    },
    /// No tender of the order can pay more.
    #[error(
        "nothing that the order is paid with can be charged without the buyer; place another order"
    )]
    NotChargeable,
    /// The channel was paid for the order, and would have to be paid for what is added.
    #[error(
        "the channel was paid for this order, and nobody would have paid for what is added when it ships; have it ordered there"
    )]
    PaidAtChannel,
}

impl EditRejection {
    /// Where in the request it stands, as a JSON pointer; nothing when it is about all of it.
    pub fn pointer(&self) -> Option<String> {
        match self {
            Self::Twice { place, .. } | Self::PartOfKit { place, .. } => {
                Some(format!("/lines/{place}/line"))
            }
            Self::NotOurs { place, .. } | Self::BadLine { place, .. } => {
                Some(format!("/lines/{place}"))
            }
            Self::Unchanged | Self::TooManyLines { .. } => Some("/lines".to_owned()),
            Self::Open(_) | Self::NotChargeable | Self::PaidAtChannel => None,
        }
    }

    /// The stable code that clients branch on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Open(_) => "edit_open",
            Self::Unchanged => "nothing_changes",
            Self::Twice { .. } => "duplicate",
            Self::PartOfKit { .. } => "part_of_kit",
            Self::NotOurs { .. } => "not_ours",
            Self::BadLine { .. } => "invalid_line",
            Self::TooManyLines { .. } => "too_many_lines",
            Self::NotChargeable => "not_chargeable",
            Self::PaidAtChannel => "paid_at_channel",
        }
    }
}
