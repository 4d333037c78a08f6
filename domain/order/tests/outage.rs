//! A location with a thousand open requests goes dark.

use std::collections::BTreeMap;

use super::super::*;
use super::world::*;
use crate::canonical::*;
use crate::ids::LocationCode;
use crate::quantity::Quantity;
use crate::stock::StockCommand;

/// How many orders ask the location that goes dark.
const ORDERS: u16 = 1_000;

fn one_unit(number: u16) -> OrderDraft {
    let lines = vec![line(1, "A", 1, "10.00")];
    let mut order = draft(lines, "0.00", to_authorize(CaptureMode::Many));
    order.external_id = format!("#{number}");
    order
}

/// Each in turn does something in the same house.
fn each(worlds: &mut [World], shelves: &mut Shelves, mut deed: impl FnMut(&mut World)) {
    for world in worlds {
        std::mem::swap(&mut world.shelves, shelves);
        deed(world);
        std::mem::swap(&mut world.shelves, shelves);
    }
}

#[test]
fn a_location_that_goes_dark_loses_its_open_work_to_others_within_their_days() {
    let mut shelves = Shelves::stocked(&[
        ("BER1", "A", 1_000),
        ("HAM1", "A", 0),
        ("MUC1", "A", 0),
        ("PAR1", "A", 0),
    ]);
    let now = beginning();
    let mut worlds = Vec::new();
    for number in 0..ORDERS {
        let mut world = World::nth(one_unit(number), std::mem::take(&mut shelves), number);
        world.settle();
        shelves = std::mem::take(&mut world.shelves);
        worlds.push(world);
    }
    // The others get their goods, and little room each.
    let rooms = [("HAM1", 300), ("MUC1", 300), ("PAR1", 450)];
    for (code, capacity) in rooms {
        let count = StockCommand::Count {
            sku: "A".into(),
            on_hand: 400,
            buffer: None,
            backorder_limit: None,
            unpicked: Vec::new(),
        };
        shelves.tell(code, &count, now);
        shelves.limit(code, capacity);
    }
    // Some have been accepted, and some are in somebody's hands.
    let mut number = 0;
    each(&mut worlds, &mut shelves, |world| {
        number += 1;
        assert_eq!(world.order.fulfilments[0].location, "BER1".into());
        let steps = [FulfilmentStep::Accept, FulfilmentStep::Pick { lines: None }];
        for step in steps.into_iter().take([0, 0, 0, 1, 2][number % 5]) {
            world.step(step).expect("taken");
        }
    });
    shelves.pause("BER1");
    each(&mut worlds, &mut shelves, |world| {
        world.fact(Fact::Paused("BER1".into()));
        // Heard twice, it is done once.
        world.fact(Fact::Paused("BER1".into()));
        world.settle();
    });

    let mut at: BTreeMap<LocationCode, u32> = BTreeMap::new();
    each(&mut worlds, &mut shelves, |world| {
        world.check();
        let works = &world.order.fulfilments;
        let open: Vec<&Fulfilment> = works.iter().filter(|work| !work.is_off()).collect();
        assert_eq!(open.len(), 1, "each unit is picked in one place");
        assert_eq!(units_of(&open[0].lines, 1), Quantity::units(1));
        *at.entry(open[0].location.clone()).or_default() += 1;
    });
    // What was in hands stays; everything else moved.
    assert_eq!(at.remove(&"BER1".into()), Some(200));
    assert_eq!(at.values().sum::<u32>(), 800);
    for (code, capacity) in rooms {
        let stock = &shelves.stock[&LocationCode::from(code)];
        let today = stock.room.hours.work_day(now);
        assert_eq!(stock.room.taken(today), at[&code.into()], "{code}");
        assert!(stock.room.taken(today) <= capacity, "{code}");
    }
    // The location comes back and says what it should have said before.
    each(&mut worlds, &mut shelves, |world| {
        if world.order.fulfilments.len() > 1 {
            let late = world.step(FulfilmentStep::Accept);
            let late = late.expect_err("somebody else does it");
            assert_eq!(late.code(), "wrong_stage");
        }
    });
    let counters = shelves.stock[&"BER1".into()].counters(&"A".into());
    assert_eq!((counters.on_hand, counters.allocated), (1_000, 200));
}

#[test]
fn work_beyond_every_day_waits_for_a_later_one_and_is_not_lost() {
    let mut shelves = Shelves::stocked(&[("BER1", "A", 10), ("HAM1", "A", 10)]);
    for code in ["BER1", "HAM1"] {
        shelves.limit(code, 2);
    }
    let mut days = Vec::new();
    for number in 0..6 {
        let mut world = World::nth(one_unit(number), std::mem::take(&mut shelves), number);
        world.settle();
        assert_eq!(world.order.stage, Stage::Fulfilling);
        let sourced = world.order.sourced.as_ref().expect("decided");
        days.push(sourced.queued);
        shelves = std::mem::take(&mut world.shelves);
    }
    assert_eq!(days, [false, false, false, false, true, true]);
    let today = shelves.stock[&"BER1".into()]
        .room
        .hours
        .work_day(beginning());
    for code in ["BER1", "HAM1"] {
        let room = &shelves.stock[&code.into()].room;
        assert_eq!(room.taken(today), 2);
    }
}
