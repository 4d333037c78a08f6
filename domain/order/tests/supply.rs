//! An order whose stock is short, comes later, or turns out to be missing.

use jiff::SignedDuration;

use super::super::*;
use super::counter::kit_and_single;
use super::routing::{route, ship, standing, units};
use super::world::*;
use crate::canonical::{CaptureMode, OrderDraft};
use crate::policy::WhenShort;
use crate::quantity::Quantity;
use crate::stock::{News, StockCommand, StockDecision};

fn two_lines() -> OrderDraft {
    let lines = vec![line(1, "A", 1, "10.00"), line(2, "B", 1, "5.00")];
    draft(lines, "0", to_authorize(CaptureMode::Many))
}

fn one_line(units: u32) -> OrderDraft {
    let lines = vec![line(1, "A", units, "10.00")];
    draft(lines, "0", to_authorize(CaptureMode::Many))
}

/// What a location says by itself reaches the order.
pub(super) fn tell(world: &mut World, location: &str, decision: &StockDecision) {
    for told in &decision.told {
        if told.key.order == world.order.id {
            let evidence = told.news.evidence(vec![told.key.line]);
            world.fact(Fact::Stock(StockFact {
                location: location.into(),
                attempt: told.key.attempt,
                effect: None,
                evidence,
            }));
            let holds = vec![(told.key, told.rev)];
            at_location(world, location, &StockCommand::Told { holds });
        }
    }
}

pub(super) fn at_location(
    world: &mut World,
    location: &str,
    command: &StockCommand,
) -> StockDecision {
    let now = world.now;
    let stock = world.shelves.stock.get_mut(&location.into());
    let stock = stock.expect("the location exists");
    let decision = stock.decide(command, None, now);
    stock.apply(&decision.change);
    for (key, _, hold) in &decision.change.holds {
        stock.holds.insert(*key, hold.clone());
    }
    decision
}

fn receive(world: &mut World, sku: &str, quantity: i64) {
    let command = StockCommand::Receive {
        sku: sku.into(),
        reference: format!("R-{}", world.log.len()),
        quantity,
        inbound: None,
    };
    let decision = at_location(world, "BER1", &command);
    tell(world, "BER1", &decision);
}

fn count(world: &mut World, location: &str, sku: &str, on_hand: i64) {
    let stock = &world.shelves.stock[&location.into()];
    let unpicked = stock.firm_to_cut(&sku.into(), on_hand).unwrap_or_default();
    let order = &world.order;
    let unpicked = unpicked
        .into_iter()
        .filter(|key| !order.is_picked(&location.into(), key.attempt));
    let command = StockCommand::Count {
        sku: sku.into(),
        on_hand,
        buffer: None,
        backorder_limit: None,
        unpicked: unpicked.collect(),
    };
    let decision = at_location(world, location, &command);
    tell(world, location, &decision);
}

/// A world in which this becomes of orders whose stock is short.
fn under(when_short: WhenShort, draft: OrderDraft, on_hand: &[(&str, &str, i64)]) -> World {
    World::place_under(draft, on_hand, |policy| policy.when_short = when_short)
}

fn stands(mut world: World) -> World {
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
    world
}

fn backordered(world: &World, line: u16) -> Quantity {
    world.order.quantities(line).backordered
}

#[test]
fn split_wait_holds_what_is_there_firmly_and_stands_in_line_for_the_rest() {
    let mut world = under(
        WhenShort::Wait,
        two_lines(),
        &[("BER1", "A", 1), ("BER1", "B", 0)],
    );
    world.settle();
    assert_eq!(world.order.stage, Stage::Reserving);
    assert_eq!(world.order.quantities(1).hard, Quantity::units(1));
    assert_eq!(backordered(&world, 2), Quantity::units(1));
    // It outlives any soft hold, and pays only when all of it is there.
    world.wait(24 * 3600);
    assert!(!world.kinds().contains(&"payment.authorization_requested"));
    let why = explain(&world.order, &world.policy);
    assert_eq!(why.waiting_for, "stock");
    receive(&mut world, "B", 1);
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
    assert_eq!(world.order.fulfilments.len(), 2);
    world.check();
}

