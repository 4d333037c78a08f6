//! When an order wants attention: the one number that timers, retries, crash recovery and waking
//! from sleep all come from.

use jiff::Timestamp;

use super::{FulfilmentStage, Order, REASON_PAYMENT_MISMATCH, Stage, waits_for_stock};
use crate::policy::Policy;

/// When the order wants attention at the latest; `None` when it waits for nothing but news.
pub fn wake_at(order: &Order, policy: &Policy) -> Option<Timestamp> {
    let after = |since: Timestamp, wait| since.saturating_add(wait).ok();
    let mut times: Vec<Timestamp> = Vec::new();
    times.extend(order.outstanding.values().map(|open| open.next_try_at));
    times.extend(order.holds.iter().filter_map(|hold| hold.until));
    if !order.is_held_for(REASON_PAYMENT_MISMATCH) {
        let overdrawn = order.tenders.iter().filter_map(|t| t.overdrawn_since);
        times.extend(overdrawn.filter_map(|since| after(since, policy.mismatch_patience)));
    }
    if order.outstanding.is_empty() && !waits_for_stock(order).is_empty() {
        times.extend(after(order.stage_since, policy.contention_wait));
    }
    times.extend(order.review_until());
    if order.ending.is_none() {
        match order.stage {
            Stage::Authorizing if !order.is_money_secured() => {
                let lapse = after(order.stage_since, policy.reservation_ttl);
                times.extend(order.soft_until().or(lapse));
            }
            Stage::Confirmed | Stage::Fulfilling => {
                let asked = order
                    .fulfilments
                    .iter()
                    .filter(|f| f.stage == FulfilmentStage::Requested);
                times.extend(asked.filter_map(|f| after(f.since, policy.acceptance_time)));
            }
            Stage::Completed => times.extend(after(order.stage_since, policy.auto_close)),
            _ => {}
        }
    }
    times.into_iter().min()
}
