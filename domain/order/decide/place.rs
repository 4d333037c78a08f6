//! The first decisions about a new order.

use super::super::{
    AddressCheck, Context, Edge, Event, Features, HoldScope, Order, Outcome, Placement,
    REASON_CANCELLED_AT_SOURCE, REASON_FRAUD_SCORE, REASON_TOTAL_MISMATCH, Received, Recorded,
    Request, Screened, Stage, Tender, Verdict, evolve, judge,
};
use super::Draft;
use crate::canonical::Terms;
use crate::policy::due_after;

/// Decides what a new order is and what it wants first. A pure function of its arguments: the
/// events of the first commit and the order after them.
pub fn place(
    placement: Placement,
    actor: &str,
    request: Option<Request>,
    context: &Context<'_>,
) -> (Vec<Recorded>, Order) {
    let command_id = request.as_ref().map(|request| request.command_id);
    let first = Recorded {
        version: 1,
        recorded_at: context.now,
        occurred_at: Some(placement.draft.placed_at),
        actor: actor.to_owned(),
        command_id,
        event: Event::Received(Box::new(Received {
            id: placement.id,
            channel: placement.channel,
            channel_slug: placement.channel_slug,
            live_connection: placement.live_connection,
            body_hash: placement.body_hash,
            request,
            draft: placement.draft,
            history: None,
        })),
    };
    let Ok(order) = evolve(None, &first) else {
        unreachable!("a first event is the next one")
    };
    let mut draft = Draft::new(order, actor, context);
    draft.features = Some(placement.features);
    draft.command_id = command_id;
    draft.events.push(first);
    draft.changed_before(placement.wanted);
    draft.advance();
    (draft.events, draft.order)
}

impl Draft<'_> {
    /// Looks at a new order before stock and money are touched.
    pub(super) fn screen(&mut self) -> bool {
        if self.order.stage != Stage::Received || self.order.ending.is_some() {
            return false;
        }
        if self.order.draft.cancelled_at.is_some() {
            // What the channel took for it, it has to give back.
            self.settle_prepaid();
            let reason = REASON_CANCELLED_AT_SOURCE.to_owned();
            self.emit(Event::Cancelled {
                reason,
                postings: Vec::new(),
            });
            return true;
        }
        if self.order.draft.test && self.order.live_connection {
            self.emit(Event::Closed {
                reason: "test_order".into(),
            });
            return true;
        }
        if self.order.draft.stated_total != self.order.totals.grand {
            let blocks = [Edge::Reserve, Edge::Capture, Edge::Release, Edge::Ship];
            if self.hold_once(REASON_TOTAL_MISMATCH, HoldScope::Order, &blocks) {
                return true;
            }
        }
        if self.order.draft.awaits_release && self.keep_for_channel() {
            return true;
        }
        if self.lacks_a_destination() && self.hold_for_an_address() {
            return true;
        }
        let verdict = self.judge();
        self.settle_prepaid();
        if verdict == Verdict::Refuse {
            let reason = REASON_FRAUD_SCORE.to_owned();
            self.emit(Event::EndDecided {
                outcome: Outcome::Rejected,
                reason,
            });
        }
        true
    }

    /// Whether something of it is to be sent, and its channel, which states orders anew, has not said where to
    /// yet. What comes once, as through the hub's own API, is sent with what is known.
    fn lacks_a_destination(&self) -> bool {
        let features = self.features.as_ref();
        let absent = features.is_some_and(|known| known.address == AddressCheck::Absent);
        absent && self.order.draft.changed_at.is_some() && self.order.is_sent()
    }

    /// Books what the channel had taken before the order came.
    fn settle_prepaid(&mut self) {
        for number in self.order.tender_numbers() {
            let prepaid = |t: &Tender| matches!(t.terms, Terms::Prepaid { .. });
            if self.order.tender(number).is_some_and(prepaid) {
                self.settle_by_channel(number);
            }
        }
    }

    /// Judges the order by the rules in force and records what the judgement stands on.
    fn judge(&mut self) -> Verdict {
        let policy = self.context.policy;
        let amount = self.order.draft.stated_total;
        let features = self.features.take();
        let features = features.unwrap_or_else(|| Features::unknown(amount));
        let judgement = judge(&features, &policy.screening);
        let (now, sla) = (self.context.now, policy.review_sla);
        let until = due_after(policy.business_hours.as_ref(), now, sla);
        // Who never works is not waited for longer than who always does.
        let until = until.or_else(|| due_after(None, now, sla));
        let verdict = judgement.verdict;
        self.emit(Event::Screened(Box::new(Screened {
            verdict,
            policy: policy.version,
            rules: policy.screening.fingerprint(),
            score: judgement.score,
            reasons: judgement.reasons,
            degraded: judgement.degraded,
            features: Some(features),
            review_until: until.filter(|_| verdict == Verdict::Review),
        })));
        verdict
    }
}
