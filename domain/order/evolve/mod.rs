//! The fold: the order after an event. Total: it never refuses evidence, it only takes it in.
//! Nothing is decided here and nothing is looked up.

mod address;
mod born;
mod claims;
mod edits;
mod exchanges;
mod money;
mod opened;
mod parcels;
mod returns;
mod routing;
mod source;
mod transfers;
mod work;

pub(in crate::order) use routing::{less, plus};

use super::{
    Ending, Event, Fulfilment, FulfilmentStage, HoldScope, IGNORED_FACTS, Order, Outcome,
    PaymentEvidence, REASON_CANCELLED_AT_SOURCE, REASON_CAPTURE_FAILED, REASON_CHANGED_AT_SOURCE,
    REASON_LABEL_FAILED, REASON_NO_LOCATION, REASON_PAYMENT_LOST, REASON_PAYMENT_MISMATCH,
    REASON_REFUND_FAILED, REASON_UNPAID_AT_SOURCE, REMEMBERED_REQUESTS, Recorded,
    RememberedRequest, Reported, Request, Review, ReviewDecision, Screened, Stage, StuckEvent,
    Tender, Verdict,
};
use crate::quantity::Quantity;

/// The order after an event. `None` only before the first one.
///
/// # Errors
/// When the event is not the next one.
pub fn evolve(order: Option<Order>, recorded: &Recorded) -> Result<Order, OutOfOrder> {
    match (order, &recorded.event) {
        (None, Event::Received(received)) if recorded.version == 1 => {
            Ok(born::born(received, recorded))
        }
        (Some(mut order), _) if recorded.version == order.version + 1 => {
            order.apply(recorded);
            Ok(order)
        }
        _ => Err(OutOfOrder),
    }
}

/// An event that does not follow on the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event is not the next one of this order")]
pub struct OutOfOrder;

impl Order {
    pub(in crate::order) fn apply(&mut self, recorded: &Recorded) {
        let at = recorded.recorded_at;
        self.version = recorded.version;
        self.updated_at = at;
        let same_commit = |r: &RememberedRequest| recorded.command_id == Some(r.command_id);
        if let Some(request) = self.requests.back_mut().filter(|r| same_commit(r)) {
            request.version = recorded.version;
        }
        for id in recorded.event.closes() {
            self.outstanding.remove(id);
        }
        self.ledger.book(recorded.event.postings());
        self.take_in(recorded);
        self.forget_refused_edit();
        self.follow_holds(at);
    }

