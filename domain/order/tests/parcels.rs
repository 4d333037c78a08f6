//! Work that goes out in several parcels: what packers may say, a label and a course for each, and what
//! becomes of the units of those that do not arrive.

use super::super::*;
use super::returns::{on_hand, refunded, units};
use super::world::*;
use crate::canonical::*;
use crate::policy::ClaimDefault;

const DAY: i64 = 24 * 3600;

/// Two units of 20.00 and one of 10.00, all picked; shipping is 5.00.
pub(super) fn picked() -> World {
    let lines = vec![line(1, "SKU-1", 2, "20.00"), line(2, "SKU-2", 1, "10.00")];
    let order = draft(lines, "5.00", to_authorize(CaptureMode::Once));
    let mut world = World::place(order, &[("BER1", "SKU-1", 5), ("BER1", "SKU-2", 5)]);
    world.settle();
    world
        .step(FulfilmentStep::Pick { lines: None })
        .expect("legal");
    world
}

/// A parcel with these units of these lines.
pub(super) fn of(lines: &[(&str, u32)]) -> StatedParcel {
    let lines = lines
        .iter()
        .map(|(line, count)| ((*line).to_owned(), units(*count)));
    StatedParcel {
        lines: Some(lines.collect()),
        size: None,
        weight_g: None,
    }
}

pub(super) fn pack(world: &mut World, parcels: Vec<StatedParcel>) -> Result<Decided, Rejection> {
    world.step(FulfilmentStep::PackInto { parcels })
}

/// On its way in two parcels: one with a unit of each line, one with the other unit of the first.
pub(super) fn on_its_way_in_two() -> World {
    let mut world = picked();
    pack(&mut world, vec![of(&[("1", 1), ("2", 1)]), of(&[("1", 1)])]).expect("it adds up");
    world.settle();
    world.step(FulfilmentStep::HandOver).expect("labelled");
    world.settle();
    world
}

/// On its way in this many parcels, of which nobody has said what is in them.
fn on_its_way_in(number: usize) -> World {
    let mut world = picked();
    pack(&mut world, vec![StatedParcel::default(); number]).expect("any number will do");
    world.settle();
    world.step(FulfilmentStep::HandOver).expect("labelled");
    world.settle();
    world
}

fn resolve(
    world: &mut World,
    number: u16,
    resolution: Resolution,
    lines: Option<&[(&str, u32)]>,
) -> Result<Decided, Rejection> {
    let stated = lines.map(|lines| {
        let lines = lines
            .iter()
            .map(|(line, count)| ((*line).to_owned(), units(*count)));
        lines.collect()
    });
    let done = world.command(Command::Claim(ClaimCommand::Resolve {
        number,
        resolution,
        lines: stated,
        reason: "as agreed".to_owned(),
    }));
    world.check();
    done
}

pub(super) fn numbers(world: &World) -> Vec<String> {
    let labels = world.order.parcels();
    let labels = labels.filter_map(|(_, parcel)| parcel.label.as_ref());
    labels.map(|label| label.tracking_number.clone()).collect()
}

#[test]
fn each_parcel_gets_a_label_and_keeps_its_number() {
    let mut world = picked();
    pack(&mut world, vec![StatedParcel::default(); 2]).expect("two parcels");
    world.answer("buy_label");
    let work = &world.order.fulfilments[0];
    assert_eq!(work.stage, FulfilmentStage::Packed, "one label is missing");
    let refused = world.step(FulfilmentStep::HandOver);
    assert_eq!(refused.expect_err("not yet").code(), "label_missing");
    world.settle();
    assert_eq!(world.order.fulfilments[0].stage, FulfilmentStage::Labelled);
    assert_eq!(numbers(&world), ["TRK1", "TRK1-2"]);
    world.step(FulfilmentStep::HandOver).expect("labelled");
    world.fact(label_of(1, 2));
    world.fact(seen_of(1, 2, 9, ParcelStatus::Delivered));
    world.fact(seen_of(1, 1, 5, ParcelStatus::InTransit));
    assert_eq!(numbers(&world), ["TRK1", "TRK1-2"]);
    let bought = world.kinds();
    let bought = bought
        .iter()
        .filter(|kind| **kind == "shipment.label_bought");
    assert_eq!(bought.count(), 2);
    assert_eq!(world.order.fulfilments[0].word(), "partly_delivered");
    assert_eq!(world.folded(), world.order);
}

