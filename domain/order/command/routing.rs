//! Requests of people about who does which part of the work.

use jiff::Timestamp;

use crate::ids::LocationCode;
use crate::quantity::Quantity;

/// Units by the channel's line id, as a person states them.
pub type StatedLines = Vec<(String, Quantity)>;

/// What may be asked about the routing of an order's work. Every reason is in a person's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteCommand {
    /// Take work from its location, before anything of it is picked.
    Reroute {
        /// The fulfilment's number.
        fulfilment: u16,
        /// Where to; wherever the rules say when absent.
        to: Option<LocationCode>,
        /// Why.
        reason: String,
    },
    /// Make two pieces of work of one, before its location has agreed to it.
    Split {
        /// The fulfilment's number.
        fulfilment: u16,
        /// What the new one is about.
        lines: StatedLines,
        /// Why.
        reason: String,
    },
    /// Make one piece of work of two, before their location has agreed to them.
    Merge {
        /// The number of the one that goes on.
        fulfilment: u16,
        /// The number of the one that ends in it.
        from: u16,
        /// Why.
        reason: String,
    },
    /// Do not ask for work before a time.
    Schedule {
        /// The fulfilment's number.
        fulfilment: u16,
        /// When it may be asked for.
        not_before: Timestamp,
        /// Why.
        reason: String,
    },
    /// End a part of the order.
    CancelLines {
        /// What.
        lines: StatedLines,
        /// Why.
        reason: String,
    },
}

impl RouteCommand {
    /// The word for it: `reroute`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Reroute { .. } => "reroute",
            Self::Split { .. } => "split",
            Self::Merge { .. } => "merge",
            Self::Schedule { .. } => "schedule",
            Self::CancelLines { .. } => "cancel",
        }
    }

    /// Why, in a person's words.
    pub fn reason(&self) -> &str {
        match self {
            Self::Reroute { reason, .. }
            | Self::Split { reason, .. }
            | Self::Merge { reason, .. }
            | Self::Schedule { reason, .. }
            | Self::CancelLines { reason, .. } => reason,
        }
    }
}
