//! Errors about logbooks, planted: the worlds have to find them.

use jiff::Timestamp;

use super::planted::must_find;
use super::*;
use crate::ids::EffectId;
use crate::stock::{Happening, LocationStock, StockCommand, StockDecision};

struct ForgetsWhatItSaid;

impl Core for ForgetsWhatItSaid {
    fn stock(
        &self,
        stock: &LocationStock,
        command: &StockCommand,
        effect: Option<EffectId>,
        now: Timestamp,
    ) -> StockDecision {
        let mut forgetful = stock.clone();
        forgetful.told.clear();
        forgetful.decide(command, effect, now)
    }
}

#[test]
fn a_version_of_what_is_available_that_comes_twice_is_found() {
    must_find(&ForgetsWhatItSaid, "logbook_is_true");
}

struct SaysNothing;

impl Core for SaysNothing {
    fn stock(
        &self,
        stock: &LocationStock,
        command: &StockCommand,
        effect: Option<EffectId>,
        now: Timestamp,
    ) -> StockDecision {
        let mut decision = stock.decide(command, effect, now);
        let about_units = |says: &Happening| matches!(says, Happening::AvailabilityChanged { .. });
        decision
            .change
            .logbook
            .retain(|entry| !about_units(&entry.says));
        decision
    }
}

#[test]
fn a_change_of_what_is_available_that_nobody_hears_of_is_found() {
    must_find(&SaysNothing, "availability_is_told");
}
