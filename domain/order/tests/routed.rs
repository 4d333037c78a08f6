//! However work is split, merged, moved, put off, picked short, refused, cut and cancelled in part:
//! every unit is in one place, at its location as in the order, and what ships in the end is what was
//! not cancelled.

use proptest::prelude::*;

use super::super::*;
use super::routing::{reason, standing};
use super::supply::{at_location, tell};
use super::world::*;
use crate::ids::LocationCode;
use crate::quantity::Quantity;
use crate::stock::StockCommand;

/// What happens next, and a number for what has to be chosen.
fn happenings() -> impl Strategy<Value = Vec<(u8, u32)>> {
    prop::collection::vec((0_u8..12, any::<u32>()), 1..16)
}

fn choose<T: Copy>(of: &[T], number: u32) -> Option<T> {
    let place = usize::try_from(number).ok()?.checked_rem(of.len())?;
    of.get(place).copied()
}

fn open_works(world: &World) -> Vec<u16> {
    let works = world.order.fulfilments.iter();
    let open = works.filter(|work| !work.is_off() && !work.is_shipped());
    open.map(|work| work.number).collect()
}

/// A few units of a piece of work, perhaps more than it has.
fn of_work(world: &World, number: u16, dice: u32) -> StatedLines {
    let Some(work) = world.order.fulfilment(number) else {
        return StatedLines::new();
    };
    let chosen = work.lines.iter().enumerate();
    let chosen = chosen.filter(|(place, _)| (dice >> place) & 1 == 1);
    let lines = chosen.filter_map(|(place, units)| {
        let line = world.order.line(units.line)?.external_id.clone();
        Some((line, Quantity::units((dice >> (4 + 2 * place)) & 3)))
    });
    lines.collect()
}

/// A count finds some of A missing where it is promised.
fn count_too_few(world: &mut World, dice: u32) {
    let codes: Vec<LocationCode> = world.shelves.stock.keys().cloned().collect();
    let Some(place) = choose(&(0..codes.len()).collect::<Vec<_>>(), dice) else {
        return;
    };
    let code = codes[place].clone();
    let on_hand = i64::from(dice >> 8) % 5;
    let stock = &world.shelves.stock[&code];
    let firm = stock.firm_to_cut(&"A".into(), on_hand).unwrap_or_default();
    let order = &world.order;
    let unpicked = firm
        .into_iter()
        .filter(|k| !order.is_picked(&code, k.attempt));
    let command = StockCommand::Count {
        sku: "A".into(),
        on_hand,
        buffer: None,
        backorder_limit: None,
        unpicked: unpicked.collect(),
    };
    let news = at_location(world, code.as_str(), &command);
    tell(world, code.as_str(), &news);
}

fn happen(world: &mut World, (what, dice): (u8, u32)) {
    let open = open_works(world);
    let Some(fulfilment) = choose(&open, dice) else {
        return;
    };
    let lines = of_work(world, fulfilment, dice >> 3);
    let command = match what {
        0 | 1 => Command::Route(RouteCommand::Split {
            fulfilment,
            lines,
            reason: reason(),
        }),
        2 | 3 => Command::Route(RouteCommand::Merge {
            fulfilment,
            from: choose(&open, dice >> 5).unwrap_or(fulfilment),
            reason: reason(),
        }),
        4 => Command::Route(RouteCommand::Reroute {
            fulfilment,
            to: None,
            reason: reason(),
        }),
        5 => Command::Route(RouteCommand::CancelLines {
            lines,
            reason: reason(),
        }),
        6 => return count_too_few(world, dice),
        7 => {
            // A location that is asked to stop may refuse.
            return drop(
                world.input(InputBody::Fact(Fact::Fulfilment(FulfilmentFact {
                    fulfilment,
                    occurred_at: None,
                    evidence: FulfilmentEvidence::CancelRefused,
                }))),
            );
        }
        8 => Command::Fulfil {
            fulfilment,
            step: FulfilmentStep::PickShort {
                lines,
                reason: ["not_in_stock", "damaged", "closed"][dice as usize % 3].to_owned(),
            },
        },
        9 => Command::Fulfil {
            fulfilment,
            step: FulfilmentStep::Accept,
        },
        _ => return world.settle(),
    };
    // What may not be is refused, and changes nothing.
    drop(world.command(command));
}

/// Ships whatever is left, until nothing is.
fn ship_the_rest(world: &mut World) {
    for _ in 0..20 {
        world.settle();
        let Some(fulfilment) = open_works(world).first().copied() else {
            return;
        };
        for step in [
            FulfilmentStep::Pick { lines: None },
            FulfilmentStep::Pack,
            FulfilmentStep::HandOver,
        ] {
            drop(world.command(Command::Fulfil { fulfilment, step }));
            world.settle();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 10_000, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn every_unit_is_in_one_place_whoever_does_the_work(happenings in happenings()) {
        let mut world = standing();
        for next in happenings {
            happen(&mut world, next);
            for line in [1, 2] {
                let q = world.order.quantities(line);
                let placed = Quantity::sum([
                    q.cancelled, q.unallocated, q.backordered, q.soft, q.hard, q.picked, q.shipped,
                ]);
                prop_assert_eq!(placed, q.ordered, "{:?}", q);
            }
        }
        world.settle();
        world.check();
        ship_the_rest(&mut world);
        world.check();
        let order = &world.order;
        prop_assert_eq!(&world.folded(), order);
        for shelf in world.shelves.stock.values() {
            let promised: i64 = shelf.counters.values().map(|c| c.allocated + c.reserved).sum();
            let waits = order.is_held_for(REASON_NO_LOCATION);
            prop_assert!(promised == 0 || waits, "{} holds {}", shelf.location, promised);
        }
        for line in [1, 2] {
            let q = order.quantities(line);
            let gone = q.shipped.plus(q.cancelled);
            let waits = order.is_held_for(REASON_NO_LOCATION);
            prop_assert!(gone == q.ordered || waits, "{:?}", q);
        }
        let worth = order.earned();
        prop_assert_eq!(world.captured(), worth);
    }
}
