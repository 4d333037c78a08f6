//! Reports about money: checked against what was asked, merged, booked.

use jiff::Timestamp;

use super::super::{
    Account, Edge, Effect, Event, HoldScope, MoneyEvent, Order, PaymentEvidence, PaymentFact,
    REASON_PAYMENT_MISMATCH, Reported, Tender, TenderSelector, transfer,
};
use super::Draft;
use crate::canonical::CaptureMode;
use crate::money::Money;

impl Order {
    /// Numbers of the tenders, from 1.
    pub fn tender_numbers(&self) -> impl Iterator<Item = u16> + use<> {
        1..=u16::try_from(self.tenders.len()).unwrap_or(u16::MAX)
    }

    /// The tender with this number, counted from 1.
    pub fn tender(&self, number: u16) -> Option<&Tender> {
        usize::from(number)
            .checked_sub(1)
            .and_then(|index| self.tenders.get(index))
    }
}

impl Draft<'_> {
    /// A gateway reported.
    pub(super) fn payment(&mut self, fact: &PaymentFact) {
        self.occurred_at = fact.occurred_at.and_then(as_kept);
        let kind = fact.evidence.kind();
        let key = serde_json::to_string(&fact.evidence).unwrap_or_default();
        let Some(number) = self.select(fact) else {
            self.ignore(kind, "no tender has this reference", &key);
            return;
        };
        let Some(tender) = self.order.tender(number).cloned() else {
            return;
        };
        if let Some(reason) = misfit(&tender, fact) {
            let seen = format!("{kind}:{key}");
            if !self.order.ignored.contains(&seen) {
                let payment = fact.evidence.clone();
                self.emit(Event::MismatchFound {
                    tender: number,
                    payment,
                    reason: reason.into(),
                });
                self.ignore(kind, reason, &key);
                self.hold_mismatch();
            }
            return;
        }
        let mut after = tender.clone();
        after.merge(&fact.evidence, self.occurred_at);
        let closes = self.open_ids(|effect| {
            let about = effect.tender() == Some(number);
            about && effect.is_answered_by(&fact.evidence, &tender, &after)
        });
        let news = after != tender && !is_told_already(&tender, &fact.evidence);
        if !news && closes.is_empty() {
            return;
        }
        if closes.is_empty() && self.names_a_refund(number, &tender, &fact.evidence, &after) {
            return;
        }
        let postings = tender.postings(&after, &self.order.channel_slug);
        let asked = self
            .order
            .outstanding
            .values()
            .find_map(|open| match open.effect {
                Effect::CapturePayment { tender, total, .. } if tender == number => Some(total),
                _ => None,
            });
        let payment = fact.evidence.clone();
        self.emit(Event::PaymentReported {
            tender: number,
            payment,
            postings,
            closes,
        });
        // What was taken is booked as told; that it is not what was asked, a person has to see. Where
        // nothing can be taken afterwards, anything but the whole is wrong when nobody asked.
        let once = after.capture_mode() == CaptureMode::Once;
        let captured = after.captured_sum();
        let taken = captured > tender.captured_sum();
        let expected = asked.unwrap_or(after.amount);
        // A dispute that paid for what came back, and is won after all, pays for it no more.
        let unpaid = self.order.is_netted_too_much();
        let unpaid = unpaid && after.disputed_away() < tender.disputed_away();
        if unpaid || (once && taken && captured != expected) {
            self.hold_mismatch();
        }
    }

    /// A webhook has told of a refund before the gateway's answer names it: the money has been counted,
    /// and only the name is news. It is kept, so that a failure of this refund is known for what it is.
    fn names_a_refund(
        &mut self,
        tender: u16,
        before: &Tender,
        evidence: &PaymentEvidence,
        after: &Tender,
    ) -> bool {
        let PaymentEvidence::Refunded {
            amount: Reported::Part { reference, .. },
            ..
        } = evidence
        else {
            return false;
        };
        let known = before.refunded.parts.contains_key(reference);
        if known || after.refunded_sum() != before.refunded_sum() {
            return false;
        }
        let payment = evidence.clone();
        self.emit(Event::Money(MoneyEvent::RefundNamed { tender, payment }));
        true
    }

    fn hold_mismatch(&mut self) -> bool {
        let blocks = [Edge::Capture, Edge::Release, Edge::Ship, Edge::Refund];
        self.hold_once(REASON_PAYMENT_MISMATCH, HoldScope::Order, &blocks)
    }

    /// Sums have not fitted together for too long: the report that is missing will not come.
    pub(super) fn mind_the_sums(&mut self) -> bool {
        let patience = self.context.policy.mismatch_patience;
        let now = self.context.now;
        let too_long = |tender: &Tender| {
            let until = tender.overdrawn_since?.saturating_add(patience).ok()?;
            (now >= until).then_some(())
        };
        self.order.tenders.iter().any(|t| too_long(t).is_some()) && self.hold_mismatch()
    }

    /// The tender that a report is about.
    fn select(&self, fact: &PaymentFact) -> Option<u16> {
        let by_account =
            |t: &Tender| fact.account.is_none() || t.gateway() == fact.account.as_ref();
        let numbered: Vec<(u16, &Tender)> = self
            .order
            .tender_numbers()
            .zip(&self.order.tenders)
            .filter(|(_, tender)| by_account(tender))
            .collect();
        match &fact.tender {
            TenderSelector::Number(number) => {
                numbered.iter().map(|(n, _)| *n).find(|n| n == number)
            }
            TenderSelector::Reference(reference) => {
                let known = numbered
                    .iter()
                    .find(|(_, t)| t.reference.as_ref() == Some(reference));
                if let Some((number, _)) = known {
                    return Some(*number);
                }
                // A webhook may overtake the answer that would have told us the reference.
                let mut waiting = numbered.iter().filter(|(_, t)| t.reference.is_none());
                match (waiting.next(), waiting.next()) {
                    (Some((number, _)), None) => Some(*number),
                    _ => None,
                }
            }
        }
    }

    /// The channel says that it has the money of a tender.
    pub(super) fn settle_by_channel(&mut self, number: u16) {
        let Some(tender) = self.order.tender(number) else {
            return;
        };
        let due = tender.amount.less(tender.captured_sum());
        if tender.is_ours() || due.is_zero() {
            return;
        }
        let cash = Account::Cash(self.order.channel_slug.clone());
        let postings = transfer(Account::Receivable, cash, due);
        let amount = tender.amount;
        self.emit(Event::SettledByChannel {
            tender: number,
            amount,
            postings,
        });
    }
}

