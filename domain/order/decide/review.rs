//! Review: a person, or the lack of one, decides about an order that screening held back. Whoever
//! comes first decides; the second finds the order somewhere else.

use super::super::{Event, Order, Outcome, REASON_FRAUD_REVIEW, Rejection, ReviewDecision, Stage};
use super::Draft;
use crate::policy::ReviewDefault;

impl Order {
    /// Whether a person may still decide about it, and if not, why. `verb` is a participle:
    /// "approved".
    pub fn can_be_reviewed(&self, verb: &'static str) -> Result<(), Rejection> {
        if self.stage == Stage::Screening && self.ending.is_none() {
            return Ok(());
        }
        Err(Rejection::WrongStage {
            stage: self.stage,
            verb,
        })
    }

    /// Until when somebody has to have looked, while somebody has to look.
    pub fn review_until(&self) -> Option<jiff::Timestamp> {
        let review = self.review.as_ref()?;
        let open = self.stage == Stage::Screening && self.ending.is_none();
        open.then_some(review.until)
    }
}

impl Draft<'_> {
    /// A person decided.
    pub(super) fn review(
        &mut self,
        decision: ReviewDecision,
        reason: &str,
    ) -> Result<(), Rejection> {
        self.order.can_be_reviewed(decision.word())?;
        self.reviewed(decision, Some(reason.to_owned()));
        Ok(())
    }

    /// Nobody came in time: what policy declares for that case happens.
    pub(super) fn mind_the_review(&mut self) -> bool {
        let now = self.context.now;
        if self.order.review_until().is_none_or(|until| now < until) {
            return false;
        }
        let decision = match self.context.policy.review_default {
            ReviewDefault::Reject => ReviewDecision::Rejected,
            ReviewDefault::Approve => ReviewDecision::Approved,
        };
        self.reviewed(decision, None);
        true
    }

    fn reviewed(&mut self, decision: ReviewDecision, reason: Option<String>) {
        self.emit(Event::Reviewed { decision, reason });
        if decision == ReviewDecision::Rejected {
            let reason = REASON_FRAUD_REVIEW.to_owned();
            self.emit(Event::EndDecided {
                outcome: Outcome::Rejected,
                reason,
            });
        }
    }
}
