//! Orders that a buyer collects at a store which lacks a part of them: what others send there, when the
//! buyer may fetch it, and on whose shelf each unit is when things go otherwise.

use super::super::*;
use super::routing::*;
use super::world::*;
use crate::canonical::*;
use crate::policy::{ClaimDefault, PickupSupply, Policy};
use crate::quantity::Quantity;

/// Two lines for HAM1, which has one of them; BER1 has both, MUC1 more of the other.
pub(super) fn stock() -> [(&'static str, &'static str, i64); 4] {
    [
        ("HAM1", "A", 3),
        ("HAM1", "B", 0),
        ("BER1", "B", 5),
        ("MUC1", "C", 9),
    ]
}

pub(super) fn basket() -> OrderDraft {
    let lines = vec![line(1, "A", 1, "10.00"), line(2, "B", 2, "5.00")];
    let mut order = draft(lines, "0.00", to_authorize(CaptureMode::Many));
    order.pickup_location = Some("HAM1".into());
    order
}

pub(super) fn sends(policy: &mut Policy) {
    policy.sourcing.pickup_supply = PickupSupply::Transfer;
}

/// The order is planned: fulfilment 2 sends the second line to the store.
fn planned() -> World {
    let mut world = World::place_under(basket(), &stock(), sends);
    world.settle();
    assert_eq!(work(&world, at(&world, "HAM1")).transfer, None);
    world
}

/// The number of the work at a location that is not off.
pub(super) fn at(world: &World, code: &str) -> u16 {
    let mut works = world.order.fulfilments.iter();
    let here = works.find(|work| !work.is_off() && work.location == code.into());
    here.expect("there is work").number
}

fn pack(world: &mut World, number: u16) {
    step(world, number, FulfilmentStep::Pick { lines: None });
    step(world, number, FulfilmentStep::Pack);
    world.settle();
}

/// The transfer has left its location, and the store has packed its own part.
fn on_its_way() -> (World, u16, u16) {
    let mut world = planned();
    let (sender, local) = (at(&world, "BER1"), at(&world, "HAM1"));
    pack(&mut world, sender);
    step(&mut world, sender, FulfilmentStep::HandOver);
    world.settle();
    pack(&mut world, local);
    (world, sender, local)
}

fn say(world: &mut World, fulfilment: u16, step: FulfilmentStep) -> Result<Decided, Rejection> {
    world.command(Command::Fulfil { fulfilment, step })
}

fn times(world: &World, kind: &str) -> usize {
    let kinds = world.kinds();
    kinds.iter().filter(|known| **known == kind).count()
}

pub(super) fn whole(world: &World) {
    assert_eq!(world.folded(), world.order);
    world.check();
}

#[test]
fn by_default_the_store_serves_alone_and_what_it_lacks_is_out_of_stock() {
    let mut world = World::place(basket(), &stock());
    world.settle();
    assert_eq!(world.order.stage, Stage::Rejected);
    assert_eq!(world.order.reason.as_deref(), Some("out_of_stock"));
    assert_eq!(shelf(&world, "BER1", "B"), (5, 0));
    whole(&world);
}

#[test]
fn what_the_store_lacks_is_sent_there_and_all_of_it_is_ready_together() {
    let (mut world, sender, local) = on_its_way();
    let transfer = work(&world, sender).transfer.expect("it is sent");
    assert_eq!(transfer.to, "HAM1".into());
    assert_eq!(shelf(&world, "BER1", "B"), (3, 0));
    assert_eq!(world.captured(), eur("0.00"), "nobody has anything yet");
    // What lies at the store waits for the rest, and nobody is called.
    let early = say(&mut world, local, FulfilmentStep::Ready).expect_err("not all there");
    assert_eq!(early.code(), "not_all_there");
    assert_eq!(
        wake_at(&world.order, &world.policy),
        Some(world.now + world.policy.claims.overdue_after)
    );
    world.fact(seen(sender, 1, ParcelStatus::Delivered));
    world.settle();
    assert_eq!(times(&world, "fulfilment.arrived"), 1);
    assert_eq!(work(&world, sender).word(), "transferred");
    assert_eq!(shelf(&world, "HAM1", "B"), (2, 2), "held for the buyer");
    let brought = 3;
    assert_eq!(work(&world, brought).brought_by, Some(sender));
    for number in [local, brought] {
        assert_eq!(work(&world, number).word(), "ready_for_pickup");
    }
    let due = world.now + world.policy.pickup_time;
    assert_eq!(wake_at(&world.order, &world.policy), Some(due));
    for number in [local, brought] {
        step(&mut world, number, FulfilmentStep::Collect);
        world.settle();
    }
    step(&mut world, brought, FulfilmentStep::Collect);
    assert_eq!(times(&world, "fulfilment.collected"), 2);
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.captured(), eur("20.00"));
    assert_eq!(shelf(&world, "HAM1", "B"), (0, 0));
    assert_eq!(shelf(&world, "HAM1", "A"), (2, 0));
    whole(&world);
}

