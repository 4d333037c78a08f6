//! Captures that a gateway told of and that came to nothing: the money is not counted any more, a person
//! hears of it, and only then is it tried again.

use super::super::*;
use super::tenders::{asked, ship};
use super::world::*;
use crate::canonical::*;

/// Two units of 10.00 in two parcels, of which the first has left and its capture `c1` was told.
fn half_shipped() -> World {
    let order = draft(
        vec![line(1, "SKU-1", 2, "10.00")],
        "0.00",
        to_authorize(CaptureMode::Many),
    );
    let mut world = World::place(order, &[("BER1", "SKU-1", 1), ("HAM1", "SKU-1", 1)]);
    world.settle();
    leave(&mut world, 1, "c1");
    world
}

/// A piece of work leaves, and the gateway tells of its capture by this name.
fn leave(world: &mut World, fulfilment: u16, capture: &str) {
    for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
        let command = Command::Fulfil { fulfilment, step };
        world.command(command).expect("legal");
    }
    world.settle();
    let step = FulfilmentStep::HandOver;
    let command = Command::Fulfil { fulfilment, step };
    world.command(command).expect("legal");
    say(world, 10, made(capture, "10.00"));
    world.settle();
}

/// The gateway tells of something that happened in this second.
fn say(world: &mut World, second: i64, evidence: PaymentEvidence) -> Decided {
    world.fact(payment_at(Some(second), evidence))
}

fn delivered() -> World {
    let mut world = half_shipped();
    leave(&mut world, 2, "c2");
    for fulfilment in 1..=2 {
        world.fact(seen(fulfilment, 20, ParcelStatus::Delivered));
    }
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    world
}

fn release(world: &mut World) {
    let mut holds = world.order.holds.iter();
    let failed = holds.find(|hold| hold.reason == REASON_CAPTURE_FAILED);
    let hold = failed.expect("it is held").id;
    let reason = "the gateway says that it is final".to_owned();
    let command = Command::Release { hold, reason };
    world.command(command).expect("legal");
}

fn balance(world: &World, account: &Account) -> crate::money::Money {
    let currency = world.order.draft.currency;
    world.order.ledger.balance(account, currency)
}

#[test]
fn what_came_to_nothing_is_taken_out_of_the_books_once_and_shown_to_a_person() {
    let mut world = delivered();
    assert_eq!(world.captured(), eur("20.00"));
    say(&mut world, 50, lost("c1"));
    assert_eq!(say(&mut world, 50, lost("c1")), Decided::Nothing);
    assert_eq!(say(&mut world, 10, made("c1", "10.00")), Decided::Nothing);
    assert_eq!(world.captured(), eur("10.00"));
    assert_eq!(balance(&world, &Account::Receivable), eur("10.00"));
    let why = explain(&world.order, &world.policy);
    assert_eq!(
        (why.waiting_for, why.recommended),
        ("person", Some("release"))
    );
    assert!(why.because.contains("come to nothing"), "{}", why.because);
    let told = world.kinds().into_iter();
    assert_eq!(
        told.filter(|kind| *kind == "payment.capture_failed")
            .count(),
        1
    );
    world.check();
}

#[test]
fn nothing_is_taken_or_set_aside_anew_before_a_person_has_looked() {
    let mut world = half_shipped();
    say(&mut world, 50, lost("c1"));
    world.wait(30 * 24 * 3600);
    assert_eq!(asked(&world, "capture_payment"), [1]);
    assert_eq!(asked(&world, "authorize_payment"), [1]);
    assert!(world.order.is_held_for(REASON_CAPTURE_FAILED));
    world.check();
}

#[test]
fn a_person_who_releases_it_has_it_captured_once_more() {
    let mut world = delivered();
    say(&mut world, 50, lost("c2"));
    release(&mut world);
    assert_eq!(asked(&world, "capture_payment"), [1, 1, 1]);
    say(&mut world, 90, made("c3", "10.00"));
    assert!(world.outstanding("capture_payment").is_none(), "answered");
    assert_eq!(world.captured(), eur("20.00"));
    assert_eq!(say(&mut world, 50, lost("c2")), Decided::Nothing);
    world.wait(14 * 24 * 3600);
    assert_eq!(world.order.stage, Stage::Closed);
    assert_eq!(balance(&world, &Account::Receivable), eur("0"));
    assert_eq!(world.folded(), world.order);
    world.check();
}

