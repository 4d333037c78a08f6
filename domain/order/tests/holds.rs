//! Holds: several at once, on parts of an order, with an end and what happens then.

use proptest::prelude::*;

use super::super::*;
use super::world::*;
use crate::canonical::CaptureMode;
use jiff::SignedDuration;

/// An order of two articles, each at a location of its own, before anybody was asked to work.
fn split() -> World {
    let lines = vec![line(1, "SKU-1", 1, "10.00"), line(2, "SKU-2", 1, "10.00")];
    let draft = draft(lines, "0.00", to_authorize(CaptureMode::Many));
    World::place(draft, &[("BER1", "SKU-1", 1), ("HAM1", "SKU-2", 1)])
}

fn hold(scope: HoldScope, blocks: &[Edge]) -> Command {
    Command::Hold {
        scope,
        blocks: blocks.to_vec(),
        reason: "check it".into(),
        until: None,
        on_expiry: OnExpiry::default(),
    }
}

fn timed(world: &World, seconds: i64, on_expiry: OnExpiry) -> Command {
    Command::Hold {
        scope: HoldScope::Order,
        blocks: vec![Edge::Release],
        reason: "wait for the supplier".into(),
        until: Some(world.now + SignedDuration::from_secs(seconds)),
        on_expiry,
    }
}

fn release(hold: u32) -> Command {
    let reason = "checked".into();
    Command::Release { hold, reason }
}

/// The line that a piece of work is about.
fn stage_of(world: &World, line: u16) -> FulfilmentStage {
    let work = world.order.fulfilments.iter();
    let mut of_line = work.filter(|work| work.lines.iter().any(|units| units.line == line));
    of_line.next().expect("work on the line").stage
}

#[test]
fn a_hold_on_a_line_stops_its_own_work_and_no_other() {
    let mut world = split();
    let line = HoldScope::Line { line: "2".into() };
    world.command(hold(line, &[Edge::Release])).expect("legal");
    world.settle();
    assert_eq!(stage_of(&world, 1), FulfilmentStage::Requested);
    assert_eq!(stage_of(&world, 2), FulfilmentStage::Planned);
    world.command(release(1)).expect("legal");
    world.settle();
    assert_eq!(stage_of(&world, 2), FulfilmentStage::Requested);
    world.check();
}

#[test]
fn a_hold_on_a_part_that_blocks_money_blocks_all_money() {
    let mut world = split();
    let line = HoldScope::Line { line: "1".into() };
    world.command(hold(line, &[Edge::Capture])).expect("legal");
    assert!(world.order.blocking(Edge::Capture, None).is_some());
    assert!(world.order.blocking(Edge::Refund, None).is_none());
}

#[test]
fn of_several_holds_releasing_one_releases_no_other() {
    let mut world = split();
    for _ in 0..3 {
        world
            .command(hold(HoldScope::Order, &[Edge::Release]))
            .expect("legal");
    }
    world.settle();
    for (released, left) in [(2, vec![1, 3]), (1, vec![3]), (3, vec![])] {
        world.command(release(released)).expect("legal");
        let holds: Vec<u32> = world.order.holds.iter().map(|hold| hold.id).collect();
        assert_eq!(holds, left);
        let waits = stage_of(&world, 1) == FulfilmentStage::Planned;
        assert_eq!(waits, !left.is_empty(), "it goes on after the last");
    }
    assert_eq!(
        world.command(release(2)),
        Err(Rejection::NoSuchHold(2)),
        "a number is used once"
    );
}

#[test]
fn a_part_that_is_not_there_cannot_be_held() {
    let mut world = split();
    let line = HoldScope::Line { line: "7".into() };
    let refused = world.command(hold(line, &[Edge::Ship]));
    assert_eq!(refused, Err(Rejection::NoLine("7".into())));
    let mut never = timed(&world, 60, OnExpiry::Cancel);
    if let Command::Hold { until, .. } = &mut never {
        *until = None;
    }
    assert_eq!(world.command(never), Err(Rejection::NeverOver));
}

#[test]
fn a_hold_that_nobody_releases_does_what_was_said_and_once() {
    for (on_expiry, stage) in [
        (OnExpiry::Release, Stage::Fulfilling),
        (OnExpiry::Cancel, Stage::Cancelled),
    ] {
        let mut world = split();
        let command = timed(&world, 3600, on_expiry);
        world.command(command).expect("legal");
        world.settle();
        let (wait, at) = next_wait(&world.order, &world.policy).expect("a timer");
        assert_eq!(wait, Wait::Hold);
        assert_eq!(at, world.now + SignedDuration::from_secs(3600));
        for _ in 0..3 {
            world.wait(3600);
            world.settle();
        }
        assert_eq!(world.order.stage, stage);
        let over = |kind: &str| world.kinds().into_iter().filter(|k| *k == kind).count();
        assert_eq!(over("order.hold_expired"), 1);
        let cancelled = usize::from(on_expiry == OnExpiry::Cancel);
        assert_eq!(over("order.cancel_requested"), cancelled);
        world.check();
    }
}

proptest! {
    /// The end of a hold and people who release it, in every order: one wins, and the log says which.
    #[test]
    fn a_hold_that_races_its_release_has_one_winner(
        first_at in 58_i64..62,
        second_at in 58_i64..62,
        cancels in any::<bool>(),
    ) {
        let mut world = split();
        let on_expiry = if cancels { OnExpiry::Cancel } else { OnExpiry::Release };
        let command = timed(&world, 60, on_expiry);
        world.command(command).expect("legal");
        world.settle();
        let mut released = 0;
        let mut passed = 0;
        let (early, late) = (first_at.min(second_at), first_at.max(second_at));
        for at in [early, late] {
            // A request at the very moment comes before the timer; one after it finds it over.
            if at > 60 && passed < 60 {
                world.wait(60 - passed);
                passed = 60;
            }
            world.now += SignedDuration::from_secs(at - passed);
            passed = at;
            match world.command(release(1)) {
                Ok(_) => released += 1,
                Err(refused) => prop_assert_eq!(refused, Rejection::NoSuchHold(1)),
            }
        }
        world.wait(120);
        world.settle();
        let times = |kind: &str| world.kinds().into_iter().filter(|k| *k == kind).count();
        prop_assert_eq!(times("order.hold_released"), released);
        prop_assert_eq!(times("order.hold_released") + times("order.hold_expired"), 1);
        let stage = if cancels && released == 0 { Stage::Cancelled } else { Stage::Fulfilling };
        prop_assert_eq!(world.order.stage, stage);
        world.check();
    }

    /// A hold and the work's release to its location, in every order: either the location was asked
    /// before the hold stood, or it is not asked while it stands.
    #[test]
    fn a_hold_that_races_the_release_to_a_location_has_one_winner(answers in 0_usize..12) {
        let mut world = split();
        for _ in 0..answers {
            let Some(id) = world.order.outstanding.keys().next().copied() else {
                break;
            };
            let fact = world.good_answer(id).expect("an answer");
            world.fact(fact);
        }
        let asked = |world: &World| {
            world.kinds().into_iter().filter(|k| *k == "fulfilment.requested").count()
        };
        let before = asked(&world);
        if world.command(hold(HoldScope::Order, &[Edge::Release])).is_ok() {
            world.settle();
            prop_assert_eq!(asked(&world), before);
            world.command(release(1)).expect("legal");
            world.settle();
        }
        prop_assert_eq!(asked(&world), 2);
        world.check();
    }
}
