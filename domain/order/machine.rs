//! The two functions that carry everything, and what they need.

use jiff::Timestamp;

use super::{
    Command, Fact, Order, Outstanding, Placement, Recorded, Rejection, RememberedRequest, Request,
};
use crate::ids::{EffectId, LocationCode, Sku};
use crate::policy::Policy;
use crate::stock::Counters;

/// What a decision may look at beside the order.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The database's time.
    pub now: Timestamp,
    /// The rules in force.
    pub policy: &'a Policy,
    /// Locations and their stock, as last heard.
    pub places: &'a dyn Places,
}

/// A snapshot of locations and stock.
pub trait Places {
    /// Every open location, in the operator's order.
    fn locations(&self) -> &[Location];

    /// The counters of a SKU there, as last heard; zeros where nothing is known.
    fn counters(&self, location: &LocationCode, sku: &Sku) -> Counters;
}

/// A location, as sourcing sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Its code.
    pub code: LocationCode,
    /// ISO 3166 two-letter country.
    pub country: String,
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
    /// A request, and how its repeat is recognised if it had an idempotency key.
    Request(Command, Option<Request>),
    /// A report.
    Fact(Fact),
    /// Time has passed, or something that the order waits for may have changed.
    Wake,
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

/// Decides what a new order is and what it wants first.
pub fn place(
    _placement: Placement,
    _actor: &str,
    _request: Option<Request>,
    _context: &Context<'_>,
) -> (Vec<Recorded>, Order) {
    unreachable!()
}

/// Decides what an input does to an order.
pub fn decide(
    _order: &Order,
    _input: &Input,
    _context: &Context<'_>,
) -> Result<Decided, Rejection> {
    Ok(Decided::Nothing)
}

/// The order after an event. `None` only before the first one.
///
/// # Errors
/// When the event is not the next one.
pub fn evolve(_order: Option<Order>, _event: &Recorded) -> Result<Order, OutOfOrder> {
    Err(OutOfOrder)
}

/// An event that does not follow on the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event is not the next one of this order")]
pub struct OutOfOrder;

/// When the order wants attention at the latest, if ever.
pub fn wake_at(_order: &Order, _policy: &Policy) -> Option<Timestamp> {
    None
}

/// The effects whose next try is due, oldest first.
pub fn due_effects(order: &Order, now: Timestamp) -> Vec<(EffectId, Outstanding)> {
    let due = order
        .outstanding
        .iter()
        .filter(|(_, open)| open.next_try_at <= now);
    due.map(|(id, open)| (*id, open.clone())).collect()
}

/// SKUs whose units the order waits for because others hold them softly: wake it when they move.
pub fn waits_for_stock(_order: &Order) -> Vec<Sku> {
    Vec::new()
}
