//! A return on its way: what its carrier sees of it, and that nothing comes of that but patience.

use super::super::*;
use super::returns::{ask, delivered, on_hand, open};
use super::world::*;
use crate::canonical::CaptureMode;
use crate::quantity::Quantity;

const DAY: i64 = 24 * 3600;

/// A return of one unit, with its label.
fn labelled() -> World {
    let mut world = delivered(CaptureMode::Once);
    open(&mut world, 1);
    let label = ReturnCommand::Approve {
        number: 1,
        reason: "fine".to_owned(),
        label: Some(("UPS".to_owned(), "RET1".to_owned(), None)),
    };
    ask(&mut world, label).expect("it may come back");
    world
}

fn seen_back(world: &mut World, second: i64, status: ParcelStatus) {
    let at = world.now + jiff::SignedDuration::from_secs(second);
    world.fact(Fact::Scan(ScanFact {
        tracking_number: "RET1".to_owned(),
        carrier: None,
        scan: Scan {
            at,
            status,
            code: status.word().to_owned(),
        },
    }));
    world.check();
}

fn stage(world: &World) -> ReturnStage {
    world.order.returns[0].stage()
}

#[test]
fn a_return_is_seen_on_its_way_and_moves_no_units() {
    let mut world = labelled();
    let before = (on_hand(&world), world.order.returns[0].clone());
    seen_back(&mut world, 0, ParcelStatus::LabelCreated);
    assert_eq!(stage(&world), ReturnStage::LabelIssued, "nobody has it yet");
    seen_back(&mut world, 1, ParcelStatus::InTransit);
    assert_eq!(stage(&world), ReturnStage::InTransit);
    let because = explain(&world.order, &world.policy).because;
    assert!(
        because.contains("its carrier says: in transit"),
        "{because}"
    );
    let close = ReturnCommand::Close {
        number: 1,
        reason: "changed her mind".to_owned(),
    };
    assert!(ask(&mut world, close).is_err(), "it is on its way");
    seen_back(&mut world, 2, ParcelStatus::Delivered);
    let why = explain(&world.order, &world.policy);
    assert_eq!(
        (why.waiting_for, why.recommended),
        ("location", Some("receive_return"))
    );
    assert_eq!(
        stage(&world),
        ReturnStage::InTransit,
        "nobody has opened it"
    );
    let back = &world.order.returns[0];
    assert_eq!(on_hand(&world), before.0);
    assert_eq!(
        (&back.parcels, &back.payback),
        (&before.1.parcels, &before.1.payback)
    );
    assert_eq!(world.folded(), world.order);
    let came = ReturnCommand::Receive {
        number: 1,
        parcel: Arrival {
            parcel: None,
            location: "BER1".into(),
            lines: None,
        },
    };
    ask(&mut world, came).expect("it is there");
    assert_eq!(stage(&world), ReturnStage::Received);
    assert_eq!(world.order.returns[0].received(1), Quantity::units(1));
}

#[test]
fn the_same_sighting_again_says_nothing_and_one_of_another_number_is_not_its() {
    let mut world = labelled();
    seen_back(&mut world, 1, ParcelStatus::InTransit);
    let before = world.log.len();
    seen_back(&mut world, 1, ParcelStatus::InTransit);
    assert_eq!(world.log.len(), before);
    world.fact(seen(9, 1, ParcelStatus::InTransit));
    assert!(world.kinds().contains(&"order.fact_ignored"));
    let proof = DeliveryProof {
        at: world.now,
        signed: true,
        reference: None,
    };
    let before = world.log.len();
    world.fact(Fact::Proof(ProofFact {
        tracking_number: "RET1".to_owned(),
        carrier: None,
        proof,
    }));
    assert_eq!(world.log.len(), before, "it is the location that says so");
}

#[test]
fn what_is_seen_is_waited_for_longer_but_not_for_ever() {
    let mut world = labelled();
    let wait = world.policy.returns.no_show_after.as_secs();
    world.wait(wait - DAY);
    seen_back(&mut world, 0, ParcelStatus::InTransit);
    world.wait(wait - DAY);
    assert_eq!(stage(&world), ReturnStage::InTransit);
    world.wait(DAY);
    assert_eq!(stage(&world), ReturnStage::NoShow);
    seen_back(&mut world, 0, ParcelStatus::Delivered);
    assert_eq!(
        stage(&world),
        ReturnStage::NoShow,
        "until somebody opens it"
    );
}

#[test]
fn another_label_is_another_parcel() {
    let mut world = labelled();
    seen_back(&mut world, 1, ParcelStatus::InTransit);
    let label = ReturnCommand::Approve {
        number: 1,
        reason: "the first one was lost".to_owned(),
        label: Some(("UPS".to_owned(), "RET2".to_owned(), None)),
    };
    ask(&mut world, label).expect("it may still come");
    assert_eq!(stage(&world), ReturnStage::LabelIssued);
    assert!(world.order.returns[0].scans.is_empty());
}
