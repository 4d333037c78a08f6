//! Evidence about money: how it merges, and what it means. Every field merges by maximum, union or
//! "once true, always true", so reports can come in any order and any number of times. What a gateway takes
//! back is told by its own clock (`state/movements.rs`, `state/dispute.rs`).

use jiff::Timestamp;

use super::{
    Account, Dispute, Effect, Failure, Order, Outstanding, PaymentEvidence, Posting, Tender, Word,
    transfer,
};
use crate::canonical::Terms;
use crate::ids::Slug;
use crate::money::Money;

impl Tender {
    /// Takes a report in; `at` is when it happened by the reporter's clock, if the reporter said.
    pub fn merge(&mut self, evidence: &PaymentEvidence, at: Option<Timestamp>) {
        let (lost, owed) = (self.disputed_away(), self.owed());
        self.hear(evidence, at);
        self.net(lost, owed);
    }

    fn hear(&mut self, evidence: &PaymentEvidence, at: Option<Timestamp>) {
        match evidence {
            PaymentEvidence::ActionRequired { reference } => {
                self.learn_reference(reference);
                self.action_required = true;
            }
            PaymentEvidence::Authorized {
                reference,
                amount,
                expires_at,
            } => {
                self.learn_reference(reference);
                self.authorized = Some(self.authorized.map_or(*amount, |known| known.max(*amount)));
                self.expires_at = later(self.expires_at, *expires_at);
            }
            PaymentEvidence::Declined { reference, code } => {
                if let Some(reference) = reference {
                    self.learn_reference(reference);
                }
                self.declined = Some(match self.declined.take() {
                    Some(known) => known.min(code.clone()),
                    None => code.clone(),
                });
            }
            PaymentEvidence::Captured { reference, amount } => {
                self.learn_reference(reference);
                self.captured.made(amount, at);
            }
            PaymentEvidence::CaptureFailed { capture, code } => match capture {
                Some(capture) => {
                    self.captured.came_to_nothing(capture, at, code);
                }
                None => self.capture_failed = Some(code.clone()),
            },
            PaymentEvidence::Voided { reference } => {
                self.learn_reference(reference);
                self.voided = true;
            }
            PaymentEvidence::Refunded { reference, amount } => {
                self.learn_reference(reference);
                // A refund that failed stays so: no gateway makes one after all under the same name.
                self.refunded.made(amount, None);
            }
            PaymentEvidence::RefundFailed { refund, code } => {
                let failed = refund
                    .as_deref()
                    .is_none_or(|refund| self.refunded.came_to_nothing(refund, None, code));
                if failed {
                    self.refund_failed = Some(code.clone());
                }
            }
            PaymentEvidence::DisputeOpened {
                dispute,
                amount,
                due,
            } => {
                let amount = *amount;
                self.dispute(dispute, amount)
                    .open(Word { at, amount }, *due);
            }
            PaymentEvidence::DisputeClosed {
                dispute,
                won,
                amount,
            } => {
                let amount = *amount;
                self.dispute(dispute, amount)
                    .close(*won, Word { at, amount });
            }
        }
    }

    /// What was granted and not given yet, the buyer has by a lost dispute: it is not paid twice. It is owed
    /// again when the dispute is won after all, and when it was given before the hub heard of either.
    fn net(&mut self, lost_before: Money, owed_before: Money) {
        let lost = self.disputed_away();
        let before = self.netted.unwrap_or(self.zero());
        let more = lost.less(lost_before).min(owed_before);
        let netted = before.plus(more).min(lost).min(self.not_given());
        if netted != before {
            self.netted = Some(netted);
        }
    }

    /// The dispute with this reference, known or new.
    fn dispute(&mut self, reference: &str, amount: Money) -> &mut Dispute {
        let known = self.disputes.entry(reference.to_owned());
        known.or_insert(Dispute::over(amount))
    }

    /// Notes since when it is answered, and since when its sums do not fit together.
    pub fn weigh(&mut self, at: Timestamp) {
        let answered = self.authorized.is_some() || self.declined.is_some() || self.action_required;
        if answered && self.answered_at.is_none() {
            self.answered_at = Some(at);
        }
        self.overdrawn_since = if self.refunded_sum() > self.captured_sum() {
            self.overdrawn_since.or(Some(at))
        } else {
            None
        };
    }

