//! Units that come to a shelf with an order: back from it, or from another location for it.

use jiff::Timestamp;

use super::draft::Draft;
use super::{HoldKey, HoldState, StockHold};
use crate::ids::OrderId;
use crate::order::{StockEvidence, StockLine};

impl Draft<'_> {
    /// Adds units that came back and can be sold again to what is in the building, once per effect: no hold
    /// names them, so the effect that asks does. A row that another try has written makes the change unfit;
    /// the effect is looked up then and nothing is added again.
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

    /// Adds units that were sent here for an order to what is in the building, and holds them firmly for it:
    /// nobody else can be promised them in between. Their hold is the mark that it was done. It counts
    /// against no quota: that of their sender has borne them, and this shelf gives nothing up.
    pub(super) fn take_in(
        &mut self,
        order: OrderId,
        attempt: u16,
        lines: &[StockLine],
        now: Timestamp,
    ) -> StockEvidence {
        for line in lines {
            let key = HoldKey {
                order,
                line: line.line,
                attempt,
            };
            let quantity = line.quantity.whole().unwrap_or_default();
            if self.hold(key).is_some() {
                continue;
            }
            let moved = (quantity, 0, quantity);
            self.book(&line.sku, Some(order), "transfer", moved);
            let hold = StockHold {
                sku: line.sku.clone(),
                quantity,
                state: HoldState::Hard,
                rev: 1,
                told_rev: 1,
                expires_at: now,
                since: None,
                promise: None,
                work_day: None,
                channel: None,
            };
            self.put(key, hold);
        }
        StockEvidence::Confirmed
    }
}
