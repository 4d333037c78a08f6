//! A return that goes wrong in every way at once: other units than announced, a parcel after nobody
//! waited any more, and a dispute in between. Wherever the dispute falls and however it ends, the buyer
//! gets no more than the accepted units, one unit is on the shelf, and the accounts add up to zero.

use super::super::*;
use super::returns::{arrival, ask, delivered, inspect, of_line, on_hand, open, refunded, stage};
use super::world::*;
use crate::canonical::CaptureMode;
use crate::money::Money;
use crate::quantity::Quantity;

const DAY: i64 = 24 * 3600;

/// What happens, in this order.
const SCENES: [fn(&mut World); 6] = [
    |world| open(world, 3),
    |world| {
        // One good unit and somebody else's.
        let wrong = ReceivedLine::Unexpected("SKU-9".to_owned(), Quantity::units(1));
        let parcel = arrival("A", vec![of_line(1), wrong]);
        ask(world, ReturnCommand::Receive { number: 1, parcel }).expect("it came");
    },
    |world| inspect(world, 1, &[(1, Disposition::Restock)]),
    |world| world.wait(31 * DAY),
    |world| {
        let parcel = arrival("B", vec![of_line(1)]);
        ask(world, ReturnCommand::Receive { number: 1, parcel }).expect("it came late");
    },
    |world| inspect(world, 1, &[(1, Disposition::Scrap)]),
];

/// The dispute begins before scene `from` and ends before scene `until`.
fn play(capture: CaptureMode, from: usize, until: usize, won: bool) -> World {
    let mut world = delivered(capture);
    assert_eq!(on_hand(&world), 1);
    let (dispute, amount) = ("dp_1".to_owned(), eur("40.00"));
    let opened = PaymentEvidence::DisputeOpened {
        dispute: dispute.clone(),
        amount,
        due: None,
    };
    let closed = PaymentEvidence::DisputeClosed {
        dispute,
        won,
        amount,
    };
    for place in 0..=SCENES.len() {
        if place == from {
            world.pay(opened.clone());
        }
        if place == until {
            world.pay(closed.clone());
        }
        if let Some(scene) = SCENES.get(place) {
            scene(&mut world);
        }
        world.settle();
        world.check();
    }
    world
}

#[test]
fn wherever_a_dispute_falls_accepted_units_are_paid_once_and_one_is_shelved() {
    let accepted = eur("40.00");
    for capture in [CaptureMode::Once, CaptureMode::Many] {
        for from in 0..=SCENES.len() {
            for until in from..=SCENES.len() {
                for won in [true, false] {
                    let world = play(capture, from, until, won);
                    let given = refunded(&world);
                    let lost = if won { eur("0") } else { accepted };
                    let case = format!("from {from} until {until}, won {won}: {given}");
                    assert!(given <= accepted, "{case}");
                    // What went back before the dispute was lost is gone twice; nothing after it is.
                    let after = world.order.returned(1).expect("open").payback.netted;
                    let netted = after.unwrap_or(eur("0"));
                    assert_eq!(given.plus(netted), accepted, "{case}");
                    assert!(netted <= lost, "{case}");
                    assert_eq!(
                        on_hand(&world),
                        2,
                        "{case}: one unit went back on the shelf"
                    );
                    let currency = world.order.draft.currency;
                    assert_eq!(world.order.ledger.sum(currency), Money::zero(currency));
                    assert_eq!(stage(&world, 1), "closed", "{case}");
                    assert_eq!(world.folded(), world.order, "{case}");
                    let kinds = world.kinds();
                    let once = |kind| kinds.iter().filter(|known| **known == kind).count() == 1;
                    assert!(once("return.no_show"), "{case}");
                }
            }
        }
    }
}

#[test]
fn a_unit_that_turns_out_to_be_another_one_stays_with_the_buyer() {
    let mut world = delivered(CaptureMode::Once);
    open(&mut world, 3);
    let parcel = arrival("A", vec![of_line(2)]);
    ask(&mut world, ReturnCommand::Receive { number: 1, parcel }).expect("it came");
    inspect(
        &mut world,
        1,
        &[(1, Disposition::Restock), (1, Disposition::WrongItem)],
    );
    world.settle();
    assert_eq!((on_hand(&world), refunded(&world)), (2, eur("20.00")));
    assert_eq!(world.order.came_back(1), Quantity::units(1));
    world.wait(31 * DAY);
    assert_eq!(world.order.returnable(1), Quantity::units(3));
}
