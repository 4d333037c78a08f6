//! Expiry against payment: ten thousand authorisations that land within 50 ms of the moment at which
//! the soft hold lapses. Each order ends in one of two ways, and never in between.

use super::super::*;
use super::world::*;
use crate::canonical::CaptureMode;
use crate::stock::StockCommand;
use jiff::SignedDuration;

const RACES: i64 = 10_000;

/// One unit, reserved; the gateway is being asked.
fn asking() -> World {
    let lines = vec![line(1, "SKU-1", 1, "10.00")];
    let draft = draft(lines, "0.00", to_authorize(CaptureMode::Many));
    let mut world = World::place(draft, &[("BER1", "SKU-1", 1)]);
    world.answer("reserve_stock");
    world
}

fn authorized(world: &World) -> PaymentEvidence {
    PaymentEvidence::Authorized {
        reference: "pi_1".into(),
        amount: world.order.draft.stated_total,
        expires_at: None,
    }
}

/// The unit goes to somebody else.
fn sell_the_last(world: &mut World) {
    let sold = StockCommand::Count {
        sku: "SKU-1".into(),
        on_hand: 0,
        buffer: None,
        backorder_limit: None,
        unpicked: Vec::new(),
    };
    let shelf = world.shelves.stock.get_mut(&"BER1".into());
    let shelf = shelf.expect("a shelf");
    let decision = shelf.decide(&sold, None, world.now);
    shelf.apply(&decision.change);
}

#[test]
fn expiry_against_payment_has_one_winner() {
    let start = asking();
    let lapse = start.order.soft_until().expect("a soft hold");
    let mut confirmed = 0;
    for race in 0..RACES {
        let mut world = asking();
        let offset = SignedDuration::from_millis(race % 101 - 50);
        let lands = lapse + offset;
        // At the very moment either may come first.
        let pays_first = if offset.is_zero() {
            race % 2 == 0
        } else {
            offset.is_negative()
        };
        // Now and then somebody else has the unit by the time the money comes.
        let resold = race % 2 == 0;
        for pays in [pays_first, !pays_first] {
            world.now = if pays { lands } else { lapse };
            if pays {
                let evidence = authorized(&world);
                world.pay(evidence);
            } else {
                world.wait(0);
                if resold && !pays_first {
                    world.answer("release_stock");
                    sell_the_last(&mut world);
                }
            }
        }
        world.settle();
        world.wait(120);
        world.settle();
        let shelf = world.shelves.stock[&"BER1".into()].counters(&"SKU-1".into());
        let held = (shelf.on_hand, shelf.reserved, shelf.allocated);
        let tender = &world.order.tenders[0];
        match world.order.stage {
            Stage::Fulfilling => {
                confirmed += 1;
                assert_eq!(held, (1, 0, 1), "race {race}");
                assert!(tender.is_secured() && !tender.voided, "race {race}");
            }
            Stage::Expired => {
                assert_eq!(held, (0, 0, 0), "race {race}");
                assert!(tender.voided, "race {race}: the money went back");
            }
            stage => panic!("race {race} ends as {stage:?}"),
        }
        let asked = |kind: &str| world.kinds().iter().filter(|k| **k == kind).count();
        assert_eq!(asked("payment.authorization_requested"), 1, "race {race}");
        assert!(asked("payment.void_requested") <= 1, "race {race}");
        world.check();
    }
    // Both ends occur: with the unit still there the late money is welcome.
    assert!(
        confirmed > RACES / 2 && confirmed < RACES * 9 / 10,
        "{confirmed}"
    );
}
