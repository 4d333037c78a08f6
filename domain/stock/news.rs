//! What a location answers beside its counters: what became of what somebody said, and what orders must
//! hear that did not ask.

use jiff::Timestamp;

use super::{HoldKey, HoldState, StockHold};
use crate::order::StockEvidence;

/// What a location decided by itself about a hold, and its order must hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Which hold.
    pub key: HoldKey,
    /// The `rev` that is told.
    pub rev: i32,
    /// What.
    pub news: News,
}

/// What there is to tell about a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum News {
    /// It lapsed.
    Expired,
    /// A count found its units missing.
    Cut,
    /// Its units came; they are held softly until then.
    Supplied(Timestamp),
    /// Its units are expected then, or nobody knows when.
    Dated(Option<Timestamp>),
}

impl StockHold {
    /// What its order has to hear, when it has not heard of the last change.
    pub const fn news(&self) -> News {
        match self.state {
            HoldState::Cut => News::Cut,
            HoldState::Soft | HoldState::Hard => News::Supplied(self.expires_at),
            HoldState::Waiting => News::Dated(self.promise),
            _ => News::Expired,
        }
    }
}

impl News {
    /// The evidence for the lines of one try.
    pub const fn evidence(self, lines: Vec<u16>) -> StockEvidence {
        match self {
            Self::Expired => StockEvidence::Expired { lines },
            Self::Cut => StockEvidence::Cut { lines },
            Self::Supplied(expires_at) => StockEvidence::Supplied { lines, expires_at },
            Self::Dated(promise) => StockEvidence::Dated { lines, promise },
        }
    }
}

/// What became of what somebody said about stock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Taken {
    /// It stands.
    #[default]
    Applied,
    /// It was said before, under the same name.
    Repeated,
    /// Another number was said before, under the same name; it stays.
    Conflicting,
    /// Something newer was said before; it stays.
    Outdated,
}
