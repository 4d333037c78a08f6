//! Work that is picked short, split, merged, moved, put off, cancelled in part or not collected.

use super::super::*;
use super::world::*;
use crate::canonical::*;
use crate::ids::LocationCode;
use crate::quantity::Quantity;

/// Two lines, one location with everything, two others with enough.
pub(super) fn standing() -> World {
    let mut world = World::place(
        draft(
            vec![line(1, "A", 3, "10.00"), line(2, "B", 2, "5.00")],
            "4.99",
            to_authorize(CaptureMode::Many),
        ),
        &[
            ("BER1", "A", 10),
            ("BER1", "B", 10),
            ("HAM1", "A", 10),
            ("HAM1", "B", 10),
            ("MUC1", "A", 10),
            ("MUC1", "B", 10),
        ],
    );
    world.settle();
    assert_eq!(world.order.fulfilments.len(), 1);
    world
}

pub(super) fn units(stated: &[(&str, u32)]) -> StatedLines {
    let lines = stated.iter();
    lines
        .map(|(line, units)| ((*line).to_owned(), Quantity::units(*units)))
        .collect()
}

pub(super) fn step(world: &mut World, fulfilment: u16, step: FulfilmentStep) {
    let command = Command::Fulfil { fulfilment, step };
    world.command(command).expect("legal");
}

pub(super) fn route(world: &mut World, command: RouteCommand) -> Result<Decided, Rejection> {
    world.command(Command::Route(command))
}

pub(super) fn reason() -> String {
    "it suits better".to_owned()
}

/// Everything at the dock until the parcel is with the buyer.
pub(super) fn ship(world: &mut World, fulfilment: u16) {
    step(world, fulfilment, FulfilmentStep::Pick { lines: None });
    step(world, fulfilment, FulfilmentStep::Pack);
    world.settle();
    step(world, fulfilment, FulfilmentStep::HandOver);
    world.settle();
    let second = i64::from(fulfilment);
    world.fact(super::world::seen(
        fulfilment,
        second,
        ParcelStatus::Delivered,
    ));
}

pub(super) fn shelf(world: &World, location: &str, sku: &str) -> (i64, i64) {
    let stock = &world.shelves.stock[&LocationCode::from(location)];
    let counters = stock.counters(&sku.into());
    (counters.on_hand, counters.allocated)
}

pub(super) fn work(world: &World, number: u16) -> Fulfilment {
    world.order.fulfilment(number).expect("it is there").clone()
}

#[test]
fn a_short_pick_ships_what_was_found_and_sources_the_rest_elsewhere() {
    let mut world = standing();
    step(
        &mut world,
        1,
        FulfilmentStep::PickShort {
            lines: units(&[("1", 1), ("2", 2)]),
            reason: "not_in_stock".into(),
        },
    );
    assert!(world.kinds().contains(&"fulfilment.short_picked"));
    assert_eq!(work(&world, 2).word(), "rejected");
    world.settle();
    // The shelf is empty but for what was picked from it; the rest waits elsewhere.
    assert_eq!(shelf(&world, "BER1", "A"), (1, 1));
    let third = work(&world, 3);
    assert_ne!(third.location, "BER1".into());
    assert_eq!(units_of(&third.lines, 1), Quantity::units(2));
    let write_offs = world
        .kinds()
        .iter()
        .filter(|kind| **kind == "inventory.write_off_requested")
        .count();
    assert_eq!(write_offs, 1);
    step(&mut world, 1, FulfilmentStep::Pack);
    world.settle();
    step(&mut world, 1, FulfilmentStep::HandOver);
    world.fact(seen(1, 1, ParcelStatus::Delivered));
    ship(&mut world, 3);
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.captured(), eur("44.99"));
    assert_eq!(shelf(&world, "BER1", "A"), (0, 0));
    assert_eq!(world.folded(), world.order);
    world.check();
}

#[test]
fn a_short_pick_of_nothing_is_a_refusal_and_said_again_changes_nothing() {
    let mut world = standing();
    let short = |lines| FulfilmentStep::PickShort {
        lines,
        reason: "damaged".into(),
    };
    step(&mut world, 1, short(units(&[("1", 0)])));
    assert_eq!(work(&world, 1).stage, FulfilmentStage::Rejected);
    let version = world.order.version;
    step(&mut world, 1, short(Vec::new()));
    assert_eq!(world.order.version, version);
    world.settle();
    // Damaged units leave the count; the others stay.
    assert_eq!(shelf(&world, "BER1", "A"), (7, 0));
    assert_ne!(work(&world, 2).location, "BER1".into());
}

