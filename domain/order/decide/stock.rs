//! Stock: asking locations, taking their answers in, giving up.

use std::collections::BTreeMap;

use super::super::{
    Context, Edge, Effect, Event, FulfilmentStage, HoldScope, LineUnits, Loss, Order, Outcome,
    Plan, REASON_NO_LOCATION, REASON_QUOTA_USED_UP, REASON_STORE_WITHOUT_ADDRESS, Recorded,
    ReservationState, Routing, Stage, StockEvidence, StockFact, StockLine, plan,
};
use super::Draft;
use crate::ids::LocationCode;
use crate::quantity::Quantity;
use crate::sourcing::Sourced;

impl Draft<'_> {
    /// A location reported about holds.
    pub(super) fn stock(&mut self, fact: &StockFact) {
        let closes = self.answered(fact);
        let mut after = self.order.clone();
        let event = Event::StockAnswered {
            location: fact.location.clone(),
            attempt: fact.attempt,
            stock: fact.evidence.clone(),
            extended: self.is_extended(fact),
            closes: closes.clone(),
        };
        after.apply(&Recorded {
            version: self.order.version + 1,
            recorded_at: self.context.now,
            occurred_at: None,
            actor: String::new(),
            command_id: None,
            event: event.clone(),
        });
        let changed = after.reservations != self.order.reservations;
        if changed || !closes.is_empty() {
            self.emit(event);
        }
    }

    /// The open effects that a location's report answers.
    fn answered(&self, fact: &StockFact) -> Vec<crate::ids::EffectId> {
        if fact.evidence == StockEvidence::Restocked {
            // No try names it: the effect itself does, and another one may be open by now.
            let known = |id: &crate::ids::EffectId| {
                self.order
                    .outstanding
                    .get(id)
                    .is_some_and(|open| matches!(open.effect, Effect::RestockUnits { .. }))
            };
            return fact.effect.into_iter().filter(known).collect();
        }
        self.open_ids(|effect| {
            let Some((location, attempt, _)) = effect.stock() else {
                return false;
            };
            if *location != fact.location || attempt != fact.attempt {
                return false;
            }
            match &fact.evidence {
                StockEvidence::Reserved { expires_at: until } => {
                    matches!(effect, Effect::ReserveStock { expires_at, .. } if expires_at <= until)
                }
                StockEvidence::Refused { .. } => matches!(
                    effect,
                    Effect::ReserveStock { .. } | Effect::AwaitStock { .. }
                ),
                StockEvidence::Waiting => matches!(effect, Effect::AwaitStock { .. }),
                StockEvidence::Regrouped { .. } => matches!(effect, Effect::RegroupStock { .. }),
                StockEvidence::Confirmed | StockEvidence::Lost { .. } => {
                    matches!(
                        effect,
                        Effect::ConfirmStock { .. } | Effect::ReceiveTransfer { .. }
                    )
                }
                StockEvidence::Released => matches!(
                    effect,
                    Effect::ReleaseStock { .. }
                        | Effect::WriteOffStock { .. }
                        | Effect::AwaitStock { .. }
                        | Effect::ReserveStock { .. }
                        | Effect::ConfirmStock { .. }
                ),
                StockEvidence::Consumed => matches!(effect, Effect::ConsumeStock { .. }),
                StockEvidence::Restocked
                | StockEvidence::Expired { .. }
                | StockEvidence::Supplied { .. }
                | StockEvidence::Dated { .. }
                | StockEvidence::Cut { .. } => false,
            }
        })
    }

    /// Asks locations for what nothing covers yet, or gives up.
    pub(super) fn reserve(&mut self) -> bool {
        let covered = self
            .order
            .line_numbers()
            .all(|n| self.order.uncovered(n).is_zero());
        if !is_sourcing(self.order.stage)
            || covered
            || self.order.ending.is_some()
            || self.is_blocked(Edge::Reserve, None)
            || self.order.is_held_for(REASON_NO_LOCATION)
            || self.waits_as_a_whole()
        {
            return false;
        }
        let works = self.order.fulfilments.iter();
        let refusals = works.filter(|work| work.is_refused()).count();
        let plan = if refusals >= usize::from(self.context.policy.sourcing_tries)
            || self.order.has_tried_enough()
        {
            Plan::Short
        } else {
            plan(&self.order, self.context)
        };
        match plan {
            Plan::Ask(sourced) => {
                self.ask_locations(sourced);
                true
            }
            Plan::Contended
                if !self.order.is_waiting() && !self.order.waited_long_enough(self.context) =>
            {
                false
            }
            Plan::Contended | Plan::Short => self.out_of_stock(),
        }
    }

    /// Records who is asked and why, and asks them.
    pub(super) fn ask_locations(&mut self, sourced: Box<Sourced>) {
        let (asked, queued) = (sourced.asked.clone(), sourced.queued);
        self.emit(Event::Routing(Routing::Sourced(sourced)));
        let asked = asked.into_iter().map(|asked| {
            let units = asked.lines.iter().map(|(line, units)| LineUnits {
                line: *line,
                quantity: Quantity::units(u32::try_from(*units).unwrap_or(u32::MAX)),
            });
            let units: Vec<LineUnits> = units.collect();
            (asked.location, self.order.stock_lines(&units))
        });
        let asked = asked.collect();
        self.ask_for(asked, queued);
    }

    /// Asks locations to hold these lines softly, in one try; work that is `queued` waits for a day
    /// with room for it.
    pub(super) fn ask_for(&mut self, asked: Vec<(LocationCode, Vec<StockLine>)>, queued: bool) {
        let attempt = self.order.attempt + 1;
        let now = self.context.now;
        let ttl = self.context.policy.reservation_ttl;
        let expires_at = now.saturating_add(ttl).unwrap_or(now);
        for (location, lines) in asked {
            self.open(Effect::ReserveStock {
                location,
                attempt,
                lines,
                expires_at,
                queued,
            });
        }
    }

    /// Nothing can provide it now: it waits for supply where policy lets it. Otherwise it is refused
    /// before it stands; afterwards what was cut is cancelled, and of the rest a person decides.
    fn out_of_stock(&mut self) -> bool {
        if self.hold_unknown_skus() || self.backorder() || self.give_up_cut() {
            return true;
        }
        if self.order.stage != Stage::Reserving {
            let blocks = [Edge::Reserve];
            return self.hold_once(REASON_NO_LOCATION, HoldScope::Order, &blocks);
        }
        let reason = if self.order.is_kept_off_by_quotas(self.context) {
            REASON_QUOTA_USED_UP.to_owned()
        } else if self.order.lacks_an_address(self.context) {
            REASON_STORE_WITHOUT_ADDRESS.to_owned()
        } else {
            "out_of_stock".to_owned()
        };
        self.emit(Event::EndDecided {
            outcome: Outcome::Rejected,
            reason,
        });
        true
    }

    /// Makes soft holds firm once the money is secured.
    pub(super) fn confirm_stock(&mut self) -> bool {
        let stage = self.order.stage;
        let standing = matches!(
            stage,
            Stage::Authorizing | Stage::Confirmed | Stage::Fulfilling
        );
        if !standing || self.order.ending.is_some() || !self.order.is_money_secured() {
            return false;
        }
        self.make_firm()
    }

    /// Asks for firm holds in place of soft ones, a try at a time.
    pub(super) fn make_firm(&mut self) -> bool {
        let soft = [ReservationState::Soft, ReservationState::Expired];
        for (location, attempt, lines) in self.order.holds_in(&soft) {
            let same = |effect: &Effect| {
                matches!(
                    effect,
                    Effect::ConfirmStock { .. } | Effect::ReserveStock { .. }
                ) && effect
                    .stock()
                    .is_some_and(|(l, a, _)| *l == location && a == attempt)
            };
            // What is held for an edit that was refused goes back instead.
            let unwanted = self.order.is_for_edit(&lines) && !self.order.wants_edit();
            if !unwanted && !self.is_open(same) {
                self.open(Effect::ConfirmStock {
                    location,
                    attempt,
                    lines,
                });
                return true;
            }
        }
        false
    }

    /// Takes the units of what left the building off the stock.
    pub(super) fn consume(&mut self) -> bool {
        let unconsumed = self
            .order
            .fulfilments
            .iter()
            .filter(|f| f.has_left() && !f.consumed);
        for work in unconsumed.cloned().collect::<Vec<_>>() {
            let (location, attempt) = (work.location.clone(), work.attempt);
            // What is being regrouped, or taken in, is taken off the stock afterwards.
            let same = |effect: &Effect| {
                matches!(
                    effect,
                    Effect::ConsumeStock { .. }
                        | Effect::RegroupStock { .. }
                        | Effect::ReceiveTransfer { .. }
                ) && effect.concerns(&location, attempt)
            };
            if !self.is_open(same) {
                let lines = self.order.stock_lines(&work.lines);
                self.open(Effect::ConsumeStock {
                    location,
                    attempt,
                    lines,
                });
                return true;
            }
        }
        false
    }

    /// Gives the firm hold of work that will not ship back, so that others can be asked.
    pub(super) fn release_refused(&mut self) -> bool {
        for work in self.order.fulfilments.clone() {
            if work.is_off() && self.release(&work.location, work.attempt) {
                return true;
            }
        }
        false
    }

    /// Gives live holds back, unless that is under way or they wait for another answer.
    pub(super) fn release(&mut self, location: &crate::ids::LocationCode, attempt: u16) -> bool {
        let held = [
            ReservationState::Soft,
            ReservationState::Hard,
            ReservationState::Expired,
            ReservationState::Waiting,
        ];
        let here = |(l, a, _): &(crate::ids::LocationCode, u16, _)| l == location && *a == attempt;
        let Some((location, attempt, lines)) = self.order.holds_in(&held).into_iter().find(here)
        else {
            return false;
        };
        if self.is_open(|effect| effect.concerns(&location, attempt)) {
            return false;
        }
        self.open(match self.order.loss_at(&location, attempt) {
            Some(loss) => Effect::WriteOffStock {
                location,
                attempt,
                lines,
                loss,
            },
            None => Effect::ReleaseStock {
                location,
                attempt,
                lines,
            },
        });
        true
    }
}

