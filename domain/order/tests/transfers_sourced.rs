//! Who sends what to a store that lacks it, and when nobody may.

use super::super::*;
use super::routing::*;
use super::transfers::{at, basket, sends, stock, whole};
use super::world::*;
use crate::canonical::*;
use crate::ids::LocationCode;
use crate::policy::PickupSupply;
use crate::quantity::Quantity;

#[test]
fn a_sender_that_refuses_is_replaced_by_another() {
    let mut stock = stock().to_vec();
    stock.push(("MUC1", "B", 4));
    let mut world = World::place_under(basket(), &stock, sends);
    world.settle();
    let sender = at(&world, "BER1");
    step(
        &mut world,
        sender,
        FulfilmentStep::Reject {
            reason: "closed".into(),
        },
    );
    world.settle();
    let other = work(&world, at(&world, "MUC1"));
    assert_eq!(other.transfer.map(|one| one.to), Some("HAM1".into()));
    // A person sends it back to the store's own shelf only if that has it.
    let home = RouteCommand::Reroute {
        fulfilment: other.number,
        to: Some("HAM1".into()),
        reason: reason(),
    };
    let refused = route(&mut world, home).expect_err("it lacks it");
    assert_eq!(refused.code(), "location_cannot");
    whole(&world);
}

#[test]
fn a_store_whose_address_nobody_knows_serves_alone_and_says_why() {
    let mut draft = basket();
    draft.lines.truncate(1);
    draft.stated_total = draft.totals().grand;
    draft.tenders[0].amount = draft.stated_total;
    let mut short = World::place_under(basket(), &stock(), sends);
    short.settle();
    assert_eq!(
        short.order.stage,
        Stage::Fulfilling,
        "with an address it goes"
    );
    let unknown = |order: OrderDraft| {
        let mut world = World::place_hidden(order, &stock(), "HAM1", sends);
        world.settle();
        world
    };
    let refused = unknown(basket());
    assert_eq!(refused.order.stage, Stage::Rejected);
    let reason = refused.order.reason.as_deref();
    assert_eq!(reason, Some("store_without_address"));
    let alone = unknown(draft);
    let sourced = alone.order.sourced.as_ref().expect("it was sourced");
    let sentence = sourced.sentence();
    assert!(
        sentence.contains("HAM1, which has no address"),
        "{sentence}"
    );
    assert_eq!(alone.order.fulfilments.len(), 1);
    whole(&refused);
    whole(&alone);
}

#[test]
fn the_store_gives_all_it_has_before_others_send_the_rest() {
    let mut order = draft(
        vec![line(1, "A", 5, "10.00")],
        "0.00",
        to_authorize(CaptureMode::Many),
    );
    order.pickup_location = Some("HAM1".into());
    let on_hand = [("BER1", "A", 9), ("HAM1", "A", 3), ("MUC1", "A", 9)];
    let mut world = World::place_under(order, &on_hand, sends);
    world.settle();
    let units = |code: &str| -> Vec<Quantity> {
        let here = LocationCode::from(code);
        let works = world.order.fulfilments.iter();
        let works = works.filter(|work| work.location == here);
        works.map(|work| units_of(&work.lines, 1)).collect()
    };
    assert_eq!(units("HAM1"), [Quantity::units(3)]);
    assert_eq!(
        [units("BER1"), units("MUC1")].concat(),
        [Quantity::units(2)]
    );
    let sourced = world.order.sourced.as_ref().expect("it was sourced");
    assert!(sourced.sentence().contains("what HAM1 lacks is sent there"));
    // The same question under the other policy: the store cannot serve it alone.
    let mut local = world.policy.sourcing.clone();
    local.pickup_supply = PickupSupply::Local;
    assert_eq!(crate::sourcing::source(&sourced.seen, &local), None);
    whole(&world);
}

#[test]
fn events_from_before_there_were_transfers_are_read_as_work_without_one() {
    let stored = serde_json::json!({
        "fulfilment": 1, "location": "HAM1", "attempt": 1, "pickup": true,
        "lines": [{ "line": 1, "quantity": "2" }],
    });
    let event = Event::from_stored("fulfilment.planned", stored.clone()).expect("readable");
    assert_eq!(event.body(), stored, "and written as it was");
    let withdrawn = Event::Transfer(TransferEvent::Withdrawn {
        fulfilment: 2,
        reason: "parcels_lost".into(),
    });
    assert_eq!(withdrawn.kind(), "fulfilment.cancelled");
    let read = Event::from_stored(withdrawn.kind(), withdrawn.body()).expect("readable");
    assert_eq!(read, withdrawn);
}
