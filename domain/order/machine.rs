//! What the core is given and what it gives back: the vocabulary of `place` and `decide`.

use jiff::Timestamp;

use super::{
    Command, Fact, Order, Outstanding, Recorded, RememberedRequest, Request, ShippingLane, Topic,
    TransitTime,
};
use crate::canonical::Address;
use crate::ids::{ChannelId, EffectId, LocationCode, Sku};
use crate::policy::Policy;
use crate::sourcing::{Hours, Point};
use crate::stock::{Counters, Quota};

/// What a decision may look at beside the order.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The database's time.
    pub now: Timestamp,
    /// The rules in force.
    pub policy: &'a Policy,
    /// Locations and their stock, as last heard.
    pub places: &'a dyn Places,
    /// Where the order goes, where an input is about that; it stands sealed beside the log.
    pub ship_to: Option<&'a Address>,
    /// What the order's sales channel can be told of what becomes of it.
    pub channel_listens: &'a [Topic],
}

/// A snapshot of locations and stock.
pub trait Places {
    /// Every location, in the operator's order.
    fn locations(&self) -> &[Location];

    /// Whether it takes no new work until somebody says so.
    fn is_paused(&self, _: &LocationCode) -> bool {
        false
    }

    /// Units of work that it has taken on for a day, counted from 1970-01-01 by its own clock.
    fn work_of(&self, _: &LocationCode, _day: i32) -> u32 {
        0
    }

    /// The counters of a SKU there, as last heard; zeros where nothing is known.
    fn counters(&self, location: &LocationCode, sku: &Sku) -> Counters;

    /// What a channel may have promised of a SKU there and has, as last heard.
    fn quota(&self, _: &LocationCode, _: &Sku, _: ChannelId) -> Quota {
        Quota::default()
    }

    /// Whether any of them has ever had a SKU.
    fn knows(&self, _: &Sku) -> bool {
        true
    }

    /// What the last deliveries of a lane say about the next one; nothing where they are too few, or not
    /// at hand.
    fn transit_time(&self, _: &ShippingLane) -> Option<TransitTime> {
        None
    }
}

/// A location, as sourcing sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Its code.
    pub code: LocationCode,
    /// ISO 3166 two-letter country.
    pub country: String,
    /// Where it stands, if anybody said so.
    pub point: Option<Point>,
    /// It is a store.
    pub store: bool,
    /// What a parcel costs there, in minor units.
    pub cost_minor: u32,
    /// When it works.
    pub hours: Hours,
    /// Units of work that it takes on in a day; any number when nobody said so.
    pub capacity_per_day: Option<u32>,
    /// Parcels can be sent to it: somebody said its address.
    pub addressed: bool,
}

impl Location {
    /// A warehouse of which only code and country are known, and that parcels can be sent to.
    pub fn plain(code: LocationCode, country: String) -> Self {
        Self {
            code,
            country,
            point: None,
            store: false,
            cost_minor: 0,
            hours: Hours::default(),
            capacity_per_day: None,
            addressed: true,
        }
    }
}

/// Something that reached an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Who: `system`, `channel:<slug>` or `operator:<name>`.
    pub actor: String,
    /// What.
    pub body: InputBody,
}

/// What reached an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputBody {
    /// A request.
    Request(Asked),
    /// A report.
    Fact(Fact),
    /// Time has passed, or something that the order waits for may have changed.
    Wake,
}

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What is asked.
    pub command: Command,
    /// How its repeat is recognised, if it had an idempotency key.
    pub request: Option<Request>,
    /// The version of the order that the sender saw; refused when the order has moved on. A repeat
    /// is answered whatever the version is by now.
    pub expected: Option<u64>,
}

impl From<Command> for Asked {
    fn from(command: Command) -> Self {
        Self {
            command,
            request: None,
            expected: None,
        }
    }
}

/// What comes of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// These events, and the order after them.
    Commit(Vec<Recorded>, Box<Order>),
    /// Nothing: a repeat, or nothing to do.
    Nothing,
    /// The request was answered before; answer it the same.
    Repeat(RememberedRequest),
}

/// The effects whose next try is due, oldest first.
pub fn due_effects(order: &Order, now: Timestamp) -> Vec<(EffectId, Outstanding)> {
    let mut due: Vec<(EffectId, Outstanding)> = order
        .outstanding
        .iter()
        .filter(|(_, open)| open.next_try_at <= now)
        .map(|(id, open)| (*id, open.clone()))
        .collect();
    due.sort_by_key(|(id, open)| (open.next_try_at, *id));
    due
}