/// Tries of getting stock before an order gives up: only a snapshot that never comes true runs
/// into it.
const ATTEMPTS_MOST: usize = 50;

/// Whether an order asks locations for what nothing covers: before it stands, and again when a
/// location will not ship.
const fn is_sourcing(stage: Stage) -> bool {
    matches!(
        stage,
        Stage::Reserving | Stage::Confirmed | Stage::Fulfilling
    )
}

impl Order {
    /// Whether it has asked for stock so often that asking once more will not help. A line that stands
    /// in line is a try of its own.
    pub(super) fn has_tried_enough(&self) -> bool {
        usize::from(self.attempt) >= ATTEMPTS_MOST + self.draft.lines.len()
    }

    /// Live holds in these states, grouped as they were asked for.
    pub(super) fn holds_in(
        &self,
        states: &[ReservationState],
    ) -> Vec<(crate::ids::LocationCode, u16, Vec<StockLine>)> {
        let mut groups: BTreeMap<_, Vec<StockLine>> = BTreeMap::new();
        for (key, hold) in self
            .reservations
            .iter()
            .filter(|(_, h)| states.contains(&h.state))
        {
            let in_draft = || self.line(key.line).and_then(|line| line.sku.clone());
            let Some(sku) = hold.sku.clone().or_else(in_draft) else {
                continue;
            };
            let line = StockLine {
                line: key.line,
                sku,
                quantity: hold.quantity,
            };
            groups
                .entry((key.attempt, key.location.clone()))
                .or_default()
                .push(line);
        }
        groups
            .into_iter()
            .map(|((attempt, location), lines)| (location, attempt, lines))
            .collect()
    }

