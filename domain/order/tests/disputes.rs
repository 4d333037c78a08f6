//! Disputes: what they freeze, who answers them until when, and what they reopen.

use jiff::SignedDuration;

use super::super::*;
use super::tenders::{asked, ship};
use super::world::*;
use crate::canonical::*;

/// Two units of 10.00 in two parcels; the first has left and is paid.
fn half_shipped() -> World {
    let order = draft(
        vec![line(1, "SKU-1", 2, "10.00")],
        "0.00",
        to_authorize(CaptureMode::Many),
    );
    let mut world = World::place(order, &[("BER1", "SKU-1", 1), ("HAM1", "SKU-1", 1)]);
    world.settle();
    ship(&mut world, 1);
    world
}

fn open_dispute(world: &mut World, amount: &str) {
    let due = Some(world.now + SignedDuration::from_hours(48));
    world.pay(PaymentEvidence::DisputeOpened {
        dispute: "dp_1".into(),
        amount: eur(amount),
        due,
    });
}

fn close_dispute(world: &mut World, amount: &str, won: bool) {
    world.pay(PaymentEvidence::DisputeClosed {
        dispute: "dp_1".into(),
        won,
        amount: eur(amount),
    });
}

fn answer(world: &mut World, answer: DisputeAnswer) -> Result<Decided, Rejection> {
    world.command(Command::AnswerDispute {
        dispute: None,
        answer,
        reason: "the parcel has arrived".into(),
    })
}

fn delivered() -> World {
    let mut world = half_shipped();
    ship(&mut world, 2);
    world.fact(seen(1, 20, ParcelStatus::Delivered));
    world.fact(seen(2, 20, ParcelStatus::Delivered));
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    world
}

fn refund(world: &mut World, amount: &str) -> Result<Decided, Rejection> {
    world.command(Command::Refund {
        amount: Some(amount.parse().expect("a number")),
        as_credit: false,
        reason: "scratched".into(),
    })
}

#[test]
fn a_dispute_on_a_split_order_freezes_only_its_own_value() {
    let mut world = half_shipped();
    open_dispute(&mut world, "6.00");
    assert_eq!(world.order.refundable(), eur("4.00"));
    ship(&mut world, 2);
    assert_eq!(world.captured(), eur("20.00"), "the rest is captured");
    assert_eq!(world.order.refundable(), eur("14.00"));
    close_dispute(&mut world, "6.00", false);
    let ledger = &world.order.ledger;
    let lost = ledger.balance(&Account::Dispute, world.order.draft.currency);
    assert_eq!(lost, eur("6.00"));
    assert!(ledger.sum(world.order.draft.currency).is_zero());
    world.check();
}

#[test]
fn an_answer_is_recorded_once_and_the_gateway_decides() {
    let mut world = delivered();
    open_dispute(&mut world, "6.00");
    let why = explain(&world.order, &world.policy);
    let (whom, what) = (why.waiting_for, why.recommended);
    assert_eq!((whom, what), ("person", Some("dispute")));
    answer(&mut world, DisputeAnswer::Challenged).expect("it is open");
    assert!(world.kinds().contains(&"payment.dispute_challenged"));
    let again = answer(&mut world, DisputeAnswer::Accepted);
    assert_eq!(again.err(), Some(Rejection::NoOpenDispute));
    let why = explain(&world.order, &world.policy);
    assert_eq!(why.waiting_for, "gateway");
    world.wait(30 * 24 * 3600);
    assert_eq!(world.order.stage, Stage::Completed, "it stays open");
    close_dispute(&mut world, "6.00", true);
    assert_eq!(
        world.order.stage,
        Stage::Closed,
        "and closes once it is decided"
    );
    assert_eq!(world.order.refundable(), eur("20.00"));
    world.check();
}

