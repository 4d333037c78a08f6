//! Half a basket, on purpose: what of an order can be had now, and what has to stand in line for
//! supply. Which locations are best for what is there is sourcing's business, in `planning`.

use std::collections::BTreeMap;

use super::{Context, Location, Order, StockLine};
use crate::ids::{LocationCode, Sku};
use crate::quantity::Quantity;

/// What of an order can be had now, and what has to stand in line and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Ask these locations for these lines.
    pub now: Vec<(LocationCode, Vec<StockLine>)>,
    /// Stand in line there for the rest.
    pub later: Vec<(LocationCode, Vec<StockLine>)>,
}

/// What a place can still give of a SKU.
struct Room {
    /// Units that are there.
    there: i64,
    /// Units that one may stand in line for.
    declared: i64,
    /// Units that the order's channel may have promised, now or later.
    allowed: i64,
}

impl Room {
    fn of(order: &Order, code: &LocationCode, sku: &Sku, context: &Context<'_>) -> Self {
        let counters = context.places.counters(code, sku);
        let quota = context.places.quota(code, sku, order.channel);
        Self {
            there: counters.available(),
            declared: counters.backorderable(),
            allowed: quota.left().unwrap_or(i64::MAX),
        }
    }
}

/// Splits what nothing covers yet into units that are there and units that are not. The missing units
/// of a line wait in one place: where most supply is declared and free, else the first that may serve
/// the order. `None` when nothing is missing or no place will do.
pub fn split(order: &Order, context: &Context<'_>, declared_only: bool) -> Option<Split> {
    let places: Vec<&LocationCode> = order
        .nearest_first(context)
        .into_iter()
        .map(|place| &place.code)
        .collect();
    let mut free: BTreeMap<(&LocationCode, Sku), Room> = BTreeMap::new();
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
        let serves = |code: &&LocationCode| order.may_ask(code, &sku);
        for code in places.iter().copied().filter(serves) {
            let room = free.entry((code, sku.clone()));
            let room = room.or_insert_with(|| Room::of(order, code, &sku, context));
            let given = left.min(room.there).min(room.allowed);
            if given > 0 {
                room.there -= given;
                room.allowed -= given;
                left -= given;
                now.entry(code).or_default().push(of(given));
            }
        }
        if left == 0 {
            continue;
        }
        let mut best: Option<(i64, &LocationCode)> = None;
        for code in places.iter().copied().filter(serves) {
            let room = free.get(&(code, sku.clone()));
            let may = room.filter(|room| room.allowed >= left);
            if let Some(declared) = may.map(|room| room.declared)
                && best.is_none_or(|(most, _)| declared > most)
            {
                best = Some((declared, code));
            }
        }
        let (declared, code) = best?;
        if declared_only && declared < left {
            return None;
        }
        if let Some(room) = free.get_mut(&(code, sku.clone())) {
            room.declared -= left;
            room.allowed -= left;
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

impl Order {
    /// Locations that may serve it, those in the buyer's own country first.
    fn nearest_first<'a>(&self, context: &Context<'a>) -> Vec<&'a Location> {
        let home = self.draft.destination.as_deref();
        let mut places = self.candidates(context);
        places.sort_by_key(|location| home.is_none_or(|country| country != location.country));
        places
    }
}
