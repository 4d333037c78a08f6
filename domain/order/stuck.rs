//! Orders that do not go on by themselves: which these are, why one of the hub's own holds is in force, what a person
//! does about it, and which action is left where the best one is not offered.
//!
//! What does not live here: that it is done. The rules that place and lift these holds stand in
//! `decide`.

use jiff::Timestamp;

use super::explain::Action;
use super::{
    Effect, Fulfilment, FulfilmentStage, Hold, HoldScope, Loss, Order, Outstanding,
    REASON_ADDRESS_MISSING, REASON_AWAITS_CHANNEL, REASON_CANCEL_ASKED, REASON_CAPTURE_FAILED,
    REASON_CHANGED_AT_SOURCE, REASON_CHANNEL_REFUND_REFUSED, REASON_KEPT_BACK, REASON_LABEL_FAILED,
    REASON_NO_LOCATION, REASON_PAYMENT_LOST, REASON_PAYMENT_MISMATCH, REASON_REAUTHORIZING,
    REASON_REFUND_FAILED, REASON_TOTAL_MISMATCH, REASON_UNKNOWN_SKU, REASON_UNPAID_AT_SOURCE,
    Stage, StuckBy,
};
use crate::ids::Sku;
use crate::policy::Policy;

/// What a person does about a hold, in this order, where what fits best is not offered.
const OTHERWISE: [&str; 3] = ["release", "cancel", "refund"];

/// The action to recommend: what fits best if it is offered, else what is left.
pub(super) fn offered(best: Option<&'static str>, actions: &[Action]) -> Option<&'static str> {
    let best = best?;
    let free = |word: &&'static str| {
        let mut named = actions.iter().filter(|action| action.action == *word);
        named.any(|action| action.why_not.is_none())
    };
    let held = best == "change_address" || OTHERWISE.contains(&best);
    let otherwise = OTHERWISE.into_iter().filter(|_| held);
    std::iter::once(best).chain(otherwise).find(free)
}

impl Order {
    /// Why it does not go on by itself: the hub holds it for a person, or a call has failed for too long.
    /// Holds of people, reviews and what simply takes its time are not that.
    pub fn stuck_by(&self, policy: &Policy, now: Timestamp) -> Option<StuckBy> {
        if let Some(hold) = self.hold_for_a_person() {
            let reason = hold.reason.clone();
            return Some(StuckBy::Hold { reason });
        }
        let failing = self.outstanding.values();
        let failing = failing.filter_map(|open| Some((open.failing_since?, open)));
        let (since, open) = failing.min_by_key(|(since, _)| *since)?;
        let over = since.saturating_add(policy.stuck_after).ok()? <= now;
        over.then(|| StuckBy::Call {
            effect: open.effect.word().to_owned(),
        })
    }

    /// When the call that has failed for longest will have done so for too long, if that is not said yet.
    pub(super) fn stuck_at(&self, policy: &Policy) -> Option<Timestamp> {
        let failing = self.outstanding.values();
        let first = failing.filter_map(|open| open.failing_since).min();
        let unsaid = self.stuck.is_none() && self.hold_for_a_person().is_none();
        let first = first.filter(|_| unsaid)?;
        first.saturating_add(policy.stuck_after).ok()
    }

    /// One of the hub's own holds that only a person lifts. What has ended needs nobody, nor does an order
    /// without an address that its channel keeps back: it says the address when it releases it.
    fn hold_for_a_person(&self) -> Option<&Hold> {
        let waits = [
            REASON_REAUTHORIZING,
            REASON_AWAITS_CHANNEL,
            REASON_KEPT_BACK,
        ];
        let kept = self.is_held_for(REASON_AWAITS_CHANNEL);
        let early = |hold: &Hold| kept && hold.reason == REASON_ADDRESS_MISSING;
        let own = |hold: &&Hold| {
            let waits = waits.contains(&hold.reason.as_str()) || early(hold);
            hold.owner == "system" && !waits
        };
        self.holds
            .iter()
            .find(own)
            .filter(|_| !self.stage.is_terminal())
    }

