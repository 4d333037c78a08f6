//! Errors as people make them, each planted in one answer of the rules. The world has to find
//! every one of them; none is in the hub's own code.

use jiff::Timestamp;

use super::super::world::BEGINNING;
use super::*;
use crate::append::{Protocol, Signal, Step};
use crate::ids::EffectId;
use crate::order::{
    Account, Context, Decided, Effect, Event, Fact, Input, InputBody, OpenedEffect, Order,
    PaymentEvidence, Recorded, Rejection, evolve, transfer,
};
use crate::policy::Policy;
use crate::stock::{HoldState, LocationStock, StockCommand, StockDecision};

/// The first seed whose world finds the error, with the invariant that fell.
fn found_by(core: &dyn Core, wanted: impl Fn(&str) -> bool) -> Option<(u64, &'static str)> {
    all_found_by(core, wanted).next()
}

/// All of them, one after the other.
fn all_found_by(
    core: &dyn Core,
    wanted: impl Fn(&str) -> bool,
) -> impl Iterator<Item = (u64, &'static str)> {
    (1..=SEEDS).filter_map(move |seed| {
        let mut dice = Dice::seeded(seed);
        let setting = dice.roll();
        let moves = moves::draw(&mut dice, STEPS);
        let broken = play(setting, &moves, mode(seed), core, false).broken?;
        wanted(broken.invariant).then_some((seed, broken.invariant))
    })
}

/// The law that speaks of the error finds it; that another one may find it earlier is as well.
#[track_caller]
pub(super) fn must_find(core: &dyn Core, invariant: &str) {
    let found = found_by(core, |fell| fell == invariant);
    assert!(found.is_some(), "no world finds it by {invariant}");
}

/// The events written again, one after the other, behind an order's log.
pub(super) fn rewritten(order: &Order, events: Vec<Recorded>) -> Decided {
    let mut next = order.clone();
    let mut written = Vec::new();
    for mut recorded in events {
        recorded.version = next.version + 1;
        next = evolve(Some(next), &recorded).expect("the next event");
        written.push(recorded);
    }
    if written.is_empty() {
        Decided::Nothing
    } else {
        Decided::Commit(written, Box::new(next))
    }
}

/// What the rules decide, with its events changed.
pub(super) fn changed(
    order: &Order,
    input: &Input,
    context: &Context<'_>,
    change: impl FnOnce(&mut Vec<Recorded>),
) -> Result<Decided, Rejection> {
    let decided = crate::order::decide(order, input, context)?;
    let Decided::Commit(mut events, _) = decided else {
        return Ok(decided);
    };
    change(&mut events);
    Ok(rewritten(order, events))
}

struct CapturesTwice;

impl Core for CapturesTwice {
    fn decide(&self, o: &Order, i: &Input, c: &Context<'_>) -> Result<Decided, Rejection> {
        changed(o, i, c, |events| {
            let capture = events.iter().position(|e| {
                let opened = e.event.opens();
                opened.is_some_and(|open| matches!(open.effect, Effect::CapturePayment { .. }))
            });
            if let Some(place) = capture {
                let mut again = events[place].clone();
                if let Event::EffectOpened { effect } = &mut again.event {
                    effect.id = o.id.effect(1_000_000 + o.version);
                }
                events.push(again);
            }
        })
    }
}

#[test]
fn a_capture_that_is_asked_for_twice_is_found() {
    must_find(&CapturesTwice, "effect_open_once");
}

struct KeepsLateMoney;

impl Core for KeepsLateMoney {
    fn decide(&self, o: &Order, i: &Input, c: &Context<'_>) -> Result<Decided, Rejection> {
        changed(o, i, c, |events| {
            let keeps = |open: &OpenedEffect| {
                let gives = matches!(
                    open.effect,
                    Effect::VoidPayment { .. } | Effect::RefundPayment { .. }
                );
                gives && o.stage.is_dead()
            };
            events.retain(|e| !e.event.opens().is_some_and(keeps));
        })
    }
}

#[test]
fn a_late_success_on_an_ended_order_that_is_kept_is_found() {
    must_find(&KeepsLateMoney, "ended_keeps_no_money");
}

