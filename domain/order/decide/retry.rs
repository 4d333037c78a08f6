//! A person does not want to wait for the next try of a call that came to nothing.

use super::super::{Event, Order, Rejection};
use super::Draft;
use crate::ids::EffectId;

impl Order {
    /// Calls that came to nothing and wait for their next try. A call that is under way is left
    /// alone: nobody knows what becomes of it.
    pub(in crate::order) fn put_off(&self, now: jiff::Timestamp) -> Vec<EffectId> {
        let open = self.outstanding.iter();
        let waits = open.filter(|(_, open)| open.attempts > 0 && open.next_try_at > now);
        waits.map(|(id, _)| *id).collect()
    }

    /// Why nothing can be tried again now, as far as the order knows; `None` when something can.
    pub(in crate::order) fn why_not_retry(&self) -> Option<String> {
        let nothing = self.put_off(self.updated_at).is_empty();
        nothing.then(|| Rejection::NothingToRetry.to_string())
    }
}

impl Draft<'_> {
    /// What was put off is tried now. A try that may have been carried out is asked about first, as
    /// ever, so nothing is done twice.
    pub(super) fn retry(&mut self, reason: &str) -> Result<(), Rejection> {
        let effects = self.order.put_off(self.context.now);
        if effects.is_empty() {
            return Err(Rejection::NothingToRetry);
        }
        let reason = reason.to_owned();
        self.emit(Event::RetryRequested { effects, reason });
        Ok(())
    }
}
