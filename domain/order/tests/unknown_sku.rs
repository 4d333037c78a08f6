//! Orders for something that no location has ever had.

use super::super::*;
use super::stuck::{act, explained, unstuck};
use super::world::*;
use crate::canonical::*;
use crate::policy::UnknownSku;

fn of_unknown_sku(unknown_sku: UnknownSku) -> World {
    let lines = vec![line(1, "SKU-1", 1, "10.00"), line(2, "SKU-9", 1, "10.00")];
    let order = draft(lines, "0.00", to_authorize(CaptureMode::Many));
    World::place_under(order, &[("BER1", "SKU-1", 2)], |policy| {
        policy.unknown_sku = unknown_sku;
    })
}

#[test]
fn an_order_for_something_that_nobody_ever_had_waits_until_it_is_counted() {
    let mut world = of_unknown_sku(UnknownSku::Hold);
    let because = "no location has ever had one of the SKUs SKU-1, SKU-9";
    explained(&world, because, "release");
    assert!(world.outstanding("reserve_stock").is_none());
    act(&mut world, "release");
    explained(&world, because, "release");
    let count = crate::stock::StockCommand::Count {
        sku: "SKU-9".into(),
        on_hand: 1,
        buffer: None,
        backorder_limit: None,
        unpicked: Vec::new(),
    };
    let now = world.now;
    world.shelves.tell("BER1", &count, now);
    unstuck(&mut world, because, "release", "reserve_stock");
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
}

#[test]
fn an_order_for_something_that_nobody_ever_had_is_out_of_stock_where_policy_says_no_more() {
    let world = of_unknown_sku(UnknownSku::Reject);
    assert_eq!(world.order.stage, Stage::Rejected);
    assert_eq!(world.order.reason.as_deref(), Some("out_of_stock"));
}

/// A count of nothing makes a SKU known: what is sold out is no riddle for a person.
#[test]
fn an_order_for_something_that_is_sold_out_is_refused_without_a_person() {
    let lines = vec![line(1, "SKU-1", 1, "10.00")];
    let order = draft(lines, "0.00", to_authorize(CaptureMode::Many));
    let world = World::place_under(order, &[("BER1", "SKU-1", 0)], |policy| {
        policy.unknown_sku = UnknownSku::Hold;
    });
    assert_eq!(world.order.stage, Stage::Rejected);
}
