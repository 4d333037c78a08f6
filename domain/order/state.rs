//! The folded state of an order. Plain data: `evolve` alone writes it, everyone reads it.

mod dispute;
mod editing;
mod movements;
mod parcel;
mod payment;
mod work;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::claims::Claim;
use super::effect::{Notice, Outstanding};
use super::event::{LineUnits, Outcome};
use super::exchanges::Exchange;
use super::fact::NoticeEvidence;
use super::history::History;
use super::hold::Hold;
use super::ledger::Ledger;
use super::returns::Return;
use super::screening::Review;
use super::source::AtSource;
use super::stage::Stage;
use crate::canonical::{OrderDraft, Totals};
use crate::ids::{ChannelId, CommandId, EffectId, LocationCode, OrderId, Sku, Slug};
use crate::quantity::Quantity;
use crate::sourcing::Sourced;

pub use dispute::{Dispute, Word};
pub use editing::{EditedLine, Editing};
pub use movements::{Failure, Movements};
pub use parcel::{Label, Parcel};
pub use work::{Fulfilment, FulfilmentStage};

pub use payment::{StoreCredit, Tender};

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// The channel it came through.
    pub channel: ChannelId,
    /// The channel's name when it came.
    pub channel_slug: Slug,
    /// The connection is live: a test order is recorded and nothing else.
    pub live_connection: bool,
    /// Hexadecimal SHA-256 of the canonical value of the body it came in.
    pub body_hash: String,
    /// The version of the last event.
    pub version: u64,
    /// When the first event was recorded.
    pub received_at: Timestamp,
    /// When the last event was recorded.
    pub updated_at: Timestamp,
    /// Where it is in its life.
    pub stage: Stage,
    /// Since when.
    pub stage_since: Timestamp,
    /// Since when stock and money were secured.
    pub confirmed_at: Option<Timestamp>,
    /// How it ended before the hub heard of it, of an order that was read in from a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<Box<History>>,
    /// Why it ended, when it ended before its time; or why it closed.
    pub reason: Option<String>,
    /// The hub is ending it; what is held and authorised is being given back.
    pub ending: Option<Ending>,
    /// The sales channel cancelled it; said again, that changes nothing.
    pub cancelled_at_source: bool,
    /// Screening wanted a person to look; kept after somebody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
    /// The order as stated.
    pub draft: OrderDraft,
    /// Totals computed from the parts.
    pub totals: Totals,
    /// One per line of the draft, in its order; line numbers count from 1.
    pub lines: Vec<LineState>,
    /// The ways of paying, numbered from 1.
    pub tenders: Vec<Tender>,
    /// Holds on stock.
    pub reservations: BTreeMap<ReservationKey, Reservation>,
    /// Tries of getting stock so far; the number of the latest.
    pub attempt: u16,
    /// Locations that refused or rejected, with the lines they will not be asked for again.
    pub excluded: BTreeSet<(LocationCode, u16)>,
    /// Work asked of locations, numbered from 1.
    pub fulfilments: Vec<Fulfilment>,
    /// What comes back from the buyer, numbered from 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returns: Vec<Return>,
    /// What did not arrive as it should, numbered from 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claim>,
    /// What goes out for what comes back, numbered from 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<Exchange>,
    /// The last decision about who is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sourced: Option<Box<Sourced>>,
    /// Where a person sent the work that is to be sourced next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_to: Option<LocationCode>,
    /// A part of the order is being cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parting: Option<Parting>,
    /// An edit that is not part of the order (yet).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub editing: Option<Box<Editing>>,
    /// Number of the last edit.
    #[serde(default, skip_serializing_if = "is_none_yet")]
    pub edits: u16,
    /// How often its address was changed.
    #[serde(default, skip_serializing_if = "is_none_yet")]
    pub address: u16,
    /// Holds in force.
    pub holds: Vec<Hold>,
    /// Number of the last hold placed.
    pub last_hold: u32,
    /// Since when it does not go on by itself, as was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stuck: Option<Timestamp>,
    /// What the sales channel said after the order was placed, and what it has to hear.
    #[serde(default, skip_serializing_if = "AtSource::is_nothing")]
    pub at_source: AtSource,
    /// What the sales channel was told, and what it said.
    pub told: Vec<(Notice, NoticeEvidence)>,
    /// What is wanted of the world and not answered yet.
    pub outstanding: BTreeMap<EffectId, Outstanding>,
    /// Balances.
    pub ledger: Ledger,
    /// Credit that the buyer has instead of money.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub store_credits: Vec<StoreCredit>,
    /// When it went on after it had expired; that happens once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revived_at: Option<Timestamp>,
    /// The last requests, newest last.
    pub requests: VecDeque<RememberedRequest>,
    /// Natural keys of facts that were ignored, newest last.
    pub ignored: VecDeque<String>,
}

