//! How much work a location takes on: whether it works at all, and how many pieces a day. The location
//! counts itself, so that of many orders that see the last place one gets it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{HoldKey, HoldState, LocationStock, StockHold};
use crate::ids::OrderId;
use crate::sourcing::Hours;

/// What a location takes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Room {
    /// It takes no new work until somebody says so.
    pub paused: bool,
    /// Pieces of work a day; any number when nobody said so.
    pub capacity: Option<u32>,
    /// When it works.
    pub hours: Hours,
    /// Pieces of work that it has taken on, by the day on which they are done, counted from 1970-01-01
    /// by its own clock. Days that are over may be missing.
    pub works: BTreeMap<i32, BTreeSet<(OrderId, u16)>>,
}

/// Days ahead that are looked at for room; later ones take what is left.
const DAYS_AHEAD: i32 = 30;

impl Room {
    /// Pieces of work of a day.
    pub fn taken(&self, day: i32) -> u32 {
        let works = self.works.get(&day).map_or(0, BTreeSet::len);
        u32::try_from(works).unwrap_or(u32::MAX)
    }

    fn is_full(&self, day: i32) -> bool {
        self.capacity.is_some_and(|most| self.taken(day) >= most)
    }

    /// The day that new work is taken on for; nothing where it would have to wait and may not.
    pub(super) fn day_for(&self, now: Timestamp, may_wait: bool) -> Option<i32> {
        let first = self.hours.work_day(now);
        if !self.is_full(first) {
            return Some(first);
        }
        if !may_wait {
            return None;
        }
        let mut later = (first + 1..=first + DAYS_AHEAD).filter(|day| self.hours.works_on(*day));
        let free = later.find(|day| !self.is_full(*day));
        Some(free.unwrap_or(first + DAYS_AHEAD))
    }

    /// The day of work whose units came late: it was promised already, so it waits for room if it must.
    pub(super) fn day_of_supplied(&self, now: Timestamp) -> Option<i32> {
        self.capacity.and_then(|_| self.day_for(now, true))
    }

    /// Follows a hold: work that is given back makes room again.
    pub(super) fn follow(&mut self, key: HoldKey, hold: &StockHold, others: bool) {
        let Some(day) = hold.work_day else {
            return;
        };
        let piece = (key.order, key.attempt);
        if counts(hold.state) {
            self.works.entry(day).or_default().insert(piece);
        } else if !others && let Some(works) = self.works.get_mut(&day) {
            works.remove(&piece);
        }
    }

    /// Forgets the days that are over.
    pub fn forget_before(&mut self, now: Timestamp) {
        let today = self.hours.day(now);
        self.works = self.works.split_off(&today);
    }
}

impl LocationStock {
    /// Whether another line of the same try stands for work.
    pub(super) fn is_beside(&self, key: HoldKey) -> bool {
        let first = HoldKey {
            line: 0,
            attempt: 0,
            ..key
        };
        let last = HoldKey {
            line: u16::MAX,
            attempt: u16::MAX,
            ..key
        };
        let mut others = self.holds.range(first..=last);
        others.any(|(other, hold)| {
            *other != key && other.attempt == key.attempt && counts(hold.state)
        })
    }
}

/// Whether a hold stands for work that is done, or to be done.
const fn counts(state: HoldState) -> bool {
    matches!(
        state,
        HoldState::Soft | HoldState::Hard | HoldState::Consumed
    )
}
