//! The stages of an order and the table of legal moves between them.
//!
//! The table is data: a test walks it, and the docs' diagram is printed from it. Which evidence
//! makes a move is `evolve`'s business; that no other move ever happens is checked against here.

use serde::{Deserialize, Serialize};

/// Where an order is in its life. Nothing partial is ever a stage: partial is arithmetic over
/// lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Recorded; nothing decided yet.
    Received,
    /// A person has to look before stock or money is touched.
    Screening,
    /// Stock is being reserved.
    Reserving,
    /// Stock is held softly; payment and the firm hold are under way.
    Authorizing,
    /// Stock is held firmly and the money is secured.
    Confirmed,
    /// At least one location has been asked.
    Fulfilling,
    /// Everything open was delivered and paid.
    Completed,
    /// Nothing more is expected.
    Closed,
    /// The hub refused it.
    Rejected,
    /// Nobody answered in time.
    Expired,
    /// A cancellation is being carried out.
    Cancelling,
    /// Cancelled; nothing of it shipped.
    Cancelled,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 12] = [
        Self::Received,
        Self::Screening,
        Self::Reserving,
        Self::Authorizing,
        Self::Confirmed,
        Self::Fulfilling,
        Self::Completed,
        Self::Closed,
        Self::Rejected,
        Self::Expired,
        Self::Cancelling,
        Self::Cancelled,
    ];

    /// The word for it everywhere outside: lower-case snake case.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Screening => "screening",
            Self::Reserving => "reserving",
            Self::Authorizing => "authorizing",
            Self::Confirmed => "confirmed",
            Self::Fulfilling => "fulfilling",
            Self::Completed => "completed",
            Self::Closed => "closed",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing happens any more unless new evidence arrives.
    pub const fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Closed | Self::Rejected | Self::Expired | Self::Cancelled
        )
    }

    /// Whether somebody still works on it: it is neither over nor merely waiting to be closed.
    pub const fn is_in_hand(self) -> bool {
        !self.is_terminal() && !matches!(self, Self::Completed)
    }

    /// Whether the table lets an order move from here to `to`.
    pub fn may_become(self, to: Self) -> bool {
        MOVES
            .iter()
            .any(|(from, targets)| *from == self && targets.contains(&to))
    }
}

/// Every legal move.
pub const MOVES: &[(Stage, &[Stage])] = &[
    (
        Stage::Received,
        &[
            Stage::Screening,
            Stage::Reserving,
            // Nothing has to be reserved: digital goods, goods that the channel ships.
            Stage::Authorizing,
            Stage::Closed,
            Stage::Rejected,
            Stage::Cancelling,
            Stage::Cancelled,
        ],
    ),
    (
        Stage::Screening,
        &[
            Stage::Reserving,
            Stage::Authorizing,
            Stage::Rejected,
            Stage::Cancelling,
        ],
    ),
    (
        Stage::Reserving,
        &[
            Stage::Authorizing,
            Stage::Rejected,
            Stage::Expired,
            Stage::Cancelling,
        ],
    ),
    (
        Stage::Authorizing,
        &[
            Stage::Reserving,
            Stage::Confirmed,
            Stage::Rejected,
            Stage::Expired,
            Stage::Cancelling,
        ],
    ),
    (
        Stage::Confirmed,
        &[Stage::Fulfilling, Stage::Completed, Stage::Cancelling],
    ),
    (Stage::Fulfilling, &[Stage::Completed, Stage::Cancelling]),
    (Stage::Completed, &[Stage::Closed, Stage::Fulfilling]),
    (Stage::Cancelling, &[Stage::Cancelled, Stage::Fulfilling]),
    // Something came up afterwards: a return, a dispute.
    (Stage::Closed, &[Stage::Completed, Stage::Fulfilling]),
    (Stage::Rejected, &[]),
    // Its money came after all, and there still is stock.
    (Stage::Expired, &[Stage::Reserving, Stage::Authorizing]),
    (Stage::Cancelled, &[]),
];

impl Stage {
    /// Whether the order ended before its time: nothing of it will ship.
    pub const fn is_dead(self) -> bool {
        matches!(self, Self::Rejected | Self::Expired | Self::Cancelled)
    }
}