#[test]
fn the_store_says_that_it_came_although_no_carrier_ever_does() {
    let mut world = planned();
    let (sender, local) = (at(&world, "BER1"), at(&world, "HAM1"));
    let nothing = say(&mut world, sender, FulfilmentStep::Ready).expect_err("it is not packed");
    assert_eq!(nothing.code(), "wrong_stage");
    pack(&mut world, sender);
    // It was never scanned, not even at the hand-over.
    step(&mut world, sender, FulfilmentStep::Ready);
    world.settle();
    step(&mut world, sender, FulfilmentStep::Ready);
    assert_eq!(times(&world, "fulfilment.arrived"), 1);
    assert_eq!(shelf(&world, "BER1", "B"), (3, 0));
    assert_eq!(shelf(&world, "HAM1", "B"), (2, 2));
    assert_eq!(
        work(&world, 3).word(),
        "packed",
        "the store's own part is not"
    );
    pack(&mut world, local);
    assert_eq!(work(&world, local).word(), "ready_for_pickup");
    assert_eq!(work(&world, 3).word(), "ready_for_pickup");
    // The carrier wakes up.
    world.fact(seen(sender, 9, ParcelStatus::Delivered));
    assert_eq!(times(&world, "fulfilment.arrived"), 1);
    assert!(world.order.outstanding.is_empty());
    whole(&world);
}

#[test]
fn nobody_comes_and_every_unit_goes_on_the_shelf_of_the_store() {
    let (mut world, sender, _) = on_its_way();
    world.fact(seen(sender, 1, ParcelStatus::Delivered));
    world.settle();
    world.wait(7 * 24 * 3600 - 1);
    assert_eq!(times(&world, "fulfilment.pickup_expired"), 0);
    world.wait(1);
    world.settle();
    assert_eq!(times(&world, "fulfilment.pickup_expired"), 2);
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert_eq!(world.order.reason.as_deref(), Some("pickup_expired"));
    assert_eq!(shelf(&world, "HAM1", "B"), (2, 0), "they are there now");
    assert_eq!(
        shelf(&world, "BER1", "B"),
        (3, 0),
        "and not where they came from"
    );
    assert_eq!(shelf(&world, "HAM1", "A"), (3, 0));
    assert!(world.order.tenders[0].voided);
    whole(&world);
}

#[test]
fn an_order_that_is_cancelled_on_the_way_is_paid_back_at_once_and_shelved_when_it_comes() {
    let (mut world, sender, _) = on_its_way();
    let reason = reason();
    world
        .command(Command::Cancel { reason })
        .expect("it was not collected");
    world.settle();
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert!(world.order.tenders[0].voided);
    assert_eq!(work(&world, sender).word(), "cancelled");
    assert_eq!(
        times(&world, "shipment.label_void_requested"),
        0,
        "it is used"
    );
    assert_eq!(shelf(&world, "HAM1", "B"), (0, 0), "it is not there yet");
    for second in [1, 2] {
        world.fact(seen(sender, second, ParcelStatus::Delivered));
        world.settle();
    }
    step(&mut world, sender, FulfilmentStep::Ready);
    world.settle();
    assert_eq!(times(&world, "inventory.restock_requested"), 1);
    assert_eq!(shelf(&world, "HAM1", "B"), (2, 0));
    assert_eq!(shelf(&world, "BER1", "B"), (3, 0));
    whole(&world);
}

