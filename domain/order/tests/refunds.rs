//! Money that a person gives back.

use rust_decimal::Decimal;

use super::super::*;
use super::world::*;
use crate::canonical::*;

fn amount(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn refund(world: &mut World, of: impl Into<Option<Decimal>>) -> Result<Decided, Rejection> {
    world.command(Command::Refund {
        amount: of.into(),
        reason: "scratched".into(),
    })
}

/// An order of 44.97 that has been delivered and paid.
fn delivered() -> World {
    let order = draft(
        vec![line(1, "SKU-1", 2, "19.99")],
        "4.99",
        to_authorize(CaptureMode::Once),
    );
    let mut world = World::place(order, &[("BER1", "SKU-1", 5)]);
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
    world.fact(seen(1, 20, ParcelStatus::Delivered));
    assert_eq!(world.order.stage, Stage::Completed);
    world
}

#[test]
fn parts_are_given_back_until_nothing_is_left_and_no_further() {
    let mut world = delivered();
    refund(&mut world, amount("10.00")).expect("there is enough");
    assert_eq!(world.order.refundable(), eur("34.97"), "it is promised");
    world.settle();
    assert_eq!(world.order.payment_status(), "part_refunded");
    let too_much = refund(&mut world, amount("34.98"));
    let left = eur("34.97");
    assert_eq!(too_much.err(), Some(Rejection::RefundTooLarge { left }));
    refund(&mut world, None).expect("the rest");
    let more = refund(&mut world, amount("0.01"));
    assert_eq!(more.err(), Some(Rejection::NothingToRefund));
    world.settle();
    assert_eq!(world.order.payment_status(), "refunded");
    let asked = world.kinds();
    let asked = asked.iter().filter(|k| **k == "payment.refund_requested");
    assert_eq!(asked.count(), 2, "each grant is asked for once");
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.folded(), world.order);
    world.check();
}

#[test]
fn what_the_currency_does_not_have_is_no_amount() {
    let mut world = delivered();
    for wrong in ["0", "-1.00", "0.001"] {
        let refused = refund(&mut world, amount(wrong));
        let none = Rejection::NoAmount {
            currency: "EUR",
            exponent: 2,
        };
        assert_eq!(refused.err(), Some(none), "{wrong}");
    }
}

#[test]
fn before_anything_is_captured_there_is_nothing_to_give() {
    let order = draft(
        vec![line(1, "SKU-1", 1, "19.99")],
        "0.00",
        to_authorize(CaptureMode::Once),
    );
    let mut world = World::place(order, &[("BER1", "SKU-1", 5)]);
    world.settle();
    let refused = refund(&mut world, None);
    assert_eq!(refused.err(), Some(Rejection::NothingToRefund));
}

#[test]
fn disputed_money_is_not_given_twice() {
    let mut world = delivered();
    world.pay(PaymentEvidence::DisputeOpened {
        dispute: "dp_1".into(),
        amount: eur("40.00"),
    });
    let left = eur("4.97");
    let refused = refund(&mut world, amount("5.00"));
    assert_eq!(refused.err(), Some(Rejection::RefundTooLarge { left }));
    world.pay(PaymentEvidence::DisputeClosed {
        dispute: "dp_1".into(),
        won: true,
        amount: eur("40.00"),
    });
    assert_eq!(world.order.refundable(), eur("44.97"));
    world.check();
}

#[test]
fn a_refund_that_the_gateway_refuses_waits_for_a_person_and_is_owed_all_the_same() {
    let mut world = delivered();
    refund(&mut world, amount("5.00")).expect("there is enough");
    world.pay(PaymentEvidence::RefundFailed {
        refund: None,
        code: "expired_card".into(),
    });
    assert!(world.order.is_held_for(REASON_REFUND_FAILED));
    assert_eq!(world.order.tenders[0].owed(), eur("5.00"));
    let hold = world.order.holds[0].id;
    let reason = "they have a new card".into();
    world
        .command(Command::Release { hold, reason })
        .expect("legal");
    world.settle();
    assert_eq!(world.order.payment_status(), "part_refunded");
    assert!(world.order.tenders[0].owed().is_zero());
    world.check();
}

#[test]
fn a_hold_on_refunds_keeps_the_money_until_it_is_released() {
    let mut world = delivered();
    world
        .command(Command::Hold {
            scope: HoldScope::Order,
            blocks: vec![Edge::Refund],
            reason: "the accountant asks".into(),
            until: None,
            on_expiry: OnExpiry::default(),
        })
        .expect("legal");
    refund(&mut world, amount("5.00")).expect("it is granted");
    assert!(!world.kinds().contains(&"payment.refund_requested"));
    world
        .command(Command::Release {
            hold: 1,
            reason: "settled".into(),
        })
        .expect("legal");
    world.settle();
    assert_eq!(world.order.payment_status(), "part_refunded");
}
