//! An order as it is stored: its row, its log, and the holds that locations have for it. They were
//! read at one moment; here is what must agree, and nothing is read or repaired.

use jiff::Timestamp;
use serde::Deserialize;

use super::audit::LEDGER_SUM;
use super::{
    Effect, Order, Outstanding, Recorded, Reservation, ReservationKey, ReservationState, evolve,
    wake_at,
};
use crate::drift::Drift;
use crate::ids::{LocationCode, OrderId};
use crate::money::Money;
use crate::policy::Policy;
use crate::stock::HoldState;

/// What an order as it is stored can break, beside [`super::ORDER_INVARIANTS`].
pub const STORED_ORDER_INVARIANTS: [&str; 4] = [ORDER_LOG, ORDER_ROW, ORDER_WAKE, ORDER_HOLDS];

/// A log is whole, can be folded, and has a row; a row or a hold has a log.
pub const ORDER_LOG: &str = "order_log";
/// Version and stage of the row are those of the log.
const ORDER_ROW: &str = "order_row";
/// The row wakes the order no later than its log does.
const ORDER_WAKE: &str = "order_wake";
/// Locations hold for the order what its log says.
const ORDER_HOLDS: &str = "order_holds";

/// An order as it is stored.
#[derive(Debug, Clone)]
pub struct StoredOrder {
    /// Which.
    pub id: OrderId,
    /// Its row, if it has one.
    pub row: Option<OrderRow>,
    /// Its log from the first event on, or why it cannot be read.
    pub log: Result<Vec<Recorded>, String>,
    /// What locations hold, or have held, for it.
    pub holds: Vec<HoldRow>,
}

/// The row of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// Events in its log.
    pub version: u64,
    /// The word of its stage.
    pub stage: String,
    /// When it wants to be woken.
    pub wake_at: Option<Timestamp>,
}

/// A hold, as its location keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HoldRow {
    /// The line's number.
    pub line: i32,
    /// Where.
    pub location: LocationCode,
    /// The order's try.
    pub attempt: i32,
    /// What.
    pub sku: String,
    /// How many units.
    pub quantity: i64,
    /// The word of its state.
    pub state: String,
    /// Raised by everything that happens to it.
    pub rev: i32,
    /// The last `rev` that the order has committed.
    pub told_rev: i32,
}

impl StoredOrder {
    /// What does not agree. `policy` is the one that the order's last commit was made under; without
    /// it only the times that the log itself states are compared.
    pub fn drifts(&self, policy: Option<&Policy>) -> Vec<Drift> {
        let mut found = Vec::new();
        let mut say = |invariant, detail| {
            found.push(Drift {
                invariant,
                subject: self.id.to_string(),
                detail,
            });
        };
        let log = match &self.log {
            Ok(log) => log,
            Err(unreadable) => {
                say(ORDER_LOG, unreadable.clone());
                return found;
            }
        };
        let Some(row) = &self.row else {
            match (log.len(), self.holds.len()) {
                (0, 0) => {}
                (0, holds) => say(ORDER_LOG, format!("{holds} holds, but no row and no log")),
                (events, _) => say(ORDER_LOG, format!("{events} events in the log, but no row")),
            }
            return found;
        };
        let (order, unbalanced) = match fold(log) {
            Ok(folded) => folded,
            Err(why) => {
                say(ORDER_LOG, why);
                return found;
            }
        };
        let (version, stage) = (order.version, order.stage.word());
        if (row.version, row.stage.as_str()) != (version, stage) {
            let said = format!("version {} and stage {}", row.version, row.stage);
            let detail = format!("the row has {said}, the log {version} and {stage}");
            say(ORDER_ROW, detail);
        }
        // A row and holds of another version than the log's are not its.
        if row.version == version {
            if let Some(detail) = oversleeps(row, &order, policy) {
                say(ORDER_WAKE, detail);
            }
            if let Some(detail) = astray(&order, &self.holds) {
                say(ORDER_HOLDS, detail);
            }
        }
        let mut broken = order.violations();
        if let Some(entry) = unbalanced {
            broken.retain(|(invariant, _)| *invariant != LEDGER_SUM);
            broken.push((LEDGER_SUM, entry));
        }
        for (invariant, detail) in broken {
            say(invariant, detail);
        }
        found
    }
}

/// Folds a log. Also answers the first entry whose sides do not add up to zero.
fn fold(log: &[Recorded]) -> Result<(Order, Option<String>), String> {
    let mut order = None;
    let mut unbalanced = None;
    for recorded in log {
        let version = recorded.version;
        let next = evolve(order, recorded)
            .map_err(|_| format!("event {version} does not follow on the one before"))?;
        let sides = recorded.event.postings().iter().map(|side| side.amount);
        let off = Money::sum(next.draft.currency, sides);
        if unbalanced.is_none() && !off.is_zero() {
            unbalanced = Some(format!(
                "the sides of event {version} add up to {off}, not to zero"
            ));
        }
        order = Some(next);
    }
    let order = order.ok_or_else(|| "the row has no log".to_owned())?;
    Ok((order, unbalanced))
}

