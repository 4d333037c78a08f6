//! Errors about feeds, planted: the worlds have to find them, so repeats, late messages and crashes
//! between two locations do happen in them.

use jiff::Timestamp;

use super::planted::must_find;
use super::*;
use crate::ids::EffectId;
use crate::stock::{LocationStock, StockCommand, StockDecision};

struct ForgetsMessages;

impl Core for ForgetsMessages {
    fn stock(
        &self,
        stock: &LocationStock,
        command: &StockCommand,
        effect: Option<EffectId>,
        now: Timestamp,
    ) -> StockDecision {
        let mut forgetful = stock.clone();
        forgetful.feeds.clear();
        forgetful.decide(command, effect, now)
    }
}

#[test]
fn a_message_that_is_taken_twice_is_found() {
    must_find(&ForgetsMessages, "stock_writes");
}

struct CountsDeltas;

impl Core for CountsDeltas {
    fn stock(
        &self,
        stock: &LocationStock,
        command: &StockCommand,
        effect: Option<EffectId>,
        now: Timestamp,
    ) -> StockDecision {
        let mut wrong = command.clone();
        if let StockCommand::Feed { rows, .. } = &mut wrong {
            for row in rows {
                row.says = crate::stock::Level::OnHand(row.says.after(0));
            }
        }
        stock.decide(&wrong, effect, now)
    }
}

#[test]
fn a_change_that_is_taken_for_a_count_is_found() {
    must_find(&CountsDeltas, "stock_conserved");
}
