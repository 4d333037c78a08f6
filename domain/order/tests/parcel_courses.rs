//! Courses of several parcels in whatever order they are told, what was stored before there were several,
//! and proofs of delivery.

use proptest::prelude::*;

use super::super::*;
use super::parcels::{numbers, of, on_its_way_in_two, pack, picked};
use super::returns::units;
use super::world::*;

#[test]
fn a_carrier_that_is_quicker_than_the_other_label_takes_the_work_and_it_is_bought_still() {
    let mut world = picked();
    pack(&mut world, vec![StatedParcel::default(); 2]).expect("two parcels");
    world.fact(label_of(1, 1));
    world.fact(seen_of(1, 1, 5, ParcelStatus::PickedUp));
    assert_eq!(world.order.fulfilments[0].word(), "handed_over");
    world.settle();
    assert_eq!(numbers(&world), ["TRK1", "TRK1-2"]);
    world.fact(seen_of(1, 1, 6, ParcelStatus::Delivered));
    world.fact(seen_of(1, 2, 6, ParcelStatus::Delivered));
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    world.check();
}

#[test]
fn what_was_stored_when_there_was_one_parcel_loads_as_its_first() {
    let stored = [
        (
            "shipment.label_bought",
            r#"{"fulfilment":1,"label":{"evidence":"bought","account":"e","carrier":"UPS","tracking_number":"T","reference":"r"},"shape":"shipment.label_reported"}"#,
        ),
        (
            "shipment.overdue",
            r#"{"fulfilment":1,"since":"2026-01-01T00:00:00Z"}"#,
        ),
        (
            "fulfilment.packed",
            r#"{"fulfilment":1,"work":{"evidence":"packed"},"shape":"fulfilment.reported"}"#,
        ),
        (
            "claim.opened",
            r#"{"number":1,"fulfilment":1,"what":"lost","lines":[]}"#,
        ),
        (
            "inventory.restock_requested",
            r#"{"effect":{"id":"00000000-0000-0000-0000-000000000001","kind":"restock_units","location":"B","lines":[],"source":{"parcel":3}},"shape":"order.effect_opened"}"#,
        ),
        (
            "shipment.label_requested",
            r#"{"effect":{"id":"00000000-0000-0000-0000-000000000001","kind":"buy_label","fulfilment":2},"shape":"order.effect_opened"}"#,
        ),
    ];
    for (kind, body) in stored {
        let body: serde_json::Value = serde_json::from_str(body).expect("a stored body");
        let event = Event::from_stored(kind, body.clone()).expect(kind);
        let parcel = match &event {
            Event::LabelReported { parcel, .. }
            | Event::Claim(ClaimEvent::Opened { parcel, .. }) => *parcel,
            Event::Parcel(event) => event.parcel().1,
            Event::EffectOpened { effect } => match &effect.effect {
                Effect::RestockUnits {
                    source: RestockSource::Parcel(named),
                    ..
                } => {
                    assert_eq!(named.fulfilment, 3);
                    named.parcel
                }
                effect => effect.parcel().expect("a parcel").1,
            },
            Event::FulfilmentReported { work, .. } => {
                let parcels = Vec::new();
                assert_eq!(*work, FulfilmentEvidence::Packed { parcels });
                1
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(parcel, 1, "{kind}");
        assert_eq!(event.body(), body, "one parcel is stored as ever");
    }
}

#[test]
fn a_proof_of_delivery_is_kept_on_its_parcel_once_in_whatever_order_it_is_told() {
    let proof = |second: i64, signed, reference: Option<&str>| {
        Fact::Proof(ProofFact {
            tracking_number: tracking(1, 2),
            carrier: None,
            proof: DeliveryProof {
                at: jiff::Timestamp::from_second(1_760_000_000 + second).expect("a time"),
                signed,
                reference: reference.map(str::to_owned),
            },
        })
    };
    let told = [
        proof(9, true, None),
        proof(7, false, Some("https://carrier.example/a")),
        proof(8, false, Some("https://carrier.example/b")),
    ];
    let mut ends = Vec::new();
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let mut world = on_its_way_in_two();
        for place in order {
            world.fact(told[place].clone());
            assert_eq!(world.fact(told[place].clone()), Decided::Nothing);
        }
        let shown = world.order.parcel(1, 2).expect("two").proof.clone();
        let first = &world.order.parcel(1, 1).expect("two").proof;
        assert_eq!(
            *first, None,
            "what one parcel has says nothing of the other"
        );
        assert!(!world.order.fulfilments[0].is_partly_delivered());
        assert_eq!(world.folded(), world.order);
        ends.push(shown.expect("it was told"));
    }
    assert!(ends[0].signed && ends.iter().all(|end| *end == ends[0]));
    let mut world = on_its_way_in_two();
    world.fact(Fact::Proof(ProofFact {
        tracking_number: "SOMEBODY-ELSES".into(),
        carrier: None,
        proof: ends[0].clone(),
    }));
    assert_eq!(world.kinds().last(), Some(&"order.fact_ignored"));
}

fn any_sighting() -> impl Strategy<Value = (u16, i64, ParcelStatus)> {
    use ParcelStatus::{
        Delivered, Exception, InTransit, LabelCreated, Lost, OutForDelivery, PickedUp, Returned,
    };
    let statuses = vec![
        LabelCreated,
        PickedUp,
        InTransit,
        OutForDelivery,
        Delivered,
        Exception,
        Lost,
        Returned,
    ];
    (1_u16..=3, 0_i64..40, proptest::sample::select(statuses))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever carriers say of the parcels and in which order, each parcel ends as its own sightings
    /// say, and the sum of a line stays within what was shipped.
    #[test]
    fn sightings_of_several_parcels_converge_each_for_itself(
        sightings in proptest::collection::vec(any_sighting(), 1..14),
        stated in any::<bool>(),
        turn in 0_usize..14,
    ) {
        let mut sightings = sightings;
        // One sighting of a parcel at a moment: two are told apart by time and code.
        sightings.sort_by_key(|(parcel, second, _)| (*parcel, *second));
        sightings.dedup_by_key(|(parcel, second, _)| (*parcel, *second));
        let play = |sightings: &[(u16, i64, ParcelStatus)]| {
            let mut world = picked();
            let parcels = if stated {
                vec![of(&[("1", 1)]), of(&[("1", 1)]), of(&[("2", 1)])]
            } else {
                vec![StatedParcel::default(); 3]
            };
            pack(&mut world, parcels).expect("it adds up");
            world.settle();
            world.step(FulfilmentStep::HandOver).expect("labelled");
            world.settle();
            for (parcel, second, status) in sightings {
                world.fact(seen_of(1, *parcel, *second, *status));
                world.check();
            }
            world
        };
        let sorted = play(&sightings);
        sightings.reverse();
        let middle = turn.min(sightings.len());
        sightings.rotate_left(middle);
        let shuffled = play(&sightings);
        for number in 1..=3 {
            let own = sightings.iter().filter(|(parcel, _, _)| *parcel == number);
            let own = own.map(|(_, second, status)| Scan {
                at: jiff::Timestamp::from_second(1_760_000_000 + second).expect("a time"),
                status: *status,
                code: status.word().to_owned(),
            });
            let alone = parcel_status(&own.collect());
            for world in [&sorted, &shuffled] {
                let parcel = world.order.parcel(1, number).expect("three parcels");
                prop_assert_eq!(parcel.status(), alone);
            }
        }
        prop_assert_eq!(shuffled.folded(), shuffled.order);
    }

    /// However units are put into parcels, each is in exactly one, and a parcel that is lost takes its
    /// own along and no others.
    #[test]
    fn contents_partition_the_work(places in proptest::collection::vec(0_usize..3, 3), lost in 1_u16..=3) {
        let mut world = picked();
        let mut parcels = vec![Vec::new(); 3];
        for (line, place) in ["1", "1", "2"].into_iter().zip(&places) {
            parcels[*place].push((line, 1));
        }
        parcels.retain(|lines| !lines.is_empty());
        let stated: Vec<StatedParcel> = parcels.iter().map(|lines| of(lines)).collect();
        let number = u16::try_from(stated.len()).expect("three at most");
        pack(&mut world, stated).expect("it adds up");
        world.settle();
        world.step(FulfilmentStep::HandOver).expect("labelled");
        world.settle();
        let lost = lost.min(number);
        for parcel in 1..=number {
            let status = if parcel == lost { ParcelStatus::Lost } else { ParcelStatus::Delivered };
            world.fact(seen_of(1, parcel, 20, status));
        }
        world.check();
        let gone = &parcels[usize::from(lost) - 1];
        for (number, line) in [(1, "1"), (2, "2")] {
            let found = world.order.quantities(number);
            let missing = gone.iter().filter(|(known, _)| *known == line).count();
            prop_assert_eq!(found.lost, units(u32::try_from(missing).expect("few")));
            prop_assert_eq!(found.shipped, found.delivered.plus(found.lost));
        }
    }
}

/// What another connection saw of a parcel of this carrier's.
fn seen_by(carrier: &str, number: &str, second: i64, status: ParcelStatus, code: &str) -> Fact {
    Fact::Scan(ScanFact {
        tracking_number: number.to_owned(),
        carrier: Some(carrier.to_owned()),
        scan: Scan {
            at: beginning() + jiff::SignedDuration::from_secs(second),
            status,
            code: code.to_owned(),
        },
    })
}

#[test]
fn two_parcels_with_one_number_at_two_carriers_never_mix() {
    let mut world = picked();
    pack(&mut world, vec![StatedParcel::default(); 2]).expect("two parcels");
    for (parcel, carrier) in [(1, "UPS"), (2, "Royal Mail")] {
        world.fact(Fact::Label(LabelFact {
            fulfilment: 1,
            parcel,
            evidence: LabelEvidence::Bought {
                service: None,
                account: "easypost".into(),
                carrier: carrier.into(),
                tracking_number: "SAME".into(),
                reference: format!("shp_{parcel}"),
                label_url: None,
                cost: None,
            },
        }));
    }
    let courses = |world: &World| {
        let parcels = &world.order.fulfilments[0].parcels;
        [parcels[0].status(), parcels[1].status()]
    };
    let unseen = ParcelStatus::Unknown;
    world.fact(seen_by(
        "royal-mail",
        "SAME",
        5,
        ParcelStatus::InTransit,
        "a",
    ));
    assert_eq!(courses(&world), [unseen, ParcelStatus::InTransit]);
    world.fact(seen_by("ups", "SAME", 9, ParcelStatus::Delivered, "b"));
    assert_eq!(
        courses(&world),
        [ParcelStatus::Delivered, ParcelStatus::InTransit]
    );
    world.fact(Fact::Proof(ProofFact {
        tracking_number: "SAME".to_owned(),
        carrier: Some("royal-mail".to_owned()),
        proof: DeliveryProof {
            at: world.now,
            signed: true,
            reference: None,
        },
    }));
    let parcels = &world.order.fulfilments[0].parcels;
    assert!(parcels[0].proof.is_none() && parcels[1].proof.is_some());
    // A third carrier's parcel is none of this order's.
    world.fact(seen_by("gls", "SAME", 11, ParcelStatus::Lost, "c"));
    assert_eq!(world.kinds().last(), Some(&"order.fact_ignored"));
    world.check();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The carrier itself and somebody who follows its parcels, each in words and at times of its own: told in
    /// any order and twice, they come to one course.
    #[test]
    fn two_sources_of_one_parcel_come_to_the_same_in_any_order(
        order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let told = [
            seen_of(1, 1, 10, ParcelStatus::PickedUp),
            seen_of(1, 1, 20, ParcelStatus::InTransit),
            seen_of(1, 1, 30, ParcelStatus::Delivered),
            seen_by("ups", "TRK1", 12, ParcelStatus::PickedUp, "InTransit_002"),
            seen_by("ups", "TRK1", 3_625, ParcelStatus::OutForDelivery, "OutForDelivery_001"),
            seen_by("ups", "TRK1", 3_630, ParcelStatus::Delivered, "Delivered_001"),
        ];
        let mut world = picked();
        pack(&mut world, vec![StatedParcel::default()]).expect("one parcel");
        world.settle();
        for place in order {
            world.fact(told[place % 6].clone());
        }
        let parcel = &world.order.fulfilments[0].parcels[0];
        prop_assert_eq!(parcel.scans.len(), 6, "each is kept once");
        prop_assert_eq!(parcel.status(), ParcelStatus::Delivered);
        world.settle();
        prop_assert_eq!(world.order.stage, Stage::Completed);
        world.check();
    }
}
