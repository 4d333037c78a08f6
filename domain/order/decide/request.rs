//! Requests: what may be asked of an order, and when it is refused.

use super::super::{
    Command, Edge, Event, Fulfilment, FulfilmentEvidence, FulfilmentStage, FulfilmentStep, Hold,
    HoldScope, LineUnits, OnExpiry, Order, Rejection, ReviewDecision, Stage, units_of,
};
use super::Draft;

impl Command {
    /// The word for it: `cancel`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::PlaceAgain { .. } => "place",
            Self::Cancel { .. } => "cancel",
            Self::Approve { .. } => "approve",
            Self::Reject { .. } => "reject",
            Self::Hold { .. } => "hold",
            Self::Release { .. } => "release",
            Self::Refund { .. } => "refund",
            Self::Note { .. } => "note",
            Self::Retry { .. } => "retry",
            Self::AnswerDispute { .. } => "dispute",
            Self::Route(route) => route.word(),
            Self::DecideLine { .. } => "decide_line",
            Self::Fulfil { step, .. } => step.word(),
            Self::Return(command) => command.word(),
            Self::Claim(command) => command.word(),
            Self::Exchange(command) => command.word(),
            Self::Edit(_) => "edit",
            Self::ChangeAddress(_) => "change_address",
        }
    }
}

impl FulfilmentStep {
    /// The word for it: `hand-over`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject { .. } => "reject",
            Self::Pick { .. } | Self::PickShort { .. } => "pick",
            Self::Pack | Self::PackInto { .. } => "pack",
            Self::HandOver => "hand-over",
            Self::Ready => "ready",
            Self::Collect => "collect",
        }
    }

    /// The participle for refusals.
    const fn participle(&self) -> &'static str {
        match self {
            Self::Accept => "accepted",
            Self::Reject { .. } => "rejected",
            Self::Pick { .. } | Self::PickShort { .. } => "picked",
            Self::Pack | Self::PackInto { .. } => "packed",
            Self::HandOver => "handed over",
            Self::Ready => "made ready for pickup",
            Self::Collect => "collected",
        }
    }
}

impl Order {
    /// Whether a cancellation could still change something, and if not, why.
    pub fn can_cancel(&self) -> Result<(), Rejection> {
        let refused = Err(Rejection::WrongStage {
            stage: self.stage,
            verb: "cancelled",
        });
        match self.stage {
            Stage::Completed | Stage::Closed | Stage::Rejected | Stage::Expired => refused,
            Stage::Fulfilling if self.is_served() => refused,
            // What was lost is sent again; who wants the money instead gets it by a refund.
            Stage::Fulfilling
                if self
                    .parcels()
                    .any(|(work, p)| p.replaced_at.is_some() && work.transfer.is_none()) =>
            {
                refused
            }
            _ => Ok(()),
        }
    }
}

