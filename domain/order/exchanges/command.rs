//! Requests of people to exchange units, and why they are refused.

use crate::order::NewLine;
use crate::quantity::Quantity;

/// A request about an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExchangeCommand {
    /// The buyer sends units back and wants others for them.
    Open {
        /// What comes back, by the channel's line id; everything that can when absent.
        back: Option<Vec<(String, Quantity)>>,
        /// What goes out for it.
        lines: Vec<ExchangeLine>,
        /// What goes out does not wait for what comes back; it is charged if that does not come.
        advance: bool,
        /// Why, in a person's words.
        reason: String,
    },
}

impl ExchangeCommand {
    /// The word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open_exchange",
        }
    }
}

/// What goes out for what comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExchangeLine {
    /// So many units of a line that the order has, at its price.
    Again {
        /// The channel's line id.
        line: String,
        /// How many.
        quantity: Quantity,
    },
    /// Something that the order does not have.
    Other(Box<NewLine>),
}

/// Why an exchange is refused at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeRejection {
    /// Nothing goes out.
    #[error("nothing is to go out; open a return for units that only come back")]
    NothingGoesOut,
    /// A kit, or a part of one.
    #[error("line \"{line}\" is a kit or a part of one; name the articles that go out")]
    Kit {
        /// The channel's line id.
        line: String,
        /// Its place in the request, from 0.
        place: usize,
    },
}

impl ExchangeRejection {
    /// Where in the request it stands, as a JSON pointer; nothing when it is about all of it.
    pub fn pointer(&self) -> Option<String> {
        match self {
            Self::NothingGoesOut => Some("/lines".to_owned()),
            Self::Kit { place, .. } => Some(format!("/lines/{place}/line")),
        }
    }

    /// The stable code that clients branch on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NothingGoesOut => "nothing_goes_out",
            Self::Kit { .. } => "part_of_kit",
        }
    }
}
