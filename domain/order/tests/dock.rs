//! Locations that refuse one after the other, and cancels that race the dock.

use proptest::prelude::*;

use super::super::*;
use super::routing::*;
use super::world::*;
use crate::canonical::*;
use crate::quantity::Quantity;

#[test]
fn a_reject_cascade_asks_nobody_twice_and_counts_each_loss_once() {
    let lines: Vec<DraftLine> = (1..=8_u16)
        .map(|number| line(number, &format!("S{number}"), 2, "10.00"))
        .collect();
    let codes = ["AAA1", "BBB1", "CCC1", "DDD1", "EEE1"];
    let skus: Vec<String> = (1..=8).map(|number| format!("S{number}")).collect();
    let stock: Vec<(&str, &str, i64)> = codes
        .iter()
        .flat_map(|code| skus.iter().map(|sku| (*code, sku.as_str(), 5)))
        .collect();
    let order = draft(lines, "0.00", to_authorize(CaptureMode::Many));
    let mut world = World::place(order, &stock);
    world.settle();
    let mut asked = Vec::new();
    for reason in ["not_in_stock", "damaged", "mismatch"] {
        let work = world.order.fulfilments.last().expect("work").clone();
        asked.push(work.location.clone());
        let reject = FulfilmentStep::Reject {
            reason: reason.into(),
        };
        step(&mut world, work.number, reject.clone());
        // Said again, it changes nothing.
        step(&mut world, work.number, reject);
        world.settle();
    }
    let last = world.order.fulfilments.last().expect("work").clone();
    asked.push(last.location.clone());
    let mut once = asked.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), asked.len(), "nobody is asked twice: {asked:?}");
    let kinds = world.kinds();
    let many = |kind| kinds.iter().filter(|k| **k == kind).count();
    assert_eq!(many("order.sourced"), 4, "three times after the first");
    // Not there empties the shelf, damaged takes the two, a mismatch takes nothing.
    for (code, left) in asked.iter().zip([0, 3, 5, 5]) {
        for sku in &skus {
            let counters = world.shelves.stock[code].counters(&sku.as_str().into());
            assert_eq!(counters.on_hand, left, "{sku} at {code}");
            let held = if *code == last.location { 2 } else { 0 };
            assert_eq!(counters.allocated, held, "{sku} at {code}");
        }
    }
    ship(&mut world, last.number);
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.captured(), eur("160.00"));
    world.check();
}

/// Who is faster, by the millisecond: the cancel and the location's answer to it, or the dock and the
/// carrier. Some locations do not stop although they could.
fn race(cancel_ms: u32, dock_ms: u32, answer_ms: u32, stops: bool, part: bool) -> World {
    let mut world = standing();
    step(&mut world, 1, FulfilmentStep::Pick { lines: None });
    step(&mut world, 1, FulfilmentStep::Pack);
    world.settle();
    let mut moments = [(cancel_ms, 0), (dock_ms, 1), (cancel_ms + answer_ms, 2)];
    moments.sort_unstable();
    let mut left = false;
    for (_, what) in moments {
        match what {
            0 => {
                let command = if part {
                    Command::Route(RouteCommand::CancelLines {
                        lines: units(&[("1", 2)]),
                        reason: "one is enough".into(),
                    })
                } else {
                    Command::Cancel {
                        reason: "changed my mind".into(),
                    }
                };
                // Too late is an answer too.
                drop(world.command(command));
            }
            1 => {
                let handed = world.command(Command::Fulfil {
                    fulfilment: 1,
                    step: FulfilmentStep::HandOver,
                });
                left = handed.is_ok();
            }
            _ => {
                let evidence = if stops && !left {
                    FulfilmentEvidence::Cancelled
                } else {
                    FulfilmentEvidence::CancelRefused
                };
                if world.outstanding("cancel_fulfilment").is_some() {
                    world.fact(Fact::Fulfilment(FulfilmentFact {
                        fulfilment: 1,
                        occurred_at: None,
                        evidence,
                    }));
                }
            }
        }
    }
    // Whatever the location kept goes out in the end.
    world.settle();
    for number in 1..=u16::try_from(world.order.fulfilments.len()).expect("few") {
        let work = world.order.fulfilment(number).expect("work").clone();
        match work.stage {
            FulfilmentStage::Labelled => step(&mut world, number, FulfilmentStep::HandOver),
            FulfilmentStage::Requested => {
                step(&mut world, number, FulfilmentStep::Pick { lines: None });
                step(&mut world, number, FulfilmentStep::Pack);
                world.settle();
                step(&mut world, number, FulfilmentStep::HandOver);
            }
            _ => {}
        }
        world.settle();
    }
    world
}

