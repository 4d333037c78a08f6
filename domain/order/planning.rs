//! Sourcing: which location provides which units. A pure function over a snapshot of stock; the
//! locations themselves have the last word when they are asked.

use std::collections::BTreeMap;

use super::{Context, Order, StockLine};
use crate::ids::LocationCode;
use crate::quantity::Quantity;

/// What came of planning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Ask these locations for these lines.
    Ask(Vec<(LocationCode, Vec<StockLine>)>),
    /// Not enough now, but enough once other orders' soft holds lapse or are given back.
    Contended,
    /// Not enough anywhere.
    Short,
}

/// Plans the units that nothing covers yet. One location for everything is best (the buyer's own
/// country first, then the operator's order); otherwise the location that can give most units is
/// asked for them, and the next for the rest. All or nothing: half a basket is never asked for.
pub fn plan(order: &Order, context: &Context<'_>) -> Plan {
    let mut needs: BTreeMap<u16, (crate::ids::Sku, i64)> = BTreeMap::new();
    for number in order.line_numbers() {
        let units = order.uncovered(number).whole().unwrap_or(0);
        let sku = order.line(number).and_then(|line| line.sku.clone());
        if let (true, Some(sku)) = (units > 0, sku) {
            needs.insert(number, (sku, units));
        }
    }
    let places = candidates(order, context);
    let attainable = needs.iter().all(|(number, (sku, _))| {
        let wanted: i64 = needs
            .values()
            .filter(|(other, _)| other == sku)
            .map(|(_, units)| units)
            .sum();
        let there: i64 = places
            .iter()
            .filter(|code| !order.excluded.contains(&((**code).clone(), *number)))
            .map(|code| context.places.counters(code, sku).attainable())
            .sum();
        there >= wanted
    });
    if !attainable {
        return Plan::Short;
    }
    let mut free: BTreeMap<(&LocationCode, &crate::ids::Sku), i64> = BTreeMap::new();
    for code in &places {
        for (sku, _) in needs.values() {
            free.insert((code, sku), context.places.counters(code, sku).available());
        }
    }
    let mut left: BTreeMap<u16, i64> = needs.iter().map(|(n, (_, units))| (*n, *units)).collect();
    let mut asked: Vec<(LocationCode, Vec<StockLine>)> = Vec::new();
    while left.values().any(|units| *units > 0) {
        let offers = places
            .iter()
            .filter(|code| !asked.iter().any(|(a, _)| a == *code));
        let offer = |code: &LocationCode| {
            let mut shelf = free.clone();
            let mut lines = Vec::new();
            for (number, units) in left.iter().filter(|(_, units)| **units > 0) {
                if order.excluded.contains(&(code.clone(), *number)) {
                    continue;
                }
                let Some((sku, _)) = needs.get(number) else {
                    continue;
                };
                let Some(there) = shelf.get_mut(&(code, sku)) else {
                    continue;
                };
                let given = (*units).min(*there);
                if given > 0 {
                    *there -= given;
                    lines.push((*number, sku.clone(), given));
                }
            }
            lines
        };
        let total = |lines: &[(u16, crate::ids::Sku, i64)]| lines.iter().map(|l| l.2).sum::<i64>();
        // `max_by_key` keeps the last of equals; reversed, the first place wins.
        let best = offers
            .rev()
            .map(|code| (code, offer(code)))
            .max_by_key(|(_, o)| total(o));
        let Some((code, lines)) = best.filter(|(_, lines)| !lines.is_empty()) else {
            return Plan::Contended;
        };
        for (number, _, given) in &lines {
            if let Some(units) = left.get_mut(number) {
                *units -= given;
            }
        }
        let lines = lines
            .into_iter()
            .map(|(line, sku, given)| StockLine {
                line,
                sku,
                quantity: Quantity::units(u32::try_from(given).unwrap_or(u32::MAX)),
            })
            .collect();
        asked.push((code.clone(), lines));
    }
    Plan::Ask(asked)
}

/// What of an order can be had now, and what has to stand in line and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Ask these locations for these lines.
    pub now: Vec<(LocationCode, Vec<StockLine>)>,
    /// Stand in line there for the rest.
    pub later: Vec<(LocationCode, Vec<StockLine>)>,
}

/// Splits what nothing covers yet into units that are there and units that are not. The missing units
/// of a line wait in one place: where most supply is declared and free, else the first that may serve
/// the order. `None` when nothing is missing or no place will do.
pub fn split(order: &Order, context: &Context<'_>, declared_only: bool) -> Option<Split> {
    let places = candidates(order, context);
    let mut free: BTreeMap<(&LocationCode, crate::ids::Sku), (i64, i64)> = BTreeMap::new();
    let mut now: BTreeMap<&LocationCode, Vec<StockLine>> = BTreeMap::new();
    let mut later: BTreeMap<&LocationCode, Vec<StockLine>> = BTreeMap::new();
    for line in order.line_numbers() {
        let mut left = order.uncovered(line).whole().unwrap_or(0);
        let Some(sku) = order.line(line).and_then(|line| line.sku.clone()) else {
            continue;
        };
        let of = |units: i64| StockLine {
            line,
            sku: sku.clone(),
            quantity: Quantity::units(u32::try_from(units).unwrap_or(u32::MAX)),
        };
        let serves = |code: &&LocationCode| !order.excluded.contains(&((*code).clone(), line));
        let mut best: Option<(i64, &LocationCode)> = None;
        for code in places.iter().filter(serves) {
            let (there, declared) = free.entry((code, sku.clone())).or_insert_with(|| {
                let counters = context.places.counters(code, &sku);
                (counters.available(), counters.backorderable())
            });
            let given = left.min(*there);
            if given > 0 {
                *there -= given;
                left -= given;
                now.entry(code).or_default().push(of(given));
            }
            if best.is_none_or(|(most, _)| *declared > most) {
                best = Some((*declared, code));
            }
        }
        if left == 0 {
            continue;
        }
        let (declared, code) = best?;
        if declared_only && declared < left {
            return None;
        }
        if let Some((_, declared)) = free.get_mut(&(code, sku.clone())) {
            *declared -= left;
        }
        later.entry(code).or_default().push(of(left));
    }
    let listed = |asked: BTreeMap<&LocationCode, Vec<StockLine>>| {
        let asked = asked.into_iter();
        asked.map(|(code, lines)| (code.clone(), lines)).collect()
    };
    (!later.is_empty()).then(|| Split {
        now: listed(now),
        later: listed(later),
    })
}

/// Locations that may serve the order: the one the buyer collects at, or all, the buyer's own
/// country first.
fn candidates(order: &Order, context: &Context<'_>) -> Vec<LocationCode> {
    let all = context.places.locations();
    if let Some(pickup) = &order.draft.pickup_location {
        return all
            .iter()
            .filter(|l| l.code == *pickup)
            .map(|l| l.code.clone())
            .collect();
    }
    let home = order.draft.destination.as_deref();
    let mut sorted: Vec<_> = all.iter().collect();
    sorted.sort_by_key(|location| home.is_none_or(|country| country != location.country));
    sorted
        .into_iter()
        .map(|location| location.code.clone())
        .collect()
}
