//! Rows of the matrix about money: that comes late, that cannot be taken, that does not go back.

use super::*;
use crate::order::{
    Disposition, PaymentEvidence, REASON_CAPTURE_FAILED, REASON_PAYMENT_LOST, REASON_REFUND_FAILED,
    ReturnCommand,
};
use crate::policy::{OnceCapture, RefundWay};

/// An order of one article that its buyer has, and whose money was taken.
pub(super) fn delivered(scene: &mut Scene) {
    scene.stock(0, "SKU-1", 5);
    scene.place(basket(&["SKU-1"]));
    scene.label(1);
    scene.dock(1, FulfilmentStep::HandOver);
    for _ in 0..4 {
        scene.world.see((scene.id, 1, 1), &mut scene.dice);
        scene.world.pass(SignedDuration::from_secs(1));
        scene.settle();
    }
    scene.must(scene.order().stage == Stage::Completed, "it was delivered");
}

#[test]
fn success_comes_after_the_order_expired() {
    under_every_crash(
        |scene| {
            scene.stock(0, "SKU-1", 5);
            scene.channel = QUIET;
            scene.world.gateways[1].verdict = Some(State::Waiting);
            scene.place(basket(&["SKU-1"]));
            scene.settle_with(|letter| match letter {
                Letter::Call(call) if matches!(call.effect, Effect::VoidPayment { .. }) => None,
                _ => Some(Way::Good),
            });
            scene.world.elapse(SignedDuration::from_mins(16));
            // The buyer agrees while the hub asks the gateway to let go.
            scene.world.confirm(true, &mut Dice::seeded(0));
            scene.world.confirm(true, &mut Dice::seeded(1));
            scene.world.confirm(true, &mut Dice::seeded(2));
            scene.settle();
        },
        |scene| {
            let taken: Vec<Money> = scene.payments().iter().map(|p| p.captured).collect();
            match scene.order().stage {
                // Once, and for all of it.
                Stage::Closed => scene.must(taken == [eur(1000)], "it is paid once"),
                Stage::Expired => scene.costs_nothing(),
                stage => panic!("{stage:?}\n{}", scene.told()),
            }
            scene.must(scene.times("order.reopened") <= 1, "decided once");
        },
    );
}

#[test]
fn success_comes_after_the_order_was_cancelled() {
    under_every_crash(
        |scene| {
            scene.stock(0, "SKU-1", 5);
            scene.world.gateways[1].verdict = Some(State::Waiting);
            scene.place(basket(&["SKU-1"]));
            scene.cancel();
            scene.world.confirm(true, &mut Dice::seeded(1));
            scene.settle();
        },
        |scene| {
            scene.must(
                scene.order().stage == Stage::Cancelled,
                "it stays cancelled",
            );
            scene.costs_nothing();
            scene.must(scene.shelf("SKU-1") == (5, 0, 0), "the units are free");
        },
    );
}

#[test]
fn a_capture_fails_at_the_shipment_and_passes_later() {
    under_every_crash(
        |scene| {
            scene.stock(0, "SKU-1", 5);
            scene.place(basket(&["SKU-1"]));
            scene.label(1);
            scene.world.gateways[1].rebuffs = Some("processing_error");
            scene.dock(1, FulfilmentStep::HandOver);
        },
        |scene| {
            let taken: Vec<Money> = scene.payments().iter().map(|p| p.captured).collect();
            scene.must(taken == [eur(1000)], "what shipped is paid, once");
            scene.must(
                scene.order().stage == Stage::Closed,
                "scans were not blocked",
            );
        },
    );
}

#[test]
fn a_capture_that_was_told_comes_to_nothing_and_is_made_once_more_when_a_person_has_looked() {
    under_every_crash(
        |scene| {
            scene.world.gateways[1].names_captures = true;
            delivered(scene);
            let now = scene.world.now;
            let said = scene.world.gateways[1].come_to_nothing(0, now);
            scene.world.tell_of(1, said);
            scene.settle();
            scene.must(
                scene.order().is_held_for(REASON_CAPTURE_FAILED),
                "a person looks",
            );
            let hold = scene.order().holds[0].id;
            let reason = "the gateway says that it is final".to_owned();
            scene.ask(Command::Release { hold, reason });
            scene.settle();
        },
        |scene| {
            let taken: Vec<Money> = scene.payments().iter().map(|p| p.captured).collect();
            scene.must(taken == [eur(1000)], "it is paid, once");
            scene.must(scene.order().stage == Stage::Closed, "and closes");
        },
    );
}

#[test]
fn a_refund_fails_and_becomes_credit() {
    under_every_crash(
        |scene| {
            scene.world.policy.payment.refund_order = vec![RefundWay::StoreCredit];
            delivered(scene);
            scene.world.gateways[1].rebuffs = Some("expired_card");
            let reason = "it was scratched".to_owned();
            let amount = Some(Decimal::new(400, 2));
            scene.ask(Command::Refund {
                amount,
                as_credit: false,
                reason,
            });
        },
        |scene| {
            let credits = scene.order().store_credits.iter().map(|one| one.amount);
            let credit = Money::sum(eur(0).currency(), credits);
            let back: Vec<Money> = scene.payments().iter().map(|p| p.refunded()).collect();
            // A crash before the refusal was heard may let the gateway's next answer be another one.
            let whole = credit.plus(back[0]);
            scene.must(
                whole == eur(400),
                "it went back once, in one way or the other",
            );
        },
    );
}

