//! The ways in which an order gets stuck, each as a life that ends in it: what `explain` says, the one
//! action that it recommends, and that this action moves the order on.

use super::super::*;
use super::review::{in_review, wary};
use super::tenders::{asked, report};
use super::world::*;
use crate::canonical::*;

/// Two units of 10.00 from BER1, on a card; the stock that there is.
pub(super) fn order_of_two(stock: &[(&str, &str, i64)]) -> World {
    let lines = vec![line(1, "SKU-1", 2, "10.00")];
    World::place(draft(lines, "0.00", to_authorize(CaptureMode::Many)), stock)
}

/// Picked and packed; the label is being bought.
pub(super) fn packed() -> World {
    let mut world = order_of_two(&[("BER1", "SKU-1", 2)]);
    world.settle();
    for step in [
        FulfilmentStep::Accept,
        FulfilmentStep::Pick { lines: None },
        FulfilmentStep::Pack,
    ] {
        world.step(step).expect("legal");
    }
    world
}

fn deliver(world: &mut World) {
    world.step(FulfilmentStep::HandOver).expect("legal");
    world.settle();
    world.fact(seen(1, 20, ParcelStatus::Delivered));
    world.settle();
}

/// What `explain` says: a reason with this in it, and exactly this action, which is offered.
#[track_caller]
pub(super) fn explained(world: &World, because: &str, recommended: &str) {
    let why = explain(&world.order, &world.policy);
    assert!(why.because.contains(because), "{why:?}");
    assert_eq!(why.recommended, Some(recommended), "{why:?}");
    let mut named = why.actions.iter().filter(|a| a.action == recommended);
    let offered = named.next().expect("it is among the actions");
    assert_eq!(offered.why_not, None);
}

/// Does what is recommended, with the hold that is in force where it is about one.
pub(super) fn act(world: &mut World, action: &str) {
    let reason = "as recommended".to_owned();
    let command = match action {
        "release" => {
            let hold = world.order.holds.first().expect("it is held").id;
            Command::Release { hold, reason }
        }
        "cancel" => Command::Cancel { reason },
        "retry" => Command::Retry { reason },
        "reject" => Command::Reject { reason },
        "reroute" => Command::Route(RouteCommand::Reroute {
            fulfilment: 1,
            to: None,
            reason,
        }),
        "return" => Command::Return(ReturnCommand::Open {
            lines: None,
            reason,
        }),
        "change_address" => Command::ChangeAddress(Box::new(AddressChange {
            to: Address {
                lines: vec!["Main Street 2".into()],
                city: Some("Berlin".into()),
                postcode: Some("10115".into()),
                country: Some("DE".into()),
                ..Address::default()
            },
            point: None,
            reason,
        })),
        other => panic!("nobody does {other} here"),
    };
    world.command(command).expect("it is offered");
    world.check();
}

/// The order is stuck for this reason, and doing what is recommended opens this effect.
#[track_caller]
pub(super) fn unstuck(world: &mut World, because: &str, recommended: &str, effect: &str) {
    explained(world, because, recommended);
    assert!(world.outstanding(effect).is_none());
    act(world, recommended);
    assert!(world.outstanding(effect).is_some(), "{:?}", world.kinds());
}

#[test]
fn a_carrier_that_sells_no_label_is_asked_again() {
    let mut world = packed();
    world.fact(Fact::Label(LabelFact {
        fulfilment: 1,
        parcel: 1,
        evidence: LabelEvidence::Failed {
            reason: "no service".into(),
        },
    }));
    unstuck(
        &mut world,
        "the carrier sells no label",
        "release",
        "buy_label",
    );
}

#[test]
fn an_address_that_no_label_is_sold_for_is_changed() {
    let mut world = packed();
    world.fact(Fact::Label(LabelFact {
        fulfilment: 1,
        parcel: 1,
        evidence: LabelEvidence::Failed {
            reason: "ADDRESS.VERIFY.FAILURE".into(),
        },
    }));
    let because = "the carrier sells no label for this address";
    unstuck(&mut world, because, "change_address", "buy_label");
}