struct ReleasesTwice;

impl Core for ReleasesTwice {
    fn stock(
        &self,
        stock: &LocationStock,
        command: &StockCommand,
        effect: Option<EffectId>,
        now: Timestamp,
    ) -> StockDecision {
        let mut stock = stock.clone();
        let again = matches!(command, StockCommand::Release { .. });
        if again {
            for hold in stock.holds.values_mut() {
                if hold.state == HoldState::Released {
                    hold.state = HoldState::Hard;
                }
            }
        }
        // Without the effect's name in its ledger nothing else would stop it.
        stock.decide(command, effect.filter(|_| !again), now)
    }
}

#[test]
fn stock_that_is_released_twice_is_found() {
    must_find(&ReleasesTwice, "stock_conserved");
}

struct IgnoresHolds;

impl Core for IgnoresHolds {
    fn decide(&self, o: &Order, i: &Input, c: &Context<'_>) -> Result<Decided, Rejection> {
        let mut free = o.clone();
        free.holds.clear();
        match crate::order::decide(&free, i, c)? {
            Decided::Commit(events, _) => Ok(rewritten(o, events)),
            other => Ok(other),
        }
    }
}

#[test]
fn a_hold_that_is_ignored_is_found() {
    must_find(&IgnoresHolds, "holds_block");
}

struct ForgetsKeys;

impl Core for ForgetsKeys {
    fn decide(&self, o: &Order, i: &Input, c: &Context<'_>) -> Result<Decided, Rejection> {
        let mut forgetful = o.clone();
        forgetful.requests.clear();
        match crate::order::decide(&forgetful, i, c)? {
            Decided::Commit(events, _) => Ok(rewritten(o, events)),
            other => Ok(other),
        }
    }
}

#[test]
fn an_idempotency_key_that_is_not_remembered_is_found() {
    must_find(&ForgetsKeys, "request_once");
}

struct ForgetsPostponed;

impl Core for ForgetsPostponed {
    fn wake_at(&self, order: &Order, policy: &Policy) -> Option<Timestamp> {
        let mut rest = order.clone();
        rest.outstanding.retain(|_, open| open.attempts == 0);
        crate::order::wake_at(&rest, policy)
    }
}

#[test]
fn a_postponed_effect_that_is_forgotten_is_found() {
    must_find(&ForgetsPostponed, "every_wait_has_a_timer");
}

struct ChecksNoEpoch;

impl Core for ChecksNoEpoch {
    fn admits(&self, _: u64, _: u64) -> bool {
        true
    }
}

#[test]
fn an_epoch_that_is_not_checked_is_found() {
    must_find(&ChecksNoEpoch, "one_writer");
}

struct AppliesTwice;

impl Core for AppliesTwice {
    fn decide(&self, o: &Order, i: &Input, c: &Context<'_>) -> Result<Decided, Rejection> {
        let decided = crate::order::decide(o, i, c)?;
        let InputBody::Fact(Fact::Payment(fact)) = &i.body else {
            return Ok(decided);
        };
        let (Decided::Nothing, PaymentEvidence::Captured { .. }, Some(amount)) =
            (&decided, &fact.evidence, fact.evidence.amount())
        else {
            return Ok(decided);
        };
        let cash = Account::Cash("stripe-eu".into());
        let again = Recorded {
            version: 0,
            recorded_at: c.now,
            occurred_at: None,
            actor: "partner".into(),
            command_id: None,
            event: Event::PaymentReported {
                tender: 1,
                payment: fact.evidence.clone(),
                postings: transfer(Account::Receivable, cash, amount),
                closes: Vec::new(),
            },
        };
        Ok(rewritten(o, vec![again]))
    }
}

#[test]
fn a_repeated_report_that_is_booked_again_is_found() {
    must_find(&AppliesTwice, "ledger_cash");
}

struct WritesNothingOff;

impl Core for WritesNothingOff {
    fn stock(
        &self,
        stock: &LocationStock,
        command: &StockCommand,
        effect: Option<EffectId>,
        now: Timestamp,
    ) -> StockDecision {
        let mut decision = stock.decide(command, effect, now);
        if matches!(command, StockCommand::WriteOff { .. }) {
            for row in &mut decision.change.ledger {
                if let Some(counters) = decision.change.counters.get_mut(&row.sku) {
                    counters.on_hand -= row.d_on_hand;
                    counters.shortfall = 0;
                }
                row.d_on_hand = 0;
            }
        }
        decision
    }
}

