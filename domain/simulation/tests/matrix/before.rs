//! Rows of the matrix about orders that do not stand yet.

use super::*;
use crate::order::Notice;

#[test]
fn part_of_the_lines_cannot_be_reserved() {
    under_every_crash(
        |scene| {
            scene.stock(0, "SKU-1", 5);
            scene.rumour(1, "SKU-2", 1);
            scene.place(basket(&["SKU-1", "SKU-2"]));
        },
        |scene| {
            scene.ends(Stage::Rejected, "out_of_stock");
            scene.must(scene.shelf("SKU-1") == (5, 0, 0), "nothing of it is kept");
            scene.must(scene.payments().is_empty(), "nobody was asked for money");
        },
    );
}

#[test]
fn the_payment_is_declined() {
    under_every_crash(
        |scene| {
            scene.stock(0, "SKU-1", 5);
            scene.world.gateways[1].verdict = Some(State::Declined);
            scene.place(basket(&["SKU-1"]));
        },
        |scene| {
            scene.ends(Stage::Rejected, "payment_declined");
            scene.must(scene.shelf("SKU-1") == (5, 0, 0), "the units are free");
            let released = |effect: &Effect| matches!(effect, Effect::ReleaseStock { .. });
            scene.must(scene.asked(released) == 1, "released once");
            let told = |effect: &Effect| matches!(effect, Effect::NotifyChannel { .. });
            scene.must(scene.asked(told) <= 1, "the shop is told once");
        },
    );
}

#[test]
fn the_buyer_abandons_the_authentication() {
    under_every_crash(
        |scene| {
            scene.stock(0, "SKU-1", 5);
            scene.world.gateways[1].verdict = Some(State::Waiting);
            scene.place(basket(&["SKU-1"]));
            scene.pass(16);
        },
        |scene| {
            scene.ends(Stage::Expired, "reservation_lapsed");
            scene.must(scene.shelf("SKU-1") == (5, 0, 0), "the units are free");
            scene.costs_nothing();
            let told = |effect: &Effect| {
                matches!(
                    effect,
                    Effect::NotifyChannel {
                        notice: Notice::Cancelled
                    }
                )
            };
            scene.must(scene.asked(told) <= 1, "the shop is told once");
        },
    );
}

/// The gateway carries authorisations out and nobody hears; its webhooks are late.
fn unheard(letter: &Letter) -> Option<Way> {
    match letter {
        Letter::Call(call) if matches!(call.effect, Effect::AuthorizePayment { .. }) => {
            Some(Way::AnswerLost)
        }
        Letter::Webhook { .. } => None,
        _ => Some(Way::Good),
    }
}

#[test]
fn the_payment_is_unknown_when_the_reservation_lapses() {
    under_every_crash(
        |scene| {
            scene.stock(0, "SKU-1", 5);
            scene.send(basket(&["SKU-1"]));
            scene.settle_with(unheard);
            for _ in 0..12 {
                scene.world.elapse(SignedDuration::from_mins(5));
                scene.settle_with(unheard);
            }
            scene.ends(Stage::Expired, "reservation_lapsed");
            let reserved = scene.asked(|e| matches!(e, Effect::ReserveStock { .. }));
            scene.must(reserved == 3, "reserved once and extended twice");
            let voided = scene.asked(|e| matches!(e, Effect::VoidPayment { .. }));
            scene.must(
                voided == 0,
                "nothing is voided before the gateway was heard",
            );
        },
        |scene| {
            scene.ends(Stage::Expired, "reservation_lapsed");
            let payments = scene.payments().len();
            scene.must(payments == 1, "authorised once, however often it was asked");
            scene.costs_nothing();
            scene.must(scene.shelf("SKU-1") == (5, 0, 0), "the units are free");
        },
    );
}
