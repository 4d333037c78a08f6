//! Returns: what comes back from the buyer, and where it is. What is kept is evidence (what was
//! announced, decided, received and inspected); the stage is computed from it, so that a parcel that
//! comes late, twice or unannounced leads to the same place.
//!
//! What does not live here: the rules that act (`decide/returns`), and the fold (`evolve/returns`).

mod eligibility;
mod explain;
mod request;
mod stage;
mod units;
mod worth;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::LineUnits;
use super::fact::Scan;
use crate::ids::LocationCode;
use crate::money::Money;
use crate::policy::ReturnPayer;
use crate::quantity::Quantity;

pub use eligibility::{ReturnOutcome, ReturnReason, ReturnRule, ReturnVerdict, judge_return};
pub use request::{Arrival, InspectedLine, ReceivedLine, ReturnCommand, ReturnRejection};
pub use stage::{RETURN_MOVES, ReturnStage};

/// Units that come back from the buyer, or are to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// Its number, from 1.
    pub number: u16,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Since when it is where it is.
    pub since: Timestamp,
    /// Since when the next parcel of it is waited for.
    pub awaited_since: Timestamp,
    /// Why, in a person's words.
    pub reason: String,
    /// What the buyer announced; nothing for a parcel that came unannounced.
    pub announced: Vec<LineUnits>,
    /// What the rules said when it was opened.
    pub verdict: ReturnVerdict,
    /// Whether it may come back.
    pub decision: ReturnDecision,
    /// The label for the way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<ReturnLabel>,
    /// What its carrier saw of it on the way.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub scans: BTreeSet<Scan>,
    /// What came, by the name of the parcel.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parcels: BTreeMap<String, ReceivedParcel>,
    /// What was found in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inspected: Vec<InspectedUnits>,
    /// What did not come in time is not waited for any more.
    #[serde(default)]
    pub no_show: bool,
    /// Units that a location was asked to put back on its shelf.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restocked: Vec<RestockedUnits>,
    /// What the buyer got for accepted units.
    #[serde(default)]
    pub payback: Payback,
    /// Nothing more is expected, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<String>,
}

/// What the buyer got for units.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payback {
    /// Units whose worth is in `worth`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<LineUnits>,
    /// What those units were sold for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worth: Option<Money>,
    /// What the buyer gets for them, fees taken off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitled: Option<Money>,
    /// Of it, what was granted: it goes back through the gateways that took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<Money>,
    /// Of it, what no gateway of the hub's holds: it goes back by hand or through the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Money>,
    /// Of it, what pays for units that go out in exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchanged: Option<Money>,
    /// Of it, what the buyer got already by winning a dispute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub netted: Option<Money>,
    /// What of the granted has gone back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Money>,
}

/// Whether units may come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnDecision {
    /// Nobody has decided yet.
    Open,
    /// A person has to.
    Review,
    /// They may.
    Approved,
    /// They may not.
    Declined,
    /// The buyer keeps them after all.
    Cancelled,
}

/// The label for the way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnLabel {
    /// The carrier that moves the parcel.
    pub carrier: String,
    /// The carrier's tracking number.
    pub tracking_number: String,
    /// What it cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
    /// Who pays it.
    pub paid_by: ReturnPayer,
}

/// A parcel that came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedParcel {
    /// Where it was opened first.
    pub location: LocationCode,
    /// When it was recorded first.
    pub at: Timestamp,
    /// Units of the order's lines.
    pub units: Vec<LineUnits>,
    /// Things in it that the order never had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unexpected: Vec<UnexpectedItem>,
}

/// Something in a parcel that the order never had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnexpectedItem {
    /// What it is, as the location spells it.
    pub sku: String,
    /// How many.
    pub quantity: Quantity,
}

/// What was found of some units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InspectedUnits {
    /// The parcel that they came in.
    pub parcel: String,
    /// The line's number.
    pub line: u16,
    /// How many.
    pub quantity: Quantity,
    /// What becomes of them.
    pub disposition: Disposition,
    /// They are paid back.
    pub accepted: bool,
}

/// What becomes of a unit that came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// Good as new: back on the shelf.
    Restock,
    /// To be made good again; not on the shelf yet.
    Refurbish,
    /// Broken.
    Scrap,
    /// It was not there after all.
    Missing,
    /// Something else was there.
    WrongItem,
}

impl Disposition {
    /// Every disposition.
    pub const ALL: [Self; 5] = [
        Self::Restock,
        Self::Refurbish,
        Self::Scrap,
        Self::Missing,
        Self::WrongItem,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Restock => "restock",
            Self::Refurbish => "refurbish",
            Self::Scrap => "scrap",
            Self::Missing => "missing",
            Self::WrongItem => "wrong_item",
        }
    }

    /// Whether the buyer does not have the unit any more.
    pub const fn came_back(self) -> bool {
        matches!(self, Self::Restock | Self::Refurbish | Self::Scrap)
    }
}

/// Units that a location was asked to put back on its shelf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestockedUnits {
    /// Where.
    pub location: LocationCode,
    /// The line's number.
    pub line: u16,
    /// How many.
    pub quantity: Quantity,
}
