//! What the order's own sales channel says of it: paid, cancelled, to be cancelled, paid back. That it
//! states the order anew is the business of `statement`.

use jiff::Timestamp;

use super::super::{
    ChannelFact, Edge, Event, Granted, HoldScope, Order, PaymentEvidence, PaymentFact,
    REASON_AWAITS_CHANNEL, REASON_CANCEL_ASKED, REASON_CANCELLED_AT_SOURCE, REASON_KEPT_BACK,
    REASON_REFUNDED_AT_SOURCE, Reported, SourceEvent, Stage, Tender, TenderSelector, transfer,
};
use super::Draft;
use crate::canonical::Terms;
use crate::money::Money;
use crate::order::Account;
use crate::policy::CancelAsked;

impl Draft<'_> {
    /// The order's own sales channel reported.
    pub(super) fn channel(&mut self, fact: &ChannelFact) {
        match fact {
            ChannelFact::Paid { .. } => self.paid_at_channel(),
            ChannelFact::Cancelled { at } => self.cancelled_at_channel(*at),
            ChannelFact::CancelAsked { reference } => self.cancel_asked(reference),
            ChannelFact::Refunded {
                reference,
                amount,
                at,
            } => self.refunded_at_channel(reference, *amount, *at),
            ChannelFact::RefundedSoFar { amount, at } => {
                let given = self.order.given_at_channel();
                let same = amount.currency() == given.currency();
                let more = if same { amount.less(given) } else { *amount };
                let reference = format!("total:{}", amount.amount());
                self.refunded_at_channel(&reference, more, *at);
            }
            ChannelFact::KeptBack { kept } => self.kept_back(*kept),
            ChannelFact::Restated(said) => self.restated(said),
        }
    }

    /// The channel has the money of what it takes money for, and with it releases what waited for it. Of an
    /// order that was cancelled meanwhile it has to give it back.
    fn paid_at_channel(&mut self) {
        let stage = self.order.stage;
        let past = matches!(stage, Stage::Rejected | Stage::Expired | Stage::Closed);
        for number in self.order.tender_numbers().filter(|_| !past) {
            let on_gateway =
                |t: &Tender| matches!(t.terms, Terms::ToAuthorize { .. }) || t.is_ours();
            if !self.order.tender(number).is_some_and(on_gateway) {
                self.settle_by_channel(number);
            }
        }
        self.released_by_channel();
    }

    /// What the channel kept back may go on.
    pub(super) fn released_by_channel(&mut self) {
        let kept = |hold: &&super::super::Hold| hold.reason == REASON_AWAITS_CHANNEL;
        if let Some(hold) = self.order.holds.iter().find(kept).map(|hold| hold.id) {
            let reason = "the sales channel has released it".to_owned();
            self.emit(Event::HoldReleased { hold, reason });
        }
    }

    fn cancelled_at_channel(&mut self, at: Timestamp) {
        self.occurred_at = Some(at);
        let known = self.order.cancelled_at_source || self.order.ending.is_some();
        if known || self.order.stage.is_dead() {
            return;
        }
        if self.order.can_cancel().is_ok() {
            let reason = REASON_CANCELLED_AT_SOURCE.to_owned();
            self.emit(Event::CancelRequested { reason });
        } else {
            let reason = "too late: everything has shipped or the order is closed";
            self.ignore("order.cancelled", reason, REASON_CANCELLED_AT_SOURCE);
        }
    }

    /// The buyer asks for a cancellation. Policy says whether it is granted as far as it can be, or a person
    /// decides while nothing leaves. Each wish is heard once.
    fn cancel_asked(&mut self, reference: &str) {
        let order = &self.order;
        let under_way = order.ending.is_some() || order.stage.is_dead();
        if under_way || order.at_source.asked.contains(reference) {
            return;
        }
        if order.can_cancel().is_err() {
            let reason = "too late: everything has shipped or the order is closed";
            self.ignore("order.cancel_asked", reason, reference);
            return;
        }
        self.emit(Event::Source(SourceEvent::CancelAsked {
            reference: reference.to_owned(),
        }));
        match self.context.policy.cancel_asked {
            CancelAsked::Grant => self.begin_cancel(REASON_CANCEL_ASKED),
            CancelAsked::Hold => {
                let blocks = [Edge::Release, Edge::Ship];
                self.hold_once(REASON_CANCEL_ASKED, HoldScope::Order, &blocks);
            }
        }
    }

    /// The channel gave the buyer money back. It is booked once per reference, on what the channel was
    /// paid with; what is more than it took is a mismatch like any other.
    pub(super) fn refunded_at_channel(
        &mut self,
        reference: &str,
        amount: Money,
        at: Option<Timestamp>,
    ) {
        let theirs: Vec<u16> = self.order.paid_at_channel().collect();
        let Some(last) = theirs.last().copied() else {
            let reason = "the hub's own gateways took the money of this order";
            self.ignore("payment.refunded", reason, reference);
            return;
        };
        let known = |number: &u16| {
            let tender = self.order.tender(*number);
            tender.is_some_and(|tender| tender.refunded.parts.contains_key(reference))
        };
        if theirs.iter().any(known) || !amount.is_positive() {
            return;
        }
        let foreign = amount.currency() != self.order.draft.currency;
        let mut rest = amount;
        for number in theirs
            .into_iter()
            .filter(|number| !foreign || *number == last)
        {
            let Some(tender) = self.order.tender(number) else {
                continue;
            };
            let there = tender.amount.less(tender.refunded_sum());
            let part = if number == last {
                rest
            } else {
                rest.min(there)
            };
            rest = rest.minus(part);
            if part.is_zero() {
                continue;
            }
            let named = tender.reference.clone();
            self.payment(&PaymentFact {
                tender: TenderSelector::Number(number),
                account: None,
                occurred_at: at,
                evidence: PaymentEvidence::Refunded {
                    reference: named.unwrap_or_default(),
                    amount: Reported::Part {
                        reference: reference.to_owned(),
                        amount: part,
                    },
                },
            });
        }
    }

    /// What the channel gave back beyond what the buyer could claim stays with the buyer, once nothing
    /// more can be cancelled: until then the units that it was given for may still be.
    pub(super) fn mind_refunds_at_source(&mut self) -> bool {
        let standing = !self.order.stage.is_dead() && self.order.parting.is_none();
        if !standing || !self.order.is_shipping_over() || self.order.editing.is_some() {
            return false;
        }
        let mut ahead = self.order.given_ahead_at_channel();
        let mut refunds = Vec::new();
        for tender in self.order.paid_at_channel() {
            let Some(there) = self.order.tender(tender) else {
                continue;
            };
            let granted = there.granted.unwrap_or(there.zero());
            let amount = ahead.min(there.refunded_sum().less(granted));
            ahead = ahead.minus(amount);
            if amount.is_positive() {
                refunds.push(Granted { tender, amount });
            }
        }
        if refunds.is_empty() {
            return false;
        }
        let amounts = refunds.iter().map(|granted| granted.amount);
        let amount = Money::sum(self.order.draft.currency, amounts);
        self.emit(Event::RefundGranted {
            refunds,
            reason: REASON_REFUNDED_AT_SOURCE.to_owned(),
            postings: transfer(Account::Receivable, Account::Allowance, amount),
        });
        true
    }

    /// Somebody put the order on hold at the channel, or released it there. A person who released it here is
    /// not overruled by the same word again.
    fn kept_back(&mut self, kept: bool) {
        if kept == self.order.at_source.kept_back || self.order.stage.is_terminal() {
            return;
        }
        self.emit(Event::Source(SourceEvent::KeptBack { kept }));
        if kept {
            let blocks = [Edge::Release, Edge::Ship];
            self.hold_once(REASON_KEPT_BACK, HoldScope::Order, &blocks);
        } else {
            self.lift(REASON_KEPT_BACK, "the sales channel has released it");
        }
    }

    /// An order that its channel has not released yet waits for that with its stock.
    pub(super) fn keep_for_channel(&mut self) -> bool {
        let blocks = [Edge::Release, Edge::Ship];
        self.hold_once(REASON_AWAITS_CHANNEL, HoldScope::Order, &blocks)
    }
}

