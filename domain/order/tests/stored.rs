//! An order as it is stored against itself: each way to be wrong has its name.

use jiff::{SignedDuration, Timestamp};

use super::super::*;
use super::world::*;
use crate::canonical::{CaptureMode, Tax};
use crate::policy::Policy;

/// An order on its way, with what its location keeps of it.
fn stored() -> (World, StoredOrder) {
    let lines = vec![line(1, "SKU-1", 2, "19.99")];
    let draft = draft(lines, "4.99", to_authorize(CaptureMode::Once));
    let mut world = World::place(draft, &[("BER1", "SKU-1", 5)]);
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
    let order = StoredOrder {
        id: world.order.id,
        row: Some(OrderRow {
            version: world.order.version,
            stage: "fulfilling".to_owned(),
            wake_at: wake_at(&world.order, &Policy::default()),
        }),
        log: Ok(world.log.clone()),
        holds: vec![HoldRow {
            line: 1,
            location: "BER1".into(),
            attempt: 1,
            sku: "SKU-1".to_owned(),
            quantity: 2,
            state: "hard".to_owned(),
            rev: 2,
            told_rev: 2,
        }],
    };
    (world, order)
}

fn broken(order: &StoredOrder) -> Vec<&'static str> {
    let found = order.drifts(Some(&Policy::default()));
    assert!(
        found
            .iter()
            .all(|drift| drift.subject == order.id.to_string())
    );
    found.iter().map(|drift| drift.invariant).collect()
}

#[test]
fn an_order_that_agrees_with_itself_is_not_named() {
    assert_eq!(broken(&stored().1), Vec::<&str>::new());
}

#[test]
fn each_part_that_does_not_agree_is_named() {
    type Hand = fn(&mut StoredOrder);
    let hands: [(&str, Hand); 15] = [
        ("order_log", |o| o.row = None),
        ("order_log", |o| o.log = Ok(Vec::new())),
        ("order_log", |o| o.log = Err("unreadable".to_owned())),
        ("order_log", |o| {
            drop(o.log.as_mut().expect("a log").remove(3));
        }),
        ("order_row", |o| drop(o.log.as_mut().expect("a log").pop())),
        ("order_row", |o| row(o).version += 1),
        ("order_row", |o| row(o).stage = "closed".to_owned()),
        ("order_wake", |o| row(o).wake_at = None),
        ("order_wake", |o| row(o).wake_at = Some(Timestamp::MAX)),
        ("order_holds", |o| o.holds.clear()),
        ("order_holds", |o| o.holds[0].quantity = 3),
        ("order_holds", |o| o.holds[0].state = "released".to_owned()),
        ("order_holds", |o| {
            o.holds[0].state = "gone fishing".to_owned();
        }),
        ("order_holds", |o| o.holds[0].sku = "SKU-2".to_owned()),
        ("order_holds", |o| o.holds[0].line = -1),
    ];
    for (number, (invariant, hand)) in hands.into_iter().enumerate() {
        let (_, mut order) = stored();
        hand(&mut order);
        assert_eq!(broken(&order), [invariant], "hand {number}");
    }
}

fn row(order: &mut StoredOrder) -> &mut OrderRow {
    order.row.as_mut().expect("a row")
}

#[test]
fn a_hold_without_an_order_is_named_and_nothing_at_all_is_not() {
    let (_, mut order) = stored();
    order.row = None;
    order.log = Ok(Vec::new());
    assert_eq!(broken(&order), ["order_log"]);
    order.holds.clear();
    assert_eq!(broken(&order), Vec::<&str>::new());
}

#[test]
fn an_entry_whose_sides_do_not_add_up_is_named() {
    let (_, mut order) = stored();
    for recorded in order.log.as_mut().expect("a log") {
        if let Event::Confirmed { postings } = &mut recorded.event {
            postings[0].amount = postings[0].amount.plus(eur("1.00"));
        }
    }
    let found = order.drifts(None);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].invariant, "ledger_sum");
    assert!(
        found[0].detail.contains("add up to 1.00 EUR"),
        "{}",
        found[0].detail
    );
}

#[test]
fn news_that_one_side_has_and_the_other_has_not_yet_is_no_contradiction() {
    let (_, mut order) = stored();
    order.holds[0].state = "expired".to_owned();
    order.holds[0].rev += 1;
    assert_eq!(broken(&order), Vec::<&str>::new());
}

#[test]
fn units_that_a_location_has_not_moved_to_their_new_hold_yet_are_no_contradiction() {
    let (mut world, mut order) = stored();
    let lines = super::routing::units(&[("1", 1)]);
    let reason = "one is enough".to_owned();
    let part = Command::Route(RouteCommand::CancelLines { lines, reason });
    world.command(part).expect("legal");
    world.answer("cancel_fulfilment");
    assert!(world.outstanding("regroup_stock").is_some());
    let mut stored_as = |world: &World| {
        order.log = Ok(world.log.clone());
        row(&mut order).version = world.order.version;
        row(&mut order).wake_at = wake_at(&world.order, &Policy::default());
        broken(&order)
    };
    assert_eq!(stored_as(&world), Vec::<&str>::new());
    world.answer("regroup_stock");
    assert_eq!(stored_as(&world), ["order_holds"], "now it is");
}

#[test]
fn an_order_may_sleep_longer_under_an_older_policy_and_never_for_ever_under_this_one() {
    let (_, mut order) = stored();
    let later = SignedDuration::from_hours(24 * 365);
    let row = row(&mut order);
    row.wake_at = row.wake_at.and_then(|at| at.checked_add(later).ok());
    assert_eq!(order.drifts(None), Vec::new());
    assert_eq!(broken(&order), ["order_wake"]);
}

#[test]
fn a_tax_without_a_rate_is_read_back_however_it_was_written() {
    let lines = vec![line(1, "SKU-1", 1, "19.99")];
    let draft = draft(lines, "0.00", to_authorize(CaptureMode::Once));
    let mut first = World::place(draft, &[]).log.remove(0);
    let Event::Received(received) = &mut first.event else {
        panic!("a first event");
    };
    received.draft.lines[0].taxes = vec![Tax {
        name: "VAT".to_owned(),
        rate: None,
        amount: eur("3.19"),
        included: true,
    }];
    let mut stored = first.event.body();
    let kind = first.event.kind();
    assert_eq!(
        Event::from_stored(kind, stored.clone()),
        Ok(first.event.clone())
    );
    // As logs have it from before.
    stored["draft"]["lines"][0]["taxes"][0]["rate"] = serde_json::Value::Null;
    assert_eq!(Event::from_stored(kind, stored.clone()), Ok(first.event));
    stored["draft"]["lines"][0]["taxes"][0]["rate"] = "0.19".into();
    let Ok(Event::Received(read)) = Event::from_stored(kind, stored) else {
        panic!("it reads");
    };
    assert_eq!(
        read.draft.lines[0].taxes[0].rate,
        Some("0.19".parse().expect("a rate"))
    );
}
