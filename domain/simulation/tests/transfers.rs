//! Errors about what is sent to a store, planted in the rules: the world finds them.

use jiff::Timestamp;

use super::planted::{changed, must_find};
use super::*;
use crate::ids::EffectId;
use crate::order::{
    Context, Decided, Event, FulfilmentEvidence, FulfilmentStage, Input, Order, Rejection,
};
use crate::stock::{HoldState, LocationStock, StockCommand, StockDecision};

/// What lies packed at the store is called ready although the rest is still to come.
struct CallsTooEarly;

impl Core for CallsTooEarly {
    fn decide(&self, o: &Order, i: &Input, c: &Context<'_>) -> Result<Decided, Rejection> {
        changed(o, i, c, |events| {
            let order = o.clone();
            let waits = order.is_gathered() && !order.is_all_there();
            let mut works = order.fulfilments.iter();
            let packed = works.find(|work| work.pickup && work.stage == FulfilmentStage::Packed);
            if let (Some(work), true, Some(last)) = (packed, waits, events.last().cloned()) {
                let mut early = last;
                early.event = Event::FulfilmentReported {
                    fulfilment: work.number,
                    work: FulfilmentEvidence::ReadyForPickup,
                    closes: Vec::new(),
                };
                events.push(early);
            }
        })
    }
}

/// A store puts what came for an order on its shelf, for anybody.
struct HoldsNothing;

impl Core for HoldsNothing {
    fn stock(
        &self,
        stock: &LocationStock,
        command: &StockCommand,
        effect: Option<EffectId>,
        now: Timestamp,
    ) -> StockDecision {
        let mut decision = stock.decide(command, effect, now);
        if matches!(command, StockCommand::TakeIn { .. }) {
            for (.., hold) in &mut decision.change.holds {
                hold.state = HoldState::Released;
            }
            for row in &mut decision.change.ledger {
                row.d_allocated = 0;
                if let Some(counters) = decision.change.counters.get_mut(&row.sku) {
                    counters.allocated = stock.counters(&row.sku).allocated;
                }
            }
        }
        decision
    }
}

#[test]
fn an_order_that_is_called_ready_before_all_of_it_is_there_is_found() {
    must_find(&CallsTooEarly, "ready_when_all_is_there");
}

#[test]
fn a_store_that_does_not_hold_what_came_for_an_order_is_found() {
    must_find(&HoldsNothing, "stock_conserved");
}
