//! What an order puts to sourcing: the units that nothing covers yet, and the locations that could
//! provide them, as last heard. The locations themselves have the last word when they are asked.

use std::collections::BTreeMap;

use super::{Context, Location, Order};
use crate::ids::{LocationCode, Sku};
use crate::sourcing::{CANDIDATES_KEPT, Candidate, Need, Snapshot, Sourced, Transfer, source};

/// What came of planning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Ask these locations for these lines.
    Ask(Box<Sourced>),
    /// Not enough now, but enough once other orders' soft holds lapse or are given back.
    Contended,
    /// Not enough anywhere.
    Short,
}

/// Plans the units that nothing covers yet. All or nothing: half a basket is never asked for.
pub fn plan(order: &Order, context: &Context<'_>) -> Plan {
    plan_units(order, &order.needs(), context)
}

/// Plans these units, all or nothing.
pub(super) fn plan_units(order: &Order, needs: &[Need], context: &Context<'_>) -> Plan {
    let seen = order.seen(needs, context);
    if let Some(sourced) = source(&seen, &context.policy.sourcing) {
        return Plan::Ask(Box::new(sourced));
    }
    let attainable = seen.skus().iter().all(|(sku, wanted)| {
        let places = order.candidates(context).into_iter();
        let open = places.filter(|location| order.may_ask(&location.code, sku));
        let there = open.map(|l| order.attainable_at(&l.code, sku, context));
        there.sum::<i64>() >= *wanted
    });
    if attainable {
        Plan::Contended
    } else {
        Plan::Short
    }
}

impl Order {
    /// The units that nothing covers yet, by line.
    pub fn needs(&self) -> Vec<Need> {
        let needs = self.line_numbers().filter_map(|line| {
            let units = self.uncovered(line).whole().filter(|units| *units > 0)?;
            let sku = self.line(line)?.sku.clone()?;
            Some(Need { line, sku, units })
        });
        needs.collect()
    }

    /// What sourcing may look at for these units.
    fn seen(&self, needs: &[Need], context: &Context<'_>) -> Snapshot {
        let mut seen = Snapshot {
            at: context.now,
            needs: needs.to_vec(),
            weight_g: self.weight_of(needs, context.policy.default_weight_g),
            pickup: self.draft.pickup_location.is_some(),
            transfer: self.transfer_of(context),
            sent_to: self.sent_to.clone(),
            candidates: Vec::new(),
            left_out: 0,
        };
        let skus: Vec<(Sku, i64)> = seen
            .skus()
            .into_iter()
            .map(|(sku, units)| (sku.clone(), units))
            .collect();
        let mut found: Vec<(i64, Candidate)> = Vec::new();
        for location in self.candidates(context) {
            let free: Vec<i64> = skus
                .iter()
                .map(|(sku, _)| {
                    if self.may_ask(&location.code, sku) {
                        self.available_at(&location.code, sku, context)
                    } else {
                        0
                    }
                })
                .collect();
            let gives = free
                .iter()
                .zip(&skus)
                .map(|(free, (_, units))| *free.min(units));
            let gives: i64 = gives.sum();
            if gives > 0
                && let Some(candidate) = self.candidate(location, free, context)
            {
                found.push((gives, candidate));
            }
        }
        // Of very many locations those that can give most are looked at, and kept with the decision.
        if found.len() > CANDIDATES_KEPT {
            let mut most: Vec<i64> = found.iter().map(|(gives, _)| *gives).collect();
            most.sort_unstable_by_key(|gives| std::cmp::Reverse(*gives));
            let least = most.get(CANDIDATES_KEPT - 1).copied().unwrap_or(0);
            let before = found.len();
            let mut spare = CANDIDATES_KEPT - most.iter().filter(|gives| **gives > least).count();
            found.retain(|(gives, _)| {
                let tie = *gives == least && spare > 0;
                spare -= usize::from(tie);
                *gives > least || tie
            });
            seen.left_out = u32::try_from(before - found.len()).unwrap_or(u32::MAX);
        }
        seen.candidates = found.into_iter().map(|(_, candidate)| candidate).collect();
        seen
    }

