//! Parcels are overdue by what their lane took before, or by the policy.

use jiff::{SignedDuration, Timestamp};

use super::super::*;
use super::parcels::{pack, picked};
use super::world::*;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// A parcel that is ready to leave on a lane that took so many hours each, the newest first.
fn labelled(hours: impl IntoIterator<Item = i64>) -> World {
    let mut world = picked();
    pack(&mut world, vec![StatedParcel::default()]).expect("any number will do");
    world.settle();
    world.shelves.took = hours.into_iter().map(|hours| hours * HOUR).collect();
    world
}

fn leave(world: &mut World) {
    world.step(FulfilmentStep::HandOver).expect("labelled");
    world.settle();
}

fn events(world: &World) -> Vec<ParcelEvent> {
    let log = world.log.iter().map(|recorded| &recorded.event);
    let about = log.filter_map(|event| match event {
        Event::Parcel(event) => Some(event.clone()),
        _ => None,
    });
    about.collect()
}

fn because(world: &World) -> String {
    explain(&world.order, &world.policy).because
}

#[test]
fn a_parcel_is_overdue_after_what_ninety_five_of_a_hundred_took_on_its_lane() {
    let mut world = labelled(1..=40);
    leave(&mut world);
    let time = TransitTime {
        after: SignedDuration::from_hours(38),
        deliveries: 40,
    };
    let [ParcelEvent::Watched { time: told, .. }] = events(&world)[..] else {
        panic!("{:?}", events(&world));
    };
    assert_eq!(told, time);
    assert!(
        because(&world).ends_with(
            "It is overdue if it is not seen for 38 hours: the 95th percentile of 40 deliveries of this lane."
        ),
        "{}",
        because(&world)
    );
    world.wait(38 * HOUR - 1);
    assert_eq!(events(&world).len(), 1);
    world.wait(1);
    let last = events(&world).pop();
    let Some(ParcelEvent::Overdue { lane, .. }) = last else {
        panic!("{last:?}");
    };
    assert_eq!(lane, Some(time));
    assert!(
        because(&world)
            .contains("overdue after 38 hours: the 95th percentile of 40 deliveries of this lane"),
        "{}",
        because(&world)
    );
    world.check();
    assert_eq!(world.folded(), world.order);
}

#[test]
fn a_lane_with_few_deliveries_leaves_it_to_the_policy() {
    let mut world = labelled(1..=19);
    leave(&mut world);
    assert_eq!(events(&world), []);
    world.wait(7 * DAY - 1);
    assert_eq!(events(&world), []);
    world.wait(1);
    let last = events(&world).pop();
    assert!(
        matches!(last, Some(ParcelEvent::Overdue { lane: None, .. })),
        "{last:?}"
    );
    assert!(
        because(&world).contains("overdue after 7 days: the policy's time"),
        "{}",
        because(&world)
    );
}

#[test]
fn what_is_learned_of_a_lane_later_changes_nothing_for_what_has_left() {
    let mut world = labelled(1..=40);
    leave(&mut world);
    let when = wake_at(&world.order, &world.policy);
    world.shelves.took = vec![HOUR; 200];
    world.fact(label_of(1, 1));
    world.wait(HOUR + 1);
    assert_eq!(events(&world).len(), 1, "{:?}", events(&world));
    assert_eq!(wake_at(&world.order, &world.policy), when);
    let mut unknown = labelled([]);
    leave(&mut unknown);
    unknown.shelves.took = vec![HOUR; 200];
    unknown.wait(HOUR + 1);
    assert_eq!(events(&unknown), [], "it left under the policy");
}

#[test]
fn the_first_sighting_of_a_parcel_begins_the_watch_as_a_hand_over_does() {
    let mut world = labelled(1..=40);
    let scan = seen(1, 20, ParcelStatus::InTransit);
    let input = Input {
        actor: "partner".to_owned(),
        body: InputBody::Fact(scan.clone()),
    };
    let lanes = world.order.lanes_ahead(&input, &world.shelves);
    let [lane] = &lanes[..] else {
        panic!("{lanes:?}");
    };
    let between = (lane.origin.as_str(), lane.destination.as_str());
    assert_eq!((lane.carrier.as_str(), between), ("UPS", ("DE", "DE")));
    world.fact(scan);
    assert!(matches!(events(&world)[..], [ParcelEvent::Watched { .. }]));
    let again = world.order.lanes_ahead(&input, &world.shelves);
    assert_eq!(again, [], "it is on its way already");
}

#[test]
fn a_delivery_counts_from_when_the_carrier_had_it() {
    let mut world = labelled([]);
    leave(&mut world);
    let left = world.now;
    let at = |hours: i64| left + SignedDuration::from_secs(hours * HOUR);
    let scan = |world: &World, at: Timestamp, status: ParcelStatus| {
        let parcel = world.order.parcel(1, 1).expect("there is one");
        let label = parcel.label.as_ref().expect("it has one");
        Fact::Scan(ScanFact {
            tracking_number: label.tracking_number.clone(),
            carrier: None,
            scan: Scan {
                at,
                status,
                code: status.word().to_owned(),
            },
        })
    };
    let delivered = scan(&world, at(30), ParcelStatus::Delivered);
    let moving = scan(&world, at(2), ParcelStatus::InTransit);
    world.fact(moving);
    let before = world.log.len();
    assert_eq!(world.order.transits(&world.log, &world.shelves), []);
    world.fact(delivered);
    let transits = world.order.transits(&world.log[before..], &world.shelves);
    let [transit] = &transits[..] else {
        panic!("{transits:?}");
    };
    assert_eq!(transit.took, SignedDuration::from_hours(30));
    assert_eq!(transit.delivered_at, at(30));
    // What comes after it is no delivery.
    let before = world.log.len();
    let late = scan(&world, at(29), ParcelStatus::OutForDelivery);
    world.fact(late);
    assert_eq!(
        world.order.transits(&world.log[before..], &world.shelves),
        []
    );
}

#[test]
fn a_parcel_of_which_only_the_arrival_was_seen_teaches_nothing() {
    let mut world = labelled([]);
    let arrival = seen(1, 0, ParcelStatus::Delivered);
    world.fact(arrival);
    assert_eq!(world.order.transits(&world.log, &world.shelves), []);
}

#[test]
fn what_older_versions_wrote_of_overdue_parcels_is_read() {
    let body = serde_json::json!({"fulfilment": 1, "since": "2026-01-02T03:04:05Z"});
    let event = Event::from_stored("shipment.overdue", body).expect("as it was written");
    let Event::Parcel(ParcelEvent::Overdue { parcel, lane, .. }) = event else {
        panic!("{event:?}");
    };
    assert_eq!((parcel, lane), (1, None));
    let watched = Event::Parcel(ParcelEvent::Watched {
        fulfilment: 1,
        parcel: 2,
        time: TransitTime {
            after: SignedDuration::from_hours(50),
            deliveries: 120,
        },
    });
    let again = Event::from_stored(watched.kind(), watched.body()).expect("as it is written");
    assert_eq!(again, watched);
}
