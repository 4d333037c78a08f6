//! What follows by itself from a return: the rules' decision, the end of waiting, the way back to the
//! shelf, and the end. What the buyer gets for it stands in `settle`, what people ask in `requests`.

mod requests;
mod seen;
mod settle;

use super::super::{
    Claim, Disposition, Effect, Event, Exchange, Order, REASON_CAPTURE_FAILED, RestockSource,
    Return, ReturnDecision, ReturnEvent, ReturnOutcome, ReturnStage, Stage,
};
use super::Draft;
use crate::policy::Policy;

impl Draft<'_> {
    /// The next step of any return.
    pub(super) fn mind_returns(&mut self) -> bool {
        if self.order.returns.is_empty() {
            return false;
        }
        self.decide_return()
            || self.stop_waiting_for_units()
            || self.put_back_on_the_shelf()
            || self.settle_return()
            || self.note_refunded()
            || self.close_return()
    }

    /// The rules decide what they can; what they cannot waits for a person.
    fn decide_return(&mut self) -> bool {
        let Some(back) = self.order.return_at(ReturnStage::Requested) else {
            return false;
        };
        let number = back.number;
        let policy = back.verdict.policy;
        let event = match back.verdict.outcome {
            ReturnOutcome::Decline => ReturnEvent::Declined {
                number,
                reason: None,
                reasons: back.verdict.reasons.clone(),
                policy,
            },
            ReturnOutcome::Approve | ReturnOutcome::Review => ReturnEvent::Approved {
                number,
                reason: None,
                policy,
            },
        };
        self.emit(Event::Return(event));
        true
    }

    /// What was announced and has not come in time is not waited for any more. A parcel that comes
    /// later is taken as it is.
    fn stop_waiting_for_units(&mut self) -> bool {
        let now = self.context.now;
        let policy = self.context.policy;
        let over = |back: &&Return| back.awaited_until(policy).is_some_and(|until| now >= until);
        let Some(back) = self.order.returns.iter().find(over) else {
            return false;
        };
        let (number, missing) = (back.number, back.missing());
        self.emit(Event::Return(ReturnEvent::NoShow { number, missing }));
        true
    }

    /// Units that passed the inspection go back on the shelf of the location that has them, each once.
    fn put_back_on_the_shelf(&mut self) -> bool {
        if self.is_open(|effect| matches!(effect, Effect::RestockUnits { .. })) {
            return false;
        }
        let approved = |back: &&Return| back.decision == ReturnDecision::Approved;
        let mut returns = self.order.returns.iter().filter(approved);
        let found = returns.find_map(|back| Some((back.number, back.unshelved()?)));
        let Some((number, (location, units))) = found else {
            return false;
        };
        let lines = self.order.stock_lines(&units);
        self.open(Effect::RestockUnits {
            location,
            lines,
            source: RestockSource::Return(number),
        });
        true
    }

    /// A return ends when everything that came was inspected, shelved and paid back.
    fn close_return(&mut self) -> bool {
        if self.is_open(|effect| matches!(effect, Effect::RestockUnits { .. })) {
            return false;
        }
        let over = |back: &&Return| {
            back.stage() == ReturnStage::Inspected
                && back.unsettled().is_empty()
                && back.unshelved().is_none()
        };
        let Some(number) = self.order.returns.iter().find(over).map(|back| back.number) else {
            return false;
        };
        self.emit(Event::Return(ReturnEvent::Closed {
            number,
            reason: "settled".to_owned(),
            cancelled: false,
        }));
        true
    }

    /// A closed order is opened again by a return, a dispute or a capture that came to nothing; never edited in
    /// place.
    pub(super) fn reopen(&mut self) -> bool {
        let stood = self.order.confirmed_at.is_some();
        if self.order.stage != Stage::Closed || !stood {
            return false;
        }
        let Some(reason) = self.order.unfinished_business() else {
            return false;
        };
        let reason = reason.to_owned();
        self.emit(Event::Reopened { reason });
        true
    }
}

impl Order {
    /// What keeps an order from being closed after its delivery: a return or a dispute that has not
    /// ended, money that a return has still to give back, a capture that came to nothing after all.
    pub fn unfinished_business(&self) -> Option<&'static str> {
        match () {
            () if self.has_open_return() => Some("return"),
            () if self.claims.iter().any(Claim::is_open) => Some("claim"),
            () if self.exchanges.iter().any(Exchange::is_open) => Some("exchange"),
            () if self.is_disputed() => Some("dispute"),
            () if self.lacks_a_capture() => Some(REASON_CAPTURE_FAILED),
            () => None,
        }
    }
}

impl Return {
    /// Until when the next parcel of it is waited for, if one is.
    pub fn awaited_until(&self, policy: &Policy) -> Option<jiff::Timestamp> {
        let waits = self.decision == ReturnDecision::Approved
            && self.closed.is_none()
            && !self.no_show
            && !self.is_complete();
        let until = self
            .awaited_since
            .saturating_add(policy.returns.no_show_after);
        until.ok().filter(|_| waits)
    }
}

impl Disposition {
    /// Whether the buyer is paid back for such a unit, where the inspection does not say: what is whole
    /// is, what is broken by policy; what did not come is not.
    pub(super) const fn is_accepted(self, policy: &Policy) -> bool {
        match self {
            Self::Restock | Self::Refurbish => true,
            Self::Scrap => policy.returns.refund_damaged,
            Self::Missing | Self::WrongItem => false,
        }
    }
}