    /// A location as sourcing sees it; nothing when nobody works there in sight.
    fn candidate(
        &self,
        location: &Location,
        free: Vec<i64>,
        context: &Context<'_>,
    ) -> Option<Candidate> {
        let (home, point) = self.goes_to(context);
        let distance_km = point.zip(location.point);
        let day = location.hours.work_day(context.now);
        let taken = u64::from(context.places.work_of(&location.code, day));
        let load_pct = location
            .capacity_per_day
            .map_or(0, |most| taken * 100 / u64::from(most.max(1)));
        Some(Candidate {
            location: location.code.clone(),
            free,
            distance_km: distance_km.map(|(buyer, there)| buyer.km_to(there)),
            abroad: home.is_some_and(|country| country != location.country),
            cost_minor: location.cost_minor,
            wait_minutes: location.hours.wait_minutes(context.now)?,
            load_pct: u32::try_from(load_pct).unwrap_or(u32::MAX),
            store: location.store,
        })
    }

    /// Locations that may serve the order: all that take work, but only the one the buyer collects at if
    /// the others do not send to it.
    pub(super) fn candidates<'a>(&self, context: &Context<'a>) -> Vec<&'a Location> {
        let pickup = self.draft.pickup_location.as_ref();
        let sends = matches!(self.transfer_of(context), Transfer::To(_));
        let pickup = pickup.filter(|_| !sends);
        let all = context.places.locations().iter();
        all.filter(|location| pickup.is_none_or(|code| *code == location.code))
            .filter(|location| !context.places.is_paused(&location.code))
            .collect()
    }

    /// Whether a location may be asked for a SKU: not where units of it were refused to this order
    /// before.
    pub(super) fn may_ask(&self, location: &LocationCode, sku: &Sku) -> bool {
        let of_sku = |line: &u16| self.line(*line).and_then(|l| l.sku.as_ref()) == Some(sku);
        let refused = self
            .excluded
            .iter()
            .any(|(code, line)| code == location && of_sku(line));
        !refused
    }

    /// Units of a SKU that a location can promise to it: what is there, as far as its channel may have it.
    pub(super) fn available_at(
        &self,
        location: &LocationCode,
        sku: &Sku,
        context: &Context<'_>,
    ) -> i64 {
        let there = context.places.counters(location, sku).available();
        let quota = context.places.quota(location, sku, self.channel);
        quota.left().map_or(there, |left| left.min(there))
    }

    /// The same if every soft hold lapsed.
    fn attainable_at(&self, location: &LocationCode, sku: &Sku, context: &Context<'_>) -> i64 {
        let there = context.places.counters(location, sku).attainable();
        let quota = context.places.quota(location, sku, self.channel);
        quota.attainable().map_or(there, |left| left.min(there))
    }

    /// Whether there are units enough for what nothing covers yet, and only quotas of its channel keep
    /// them from it.
    pub(super) fn is_kept_off_by_quotas(&self, context: &Context<'_>) -> bool {
        let places = context.places;
        let mut wanted: BTreeMap<Sku, i64> = BTreeMap::new();
        for need in self.needs() {
            *wanted.entry(need.sku).or_default() += need.units;
        }
        let candidates = self.candidates(context);
        let mut kept_off = false;
        for (sku, units) in &wanted {
            let open = candidates.iter().map(|location| &location.code);
            let open: Vec<_> = open.filter(|code| self.may_ask(code, sku)).collect();
            let there = |code: &&LocationCode| places.counters(code, sku).available();
            if open.iter().map(there).sum::<i64>() < *units {
                return false;
            }
            let allowed = open
                .iter()
                .map(|code| self.available_at(code, sku, context));
            kept_off |= allowed.sum::<i64>() < *units;
        }
        kept_off
    }

    /// Grams of these units.
    fn weight_of(&self, needs: &[Need], usual: u32) -> u64 {
        let mut grams: BTreeMap<u16, u64> = BTreeMap::new();
        for need in needs {
            let each = self
                .line_or_proposed(need.line)
                .and_then(|line| line.weight_g);
            let units = u64::try_from(need.units).unwrap_or(0);
            grams.insert(need.line, units * u64::from(each.unwrap_or(usual)));
        }
        grams.values().sum()
    }
}