#[test]
fn a_backorder_holds_nothing_until_everything_has_come() {
    let on_hand = [("BER1", "A", 1), ("BER1", "B", 0)];
    let mut world = under(WhenShort::Backorder, two_lines(), &on_hand);
    // Nobody has declared any supply.
    world.settle();
    assert_eq!(world.order.stage, Stage::Rejected);
    assert_eq!(world.order.reason.as_deref(), Some("out_of_stock"));

    let mut world = World::place_prepared(
        two_lines(),
        &on_hand,
        |policy| policy.when_short = WhenShort::Backorder,
        &[StockCommand::Announce {
            sku: "B".into(),
            reference: "PO-1".into(),
            quantity: 1,
            expected_at: None,
        }],
    );
    world.settle();
    let a = world.shelves.counters(&"BER1".into(), &"A".into());
    assert_eq!((a.reserved, a.allocated), (0, 0), "no half basket");
    assert_eq!(backordered(&world, 2), Quantity::units(1));
    receive(&mut world, "B", 1);
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
    world.check();
}

#[test]
fn a_wait_that_nothing_came_for_ends_and_gives_everything_back() {
    let on_hand = [("BER1", "A", 1), ("BER1", "B", 0)];
    let mut world = under(WhenShort::Wait, two_lines(), &on_hand);
    world.settle();
    let wait = world.policy.backorder_wait;
    assert_eq!(
        wake_at(&world.order, &world.policy),
        Some(world.order.received_at + wait)
    );
    world.wait(wait.as_secs());
    world.settle();
    assert_eq!(world.order.stage, Stage::Rejected);
    assert_eq!(world.order.reason.as_deref(), Some(REASON_BACKORDER_LAPSED));
    let a = world.shelves.counters(&"BER1".into(), &"A".into());
    let b = world.shelves.counters(&"BER1".into(), &"B".into());
    assert_eq!((a.allocated, b.waiting), (0, 0));
    world.check();
}

#[test]
fn who_cancels_leaves_the_line() {
    let mut world = under(WhenShort::Wait, one_line(2), &[("BER1", "A", 0)]);
    world.settle();
    let reason = "I cannot wait".to_owned();
    world.command(Command::Cancel { reason }).expect("taken");
    world.settle();
    assert_eq!(world.order.stage, Stage::Cancelled);
    let counters = world.shelves.counters(&"BER1".into(), &"A".into());
    assert_eq!(counters.waiting, 0);
    world.check();
}

#[test]
fn news_of_supply_that_overtakes_the_place_in_line_loses_nothing() {
    let mut world = under(WhenShort::Wait, one_line(1), &[("BER1", "A", 0)]);
    let id = world.outstanding("await_stock").expect("it stands in line");
    let late = world.good_answer(id).expect("an answer");
    receive(&mut world, "A", 1);
    assert_eq!(world.order.stage, Stage::Authorizing);
    world.fact(late);
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
    world.check();
}

#[test]
fn a_promise_that_is_cut_is_looked_for_elsewhere() {
    let on_hand = [("BER1", "A", 1), ("HAM1", "A", 0)];
    let mut world = stands(World::place(one_line(1), &on_hand));
    count(&mut world, "HAM1", "A", 1);
    count(&mut world, "BER1", "A", 0);
    assert!(world.outstanding("cancel_fulfilment").is_some());
    assert!(
        world.outstanding("reserve_stock").is_none(),
        "not shipped twice"
    );
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
    let places: Vec<&str> = world
        .order
        .fulfilments
        .iter()
        .filter(|work| !work.is_off())
        .map(|work| work.location.as_str())
        .collect();
    assert_eq!(places, ["HAM1"]);
    world.check();
}

#[test]
fn a_promise_that_is_cut_waits_where_policy_lets_it() {
    let mut world = stands(under(WhenShort::Wait, one_line(1), &[("BER1", "A", 1)]));
    count(&mut world, "BER1", "A", 0);
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
    assert_eq!(backordered(&world, 1), Quantity::units(1));
    receive(&mut world, "A", 1);
    world.settle();
    assert_eq!(world.order.quantities(1).hard, Quantity::units(1));
    assert_eq!(world.order.fulfilments.len(), 2);
    world.check();
}

#[test]
fn a_promise_that_is_cut_and_found_nowhere_is_cancelled_and_its_money_released() {
    let mut world = stands(World::place(one_line(1), &[("BER1", "A", 1)]));
    count(&mut world, "BER1", "A", 0);
    world.settle();
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert_eq!(world.order.reason.as_deref(), Some(REASON_STOCK_LOST));
    assert!(world.kinds().contains(&"payment.voided"));
    world.check();
}

#[test]
fn only_the_lines_that_were_cut_are_cancelled() {
    let on_hand = [("BER1", "A", 1), ("BER1", "B", 1)];
    let mut world = stands(World::place(two_lines(), &on_hand));
    count(&mut world, "BER1", "B", 0);
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
    assert_eq!(world.order.quantities(2).cancelled, Quantity::units(1));
    assert_eq!(world.order.quantities(1).hard, Quantity::units(1));
    assert!(!world.kinds().contains(&"payment.void_requested"));
    world.check();
}

