//! Authorisations end, or are used up, before all has shipped: what they cannot pay any more is
//! authorised anew, and nothing leaves unpaid meanwhile.

use super::super::renewal::Course;
use super::super::{
    Edge, Effect, Event, HoldScope, MoneyEvent, Owed, REASON_CAPTURE_FAILED, REASON_PAYMENT_LOST,
    REASON_REAUTHORIZING, RenewalReason, Tender,
};
use super::Draft;

impl Draft<'_> {
    /// The time of an authorisation is over: from here on nothing is captured of it.
    pub(super) fn lapse_authorizations(&mut self) -> bool {
        let now = self.context.now;
        let over = |number: &u16| self.order.lapses_at(*number).is_some_and(|at| now >= at);
        let Some(tender) = self.order.payers().into_iter().find(over) else {
            return false;
        };
        self.emit(Event::Money(MoneyEvent::AuthorizationExpired { tender }));
        true
    }

    /// What an authorisation cannot pay any more, or soon not, is authorised anew by a tender of its
    /// own, off-session with the means of payment that the gateway knows. Where that is refused for
    /// good, a person has to look, and nothing that is not paid for leaves.
    pub(super) fn renew_authorizations(&mut self) -> bool {
        if !self.order.is_standing() {
            return false;
        }
        let (policy, now) = (self.context.policy, self.context.now);
        for tender in self.order.payers() {
            let Some(need) = self.order.need(tender, policy, now) else {
                continue;
            };
            match self.order.course(tender, need, policy, now) {
                Course::UnderWay(renewal) => {
                    if self.ask_gateway(renewal) {
                        return true;
                    }
                }
                Course::Now if self.is_open(|effect| effect.tender() == Some(tender)) => {}
                Course::Now => {
                    let renewal = self.order.tender_numbers().count() + 1;
                    self.emit(Event::Money(MoneyEvent::ReauthorizationRequested {
                        tender,
                        renewal: u16::try_from(renewal).unwrap_or(u16::MAX),
                        amount: need.amount,
                        because: need.because,
                    }));
                    return true;
                }
                Course::Later(_) => {}
                Course::Never => {
                    let (reason, blocks) = match need.because {
                        RenewalReason::CaptureFailed => {
                            (REASON_CAPTURE_FAILED, [Edge::Capture, Edge::Ship])
                        }
                        _ => (REASON_PAYMENT_LOST, [Edge::Release, Edge::Ship]),
                    };
                    if self.hold_once(reason, HoldScope::Order, &blocks) {
                        return true;
                    }
                }
            }
        }
        false
    }

    /// Asks for the money of a tender, unless that is under way or answered.
    pub(super) fn ask_gateway(&mut self, number: u16) -> bool {
        let asked = |effect: &Effect| {
            matches!(effect, Effect::AuthorizePayment { .. }) && effect.tender() == Some(number)
        };
        let Some(tender) = self.order.tender(number) else {
            return false;
        };
        if tender.action_required || tender.declined.is_some() || self.is_open(asked) {
            return false;
        }
        let amount = tender.amount;
        let tender = number;
        self.open(Effect::AuthorizePayment { tender, amount });
        true
    }

    /// A parcel is released, and leaves, only while its money can still be taken: until it can again
    /// the edges are blocked, by a hold that the hub lifts itself.
    pub(super) fn mind_the_money(&mut self) -> bool {
        let standing = self.order.is_standing() && !self.order.is_served();
        let (policy, now) = (self.context.policy, self.context.now);
        let mut renewing = false;
        let mut needy = false;
        for number in self.order.payers().into_iter().filter(|_| standing) {
            let Some(need) = self.order.need(number, policy, now) else {
                continue;
            };
            needy = true;
            let given_up = self.order.course(number, need, policy, now) == Course::Never;
            renewing |= !need.can_wait() && !given_up;
        }
        let secured = self.order.is_money_secured();
        if !renewing && self.lift(REASON_REAUTHORIZING, "the money is decided about") {
            return true;
        }
        let blocks = [Edge::Release, Edge::Ship];
        if standing && renewing {
            return self.hold_once(REASON_REAUTHORIZING, HoldScope::Order, &blocks);
        }
        if standing && !secured {
            return self.hold_once(REASON_PAYMENT_LOST, HoldScope::Order, &blocks);
        }
        standing && !needy && self.lift(REASON_PAYMENT_LOST, "the money is set aside again")
    }

    /// Lifts one of the hub's own holds, if it is in force.
    pub(super) fn lift(&mut self, reason: &str, why: &str) -> bool {
        let mut holds = self.order.holds.iter();
        let Some(hold) = holds.find(|hold| hold.reason == reason).map(|hold| hold.id) else {
            return false;
        };
        let reason = why.to_owned();
        self.emit(Event::HoldReleased { hold, reason });
        true
    }

    /// Gives authorisations back that will not be used: those that were renewed, renewals that came
    /// too late or want a buyer who is not there, and what pays for nothing once all has left.
    pub(super) fn release_unneeded(&mut self) -> bool {
        let payers = self.order.payers();
        let finished = self.order.is_standing() && self.order.is_shipping_over();
        for number in self.order.tender_numbers() {
            let Some(tender) = self.order.tender(number) else {
                continue;
            };
            let idle = finished
                && tender.captured_sum().is_zero()
                && self.order.share_of(number, Owed::Expected).is_zero();
            let unneeded = match tender.renews {
                _ if tender.replaced_by.is_some() => true,
                Some(before) if !payers.contains(&number) => {
                    let other = self.order.tender(before).and_then(|t| t.replaced_by);
                    tender.has_failed() || other.is_some()
                }
                None if tender.pending => self.order.is_left_by_edit(number),
                _ => idle,
            };
            let busy = self.is_open(|effect| effect.tender() == Some(number));
            if unneeded && !busy && is_set_aside(tender) {
                self.open(Effect::VoidPayment { tender: number });
                return true;
            }
        }
        false
    }
}

/// Whether something is, or may become, set aside at the gateway that was neither taken nor released.
pub(super) fn is_set_aside(tender: &Tender) -> bool {
    let waits = tender.action_required && tender.declined.is_none();
    let there = tender.authorized.is_some() || waits;
    let over = tender.voided || tender.lapsed || tender.is_used_up();
    let all = tender.captured_sum() >= tender.amount;
    there && !over && !all && tender.reference.is_some() && tender.gateway().is_some()
}
