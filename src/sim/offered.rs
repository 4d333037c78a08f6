//! What a channel offers: a number for each thing that it sells, which the hub tells it and every sale
//! lowers. Kept in memory: the hub tells all numbers again when it finds others.

use std::collections::BTreeMap;

use super::goods::Line;

/// A channel's numbers, by SKU.
pub(super) struct Offered(BTreeMap<String, i64>);

impl Offered {
    /// A channel that sells these, and has heard of no unit yet.
    pub(super) fn of(skus: &[String]) -> Self {
        Self(skus.iter().map(|sku| (sku.clone(), 0)).collect())
    }

    /// Somebody has bought: what is offered is less by that. Vendors let a number fall below zero.
    pub(super) fn sold(&mut self, lines: &[Line]) {
        for line in lines {
            if let Some(units) = self.0.get_mut(&line.sku) {
                *units -= i64::try_from(line.quantity).unwrap_or_default();
            }
        }
    }

    /// How many are offered of a SKU; `None` when it is not sold.
    pub(super) fn units(&self, sku: &str) -> Option<i64> {
        self.0.get(sku).copied()
    }

    /// Sets a number; `false` when the SKU is not sold.
    pub(super) fn set(&mut self, sku: &str, units: i64) -> bool {
        let known = self.0.get_mut(sku);
        known.map(|known| *known = units).is_some()
    }

    /// Everything that is sold, each with its place counted from 1.
    pub(super) fn all(&self) -> impl Iterator<Item = (u64, &str, i64)> {
        let places = (1_u64..).zip(&self.0);
        places.map(|(place, (sku, units))| (place, sku.as_str(), *units))
    }

    /// The SKU at a place.
    pub(super) fn at(&self, place: u64) -> Option<&str> {
        let mut all = self.all();
        all.find_map(|(there, sku, _)| (there == place).then_some(sku))
    }
}
