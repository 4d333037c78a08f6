//! Securing the money, and the moment when the order stands.

use super::super::{
    Account, Effect, Event, Order, Outcome, Posting, Reservation, ReservationState, Stage,
    StockEvidence, StockFact, transfer,
};
use super::Draft;
use crate::canonical::Terms;

impl Draft<'_> {
    /// Authorises tenders, gives up on declined ones, and minds the time that stock is held for.
    pub(super) fn authorize(&mut self) -> bool {
        if self.order.stage != Stage::Authorizing || self.order.ending.is_some() {
            return false;
        }
        let unsecured = |order: &Order, number: u16| {
            let tender = order.tender(number);
            tender.filter(|t| !t.is_secured()).cloned()
        };
        for number in self.order.tender_numbers() {
            let Some(tender) = unsecured(&self.order, number) else {
                continue;
            };
            if tender.declined.is_some() || tender.voided || tender.lapsed {
                let reason = if tender.lapsed {
                    "authorization_expired"
                } else {
                    "payment_declined"
                };
                let reason = reason.to_owned();
                self.emit(Event::EndDecided {
                    outcome: Outcome::Rejected,
                    reason,
                });
                return true;
            }
        }
        for number in self.order.tender_numbers() {
            let Some(tender) = unsecured(&self.order, number) else {
                continue;
            };
            let to_authorize = matches!(tender.terms, Terms::ToAuthorize { .. });
            if to_authorize && self.ask_gateway(number) {
                return true;
            }
        }
        self.mind_the_time()
    }

    /// The soft holds are about to lapse. While the gateway owes an answer they are extended, at
    /// most so often as policy says; otherwise the order expires.
    fn mind_the_time(&mut self) -> bool {
        if self.order.is_money_secured() {
            return false;
        }
        let now = self.context.now;
        let policy = self.context.policy;
        // An order without stocked lines has no soft hold to lapse; the same time bounds it.
        let since = self.order.stage_since;
        let lapse = self.order.soft_until().unwrap_or_else(|| {
            since
                .saturating_add(policy.reservation_ttl)
                .unwrap_or(since)
        });
        let abandoned = self.order.abandoned_at(policy);
        if abandoned.is_some_and(|at| now >= at) {
            self.emit(Event::EndDecided {
                outcome: Outcome::Expired,
                reason: "payment_abandoned".to_owned(),
            });
            return true;
        }
        if now < lapse {
            return false;
        }
        let unknown = self
            .order
            .outstanding
            .values()
            .any(|open| open.unknown && matches!(open.effect, Effect::AuthorizePayment { .. }));
        let most = policy.reservation_ttl * i32::from(policy.reservation_extensions);
        let may_extend = since
            .saturating_add(policy.reservation_ttl + most)
            .is_ok_and(|end| now < end);
        if unknown && may_extend {
            let asking = |effect: &Effect| matches!(effect, Effect::ReserveStock { .. });
            if self.is_open(asking) {
                return false;
            }
            let expires_at = now.saturating_add(policy.reservation_ttl).unwrap_or(now);
            let soft = self.order.holds_in(&[ReservationState::Soft]);
            let any = !soft.is_empty();
            for (location, attempt, lines) in soft {
                self.open(Effect::ReserveStock {
                    location,
                    attempt,
                    lines,
                    expires_at,
                    queued: false,
                });
            }
            if any {
                return true;
            }
        }
        let reason = "reservation_lapsed".to_owned();
        self.emit(Event::EndDecided {
            outcome: Outcome::Expired,
            reason,
        });
        true
    }

    /// Whether a location holds for longer what it held softly before. What it held is what the order knows:
    /// an answer that was lost and is given again extends nothing by itself.
    pub(super) fn is_extended(&self, fact: &StockFact) -> bool {
        let StockEvidence::Reserved { expires_at } = fact.evidence else {
            return false;
        };
        let held = self.order.reservations.iter();
        let mut held = held
            .filter(|(key, _)| key.location == fact.location && key.attempt == fact.attempt)
            .map(|(_, hold)| hold)
            .peekable();
        let shorter = |hold: &Reservation| {
            hold.state == ReservationState::Soft && hold.expires_at < expires_at
        };
        held.peek().is_some() && held.all(shorter)
    }

    /// Stock is firm and the money is secured: the order stands, and what it is worth is booked.
    pub(super) fn confirm(&mut self) -> bool {
        let order = &self.order;
        if order.stage != Stage::Authorizing
            || order.ending.is_some()
            || !order.is_money_secured()
            || order
                .reservations
                .values()
                .any(|hold| hold.state.is_live() && hold.state != ReservationState::Hard)
        {
            return false;
        }
        let postings = order.sale_postings();
        self.emit(Event::Confirmed { postings });
        true
    }
}

impl Order {
    /// When a buyer who has to confirm a payment counts as gone, where policy says how long that may
    /// take; otherwise the life of the reservation bounds it.
    pub fn abandoned_at(&self, policy: &crate::policy::Policy) -> Option<jiff::Timestamp> {
        let wait = policy.payment.action_time?;
        let waiting = self
            .tenders
            .iter()
            .filter(|tender| tender.action_required && !tender.is_secured());
        let asked = waiting.filter_map(|tender| tender.answered_at).min()?;
        asked.saturating_add(wait).ok()
    }

    /// When the first soft hold lapses.
    pub fn soft_until(&self) -> Option<jiff::Timestamp> {
        let soft = self
            .reservations
            .values()
            .filter(|hold| hold.state == ReservationState::Soft);
        soft.map(|hold| hold.expires_at).min()
    }

    /// What the buyer owes, against what was sold: without what was cancelled before.
    fn sale_postings(&self) -> Vec<Posting> {
        let owed = self.draft.stated_total;
        let charges = self.totals.shipping.plus(self.totals.fees);
        let lines_and_charges = self
            .totals
            .items
            .minus(self.totals.discounts)
            .plus(self.totals.shipping)
            .plus(self.totals.fees);
        let on_top = self.totals.grand.minus(lines_and_charges);
        let revenue = owed.minus(charges).minus(on_top);
        let mut postings = transfer(Account::Revenue, Account::Receivable, revenue);
        postings.extend(transfer(Account::Shipping, Account::Receivable, charges));
        postings.extend(transfer(Account::Tax, Account::Receivable, on_top));
        let cancelled = self.cancelled_value();
        postings.extend(transfer(Account::Receivable, Account::Revenue, cancelled));
        postings
    }

    /// The sale undone: every account but cash and disputes goes back to what it was.
    pub(super) fn undo_sale_postings(&self) -> Vec<Posting> {
        if self.confirmed_at.is_none() {
            return Vec::new();
        }
        [Account::Revenue, Account::Shipping, Account::Tax]
            .into_iter()
            .flat_map(|account| {
                let balance = self.ledger.balance(&account, self.draft.currency);
                transfer(account, Account::Receivable, balance)
            })
            .collect()
    }
}
