//! Evidence about money: how it merges, and what it means. Every field merges by maximum, union or
//! "once true, always true", so reports can come in any order and any number of times.

use jiff::Timestamp;

use super::{
    Account, Dispute, Effect, Movements, Order, Outstanding, PaymentEvidence, Posting, Reported,
    Tender, transfer,
};
use crate::canonical::Terms;
use crate::ids::Slug;
use crate::money::Money;

impl Tender {
    /// Takes a report in.
    pub fn merge(&mut self, evidence: &PaymentEvidence) {
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
                self.captured.merge(amount);
            }
            PaymentEvidence::CaptureFailed { code } => self.capture_failed = Some(code.clone()),
            PaymentEvidence::Voided { reference } => {
                self.learn_reference(reference);
                self.voided = true;
            }
            PaymentEvidence::Refunded { reference, amount } => {
                self.learn_reference(reference);
                self.refunded.merge(amount);
            }
            PaymentEvidence::RefundFailed { refund, code } => {
                self.refund_failed = Some(code.clone());
                self.refunded.failed.extend(refund.clone());
            }
            PaymentEvidence::DisputeOpened {
                dispute,
                amount,
                due,
            } => {
                let known = self.dispute(dispute, *amount);
                known.due = later(known.due, *due);
            }
            PaymentEvidence::DisputeClosed {
                dispute,
                won,
                amount,
            } => {
                let (lost, owed) = (self.disputed_away(), self.owed());
                let known = self.dispute(dispute, *amount);
                // Reports that contradict each other are settled for the worse.
                known.won = Some(known.won.is_none_or(|before| before) && *won);
                // What was granted and not given yet, the buyer has now: it is not paid twice.
                let netted = self.disputed_away().less(lost).min(owed);
                if netted.is_positive() {
                    self.netted = Some(self.netted.unwrap_or(self.zero()).plus(netted));
                }
            }
        }
    }

    /// The dispute with this reference, known or new.
    fn dispute(&mut self, reference: &str, amount: Money) -> &mut Dispute {
        let opened = Dispute {
            amount,
            due: None,
            answer: None,
            won: None,
        };
        let known = self.disputes.entry(reference.to_owned());
        let known = known.or_insert(opened);
        known.amount = known.amount.max(amount);
        known
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

    /// What is or was set aside: a capture implies its authorisation. Of a tender that was renewed
    /// only what was taken counts, its renewal sets the rest aside.
    pub fn authorized_sum(&self) -> Money {
        let captured = self.captured_sum();
        match self.replaced_by {
            Some(_) => captured,
            None => self.authorized.unwrap_or(self.zero()).max(captured),
        }
    }

    /// What was granted and has not gone back yet, one way or another.
    pub fn owed(&self) -> Money {
        let some = |amount: Option<Money>| amount.unwrap_or(self.zero());
        some(self.granted)
            .less(self.refunded_sum())
            .less(some(self.moved))
            .less(some(self.credited))
            .less(some(self.netted))
    }

    /// Whether the order may go on relying on this tender.
    pub fn is_secured(&self) -> bool {
        match &self.terms {
            Terms::Prepaid { .. } | Terms::OnDelivery | Terms::Invoice => true,
            Terms::Authorized { .. } | Terms::ToAuthorize { .. } => {
                let captured = self.captured_sum();
                (captured.is_positive() && captured >= self.amount)
                    || (self.authorized.is_some() && !self.voided && !self.lapsed)
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

impl Movements {
    /// Whether this total is no news: the single movements that are known add up to it, and none of them
    /// has failed since. One that comes after a failure may speak of another movement.
    pub fn explains(&self, reported: &Reported) -> bool {
        match reported {
            Reported::Total { amount } => {
                self.failed.is_empty()
                    && !self.parts.is_empty()
                    && *amount <= Money::sum(amount.currency(), self.parts.values().copied())
            }
            Reported::Part { .. } => false,
        }
    }

    fn merge(&mut self, reported: &Reported) {
        match reported {
            Reported::Total { amount } => {
                self.total = Some(self.total.map_or(*amount, |known| known.max(*amount)));
            }
            Reported::Part { reference, amount } => {
                let known = self.parts.entry(reference.clone()).or_insert(*amount);
                *known = (*known).max(*amount);
            }
        }
    }
}

fn later(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (known, None) | (None, known) => known,
    }
}

impl Effect {
    /// Whether this evidence about its tender, merged into `after`, answers it.
    pub fn is_answered_by(&self, evidence: &PaymentEvidence, after: &Tender) -> bool {
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
            Self::CapturePayment { total, .. } => match evidence {
                PaymentEvidence::Captured { .. } => {
                    let once = after.capture_mode() == crate::canonical::CaptureMode::Once;
                    once || after.captured_sum() >= *total
                }
                PaymentEvidence::CaptureFailed { .. } | PaymentEvidence::Voided { .. } => true,
                _ => false,
            },
            // Of what was captured before, a late report says nothing about what is left.
            Self::VoidPayment { .. } => match evidence {
                PaymentEvidence::Voided { .. } => true,
                PaymentEvidence::Captured { .. } => {
                    let once = after.capture_mode() == crate::canonical::CaptureMode::Once;
                    once || after.captured_sum() >= after.amount
                }
                _ => false,
            },
            Self::RefundPayment { total, .. } => match evidence {
                PaymentEvidence::Refunded { .. } => after.refunded_sum() >= *total,
                PaymentEvidence::RefundFailed { .. } => true,
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