#[test]
fn a_refund_fails_and_a_person_looks() {
    under_every_crash(
        |scene| {
            delivered(scene);
            scene.world.gateways[1].rebuffs = Some("expired_card");
            let reason = "it was scratched".to_owned();
            scene.ask(Command::Refund {
                amount: None,
                as_credit: false,
                reason,
            });
        },
        |scene| {
            let back: Vec<Money> = scene.payments().iter().map(|p| p.refunded()).collect();
            let held = scene.order().is_held_for(REASON_REFUND_FAILED);
            let gone = back == [eur(1000)];
            scene.must(held != gone, "a person looks, or it has gone back");
            let said = scene.order().payment_status() == "refunded";
            scene.must(said == gone, "never called refunded without evidence");
        },
    );
}

#[test]
fn a_chargeback_comes_during_a_return() {
    for won in [false, true] {
        under_every_crash(
            |scene| {
                delivered(scene);
                let reason = "too small".to_owned();
                scene.ask(Command::Return(ReturnCommand::Open {
                    lines: None,
                    reason,
                }));
                let slug = scene.world.gateways[1].slug.clone();
                let reference = scene.payments()[0].reference.clone();
                let dispute = format!("dp_{reference}");
                for payment in &mut scene.world.gateways[1].payments {
                    payment.disputed = true;
                    payment.disputed_away = if won { eur(0) } else { eur(1000) };
                }
                let opened = PaymentEvidence::DisputeOpened {
                    dispute: dispute.clone(),
                    amount: eur(1000),
                    due: None,
                };
                scene.world.webhook(scene.id, &slug, opened);
                scene.settle();
                let parcel = scene.arrival();
                scene.ask(Command::Return(ReturnCommand::Receive {
                    number: 1,
                    parcel,
                }));
                scene.ask(Command::Return(ReturnCommand::Inspect {
                    number: 1,
                    lines: Vec::new(),
                    rest: Some(Disposition::Restock),
                }));
                let refunded = scene.asked(|e| matches!(e, Effect::RefundPayment { .. }));
                scene.must(refunded == 0, "the refund is frozen");
                let closed = PaymentEvidence::DisputeClosed {
                    dispute,
                    won,
                    amount: eur(1000),
                };
                scene.world.webhook(scene.id, &slug, closed);
                scene.settle();
            },
            |scene| {
                let back = scene.payments()[0].refunded();
                let due = if won { eur(1000) } else { eur(0) };
                scene.must(back == due, "the buyer has it back once");
                scene.must(
                    scene.shelf("SKU-1") == (5, 0, 0),
                    "the unit is on the shelf",
                );
            },
        );
    }
}

/// An order of two parcels on a card that can be captured once; the first parcel has left.
fn first_of_two_shipped(scene: &mut Scene, renewal: State) {
    scene.world.policy.payment.once_capture = OnceCapture::ReauthorizeRest;
    scene.stock(0, "SKU-1", 5);
    scene.stock(1, "SKU-2", 5);
    let mut draft = basket(&["SKU-1", "SKU-2"]);
    draft.tenders[0].terms = card("stripe-eu", CaptureMode::Once);
    scene.place(draft);
    scene.world.gateways[0].verdict = Some(renewal);
    scene.label(1);
    scene.dock(1, FulfilmentStep::HandOver);
}

fn captured(scene: &Scene) -> Vec<Money> {
    let taken = scene.payments().into_iter().map(|p| p.captured);
    taken.filter(|amount| amount.is_positive()).collect()
}

#[test]
fn a_second_capture_is_impossible_and_the_rest_is_authorised_anew() {
    under_every_crash(
        |scene| {
            first_of_two_shipped(scene, State::Authorized);
            scene.label(2);
            scene.dock(2, FulfilmentStep::HandOver);
        },
        |scene| {
            scene.must(scene.order().stage == Stage::Closed, "both were delivered");
            scene.must(
                captured(scene) == [eur(1000), eur(1000)],
                "each is paid once",
            );
        },
    );
}

#[test]
fn a_second_capture_is_impossible_and_the_rest_is_refused() {
    under_every_crash(
        |scene| {
            first_of_two_shipped(scene, State::Declined);
            scene.label(2);
            scene.dock(2, FulfilmentStep::HandOver);
        },
        |scene| {
            scene.must(
                !scene.order().fulfilments[1].is_shipped(),
                "nothing ships unpaid",
            );
            scene.must(captured(scene) == [eur(1000)], "what shipped is paid");
            scene.must(
                scene.order().is_held_for(REASON_PAYMENT_LOST),
                "a person looks",
            );
        },
    );
}
