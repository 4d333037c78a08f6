//! Parcels that do not arrive as they should: a claim for each, and an end for each claim.

use super::super::*;
use super::returns::{delivered, on_hand, refunded, ship, units};
use super::world::*;
use crate::canonical::*;
use crate::policy::ClaimDefault;

const DAY: i64 = 24 * 3600;

/// Two units of 20.00 with shipping of 4.99, on their way.
fn on_its_way() -> World {
    let lines = vec![line(1, "SKU-1", 2, "20.00")];
    let order = draft(lines, "4.99", to_authorize(CaptureMode::Once));
    let mut world = World::place(order, &[("BER1", "SKU-1", 5)]);
    ship(&mut world);
    world
}

fn ask(world: &mut World, command: ClaimCommand) -> Result<Decided, Rejection> {
    let asked = world.command(Command::Claim(command));
    world.check();
    asked
}

fn resolve(world: &mut World, resolution: Resolution) -> Result<Decided, Rejection> {
    let (number, reason) = (1, "as agreed".to_owned());
    ask(
        world,
        ClaimCommand::Resolve {
            number,
            resolution,
            lines: None,
            reason,
        },
    )
}

#[test]
fn a_lost_parcel_waits_for_a_person_who_pays_it_back_with_its_shipping() {
    let mut world = on_its_way();
    world.fact(seen(1, 20, ParcelStatus::Lost));
    let why = explain(&world.order, &world.policy);
    assert_eq!(
        (why.waiting_for, why.recommended),
        ("person", Some("resolve_claim"))
    );
    world.wait(60 * DAY);
    assert_eq!(world.order.stage, Stage::Fulfilling);
    resolve(&mut world, Resolution::Refund).expect("it is open");
    world.settle();
    assert_eq!(refunded(&world), eur("44.99"));
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(on_hand(&world), 3, "nothing came back");
    resolve(&mut world, Resolution::Refund).expect("said again, nothing changes");
    let other = resolve(&mut world, Resolution::Deny).expect_err("it has ended");
    assert_eq!(other.to_string(), "claim 1 has ended with refund");
    world.settle();
    assert_eq!(refunded(&world), eur("44.99"));
    assert_eq!(world.folded(), world.order);
}

#[test]
fn a_parcel_that_comes_back_is_shelved_once_and_paid_back_by_policy() {
    let mut world = on_its_way();
    world.fact(seen(1, 20, ParcelStatus::ReturnToSender));
    assert_eq!(refunded(&world), eur("0"), "it is still on its way back");
    world.fact(seen(1, 30, ParcelStatus::Returned));
    world.fact(seen(1, 30, ParcelStatus::Returned));
    world.settle();
    world.fact(seen(1, 40, ParcelStatus::InTransit));
    world.settle();
    assert_eq!((on_hand(&world), refunded(&world)), (5, eur("44.99")));
    assert_eq!(world.order.stage, Stage::Completed);
    let vector = world.order.quantities(1);
    assert_eq!(
        (vector.returned_to_sender, vector.delivered),
        (units(2), units(0))
    );
    world.wait(14 * DAY);
    assert_eq!(world.order.stage, Stage::Closed);
}

#[test]
fn a_parcel_that_comes_back_is_sent_again_where_the_policy_says_so() {
    let mut world = on_its_way();
    world.policy.claims.returned_to_sender = ClaimDefault::Reship;
    world.fact(seen(1, 20, ParcelStatus::Returned));
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
    let cancel = Command::Cancel {
        reason: "too late".into(),
    };
    assert!(
        world.command(cancel).is_err(),
        "the first parcel was paid for"
    );
    for step in [
        FulfilmentStep::Accept,
        FulfilmentStep::Pick { lines: None },
        FulfilmentStep::Pack,
        FulfilmentStep::HandOver,
    ] {
        let fulfilment = 2;
        world
            .command(Command::Fulfil { fulfilment, step })
            .expect("legal");
        world.settle();
    }
    world.fact(seen(2, 60, ParcelStatus::Delivered));
    world.check();
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(
        (world.captured(), refunded(&world)),
        (eur("44.99"), eur("0"))
    );
    assert_eq!(on_hand(&world), 3, "two came back and two left again");
    assert_eq!(world.order.quantities(1).delivered, units(2));
}

#[test]
fn a_lost_parcel_that_turns_up_ends_its_claim() {
    let mut world = on_its_way();
    world.fact(seen(1, 20, ParcelStatus::Lost));
    assert_eq!(world.order.claims.len(), 1);
    world.fact(seen(1, 30, ParcelStatus::Delivered));
    assert_eq!(world.order.claims[0].resolution, Some(Resolution::Deny));
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(refunded(&world), eur("0"));
}

