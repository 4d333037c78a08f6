//! The fold of money: tenders as they were stated, what gateways report about them, and what was
//! decided beside it.

use jiff::Timestamp;

use super::super::{
    Event, Granted, MoneyEvent, Movements, Order, PaymentEvidence, Recorded, RenewalReason, Stage,
    StoreCredit, Tender,
};
use crate::canonical::{DraftTender, Terms};
use crate::money::Money;
use crate::settlement::LineDecision;

impl Tender {
    pub(super) fn stated(draft: &DraftTender, at: Timestamp) -> Self {
        let mut tender = Self::bare(draft.amount, draft.terms.clone());
        if let Terms::Authorized {
            reference,
            expires_at,
            ..
        } = &draft.terms
        {
            tender.reference.clone_from(reference);
            tender.authorized = Some(draft.amount);
            tender.expires_at = *expires_at;
            tender.answered_at = Some(at);
        }
        tender
    }

    /// A tender of which nothing is known but what it is to pay, and how.
    pub(super) const fn bare(amount: Money, terms: Terms) -> Self {
        Self {
            amount,
            terms,
            reference: None,
            action_required: false,
            authorized: None,
            expires_at: None,
            declined: None,
            voided: false,
            capture_asked: None,
            capture_failed: None,
            captures_failed: 0,
            capture_failed_at: None,
            answered_at: None,
            lapsed: false,
            renews: None,
            because: None,
            replaced_by: None,
            edit: None,
            means: None,
            pending: false,
            renewals_asked: 0,
            captured: Movements::nothing(),
            refunded: Movements::nothing(),
            granted: None,
            moved: None,
            for_others: None,
            credited: None,
            netted: None,
            refund_failed: None,
            overdrawn_since: None,
            disputes: std::collections::BTreeMap::new(),
            settled: std::collections::BTreeMap::new(),
            decided: std::collections::BTreeMap::new(),
        }
    }

    fn add_granted(&mut self, amount: Money) {
        self.granted = Some(self.granted.unwrap_or(self.zero()).plus(amount));
        // Another try of what was refused before: the means of payment may be another by now.
        self.refund_failed = None;
    }

    fn add_moved(&mut self, amount: Money) {
        self.moved = Some(self.moved.unwrap_or(self.zero()).plus(amount));
    }

    fn add_for_others(&mut self, amount: Money) {
        self.for_others = Some(self.for_others.unwrap_or(self.zero()).plus(amount));
    }

    /// The last decision counts; what earlier ones have settled stays settled.
    fn add_decided(&mut self, line: &str, decision: LineDecision, settles: Option<Money>) {
        let known = self.decided.get(line).and_then(|(_, settled)| *settled);
        let settled = match (known, settles) {
            (Some(known), Some(more)) => Some(known.plus(more)),
            (known, more) => known.or(more),
        };
        self.decided.insert(line.to_owned(), (decision, settled));
    }

    fn add_credited(&mut self, amount: Money) {
        self.credited = Some(self.credited.unwrap_or(self.zero()).plus(amount));
    }
}

impl Terms {
    /// The terms of another payment with the means of payment that is known already.
    pub(super) fn for_another(&self) -> Self {
        match self {
            Self::Authorized {
                gateway: Some(gateway),
                capture,
                ..
            } => Self::ToAuthorize {
                gateway: gateway.clone(),
                // The gateway knows it from the payment that was made with it.
                token: String::new(),
                capture: *capture,
            },
            Self::Prepaid { .. } => Self::Prepaid { reference: None },
            terms => terms.clone(),
        }
    }
}

impl Order {
    /// A gateway reported about a tender.
    pub(super) fn payment_reported(&mut self, recorded: &Recorded) {
        let Event::PaymentReported {
            tender: number,
            payment,
            closes,
            ..
        } = &recorded.event
        else {
            return;
        };
        let at = recorded.recorded_at;
        let Some(tender) = self.tender_mut(*number) else {
            return;
        };
        tender.merge(payment, recorded.occurred_at);
        tender.weigh(at);
        match payment {
            PaymentEvidence::CaptureFailed { capture: None, .. } if !closes.is_empty() => {
                tender.captures_failed = tender.captures_failed.saturating_add(1);
                tender.capture_failed_at = Some(at);
            }
            PaymentEvidence::Captured { .. } => tender.captures_failed = 0,
            _ => {}
        }
        let stands = tender.is_secured();
        let renewed = tender.renews.filter(|_| stands);
        // The first renewal that stands pays from here on.
        if let Some(renewed) = renewed.and_then(|before| self.tender_mut(before)) {
            renewed.replaced_by.get_or_insert(*number);
        }
    }

