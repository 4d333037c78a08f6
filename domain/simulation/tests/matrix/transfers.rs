//! Rows of the matrix about what a store lacks that others send to it.

use super::*;
use crate::ids::LocationCode;
use crate::policy::PickupSupply;

/// The store, and the location that has what it lacks.
const STORE: usize = 1;
const SENDER: usize = 0;

/// An order of two articles that the buyer collects at the store, of which it has the first.
fn collected(scene: &mut Scene) {
    scene.world.policy.sourcing.pickup_supply = PickupSupply::Transfer;
    for location in &mut scene.world.board.locations {
        location.addressed = true;
        location.capacity_per_day = None;
    }
    scene.stock(STORE, "SKU-1", 1);
    scene.stock(SENDER, "SKU-2", 1);
    let mut draft = basket(&["SKU-1", "SKU-2"]);
    draft.pickup_location = Some(place(scene, STORE));
    scene.place(draft);
}

fn place(scene: &Scene, number: usize) -> LocationCode {
    scene.world.places()[number].clone()
}

/// The number of the work at a location that is not off.
fn at(scene: &Scene, number: usize) -> u16 {
    let code = place(scene, number);
    let mut works = scene.order().fulfilments.iter();
    let here = works.find(|work| !work.is_off() && work.location == code);
    here.map_or(0, |work| work.number)
}

/// What the store lacks is on its way to it.
fn sent(scene: &mut Scene) {
    collected(scene);
    let sender = at(scene, SENDER);
    scene.label(sender);
    scene.dock(sender, FulfilmentStep::HandOver);
}

/// Everything has arrived, and the store has packed its own part: the buyer may come.
fn ready(scene: &mut Scene) {
    sent(scene);
    let (sender, local) = (at(scene, SENDER), at(scene, STORE));
    scene.label(local);
    scene.dock(sender, FulfilmentStep::Ready);
}

/// On hand at one location.
fn on_hand(scene: &Scene, number: usize, sku: &str) -> (i64, i64) {
    let shelf = &scene.world.store.shelves[&place(scene, number)];
    let counters = shelf.stock.counters(&sku.into());
    (counters.on_hand, counters.reserved + counters.allocated)
}

#[test]
fn a_store_lacks_a_part_and_others_send_it() {
    under_every_crash(ready, |scene| {
        scene.must(scene.order().stage == Stage::Closed, "it was collected");
        scene.must(scene.times("fulfilment.arrived") == 1, "it arrived once");
        scene.must(scene.times("fulfilment.collected") == 2, "each part once");
        for sku in ["SKU-1", "SKU-2"] {
            scene.must(scene.shelf(sku) == (0, 0, 0), "nothing is left of it");
        }
        let payments = scene.payments();
        let captured = payments.iter().map(|one| one.captured);
        let captured = Money::sum(eur(0).currency(), captured);
        scene.must(captured == eur(2000), "it was paid once");
    });
}

#[test]
fn nobody_collects_what_was_sent_to_the_store() {
    under_every_crash(
        |scene| {
            ready(scene);
            scene.pass(7 * 24 * 60 + 1);
        },
        |scene| {
            scene.ends(Stage::Cancelled, "pickup_expired");
            scene.costs_nothing();
            for sku in ["SKU-1", "SKU-2"] {
                scene.must(
                    on_hand(scene, STORE, sku) == (1, 0),
                    "it is the store's, once",
                );
                scene.must(
                    on_hand(scene, SENDER, sku) == (0, 0),
                    "its sender has lost it",
                );
            }
        },
    );
}

#[test]
fn a_cancel_comes_while_units_are_on_their_way_to_the_store() {
    under_every_crash(
        |scene| {
            sent(scene);
            scene.cancel();
        },
        |scene| {
            scene.ends(Stage::Cancelled, "the buyer has changed their mind");
            scene.costs_nothing();
            scene.must(
                on_hand(scene, STORE, "SKU-2") == (1, 0),
                "the store keeps what comes, once",
            );
            scene.must(on_hand(scene, SENDER, "SKU-2") == (0, 0), "it has left");
        },
    );
}
