//! Errors that long walks found in what becomes of work whose promise is taken back while somebody
//! cuts it or puts it together, each as the short life that it comes down to.

use super::super::*;
use super::routing::{route, shelf, ship, standing, step, units, work};
use super::supply::{at_location, tell};
use super::world::*;
use crate::canonical::CaptureMode;
use crate::policy::WhenShort;
use crate::quantity::Quantity;
use crate::stock::{HoldKey, StockCommand, StockDecision};

/// A count finds so many of A at BER1, and what is held for line 1 in a try is taken back.
fn cut(world: &mut World, on_hand: i64, attempt: u16) -> StockDecision {
    let key = HoldKey {
        order: world.order.id,
        line: 1,
        attempt,
    };
    let command = StockCommand::Count {
        sku: "A".into(),
        on_hand,
        buffer: None,
        backorder_limit: None,
        unpicked: vec![key],
    };
    let decision = at_location(world, "BER1", &command);
    assert_eq!(decision.told.len(), 1, "the hold of try {attempt} is cut");
    decision
}

fn refuse_to_stop(world: &mut World, fulfilment: u16) {
    world.fact(Fact::Fulfilment(FulfilmentFact {
        fulfilment,
        occurred_at: None,
        evidence: FulfilmentEvidence::CancelRefused,
    }));
}

/// Units of line 1 in work that is not off, and how many of them are at BER1.
fn in_work(world: &World) -> (Quantity, Quantity) {
    let open = || world.order.fulfilments.iter().filter(|work| !work.is_off());
    let here = open().filter(|work| work.location == "BER1".into());
    (
        Quantity::sum(open().map(|work| units_of(&work.lines, 1))),
        Quantity::sum(here.map(|work| units_of(&work.lines, 1))),
    )
}

#[test]
fn a_short_pick_of_units_whose_promise_was_cut_takes_off_the_shelf_what_left() {
    let mut world = standing();
    let news = cut(&mut world, 2, 1);
    tell(&mut world, "BER1", &news);
    refuse_to_stop(&mut world, 1);
    step(&mut world, 1, FulfilmentStep::Accept);
    let lines = units(&[("1", 1), ("2", 2)]);
    let reason = "closed".to_owned();
    step(&mut world, 1, FulfilmentStep::PickShort { lines, reason });
    world.settle();
    assert_eq!(
        in_work(&world),
        (Quantity::units(3), Quantity::units(1)),
        "two are elsewhere"
    );
    step(&mut world, 1, FulfilmentStep::Pack);
    world.settle();
    step(&mut world, 1, FulfilmentStep::HandOver);
    world.settle();
    assert_eq!(shelf(&world, "BER1", "A"), (1, 0), "one unit left");
    world.fact(seen(1, 1, ParcelStatus::Delivered));
    let rest = world.order.fulfilments.iter().find(|work| work.is_open());
    let rest = rest.expect("the others are asked for").number;
    ship(&mut world, rest);
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.captured(), eur("44.99"));
    world.check();
}

#[test]
fn work_that_goes_on_without_its_promise_is_not_sourced_again_when_it_is_split_or_merged() {
    let mut world = standing();
    let news = cut(&mut world, 2, 1);
    tell(&mut world, "BER1", &news);
    refuse_to_stop(&mut world, 1);
    let split = RouteCommand::Split {
        fulfilment: 1,
        lines: units(&[("1", 1)]),
        reason: "two parcels".into(),
    };
    route(&mut world, split).expect("legal");
    world.settle();
    assert_eq!(
        in_work(&world).0,
        Quantity::units(3),
        "each unit in one place"
    );
    let merge = RouteCommand::Merge {
        fulfilment: 1,
        from: 2,
        reason: "one parcel".into(),
    };
    // The child may have been stopped meanwhile; then there is nothing to merge.
    if work(&world, 2).is_open() {
        route(&mut world, merge).expect("legal");
        world.settle();
    }
    assert_eq!(
        in_work(&world).0,
        Quantity::units(3),
        "each unit in one place"
    );
    assert_eq!(world.folded(), world.order);
    world.check();
}