    pub(super) fn money(&mut self, event: &MoneyEvent, recorded: &Recorded) {
        match event {
            MoneyEvent::AuthorizationExpired { tender } => {
                if let Some(tender) = self.tender_mut(*tender) {
                    tender.lapsed = true;
                }
            }
            MoneyEvent::ReauthorizationRequested {
                tender,
                amount,
                because,
                ..
            } => self.renewed(*tender, *amount, *because),
            MoneyEvent::RefundRerouted { tender, to, .. } => {
                let moved = to.iter().map(|granted| granted.amount);
                let moved = Money::sum(self.draft.currency, moved);
                if let Some(tender) = self.tender_mut(*tender) {
                    tender.add_moved(moved);
                }
                for granted in to {
                    if let Some(tender) = self.tender_mut(granted.tender) {
                        tender.add_for_others(granted.amount);
                    }
                }
                self.granted(to);
            }
            MoneyEvent::RefundNamed { tender, payment } => {
                if let Some(tender) = self.tender_mut(*tender) {
                    tender.merge(payment, recorded.occurred_at);
                }
            }
            MoneyEvent::PayoutLineDecided {
                line,
                tender,
                decision,
                settles,
                ..
            } => {
                if let Some(tender) = tender.and_then(|number| self.tender_mut(number)) {
                    tender.add_decided(line, *decision, *settles);
                }
            }
            MoneyEvent::StoreCreditIssued {
                reference,
                amount,
                shares,
                ..
            } => {
                for share in shares {
                    if let Some(tender) = self.tender_mut(share.tender) {
                        tender.add_credited(share.amount);
                    }
                }
                self.store_credits.push(StoreCredit {
                    reference: reference.clone(),
                    amount: *amount,
                    issued_at: recorded.recorded_at,
                });
            }
            MoneyEvent::DisputeAnswered {
                tender,
                dispute,
                answer,
                ..
            } => {
                let dispute = self
                    .tender_mut(*tender)
                    .and_then(|tender| tender.disputes.get_mut(dispute));
                if let Some(dispute) = dispute {
                    dispute.answer = Some(*answer);
                }
            }
        }
    }

    /// It goes on: a closed order as a complete one, an expired one looks for stock again.
    pub(super) fn reopened(&mut self, at: Timestamp) {
        self.reason = None;
        if self.stage == Stage::Expired {
            self.revived_at = Some(at);
            self.enter(Stage::Reserving, at);
        } else {
            self.enter(Stage::Completed, at);
        }
    }

    /// A renewal pays on the same terms, with the means of payment that is known already.
    fn renewed(&mut self, before: u16, amount: Money, because: RenewalReason) {
        let Some(tender) = self.tender(before) else {
            return;
        };
        let mut renewal = Tender::bare(amount, tender.terms.for_another());
        renewal.edit = tender.edit;
        renewal.renews = Some(before);
        renewal.because = Some(because);
        self.tenders.push(renewal);
    }

    /// A person wants what failed to be tried again: captures first, then one renewal more.
    pub(super) fn retry_payments(&mut self) {
        for tender in &mut self.tenders {
            tender.captured.look();
        }
        for number in self.payers() {
            let unpaid = self.shortfall(number).is_positive();
            if let Some(tender) = self.tender_mut(number) {
                let failed = tender.capture_failed.take().is_some();
                tender.captures_failed = 0;
                if failed || unpaid || tender.lapsed || tender.expires_at.is_some() {
                    tender.renewals_asked = tender.renewals_asked.saturating_add(1);
                }
            }
        }
    }

    /// A person, or a return, gives money back.
    pub(super) fn granted(&mut self, refunds: &[Granted]) {
        for granted in refunds {
            if let Some(tender) = self.tender_mut(granted.tender) {
                tender.add_granted(granted.amount);
            }
        }
    }
}
