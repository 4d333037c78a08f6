//! Money that a person gives back.

use rust_decimal::Decimal;

use super::super::*;
use super::tenders::{paid_by, report, ship};
use super::world::*;
use crate::canonical::*;
use crate::money::Money;
use crate::policy::RefundWay;

fn amount(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn refund(world: &mut World, of: impl Into<Option<Decimal>>) -> Result<Decided, Rejection> {
    world.command(Command::Refund {
        amount: of.into(),
        as_credit: false,
        reason: "scratched".into(),
    })
}

/// An order of 44.97 that has been delivered and paid.
pub(super) fn delivered() -> World {
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
        due: None,
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

/// An order of 20.00 on two cards, 12.00 and 8.00, delivered and paid.
fn on_two_cards() -> World {
    let order = draft(vec![line(1, "SKU-1", 2, "10.00")], "0.00", Terms::Invoice);
    let gift = Terms::ToAuthorize {
        gateway: "gift-cards".into(),
        token: "gc_1".into(),
        capture: CaptureMode::Once,
    };
    let parts = [
        (eur("12.00"), to_authorize(CaptureMode::Once)),
        (eur("8.00"), gift),
    ];
    let order = paid_by(order, &parts);
    let mut world = World::place(order, &[("BER1", "SKU-1", 5)]);
    world.settle();
    ship(&mut world, 1);
    world.fact(seen(1, 20, ParcelStatus::Delivered));
    assert_eq!(world.order.stage, Stage::Completed);
    world
}

fn refunded(world: &World) -> Vec<Money> {
    let tenders = world.order.tenders.iter();
    tenders.map(Tender::refunded_sum).collect()
}

fn fail_refund(world: &mut World, tender: u16) {
    let code = "expired_card".to_owned();
    let failed = PaymentEvidence::RefundFailed { refund: None, code };
    report(world, tender, failed);
}

fn credit(world: &World) -> Money {
    let credits = world.order.store_credits.iter().map(|one| one.amount);
    Money::sum(world.order.draft.currency, credits)
}

#[test]
fn tenders_give_back_in_the_order_of_policy() {
    let mut world = on_two_cards();
    world.policy.payment.refund_order = vec![RefundWay::Gateway("gift-cards".into())];
    refund(&mut world, amount("9.50")).expect("there is enough");
    world.settle();
    assert_eq!(refunded(&world), [eur("1.50"), eur("8.00")]);
    world.check();
}

#[test]
fn a_refund_that_fails_falls_through_to_the_next_tender_then_credit_then_a_person() {
    let mut world = on_two_cards();
    refund(&mut world, amount("10.00")).expect("there is enough");
    fail_refund(&mut world, 1);
    assert!(world.kinds().contains(&"payment.refund_rerouted"));
    world.answer("refund_payment");
    assert_eq!(refunded(&world), [eur("0"), eur("8.00")]);
    // The other card has no more to give, and policy knows no credit: a person has to look.
    assert!(world.order.is_held_for(REASON_REFUND_FAILED));
    assert_eq!(world.order.payment_status(), "part_refunded");
    let until = wake_at(&world.order, &world.policy).expect("it has an end");
    assert_eq!(until.duration_since(world.now).as_hours(), 72);
    world.policy.payment.refund_order = vec![RefundWay::StoreCredit];
    world.wait(72 * 3600);
    fail_refund(&mut world, 1);
    assert_eq!(credit(&world), eur("2.00"));
    assert_eq!(world.order.payment_status(), "part_refunded", "no refund");
    let owed = world
        .order
        .ledger
        .balance(&Account::StoreCredit, eur("0").currency());
    assert_eq!(owed, eur("-2.00"));
    assert_eq!(world.order.refundable(), eur("10.00"));
    assert_eq!(world.folded(), world.order);
    world.check();
}

#[test]
fn a_person_gives_credit_instead_of_money() {
    let mut world = on_two_cards();
    world
        .command(Command::Refund {
            amount: amount("15.00").into(),
            as_credit: true,
            reason: "they asked for it".into(),
        })
        .expect("there is enough");
    world.settle();
    assert_eq!(credit(&world), eur("15.00"));
    assert_eq!(refunded(&world), [eur("0"), eur("0")]);
    assert_eq!(world.order.payment_status(), "captured");
    let left = eur("5.00");
    let more = refund(&mut world, amount("5.01"));
    assert_eq!(more.err(), Some(Rejection::RefundTooLarge { left }));
    refund(&mut world, amount("5.00")).expect("that much is left");
    world.settle();
    assert_eq!(refunded(&world), [eur("0"), eur("5.00")]);
    let reference = &world.order.store_credits[0].reference;
    assert!(reference.starts_with("sc_"), "{reference}");
    world.check();
}

#[test]
fn money_of_a_cancelled_order_that_no_card_takes_becomes_credit() {
    let mut world = on_two_cards_captured_early();
    world.policy.payment.refund_order = vec![RefundWay::StoreCredit];
    let reason = "changed mind".to_owned();
    world.command(Command::Cancel { reason }).expect("legal");
    world.answer("cancel_fulfilment");
    fail_refund(&mut world, 1);
    world.settle();
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert_eq!(credit(&world), eur("12.00"));
    assert_eq!(refunded(&world), [eur("0"), eur("8.00")]);
    let receivable = world
        .order
        .ledger
        .balance(&Account::Receivable, eur("0").currency());
    assert_eq!(receivable, eur("0"), "nobody owes anything");
    world.check();
}

/// As [`on_two_cards`], but somebody took the money in the gateways' own books before it shipped.
fn on_two_cards_captured_early() -> World {
    let order = draft(vec![line(1, "SKU-1", 2, "10.00")], "0.00", Terms::Invoice);
    let parts = [
        (eur("12.00"), to_authorize(CaptureMode::Once)),
        (eur("8.00"), to_authorize(CaptureMode::Once)),
    ];
    let mut world = World::place(paid_by(order, &parts), &[("BER1", "SKU-1", 5)]);
    world.settle();
    for (tender, amount) in [(1, "12.00"), (2, "8.00")] {
        let evidence = PaymentEvidence::Captured {
            reference: format!("pi_{tender}"),
            amount: Reported::Total {
                amount: eur(amount),
            },
        };
        report(&mut world, tender, evidence);
    }
    assert_eq!(world.order.stage, Stage::Fulfilling);
    world
}