#[test]
fn a_write_off_that_is_not_booked_is_found() {
    must_find(&WritesNothingOff, "stock_conserved");
}

struct ExpiresAndFreesNothing;

impl Core for ExpiresAndFreesNothing {
    fn stock(
        &self,
        stock: &LocationStock,
        command: &StockCommand,
        effect: Option<EffectId>,
        now: Timestamp,
    ) -> StockDecision {
        let mut decision = stock.decide(command, effect, now);
        if matches!(command, StockCommand::Expire { .. }) {
            decision.change.ledger.clear();
            decision.change.counters.clear();
        }
        decision
    }
}

#[test]
fn an_expiry_that_frees_nothing_is_found() {
    must_find(&ExpiresAndFreesNothing, "stock_conserved");
}

/// Beyond the ten: a lane's stale answer is taken for a success.
struct AdoptsStale;

impl Core for AdoptsStale {
    fn protocol(&self, at: Protocol, signal: Signal) -> (Protocol, Step) {
        match (at, signal) {
            (Protocol::Appending { .. }, Signal::Stale) => (Protocol::Idle, Step::Adopt),
            (at, signal) => at.on(signal),
        }
    }
}

#[test]
fn a_decision_that_was_never_written_and_is_acted_upon_is_found() {
    must_find(&AdoptsStale, "fold_is_state");
}

#[test]
fn a_history_that_shows_an_error_is_short_and_its_seed_finds_it_again() {
    // A list that cannot spare any single move may be long; not those of all seeds are.
    let found = all_found_by(&KeepsLateMoney, |fell| fell == "ended_keeps_no_money").take(4);
    let failures = found.map(|(seed, invariant)| {
        let run = run(seed, STEPS, mode(seed), &KeepsLateMoney);
        let failure = run.failure.expect("it is found again");
        assert_eq!(failure.broken.invariant, invariant);
        failure
    });
    let shortest = failures.min_by_key(|failure| failure.moves);
    let failure = shortest.expect("a world finds it");
    assert!(failure.moves <= 30, "{} moves are left", failure.moves);
    let told = failure.history.join("\n");
    assert!(told.contains("BROKEN ended_keeps_no_money"), "{told}");
}

/// Units that come go to whoever stands last in line.
struct ServesTheNewest;

impl Core for ServesTheNewest {
    fn stock(
        &self,
        stock: &LocationStock,
        command: &StockCommand,
        effect: Option<EffectId>,
        now: Timestamp,
    ) -> StockDecision {
        let mut turned = stock.clone();
        for hold in turned.holds.values_mut() {
            let since = hold.since.map(|since| 2 * BEGINNING - since.as_second());
            hold.since = since.and_then(|second| Timestamp::from_second(second).ok());
        }
        let mut decision = turned.decide(command, effect, now);
        for (_, _, hold) in &mut decision.change.holds {
            if !matches!(command, StockCommand::Wait { .. }) {
                let since = hold.since.map(|since| 2 * BEGINNING - since.as_second());
                hold.since = since.and_then(|second| Timestamp::from_second(second).ok());
            }
        }
        decision
    }
}

#[test]
fn a_line_that_is_served_from_its_end_is_found() {
    must_find(&ServesTheNewest, "served_in_line");
}

/// A receipt's name is not looked at.
struct ReceivesTwice;

impl Core for ReceivesTwice {
    fn stock(
        &self,
        stock: &LocationStock,
        command: &StockCommand,
        effect: Option<EffectId>,
        now: Timestamp,
    ) -> StockDecision {
        let mut command = command.clone();
        if let StockCommand::Receive { reference, .. } = &mut command {
            *reference = format!("{reference} as row {}", stock.seq);
        }
        stock.decide(&command, effect, now)
    }
}

#[test]
fn a_receipt_that_is_booked_twice_is_found() {
    must_find(&ReceivesTwice, "stock_conserved");
}