    /// The smallest reference wins, so that the order of reports cannot matter.
    fn learn_reference(&mut self, reference: &str) {
        match &self.reference {
            Some(known) if known.as_str() <= reference => {}
            _ => self.reference = Some(reference.to_owned()),
        }
    }

    /// Nothing, in its currency.
    pub(super) fn zero(&self) -> Money {
        Money::zero(self.amount.currency())
    }

    /// Money taken so far.
    pub fn captured_sum(&self) -> Money {
        self.captured.sum(self.zero())
    }

    /// The first capture that was told to have come to nothing, once it was or will be told as made, and that no
    /// person has looked at yet.
    pub fn lost_capture(&self) -> Option<&Failure> {
        self.captured.failures().find(|failure| !failure.seen)
    }

    /// Money given back so far.
    pub fn refunded_sum(&self) -> Money {
        self.refunded.sum(self.zero())
    }

    /// Money lost in disputes so far.
    pub fn disputed_away(&self) -> Money {
        let lost = self
            .disputes
            .values()
            .filter(|dispute| dispute.won == Some(false));
        Money::sum(self.amount.currency(), lost.map(|dispute| dispute.amount))
    }

    /// What is or was set aside: a capture implies its authorisation, also one that came to nothing. Of a tender
    /// that was renewed only what was taken counts, its renewal sets the rest aside.
    pub fn authorized_sum(&self) -> Money {
        if self.replaced_by.is_some() {
            return self.captured_sum();
        }
        let authorized = self.authorized.unwrap_or(self.zero());
        authorized.max(self.captured.ever(self.zero()))
    }

    /// What was granted and has not gone back yet, one way or another.
    pub fn owed(&self) -> Money {
        self.not_given().less(self.netted.unwrap_or(self.zero()))
    }

    /// What was granted and nobody has given, though the buyer may have it by a dispute.
    fn not_given(&self) -> Money {
        let some = |amount: Option<Money>| amount.unwrap_or(self.zero());
        some(self.granted)
            .less(self.refunded_sum())
            .less(some(self.moved))
            .less(some(self.credited))
    }

    /// Whether the order may go on relying on this tender.
    pub fn is_secured(&self) -> bool {
        match &self.terms {
            Terms::Prepaid { .. } | Terms::OnDelivery | Terms::Invoice => true,
            Terms::Authorized { .. } | Terms::ToAuthorize { .. } => {
                let captured = self.captured_sum();
                let all = |sum: Money| sum.is_positive() && sum >= self.amount;
                let set_aside = self.authorized.is_some() || all(self.captured.ever(self.zero()));
                all(captured) || (set_aside && !self.voided && !self.lapsed)
            }
        }
    }

    /// Whether the hub can move its money.
    pub const fn is_ours(&self) -> bool {
        match &self.terms {
            Terms::ToAuthorize { .. } => true,
            Terms::Authorized { gateway, .. } => gateway.is_some() && self.reference.is_some(),
            _ => false,
        }
    }

    /// What a report moves in the order's ledger: the difference of the sums before and after.
    pub fn postings(&self, after: &Self, holder: &Slug) -> Vec<Posting> {
        let cash = || Account::Cash(self.gateway().unwrap_or(holder).clone());
        let taken = after.captured_sum().minus(self.captured_sum());
        let given = after.refunded_sum().minus(self.refunded_sum());
        let some = |amount: Option<Money>| amount.unwrap_or(self.zero());
        let netted = some(after.netted).minus(some(self.netted));
        let lost = after
            .disputed_away()
            .minus(self.disputed_away())
            .minus(netted);
        let mut postings = transfer(Account::Receivable, cash(), taken);
        postings.extend(transfer(cash(), Account::Receivable, given.plus(netted)));
        postings.extend(transfer(cash(), Account::Dispute, lost));
        postings
    }
}

fn later(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (known, None) | (None, known) => known,
    }
}

