//! A refund that the gateway answers and reports as well: one movement, once in the log.

use super::super::*;
use super::refunds::delivered;
use super::world::*;
use rust_decimal::Decimal;

/// The gateway's answer: the movement under its own name.
fn part(refund: &str, amount: &str) -> PaymentEvidence {
    told(Reported::Part {
        reference: refund.into(),
        amount: eur(amount),
    })
}

/// Its webhook: the sum so far.
fn total(amount: &str) -> PaymentEvidence {
    told(Reported::Total {
        amount: eur(amount),
    })
}

fn told(amount: Reported) -> PaymentEvidence {
    PaymentEvidence::Refunded {
        reference: "pi_1".into(),
        amount,
    }
}

fn failed(refund: &str) -> PaymentEvidence {
    PaymentEvidence::RefundFailed {
        refund: Some(refund.into()),
        code: "lost_or_stolen_card".into(),
    }
}

/// An order of 44.97 that is to give these amounts back, and nobody has answered yet.
fn asked(amounts: &[&str]) -> World {
    let mut world = delivered();
    for amount in amounts {
        let amount: Decimal = amount.parse().expect("a decimal");
        let refund = Command::Refund {
            amount: Some(amount),
            as_credit: false,
            reason: "scratched".into(),
        };
        world.command(refund).expect("there is enough");
    }
    world
}

fn count(world: &World, kind: &str) -> usize {
    world.kinds().iter().filter(|known| **known == kind).count()
}

#[test]
fn a_refund_that_is_answered_and_then_reported_is_recorded_once() {
    let mut world = asked(&["5.00"]);
    world.pay(part("re_1", "5.00"));
    assert_eq!(world.pay(total("5.00")), Decided::Nothing);
    assert_eq!(count(&world, "payment.refunded"), 1);
    // A sum that says more is news.
    world.pay(total("7.00"));
    assert_eq!(count(&world, "payment.refunded"), 2);
    assert_eq!(world.order.tenders[0].refunded_sum(), eur("7.00"));
    assert_eq!(world.folded(), world.order);
    world.check();
}

#[test]
fn a_refund_that_is_reported_and_then_answered_is_recorded_once_and_gets_its_name() {
    let mut world = asked(&["5.00"]);
    world.pay(total("5.00"));
    assert_eq!(count(&world, "payment.refunded"), 1);
    world.pay(part("re_1", "5.00"));
    assert_eq!(world.pay(part("re_1", "5.00")), Decided::Nothing);
    assert_eq!(count(&world, "payment.refunded"), 1);
    assert_eq!(count(&world, "payment.refund_named"), 1);
    // The name is what makes the next one more: it is not taken for the first.
    world.pay(part("re_2", "3.00"));
    assert_eq!(world.order.tenders[0].refunded_sum(), eur("8.00"));
    assert_eq!(count(&world, "payment.refunded"), 2);
    assert_eq!(world.folded(), world.order);
    world.check();
}

#[test]
fn answers_and_webhooks_of_two_refunds_come_to_the_same_sums_in_every_order() {
    let reports = [
        part("re_1", "5.00"),
        part("re_2", "3.00"),
        total("5.00"),
        total("8.00"),
    ];
    for arrival in super::permutations::permutations(&reports) {
        let mut world = asked(&["5.00"]);
        for report in &arrival {
            world.pay(report.clone());
            assert_eq!(world.pay(report.clone()), Decided::Nothing, "{arrival:?}");
        }
        assert_eq!(
            world.order.tenders[0].refunded_sum(),
            eur("8.00"),
            "{arrival:?}"
        );
        assert_eq!(world.folded(), world.order);
        world.check();
    }
}

#[test]
fn a_refund_that_fails_after_both_is_not_taken_for_given() {
    let mut world = asked(&["5.00"]);
    world.pay(part("re_1", "5.00"));
    world.pay(total("5.00"));
    world.pay(failed("re_1"));
    assert_eq!(world.order.tenders[0].refunded_sum(), eur("0.00"));
    assert_eq!(world.order.tenders[0].owed(), eur("5.00"));
    // The gateway's sum of after the failure speaks of another refund.
    world.pay(total("5.00"));
    assert_eq!(world.order.tenders[0].refunded_sum(), eur("5.00"));
    assert_eq!(world.folded(), world.order);
    world.check();
}
