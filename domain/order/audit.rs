//! What must hold in every state of an order, whatever was reported. Checked wherever a log is
//! folded; a violation is a defect of the hub, never of a partner.

use super::{Order, Tender};
use crate::money::Money;
use crate::quantity::Quantity;

/// Every invariant that an order can break, as metrics name them.
pub const ORDER_INVARIANTS: [&str; 3] = [LEDGER_SUM, LEDGER_CASH, LINE_UNITS];

/// The accounts of an order add up to zero.
pub(super) const LEDGER_SUM: &str = "ledger_sum";
/// The cash in an order's ledger is what was captured less what was refunded or disputed away.
const LEDGER_CASH: &str = "ledger_cash";
/// The units of a line are each in one place.
const LINE_UNITS: &str = "line_units";

impl Order {
    /// The invariants that this state breaks, each with both values: none, or the hub has a defect.
    pub fn violations(&self) -> Vec<(&'static str, String)> {
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
        let total = self.ledger.sum(currency);
        if !total.is_zero() {
            let detail = format!("the accounts add up to {total}, not to zero");
            broken.push((LEDGER_SUM, detail));
        }
        let booked = self.ledger.cash(currency);
        if booked != cash {
            let detail =
                format!("the ledger has {booked} in cash, captured less refunded is {cash}");
            broken.push((LEDGER_CASH, detail));
        }
        let astray = self.line_numbers().find(|number| !self.conserves(*number));
        if let Some(number) = astray {
            let units = self.quantities(number);
            broken.push((LINE_UNITS, format!("line {number} has {units:?}")));
        }
        broken
    }

    fn conserves(&self, number: u16) -> bool {
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
            && q.shipped >= Quantity::sum([q.delivered, q.lost, q.returned_to_sender])
            && q.delivered >= self.came_back(number)
    }
}
