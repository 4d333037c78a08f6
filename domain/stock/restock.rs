//! Units that came back and can be sold again. No hold names them, so the effect that asks does: the
//! ledger has one row for it and a SKU, however often it is asked.

use super::machine::Draft;
use crate::ids::OrderId;
use crate::order::StockLine;

impl Draft<'_> {
    /// Adds the units to what is in the building, once per effect. A row that another try has written
    /// makes the change unfit; the effect is looked up then and nothing is added again.
    pub(super) fn restock(&mut self, order: OrderId, lines: &[StockLine]) {
        let known = |effect| self.stock.booked.contains(&effect);
        if self.effect.is_some_and(known) {
            return;
        }
        for line in lines {
            let units = line.quantity.whole().unwrap_or_default();
            if units > 0 {
                self.book(&line.sku, Some(order), "restock", (units, 0, 0));
            }
        }
    }
}