#[test]
fn a_cancellation_before_the_hand_over_leaves_the_units_where_they_are() {
    let mut world = planned();
    let sender = at(&world, "BER1");
    pack(&mut world, sender);
    let reason = reason();
    world
        .command(Command::Cancel { reason })
        .expect("nothing has left");
    world.settle();
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert_eq!(shelf(&world, "BER1", "B"), (5, 0));
    assert_eq!(shelf(&world, "HAM1", "A"), (3, 0));
    assert_eq!(times(&world, "shipment.label_void_requested"), 1);
    whole(&world);
}

#[test]
fn a_part_that_waits_at_the_store_is_cancelled_and_stays_on_its_shelf() {
    let (mut world, sender, local) = on_its_way();
    world.fact(seen(sender, 1, ParcelStatus::Delivered));
    world.settle();
    let part = RouteCommand::CancelLines {
        lines: units(&[("2", 2)]),
        reason: reason(),
    };
    route(&mut world, part).expect("it is not collected");
    world.settle();
    assert_eq!(shelf(&world, "HAM1", "B"), (2, 0));
    assert_eq!(work(&world, local).word(), "ready_for_pickup");
    step(&mut world, local, FulfilmentStep::Collect);
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.captured(), eur("10.00"));
    whole(&world);
}

#[test]
fn one_unit_of_a_parcel_on_its_way_is_cancelled_once_the_store_has_it() {
    let (mut world, sender, _) = on_its_way();
    let part = RouteCommand::CancelLines {
        lines: units(&[("2", 1)]),
        reason: reason(),
    };
    route(&mut world, part).expect("it is not collected");
    world.settle();
    assert_eq!(
        world.order.open(2),
        Quantity::units(2),
        "it cannot be told apart"
    );
    world.fact(seen(sender, 1, ParcelStatus::Delivered));
    world.settle();
    assert_eq!(world.order.open(2), Quantity::units(1));
    assert_eq!(shelf(&world, "HAM1", "B"), (2, 1));
    whole(&world);
}

#[test]
fn a_transfer_that_is_lost_is_sent_again_from_elsewhere() {
    let (mut world, sender, local) = on_its_way();
    world.policy.claims.lost = ClaimDefault::Reship;
    world.fact(seen(sender, 1, ParcelStatus::Lost));
    world.settle();
    assert_eq!(work(&world, sender).word(), "cancelled");
    let again = at(&world, "BER1");
    assert_ne!(again, sender);
    assert_eq!(work(&world, local).word(), "packed");
    pack(&mut world, again);
    step(&mut world, again, FulfilmentStep::HandOver);
    world.settle();
    world.fact(seen(again, 1, ParcelStatus::Delivered));
    world.settle();
    assert_eq!(work(&world, local).word(), "ready_for_pickup");
    // The first one turns up after all: it is the store's.
    world.fact(seen(sender, 99, ParcelStatus::Delivered));
    world.settle();
    assert_eq!(shelf(&world, "HAM1", "B"), (4, 2));
    assert_eq!(shelf(&world, "BER1", "B"), (1, 0));
    whole(&world);
}

#[test]
fn a_transfer_that_is_lost_and_given_up_is_not_owed_and_the_rest_is_ready() {
    let (mut world, sender, local) = on_its_way();
    world.fact(seen(sender, 1, ParcelStatus::Lost));
    let resolve = |resolution| {
        Command::Claim(ClaimCommand::Resolve {
            number: 1,
            resolution,
            lines: None,
            reason: reason(),
        })
    };
    let denied = world
        .command(resolve(Resolution::Deny))
        .expect_err("the store waits");
    assert_eq!(denied.code(), "wrong_stage");
    world.command(resolve(Resolution::Refund)).expect("legal");
    world.settle();
    assert_eq!(world.order.open(2), Quantity::ZERO);
    assert_eq!(work(&world, local).word(), "ready_for_pickup");
    step(&mut world, local, FulfilmentStep::Collect);
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.captured(), eur("10.00"));
    assert_eq!(world.order.tenders[0].refunded_sum(), eur("0.00"));
    whole(&world);
}