#[test]
fn what_is_in_somebodys_hands_ships_although_its_promise_was_cut() {
    let mut world = stands(World::place(one_line(1), &[("BER1", "A", 1)]));
    for step in [FulfilmentStep::Accept, FulfilmentStep::Pick { lines: None }] {
        world.step(step).expect("taken");
    }
    // The location did not know yet that it was picked.
    let key = crate::stock::HoldKey {
        order: world.order.id,
        line: 1,
        attempt: 1,
    };
    let command = StockCommand::Count {
        sku: "A".into(),
        on_hand: 0,
        buffer: None,
        backorder_limit: None,
        unpicked: vec![key],
    };
    let decision = at_location(&mut world, "BER1", &command);
    assert_eq!(decision.told[0].news, News::Cut);
    tell(&mut world, "BER1", &decision);
    assert!(world.outstanding("cancel_fulfilment").is_none());
    assert!(world.outstanding("reserve_stock").is_none());
    world.now += SignedDuration::from_secs(1);
    world.step(FulfilmentStep::Pack).expect("taken");
    world.settle();
    world.step(FulfilmentStep::HandOver).expect("taken");
    world.settle();
    assert_eq!(world.captured(), eur("10.00"));
    world.check();
}

#[test]
fn a_promise_that_is_cut_before_its_split_has_reached_the_shelf_is_looked_for_elsewhere() {
    let mut world = standing();
    route(
        &mut world,
        RouteCommand::Split {
            fulfilment: 1,
            lines: units(&[("1", 1)]),
            reason: "two parcels".into(),
        },
    )
    .expect("legal");
    count(&mut world, "BER1", "A", 0);
    world.settle();
    let works = &world.order.fulfilments;
    let open: Vec<&Fulfilment> = works.iter().filter(|work| !work.is_off()).collect();
    let of_a = open.iter().map(|work| units_of(&work.lines, 1));
    assert_eq!(
        Quantity::sum(of_a),
        Quantity::units(3),
        "each unit in one place"
    );
    let at_home = open.iter().filter(|work| work.location == "BER1".into());
    assert!(
        at_home
            .flat_map(|work| &work.lines)
            .all(|units| units.line != 1)
    );
    for number in open.iter().map(|work| work.number).collect::<Vec<_>>() {
        ship(&mut world, number);
    }
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.captured(), eur("44.99"));
    world.check();
}

#[test]
fn a_kit_that_lacks_a_component_is_cancelled_as_a_whole() {
    let on_hand = [("BER1", "A", 9), ("BER1", "B", 9), ("BER1", "C", 9)];
    let mut world = stands(World::place(kit_and_single(), &on_hand));
    count(&mut world, "BER1", "B", 0);
    world.settle();
    let cancelled = [1, 2, 3, 4].map(|line| world.order.quantities(line).cancelled);
    assert_eq!(cancelled, [2, 0, 2, 6].map(Quantity::units));
    let open = world.order.fulfilments.iter().find(|work| !work.is_off());
    let open = open.expect("the single line ships").number;
    ship(&mut world, open);
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.captured(), eur("5.00"));
    world.check();
}

#[test]
fn a_person_decides_of_a_kit_that_lacks_a_component_when_the_other_has_left() {
    let on_hand = [("BER1", "A", 9), ("BER1", "B", 9), ("BER1", "C", 9)];
    let mut world = stands(World::place(kit_and_single(), &on_hand));
    route(
        &mut world,
        RouteCommand::Split {
            fulfilment: 1,
            lines: units(&[("1/A", 2)]),
            reason: "two parcels".into(),
        },
    )
    .expect("legal");
    world.settle();
    ship(&mut world, 2);
    count(&mut world, "BER1", "B", 0);
    world.settle();
    assert!(world.order.is_held_for(REASON_NO_LOCATION));
    assert!(world.order.cancelled_value().is_zero());
    world.check();
}

#[test]
fn scheduled_work_whose_promise_is_cut_is_looked_for_elsewhere() {
    let mut world = standing();
    let schedule = RouteCommand::Schedule {
        fulfilment: 1,
        not_before: world.now + SignedDuration::from_hours(30),
        reason: "it is a present".into(),
    };
    route(&mut world, schedule).expect("legal");
    world.settle();
    count(&mut world, "BER1", "A", 0);
    world.settle();
    assert!(world.order.fulfilments[0].is_off());
    let open = world.order.fulfilments.iter().filter(|work| !work.is_off());
    let of_a = Quantity::sum(open.map(|work| units_of(&work.lines, 1)));
    assert_eq!(of_a, Quantity::units(3), "each unit in one place");
    world.check();
}
