//! What comes back from the buyer: who decides, what is counted, what is paid back, and when it ends.

use super::super::*;
use super::world::*;
use crate::canonical::*;
use crate::money::Money;
use crate::quantity::Quantity;

const DAY: i64 = 24 * 3600;

pub(super) fn units(count: u32) -> Quantity {
    Quantity::units(count)
}

/// Four units of 20.00 and shipping of 4.99, delivered and paid.
pub(super) fn delivered(capture: CaptureMode) -> World {
    let lines = vec![line(1, "SKU-1", 4, "20.00")];
    let order = draft(lines, "4.99", to_authorize(capture));
    let mut world = World::place(order, &[("BER1", "SKU-1", 5)]);
    deliver(&mut world);
    world
}

pub(super) fn deliver(world: &mut World) {
    ship(world);
    world.fact(seen(1, 20, ParcelStatus::Delivered));
    assert_eq!(world.order.stage, Stage::Completed);
}

pub(super) fn ship(world: &mut World) {
    world.settle();
    for step in [
        FulfilmentStep::Accept,
        FulfilmentStep::Pick { lines: None },
        FulfilmentStep::Pack,
    ] {
        world.step(step).expect("legal");
    }
    world.settle();
    world.step(FulfilmentStep::HandOver).expect("legal");
    world.settle();
}

pub(super) fn ask(world: &mut World, command: ReturnCommand) -> Result<Decided, Rejection> {
    let asked = world.command(Command::Return(command));
    world.check();
    asked
}

pub(super) fn open(world: &mut World, count: u32) {
    let lines = Some(vec![("1".to_owned(), units(count))]);
    let reason = "does not fit".to_owned();
    ask(world, ReturnCommand::Open { lines, reason }).expect("the buyer has them");
}

pub(super) fn arrival(name: &str, lines: Vec<ReceivedLine>) -> Arrival {
    Arrival {
        parcel: Some(name.to_owned()),
        location: "BER1".into(),
        lines: Some(lines),
    }
}

pub(super) fn of_line(count: u32) -> ReceivedLine {
    ReceivedLine::Line("1".to_owned(), units(count))
}

pub(super) fn receive(world: &mut World, number: u16, name: &str, lines: Vec<ReceivedLine>) {
    let parcel = arrival(name, lines);
    ask(world, ReturnCommand::Receive { number, parcel }).expect("it came");
}

pub(super) fn inspect(world: &mut World, number: u16, found: &[(u32, Disposition)]) {
    let lines = found.iter().map(|(count, disposition)| InspectedLine {
        line: "1".to_owned(),
        quantity: units(*count),
        disposition: *disposition,
        accepted: None,
    });
    let lines = lines.collect();
    ask(
        world,
        ReturnCommand::Inspect {
            number,
            lines,
            rest: None,
        },
    )
    .expect("they are there");
}

pub(super) fn stage(world: &World, number: u16) -> &'static str {
    world
        .order
        .returned(number)
        .expect("it is there")
        .stage()
        .word()
}

pub(super) fn on_hand(world: &World) -> i64 {
    world.shelves.stock[&"BER1".into()]
        .counters(&"SKU-1".into())
        .on_hand
}

pub(super) fn refunded(world: &World) -> Money {
    world.order.tenders[0].refunded_sum()
}

#[test]
fn a_return_goes_from_its_announcement_to_the_shelf_and_the_money_back() {
    let mut world = delivered(CaptureMode::Once);
    assert_eq!(on_hand(&world), 1);
    open(&mut world, 1);
    assert_eq!(stage(&world, 1), "approved", "nothing speaks against it");
    receive(&mut world, 1, "A", vec![of_line(1)]);
    assert_eq!(stage(&world, 1), "received");
    inspect(&mut world, 1, &[(1, Disposition::Restock)]);
    assert_eq!(stage(&world, 1), "refund_due");
    world.settle();
    assert_eq!(stage(&world, 1), "closed");
    assert_eq!(on_hand(&world), 2);
    assert_eq!(refunded(&world), eur("20.00"));
    let kinds = world.kinds();
    let expected = [
        "return.requested",
        "return.approved",
        "return.received",
        "return.inspected",
        "payment.refund_granted",
        "return.refunded",
        "return.closed",
    ];
    let mut left = kinds.iter();
    for kind in expected {
        assert!(left.any(|known| *known == kind), "{kind} in {kinds:?}");
    }
    assert_eq!(world.folded(), world.order);
}