#[test]
fn an_order_whose_address_alone_is_odd_is_approved_once_that_is_changed() {
    let mut world = in_review(wary());
    let review = world.order.review.as_mut().expect("it is in review");
    for reason in &mut review.reasons {
        reason.rule = Rule::ImplausibleAddress;
    }
    explained(&world, "A person has to review it", "change_address");
    act(&mut world, "change_address");
    explained(&world, "A person has to review it", "approve");
}

#[test]
fn an_order_that_somebody_has_to_look_at_is_rejected_with_what_speaks_against_it() {
    let mut world = in_review(wary());
    explained(&world, "A person has to review it", "reject");
    act(&mut world, "reject");
    assert_eq!(world.order.stage, Stage::Rejected);
}

fn refused_by_the_only_location(reason: &str) -> World {
    let mut world = order_of_two(&[("BER1", "SKU-1", 2)]);
    world.settle();
    let reason = reason.to_owned();
    world
        .step(FulfilmentStep::Reject { reason })
        .expect("legal");
    world.settle();
    assert!(world.order.is_held_for(REASON_NO_LOCATION));
    world
}

#[test]
fn an_order_whose_stock_is_gone_is_cancelled_and_its_money_goes_back() {
    let mut world = refused_by_the_only_location("not_in_stock");
    unstuck(
        &mut world,
        "no location has what is left",
        "cancel",
        "void_payment",
    );
    world.settle();
    assert_eq!(world.order.stage, Stage::Cancelled);
}

#[test]
fn an_order_that_no_location_takes_is_offered_to_them_again() {
    let mut world = refused_by_the_only_location("closed");
    unstuck(
        &mut world,
        "no location takes what is left",
        "release",
        "reserve_stock",
    );
    world.settle();
    assert!(world.order.holds.is_empty());
}

/// Its authorisation ended before it could ship, and the renewal was declined.
#[test]
fn an_authorisation_that_ended_is_asked_for_once_more() {
    let mut world = order_of_two(&[("BER1", "SKU-1", 2)]);
    world.answer("reserve_stock");
    let evidence = PaymentEvidence::Authorized {
        reference: "pi_1".into(),
        amount: eur("20.00"),
        expires_at: Some(world.now + jiff::SignedDuration::from_hours(7 * 24)),
    };
    report(&mut world, 1, evidence);
    world.settle();
    world.step(FulfilmentStep::Accept).expect("legal");
    world.wait(6 * 24 * 3600);
    let evidence = PaymentEvidence::Declined {
        reference: Some("pi_2".into()),
        code: "expired_card".into(),
    };
    report(&mut world, 2, evidence);
    world.wait(24 * 3600);
    assert!(world.order.is_held_for(REASON_PAYMENT_LOST));
    unstuck(
        &mut world,
        "the authorisation has ended",
        "release",
        "authorize_payment",
    );
}

/// What the gateway let go before its time may have been let go on purpose.
#[test]
fn an_authorisation_that_the_gateway_let_go_is_a_reason_to_cancel() {
    let mut world = packed();
    world.settle();
    let reference = "pi_1".to_owned();
    world.pay(PaymentEvidence::Voided { reference });
    assert!(world.order.is_held_for(REASON_PAYMENT_LOST));
    explained(&world, "the authorisation is gone", "cancel");
    act(&mut world, "cancel");
    world.settle();
    assert_eq!(world.order.stage, Stage::Cancelled);
}

/// Where the parcel has left there is nothing to cancel any more.
#[test]
fn what_left_unpaid_is_not_to_be_cancelled_but_asked_for_again() {
    let mut world = packed();
    world.settle();
    let reference = "pi_1".to_owned();
    world.pay(PaymentEvidence::Voided { reference });
    world.fact(seen(1, 60, ParcelStatus::Delivered));
    world.settle();
    unstuck(
        &mut world,
        "the authorisation is gone",
        "release",
        "authorize_payment",
    );
}

#[test]
fn a_carrier_that_fails_is_asked_again_at_once() {
    let mut world = packed();
    let effect = world.outstanding("buy_label").expect("it is open");
    act_refused(&mut world);
    let failed = Postponement {
        effect,
        reason: "504".into(),
        not_before: None,
    };
    world.fact(Fact::Postponed(failed));
    assert!(due_effects(&world.order, world.now).is_empty());
    explained(&world, "failed once; it is tried again", "retry");
    act(&mut world, "retry");
    let due = due_effects(&world.order, world.now);
    assert!(
        due.iter()
            .any(|(id, open)| *id == effect && open.attempts == 1)
    );
    assert_eq!(wake_at(&world.order, &world.policy), Some(world.now));
    assert_eq!(world.folded(), world.order);
    act_refused(&mut world);
    world.answer("buy_label");
    assert_eq!(world.order.fulfilments[0].stage, FulfilmentStage::Labelled);
}

