//! The board: locations and their stock as last committed, readable by every order of the node.
//!
//! It is a hint for sourcing. A promise is only ever made by the location itself.

use std::collections::{BTreeMap, HashMap};
use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, Ordering};

use orderhub_domain::ids::{ChannelId, LocationCode, Sku};
use orderhub_domain::order::{Location, Places, ShippingLane, TransitTime};
use orderhub_domain::stock::{Counters, Quota};

use crate::ports::Pause;
use crate::transits::Transits;
use crate::{read, write};

/// Availability at every location.
#[derive(Debug)]
pub(crate) struct Board {
    locations: Vec<Location>,
    stock: RwLock<HashMap<Sku, Posted>>,
    /// Locations that take no new work.
    paused: RwLock<BTreeMap<LocationCode, Pause>>,
    /// Pieces of work taken on, by location and day.
    works: RwLock<HashMap<LocationCode, BTreeMap<i32, u32>>>,
    /// What parcels take on their lanes.
    pub(crate) transits: Transits,
    /// Counts rises of availability, so that an order can tell whether one happened between its
    /// decision and its registration as a waiter.
    rises: AtomicU64,
}

#[derive(Debug, Default)]
struct Posted {
    counters: BTreeMap<LocationCode, Counters>,
    quotas: BTreeMap<(LocationCode, ChannelId), Quota>,
    /// The rise that last made more of it available.
    last_rise: u64,
}

/// What a posting changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Moved {
    /// Units more that can be promised there than before; nothing when it fell.
    pub(crate) risen: u64,
    /// Units promised that turned out to be missing.
    pub(crate) oversold: u64,
    /// Not one unit can be promised anywhere any more, even if every soft hold lapsed.
    pub(crate) exhausted: bool,
}

impl Board {
    pub(crate) fn new(locations: Vec<Location>) -> Self {
        Self {
            locations,
            stock: RwLock::default(),
            paused: RwLock::default(),
            works: RwLock::default(),
            transits: Transits::default(),
            rises: AtomicU64::new(0),
        }
    }

    /// Posts committed counters.
    pub(crate) fn post(&self, location: &LocationCode, sku: &Sku, counters: Counters) -> Moved {
        let mut stock = write(&self.stock);
        let posted = stock.entry(sku.clone()).or_default();
        let before = posted.counters.insert(location.clone(), counters);
        let risen = counters.available() - before.map_or(0, |before| before.available());
        if risen > 0 {
            posted.last_rise = self.rises.fetch_add(1, Ordering::AcqRel) + 1;
        }
        Moved {
            risen: u64::try_from(risen).unwrap_or(0),
            oversold: before.map_or(0, |before| {
                u64::try_from(counters.shortfall - before.shortfall).unwrap_or(0)
            }),
            exhausted: posted.counters.values().all(|c| c.attainable() == 0),
        }
    }

    /// Posts a committed quota. How many units more the channel can be promised than before.
    pub(crate) fn post_quota(
        &self,
        location: &LocationCode,
        (sku, channel): &(Sku, ChannelId),
        quota: Quota,
    ) -> u64 {
        let mut stock = write(&self.stock);
        let posted = stock.entry(sku.clone()).or_default();
        let name = (location.clone(), *channel);
        let before = posted.quotas.insert(name, quota).unwrap_or_default();
        // Where there is no bound the stock's own rises are told.
        let before = before.left();
        let after = quota.left().or_else(|| before.map(|_| i64::MAX));
        let risen = after
            .zip(before)
            .map_or(0, |(after, before)| after - before);
        if risen > 0 {
            posted.last_rise = self.rises.fetch_add(1, Ordering::AcqRel) + 1;
        }
        u64::try_from(risen).unwrap_or(0)
    }

    /// A location takes no new work.
    pub(crate) fn pause(&self, location: LocationCode, pause: Pause) {
        set_paused(&location, true);
        write(&self.paused).insert(location, pause);
    }

