//! Orders that do not go on by themselves, as somebody sees it who looks at their holds and calls himself.

use super::laws::{Verdict, must};
use super::world::World;
use crate::order::{
    Event, Order, REASON_ADDRESS_MISSING, REASON_AWAITS_CHANNEL, REASON_REAUTHORIZING, Recorded,
    StuckEvent,
};

/// It is said once that an order is stuck, of one that somebody has to look after, and once that it is not.
pub(super) fn before_stuck(before: &Order, recorded: &Recorded) -> Verdict {
    let Event::Stuck(event) = &recorded.event else {
        return Ok(());
    };
    let said = before.stuck.is_some();
    let says = matches!(event, StuckEvent::Stuck { .. });
    must(said != says, "stuck_said_once", || {
        format!("{} although that was said", event.kind())
    })?;
    let failing = before.outstanding.values().any(|open| open.attempts > 0);
    let reason = is_held(before) || failing;
    must(reason || !says, "stuck_said_once", || {
        format!("{} for no reason", event.kind())
    })
}

/// A hold of the hub's own that waits for a person.
fn is_held(order: &Order) -> bool {
    let kept = order.is_held_for(REASON_AWAITS_CHANNEL);
    let waits = order.holds.iter().any(|hold| {
        let own = !hold.owner.starts_with("operator:") && !hold.owner.starts_with("channel:");
        let waits = match hold.reason.as_str() {
            REASON_REAUTHORIZING | REASON_AWAITS_CHANNEL => true,
            REASON_ADDRESS_MISSING => kept,
            _ => false,
        };
        own && !waits
    });
    waits && !order.stage.is_terminal()
}

impl World<'_> {
    /// An order at rest is stuck if, and only if, the hub holds it for a person.
    pub(super) fn check_stuck(&mut self, order: &Order) {
        let held = is_held(order);
        if order.outstanding.is_empty() && order.stuck.is_some() != held {
            let found = format!(
                "{}: held {held}, said to be stuck since {:?}",
                self.name(order.id),
                order.stuck
            );
            self.fall("stuck_is_said", found);
        }
    }
}