impl Order {
    /// Numbers of the tenders whose money the channel or the retailer takes, and no gateway of the hub's.
    fn paid_at_channel(&self) -> impl Iterator<Item = u16> + '_ {
        let numbered = self.tender_numbers().zip(&self.tenders);
        let theirs = numbered.filter(|(_, tender)| {
            let asks_gateway = matches!(tender.terms, Terms::ToAuthorize { .. });
            !tender.is_ours() && !asks_gateway && !tender.pending
        });
        theirs.map(|(number, _)| number)
    }

    /// What the buyer can claim of what the channel took: what was paid for and will not be sent, what was
    /// granted, and what returns and claims left to the channel.
    pub(super) fn claimed_at_channel(&self) -> Money {
        let over = self.is_over_for_money();
        let claims = self.paid_at_channel().map(|one| self.claims(one, over));
        Money::sum(self.draft.currency, claims).plus(self.left_elsewhere())
    }

    /// What the channel gave back so far, by its own word.
    fn given_at_channel(&self) -> Money {
        let theirs = self.paid_at_channel().filter_map(|one| self.tender(one));
        Money::sum(self.draft.currency, theirs.map(Tender::refunded_sum))
    }

    /// What the channel still has to give back of what it took.
    pub fn due_at_channel(&self) -> Money {
        let theirs = self.paid_at_channel().filter_map(|one| self.tender(one));
        let there = theirs.map(|one| {
            one.captured_sum()
                .less(one.refunded_sum())
                .less(one.frozen())
        });
        let there = Money::sum(self.draft.currency, there);
        let due = self.claimed_at_channel().less(self.given_at_channel());
        due.min(there)
    }

    /// What the channel gave back that nobody could claim.
    fn given_ahead_at_channel(&self) -> Money {
        self.given_at_channel().less(self.claimed_at_channel())
    }

    /// What was granted because the channel had given it back already.
    pub(super) fn granted_at_channel(&self) -> Money {
        let theirs = self.paid_at_channel().filter_map(|one| self.tender(one));
        let granted = theirs.map(|one| one.granted.unwrap_or(one.zero()));
        Money::sum(self.draft.currency, granted)
    }
}
