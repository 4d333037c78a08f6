//! When an authorisation has to be asked for once more, and how that stands: computed from what is
//! known of the tender and of the renewals that were tried. What is done about it is decided in
//! `decide/renew.rs`, when it is looked at again in `wake.rs`.

use jiff::Timestamp;

use super::{
    DeclineClass, Order, Owed, REASON_PAYMENT_LOST, REASON_PAYMENT_MISMATCH, RenewalReason, Stage,
    Tender,
};
use crate::canonical::CaptureMode;
use crate::money::Money;
use crate::policy::Policy;

/// What a tender that pays cannot pay as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Need {
    /// How much.
    pub(super) amount: Money,
    /// Why not.
    pub(super) because: RenewalReason,
}

impl Need {
    /// Whether the money can be taken all the same, until the authorisation ends.
    pub(super) const fn can_wait(self) -> bool {
        matches!(self.because, RenewalReason::EndsSoon)
    }
}

/// How a renewal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// The gateway has not answered about it.
    UnderWay(u16),
    /// It is to be asked for.
    Now,
    /// It was refused in a way that may pass; not before this time.
    Later(Timestamp),
    /// Only a person can say how to go on.
    Never,
}

impl Tender {
    /// When a capture that was refused is tried again; `None` when that would change nothing.
    pub(super) fn capture_again_at(&self, policy: &Policy) -> Option<Timestamp> {
        let code = self.capture_failed.as_deref()?;
        if DeclineClass::of(code) == DeclineClass::Hard {
            return None;
        }
        let wait = policy
            .payment
            .retry_after_decline(self.captures_failed.max(1))?;
        self.capture_failed_at?.saturating_add(wait).ok()
    }
}

impl Order {
    /// Whether the order stands and nobody is ending it.
    pub(super) fn is_standing(&self) -> bool {
        matches!(self.stage, Stage::Confirmed | Stage::Fulfilling) && self.ending.is_none()
    }

    /// What is still expected of a tender beyond what was taken.
    fn rest(&self, number: u16) -> Money {
        let covered = self
            .tender(number)
            .map_or(Money::zero(self.draft.currency), Tender::covered);
        self.share_of(number, Owed::Expected).less(covered)
    }

    /// When the authorisation of a tender that still has to pay ends.
    pub(super) fn lapses_at(&self, number: u16) -> Option<Timestamp> {
        let tender = self.tender(number)?;
        let ends = tender.expires_at?;
        // What has left is to be paid also when the rest is being cancelled.
        let counts = matches!(
            self.stage,
            Stage::Authorizing
                | Stage::Confirmed
                | Stage::Fulfilling
                | Stage::Cancelling
                | Stage::Completed
        );
        let alive = tender.authorized.is_some() && tender.can_be_captured();
        (counts && alive && self.rest(number).is_positive()).then_some(ends)
    }

    /// When the authorisation of a tender that still has to pay is to be renewed, or captured.
    pub(super) fn renews_at(&self, number: u16, policy: &Policy) -> Option<Timestamp> {
        self.lapses_at(number).filter(|_| self.is_standing())?;
        let tender = self.tender(number)?;
        tender.renew_at(policy.payment.reauthorize_before)
    }

    /// What a tender that pays cannot pay as it is, if anything.
    pub(super) fn need(&self, number: u16, policy: &Policy, now: Timestamp) -> Option<Need> {
        let tender = self.tender(number).filter(|tender| tender.is_ours())?;
        let rest = self.rest(number);
        // Sums that a person has to look at are no reason to ask the buyer for more.
        let doubtful = self.is_held_for(REASON_PAYMENT_MISMATCH) || self.waits_for_a_look(number);
        if rest.is_zero() || doubtful {
            return None;
        }
        let refused = tender.capture_failed.is_some();
        let because = match () {
            () if tender.is_used_up() => RenewalReason::UsedUp,
            () if tender.lapsed => RenewalReason::Expired,
            () if tender.voided => RenewalReason::Released,
            () if refused && tender.capture_again_at(policy).is_none() => {
                RenewalReason::CaptureFailed
            }
            // What a former tender has paid came to nothing: more is to be paid than this one was for.
            () if rest > tender.amount.less(tender.covered())
                && self.follows_a_lost_capture(number) =>
            {
                RenewalReason::CaptureFailed
            }
            () => {
                let due = self.renews_at(number, policy)?;
                if now < due {
                    return None;
                }
                // What has shipped is taken first, where it can be taken only once.
                let once = tender.capture_mode() == CaptureMode::Once;
                let shipped = self.share_of(number, Owed::Earned).is_positive();
                if once && shipped && !self.is_capture_blocked() {
                    return None;
                }
                RenewalReason::EndsSoon
            }
        };
        Some(Need {
            amount: rest,
            because,
        })
    }

    /// Whether a tender that this one renews was captured, and the capture came to nothing.
    fn follows_a_lost_capture(&self, number: u16) -> bool {
        let mut formers = self.with_its_formers(number).skip(1);
        formers.any(|tender| tender.captured.failures().next().is_some())
    }