/// The hub is ending an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// How.
    pub outcome: Outcome,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// A part of an order is being cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parting {
    /// What is still to be cancelled.
    pub lines: Vec<LineUnits>,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// What the hub knows of a line beyond what was stated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineState {
    /// Units cancelled.
    pub cancelled: Quantity,
    /// The edit that added the line; 0 for what the order came with.
    #[serde(default, skip_serializing_if = "is_none_yet")]
    pub edit: u16,
    /// The line that it adds units to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adds_to: Option<u16>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
const fn is_none_yet(number: &u16) -> bool {
    *number == 0
}

/// Names a hold on stock within an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ReservationKey {
    /// The line's number.
    pub line: u16,
    /// Where.
    pub location: LocationCode,
    /// The try.
    pub attempt: u16,
}

impl From<ReservationKey> for String {
    fn from(key: ReservationKey) -> Self {
        format!("{}/{}/{}", key.line, key.attempt, key.location)
    }
}

impl TryFrom<String> for ReservationKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut parts = text.splitn(3, '/');
        let (Some(line), Some(attempt), Some(location)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(format!("\"{text}\" is not a reservation"));
        };
        let number = |part: &str| {
            part.parse()
                .map_err(|_| format!("\"{text}\" is not a reservation"))
        };
        Ok(Self {
            line: number(line)?,
            attempt: number(attempt)?,
            location: location.into(),
        })
    }
}

/// A hold on stock, as the order knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// How many.
    pub quantity: Quantity,
    /// How firm.
    pub state: ReservationState,
    /// When it lapses by itself, while soft; when the order stops waiting, while it waits.
    pub expires_at: Timestamp,
    /// What, where the line was not in the draft yet: an edit that is refused leaves no line behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// When the units that it waits for are expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise: Option<Timestamp>,
}

/// How firm a hold on stock is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReservationState {
    /// Asked for.
    Requested,
    /// Until it lapses.
    Soft,
    /// Until released or consumed.
    Hard,
    /// The units left the building.
    Consumed,
    /// Lapsed; confirming takes it again if there still is stock.
    Expired,
    /// Given back.
    Released,
    /// Lapsed, and the units are gone.
    Lost,
    /// Never held.
    Refused,
    /// Stands in line for units that are still to come.
    Waiting,
    /// Promised, and a count found the units missing.
    Cut,
    /// Stands under another try, or at another location.
    Moved,
}

impl ReservationState {
    /// Whether units are held, or may be.
    pub const fn is_live(self) -> bool {
        matches!(
            self,
            Self::Requested | Self::Soft | Self::Hard | Self::Expired | Self::Waiting
        )
    }
}

/// A request that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedRequest {
    /// The same for every repeat.
    pub command_id: CommandId,
    /// Of the body's canonical value.
    pub body_hash: String,
    /// The generation of the answer.
    pub reply_schema: u16,
    /// The version its answer named.
    pub version: u64,
}

/// How many requests an order remembers; older ones are looked up in the log.
pub const REMEMBERED_REQUESTS: usize = 32;

/// How many ignored facts are recorded per order; more are only counted.
pub const IGNORED_FACTS: usize = 20;

/// How many lines of payout files are kept per payment.
pub const LINES_SETTLED: usize = 1000;