#[test]
fn what_does_not_add_up_is_refused_with_the_place() {
    let cases: [(Vec<StatedParcel>, &str, &str); 6] = [
        (
            vec![of(&[("1", 2)]), StatedParcel::default()],
            "contents_missing",
            "/parcels/1/lines",
        ),
        (
            vec![of(&[("1", 2)]), of(&[("9", 1)])],
            "no_such_line",
            "/parcels/1/lines/0/line",
        ),
        (
            vec![of(&[("2", 1), ("1", 1)]), of(&[("1", 2)])],
            "too_many",
            "/parcels/1/lines/0/quantity",
        ),
        (
            vec![of(&[("1", 1)]), of(&[("1", 1)])],
            "not_all_packed",
            "/parcels",
        ),
        (
            vec![of(&[("1", 2), ("2", 1)]), of(&[])],
            "empty_parcel",
            "/parcels/1",
        ),
        (
            vec![StatedParcel::default(); PARCELS_MOST + 1],
            "too_many_parcels",
            "/parcels",
        ),
    ];
    let mut world = picked();
    for (parcels, code, pointer) in cases {
        let refused = pack(&mut world, parcels).expect_err(code);
        assert_eq!(refused.code(), code);
        let Rejection::Pack(refused) = refused else {
            panic!("{code} is about packing");
        };
        assert_eq!(refused.pointer(), pointer);
    }
    let parcels = vec![of(&[("1", 2)]), of(&[("2", 1)])];
    pack(&mut world, parcels.clone()).expect("nothing was lost by asking");
    assert_eq!(pack(&mut world, parcels), Ok(Decided::Nothing), "a repeat");
    let otherwise = pack(&mut world, vec![StatedParcel::default(); 3]);
    assert_eq!(otherwise.expect_err("packed").code(), "packed_otherwise");
}

#[test]
fn a_cancelled_order_gives_every_label_back() {
    let mut world = picked();
    pack(&mut world, vec![StatedParcel::default(); 3]).expect("three parcels");
    world.answer("buy_label");
    world.answer("buy_label");
    let reason = "changed mind".to_owned();
    world.command(Command::Cancel { reason }).expect("in time");
    world.settle();
    let kinds = world.kinds();
    let count = |kind: &str| kinds.iter().filter(|known| **known == kind).count();
    assert_eq!(
        count("shipment.label_bought"),
        count("shipment.label_voided")
    );
    assert!(count("shipment.label_voided") >= 2);
    assert_eq!(world.order.stage, Stage::Cancelled);
    world.check();
}

#[test]
fn a_label_that_fails_for_one_holds_the_work_until_somebody_looks() {
    let mut world = picked();
    pack(&mut world, vec![StatedParcel::default(); 2]).expect("two parcels");
    world.fact(label_of(1, 1));
    world.fact(Fact::Label(LabelFact {
        fulfilment: 1,
        parcel: 2,
        evidence: LabelEvidence::Failed {
            reason: "too heavy".into(),
        },
    }));
    assert_eq!(world.order.holds[0].reason, REASON_LABEL_FAILED);
    assert!(world.order.outstanding.is_empty());
    let (hold, reason) = (1, "weighed again".to_owned());
    world
        .command(Command::Release { hold, reason })
        .expect("it is there");
    world.settle();
    assert_eq!(numbers(&world), ["TRK1", "TRK1-2"]);
    assert_eq!(world.order.fulfilments[0].stage, FulfilmentStage::Labelled);
}

