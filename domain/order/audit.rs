//! What must hold in every state of an order, whatever was reported. Checked wherever a log is
//! folded; a violation is a defect of the hub, never of a partner.

use super::{Order, Tender};
use crate::money::Money;
use crate::quantity::Quantity;

/// Every invariant that an order can break, as metrics name them.
pub const ORDER_INVARIANTS: [&str; 3] = ["ledger_sum", "ledger_cash", "line_units"];

impl Order {
    /// The invariants that this state breaks: none, or the hub has a defect.
    pub fn violations(&self) -> Vec<&'static str> {
        let currency = self.draft.currency;
        let zero = Money::zero(currency);
        let sum = |part: fn(&Tender) -> Money| {
            self.tenders
                .iter()
                .fold(zero, |all, tender| all.plus(part(tender)))
        };
        let kept = sum(Tender::captured_sum).minus(sum(Tender::refunded_sum));
        let cash = kept.minus(sum(Tender::disputed_away));
        let mut broken = Vec::new();
        if !self.ledger.sum(currency).is_zero() {
            broken.push("ledger_sum");
        }
        if self.ledger.cash(currency) != cash {
            broken.push("ledger_cash");
        }
        let conserved = |number| {
            let q = self.quantities(number);
            let open = Quantity::sum([
                q.unallocated,
                q.backordered,
                q.soft,
                q.hard,
                q.picked,
                q.shipped,
                q.not_stocked,
            ]);
            q.ordered == q.cancelled.plus(open)
                && q.shipped >= Quantity::sum([q.delivered, q.lost, q.returned])
        };
        if !self.line_numbers().all(conserved) {
            broken.push("line_units");
        }
        broken
    }
}