#[test]
fn a_dispute_that_nobody_answers_counts_as_not_answered_when_its_time_is_over() {
    let mut world = delivered();
    open_dispute(&mut world, "6.00");
    let until = wake_at(&world.order, &world.policy).expect("it waits");
    assert_eq!(until.duration_since(world.now).as_hours(), 48);
    world.wait(48 * 3600);
    assert!(world.kinds().contains(&"payment.dispute_expired"));
    let late = answer(&mut world, DisputeAnswer::Challenged);
    assert_eq!(late.err(), Some(Rejection::NoOpenDispute));
}

#[test]
fn a_dispute_reopens_a_closed_order() {
    let mut world = delivered();
    world.wait(14 * 24 * 3600);
    assert_eq!(world.order.stage, Stage::Closed);
    open_dispute(&mut world, "20.00");
    assert_eq!(world.order.stage, Stage::Completed);
    assert!(world.kinds().contains(&"order.reopened"));
    close_dispute(&mut world, "20.00", false);
    world.wait(14 * 24 * 3600);
    assert_eq!(world.order.stage, Stage::Closed);
    assert_eq!(world.folded(), world.order);
    world.check();
}

/// One that is delivered, with 10.00 granted that go back once the parcel is there.
fn waiting_for_its_parcel() -> World {
    let mut world = delivered();
    let hold = Command::Hold {
        scope: HoldScope::Order,
        blocks: vec![Edge::Refund],
        reason: "the parcel comes back first".into(),
        until: None,
        on_expiry: OnExpiry::Release,
    };
    world.command(hold).expect("legal");
    refund(&mut world, "10.00").expect("there is enough");
    world
}

#[test]
fn a_chargeback_during_a_refund_freezes_it_and_is_netted_when_it_is_lost() {
    let mut world = waiting_for_its_parcel();
    open_dispute(&mut world, "20.00");
    let reason = "it is back".to_owned();
    world
        .command(Command::Release { hold: 1, reason })
        .expect("legal");
    assert!(asked(&world, "refund_payment").is_empty(), "it is frozen");
    close_dispute(&mut world, "20.00", false);
    world.settle();
    assert!(
        asked(&world, "refund_payment").is_empty(),
        "never paid twice"
    );
    assert!(world.order.tenders[0].owed().is_zero(), "they have it");
    let currency = world.order.draft.currency;
    let ledger = &world.order.ledger;
    let lost = ledger.balance(&Account::Dispute, currency);
    let owed = ledger.balance(&Account::Receivable, currency);
    assert_eq!((lost, owed), (eur("10.00"), eur("0")));
    world.check();
}

#[test]
fn a_refund_that_was_frozen_goes_when_the_dispute_is_won() {
    let mut world = delivered();
    open_dispute(&mut world, "15.00");
    refund(&mut world, "5.00").expect("that much is free");
    world.settle();
    assert_eq!(world.order.tenders[0].refunded_sum(), eur("5.00"));
    assert!(refund(&mut world, "0.01").is_err());
    close_dispute(&mut world, "15.00", true);
    refund(&mut world, "15.00").expect("it is free again");
    world.settle();
    assert_eq!(world.order.payment_status(), "refunded");
    world.check();
}

#[test]
fn of_several_disputes_the_answer_names_one() {
    let mut world = delivered();
    for (dispute, amount) in [("dp_1", "5.00"), ("dp_2", "6.00")] {
        world.pay(PaymentEvidence::DisputeOpened {
            dispute: dispute.into(),
            amount: eur(amount),
            due: None,
        });
    }
    let unnamed = answer(&mut world, DisputeAnswer::Accepted);
    assert_eq!(unnamed.err(), Some(Rejection::WhichDispute));
    world
        .command(Command::AnswerDispute {
            dispute: Some("dp_2".into()),
            answer: DisputeAnswer::Accepted,
            reason: "they are right".into(),
        })
        .expect("it is open");
    answer(&mut world, DisputeAnswer::Challenged).expect("one is left");
}