    fn take_in(&mut self, recorded: &Recorded) {
        let at = recorded.recorded_at;
        match &recorded.event {
            // A second birth is evidence of a broken log; the versions' key makes it impossible.
            Event::Received(_)
            | Event::MismatchFound { .. }
            | Event::EffectGivenUp { .. }
            | Event::NoteAdded { .. } => {}
            Event::Requested { request, .. } => self.remember(request, recorded),
            Event::Screened(screened) => self.screened(screened, at),
            Event::Reviewed { decision, .. } => match decision {
                ReviewDecision::Approved => self.enter(Stage::Reserving, at),
                // The end that was decided with it follows.
                ReviewDecision::Rejected => {}
            },
            Event::EffectOpened { effect } => self.opened(effect, at),
            Event::EffectPostponed { .. } | Event::RetryRequested { .. } => {
                self.put_off_until(&recorded.event, at);
            }
            Event::StockAnswered {
                location,
                attempt,
                stock,
                ..
            } => self.stock_answered(location, *attempt, stock),
            Event::PaymentReported { .. } => self.payment_reported(recorded),
            Event::SettledByChannel { tender, amount, .. } => {
                if let Some(tender) = self.tender_mut(*tender) {
                    let total = Reported::Total { amount: *amount };
                    let reference = tender.reference.clone().unwrap_or_default();
                    let paid = PaymentEvidence::Captured {
                        reference,
                        amount: total,
                    };
                    tender.merge(&paid, recorded.occurred_at);
                    tender.weigh(at);
                }
            }
            Event::RefundGranted { refunds, .. } => self.granted(refunds),
            Event::PayoutLineJudged(judged) => self.take_judged(judged),
            Event::Confirmed { .. } => {
                self.confirmed_at = Some(at);
                self.enter(Stage::Confirmed, at);
            }
            Event::FulfilmentPlanned { .. } => self.planned(&recorded.event, at),
            Event::FulfilmentReported {
                fulfilment, work, ..
            } => self.work_reported(*fulfilment, work, at),
            Event::FulfilmentUnanswered { fulfilment, .. } => {
                self.off(*fulfilment, FulfilmentStage::Unanswered, "unanswered", at);
            }
            Event::LabelReported { .. } | Event::Scanned { .. } | Event::Parcel(_) => {
                self.told_of_parcel(&recorded.event, at);
            }
            Event::Routing(routing) => self.routed(routing, at),
            Event::Edit(event) => self.edited(event, at),
            Event::Address(event) => self.readdressed(event),
            Event::Exchange(event) => self.exchanged(event, at),
            Event::Stuck(event) => {
                self.stuck = matches!(event, StuckEvent::Stuck { .. }).then_some(at);
            }
            Event::Transfer(event) => self.transferred(event, at),
            Event::Source(event) => self.said_at_source(event),
            Event::ChannelAnswered { told, answer, .. } => {
                self.told.push((told.clone(), answer.clone()));
            }
            Event::HoldPlaced { hold } => {
                self.last_hold = self.last_hold.max(hold.id);
                self.holds.push(hold.clone());
            }
            Event::HoldReleased { hold, .. } | Event::HoldExpired { hold } => self.release(*hold),
            Event::CancelRequested { .. }
            | Event::EndDecided { .. }
            | Event::CancelRefused { .. }
            | Event::LinesCancelled { .. }
            | Event::Cancelled { .. }
            | Event::Rejected { .. }
            | Event::Expired { .. }
            | Event::Completed
            | Event::Closed { .. }
            | Event::Reopened { .. } => self.ended(&recorded.event, at),
            Event::Return(event) => self.return_event(event, at),
            Event::Claim(event) => self.claim_event(event, at),
            Event::FactIgnored { key, .. } => {
                self.ignored.push_back(key.clone());
                while self.ignored.len() > IGNORED_FACTS {
                    self.ignored.pop_front();
                }
            }
            Event::Money(event) => self.money(event, recorded),
        }
    }

    /// Nothing stands against it, or a person has to look; one that is refused ends by what follows.
    fn screened(&mut self, screened: &Screened, at: jiff::Timestamp) {
        match screened.verdict {
            Verdict::Pass => self.enter(Stage::Reserving, at),
            Verdict::Review => {
                self.review = Some(Review {
                    score: screened.score,
                    reasons: screened.reasons.clone(),
                    degraded: screened.degraded.clone(),
                    until: screened.review_until.unwrap_or(at),
                });
                self.enter(Stage::Screening, at);
            }
            Verdict::Refuse => {}
        }
    }

    /// The order ends, in part or as a whole, or is asked to.
    fn ended(&mut self, event: &Event, at: jiff::Timestamp) {
        match event {
            Event::CancelRequested { reason } => {
                self.parting = None;
                self.at_source.unwanted.clear();
                self.at_source.forget_added();
                self.cancelled_at_source |= reason == REASON_CANCELLED_AT_SOURCE;
                let outcome = Outcome::Cancelled;
                self.ending = Some(Ending {
                    outcome,
                    reason: reason.clone(),
                    since: at,
                });
                self.enter(Stage::Cancelling, at);
            }
            Event::EndDecided { outcome, reason } => {
                self.ending = Some(Ending {
                    outcome: *outcome,
                    reason: reason.clone(),
                    since: at,
                });
            }
            Event::CancelRefused { .. } => {
                self.ending = None;
                self.enter(Stage::Fulfilling, at);
            }
            Event::LinesCancelled {
                lines, at_channel, ..
            } => {
                self.cut_off(lines, *at_channel);
                self.at_source.unwanted = less(&self.at_source.unwanted, lines);
                for cancelled in lines {
                    self.cancel_units(cancelled.line, cancelled.quantity);
                    self.part_done(cancelled);
                }
                self.ending = None;
                // What no work was asked for yet stays confirmed, as it does with fewer units from the beginning.
                if self.confirmed_at.is_some() && self.stage != Stage::Confirmed {
                    self.enter(Stage::Fulfilling, at);
                }
            }
            Event::Cancelled { reason, .. } => {
                for number in self.line_numbers() {
                    let open = self.open(number);
                    self.cancel_units(number, open);
                }
                self.end(Stage::Cancelled, reason, at);
            }
            Event::Rejected { reason } => self.end(Stage::Rejected, reason, at),
            Event::Expired { reason } => self.end(Stage::Expired, reason, at),
            Event::Completed => self.enter(Stage::Completed, at),
            Event::Closed { reason } => self.end(Stage::Closed, reason, at),
            Event::Reopened { .. } => self.reopened(at),
            _ => {}
        }
    }

