//! Edits of an order that stands. Fewer units are a part that is cancelled, as ever. More units are a
//! small order beside it: units and money of what is added are secured first, then all of it becomes
//! a part of the order in one event; or everything taken for it goes back, and the order is as before.

use super::super::{
    Account, Edge, EditCommand, EditEvent, EditRejection, EditedLine, Event, LineUnits, Order,
    Plan, Posting, REASON_CHANGED_AT_SOURCE, Rejection, ReservationState, Routing, Tender,
    plan_units, transfer,
};
use super::Draft;
use super::edit_lines::Change;
use crate::canonical::Terms;
use crate::money::Money;

/// Why an edit is refused.
const OUT_OF_STOCK: &str = "out_of_stock";
const DECLINED: &str = "payment_declined";
pub(super) const BUYER_NEEDED: &str = "payment_needs_the_buyer";
const TIMED_OUT: &str = "edit_timed_out";
const ENDING: &str = "order_is_ending";

/// Lines of an order at most, with those that edits added.
pub(super) const LINES_MOST: usize = 1000;

/// Tries of getting the units of an edit: only locations that refuse what they seem to have need more.
const TRIES_MOST: u16 = 8;

impl Draft<'_> {
    /// A person changes what an order consists of. Fewer units alone are cancelled like any part; with
    /// more units among them the whole edit waits for those.
    pub(super) fn edit(&mut self, command: &EditCommand) -> Result<(), Rejection> {
        self.order.can_edit()?;
        let Change { lines, less } = self.order.change_of(command)?;
        let reason = command.reason.clone();
        if lines.is_empty() {
            self.cancel_units(less, reason);
            return Ok(());
        }
        if let Some(hold) = self.order.blocking(Edge::Reserve, None) {
            return Err(Rejection::OnHold(Box::new(hold.clone())));
        }
        let lines_there = self.order.draft.lines.len();
        if lines_there + lines.len() > LINES_MOST {
            return Err(EditRejection::TooManyLines { most: LINES_MOST }.into());
        }
        let amount = self.order.worth_of_lines(&lines);
        let means = if amount.is_positive() {
            let means = self.order.means_for_more();
            Some(means.ok_or_else(|| self.order.why_nobody_pays_more())?)
        } else {
            None
        };
        self.propose(lines, less, means, reason);
        Ok(())
    }

    /// The channel has added lines: whether they can become part of the order. Nobody is charged for them:
    /// either the channel has the money, or the order is paid on terms.
    pub(super) fn propose_at_source(&mut self, lines: Vec<EditedLine>) -> bool {
        let amount = self.order.worth_of_lines(&lines);
        if !self.order.can_be_added_at_source(&lines) {
            return false;
        }
        let means = self.order.means_at_source();
        let means = means.filter(|_| amount.is_positive());
        let reason = REASON_CHANGED_AT_SOURCE.to_owned();
        self.propose(lines, Vec::new(), means, reason);
        true
    }

    fn propose(
        &mut self,
        lines: Vec<EditedLine>,
        less: Vec<LineUnits>,
        means: Option<u16>,
        reason: String,
    ) {
        let amount = self.order.worth_of_lines(&lines);
        let tender = means.map(|_| self.order.tender_numbers().count() + 1);
        self.emit(Event::Edit(EditEvent::Proposed {
            edit: self.order.edits + 1,
            lines,
            less,
            amount,
            credit: None,
            exchange: None,
            tender: tender.map(|number| u16::try_from(number).unwrap_or(u16::MAX)),
            means,
            reason,
        }));
    }

    /// The next step of securing an edit: get its units, set its money aside, and apply it once both
    /// stand. Refuses it when one of them cannot be had, when its time is over, or when the order is
    /// being ended; then what was taken for it goes back.
    pub(super) fn mind_the_edit(&mut self) -> bool {
        if self.order.editing.is_none() {
            return false;
        }
        let Some(editing) = self.order.open_edit().cloned() else {
            return self.give_back_edit();
        };
        let until = self.order.edit_until(self.context.policy);
        let over = until.is_some_and(|until| self.context.now >= until);
        let tender = editing.tender.and_then(|number| self.order.tender(number));
        let refusal = match tender.filter(|tender| tender.has_failed()) {
            _ if !self.order.is_standing() => Some(ENDING),
            Some(tender) if tender.action_required => Some(BUYER_NEEDED),
            Some(_) => Some(DECLINED),
            None if self.order.is_edit_stocked() && self.order.is_edit_paid() => None,
            None if over => Some(TIMED_OUT),
            None => None,
        };
        if let Some(reason) = refusal {
            return self.refuse_edit(reason);
        }
        if self.order.is_edit_stocked() && self.order.is_edit_paid() {
            return self.apply_edit();
        }
        if self.stock_edit() {
            return true;
        }
        let unpaid = editing.tender.filter(|_| !self.order.is_edit_paid());
        unpaid.is_some_and(|number| self.ask_gateway(number))
    }

    /// Asks locations for the units of an edit that nothing covers, by the same rules as for the
    /// order. What nobody has now is not waited for.
    fn stock_edit(&mut self) -> bool {
        let needs = self.order.edit_needs();
        // Work that somebody sends elsewhere is looked after first: where to is said for that.
        if needs.is_empty() || self.order.sent_to.is_some() {
            return false;
        }
        if self.is_blocked(Edge::Reserve, None) {
            return false;
        }
        let before = self.order.open_edit().map_or(0, |editing| editing.attempt);
        let tries = self.order.attempt.saturating_sub(before);
        match plan_units(&self.order, &needs, self.context) {
            Plan::Ask(sourced) if tries < TRIES_MOST => {
                self.ask_locations(sourced);
                true
            }
            _ => self.refuse_edit(OUT_OF_STOCK),
        }
    }

    /// Units and money stand: from here on it is a part of the order. What the same edit takes out is
    /// cancelled now, and not before.
    fn apply_edit(&mut self) -> bool {
        let Some(editing) = self.order.open_edit().cloned() else {
            return false;
        };
        let postings = self.order.edit_postings(&editing.lines, editing.amount);
        let at_source = editing.is_at_source();
        self.emit(Event::Edit(EditEvent::Applied {
            edit: editing.number,
            total: self.order.draft.stated_total.plus(editing.amount),
            lines: editing.lines,
            amount: editing.amount,
            tender: editing.tender,
            postings,
        }));
        if at_source && let Some(number) = editing.tender {
            self.settle_by_channel(number);
        }
        if !editing.less.is_empty() {
            self.emit(Event::Routing(Routing::PartCancelRequested {
                lines: editing.less,
                reason: editing.reason,
            }));
        }
        true
    }

    fn refuse_edit(&mut self, reason: &str) -> bool {
        let Some(editing) = self.order.open_edit() else {
            return false;
        };
        let (edit, at_source) = (editing.number, editing.is_at_source());
        self.emit(Event::Edit(EditEvent::Refused {
            edit,
            reason: reason.to_owned(),
        }));
        if at_source && reason != ENDING {
            self.hold_changed();
        }
        true
    }

    /// Gives back what locations hold for an edit that was refused. Its money is released like any
    /// authorisation that will not be used.
    fn give_back_edit(&mut self) -> bool {
        let held = [
            ReservationState::Soft,
            ReservationState::Hard,
            ReservationState::Expired,
        ];
        let holds = self.order.holds_in(&held).into_iter();
        let holds: Vec<_> = holds
            .filter(|(_, _, lines)| self.order.is_for_edit(lines))
            .collect();
        holds
            .into_iter()
            .any(|(location, attempt, _)| self.release(&location, attempt))
    }
}