impl Effect {
    /// Whether this evidence about its tender, which was `before` and is `after` it, answers it.
    pub fn is_answered_by(
        &self,
        evidence: &PaymentEvidence,
        before: &Tender,
        after: &Tender,
    ) -> bool {
        match self {
            // Part of the money says nothing about the rest of it.
            Self::AuthorizePayment { .. } => match evidence {
                PaymentEvidence::ActionRequired { .. }
                | PaymentEvidence::Authorized { .. }
                | PaymentEvidence::Declined { .. }
                | PaymentEvidence::Voided { .. } => true,
                PaymentEvidence::Captured { .. } => after.is_secured(),
                _ => false,
            },
            Self::CapturePayment { amount, total, .. } => match evidence {
                PaymentEvidence::Captured { .. } => {
                    let (was, is) = (before.captured_sum(), after.captured_sum());
                    // Where an earlier capture came to nothing meanwhile, the total is not reached.
                    after.is_used_up() || is >= *total || is.less(was) >= *amount
                }
                // What is said of an earlier capture says nothing about this one.
                PaymentEvidence::CaptureFailed { capture, .. } => {
                    !before.captured.knows(capture.as_deref())
                }
                PaymentEvidence::Voided { .. } => true,
                _ => false,
            },
            // Of what was captured before, a late report says nothing about what is left.
            Self::VoidPayment { .. } => match evidence {
                PaymentEvidence::Voided { .. } => true,
                PaymentEvidence::Captured { .. } => {
                    after.is_used_up() || after.captured_sum() >= after.amount
                }
                _ => false,
            },
            Self::RefundPayment { total, .. } => match evidence {
                PaymentEvidence::Refunded { .. } => after.refunded_sum() >= *total,
                PaymentEvidence::RefundFailed { refund, .. } => {
                    !before.refunded.knows(refund.as_deref())
                }
                _ => false,
            },
            _ => false,
        }
    }
}

impl Order {
    /// The word for the state of its money, over all tenders.
    pub fn payment_status(&self) -> &'static str {
        if let Some(history) = &self.history {
            return history.payment_status(self.draft.stated_total);
        }
        let zero = Money::zero(self.draft.currency);
        let sum =
            |part: fn(&Tender) -> Money| self.tenders.iter().fold(zero, |all, t| all.plus(part(t)));
        let captured = sum(Tender::captured_sum);
        let refunded = sum(Tender::refunded_sum);
        let unknown = |effect: &Effect| effect.tender().is_some();
        if self
            .outstanding
            .values()
            .any(|open| open.unknown && unknown(&open.effect))
        {
            return "unknown";
        }
        let open_dispute = |t: &Tender| t.disputes.values().any(|d| d.won != Some(true));
        if self.tenders.iter().any(open_dispute) {
            return "disputed";
        }
        if captured.is_positive() {
            return match () {
                () if refunded >= captured => "refunded",
                () if refunded.is_positive() => "part_refunded",
                () if captured >= self.draft.stated_total.less(self.cancelled_value()) => {
                    "captured"
                }
                () => "part_captured",
            };
        }
        let payers = self.payers().into_iter();
        let payers: Vec<&Tender> = payers.filter_map(|number| self.tender(number)).collect();
        if payers.iter().any(|t| t.voided) {
            return "voided";
        }
        if payers
            .iter()
            .any(|t| t.declined.is_some() && !t.is_secured())
        {
            return "declined";
        }
        let on_gateway: Vec<&Tender> = payers
            .into_iter()
            .filter(|t| {
                matches!(
                    t.terms,
                    Terms::Authorized { .. } | Terms::ToAuthorize { .. }
                )
            })
            .collect();
        // An order that ended before anybody was asked for money has none to wait for.
        let nothing_there = |t: &&Tender| t.authorized.is_none() && t.reference.is_none();
        let money_moves = |open: &Outstanding| open.effect.tender().is_some();
        let unasked = self.stage.is_dead()
            && !self.outstanding.values().any(money_moves)
            && on_gateway.iter().all(nothing_there);
        match () {
            () if on_gateway.is_empty() || unasked => "none",
            () if on_gateway.iter().all(|t| t.is_secured()) => "authorized",
            () => "pending",
        }
    }
}
