//! What a warehouse's own system reports: in any order, more than once, of its own locations only.

use proptest::prelude::*;

use super::super::*;
use super::parcels::of;
use super::returns::units;
use super::world::*;
use crate::canonical::*;

/// Two units of one line and one of another, asked for at BER1.
fn requested() -> World {
    let lines = vec![line(1, "SKU-1", 2, "20.00"), line(2, "SKU-2", 1, "10.00")];
    let order = draft(lines, "5.00", to_authorize(CaptureMode::Once));
    let mut world = World::place(order, &[("BER1", "SKU-1", 5), ("BER1", "SKU-2", 5)]);
    world.settle();
    world
}

fn report(world: &mut World, location: &str, said: WorkSaid) {
    world.fact(Fact::Work(WorkReport {
        fulfilment: 1,
        location: location.into(),
        occurred_at: None,
        said,
    }));
    // What was picked short is a hold of its own once its location has heard of it.
    world.settle();
    world.check();
}

fn say(world: &mut World, evidence: FulfilmentEvidence) {
    report(world, "BER1", WorkSaid::Evidence(evidence));
}

fn short(count: u32) -> WorkSaid {
    WorkSaid::PickedShort {
        lines: vec![("1".to_owned(), units(count))],
        reason: "damaged".to_owned(),
    }
}

fn ignored(world: &World) -> usize {
    world.order.ignored.len()
}

#[test]
fn work_is_reported_from_the_first_word_to_the_last() {
    let mut world = requested();
    say(&mut world, FulfilmentEvidence::Accepted);
    let parcels = vec![of(&[("1", 1), ("2", 1)]), of(&[("1", 1)])];
    report(&mut world, "BER1", WorkSaid::PackedInto { parcels });
    world.settle();
    assert_eq!(world.order.fulfilments[0].parcels.len(), 2);
    say(&mut world, FulfilmentEvidence::HandedOver);
    world.settle();
    assert!(world.order.fulfilments[0].has_left());
    assert_eq!(ignored(&world), 0);
    assert_eq!(world.folded(), world.order);
}

#[test]
fn a_system_speaks_for_its_own_locations_only() {
    let mut world = requested();
    let before = world.order.fulfilments[0].stage;
    report(
        &mut world,
        "HAM1",
        WorkSaid::Evidence(FulfilmentEvidence::HandedOver),
    );
    report(&mut world, "HAM1", short(0));
    assert_eq!(world.order.fulfilments[0].stage, before);
    assert_eq!(ignored(&world), 2, "each is recorded, once");
    report(&mut world, "HAM1", short(0));
    assert_eq!(ignored(&world), 2);
}

#[test]
fn what_could_not_be_picked_is_told_once_however_often_it_is_said() {
    let mut world = requested();
    for _ in 0..3 {
        report(&mut world, "BER1", short(1));
        world.settle();
    }
    let picked = &world.order.fulfilments[0].picked;
    assert_eq!(picked.len(), 1);
    assert_eq!(picked[0].quantity, units(1));
    assert_eq!(world.folded(), world.order);
}

#[test]
fn units_that_nobody_asked_for_are_recorded_and_change_nothing() {
    let mut world = requested();
    let before = world.order.fulfilments.clone();
    report(&mut world, "BER1", short(7));
    let parcels = vec![of(&[("1", 9), ("2", 1)])];
    report(&mut world, "BER1", WorkSaid::PackedInto { parcels });
    assert_eq!(world.order.fulfilments, before);
    assert_eq!(ignored(&world), 2);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 60, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn reports_in_any_order_with_repeats_end_alike(
        order in Just([0_usize, 1, 2, 0, 1, 2]).prop_shuffle(),
    ) {
        let mut world = requested();
        for place in order {
            let evidence = match place {
                0 => FulfilmentEvidence::Accepted,
                1 => FulfilmentEvidence::Packed { parcels: Vec::new() },
                _ => FulfilmentEvidence::HandedOver,
            };
            say(&mut world, evidence);
        }
        world.settle();
        prop_assert!(world.order.fulfilments[0].has_left());
        prop_assert_eq!(world.order.shipped(1), units(2));
        prop_assert_eq!(ignored(&world), 0);
        prop_assert_eq!(world.folded(), world.order);
    }
}