/// The gateway tells of the dispute in this second.
fn say(world: &mut World, second: i64, won: Option<bool>) -> Decided {
    let (dispute, amount) = ("dp_1".to_owned(), eur("20.00"));
    let evidence = match won {
        None => PaymentEvidence::DisputeOpened {
            dispute,
            amount,
            due: Some(world.now + SignedDuration::from_hours(48)),
        },
        Some(won) => PaymentEvidence::DisputeClosed {
            dispute,
            won,
            amount,
        },
    };
    world.fact(payment_at(Some(second), evidence))
}

fn gone(world: &World) -> crate::money::Money {
    let currency = world.order.draft.currency;
    world.order.ledger.balance(&Account::Dispute, currency)
}

#[test]
fn a_dispute_that_is_won_in_the_next_instance_brings_the_money_back() {
    let mut world = delivered();
    say(&mut world, 1, None);
    say(&mut world, 2, Some(false));
    assert_eq!(gone(&world), eur("20.00"));
    say(&mut world, 3, Some(true));
    assert_eq!(gone(&world), eur("0"));
    assert_eq!(world.order.payment_status(), "captured");
    assert_eq!(world.order.refundable(), eur("20.00"));
    // The older word comes late, and again.
    assert_eq!(say(&mut world, 2, Some(false)), Decided::Nothing);
    say(&mut world, 4, Some(false));
    assert_eq!(gone(&world), eur("20.00"), "and lost in the last one");
    world.check();
}

#[test]
fn a_dispute_that_is_opened_again_can_be_answered_again() {
    let mut world = delivered();
    say(&mut world, 1, None);
    answer(&mut world, DisputeAnswer::Challenged).expect("it is open");
    say(&mut world, 2, Some(true));
    world.wait(14 * 24 * 3600);
    assert_eq!(world.order.stage, Stage::Closed);
    say(&mut world, 3, None);
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.order.payment_status(), "disputed");
    answer(&mut world, DisputeAnswer::Challenged).expect("it is open again");
    say(&mut world, 4, Some(true));
    assert_eq!(world.order.payment_status(), "captured");
    world.check();
}

#[test]
fn contradicting_ends_without_times_are_settled_for_the_worse() {
    for ends in [[true, false], [false, true]] {
        let mut world = delivered();
        open_dispute(&mut world, "20.00");
        for won in ends {
            close_dispute(&mut world, "20.00", won);
        }
        assert_eq!(gone(&world), eur("20.00"));
        world.check();
    }
}

#[test]
fn a_refund_that_a_lost_dispute_had_paid_is_owed_again_when_the_dispute_is_won() {
    let mut world = waiting_for_its_parcel();
    say(&mut world, 1, None);
    say(&mut world, 2, Some(false));
    assert!(world.order.tenders[0].owed().is_zero(), "they have it");
    say(&mut world, 3, Some(true));
    assert_eq!(world.order.tenders[0].owed(), eur("10.00"));
    let reason = "it is back".to_owned();
    world
        .command(Command::Release { hold: 1, reason })
        .expect("legal");
    world.settle();
    assert_eq!(world.order.tenders[0].refunded_sum(), eur("10.00"));
    assert_eq!(gone(&world), eur("0"));
    world.check();
}

#[test]
fn a_refund_that_is_told_after_the_lost_dispute_was_given_beside_it() {
    let mut seen = Vec::new();
    for refund_first in [true, false] {
        let mut world = delivered();
        refund(&mut world, "10.00").expect("there is enough");
        let given = PaymentEvidence::Refunded {
            reference: "pi_1".into(),
            amount: Reported::Part {
                reference: "re_1".into(),
                amount: eur("10.00"),
            },
        };
        if refund_first {
            world.pay(given.clone());
        }
        close_dispute(&mut world, "20.00", false);
        if !refund_first {
            world.pay(given);
        }
        seen.push((gone(&world), world.order.ledger.clone()));
        world.check();
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].0, eur("20.00"), "it is lost twice");
}
