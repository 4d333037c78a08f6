//! What the orders of a simulated world see of their locations: as last heard, which may be old.

use std::collections::{BTreeMap, BTreeSet};

use super::transits::Transits;
use crate::ids::{ChannelId, LocationCode, Sku};
use crate::order::{Location, Places, ShippingLane, TransitTime};
use crate::stock::{Counters, Quota};

/// Locations and what was last heard of their stock.
pub(super) struct Board {
    pub(super) locations: Vec<Location>,
    pub(super) heard: BTreeMap<(LocationCode, Sku), Counters>,
    /// Those that take no new work.
    pub(super) paused: BTreeSet<LocationCode>,
    /// Quotas as they were last heard of.
    pub(super) quotas: BTreeMap<(LocationCode, Sku, ChannelId), Quota>,
    /// Work that was last heard of, by location and day.
    pub(super) works: BTreeMap<(LocationCode, i32), u32>,
    /// What parcels take.
    pub(super) transits: Transits,
}

impl Places for Board {
    fn locations(&self) -> &[Location] {
        &self.locations
    }

    fn is_paused(&self, location: &LocationCode) -> bool {
        self.paused.contains(location)
    }

    fn work_of(&self, location: &LocationCode, day: i32) -> u32 {
        let known = self.works.get(&(location.clone(), day));
        known.copied().unwrap_or_default()
    }

    fn counters(&self, location: &LocationCode, sku: &Sku) -> Counters {
        let key = (location.clone(), sku.clone());
        self.heard.get(&key).copied().unwrap_or_default()
    }

    fn quota(&self, location: &LocationCode, sku: &Sku, channel: ChannelId) -> Quota {
        let key = (location.clone(), sku.clone(), channel);
        self.quotas.get(&key).copied().unwrap_or_default()
    }

    fn knows(&self, sku: &Sku) -> bool {
        self.heard.keys().any(|(_, heard)| heard == sku)
    }

    fn transit_time(&self, lane: &ShippingLane) -> Option<TransitTime> {
        self.transits.time(lane)
    }
}