#[test]
fn no_more_is_announced_than_the_buyer_has() {
    let mut world = delivered(CaptureMode::Once);
    let five = ReturnCommand::Open {
        lines: Some(vec![("1".to_owned(), units(5))]),
        reason: "does not fit".into(),
    };
    let refused = ask(&mut world, five).expect_err("four were delivered");
    assert_eq!(refused.to_string(), "line \"1\" has 4 left to come back");
    open(&mut world, 3);
    let all = ReturnCommand::Open {
        lines: None,
        reason: "the rest too".into(),
    };
    ask(&mut world, all.clone()).expect("one is left");
    let second = world.order.returned(2).expect("it is open");
    assert_eq!(units_of(&second.announced, 1), units(1));
    let refused = ask(&mut world, all).expect_err("nothing is left");
    assert_eq!(refused.code(), "nothing_to_return");
}

#[test]
fn before_the_delivery_nothing_can_be_announced() {
    let order = draft(
        vec![line(1, "SKU-1", 1, "20.00")],
        "0",
        to_authorize(CaptureMode::Once),
    );
    let mut world = World::place(order, &[("BER1", "SKU-1", 5)]);
    ship(&mut world);
    let all = ReturnCommand::Open {
        lines: None,
        reason: "changed my mind".into(),
    };
    let refused = ask(&mut world, all).expect_err("it is on its way");
    assert_eq!(refused.code(), "nothing_to_return");
}

#[test]
fn a_parcel_from_the_buyer_says_that_the_order_was_delivered() {
    let order = draft(
        vec![line(1, "SKU-1", 1, "20.00")],
        "0",
        to_authorize(CaptureMode::Once),
    );
    let mut world = World::place(order, &[("BER1", "SKU-1", 5)]);
    ship(&mut world);
    assert_eq!(world.order.stage, Stage::Fulfilling);
    let parcel = arrival("A", vec![of_line(1)]);
    let reason = "the order's slip was in it".to_owned();
    ask(
        &mut world,
        ReturnCommand::ReceiveUnannounced { parcel, reason },
    )
    .expect("it came");
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.order.quantities(1).delivered, units(1));
    assert_eq!(stage(&world, 1), "review", "nobody announced it");
    let why = explain(&world.order, &world.policy);
    assert_eq!(why.because, "Return 1 waits for a decision: unannounced.");
    assert_eq!(why.recommended, Some("approve_return"));
    // A late sighting changes nothing about that.
    world.fact(seen(1, 30, ParcelStatus::InTransit));
    world.check();
}

#[test]
fn an_excluded_article_is_declined_and_a_late_or_dear_one_waits_for_a_person() {
    let mut world = delivered(CaptureMode::Once);
    world.policy.returns.excluded = vec!["SKU-*".into()];
    open(&mut world, 1);
    assert_eq!(stage(&world, 1), "declined");
    world.policy.returns.excluded = vec!["SKU".into()];
    world.now += world.policy.returns.window + jiff::SignedDuration::from_hours(1);
    open(&mut world, 1);
    assert_eq!(stage(&world, 2), "review");
    let rules: Vec<_> = world.order.returns[1]
        .verdict
        .reasons
        .iter()
        .map(|r| r.rule)
        .collect();
    assert_eq!(rules, [ReturnRule::TooLate]);
    world.policy.returns.window = jiff::SignedDuration::from_hours(24 * 365);
    let limit = rust_decimal::Decimal::from(30);
    world
        .policy
        .returns
        .auto_approve
        .insert("EUR".into(), limit);
    open(&mut world, 1);
    assert_eq!(stage(&world, 3), "approved");
    open(&mut world, 2);
    assert_eq!(stage(&world, 4), "review", "40.00 is more than 30.00");
}

#[test]
fn a_declined_return_that_comes_all_the_same_waits_for_a_person() {
    let mut world = delivered(CaptureMode::Once);
    world.policy.returns.excluded = vec!["SKU-1".into()];
    open(&mut world, 1);
    receive(&mut world, 1, "A", vec![of_line(1)]);
    assert_eq!(stage(&world, 1), "review");
    inspect(&mut world, 1, &[(1, Disposition::Restock)]);
    world.settle();
    assert_eq!(
        (on_hand(&world), refunded(&world)),
        (1, eur("0")),
        "undecided"
    );
    let reason = "worn".to_owned();
    ask(&mut world, ReturnCommand::Decline { number: 1, reason }).expect("undecided");
    world.settle();
    assert_eq!(
        (on_hand(&world), refunded(&world)),
        (1, eur("0")),
        "declined"
    );
    assert_eq!(stage(&world, 1), "declined");
}