/// A call that is under way, or due already, is not hurried.
#[track_caller]
fn act_refused(world: &mut World) {
    let reason = "as recommended".to_owned();
    let refused = world.command(Command::Retry { reason });
    assert_eq!(refused.err(), Some(Rejection::NothingToRetry));
}

/// The gateway took the money and did not say so: it is asked by itself, or at once.
#[test]
fn a_capture_that_nobody_heard_of_is_looked_up_without_a_person() {
    let mut world = packed();
    world.settle();
    world.step(FulfilmentStep::HandOver).expect("legal");
    let effect = world.outstanding("capture_payment").expect("it is open");
    let unknown = Postponement {
        effect,
        reason: "no answer".into(),
        not_before: None,
    };
    world.fact(Fact::Unknown(unknown));
    for word in ["consume_stock", "notify_channel"] {
        if world.outstanding(word).is_some() {
            world.answer(word);
        }
    }
    let why = explain(&world.order, &world.policy);
    assert_eq!(
        (why.waiting_for, why.recommended),
        ("gateway", Some("retry"))
    );
    assert!(why.because.contains("it may have been done"), "{why:?}");
    assert_eq!(why.then, Some(Wait::Retry.exit()));
    let until = why.until.expect("it is tried again");
    let due = due_effects(&world.order, until);
    assert!(due.iter().any(|(id, _)| *id == effect));
    act(&mut world, "retry");
    let due = due_effects(&world.order, world.now);
    assert!(due.iter().any(|(id, open)| *id == effect && open.unknown));
    world.answer("capture_payment");
    assert_eq!(world.captured(), eur("20.00"));
}

#[test]
fn a_refund_that_nobody_takes_is_tried_again() {
    let mut world = packed();
    world.settle();
    deliver(&mut world);
    let scratched = Command::Refund {
        amount: None,
        as_credit: false,
        reason: "scratched".into(),
    };
    world.command(scratched).expect("it is paid");
    world.pay(PaymentEvidence::RefundFailed {
        refund: None,
        code: "account_closed".into(),
    });
    unstuck(
        &mut world,
        "nobody takes the refund",
        "release",
        "refund_payment",
    );
    assert_eq!(asked(&world, "refund_payment"), [1, 1]);
}

#[test]
fn work_that_a_silent_warehouse_does_not_even_take_goes_to_another_one() {
    let mut world = order_of_two(&[("BER1", "SKU-1", 2), ("HAM1", "SKU-1", 2)]);
    while let Some(id) = world.order.outstanding.keys().next().copied() {
        if world.outstanding("request_fulfilment") == Some(id) {
            break;
        }
        let fact = world.good_answer(id).expect("an answer");
        world.fact(fact);
    }
    let effect = world.outstanding("request_fulfilment").expect("it is open");
    let silent = Postponement {
        effect,
        reason: "no answer".into(),
        not_before: None,
    };
    world.fact(Fact::Postponed(silent));
    explained(&world, "failed once; it is tried again", "reroute");
    let before = world.order.fulfilments[0].location.clone();
    act(&mut world, "reroute");
    world.settle();
    let moved = world.order.fulfilments.last().expect("there is work");
    assert_ne!(moved.location, before);
}

#[test]
fn a_cancellation_that_came_too_late_ends_in_a_return() {
    let mut world = packed();
    world.settle();
    let reason = "the buyer has changed their mind".into();
    world.command(Command::Cancel { reason }).expect("legal");
    world.fact(Fact::Fulfilment(FulfilmentFact {
        fulfilment: 1,
        occurred_at: None,
        evidence: FulfilmentEvidence::CancelRefused,
    }));
    deliver(&mut world);
    assert_eq!(world.order.stage, Stage::Completed);
    explained(&world, "It was to be cancelled", "return");
    act(&mut world, "return");
    assert!(world.order.has_open_return());
}