/// How the row lets the order sleep too long, if it does.
fn oversleeps(row: &OrderRow, order: &Order, policy: Option<&Policy>) -> Option<String> {
    // A policy with shorter times than the order fell asleep under asks for more than was promised.
    let stated = || {
        let tries = order.outstanding.values().map(|open| open.next_try_at);
        tries
            .chain(order.holds.iter().filter_map(|hold| hold.until))
            .min()
    };
    let wanted = policy.map_or_else(stated, |policy| wake_at(order, policy))?;
    match row.wake_at {
        Some(at) if at <= wanted => None,
        Some(at) => Some(format!("the row wakes it at {at}, the log at {wanted}")),
        None => Some(format!("the row never wakes it, the log at {wanted}")),
    }
}

/// The first hold that location and order do not know alike.
pub(in crate::order) fn astray(order: &Order, holds: &[HoldRow]) -> Option<String> {
    let contradicted = holds.iter().find_map(|hold| contradicts(order, hold));
    contradicted.or_else(|| {
        // What is asked for may not be there yet; what was answered is. Units that move between holds of one
        // location stay held throughout, so they count before it has moved them.
        let held = [ReservationState::Soft, ReservationState::Hard];
        let moves = |key: &ReservationKey| {
            order.outstanding.values().any(|open| {
                matches!(&open.effect, Effect::RegroupStock { location, attempt, .. }
                    if *location == key.location && *attempt == key.attempt)
            })
        };
        let mut known = order.reservations.iter();
        let (key, _) = known.find(|(key, known)| {
            held.contains(&known.state)
                && !holds.iter().any(|hold| key_of(hold).as_ref() == Some(*key))
                && !moves(key)
        })?;
        let ReservationKey {
            line,
            location,
            attempt,
        } = key;
        Some(format!(
            "the log holds line {line} (try {attempt}) at {location}, {location} has no hold"
        ))
    })
}

/// The name that the order has for it; a row that was written by hand may have none.
fn key_of(hold: &HoldRow) -> Option<ReservationKey> {
    Some(ReservationKey {
        line: u16::try_from(hold.line).ok()?,
        location: hold.location.clone(),
        attempt: u16::try_from(hold.attempt).ok()?,
    })
}

fn contradicts(order: &Order, hold: &HoldRow) -> Option<String> {
    let HoldRow {
        line,
        location,
        attempt,
        sku,
        quantity,
        ..
    } = hold;
    let there = format!("{location} holds line {line} (try {attempt})");
    let known = key_of(hold).and_then(|key| order.reservations.get(&key));
    let Some(known) = known else {
        return Some(format!("{there}, the log never asked for it"));
    };
    let asked = usize::try_from(*line)
        .ok()
        .and_then(|line| line.checked_sub(1));
    let stated = asked.and_then(|index| order.draft.lines.get(index)?.sku.as_ref());
    let asked = known.sku.as_ref().or(stated);
    let asked = asked.map_or("nothing", |sku| sku.as_str());
    let other = |wanted: String| {
        Some(format!(
            "{there} with {quantity} of {sku}, the log with {wanted} of {asked}"
        ))
    };
    let wanted = known.quantity.value();
    if asked != sku {
        return other(wanted.to_string());
    }
    let Some(state) = HoldState::from_word(&hold.state) else {
        return Some(format!(
            "{there} as \"{}\", which is no state of a hold",
            hold.state
        ));
    };
    // While either side has news for the other, both may be right.
    let is_under_way = |open: &Outstanding| {
        let attempt = u16::try_from(*attempt);
        attempt.is_ok_and(|attempt| open.effect.concerns(location, attempt))
    };
    let settled = hold.rev == hold.told_rev && !order.outstanding.values().any(is_under_way);
    if !settled {
        return None;
    }
    if counts(state) && known.quantity.whole() != Some(*quantity) {
        return other(wanted.to_string());
    }
    if agree(known, state) {
        return None;
    }
    Some(format!(
        "{there} as {}, the log as {:?}",
        state.word(),
        known.state
    ))
}

/// Whether the units of a hold are still held, may be again, or have left. How many there were of a
/// promise that was taken back is history: the order may have cut its work since.
const fn counts(state: HoldState) -> bool {
    state.is_live() || matches!(state, HoldState::Consumed)
}

fn agree(known: &Reservation, state: HoldState) -> bool {
    use ReservationState as Known;
    match known.state {
        Known::Requested | Known::Refused => !matches!(
            state,
            HoldState::Soft | HoldState::Hard | HoldState::Waiting
        ),
        Known::Soft => state == HoldState::Soft,
        Known::Waiting => state == HoldState::Waiting,
        Known::Cut => state == HoldState::Cut,
        Known::Hard => state == HoldState::Hard,
        Known::Moved => matches!(state, HoldState::Moved | HoldState::Released),
        // What was given back before it was said to have left stays given back.
        Known::Consumed => !matches!(state, HoldState::Soft | HoldState::Hard),
        Known::Expired | Known::Released | Known::Lost => matches!(
            state,
            HoldState::Expired | HoldState::Released | HoldState::Lost | HoldState::Cut
        ),
    }
}
