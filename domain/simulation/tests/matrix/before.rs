//! Rows of the matrix about orders that do not stand yet.

use super::*;
use crate::order::Notice;
use crate::policy::WhenShort;
use crate::stock::StockCommand;

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

/// Supply comes to a shelf. Its receipt is sent three times, as somebody does who heard nothing.
fn supply(scene: &mut Scene, sku: &str, quantity: i64) {
    let location = scene.world.places()[0].clone();
    for _ in 0..3 {
        let command = StockCommand::Receive {
            sku: sku.into(),
            reference: "R-1".into(),
            quantity,
            inbound: None,
        };
        scene.world.ask_shelf(&location, &command, None);
        scene.settle();
        scene.world.lapse();
        scene.settle();
    }
}

#[test]
fn part_of_the_lines_waits_for_supply() {
    for when_short in [WhenShort::Wait, WhenShort::Backorder] {
        under_every_crash(
            |scene| {
                scene.world.policy.when_short = when_short;
                scene.stock(0, "SKU-1", 5);
                scene.announce(0, "SKU-2", 3);
                scene.place(basket(&["SKU-1", "SKU-2"]));
                scene.must(scene.order().is_waiting(), "it stands in line");
                supply(scene, "SKU-2", 3);
            },
            |scene| {
                scene.must(scene.order().stage == Stage::Closed, "it was delivered");
                scene.must(
                    scene.shelf("SKU-2") == (2, 0, 0),
                    "received once, sold once",
                );
                let taken: Vec<Money> = scene.payments().iter().map(|p| p.captured).collect();
                scene.must(taken == [eur(2000)], "paid once");
            },
        );
    }
}

#[test]
fn supply_that_never_comes_ends_the_order() {
    under_every_crash(
        |scene| {
            scene.world.policy.when_short = WhenShort::Backorder;
            scene.stock(0, "SKU-1", 5);
            scene.announce(0, "SKU-2", 3);
            scene.place(basket(&["SKU-1", "SKU-2"]));
        },
        |scene| {
            scene.ends(Stage::Rejected, "backorder_lapsed");
            scene.must(scene.shelf("SKU-1") == (5, 0, 0), "nothing of it is kept");
            scene.costs_nothing();
        },
    );
}