#[test]
fn damaged_units_are_paid_back_once_and_cannot_come_back_for_money_again() {
    let mut world = delivered(CaptureMode::Once);
    let open = |count: u32| ClaimCommand::Open {
        fulfilment: 1,
        parcel: None,
        lines: Some(vec![("1".to_owned(), units(count))]),
        reason: "cracked".to_owned(),
    };
    let refused = ask(&mut world, open(5)).expect_err("four were delivered");
    assert_eq!(refused.to_string(), "line \"1\" has 4 left to claim in it");
    ask(&mut world, open(3)).expect("they are with the buyer");
    assert_eq!(world.order.returnable(1), units(1));
    let again = resolve(&mut world, Resolution::Reship).expect_err("single units");
    assert_eq!(again.code(), "wrong_stage");
    resolve(&mut world, Resolution::Refund).expect("it is open");
    world.settle();
    assert_eq!(refunded(&world), eur("60.00"));
    let refused = ask(&mut world, open(2)).expect_err("one is left");
    assert_eq!(refused.code(), "too_many");
}

#[test]
fn a_claim_keeps_the_order_open_and_opens_a_closed_one_again() {
    let mut world = delivered(CaptureMode::Once);
    world.wait(14 * DAY);
    assert_eq!(world.order.stage, Stage::Closed);
    let open = ClaimCommand::Open {
        fulfilment: 1,
        parcel: None,
        lines: None,
        reason: "cracked".to_owned(),
    };
    ask(&mut world, open).expect("they are with the buyer");
    assert_eq!(world.order.stage, Stage::Completed);
    world.wait(30 * DAY);
    assert_eq!(world.order.stage, Stage::Completed);
    resolve(&mut world, Resolution::Deny).expect("it is open");
    world.wait(0);
    assert_eq!(world.order.stage, Stage::Closed);
    assert_eq!(refunded(&world), eur("0"));
}

#[test]
fn a_parcel_that_nobody_sees_is_overdue_until_the_next_scan() {
    let mut world = on_its_way();
    world.fact(seen(1, 20, ParcelStatus::InTransit));
    world.wait(7 * DAY);
    let overdue = |world: &World| {
        let kinds = world.kinds();
        kinds.iter().filter(|k| **k == "shipment.overdue").count()
    };
    assert_eq!(overdue(&world), 1);
    world.wait(7 * DAY);
    assert_eq!(overdue(&world), 1, "it is said once");
    let why = explain(&world.order, &world.policy);
    assert_eq!(
        (why.waiting_for, why.recommended),
        ("carrier", Some("claim"))
    );
    world.fact(seen(1, 14 * 86_400, ParcelStatus::OutForDelivery));
    assert!(world.kinds().contains(&"shipment.exception_resolved"));
    world.wait(7 * DAY);
    assert_eq!(overdue(&world), 2);
    let lost = ClaimCommand::Open {
        fulfilment: 1,
        parcel: None,
        lines: None,
        reason: "the carrier does not answer".to_owned(),
    };
    ask(&mut world, lost).expect("it is overdue");
    assert_eq!(world.order.claims[0].kind, ClaimKind::Lost);
    resolve(&mut world, Resolution::Refund).expect("it is open");
    world.settle();
    assert_eq!(refunded(&world), eur("44.99"));
}

#[test]
fn what_is_sent_again_and_is_found_missing_is_for_a_person_and_not_cancelled() {
    let mut world = on_its_way();
    world.fact(seen(1, 20, ParcelStatus::Lost));
    resolve(&mut world, Resolution::Reship).expect("it is open");
    world.settle();
    let again = world.order.fulfilments[1].clone();
    assert_eq!(again.stage, FulfilmentStage::Requested);
    // Nobody has the units that were to be sent once more.
    let key = crate::stock::HoldKey {
        order: world.order.id,
        line: 1,
        attempt: again.attempt,
    };
    let command = crate::stock::StockCommand::Count {
        sku: "SKU-1".into(),
        on_hand: 0,
        buffer: None,
        backorder_limit: None,
        unpicked: vec![key],
    };
    let news = super::supply::at_location(&mut world, "BER1", &command);
    super::supply::tell(&mut world, "BER1", &news);
    world.settle();
    assert!(world.order.is_held_for(REASON_NO_LOCATION));
    assert_eq!(world.order.stage, Stage::Fulfilling);
    assert!(world.order.cancelled_value().is_zero());
    world.check();
}
