//! What the buyer gets for units that come back: shares, fees, disputes, and money that others hold.

use super::super::*;
use super::returns::{
    ask, deliver, delivered, inspect, of_line, on_hand, open, receive, refunded, stage,
};
use super::world::*;
use crate::canonical::*;
use crate::policy::{ReturnPayer, ShippingRefund};

#[test]
fn the_last_unit_takes_shipping_along_and_everything_adds_up_to_what_was_paid() {
    let mut world = delivered(CaptureMode::Once);
    for number in 1..=4 {
        open(&mut world, 1);
        receive(&mut world, number, "A", vec![of_line(1)]);
        inspect(&mut world, number, &[(1, Disposition::Restock)]);
        world.settle();
    }
    assert_eq!(refunded(&world), eur("84.99"));
    assert_eq!(world.order.payment_status(), "refunded");
}

#[test]
fn each_unit_takes_its_share_of_shipping_where_the_policy_says_so() {
    let mut world = delivered(CaptureMode::Once);
    world.policy.returns.shipping = ShippingRefund::Share;
    let mut seen = Vec::new();
    for number in 1..=4 {
        open(&mut world, 1);
        receive(&mut world, number, "A", vec![of_line(1)]);
        inspect(&mut world, number, &[(1, Disposition::Restock)]);
        world.settle();
        seen.push(refunded(&world));
    }
    let expected = ["21.25", "42.50", "63.74", "84.99"].map(eur);
    assert_eq!(seen, expected);
}

#[test]
fn a_fee_and_a_label_that_the_buyer_pays_are_kept_once() {
    let mut world = delivered(CaptureMode::Once);
    world.policy.returns.restocking_fee_percent = 15;
    world.policy.returns.paid_by = ReturnPayer::Buyer;
    open(&mut world, 2);
    let label = Some(("UPS".to_owned(), "1Z9".to_owned(), Some(eur("5.00"))));
    let reason = "agreed".to_owned();
    let approve = ReturnCommand::Approve {
        number: 1,
        reason,
        label,
    };
    ask(&mut world, approve.clone()).expect("it may come");
    ask(&mut world, approve).expect("said again, nothing changes");
    assert_eq!(stage(&world, 1), "label_issued");
    receive(&mut world, 1, "1Z9", vec![of_line(1)]);
    inspect(&mut world, 1, &[(1, Disposition::Restock)]);
    world.settle();
    assert_eq!(refunded(&world), eur("12.00"), "20.00 less 3.00 less 5.00");
    receive(&mut world, 1, "B", vec![of_line(1)]);
    inspect(&mut world, 1, &[(1, Disposition::Restock)]);
    world.settle();
    assert_eq!(refunded(&world), eur("29.00"), "40.00 less 6.00 less 5.00");
}

#[test]
fn the_refund_of_a_return_is_frozen_by_a_dispute_and_paid_when_it_is_won() {
    let mut world = delivered(CaptureMode::Once);
    let (dispute, amount) = ("dp_1".to_owned(), eur("40.00"));
    world.pay(PaymentEvidence::DisputeOpened {
        dispute: dispute.clone(),
        amount,
        due: None,
    });
    open(&mut world, 2);
    receive(&mut world, 1, "A", vec![of_line(2)]);
    inspect(&mut world, 1, &[(2, Disposition::Restock)]);
    world.settle();
    assert_eq!(refunded(&world), eur("0"));
    let why = explain(&world.order, &world.policy);
    assert!(why.because.contains("frozen"), "{}", why.because);
    let won = true;
    world.pay(PaymentEvidence::DisputeClosed {
        dispute,
        won,
        amount,
    });
    world.settle();
    assert_eq!(refunded(&world), eur("40.00"));
    assert_eq!(stage(&world, 1), "closed");
}

#[test]
fn what_a_lost_dispute_took_is_not_paid_again_for_the_units() {
    let mut world = delivered(CaptureMode::Once);
    let (dispute, amount) = ("dp_1".to_owned(), eur("30.00"));
    world.pay(PaymentEvidence::DisputeOpened {
        dispute: dispute.clone(),
        amount,
        due: None,
    });
    open(&mut world, 2);
    receive(&mut world, 1, "A", vec![of_line(2)]);
    inspect(&mut world, 1, &[(2, Disposition::Restock)]);
    let won = false;
    world.pay(PaymentEvidence::DisputeClosed {
        dispute,
        won,
        amount,
    });
    world.settle();
    assert_eq!(
        refunded(&world),
        eur("10.00"),
        "40.00 less the 30.00 that are gone"
    );
    assert_eq!(stage(&world, 1), "closed");
}

#[test]
fn a_dispute_that_had_paid_for_units_and_is_won_after_all_is_shown_to_a_person() {
    let mut world = delivered(CaptureMode::Once);
    let (dispute, amount) = ("dp_1".to_owned(), eur("30.00"));
    let decide = |world: &mut World, second, won| {
        let dispute = dispute.clone();
        let evidence = PaymentEvidence::DisputeClosed {
            dispute,
            won,
            amount,
        };
        world.fact(payment_at(Some(second), evidence));
    };
    decide(&mut world, 1, false);
    open(&mut world, 2);
    receive(&mut world, 1, "A", vec![of_line(2)]);
    inspect(&mut world, 1, &[(2, Disposition::Restock)]);
    world.settle();
    assert_eq!(refunded(&world), eur("10.00"));
    assert!(world.order.holds.is_empty());
    decide(&mut world, 2, true);
    assert!(world.order.is_held_for(REASON_PAYMENT_MISMATCH));
    world.check();
}

#[test]
fn what_the_channel_took_goes_back_by_hand_and_is_said() {
    let lines = vec![line(1, "SKU-1", 2, "20.00")];
    let prepaid = Terms::Prepaid { reference: None };
    let mut world = World::place(draft(lines, "0", prepaid), &[("BER1", "SKU-1", 5)]);
    deliver(&mut world);
    open(&mut world, 1);
    receive(&mut world, 1, "A", vec![of_line(1)]);
    inspect(&mut world, 1, &[(1, Disposition::Restock)]);
    world.settle();
    assert_eq!(stage(&world, 1), "closed");
    assert_eq!(
        world.order.returned(1).expect("closed").payback.elsewhere,
        Some(eur("20.00"))
    );
    assert_eq!(on_hand(&world), 4);
}

#[test]
fn broken_units_are_not_paid_where_the_policy_says_so() {
    let mut world = delivered(CaptureMode::Once);
    world.policy.returns.refund_damaged = false;
    open(&mut world, 2);
    receive(&mut world, 1, "A", vec![of_line(2)]);
    inspect(
        &mut world,
        1,
        &[(1, Disposition::Refurbish), (1, Disposition::Scrap)],
    );
    world.settle();
    assert_eq!((on_hand(&world), refunded(&world)), (1, eur("20.00")));
}
