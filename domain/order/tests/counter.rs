//! What buyers collect, and what is sold as one and handed out as several.

use super::super::*;
use super::routing::*;
use super::world::*;
use crate::canonical::*;
use crate::quantity::Quantity;

#[test]
fn nobody_collects_and_stock_and_money_go_back() {
    let mut order = draft(
        vec![line(1, "A", 2, "10.00")],
        "0.00",
        to_authorize(CaptureMode::Many),
    );
    order.pickup_location = Some("HAM1".into());
    let mut world = World::place(order, &[("BER1", "A", 9), ("HAM1", "A", 3)]);
    world.settle();
    step(&mut world, 1, FulfilmentStep::Pick { lines: None });
    step(&mut world, 1, FulfilmentStep::Pack);
    step(&mut world, 1, FulfilmentStep::Ready);
    let due = world.now + world.policy.pickup_time;
    assert_eq!(wake_at(&world.order, &world.policy), Some(due));
    world.wait(7 * 24 * 3600 - 1);
    assert_eq!(work(&world, 1).word(), "ready_for_pickup");
    world.wait(1);
    assert_eq!(work(&world, 1).word(), "pickup_expired");
    let late = world.command(Command::Fulfil {
        fulfilment: 1,
        step: FulfilmentStep::Collect,
    });
    assert_eq!(late.expect_err("too late").code(), "wrong_stage");
    world.settle();
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert_eq!(world.order.reason.as_deref(), Some("pickup_expired"));
    assert_eq!(shelf(&world, "HAM1", "A"), (3, 0));
    assert!(world.order.tenders[0].voided);
    assert_eq!(world.folded(), world.order);
    world.check();
}

/// Two kits of one A and three B each, and one C.
pub(super) fn kit_and_single() -> OrderDraft {
    let mut kit = line(1, "KIT", 2, "30.00");
    kit.sku = None;
    kit.fulfilled_by = FulfilledBy::Components;
    let part = |external: &str, sku: &str, each: u32| DraftLine {
        external_id: external.into(),
        part_of: Some(KitPart { line: 1, each }),
        ..line(9, sku, 2 * each, "0")
    };
    let lines = vec![
        kit,
        line(2, "C", 1, "5.00"),
        part("1/A", "A", 1),
        part("1/B", "B", 3),
    ];
    draft(lines, "0.00", to_authorize(CaptureMode::Many))
}

#[test]
fn a_kit_is_sold_as_one_and_picked_and_shipped_as_its_components() {
    let order = kit_and_single();
    assert_eq!(order.stated_total, eur("65.00"));
    let stock = [("BER1", "A", 2), ("BER1", "C", 1), ("HAM1", "B", 6)];
    let mut world = World::place(order, &stock);
    world.settle();
    assert_eq!(world.order.fulfilments.len(), 2);
    let components = Command::Route(RouteCommand::CancelLines {
        lines: units(&[("1/A", 1)]),
        reason: reason(),
    });
    let refused = world.command(components).expect_err("with its kit only");
    assert_eq!(refused.code(), "too_many");
    // One kit is cancelled: its components go free, and its price is not owed.
    let one = Command::Route(RouteCommand::CancelLines {
        lines: units(&[("1", 1)]),
        reason: reason(),
    });
    world.command(one).expect("legal");
    world.settle();
    assert_eq!(world.order.open(1), Quantity::units(1));
    assert_eq!(world.order.cancelled_value(), eur("30.00"));
    assert_eq!(shelf(&world, "HAM1", "B"), (6, 3));
    let open: Vec<u16> = world
        .order
        .fulfilments
        .iter()
        .filter(|work| !work.is_off())
        .map(|work| work.number)
        .collect();
    let at = |world: &World, code: &str| {
        let mut works = open.iter().map(|number| work(world, *number));
        works
            .find(|work| work.location == code.into())
            .expect("work")
            .number
    };
    let (first, second) = (at(&world, "BER1"), at(&world, "HAM1"));
    ship(&mut world, first);
    world.settle();
    assert_eq!(world.captured(), eur("5.00"), "half a kit is not owed");
    ship(&mut world, second);
    world.settle();
    assert_eq!(world.captured(), eur("35.00"));
    assert_eq!(world.order.stage, Stage::Completed);
    world.check();
}