#[test]
fn a_lost_parcel_of_two_pays_only_its_own_units_back() {
    let mut world = on_its_way_in_two();
    world.fact(seen_of(1, 1, 20, ParcelStatus::Delivered));
    world.fact(seen_of(1, 2, 20, ParcelStatus::Lost));
    let lines = [1, 2].map(|line| {
        let found = world.order.quantities(line);
        (found.shipped, found.delivered, found.lost)
    });
    assert_eq!(
        lines,
        [
            (units(2), units(1), units(1)),
            (units(1), units(1), units(0))
        ]
    );
    assert_eq!(world.order.claims[0].parcel, 2);
    resolve(&mut world, 1, Resolution::Refund, None).expect("its units are known");
    world.settle();
    assert_eq!(
        refunded(&world),
        eur("20.00"),
        "one unit, its shipping stays"
    );
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.order.returnable(1), units(1));
}

#[test]
fn a_lost_parcel_of_two_is_sent_again_without_the_other() {
    let mut world = on_its_way_in_two();
    world.policy.claims.lost = ClaimDefault::Reship;
    world.fact(seen_of(1, 1, 20, ParcelStatus::Delivered));
    world.fact(seen_of(1, 2, 20, ParcelStatus::Lost));
    world.settle();
    let again = &world.order.fulfilments[1];
    let wanted = LineUnits {
        line: 1,
        quantity: units(1),
    };
    assert_eq!(again.lines, [wanted]);
    for step in [
        FulfilmentStep::Accept,
        FulfilmentStep::Pick { lines: None },
        FulfilmentStep::Pack,
        FulfilmentStep::HandOver,
    ] {
        let fulfilment = 2;
        world
            .command(Command::Fulfil { fulfilment, step })
            .expect("legal");
        world.settle();
    }
    world.fact(seen(2, 60, ParcelStatus::Delivered));
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.order.quantities(1).delivered, units(2));
    assert_eq!(
        (world.captured(), refunded(&world)),
        (eur("55.00"), eur("0"))
    );
    assert_eq!(on_hand(&world), 2, "three units of the first line left");
    world.check();
}

#[test]
fn a_parcel_of_two_that_comes_back_is_shelved_once_and_alone() {
    let mut world = on_its_way_in_two();
    world.fact(seen_of(1, 2, 20, ParcelStatus::Returned));
    world.fact(seen_of(1, 2, 20, ParcelStatus::Returned));
    world.fact(seen_of(1, 1, 25, ParcelStatus::Delivered));
    world.fact(seen_of(1, 2, 30, ParcelStatus::InTransit));
    world.settle();
    assert_eq!(on_hand(&world), 4, "one of the two is back");
    assert_eq!(refunded(&world), eur("20.00"));
    assert_eq!(world.order.stage, Stage::Completed);
    world.check();
    assert_eq!(world.folded(), world.order);
}

#[test]
fn where_nobody_said_what_was_in_it_a_person_does_before_anything_is_paid() {
    let mut world = on_its_way_in(2);
    world.policy.claims.lost = ClaimDefault::Refund;
    world.fact(seen_of(1, 1, 20, ParcelStatus::Delivered));
    world.fact(seen_of(1, 2, 20, ParcelStatus::Lost));
    world.settle();
    assert_eq!(refunded(&world), eur("0"), "the policy does not guess");
    let found = world.order.quantities(1);
    assert_eq!((found.delivered, found.lost), (units(0), units(0)));
    let why = explain(&world.order, &world.policy);
    assert_eq!(
        (why.waiting_for, why.recommended),
        ("person", Some("resolve_claim"))
    );
    assert!(why.because.contains("parcel 2 of 2"), "{}", why.because);
    let silent = resolve(&mut world, 1, Resolution::Refund, None);
    assert_eq!(silent.expect_err("of what?").code(), "units_unknown");
    let greedy = resolve(&mut world, 1, Resolution::Refund, Some(&[("1", 3)]));
    assert_eq!(greedy.expect_err("two were sent").code(), "too_many");
    resolve(&mut world, 1, Resolution::Refund, Some(&[("2", 1)])).expect("now it is said");
    world.settle();
    assert_eq!(refunded(&world), eur("10.00"));
    let found = [1, 2].map(|line| world.order.quantities(line));
    assert_eq!((found[0].delivered, found[1].lost), (units(2), units(1)));
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.folded(), world.order);
}