#[test]
fn a_closed_order_whose_capture_comes_to_nothing_is_opened_and_stays_open_until_it_is_paid() {
    let mut world = delivered();
    world.wait(14 * 24 * 3600);
    assert_eq!(world.order.stage, Stage::Closed);
    say(&mut world, 50, lost("c1"));
    assert_eq!(world.order.stage, Stage::Completed);
    world.wait(30 * 24 * 3600);
    assert_eq!(world.order.stage, Stage::Completed);
    release(&mut world);
    say(&mut world, 90, made("c3", "10.00"));
    world.wait(14 * 24 * 3600);
    assert_eq!(world.order.stage, Stage::Closed);
    world.check();
}

#[test]
fn what_the_gateway_makes_after_all_counts_and_nobody_has_to_look_any_more() {
    let mut world = delivered();
    say(&mut world, 50, lost("c1"));
    say(&mut world, 60, made("c1", "10.00"));
    assert_eq!(world.captured(), eur("20.00"));
    assert!(world.order.holds.is_empty());
    assert_eq!(say(&mut world, 50, lost("c1")), Decided::Nothing);
    // It may come to nothing once more, and is shown once more.
    say(&mut world, 70, lost("c1"));
    assert!(world.order.is_held_for(REASON_CAPTURE_FAILED));
    assert_eq!(world.captured(), eur("10.00"));
    world.check();
}

#[test]
fn an_earlier_capture_that_comes_to_nothing_does_not_answer_the_one_that_is_under_way() {
    let mut world = half_shipped();
    for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
        let fulfilment = 2;
        world
            .command(Command::Fulfil { fulfilment, step })
            .expect("legal");
    }
    world.settle();
    let step = FulfilmentStep::HandOver;
    let command = Command::Fulfil {
        fulfilment: 2,
        step,
    };
    world.command(command).expect("legal");
    say(&mut world, 50, lost("c1"));
    assert!(world.outstanding("capture_payment").is_some());
    // What it asked for in all is not reached any more; its own amount is.
    say(&mut world, 60, made("c2", "10.00"));
    assert!(world.outstanding("capture_payment").is_none());
    assert_eq!(world.captured(), eur("10.00"));
    world.check();
}

#[test]
fn a_failure_that_overtakes_its_capture_is_no_reason_to_try_again_by_itself() {
    let order = draft(
        vec![line(1, "SKU-1", 1, "10.00")],
        "0.00",
        to_authorize(CaptureMode::Once),
    );
    let mut world = World::place(order, &[("BER1", "SKU-1", 1)]);
    world.settle();
    for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
        world.step(step).expect("legal");
    }
    world.settle();
    world.step(FulfilmentStep::HandOver).expect("legal");
    say(&mut world, 50, lost("c1"));
    assert!(world.outstanding("capture_payment").is_none());
    say(&mut world, 40, made("c1", "10.00"));
    let held: Vec<&str> = world.order.holds.iter().map(|hold| &*hold.reason).collect();
    assert_eq!(held, [REASON_CAPTURE_FAILED]);
    assert_eq!(world.captured(), eur("0"));
    release(&mut world);
    assert_eq!(asked(&world, "capture_payment"), [1, 1]);
    say(&mut world, 60, made("c2", "10.00"));
    assert_eq!(world.captured(), eur("10.00"));
    assert!(world.order.holds.is_empty());
    world.check();
}

#[test]
fn what_a_former_authorisation_had_paid_is_authorised_anew_once_a_person_wants_it() {
    let order = draft(
        vec![line(1, "SKU-1", 2, "10.00")],
        "0.00",
        to_authorize(CaptureMode::Once),
    );
    let mut world = World::place(order, &[("BER1", "SKU-1", 1), ("HAM1", "SKU-1", 1)]);
    world.policy.payment.once_capture = crate::policy::OnceCapture::ReauthorizeRest;
    world.settle();
    leave(&mut world, 1, "c1");
    assert_eq!(world.order.tenders[0].replaced_by, Some(2));
    say(&mut world, 50, lost("c1"));
    assert_eq!(asked(&world, "authorize_payment"), [1, 2]);
    release(&mut world);
    world.settle();
    ship(&mut world, 2);
    let captured = world.order.tenders.iter().map(Tender::captured_sum);
    let captured: Vec<_> = captured.collect();
    assert_eq!(captured, ["0", "10.00", "10.00"].map(eur), "both are paid");
    assert!(world.order.holds.is_empty());
    world.check();
}