    /// Whether a capture of this tender, or of one that it renews, came to nothing and no person has looked yet.
    fn waits_for_a_look(&self, number: u16) -> bool {
        let mut tenders = self.with_its_formers(number);
        tenders.any(|tender| tender.lost_capture().is_some())
    }

    /// A tender, the one that it renews, the one that this one renews.
    fn with_its_formers(&self, number: u16) -> impl Iterator<Item = &Tender> {
        let former = move |tender: &&Tender| self.tender(tender.renews?);
        std::iter::successors(self.tender(number), former)
    }

    fn is_capture_blocked(&self) -> bool {
        self.blocking(super::Edge::Capture, None).is_some()
    }

    /// Whether a tender was not renewed so often already that a person has to want it.
    fn may_renew(&self, number: u16, policy: &Policy) -> bool {
        let before = |number: &u16| self.tender(*number)?.renews;
        let renewals = std::iter::successors(Some(number), before).count() - 1;
        renewals < usize::from(policy.payment.renewals_most)
    }

    /// Renewals of a tender that were asked for, none of which pays yet.
    pub(super) fn renewals_of(&self, number: u16) -> impl Iterator<Item = (u16, &Tender)> {
        let numbered = self.tender_numbers().zip(&self.tenders);
        numbered.filter(move |(_, tender)| tender.renews == Some(number))
    }

    /// How the renewal of a tender stands.
    pub(super) fn course(
        &self,
        number: u16,
        need: Need,
        policy: &Policy,
        now: Timestamp,
    ) -> Course {
        let asked = self.tender(number).map_or(0, |t| t.renewals_asked);
        let mut failures = 0_u16;
        let mut last = None;
        for (renewal, tender) in self.renewals_of(number) {
            if !tender.has_failed() {
                return Course::UnderWay(renewal);
            }
            failures += 1;
            last = Some(tender);
        }
        // A gateway that let the money go may have been told so by the retailer: that is not undone
        // without a person.
        let by_itself = need.because != RenewalReason::Released && self.may_renew(number, policy);
        let unasked = u16::from(by_itself);
        if failures < asked.saturating_add(unasked) {
            return Course::Now;
        }
        let Some(last) = last else {
            return Course::Never;
        };
        let code = last.declined.as_deref().unwrap_or("action_required");
        let soft = DeclineClass::of(code) == DeclineClass::Soft;
        let refusals = failures.saturating_sub(asked);
        let soft = soft && by_itself;
        let wait = policy.payment.retry_after_decline(refusals);
        let at = wait.and_then(|wait| last.answered_at?.saturating_add(wait).ok());
        match at.filter(|_| soft) {
            Some(at) if now >= at => Course::Now,
            Some(at) => Course::Later(at),
            None => Course::Never,
        }
    }

    /// Numbers of the tenders that pay and about which no call is under way; an answer wakes the
    /// order by itself.
    fn idle_payers(&self) -> impl Iterator<Item = u16> {
        let busy = |number: u16| {
            let mut open = self.outstanding.values();
            open.any(|open| open.effect.tender() == Some(number))
        };
        self.payers()
            .into_iter()
            .filter(move |number| !busy(*number))
    }

    /// When the first authorisation that still has to pay ends, or is to be renewed before that.
    pub(super) fn authorizations_end(&self, policy: &Policy) -> Option<Timestamp> {
        let ends = self.payers().into_iter().filter_map(|n| self.lapses_at(n));
        let untried = |number: &u16| {
            let refused = self
                .tender(*number)
                .is_some_and(|t| t.capture_failed.is_some());
            let refused = refused || self.waits_for_a_look(*number);
            let mut tried = self.renewals_of(*number);
            let given_up =
                self.is_held_for(REASON_PAYMENT_LOST) && !self.may_renew(*number, policy);
            let doubtful = self.is_held_for(REASON_PAYMENT_MISMATCH);
            !refused && tried.next().is_none() && !given_up && !doubtful
        };
        let idle = self.idle_payers().filter(untried);
        ends.chain(idle.filter_map(|n| self.renews_at(n, policy)))
            .min()
    }

    /// When a capture or a renewal that was refused in a way that may pass is tried again.
    pub(super) fn payment_retry_at(&self, policy: &Policy) -> Option<Timestamp> {
        let open = !self.stage.is_dead() && !self.is_capture_blocked();
        let captures = self.idle_payers().filter_map(|number| {
            let tender = self.tender(number)?;
            let again = tender.capture_again_at(policy)?;
            // What can be taken only once may have to wait for its time.
            let later = self.renews_at(number, policy).map(|at| at.max(again));
            let due = |at: &Timestamp| self.capturable(number, policy, *at);
            let owed = |at: &Timestamp| due(at) > tender.captured_sum();
            let moments = std::iter::once(again).chain(later);
            let takes = open && tender.can_be_captured();
            moments.filter(|_| takes).find(owed)
        });
        let standing = self.is_standing();
        let renewals = self.idle_payers().filter_map(|number| {
            let need = self.need(number, policy, self.updated_at);
            let need = need.filter(|_| standing)?;
            match self.course(number, need, policy, self.updated_at) {
                Course::Later(at) => Some(at),
                _ => None,
            }
        });
        captures.chain(renewals).min()
    }
}