impl Draft<'_> {
    pub(super) fn request(&mut self, command: &Command) -> Result<(), Rejection> {
        match command {
            Command::PlaceAgain { body_hash } if *body_hash == self.order.body_hash => Ok(()),
            Command::PlaceAgain { .. } => Err(Rejection::OtherBody),
            Command::Cancel { reason } => self.cancel(reason),
            Command::Approve { reason } => self.review(ReviewDecision::Approved, reason),
            Command::Reject { reason } => self.review(ReviewDecision::Rejected, reason),
            Command::Hold {
                scope,
                blocks,
                reason,
                until,
                on_expiry,
            } => self.place_hold(scope, blocks, reason, (*until, *on_expiry)),
            Command::Release { hold, reason } => {
                if !self.order.holds.iter().any(|known| known.id == *hold) {
                    return Err(Rejection::NoSuchHold(*hold));
                }
                self.emit(Event::HoldReleased {
                    hold: *hold,
                    reason: reason.clone(),
                });
                Ok(())
            }
            Command::Refund {
                amount,
                as_credit,
                reason,
            } => self.grant_refund(*amount, *as_credit, reason),
            Command::Note { note } => {
                let note = note.clone();
                self.emit(Event::NoteAdded { note });
                Ok(())
            }
            Command::Retry { reason } => self.retry(reason),
            Command::AnswerDispute {
                dispute,
                answer,
                reason,
            } => self.answer_dispute(dispute.as_deref(), *answer, reason),
            Command::Route(route) => self.route(route),
            Command::DecideLine {
                line,
                decision,
                reason,
            } => self.decide_line(line, *decision, reason),
            Command::Fulfil { fulfilment, step } => self.take_step(*fulfilment, step),
            Command::Return(command) => self.return_request(command),
            Command::Claim(command) => self.claim_request(command),
            Command::Exchange(command) => self.exchange_request(command),
            Command::Edit(edit) => self.edit(edit),
            Command::ChangeAddress(change) => self.change_address(change),
        }
    }

    fn cancel(&mut self, reason: &str) -> Result<(), Rejection> {
        self.order.can_cancel()?;
        self.begin_cancel(reason);
        Ok(())
    }

    /// Begins to cancel what can be cancelled. An order that ends already, or is being refused,
    /// needs no asking.
    pub(super) fn begin_cancel(&mut self, reason: &str) {
        let order = &self.order;
        let under_way = matches!(order.stage, Stage::Cancelling | Stage::Cancelled);
        if order.can_cancel().is_ok() && !under_way && order.ending.is_none() {
            self.emit(Event::CancelRequested {
                reason: reason.to_owned(),
            });
        }
    }

    fn place_hold(
        &mut self,
        scope: &HoldScope,
        blocks: &[Edge],
        reason: &str,
        (until, on_expiry): (Option<jiff::Timestamp>, OnExpiry),
    ) -> Result<(), Rejection> {
        if blocks.is_empty() {
            return Err(Rejection::BlocksNothing);
        }
        if self.order.stage.is_terminal() {
            return Err(Rejection::WrongStage {
                stage: self.order.stage,
                verb: "held",
            });
        }
        if let HoldScope::Fulfilment { number } = scope
            && self.order.fulfilment(*number).is_none()
        {
            return Err(Rejection::NoSuchFulfilment(*number));
        }
        if let HoldScope::Line { line } = scope
            && self.order.line_of(line).is_none()
        {
            return Err(Rejection::NoLine(line.clone()));
        }
        if on_expiry != OnExpiry::default() && until.is_none() {
            return Err(Rejection::NeverOver);
        }
        let mut blocks = blocks.to_vec();
        blocks.sort_unstable();
        blocks.dedup();
        let hold = Hold {
            id: self.order.last_hold + 1,
            scope: scope.clone(),
            blocks,
            reason: reason.to_owned(),
            owner: self.actor.clone(),
            since: self.context.now,
            until,
            on_expiry,
        };
        self.emit(Event::HoldPlaced { hold });
        Ok(())
    }

    fn take_step(&mut self, number: u16, step: &FulfilmentStep) -> Result<(), Rejection> {
        use FulfilmentStage as At;
        let Some(work) = self.order.fulfilment(number).cloned() else {
            return Err(Rejection::NoSuchFulfilment(number));
        };
        let wrong = Err(Rejection::WrongFulfilmentStage {
            stage: work.word(),
            verb: step.participle(),
        });
        let evidence = match step {
            FulfilmentStep::Accept => match work.stage {
                At::Requested => FulfilmentEvidence::Accepted,
                stage if stage >= At::Accepted && stage <= At::Collected => return Ok(()),
                _ => return wrong,
            },
            FulfilmentStep::Reject { reason } => match work.stage {
                At::Requested | At::Accepted | At::Picking => FulfilmentEvidence::Rejected {
                    reason: reason.clone(),
                },
                At::Rejected => return Ok(()),
                _ => return wrong,
            },
            FulfilmentStep::Pick { lines } => match work.stage {
                At::Requested | At::Accepted | At::Picking => {
                    let lines = self.picked_lines(&work, lines.as_deref())?;
                    if lines.is_empty() {
                        return Ok(());
                    }
                    FulfilmentEvidence::Picked { lines }
                }
                stage if stage > At::Picking && stage <= At::Collected => return Ok(()),
                _ => return wrong,
            },
            FulfilmentStep::PickShort { lines, reason } => {
                return self.pick_short(&work, lines, reason);
            }
            FulfilmentStep::Pack => match work.stage {
                At::Picking if Order::left_to_pick(&work).is_empty() => {
                    FulfilmentEvidence::Packed {
                        parcels: Vec::new(),
                    }
                }
                stage if stage >= At::Packed && stage <= At::Collected => return Ok(()),
                _ => return wrong,
            },
            FulfilmentStep::PackInto { parcels } => return self.pack_into(&work, parcels),
            FulfilmentStep::HandOver => match work.stage {
                At::Packed if work.pickup => return wrong,
                At::Packed => return Err(Rejection::LabelMissing),
                At::Labelled => {
                    self.check_shippable(number)?;
                    FulfilmentEvidence::HandedOver
                }
                At::HandedOver | At::Transferred => return Ok(()),
                _ => return wrong,
            },
            FulfilmentStep::Ready if work.transfer.is_some() => return self.say_arrived(&work),
            FulfilmentStep::Ready => match work.stage {
                At::Packed if work.pickup => {
                    self.check_gathered(&work)?;
                    FulfilmentEvidence::ReadyForPickup
                }
                At::ReadyForPickup | At::Collected => return Ok(()),
                _ => return wrong,
            },
            FulfilmentStep::Collect => match work.stage {
                At::ReadyForPickup => {
                    self.check_shippable(number)?;
                    FulfilmentEvidence::Collected
                }
                At::Collected => return Ok(()),
                _ => return wrong,
            },
        };
        self.report_work(number, evidence);
        Ok(())
    }

    fn check_shippable(&self, number: u16) -> Result<(), Rejection> {
        match self.order.blocking(Edge::Ship, Some(number)) {
            Some(hold) => Err(Rejection::OnHold(Box::new(hold.clone()))),
            None => Ok(()),
        }
    }

    fn picked_lines(
        &self,
        work: &Fulfilment,
        stated: Option<&[(String, crate::quantity::Quantity)]>,
    ) -> Result<Vec<LineUnits>, Rejection> {
        let left = Order::left_to_pick(work);
        let Some(stated) = stated else {
            return Ok(left);
        };
        let mut picked: Vec<LineUnits> = Vec::new();
        for (place, (external_id, quantity)) in stated.iter().enumerate() {
            let Some(planned) = self.order.units_named(work, external_id) else {
                let line = external_id.clone();
                return Err(Rejection::NoSuchLine { line, place });
            };
            let taken = units_of(&picked, planned.line);
            let left = units_of(&left, planned.line).minus(taken);
            if *quantity > left {
                return Err(Rejection::TooMany {
                    line: external_id.clone(),
                    place,
                    left,
                });
            }
            if !quantity.is_zero() {
                picked.push(LineUnits {
                    line: planned.line,
                    quantity: *quantity,
                });
            }
        }
        Ok(picked)
    }
}
