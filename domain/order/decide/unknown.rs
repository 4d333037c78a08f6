//! Orders for something that no location has ever had: a wrong SKU mostly, that somebody can put right.

use super::super::{Context, Edge, HoldScope, Order, REASON_UNKNOWN_SKU, Stage};
use super::Draft;
use crate::ids::Sku;
use crate::policy::UnknownSku;

impl Draft<'_> {
    /// Holds a new order for a person when no location has ever had one of its SKUs, where policy says so.
    /// Otherwise it is as out of stock as any other.
    pub(super) fn hold_unknown_skus(&mut self) -> bool {
        let held = self.context.policy.unknown_sku == UnknownSku::Hold;
        let new = self.order.stage == Stage::Reserving;
        if !held || !new || self.order.unknown_skus(self.context).is_empty() {
            return false;
        }
        self.hold_once(REASON_UNKNOWN_SKU, HoldScope::Order, &[Edge::Reserve])
    }
}

impl Order {
    /// SKUs that are still to be reserved and that no location has ever had, each once.
    fn unknown_skus(&self, context: &Context<'_>) -> Vec<Sku> {
        let mut skus = self.uncovered_skus();
        skus.retain(|sku| !context.places.knows(sku));
        skus
    }

    /// SKUs that nothing covers yet, each once.
    pub(in crate::order) fn uncovered_skus(&self) -> Vec<Sku> {
        let lines = self.line_numbers();
        let open = lines.filter(|number| !self.uncovered(*number).is_zero());
        let mut skus: Vec<Sku> = open
            .filter_map(|number| self.line(number)?.sku.clone())
            .collect();
        skus.sort();
        skus.dedup();
        skus
    }
}