/// Each unit is cancelled, paid back and on the shelf, or shipped and paid: never both, never neither.
fn settled(world: &World) {
    let order = &world.order;
    world.check();
    assert!(order.outstanding.is_empty());
    let tender = &order.tenders[0];
    let kept = tender.captured_sum().minus(tender.refunded_sum());
    let worth = order.draft.stated_total.minus(order.cancelled_value());
    assert_eq!(kept, worth);
    if worth.is_zero() {
        assert!(tender.voided || tender.captured_sum() == tender.refunded_sum());
    }
    for (number, sku) in [(1, "A"), (2, "B")] {
        let ordered = order.draft.lines[usize::from(number) - 1].quantity;
        let (shipped, open) = (order.shipped(number), order.open(number));
        assert_eq!(shipped, open, "line {number}");
        let counters = world.shelves.stock[&"BER1".into()].counters(&sku.into());
        let gone = Quantity::units(10).minus(Quantity::units(
            u32::try_from(counters.on_hand).expect("units"),
        ));
        assert_eq!(gone, shipped, "line {number}");
        assert_eq!(counters.allocated, 0, "line {number}");
        assert!(shipped <= ordered);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_cancel_that_races_the_dock_ends_each_unit_in_one_place(
        cancel_ms in 0_u32..20,
        dock_ms in 0_u32..20,
        answer_ms in 0_u32..20,
        stops in any::<bool>(),
        part in any::<bool>(),
    ) {
        settled(&race(cancel_ms, dock_ms, answer_ms, stops, part));
    }
}

#[test]
fn every_order_of_a_race_has_its_end() {
    let mut stages = std::collections::BTreeSet::new();
    for (cancel, dock, answer) in [(1, 9, 2), (1, 9, 15), (9, 1, 5), (1, 5, 4), (5, 5, 0)] {
        for (stops, part) in [(true, true), (true, false), (false, true), (false, false)] {
            let world = race(cancel, dock, answer, stops, part);
            settled(&world);
            let part_cancelled = !world.order.cancelled_value().is_zero();
            stages.insert((world.order.stage, part_cancelled));
        }
    }
    assert!(stages.contains(&(Stage::Cancelled, true)), "{stages:?}");
    assert!(stages.contains(&(Stage::Fulfilling, true)), "{stages:?}");
    assert!(stages.contains(&(Stage::Fulfilling, false)), "{stages:?}");
}

#[test]
fn a_measured_parcel_keeps_its_size_however_its_sides_are_named() {
    let size = ParcelSize::new([100, 300, 200]).expect("a size");
    assert_eq!(size.sides(), [300, 200, 100]);
    assert_eq!("200x100x300".parse(), Ok(size));
    for none in ["", "300x200", "300x200x0", "300x200x10001", "30cm"] {
        assert!(none.parse::<ParcelSize>().is_err(), "{none}");
    }
    let mut world = super::parcels::picked();
    let measured = StatedParcel {
        size: Some(size),
        ..StatedParcel::default()
    };
    super::parcels::pack(&mut world, vec![measured]).expect("one parcel");
    assert_eq!(world.order.fulfilments[0].parcels[0].size, Some(size));
    assert_eq!(world.folded(), world.order);
}
