//! A cancellation races the dock: 1,000 labelled parcels, each of which is handed over, or just taken
//! by its carrier, within 20 ms of its order being cancelled.

use jiff::SignedDuration;

use super::super::super::gateway::State;
use super::super::matrix::eur;
use super::*;
use crate::money::Money;
use crate::order::{Command, Fulfilment, FulfilmentStage, FulfilmentStep, Stage};

const ORDERS: usize = 1_000;
const SHELVES: [i64; 3] = [400, 300, 300];

/// Everything that is on its way arrives, in any order.
fn settle(world: &mut World<'_>, dice: &mut Dice) {
    while !world.post.is_empty() {
        let next = dice.below(world.post.len());
        world.deliver(next, deliver::Way::Good, dice);
    }
    unbroken(world);
}

/// Each order's parcel stands at the dock with its label on.
fn labelled(world: &mut World<'_>, dice: &mut Dice) {
    for number in 0..ORDERS {
        let letter = create(world, number, one_unit(number));
        world.post.push(letter);
    }
    settle(world, dice);
    for step in [
        FulfilmentStep::Accept,
        FulfilmentStep::Pick { lines: None },
        FulfilmentStep::Pack,
    ] {
        for id in world.audit.born.clone() {
            let (fulfilment, step) = (1, step.clone());
            world.ask(id, "operator:dock", Command::Fulfil { fulfilment, step });
        }
        settle(world, dice);
    }
    let stands = |work: &Fulfilment| work.stage == FulfilmentStage::Labelled;
    assert!(
        world
            .audit
            .orders()
            .all(|order| order.fulfilments.iter().all(stands))
    );
}

#[test]
fn scenario_7_a_cancellation_that_races_the_dock_ends_cancelled_or_shipped_never_both_or_neither() {
    let mut world = calm(&Hub, SHELVES);
    for gateway in &mut world.gateways {
        gateway.verdict = Some(State::Authorized);
    }
    let mut dice = Dice::seeded(7);
    labelled(&mut world, &mut dice);
    for id in world.audit.born.clone() {
        let reason = "the buyer has changed their mind".to_owned();
        let first = dice.percent(50);
        if first {
            let reason = reason.clone();
            world.ask(id, "operator:anna", Command::Cancel { reason });
        }
        // Now and then the carrier is faster than the scan, and the hub hears of it later.
        if dice.percent(25) {
            world.depot.pick_up((id, 1));
        } else {
            let step = FulfilmentStep::HandOver;
            let fulfilment = 1;
            world.ask(id, "operator:dock", Command::Fulfil { fulfilment, step });
        }
        if !first {
            world.ask(id, "operator:anna", Command::Cancel { reason });
        }
        for _ in 0..dice.below(8) {
            let next = dice.below(world.post.len());
            world.deliver(next, deliver::Way::Good, &mut dice);
        }
        world.pass(SignedDuration::from_millis(dice.between(0, 20)));
        unbroken(&world);
    }
    settle(&mut world, &mut dice);
    world.run_down();
    unbroken(&world);

    let (mut cancelled, mut shipped) = (0, 0);
    for order in world.audit.orders() {
        let payments = world.gateways.iter().flat_map(|gateway| &gateway.payments);
        let paid: Vec<_> = payments
            .filter(|payment| payment.order == order.id)
            .collect();
        let taken = paid.iter().map(|payment| payment.captured);
        let taken = Money::sum(eur(0).currency(), taken);
        let open = paid.iter().any(|payment| payment.is_open());
        let left = world.depot.gone.contains(&(order.id, 1));
        match order.stage {
            Stage::Cancelled => {
                cancelled += 1;
                assert!(!left && taken.is_zero() && !open, "{}", order.id);
            }
            Stage::Closed => {
                shipped += 1;
                assert!(left && taken == eur(1000), "{}: {taken}", order.id);
            }
            stage => panic!("{} ends as {stage:?}", order.id),
        }
    }
    assert_eq!(cancelled + shipped, ORDERS);
    assert!(
        cancelled > 100 && shipped > 100,
        "{cancelled} and {shipped}"
    );
    let shelves = world.store.shelves.values();
    let counters = shelves.map(|shelf| shelf.stock.counters(&WANTED.into()));
    let (mut left, mut promised) = (0, 0);
    for counters in counters {
        left += counters.on_hand;
        promised += counters.reserved + counters.allocated;
    }
    assert_eq!((usize::try_from(left), promised), (Ok(cancelled), 0));
}