    /// What a location's refusal of the work on these holds says about their units.
    fn loss_at(&self, location: &crate::ids::LocationCode, attempt: u16) -> Option<Loss> {
        let refused = self.fulfilments.iter().find(|work| {
            work.location == *location
                && work.attempt == attempt
                && work.stage == FulfilmentStage::Rejected
        });
        Loss::of_reason(refused?.reason.as_deref()?)
    }

    /// Units with their SKUs.
    pub(super) fn stock_lines(&self, units: &[LineUnits]) -> Vec<StockLine> {
        let with_sku = |units: &LineUnits| {
            let sku = self.line_or_proposed(units.line)?.sku.clone()?;
            Some(StockLine {
                line: units.line,
                sku,
                quantity: units.quantity,
            })
        };
        units.iter().filter_map(with_sku).collect()
    }

    /// Whether the time for waiting for other buyers' units is over.
    fn waited_long_enough(&self, context: &Context<'_>) -> bool {
        let wait = context.policy.contention_wait;
        self.stage_since
            .saturating_add(wait)
            .is_ok_and(|until| context.now >= until)
    }
}

/// SKUs whose units the order waits for because others hold them softly: wake it when they move. An
/// order that a hold keeps from asking waits for a person, not for stock.
pub fn waits_for_stock(order: &Order) -> Vec<crate::ids::Sku> {
    let held =
        order.is_held_for(REASON_NO_LOCATION) || order.blocking(Edge::Reserve, None).is_some();
    // Who stands in line already is told by the location.
    let told = order.is_waiting();
    if !is_sourcing(order.stage) || order.ending.is_some() || held || told {
        return Vec::new();
    }
    order.uncovered_skus()
}
