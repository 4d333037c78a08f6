//! Sourcing for a buyer who collects at a store that others may send to: the store gives what it has, and
//! what it lacks is looked for among the others by the same rules as any order.

use super::{Asked, Snapshot, Sourced, Transfer, among, scored, searched};
use crate::ids::LocationCode;
use crate::policy::{PickupSupply, SourcingPolicy};

impl Snapshot {
    /// The store that others may send to, by what was seen and by these rules.
    pub(super) fn sends_to(&self, rules: &SourcingPolicy) -> Option<&LocationCode> {
        match &self.transfer {
            Transfer::To(store) if rules.pickup_supply == PickupSupply::Transfer => Some(store),
            _ => None,
        }
    }

    /// Whether a candidate may be asked at all: of stores, those that ship, and the one that the buyer
    /// comes to.
    pub(super) fn is_open(&self, place: usize, rules: &SourcingPolicy) -> bool {
        let Some(candidate) = self.candidates.get(place) else {
            return false;
        };
        let ships = rules.ship_from_store || !candidate.store;
        match &self.transfer {
            Transfer::To(store) if candidate.location == *store => true,
            Transfer::To(_) => ships && self.sends_to(rules).is_some(),
            Transfer::None | Transfer::NoAddress(_) => self.pickup || ships,
        }
    }
}

/// The store gives all that it can promise; the rest is searched for elsewhere, all or nothing.
pub(super) fn gathered(
    seen: &Snapshot,
    store: &LocationCode,
    rules: &SourcingPolicy,
) -> Option<Sourced> {
    let is_store = |place: &usize| {
        let candidate = seen.candidates.get(*place);
        candidate.is_some_and(|candidate| candidate.location == *store)
    };
    let all = (0..seen.candidates.len()).filter(|place| seen.is_open(*place, rules));
    let (at_store, others): (Vec<usize>, Vec<usize>) = all.partition(is_store);
    let (given, rest) = seen.taken_from(&at_store);
    if rest.needs.iter().all(|need| need.units == 0) {
        let full = at_store.iter().any(|place| seen.is_full(*place));
        return among(seen, &at_store, rules, full);
    }
    let plan = searched(&rest, &others, rules)?;
    if given.is_empty() {
        return Some(Sourced {
            seen: seen.clone(),
            ..plan
        });
    }
    let own = scored(seen, &at_store, rules).map(|(_, score)| score);
    let own: Vec<_> = own.collect();
    let first = Asked {
        location: store.clone(),
        lines: given,
    };
    Some(Sourced {
        points: own
            .iter()
            .fold(plan.points, |sum, score| sum.saturating_add(score.total)),
        scores: own.into_iter().chain(plan.scores).collect(),
        asked: std::iter::once(first).chain(plan.asked).collect(),
        queued: plan.queued || at_store.iter().any(|place| seen.is_full(*place)),
        seen: seen.clone(),
        ..plan
    })
}

impl Snapshot {
    fn is_full(&self, place: usize) -> bool {
        let candidate = self.candidates.get(place);
        candidate.is_some_and(super::Candidate::is_full)
    }

    /// Units by line that these candidates can give, and what is wanted then. Needs keep their places, so
    /// that what candidates have still fits them.
    fn taken_from(&self, places: &[usize]) -> (Vec<(u16, i64)>, Self) {
        let skus = self.skus();
        let mut rest = self.clone();
        let mut given = Vec::new();
        for candidate in places
            .iter()
            .filter_map(|place| self.candidates.get(*place))
        {
            let mut free = candidate.free.clone();
            for need in &mut rest.needs {
                let sku = skus.iter().position(|(sku, _)| **sku == need.sku);
                let Some(there) = sku.and_then(|sku| free.get_mut(sku)) else {
                    continue;
                };
                let units = need.units.min(*there).max(0);
                if units > 0 {
                    *there -= units;
                    need.units -= units;
                    given.push((need.line, units));
                }
            }
        }
        (given, rest)
    }
}