/// Whether a report says only what its tender knows from single movements: the gateway answers with a
/// movement, and its webhook about the same one says the sum. Nothing is recorded twice.
fn is_told_already(tender: &Tender, evidence: &PaymentEvidence) -> bool {
    let (known, reference, amount) = match evidence {
        PaymentEvidence::Captured { reference, amount } => (&tender.captured, reference, amount),
        PaymentEvidence::Refunded { reference, amount } => (&tender.refunded, reference, amount),
        _ => return false,
    };
    tender.reference.as_ref() == Some(reference) && known.explains(amount)
}

/// A reporter's time as precisely as the log keeps it: what is compared must be the same once it is read again.
fn as_kept(at: Timestamp) -> Option<Timestamp> {
    Timestamp::from_microsecond(at.as_microsecond()).ok()
}

/// What does not fit in a report, whatever its signature says.
fn misfit(tender: &Tender, fact: &PaymentFact) -> Option<&'static str> {
    let currency = tender.amount.currency();
    let amount = fact.evidence.amount();
    if amount.is_some_and(|amount| amount.currency() != currency) {
        return Some("another currency than the order's");
    }
    if amount.is_some_and(Money::is_negative) {
        return Some("a negative amount");
    }
    let mut after = tender.clone();
    after.merge(&fact.evidence, fact.occurred_at.and_then(as_kept));
    match &fact.evidence {
        PaymentEvidence::Authorized { amount, .. } if *amount != tender.amount => {
            Some("another amount was authorised than was asked")
        }
        PaymentEvidence::Captured { .. } if after.captured_sum() > tender.amount => {
            Some("more was captured than the tender's amount")
        }
        PaymentEvidence::Refunded { .. } if after.refunded_sum() > tender.amount => {
            Some("more was refunded than the tender's amount")
        }
        _ => None,
    }
}