    /// It takes work again.
    pub(crate) fn resume(&self, location: &LocationCode) {
        set_paused(location, false);
        write(&self.paused).remove(location);
    }

    /// Since when and why a location takes no new work.
    pub(crate) fn pause_of(&self, location: &LocationCode) -> Option<Pause> {
        read(&self.paused).get(location).cloned()
    }

    /// Posts how much work a location has taken on; days that are not named are forgotten.
    pub(crate) fn post_works(&self, location: &LocationCode, days: BTreeMap<i32, u32>) {
        write(&self.works).insert(location.clone(), days);
    }

    /// Every SKU that any location has.
    pub(crate) fn skus(&self) -> Vec<Sku> {
        read(&self.stock).keys().cloned().collect()
    }

    /// A mark in time, for [`Self::rose_since`].
    pub(crate) fn mark(&self) -> u64 {
        self.rises.load(Ordering::Acquire)
    }

    /// Whether more of the SKU became available since the mark.
    pub(crate) fn rose_since(&self, sku: &Sku, mark: u64) -> bool {
        read(&self.stock)
            .get(sku)
            .is_some_and(|posted| posted.last_rise > mark)
    }
}

impl Places for Board {
    fn locations(&self) -> &[Location] {
        &self.locations
    }

    fn is_paused(&self, location: &LocationCode) -> bool {
        read(&self.paused).contains_key(location)
    }

    fn work_of(&self, location: &LocationCode, day: i32) -> u32 {
        let works = read(&self.works);
        let days = works.get(location);
        days.and_then(|days| days.get(&day)).copied().unwrap_or(0)
    }

    fn counters(&self, location: &LocationCode, sku: &Sku) -> Counters {
        let stock = read(&self.stock);
        let posted = stock
            .get(sku)
            .and_then(|posted| posted.counters.get(location));
        posted.copied().unwrap_or_default()
    }

    fn quota(&self, location: &LocationCode, sku: &Sku, channel: ChannelId) -> Quota {
        let stock = read(&self.stock);
        let quotas = stock.get(sku).map(|posted| &posted.quotas);
        let quotas = quotas.filter(|quotas| !quotas.is_empty());
        let known = quotas.and_then(|quotas| quotas.get(&(location.clone(), channel)));
        known.copied().unwrap_or_default()
    }

    fn knows(&self, sku: &Sku) -> bool {
        read(&self.stock).contains_key(sku)
    }

    fn transit_time(&self, lane: &ShippingLane) -> Option<TransitTime> {
        self.transits.time(lane)
    }
}

fn set_paused(location: &LocationCode, paused: bool) {
    let gauge = metrics::gauge!("orderhub_location_paused", "location" => location.to_string());
    gauge.set(if paused { 1.0 } else { 0.0 });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(on_hand: i64, reserved: i64, allocated: i64) -> Counters {
        Counters {
            on_hand,
            reserved,
            allocated,
            ..Counters::default()
        }
    }

    #[test]
    fn a_rise_is_seen_by_who_marked_before_it() {
        let board = Board::new(Vec::new());
        let (ber, sku) = (LocationCode::from("BER1"), Sku::from("A"));
        board.post(&ber, &sku, counters(3, 3, 0));
        let mark = board.mark();
        assert!(!board.rose_since(&sku, mark));
        assert_eq!(board.post(&ber, &sku, counters(3, 1, 0)).risen, 2);
        assert!(board.rose_since(&sku, mark));
    }

    #[test]
    fn a_sku_is_exhausted_only_when_every_location_allocated_all() {
        let board = Board::new(Vec::new());
        let sku = Sku::from("A");
        board.post(&"BER1".into(), &sku, counters(1, 1, 0));
        assert!(
            !board
                .post(&"HAM1".into(), &sku, counters(1, 0, 1))
                .exhausted
        );
        assert!(
            board
                .post(&"BER1".into(), &sku, counters(1, 0, 1))
                .exhausted
        );
    }
}
