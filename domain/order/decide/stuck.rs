//! Saying that an order does not go on by itself, and that it does again: once each.

use super::super::{Event, StuckEvent, explain};
use super::Draft;

impl Draft<'_> {
    /// The last rule: when no other has anything to do, it is seen whether somebody has to. An order that is
    /// stuck stays so whatever else happens to it, until what it is stuck by is gone.
    pub(super) fn say_stuck(&mut self) -> bool {
        let policy = self.context.policy;
        let by = self.order.stuck_by(policy, self.context.now);
        let event = match (by, self.order.stuck) {
            (Some(by), None) => {
                let recommended = explain(&self.order, policy).recommended;
                StuckEvent::Stuck {
                    by,
                    recommended: recommended.map(str::to_owned),
                }
            }
            (None, Some(since)) => StuckEvent::Unstuck { since },
            _ => return false,
        };
        self.emit(Event::Stuck(event));
        true
    }
}
