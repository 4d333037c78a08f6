//! Rows of the matrix about what is added to an order that stands, and about what goes out for what comes
//! back.

use super::money::delivered;
use super::*;
use crate::order::{
    Disposition, EditCommand, ExchangeCommand, ExchangeLine, LineEdit, NewLine, ReturnCommand,
};

/// The buyer wants more units of the order's only line.
fn want(scene: &mut Scene, units: u32) {
    scene.ask(Command::Edit(EditCommand {
        lines: vec![LineEdit::Set {
            line: "1".into(),
            quantity: Quantity::units(units),
        }],
        reason: "the buyer called".into(),
    }));
}

/// What the buyer paid and what went back, over all payments.
fn moved(scene: &Scene) -> (Money, Money) {
    let sum = |part: fn(&Payment) -> Money| {
        let payments = scene.payments();
        Money::sum(eur(0).currency(), payments.into_iter().map(part))
    };
    (sum(|one| one.captured), sum(Payment::refunded))
}

#[test]
fn what_is_added_is_there_and_paid() {
    under_every_crash(
        |scene| {
            scene.stock(0, "SKU-1", 5);
            scene.place(basket(&["SKU-1"]));
            want(scene, 3);
        },
        |scene| {
            scene.must(scene.order().stage == Stage::Closed, "it was delivered");
            scene.must(scene.order().draft.lines.len() == 2, "with what was added");
            scene.must(
                moved(scene) == (eur(3000), eur(0)),
                "all of it was paid once",
            );
            scene.must(scene.shelf("SKU-1") == (2, 0, 0), "three units left");
        },
    );
}

#[test]
fn what_is_added_is_not_there() {
    under_every_crash(
        |scene| {
            scene.stock(0, "SKU-1", 2);
            scene.place(basket(&["SKU-1"]));
            want(scene, 3);
        },
        |scene| {
            scene.must(scene.times("order.edit_refused") == 1, "it was refused");
            scene.must(
                scene.order().draft.lines.len() == 1,
                "the order is as before",
            );
            scene.must(moved(scene) == (eur(1000), eur(0)), "and is paid as before");
            scene.must(scene.shelf("SKU-1") == (1, 0, 0), "nothing is kept for it");
        },
    );
}

#[test]
fn what_is_added_is_declined() {
    under_every_crash(
        |scene| {
            scene.stock(0, "SKU-1", 5);
            scene.place(basket(&["SKU-1"]));
            scene.world.gateways[1].verdict = Some(State::Declined);
            want(scene, 3);
        },
        |scene| {
            scene.must(scene.times("order.edit_refused") == 1, "it was refused");
            scene.must(
                scene.order().draft.lines.len() == 1,
                "the order is as before",
            );
            scene.must(moved(scene) == (eur(1000), eur(0)), "and is paid as before");
            scene.must(scene.shelf("SKU-1") == (4, 0, 0), "nothing is kept for it");
        },
    );
}

/// The buyer wants another article for the one that they have.
fn want_instead(scene: &mut Scene, cents: i64, advance: bool) {
    scene.ask(Command::Exchange(ExchangeCommand::Open {
        back: None,
        lines: vec![ExchangeLine::Other(Box::new(NewLine {
            sku: "SKU-2".into(),
            title: "another size".into(),
            quantity: Quantity::units(1),
            unit_price: Decimal::new(cents, 2),
            taxes: Vec::new(),
        }))],
        advance,
        reason: "another size".into(),
    }));
}

/// The buyer has an article of 10.00, sends it back and wants another one for it.
fn swap(scene: &mut Scene, cents: i64, found: Disposition, verdict: State) {
    scene.stock(0, "SKU-2", 5);
    delivered(scene);
    want_instead(scene, cents, false);
    scene.must(
        scene.shelf("SKU-2") == (5, 0, 0),
        "nothing is held for it yet",
    );
    scene.world.gateways[1].verdict = Some(verdict);
    let parcel = scene.arrival();
    let number = 1;
    scene.ask(Command::Return(ReturnCommand::Receive { number, parcel }));
    scene.ask(Command::Return(ReturnCommand::Inspect {
        number,
        lines: Vec::new(),
        rest: Some(found),
    }));
}

#[test]
fn what_goes_out_is_paid_with_what_came_back() {
    for (cents, taken, back) in [(1000, 1000, 0), (1250, 1250, 0), (800, 1000, 200)] {
        under_every_crash(
            |scene| swap(scene, cents, Disposition::Restock, State::Authorized),
            |scene| {
                scene.must(scene.order().stage == Stage::Closed, "it was delivered");
                scene.must(
                    moved(scene) == (eur(taken), eur(back)),
                    "the difference, once",
                );
                scene.must(scene.shelf("SKU-1") == (5, 0, 0), "one unit is back");
                scene.must(scene.shelf("SKU-2") == (4, 0, 0), "one unit went out");
            },
        );
    }
}

#[test]
fn what_comes_back_is_not_what_was_said() {
    under_every_crash(
        |scene| swap(scene, 1250, Disposition::WrongItem, State::Authorized),
        |scene| {
            scene.must(scene.order().stage == Stage::Closed, "it is over");
            scene.must(
                moved(scene) == (eur(1000), eur(0)),
                "nothing is paid or given",
            );
            scene.must(scene.shelf("SKU-2") == (5, 0, 0), "nothing went out for it");
        },
    );
}

#[test]
fn what_lacks_for_an_exchange_is_declined() {
    under_every_crash(
        |scene| swap(scene, 1250, Disposition::Restock, State::Declined),
        |scene| {
            scene.must(scene.order().stage == Stage::Closed, "it is over");
            scene.must(
                moved(scene) == (eur(1000), eur(1000)),
                "it was given back, once",
            );
            scene.must(scene.shelf("SKU-1") == (5, 0, 0), "one unit is back");
            scene.must(scene.shelf("SKU-2") == (5, 0, 0), "and nothing went out");
        },
    );
}

/// Another article went out for one that the buyer keeps after all.
fn kept(scene: &mut Scene, verdict: State) {
    scene.stock(0, "SKU-2", 5);
    delivered(scene);
    want_instead(scene, 1000, true);
    scene.label(2);
    scene.dock(2, FulfilmentStep::HandOver);
    scene.world.gateways[1].verdict = Some(verdict);
    scene.ask(Command::Return(ReturnCommand::Close {
        number: 1,
        reason: "kept after all".into(),
    }));
}

#[test]
fn what_went_out_in_advance_is_charged_if_nothing_comes_for_it() {
    under_every_crash(
        |scene| kept(scene, State::Authorized),
        |scene| {
            scene.must(scene.order().stage == Stage::Closed, "it is over");
            scene.must(moved(scene) == (eur(2000), eur(0)), "both are paid, once");
            scene.must(scene.shelf("SKU-2") == (4, 0, 0), "one unit went out");
        },
    );
}

#[test]
fn what_went_out_in_advance_cannot_be_charged() {
    under_every_crash(
        |scene| kept(scene, State::Declined),
        |scene| {
            scene.must(moved(scene) == (eur(1000), eur(0)), "one is paid");
            let held = scene
                .order()
                .is_held_for(crate::order::REASON_CLAW_BACK_FAILED);
            scene.must(held, "a person looks");
        },
    );
}