    fn enter(&mut self, stage: Stage, at: jiff::Timestamp) {
        if self.stage != stage {
            debug_assert!(
                self.stage.may_become(stage),
                "{:?} -> {stage:?}",
                self.stage
            );
            self.stage = stage;
            self.stage_since = at;
        }
    }

    fn end(&mut self, stage: Stage, reason: &str, at: jiff::Timestamp) {
        self.ending = None;
        self.reason = Some(reason.to_owned());
        self.enter(stage, at);
    }

    /// Reserving and Authorizing differ only in whether every stocked unit is held: that is
    /// arithmetic, so the stage follows it.
    fn follow_holds(&mut self, at: jiff::Timestamp) {
        let held = self
            .line_numbers()
            .all(|number| self.unheld(number).is_zero());
        match self.stage {
            Stage::Reserving if held && self.ending.is_none() => self.enter(Stage::Authorizing, at),
            Stage::Authorizing if !held && self.ending.is_none() => {
                self.enter(Stage::Reserving, at);
            }
            _ => {}
        }
    }

    fn remember(&mut self, request: &Request, recorded: &Recorded) {
        self.requests.push_back(RememberedRequest {
            command_id: request.command_id,
            body_hash: request.body_hash.clone(),
            reply_schema: request.reply_schema,
            version: recorded.version,
        });
        while self.requests.len() > REMEMBERED_REQUESTS {
            self.requests.pop_front();
        }
    }

    fn tender_mut(&mut self, number: u16) -> Option<&mut Tender> {
        usize::from(number)
            .checked_sub(1)
            .and_then(|index| self.tenders.get_mut(index))
    }

    fn fulfilment_mut(&mut self, number: u16) -> Option<&mut Fulfilment> {
        self.fulfilments.iter_mut().find(|f| f.number == number)
    }

    fn cancel_units(&mut self, line: u16, quantity: Quantity) {
        if let Some(state) = usize::from(line)
            .checked_sub(1)
            .and_then(|index| self.lines.get_mut(index))
        {
            state.cancelled = state.cancelled.plus(quantity);
        }
    }

    fn release(&mut self, id: u32) {
        let Some(index) = self.holds.iter().position(|hold| hold.id == id) else {
            return;
        };
        let hold = self.holds.remove(index);
        // What failed is tried again once somebody has looked at it.
        match (hold.reason.as_str(), &hold.scope) {
            (REASON_CAPTURE_FAILED | REASON_PAYMENT_LOST, _) => self.retry_payments(),
            // Whoever released it has accepted the sums as they are.
            (REASON_PAYMENT_MISMATCH, _) => {
                self.tenders
                    .iter_mut()
                    .for_each(|tender| tender.overdrawn_since = None);
            }
            (REASON_REFUND_FAILED, _) => {
                self.tenders
                    .iter_mut()
                    .for_each(|tender| tender.refund_failed = None);
            }
            (REASON_LABEL_FAILED, HoldScope::Fulfilment { number }) => {
                if let Some(work) = self.fulfilment_mut(*number) {
                    work.parcels
                        .iter_mut()
                        .for_each(|parcel| parcel.label_failed = None);
                }
            }
            (REASON_NO_LOCATION, _) => self.excluded.clear(),
            // Lifted by the channel's word it has nothing left that is unpaid.
            (REASON_UNPAID_AT_SOURCE, _) if self.at_source.unpaid => self.go_on_without_added(),
            (REASON_CHANGED_AT_SOURCE, _) => self.go_on_without_added(),
            _ => {}
        }
    }
}