    /// Why a hold is in force, as the end of a sentence, and what fits best.
    pub(super) fn why_held(&self, hold: &Hold) -> (String, &'static str) {
        if let Some(lacks) = self.lacks_for_customs(hold) {
            return (lacks, "cancel");
        }
        if hold.reason == REASON_UNKNOWN_SKU {
            return (self.why_unknown(), "release");
        }
        let (because, action) = match hold.reason.as_str() {
            REASON_TOTAL_MISMATCH => (
                "the stated total differs from its parts; check it with the shop",
                "release",
            ),
            REASON_PAYMENT_MISMATCH => (
                "a gateway reported another amount or currency than was asked",
                "cancel",
            ),
            REASON_PAYMENT_LOST if self.has_lapsed() => (
                "the authorisation has ended, and nothing may ship; releasing asks for it once more",
                "release",
            ),
            REASON_PAYMENT_LOST => (
                "the authorisation is gone or ends, and nothing may ship; releasing asks for it once more",
                "cancel",
            ),
            REASON_CAPTURE_FAILED if self.tenders.iter().any(|t| t.lost_capture().is_some()) => (
                "a capture that the gateway had reported has come to nothing; look at the gateway whether it tries by itself, releasing captures again",
                "release",
            ),
            REASON_CAPTURE_FAILED => (
                "the gateway refused the capture; releasing tries again",
                "release",
            ),
            REASON_REFUND_FAILED => ("nobody takes the refund; releasing tries again", "release"),
            REASON_LABEL_FAILED if self.is_unsold_for_its_address(hold) => (
                "the carrier sells no label for this address; with another one it is asked again",
                "change_address",
            ),
            REASON_LABEL_FAILED => (
                "the carrier sells no label for this; releasing tries again",
                "release",
            ),
            REASON_NO_LOCATION if self.was_turned_down() => (
                "no location takes what is left, though some may have it; releasing asks them all again",
                "release",
            ),
            REASON_NO_LOCATION => (
                "no location has what is left; releasing asks them all again",
                "cancel",
            ),
            REASON_AWAITS_CHANNEL => (
                "the sales channel has not released it for shipping yet; its word ends this",
                "release",
            ),
            REASON_ADDRESS_MISSING => (
                "nobody has said where it goes; change its address, or wait for the sales channel to say it; releasing sends it with what is known",
                "change_address",
            ),
            REASON_KEPT_BACK => (
                "somebody put it on hold at the sales channel; releasing it there ends this",
                "release",
            ),
            REASON_CANCEL_ASKED => (
                "the buyer asks for a cancellation; cancel, or release to send it all the same",
                "cancel",
            ),
            REASON_CHANGED_AT_SOURCE => (
                "the sales channel has changed it in a way that the hub cannot follow; edit it or have it put right there",
                "release",
            ),
            REASON_UNPAID_AT_SOURCE => (
                "the sales channel wants more than it was paid for; its word that it is paid ends this, or release to send it as it stands here",
                "release",
            ),
            REASON_CHANNEL_REFUND_REFUSED => (
                "the sales channel refuses to give money back that it took; give it back there by hand",
                "release",
            ),
            other => (other, "release"),
        };
        (because.to_owned(), action)
    }

    /// No location has ever had one of what it wants.
    fn why_unknown(&self) -> String {
        let skus = self.uncovered_skus();
        let skus: Vec<&str> = skus.iter().map(Sku::as_str).collect();
        format!(
            "no location has ever had {}; count it where it is, or cancel and let the shop put its SKU right; releasing looks again",
            match &skus[..] {
                [one] => format!("the SKU {one}"),
                all => format!("one of the SKUs {}", all.join(", ")),
            }
        )
    }

    /// What customs would miss of a parcel, so that no label was asked for.
    fn lacks_for_customs(&self, hold: &Hold) -> Option<String> {
        let HoldScope::Fulfilment { number } = hold.scope else {
            return None;
        };
        let work = self
            .fulfilment(number)
            .filter(|_| hold.reason == REASON_LABEL_FAILED)?;
        let mut codes = work
            .parcels
            .iter()
            .filter_map(|one| one.label_failed.as_deref());
        let lacks = codes.find_map(|code| code.strip_prefix("customs_incomplete: "))?;
        Some(format!(
            "its parcel meets customs, and {lacks}; cancel it and have it ordered again with that, or release it once the policy declares what is known"
        ))
    }

    /// The carrier said that it is the address: its code names it.
    fn is_unsold_for_its_address(&self, hold: &Hold) -> bool {
        let HoldScope::Fulfilment { number } = hold.scope else {
            return false;
        };
        let work = self.fulfilment(number);
        let parcels = work.map_or(&[][..], |work| &work.parcels);
        let mut codes = parcels.iter().filter_map(|p| p.label_failed.as_deref());
        codes.any(|code| code.to_ascii_lowercase().contains("address"))
    }

    /// An authorisation of it ended by its time, which says nothing against the buyer.
    fn has_lapsed(&self) -> bool {
        self.tenders.iter().any(|tender| tender.lapsed)
    }

    /// A location refused work, or did not answer, for a reason that says nothing about its stock.
    fn was_turned_down(&self) -> bool {
        self.fulfilments.iter().any(|work| match work.stage {
            FulfilmentStage::Unanswered => true,
            FulfilmentStage::Rejected => {
                let reason = work.reason.as_deref().and_then(Loss::of_reason);
                reason.is_none()
            }
            _ => false,
        })
    }

    /// It was to be cancelled when it was too late, and has arrived: what is left is that it comes
    /// back.
    pub(super) fn outran_its_cancellation(
        &self,
    ) -> Option<(&'static str, Timestamp, String, Option<&'static str>)> {
        let came = |work: &Fulfilment| work.cancel_refused && work.is_delivered();
        let work = self.fulfilments.iter().find(|work| came(work))?;
        let nothing = self.line_numbers().all(|n| self.returnable(n).is_zero());
        if self.stage != Stage::Completed || nothing {
            return None;
        }
        let because = format!(
            "It was to be cancelled, and fulfilment {} had left: the buyer can send it back.",
            work.number
        );
        Some(("time", self.stage_since, because, Some("return")))
    }
}

/// What a person may do about a call that was tried and is tried again by itself: where a location does
/// not even take the request, another one may.
pub(super) fn about_a_failing_call(open: &Outstanding) -> Option<&'static str> {
    let asks = matches!(open.effect, Effect::RequestFulfilment { .. });
    let better = if asks { "reroute" } else { "retry" };
    (open.attempts > 0).then_some(better)
}