#[test]
fn split_work_is_two_pieces_at_one_location_and_both_ship() {
    let mut world = standing();
    let split = |lines| RouteCommand::Split {
        fulfilment: 1,
        lines,
        reason: reason(),
    };
    for (lines, refusal) in [
        (units(&[("1", 4)]), "too_many"),
        (units(&[("9", 1)]), "no_such_line"),
        (units(&[]), "no_units"),
        (units(&[("1", 3), ("2", 2)]), "splits_all"),
    ] {
        let refused = route(&mut world, split(lines)).expect_err(refusal);
        assert_eq!(refused.code(), refusal);
    }
    route(&mut world, split(units(&[("1", 1), ("2", 2)]))).expect("legal");
    world.settle();
    assert_eq!(work(&world, 2).location, work(&world, 1).location);
    assert_eq!(units_of(&work(&world, 1).lines, 1), Quantity::units(2));
    assert_eq!(shelf(&world, "BER1", "A"), (10, 3));
    ship(&mut world, 2);
    assert_eq!(shelf(&world, "BER1", "A"), (9, 2));
    ship(&mut world, 1);
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(shelf(&world, "BER1", "A"), (7, 0));
    assert_eq!(world.captured(), eur("44.99"));
    world.check();
}

#[test]
fn merged_work_is_one_piece_again() {
    let mut world = standing();
    route(
        &mut world,
        RouteCommand::Split {
            fulfilment: 1,
            lines: units(&[("1", 1)]),
            reason: reason(),
        },
    )
    .expect("legal");
    world.settle();
    let merge = |from| RouteCommand::Merge {
        fulfilment: 1,
        from,
        reason: reason(),
    };
    let itself = route(&mut world, merge(1)).expect_err("no two");
    assert_eq!(itself, Rejection::CannotMerge(1, 1));
    route(&mut world, merge(2)).expect("legal");
    world.settle();
    assert_eq!(units_of(&work(&world, 1).lines, 1), Quantity::units(3));
    assert!(work(&world, 2).is_off());
    // The location that agreed to the smaller piece before it heard is refused cleanly.
    let late = world.command(Command::Fulfil {
        fulfilment: 2,
        step: FulfilmentStep::Accept,
    });
    assert_eq!(late.expect_err("it ended").code(), "wrong_stage");
    ship(&mut world, 1);
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(shelf(&world, "BER1", "A"), (7, 0));
    world.check();
}

#[test]
fn work_of_two_locations_is_not_merged() {
    let mut world = World::place(
        draft(
            vec![line(1, "A", 1, "10.00"), line(2, "B", 1, "5.00")],
            "0.00",
            to_authorize(CaptureMode::Many),
        ),
        &[("BER1", "A", 1), ("HAM1", "B", 1)],
    );
    world.settle();
    let merge = RouteCommand::Merge {
        fulfilment: 1,
        from: 2,
        reason: reason(),
    };
    let refused = route(&mut world, merge).expect_err("two locations");
    assert_eq!(refused.code(), "cannot_merge");
}

#[test]
fn rerouted_work_is_done_where_it_was_sent_and_never_asked_for_where_it_was() {
    let mut world = standing();
    step(&mut world, 1, FulfilmentStep::Accept);
    let to = |code: &str| RouteCommand::Reroute {
        fulfilment: 1,
        to: Some(code.into()),
        reason: reason(),
    };
    for (code, refusal) in [("XXX9", "no_such_location"), ("BER1", "location_cannot")] {
        let refused = route(&mut world, to(code)).expect_err(refusal);
        assert_eq!(refused.code(), refusal);
    }
    route(&mut world, to("MUC1")).expect("legal");
    world.settle();
    let moved = work(&world, 2);
    assert_eq!(moved.location, "MUC1".into());
    assert_eq!(shelf(&world, "BER1", "A"), (10, 0));
    assert_eq!(shelf(&world, "MUC1", "A"), (10, 3));
    let states: Vec<ReservationState> = world
        .order
        .reservations
        .iter()
        .filter(|(key, _)| key.location == "BER1".into())
        .map(|(_, hold)| hold.state)
        .collect();
    assert_eq!(states, [ReservationState::Moved; 2]);
    let late = world.command(Command::Fulfil {
        fulfilment: 1,
        step: FulfilmentStep::Accept,
    });
    assert_eq!(late.expect_err("it ended").code(), "wrong_stage");
    let back = RouteCommand::Reroute {
        fulfilment: 2,
        to: Some("BER1".into()),
        reason: reason(),
    };
    let refused = route(&mut world, back).expect_err("never again");
    assert_eq!(refused.code(), "location_cannot");
    ship(&mut world, 2);
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    world.check();
}