#[test]
fn units_that_come_back_were_delivered_in_whichever_parcel() {
    let mut world = on_its_way_in(3);
    world.fact(seen_of(1, 2, 20, ParcelStatus::Lost));
    world.fact(seen_of(1, 3, 20, ParcelStatus::InTransit));
    let parcel = Arrival {
        parcel: Some("A".into()),
        location: "BER1".into(),
        lines: Some(vec![ReceivedLine::Line("1".into(), units(1))]),
    };
    let reason = "did not fit".to_owned();
    let command = ReturnCommand::ReceiveUnannounced { parcel, reason };
    world.command(Command::Return(command)).expect("it is here");
    world.check();
    assert_eq!(world.order.quantities(1).delivered, units(1));
    let arrived = world
        .order
        .parcels()
        .filter(|(work, parcel)| work.has_arrived(parcel));
    let arrived: Vec<u16> = arrived.map(|(_, parcel)| parcel.number).collect();
    assert_eq!(arrived, [3], "the one that the carrier was furthest with");
    world.fact(seen_of(1, 3, 30, ParcelStatus::Lost));
    world.fact(seen_of(1, 1, 30, ParcelStatus::Lost));
    world.check();
}

#[test]
fn each_parcel_is_overdue_for_itself() {
    let mut world = on_its_way_in_two();
    world.wait(6 * DAY);
    world.fact(seen_of(1, 1, 6 * DAY, ParcelStatus::InTransit));
    world.wait(DAY);
    let overdue = |world: &World| {
        let parcels = world.order.parcels();
        let overdue = parcels.filter(|(_, parcel)| parcel.overdue_at.is_some());
        overdue.map(|(_, parcel)| parcel.number).collect::<Vec<_>>()
    };
    assert_eq!(overdue(&world), [2]);
    let why = explain(&world.order, &world.policy).because;
    assert!(why.starts_with("Parcel 2 of 2 of fulfilment 1 is"), "{why}");
    let command = |parcel| {
        Command::Claim(ClaimCommand::Open {
            fulfilment: 1,
            parcel: Some(parcel),
            lines: None,
            reason: "the carrier does not answer".to_owned(),
        })
    };
    let early = world.command(command(1)).expect_err("it is on its way");
    assert_eq!(early.code(), "wrong_stage");
    let none = world.command(command(3)).expect_err("there are two");
    assert_eq!(none.code(), "no_such_parcel");
    world.command(command(2)).expect("it is overdue");
    let claim = &world.order.claims[0];
    assert_eq!((claim.kind, claim.parcel), (ClaimKind::Lost, 2));
    assert_eq!(claim.lines.len(), 1);
}

#[test]
fn damage_is_claimed_out_of_the_parcel_that_came() {
    let mut world = on_its_way_in_two();
    world.fact(seen_of(1, 2, 20, ParcelStatus::Delivered));
    let open = |parcel, lines: Option<Vec<(String, crate::quantity::Quantity)>>| {
        Command::Claim(ClaimCommand::Open {
            fulfilment: 1,
            parcel,
            lines,
            reason: "cracked".to_owned(),
        })
    };
    let other = open(None, Some(vec![("2".to_owned(), units(1))]));
    let refused = world.command(other).expect_err("line 2 is on its way");
    assert_eq!(refused.code(), "too_many");
    world.command(open(Some(2), None)).expect("it is there");
    world.check();
    let wanted = LineUnits {
        line: 1,
        quantity: units(1),
    };
    assert_eq!(world.order.claims[0].lines, [wanted]);
}