#[test]
fn of_a_line_that_is_merged_when_a_part_of_it_was_cut_nothing_stays_held_for_nobody() {
    let mut world = standing();
    let split = RouteCommand::Split {
        fulfilment: 1,
        lines: units(&[("1", 1)]),
        reason: "two parcels".into(),
    };
    route(&mut world, split).expect("legal");
    world.settle();
    assert_eq!(shelf(&world, "BER1", "A"), (10, 3));
    // The order does not know of the cut when somebody merges.
    let attempt = work(&world, 2).attempt;
    let news = cut(&mut world, 2, attempt);
    let merge = RouteCommand::Merge {
        fulfilment: 1,
        from: 2,
        reason: "one parcel".into(),
    };
    route(&mut world, merge).expect("legal");
    tell(&mut world, "BER1", &news);
    world.settle();
    let (all, here) = in_work(&world);
    assert_eq!(all, Quantity::units(3), "each unit in one place");
    let held = shelf(&world, "BER1", "A").1;
    assert_eq!(Some(held), here.whole(), "what is held there is worked on");
    let open = world.order.fulfilments.iter().filter(|work| work.is_open());
    for number in open.map(|work| work.number).collect::<Vec<_>>() {
        ship(&mut world, number);
    }
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(shelf(&world, "BER1", "A").1, 0);
    world.check();
}

#[test]
fn what_a_location_is_told_to_divide_before_it_has_heard_of_it_is_divided_later() {
    let mut world = standing();
    let split = |fulfilment, off: u32| RouteCommand::Split {
        fulfilment,
        lines: units(&[("1", off)]),
        reason: "more parcels".into(),
    };
    route(&mut world, split(1, 2)).expect("legal");
    let first = world.outstanding("regroup_stock").expect("it is asked");
    route(&mut world, split(2, 1)).expect("legal");
    let open = world.order.outstanding.iter();
    let regroups = open.filter(|(_, open)| open.effect.word() == "regroup_stock");
    let second = regroups.map(|(id, _)| *id).find(|id| *id != first);
    let second = second.expect("it is asked, too");
    assert_eq!(world.good_answer(second), None, "it comes again");
    let early = RouteCommand::Merge {
        fulfilment: 1,
        from: 3,
        reason: "one parcel".into(),
    };
    let refused = route(&mut world, early.clone()).expect_err("it is being divided");
    assert_eq!(refused.code(), "being_divided");
    let answer = world.good_answer(first).expect("an answer");
    world.fact(answer);
    world.settle();
    assert_eq!(shelf(&world, "BER1", "A"), (10, 3));
    route(&mut world, early).expect("legal");
    world.settle();
    assert_eq!(shelf(&world, "BER1", "A"), (10, 3));
    let open = world.order.fulfilments.iter().filter(|work| work.is_open());
    for number in open.map(|work| work.number).collect::<Vec<_>>() {
        ship(&mut world, number);
    }
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(shelf(&world, "BER1", "A"), (7, 0));
    world.check();
}

#[test]
fn units_that_stand_in_line_can_be_cancelled_and_the_others_keep_their_place() {
    let lines = vec![line(1, "A", 3, "10.00")];
    let order = draft(lines, "0.00", to_authorize(CaptureMode::Many));
    let mut world = World::place_under(order, &[("BER1", "A", 3)], |policy| {
        policy.when_short = WhenShort::Wait;
    });
    world.settle();
    let news = cut(&mut world, 0, 1);
    tell(&mut world, "BER1", &news);
    world.settle();
    assert_eq!(world.order.quantities(1).backordered, Quantity::units(3));
    let part = Command::Route(RouteCommand::CancelLines {
        lines: units(&[("1", 1)]),
        reason: "two are enough".into(),
    });
    world.command(part).expect("legal");
    world.settle();
    let now = world.order.quantities(1);
    assert_eq!(now.cancelled, Quantity::units(1));
    assert_eq!(now.backordered, Quantity::units(2));
    assert!(!world.kinds().contains(&"order.cancel_refused"));
    world.check();
}