#[test]
fn work_that_nobody_else_can_do_stays_where_it_is() {
    let mut world = World::place(
        draft(
            vec![line(1, "A", 2, "10.00")],
            "0.00",
            to_authorize(CaptureMode::Many),
        ),
        &[("BER1", "A", 2), ("HAM1", "A", 1)],
    );
    world.settle();
    let away = RouteCommand::Reroute {
        fulfilment: 1,
        to: None,
        reason: reason(),
    };
    let refused = route(&mut world, away).expect_err("nowhere else");
    assert_eq!(refused, Rejection::NowhereElse);
    world.fact(Fact::Paused("BER1".into()));
    assert_eq!(work(&world, 1).stage, FulfilmentStage::Requested);
}

#[test]
fn picked_work_is_not_rerouted_and_a_location_that_will_not_stop_keeps_it() {
    let mut world = standing();
    let away = || RouteCommand::Reroute {
        fulfilment: 1,
        to: None,
        reason: reason(),
    };
    step(&mut world, 1, FulfilmentStep::Accept);
    route(&mut world, away()).expect("legal");
    let work_said = |evidence| {
        Fact::Fulfilment(FulfilmentFact {
            fulfilment: 1,
            occurred_at: None,
            evidence,
        })
    };
    world.fact(work_said(FulfilmentEvidence::CancelRefused));
    world.settle();
    assert_eq!(work(&world, 1).stage, FulfilmentStage::Accepted);
    step(&mut world, 1, FulfilmentStep::Pick { lines: None });
    let refused = route(&mut world, away()).expect_err("picked");
    assert_eq!(refused.code(), "wrong_stage");
    ship(&mut world, 1);
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
}

#[test]
fn scheduled_work_is_asked_for_at_its_time_and_not_before() {
    let mut world = standing();
    let at = world.now + jiff::SignedDuration::from_hours(30);
    let schedule = |not_before| RouteCommand::Schedule {
        fulfilment: 1,
        not_before,
        reason: reason(),
    };
    let past = world.now;
    let refused = route(&mut world, schedule(past)).expect_err("past");
    assert_eq!(refused, Rejection::NotAhead);
    route(&mut world, schedule(at)).expect("legal");
    world.settle();
    assert_eq!(work(&world, 1).word(), "scheduled");
    assert_eq!(wake_at(&world.order, &world.policy), Some(at));
    world.wait(30 * 3600 - 1);
    assert_eq!(work(&world, 1).word(), "scheduled");
    world.wait(1);
    assert_eq!(work(&world, 1).word(), "requested");
    world.settle();
    ship(&mut world, 1);
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
}

#[test]
fn a_paused_location_loses_what_it_has_not_begun_and_a_late_accept_is_refused() {
    for accepted in [false, true] {
        let mut world = standing();
        if accepted {
            step(&mut world, 1, FulfilmentStep::Accept);
        }
        world.fact(Fact::Paused("BER1".into()));
        world.settle();
        assert!(work(&world, 1).is_off());
        assert_ne!(work(&world, 2).location, "BER1".into());
        let late = world.command(Command::Fulfil {
            fulfilment: 1,
            step: FulfilmentStep::Accept,
        });
        assert_eq!(late.expect_err("too late").code(), "wrong_stage");
        ship(&mut world, 2);
        world.settle();
        assert_eq!(world.order.stage, Stage::Completed);
        assert_eq!(shelf(&world, "BER1", "A"), (10, 0));
    }
}

#[test]
fn a_decision_is_stored_with_what_it_rests_on() {
    let world = standing();
    let sourced = world.order.sourced.as_ref().expect("it was decided");
    assert_eq!(sourced.version, 1);
    assert_eq!(sourced.seen.candidates.len(), 3);
    assert_eq!(sourced.asked[0].location, "BER1".into());
    let other = crate::policy::SourcingPolicy {
        version: 2,
        ..world.policy.sourcing.clone()
    };
    let again = crate::sourcing::source(&sourced.seen, &other).expect("the same inputs");
    assert_eq!(again.asked, sourced.asked);
    assert_eq!(again.version, 2);
}
