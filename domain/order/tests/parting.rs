//! Parts of orders that are cancelled: before anybody picks, at the dock, and too late.

use super::super::*;
use super::routing::*;
use super::world::*;
use crate::quantity::Quantity;

fn cancel(lines: &[(&str, u32)]) -> Command {
    Command::Route(RouteCommand::CancelLines {
        lines: units(lines),
        reason: "one is enough".into(),
    })
}

fn open_work(world: &World) -> Vec<u16> {
    let works = world.order.fulfilments.iter().filter(|work| !work.is_off());
    works.map(|work| work.number).collect()
}

fn on_hand(world: &World) -> Vec<(i64, i64)> {
    ["A", "B"]
        .map(|sku| {
            let counters = world.shelves.stock[&"BER1".into()].counters(&sku.into());
            (counters.on_hand, counters.allocated)
        })
        .to_vec()
}

#[test]
fn a_part_is_cancelled_at_every_stage_before_the_hand_over_and_the_rest_ships() {
    use FulfilmentStep as Step;
    let steps = [
        vec![],
        vec![Step::Accept],
        vec![Step::Accept, Step::Pick { lines: None }],
        vec![Step::Accept, Step::Pick { lines: None }, Step::Pack],
    ];
    for steps in steps {
        let mut world = standing();
        for taken in steps {
            step(&mut world, 1, taken);
            world.settle();
        }
        world.command(cancel(&[("1", 2), ("2", 1)])).expect("legal");
        assert!(
            world.order.cancelled_value().is_zero(),
            "nothing is cancelled before its location has stopped"
        );
        world.settle();
        assert_eq!(world.order.open(1), Quantity::units(1));
        assert_eq!(world.order.open(2), Quantity::units(1));
        assert_eq!(world.order.parting, None);
        assert_eq!(on_hand(&world), [(10, 1), (10, 1)], "the rest stayed there");
        let kinds = world.kinds();
        let reserved = kinds.iter().filter(|kind| **kind == "inventory.reserved");
        assert_eq!(reserved.count(), 1, "and was never let go");
        let open = open_work(&world);
        assert_eq!(open.len(), 1);
        ship(&mut world, open[0]);
        world.settle();
        // 10.00 + 5.00 + 4.99 of 30.00 + 10.00 + 4.99.
        assert_eq!(world.captured(), eur("19.99"));
        assert_eq!(world.order.stage, Stage::Completed);
        assert_eq!(on_hand(&world), [(9, 0), (9, 0)]);
        assert_eq!(world.folded(), world.order);
        world.check();
    }
}

#[test]
fn all_that_is_open_is_the_whole_order() {
    let mut world = standing();
    world.command(cancel(&[("1", 3)])).expect("legal");
    world.command(cancel(&[("2", 2)])).expect("legal");
    world.settle();
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert!(world.order.tenders[0].voided);
    assert_eq!(on_hand(&world), [(10, 0), (10, 0)]);
    world.check();
}

#[test]
fn more_than_is_there_is_refused_and_changes_nothing() {
    let mut world = standing();
    let version = world.order.version;
    for (lines, code) in [
        (vec![("1", 4)], "too_many"),
        (vec![("7", 1)], "no_such_line"),
        (vec![("1", 0)], "no_units"),
        (vec![], "no_units"),
    ] {
        let refused = world.command(cancel(&lines)).expect_err(code);
        assert_eq!(refused.code(), code);
    }
    assert_eq!(world.order.version, version);
    world.command(cancel(&[("1", 2)])).expect("legal");
    let twice = world
        .command(cancel(&[("1", 2)]))
        .expect_err("only one is left");
    assert_eq!(twice.code(), "too_many");
}

#[test]
fn a_part_of_what_a_location_does_not_stop_ships_after_all() {
    let mut world = standing();
    step(&mut world, 1, FulfilmentStep::Pick { lines: None });
    world.command(cancel(&[("1", 1)])).expect("legal");
    world.fact(Fact::Fulfilment(FulfilmentFact {
        fulfilment: 1,
        occurred_at: None,
        evidence: FulfilmentEvidence::CancelRefused,
    }));
    assert!(world.kinds().contains(&"order.cancel_refused"));
    assert_eq!(world.order.parting, None);
    ship(&mut world, 1);
    world.settle();
    assert_eq!(world.captured(), eur("44.99"));
    assert_eq!(world.order.stage, Stage::Completed);
}

#[test]
fn what_has_shipped_stays_and_what_has_not_is_cancelled() {
    let mut world = standing();
    route(
        &mut world,
        RouteCommand::Split {
            fulfilment: 1,
            lines: units(&[("1", 2)]),
            reason: "two parcels".into(),
        },
    )
    .expect("legal");
    world.settle();
    ship(&mut world, 2);
    let refused = world.command(cancel(&[("1", 2)])).expect_err("they left");
    assert_eq!(refused.code(), "too_many");
    world.command(cancel(&[("1", 1), ("2", 2)])).expect("legal");
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.captured(), eur("24.99"));
    assert_eq!(on_hand(&world), [(8, 0), (10, 0)]);
    world.check();
}

#[test]
fn a_full_cancel_overtakes_a_part() {
    let mut world = standing();
    step(&mut world, 1, FulfilmentStep::Pick { lines: None });
    world.command(cancel(&[("1", 1)])).expect("legal");
    let reason = "all of it".to_owned();
    world.command(Command::Cancel { reason }).expect("legal");
    world.settle();
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert_eq!(on_hand(&world), [(10, 0), (10, 0)]);
}

#[test]
fn money_that_was_taken_in_full_goes_back_for_the_cancelled_part() {
    let mut world = standing();
    world.pay(PaymentEvidence::Captured {
        reference: "pi_1".into(),
        amount: Reported::Total {
            amount: eur("44.99"),
        },
    });
    world.command(cancel(&[("1", 1)])).expect("legal");
    world.settle();
    assert_eq!(world.order.tenders[0].refunded_sum(), eur("10.00"));
    let open = open_work(&world);
    ship(&mut world, open[0]);
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.order.tenders[0].refunded_sum(), eur("10.00"));
    world.check();
}

#[test]
fn a_label_that_comes_while_the_location_is_asked_to_stop_is_on_the_parcel_it_keeps() {
    let mut world = standing();
    step(&mut world, 1, FulfilmentStep::Pick { lines: None });
    step(&mut world, 1, FulfilmentStep::Pack);
    let reason = "changed my mind".to_owned();
    world.command(Command::Cancel { reason }).expect("legal");
    world.fact(label(1));
    world.fact(Fact::Fulfilment(FulfilmentFact {
        fulfilment: 1,
        occurred_at: None,
        evidence: FulfilmentEvidence::CancelRefused,
    }));
    step(&mut world, 1, FulfilmentStep::HandOver);
    world.settle();
    assert!(world.order.fulfilments[0].is_shipped());
}