impl Order {
    /// Whether an order may be edited now, and if not, why.
    pub fn can_edit(&self) -> Result<(), Rejection> {
        if !self.is_standing() {
            let (stage, verb) = (self.stage, "edited");
            return Err(Rejection::WrongStage { stage, verb });
        }
        match &self.editing {
            Some(editing) => Err(EditRejection::Open(editing.number).into()),
            None => Ok(()),
        }
    }

    /// What the buyer owes more, against what was sold more.
    fn edit_postings(&self, lines: &[EditedLine], amount: Money) -> Vec<Posting> {
        let on_top = self.taxes_on_top(lines);
        let sold = amount.minus(on_top);
        let mut postings = transfer(Account::Revenue, Account::Receivable, sold);
        postings.extend(transfer(Account::Tax, Account::Receivable, on_top));
        postings
    }

    /// Why no tender can pay more.
    pub(super) fn why_nobody_pays_more(&self) -> EditRejection {
        let prepaid = |tender: &Tender| matches!(tender.terms, Terms::Prepaid { .. });
        if self.tenders.iter().any(prepaid) {
            EditRejection::PaidAtChannel
        } else {
            EditRejection::NotChargeable
        }
    }

    /// The tender whose means of payment, or whose terms, more can be paid with: one that a gateway
    /// can charge again without the buyer, else one on terms that need no gateway. Not what the channel
    /// was paid: what is added would ship before the channel says that it has the money.
    pub(super) fn means_for_more(&self) -> Option<u16> {
        let numbers = || self.payers().into_iter();
        let of = |number: &u16| self.tender(*number);
        let again = |tender: &Tender| {
            let known = tender.reference.is_some() && tender.gateway().is_some();
            known && tender.is_ours() && !tender.has_failed()
        };
        let by_terms = |tender: &Tender| matches!(tender.terms, Terms::OnDelivery | Terms::Invoice);
        let chargeable = numbers().find(|number| of(number).is_some_and(again));
        chargeable.or_else(|| numbers().find(|number| of(number).is_some_and(by_terms)))
    }

    /// Whether there is room for lines that the channel adds, and somebody pays for them: not the hub's own
    /// gateways.
    pub(super) fn can_be_added_at_source(&self, lines: &[EditedLine]) -> bool {
        let payable = self.means_at_source().is_some();
        let fits = self.draft.lines.len() + lines.len() <= LINES_MOST;
        fits && (payable || !self.worth_of_lines(lines).is_positive())
    }

    /// The tender like which the channel is paid for what it adds itself.
    fn means_at_source(&self) -> Option<u16> {
        let mut payers = self.payers().into_iter();
        payers.find(|number| {
            let terms = self.tender(*number).map(|tender| &tender.terms);
            let theirs = |terms: &Terms| {
                matches!(
                    terms,
                    Terms::Prepaid { .. } | Terms::OnDelivery | Terms::Invoice
                )
            };
            terms.is_some_and(theirs)
        })
    }

    /// Whether the channel has to be paid for what it adds before any of it may leave.
    pub(super) fn is_paid_first_at_source(&self) -> bool {
        let means = self
            .means_at_source()
            .and_then(|number| self.tender(number));
        means.is_some_and(|tender| matches!(tender.terms, Terms::Prepaid { .. }))
    }
}
