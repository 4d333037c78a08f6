//! Rows of the matrix about work at locations and its labels.

use super::*;
use crate::order::{FulfilmentStage, Loss};

/// An order of two articles that stands and whose location has been asked.
fn standing(scene: &mut Scene) {
    scene.stock(0, "SKU-1", 5);
    scene.stock(0, "SKU-2", 5);
    scene.place(basket(&["SKU-1", "SKU-2"]));
}

/// The locations of the order's work, in the order in which they were asked.
fn asked_places(scene: &Scene) -> Vec<String> {
    let work = scene.order().fulfilments.iter();
    work.map(|work| work.location.to_string()).collect()
}

#[test]
fn a_location_rejects() {
    for (reason, loss) in [
        ("closed", None),
        ("damaged", Some(Loss::Damaged)),
        ("not_in_stock", Some(Loss::NotThere)),
    ] {
        under_every_crash(
            |scene| {
                scene.stock(1, "SKU-1", 2);
                scene.stock(0, "SKU-1", 5);
                scene.place(basket(&["SKU-1"]));
                let reason = reason.to_owned();
                scene.dock(1, FulfilmentStep::Reject { reason });
            },
            |scene| {
                let places = asked_places(scene);
                scene.must(places.len() == 2, "another location was asked");
                scene.must(places[0] != places[1], "never the same again");
                scene.must(scene.order().stage == Stage::Closed, "it was delivered");
                let left = match loss {
                    None => 6,
                    Some(Loss::Damaged) => 5,
                    Some(Loss::NotThere) => 1,
                };
                scene.must(
                    scene.shelf("SKU-1") == (left, 0, 0),
                    &format!(
                        "{left} units are left after {reason}: {:?}",
                        scene.shelf("SKU-1")
                    ),
                );
            },
        );
    }
}

#[test]
fn a_location_does_not_answer() {
    under_every_crash(
        |scene| {
            scene.stock(0, "SKU-1", 5);
            scene.stock(1, "SKU-1", 5);
            scene.place(basket(&["SKU-1"]));
            scene.pass(24 * 60 + 1);
        },
        |scene| {
            let places = asked_places(scene);
            scene.must(
                places.len() == 2 && places[0] != places[1],
                "another was asked",
            );
            scene.must(scene.order().stage == Stage::Closed, "it was delivered");
            scene.must(scene.shelf("SKU-1") == (9, 0, 0), "one unit left");
        },
    );
}

#[test]
fn every_location_rejects() {
    under_every_crash(
        |scene| {
            scene.stock(0, "SKU-1", 5);
            scene.stock(1, "SKU-1", 5);
            scene.place(basket(&["SKU-1"]));
            for fulfilment in 1..=2 {
                let reason = "closed".to_owned();
                scene.dock(fulfilment, FulfilmentStep::Reject { reason });
            }
        },
        |scene| {
            scene.must(asked_places(scene).len() == 2, "each was asked once");
            let held = scene.order().is_held_for(crate::order::REASON_NO_LOCATION);
            scene.must(held, "a person has to decide");
            scene.must(scene.times("payment.captured") == 0, "nothing was taken");
        },
    );
}

/// Takes the order's work to a stage.
fn take_to(scene: &mut Scene, stage: FulfilmentStage) {
    let steps = [
        (FulfilmentStage::Accepted, FulfilmentStep::Accept),
        (
            FulfilmentStage::Picking,
            FulfilmentStep::Pick { lines: None },
        ),
        (FulfilmentStage::Labelled, FulfilmentStep::Pack),
    ];
    for (reached, step) in steps {
        if stage < reached {
            return;
        }
        scene.dock(1, step);
    }
}

const BEFORE_HAND_OVER: [FulfilmentStage; 4] = [
    FulfilmentStage::Requested,
    FulfilmentStage::Accepted,
    FulfilmentStage::Picking,
    FulfilmentStage::Labelled,
];

#[test]
fn a_cancel_is_accepted_by_the_location() {
    for stage in BEFORE_HAND_OVER {
        under_every_crash(
            |scene| {
                standing(scene);
                take_to(scene, stage);
                scene.cancel();
            },
            |scene| {
                scene.must(scene.order().stage == Stage::Cancelled, "it is cancelled");
                scene.costs_nothing();
                scene.must(scene.shelf("SKU-1") == (5, 0, 0), "the units are back");
                let orphans = scene.world.depot.parcels.values().filter(|p| !p.voided);
                scene.must(orphans.count() == 0, "no label is left");
            },
        );
    }
}

#[test]
fn a_cancel_is_refused_by_the_location() {
    for stage in BEFORE_HAND_OVER {
        under_every_crash(
            |scene| {
                standing(scene);
                take_to(scene, stage);
                scene.world.depot.never_stops = true;
                scene.cancel();
                let refunded = scene.asked(|e| matches!(e, Effect::RefundPayment { .. }));
                scene.must(refunded == 0, "nothing is refunded before the answer");
            },
            |scene| {
                scene.must(scene.order().stage == Stage::Closed, "it shipped");
                let taken: Vec<Money> = scene.payments().iter().map(|p| p.captured).collect();
                scene.must(taken == [eur(2000)], "what shipped is paid");
                scene.must(scene.shelf("SKU-1") == (4, 0, 0), "the unit left");
            },
        );
    }
}

#[test]
fn a_label_is_bought_and_the_order_cancelled() {
    under_every_crash(
        |scene| {
            standing(scene);
            scene.label(1);
            scene.world.depot.keeps_labels = true;
            scene.cancel();
        },
        |scene| {
            scene.must(scene.order().stage == Stage::Cancelled, "it is cancelled");
            let asked = scene.asked(|e| matches!(e, Effect::VoidLabel { .. }));
            scene.must(asked == 1, "the carrier was asked once");
            let label = scene.order().fulfilments[0].parcels[0].label.as_ref();
            scene.must(label.is_some_and(|l| l.void_refused), "the refusal is kept");
            scene.costs_nothing();
        },
    );
}

#[test]
fn a_count_takes_back_what_was_promised() {
    under_every_crash(
        |scene| {
            scene.stock(0, "SKU-1", 5);
            scene.stock(1, "SKU-1", 3);
            scene.place(basket(&["SKU-1"]));
            let first = scene.world.places()[0].clone();
            // Somebody counts; it is counted again until it was written.
            for _ in 0..3 {
                scene.world.count(&first, &"SKU-1".into(), 0);
                scene.world.cut_shortfalls(&first);
                scene.settle();
            }
        },
        |scene| {
            let places = asked_places(scene);
            scene.must(
                places.len() == 2 && places[0] != places[1],
                "asked elsewhere",
            );
            scene.must(scene.order().stage == Stage::Closed, "it was delivered");
            scene.must(
                scene.shelf("SKU-1") == (2, 0, 0),
                "nothing was promised twice",
            );
        },
    );
}