#[test]
fn two_of_three_arrive_and_one_is_broken_so_two_are_paid_and_one_is_shelved() {
    let mut world = delivered(CaptureMode::Once);
    open(&mut world, 3);
    receive(&mut world, 1, "A", vec![of_line(2)]);
    assert_eq!(stage(&world, 1), "partly_received");
    inspect(
        &mut world,
        1,
        &[(1, Disposition::Restock), (1, Disposition::Scrap)],
    );
    world.settle();
    assert_eq!((on_hand(&world), refunded(&world)), (2, eur("40.00")));
    assert_eq!(stage(&world, 1), "partly_received", "one is still awaited");
    world.wait(30 * DAY);
    assert_eq!(stage(&world, 1), "closed", "it is not awaited any more");
    assert!(world.kinds().contains(&"return.no_show"));
}

#[test]
fn the_same_parcel_told_twice_is_one_parcel() {
    let mut world = delivered(CaptureMode::Once);
    open(&mut world, 3);
    receive(&mut world, 1, "A", vec![of_line(1)]);
    let version = world.order.version;
    receive(&mut world, 1, "A", vec![of_line(1)]);
    assert_eq!(world.order.version, version);
    receive(&mut world, 1, "A", vec![of_line(2)]);
    assert_eq!(world.order.returned(1).expect("open").received(1), units(2));
    let parcel = arrival("B", vec![of_line(3)]);
    let refused = ask(&mut world, ReturnCommand::Receive { number: 1, parcel });
    let refused = refused.expect_err("only two more ever left");
    assert_eq!(refused.to_string(), "line \"1\" has 2 left that ever left");
}

#[test]
fn the_order_is_closed_only_after_its_returns_and_a_late_one_opens_it_again() {
    let mut world = delivered(CaptureMode::Once);
    open(&mut world, 1);
    world.wait(15 * DAY);
    assert_eq!(world.order.stage, Stage::Completed, "a return is open");
    receive(&mut world, 1, "A", vec![of_line(1)]);
    inspect(&mut world, 1, &[(1, Disposition::Restock)]);
    world.settle();
    assert_eq!(world.order.stage, Stage::Closed);
    let before = world.order.version;
    open(&mut world, 1);
    assert_eq!(world.order.stage, Stage::Completed);
    assert!(world.kinds()[usize::try_from(before).expect("small")..].contains(&"order.reopened"));
    let reason = "kept".to_owned();
    ask(
        &mut world,
        ReturnCommand::Close {
            number: 1,
            reason: reason.clone(),
        },
    )
    .expect("is over");
    ask(&mut world, ReturnCommand::Close { number: 2, reason }).expect("nothing came");
    assert_eq!(stage(&world, 2), "cancelled");
    world.wait(14 * DAY);
    assert_eq!(world.order.stage, Stage::Closed);
    assert_eq!(
        world.order.returnable(1),
        units(3),
        "the cancelled one is with the buyer"
    );
}

#[test]
fn a_dispute_opens_a_closed_order_again_and_its_end_lets_it_close() {
    let mut world = delivered(CaptureMode::Once);
    world.wait(14 * DAY);
    assert_eq!(world.order.stage, Stage::Closed);
    let (dispute, amount) = ("dp_1".to_owned(), eur("20.00"));
    let opened = PaymentEvidence::DisputeOpened {
        dispute: dispute.clone(),
        amount,
        due: None,
    };
    world.pay(opened);
    assert_eq!(world.order.stage, Stage::Completed);
    world.wait(20 * DAY);
    assert_eq!(
        world.order.stage,
        Stage::Completed,
        "nobody knows who keeps it"
    );
    let won = true;
    world.pay(PaymentEvidence::DisputeClosed {
        dispute,
        won,
        amount,
    });
    world.wait(0);
    assert_eq!(world.order.stage, Stage::Closed);
}

#[test]
fn the_tables_of_returns_have_no_dead_end_and_no_orphan() {
    for at in ReturnStage::ALL {
        let row = RETURN_MOVES.iter().find(|(from, _)| *from == at);
        let (_, targets) = row.expect("every stage has a row");
        assert!(!targets.is_empty(), "{at:?} leads nowhere");
        let reached = RETURN_MOVES
            .iter()
            .any(|(_, targets)| targets.contains(&at));
        assert!(
            reached || at == ReturnStage::Requested,
            "{at:?} is never reached"
        );
    }
}
