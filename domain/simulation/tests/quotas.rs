//! Errors about quotas, planted: the worlds have to find them.

use jiff::Timestamp;

use super::planted::must_find;
use super::*;
use crate::ids::EffectId;
use crate::stock::{LocationStock, StockCommand, StockDecision};

struct IgnoresQuotas;

impl Core for IgnoresQuotas {
    fn stock(
        &self,
        stock: &LocationStock,
        command: &StockCommand,
        effect: Option<EffectId>,
        now: Timestamp,
    ) -> StockDecision {
        let mut generous = stock.clone();
        for quota in generous.quotas.values_mut() {
            quota.units = quota.units.map(|units| units + 1_000);
        }
        let mut decision = generous.decide(command, effect, now);
        for quota in decision.change.quotas.values_mut() {
            let asked = matches!(command, StockCommand::SetQuota(_));
            quota.units = quota
                .units
                .map(|units| if asked { units } else { units - 1_000 });
        }
        decision
    }
}

#[test]
fn more_than_the_quota_promised_is_found() {
    must_find(&IgnoresQuotas, "quota_kept");
}

struct KeepsWhatLapsed;

impl Core for KeepsWhatLapsed {
    fn stock(
        &self,
        stock: &LocationStock,
        command: &StockCommand,
        effect: Option<EffectId>,
        now: Timestamp,
    ) -> StockDecision {
        let mut decision = stock.decide(command, effect, now);
        if matches!(command, StockCommand::Expire { .. }) {
            decision.change.quotas.clear();
        }
        decision
    }
}

#[test]
fn a_lapsed_hold_that_still_counts_is_found() {
    must_find(&KeepsWhatLapsed, "quota_counted");
}
