//! Reports that do not fit: sums that differ from what was asked, shelves that differ from the
//! count, outcomes that nobody knows.

use super::super::*;
use super::world::*;
use crate::canonical::*;
use crate::stock::Counters;

fn placed(on_hand: &[(&str, &str, i64)]) -> World {
    let lines = vec![line(1, "SKU-1", 2, "19.99")];
    World::place(
        draft(lines, "4.99", to_authorize(CaptureMode::Once)),
        on_hand,
    )
}

fn packed() -> World {
    let mut world = placed(&[("BER1", "SKU-1", 5)]);
    world.settle();
    for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
        world.step(step).expect("legal");
    }
    world.settle();
    world
}

fn total(amount: &str) -> Reported {
    let amount = eur(amount);
    Reported::Total { amount }
}

fn captured(amount: &str) -> PaymentEvidence {
    PaymentEvidence::Captured {
        reference: "pi_1".into(),
        amount: total(amount),
    }
}

fn refunded(amount: &str) -> PaymentEvidence {
    PaymentEvidence::Refunded {
        reference: "pi_1".into(),
        amount: total(amount),
    }
}

fn counters(world: &World, location: &str) -> Counters {
    world.shelves.stock[&location.into()].counters(&"SKU-1".into())
}

#[test]
fn a_refusal_says_what_became_of_the_units() {
    // Reason, and what is on hand of five after two were refused.
    for (reason, on_hand) in [
        ("not_in_stock", 0),
        ("NOT_IN_STOCK", 0),
        ("out-of-stock", 0),
        ("Damaged", 3),
        ("mismatch", 5),
        ("closed today", 5),
    ] {
        let mut world = placed(&[("BER1", "SKU-1", 5), ("HAM1", "SKU-1", 5)]);
        world.settle();
        world
            .step(FulfilmentStep::Reject {
                reason: reason.into(),
            })
            .expect("legal");
        world.settle();
        let after = counters(&world, "BER1");
        let expected = (on_hand, 0, 0);
        assert_eq!(
            (after.on_hand, after.reserved, after.allocated),
            expected,
            "{reason}"
        );
        assert_eq!(world.order.fulfilments[1].location, "HAM1".into());
        world.check();
    }
}

#[test]
fn a_capture_that_nobody_asked_for_and_that_is_not_the_whole_waits_for_a_person() {
    let mut world = packed();
    world.pay(captured("0.01"));
    assert_eq!(world.order.holds[0].reason, REASON_PAYMENT_MISMATCH);
    assert_eq!(world.captured(), eur("0.01"), "booked as told");
    let refused = world.step(FulfilmentStep::HandOver);
    assert!(matches!(refused, Err(Rejection::OnHold(_))), "{refused:?}");
    // The parcel is seen all the same: without a person the order does not count as paid.
    world.fact(seen(1, 1, ParcelStatus::Delivered));
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
    let reason = "the rest was paid in cash".to_owned();
    world
        .command(Command::Release { hold: 1, reason })
        .expect("legal");
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    world.check();
}

#[test]
fn the_whole_captured_by_somebody_else_is_as_good_as_asked_for() {
    let mut world = packed();
    world.pay(captured("44.97"));
    assert!(world.order.holds.is_empty());
    world.step(FulfilmentStep::HandOver).expect("legal");
    world.settle();
    let asked = world.kinds();
    assert!(!asked.contains(&"payment.capture_requested"), "{asked:?}");
}

#[test]
fn more_refunded_than_the_tender_is_worth_is_not_booked() {
    let mut world = packed();
    world.pay(refunded("44.98"));
    assert_eq!(world.order.tenders[0].refunded_sum(), eur("0.00"));
    assert_eq!(world.order.holds[0].reason, REASON_PAYMENT_MISMATCH);
}

#[test]
fn a_refund_before_its_capture_may_wait_a_day_for_the_missing_report() {
    let mut world = packed();
    world.pay(refunded("10.00"));
    assert!(world.order.holds.is_empty());
    let explained = explain(&world.order, &world.policy);
    assert!(explained.because.contains("missing"), "{explained:?}");
    let due = world.now + world.policy.mismatch_patience;
    assert_eq!(wake_at(&world.order, &world.policy), Some(due));
    let mut patient = packed();
    patient.pay(refunded("10.00"));
    patient.pay(captured("44.97"));
    assert_eq!(patient.order.tenders[0].overdrawn_since, None);

    world.wait(24 * 3_600);
    assert_eq!(world.order.holds[0].reason, REASON_PAYMENT_MISMATCH);
    let reason = "the gateway confirmed it by phone".to_owned();
    let hold = world.order.holds[0].id;
    world
        .command(Command::Release { hold, reason })
        .expect("legal");
    world.wait(24 * 3_600);
    assert!(world.order.holds.is_empty(), "looked at once is enough");
}

#[test]
fn a_doubtful_label_is_no_doubtful_payment() {
    let mut world = placed(&[("BER1", "SKU-1", 5)]);
    world.settle();
    for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
        world.step(step).expect("legal");
    }
    let effect = world.outstanding("buy_label").expect("a label is wanted");
    let reason = "no answer in time".to_owned();
    world.fact(Fact::Unknown(Postponement {
        effect,
        reason,
        not_before: None,
    }));
    assert_eq!(world.kinds().last(), Some(&"order.effect_postponed"));
    let because = explain(&world.order, &world.policy).because;
    let said = "Buying the shipping label got no answer once; it may have been done.";
    assert_eq!(because, said);
}

#[test]
fn an_order_that_ended_before_the_gateway_was_asked_has_no_payment_pending() {
    let world = placed(&[]);
    assert_eq!(world.order.stage, Stage::Rejected);
    assert_eq!(world.order.payment_status(), "none");
}
