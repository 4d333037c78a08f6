//! Where an order goes is changed until its labels are asked for, and not after.

use super::super::*;
use super::routing::{standing, step};
use super::world::*;
use crate::canonical::*;
use crate::quantity::Quantity;
use crate::sourcing::Point;

fn home(street: &str) -> Address {
    Address {
        name: Some("Ada Example".into()),
        lines: vec![street.to_owned()],
        city: Some("Berlin".into()),
        postcode: Some("10115".into()),
        country: Some("DE".into()),
        ..Address::default()
    }
}

fn send_to(to: Address) -> Command {
    Command::ChangeAddress(Box::new(AddressChange {
        to,
        point: None,
        reason: "a wrong house number".into(),
    }))
}

/// The request, and what the sealed address is after it.
fn change(world: &mut World, to: Address) -> Result<(), Rejection> {
    world.command(send_to(to.clone()))?;
    world.ship_to = Some(to);
    world.check();
    assert_eq!(world.folded(), world.order);
    Ok(())
}

fn refused(world: &mut World, to: Address) -> AddressRejection {
    match change(world, to) {
        Err(Rejection::Address(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn pack(world: &mut World, number: u16) {
    step(world, number, FulfilmentStep::Accept);
    step(world, number, FulfilmentStep::Pick { lines: None });
    step(world, number, FulfilmentStep::Pack);
}

fn label_address(world: &World, number: u16) -> Option<u16> {
    let work = world.order.fulfilment(number)?;
    let label = work.parcels[0].label.as_ref();
    label.map(|label| label.address)
}

#[test]
fn a_parcel_that_is_picked_goes_to_the_new_address() {
    let mut world = standing();
    step(&mut world, 1, FulfilmentStep::Accept);
    step(&mut world, 1, FulfilmentStep::Pick { lines: None });
    change(&mut world, home("Main Street 2")).expect("no label is asked for");
    assert_eq!(world.order.address, 1);
    let written = serde_json::to_string(&world.log.last().expect("an event").event.body());
    let written = written.expect("a body");
    assert!(
        !written.contains("Main Street") && !written.contains("10115"),
        "{written}"
    );
    let printed = format!("{:?}", send_to(home("Main Street 2")));
    assert!(!printed.contains("Main Street"), "{printed}");
    step(&mut world, 1, FulfilmentStep::Pack);
    world.answer("buy_label");
    assert_eq!(label_address(&world, 1), Some(1));
}

#[test]
fn while_a_label_is_being_bought_the_address_stands() {
    let mut world = standing();
    pack(&mut world, 1);
    assert!(world.outstanding("buy_label").is_some());
    let why = refused(&mut world, home("Main Street 2"));
    assert_eq!(why, AddressRejection::LabelAsked(1));
    let actions = explain(&world.order, &world.policy).actions;
    let listed = actions.iter().find(|one| one.action == "change_address");
    let why_not = listed.expect("it is listed").why_not.clone();
    assert!(why_not.is_some_and(|why| why.contains("try again")));
    world.answer("buy_label");
    let why = refused(&mut world, home("Main Street 2"));
    assert_eq!(why, AddressRejection::NothingToLabel);
    assert_eq!(label_address(&world, 1), Some(0));
}

#[test]
fn of_two_parcels_the_one_without_a_label_goes_elsewhere() {
    let lines = vec![line(1, "A", 4, "10.00")];
    let mut world = World::place(
        draft(lines, "0.00", to_authorize(CaptureMode::Many)),
        &[("BER1", "A", 2), ("HAM1", "A", 2)],
    );
    world.settle();
    assert_eq!(world.order.fulfilments.len(), 2);
    pack(&mut world, 1);
    world.answer("buy_label");
    change(&mut world, home("Main Street 2")).expect("the second has none");
    let kept = world.log.iter().rev().find_map(|one| match &one.event {
        Event::Address(AddressEvent::Changed { keep, .. }) => Some(keep.clone()),
        _ => None,
    });
    assert_eq!(kept, Some(vec![1]));
    pack(&mut world, 2);
    world.answer("buy_label");
    assert_eq!(label_address(&world, 1), Some(0));
    assert_eq!(label_address(&world, 2), Some(1));
}

/// The parcels of one piece of work go to one address, also where the carrier took one of them before
/// the other had its label.
#[test]
fn a_parcel_that_left_before_the_others_had_labels_keeps_the_address_of_all() {
    let lines = vec![line(1, "A", 4, "10.00")];
    let mut world = World::place(
        draft(lines, "0.00", to_authorize(CaptureMode::Many)),
        &[("BER1", "A", 2), ("HAM1", "A", 2)],
    );
    world.settle();
    step(&mut world, 1, FulfilmentStep::Accept);
    step(&mut world, 1, FulfilmentStep::Pick { lines: None });
    let parcels = vec![StatedParcel::default(); 2];
    step(&mut world, 1, FulfilmentStep::PackInto { parcels });
    world.fact(Fact::Label(LabelFact {
        fulfilment: 1,
        parcel: 1,
        evidence: LabelEvidence::Failed {
            reason: "no service".into(),
        },
    }));
    world.fact(label_of(1, 2));
    world.fact(seen_of(1, 2, 5, ParcelStatus::InTransit));
    assert!(world.order.fulfilments[0].is_shipped());
    let why = refused(&mut world, home("Main Street 2"));
    assert_eq!(why, AddressRejection::LabelAsked(1));
}

#[test]
fn taxes_were_stated_for_a_country_and_in_some_for_a_region() {
    let mut world = standing();
    let mut abroad = home("Rue 1");
    abroad.country = Some("FR".into());
    abroad.postcode = Some("75001".into());
    let why = refused(&mut world, abroad);
    assert_eq!(why.code(), "other_country");
    assert_eq!(why.pointer().as_deref(), Some("/address/country"));
    // In Germany a region decides nothing.
    world.ship_to = Some(home("Main Street 1"));
    let mut elsewhere = home("Main Street 1");
    elsewhere.region = Some("Hessen".into());
    change(&mut world, elsewhere).expect("the same taxes");
    let state = |region: Option<&str>| Address {
        region: region.map(str::to_owned),
        postcode: Some("94105".into()),
        country: Some("US".into()),
        ..home("Market Street 1")
    };
    world.order.draft.destination = Some("US".into());
    world.ship_to = Some(state(Some("CA")));
    for other in [Some("NY"), None] {
        let asked = world.command(send_to(state(other)));
        let other = Err(AddressRejection::OtherRegion.into());
        assert_eq!(asked.map(|_| ()), other);
    }
    let same = Address {
        city: Some("Oakland".into()),
        ..state(Some(" ca"))
    };
    assert!(world.order.clone().can_change_address().is_ok());
    assert!(world.command(send_to(same)).is_ok());
}

#[test]
fn an_address_that_cannot_be_right_is_answered_at_once() {
    let mut world = standing();
    let mut wrong = home("Main Street 2");
    wrong.postcode = Some("1011".into());
    let why = refused(&mut world, wrong);
    assert_eq!(why.pointer().as_deref(), Some("/address/postcode"));
    assert!(why.to_string().contains("postcode"), "{why}");
    let here = home("Main Street 1");
    world.ship_to = Some(here.clone());
    assert_eq!(refused(&mut world, here), AddressRejection::Same);
    assert_eq!(world.order.address, 0);
}

#[test]
fn a_label_that_the_carrier_refused_is_asked_for_again_with_the_new_address() {
    let mut world = standing();
    pack(&mut world, 1);
    world.fact(Fact::Label(LabelFact {
        fulfilment: 1,
        parcel: 1,
        evidence: LabelEvidence::Failed {
            reason: "ADDRESS.VERIFY.FAILURE".into(),
        },
    }));
    assert!(world.outstanding("buy_label").is_none());
    assert!(!world.order.holds.is_empty());
    change(&mut world, home("Main Street 2")).expect("no label is being bought");
    assert!(world.order.holds.is_empty(), "the hub's own hold is over");
    assert!(world.outstanding("buy_label").is_some());
    world.answer("buy_label");
    assert_eq!(label_address(&world, 1), Some(1));
}

#[test]
fn what_is_sourced_later_is_sourced_for_the_new_place() {
    let lines = vec![line(1, "A", 2, "10.00")];
    let mut world = World::place(
        draft(lines, "0.00", to_authorize(CaptureMode::Many)),
        &[("BER1", "A", 2), ("HAM1", "A", 2)],
    );
    world.settle();
    let held = world.order.fulfilments[0].location.clone();
    let point = Point {
        lat: 535_000,
        lon: 99_000,
    };
    let to = home("Hafen 1");
    world
        .command(Command::ChangeAddress(Box::new(AddressChange {
            to,
            point: Some(point),
            reason: "moved to Hamburg".into(),
        })))
        .expect("legal");
    assert_eq!(world.order.draft.point, Some(point));
    assert_eq!(world.order.fulfilments[0].location, held, "that stays");
    let lines = [LineUnits {
        line: 1,
        quantity: Quantity::units(2),
    }];
    assert_eq!(world.order.fulfilments[0].lines, lines);
}

#[test]
fn an_order_that_ends_or_is_collected_goes_nowhere_else() {
    let mut world = standing();
    let reason = "changed their mind".to_owned();
    world.command(Command::Cancel { reason }).expect("legal");
    let ending = change(&mut world, home("Main Street 2"));
    assert_eq!(ending.map_err(|why| why.code()), Err("wrong_stage"));
    let mut collected = draft(
        vec![line(1, "A", 1, "10.00")],
        "0.00",
        to_authorize(CaptureMode::Many),
    );
    collected.pickup_location = Some("BER1".into());
    let mut world = World::place(collected, &[("BER1", "A", 2)]);
    world.settle();
    let collected = change(&mut world, home("Main Street 2"));
    assert_eq!(collected.map_err(|why| why.code()), Err("collected_there"));
}
