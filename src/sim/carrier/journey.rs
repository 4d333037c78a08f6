//! A parcel's way: from the label to the door in a few hours, sometimes with a detour. Which way and
//! when depends on the seed and the parcel's number alone; the speed is that of the clock on the
//! wall.

use jiff::{SignedDuration, Timestamp};

use crate::sim::dice::Dice;

/// One parcel in so many meets something on its way.
const MISHAPS: u64 = 8;

/// What is seen of a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) status: &'static str,
    pub(super) detail: &'static str,
    pub(super) message: &'static str,
}

const fn step(status: &'static str, detail: &'static str, message: &'static str) -> Step {
    Step {
        status,
        detail,
        message,
    }
}

const LABEL: Step = step("pre_transit", "label_created", "Shipping Label Created");
const ACCEPTED: Step = step("in_transit", "received_at_origin_facility", "Accepted");
const ARRIVED: Step = step("in_transit", "arrived_at_facility", "Arrived at Facility");
const OUT: Step = step("out_for_delivery", "out_for_delivery", "Out for Delivery");
const DELIVERED: Step = step("delivered", "arrived_at_destination", "Delivered");

/// What may come before the delivery.
const DETOURS: [Step; 3] = [
    step(
        "failure",
        "delivery_exception",
        "No Access to Delivery Location",
    ),
    step("in_transit", "delayed", "Running Late"),
    step("in_transit", "missorted", "Missent"),
];

/// The whole way of a parcel: each step and when it is seen, if so many of its seconds pass in one
/// of the clock's.
pub(super) fn way(seed: u64, parcel: u64, bought: Timestamp, pace: u32) -> Vec<(Timestamp, Step)> {
    let mut dice = Dice::of(seed, "parcels", parcel);
    // Minutes from each step to the next.
    let mut steps = vec![
        (0, LABEL),
        (dice.within(20, 60), ACCEPTED),
        (dice.within(20, 90), ARRIVED),
        (dice.within(20, 60), OUT),
    ];
    if dice.one_in(MISHAPS) {
        steps.push((dice.within(10, 60), *dice.pick(&DETOURS)));
        steps.push((dice.within(60, 180), OUT));
    }
    steps.push((dice.within(10, 90), DELIVERED));
    let pace = i64::from(pace.max(1));
    let mut seconds = 0;
    let timed = steps.into_iter().zip(0..).map(|((minutes, step), place)| {
        seconds += i64::try_from(minutes).unwrap_or_default() * 60;
        // Two steps are never seen at the same moment, however fast the clock runs.
        let wait = SignedDuration::from_millis(seconds * 1_000 / pace + place);
        (bought.saturating_add(wait).unwrap_or(bought), step)
    });
    timed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(parcel: u64, speed: u32) -> Vec<&'static str> {
        let way = way(1, parcel, Timestamp::UNIX_EPOCH, speed);
        assert!(way.is_sorted_by(|one, other| one.0 < other.0));
        way.iter().map(|(_, step)| step.status).collect()
    }

    #[test]
    fn every_parcel_arrives_and_some_meet_something_first() {
        let ways: Vec<_> = (0..200).map(|parcel| words(parcel, 60)).collect();
        assert!(ways.iter().all(|way| way[0] == "pre_transit"));
        assert!(ways.iter().all(|way| way.last() == Some(&"delivered")));
        let detours = ways.iter().filter(|way| way.len() > 5).count();
        assert!((5..60).contains(&detours), "{detours}");
        assert!(ways.iter().any(|way| way.contains(&"failure")));
    }

    #[test]
    fn the_speed_changes_the_times_and_not_the_way() {
        for parcel in 0..20 {
            assert_eq!(words(parcel, 1), words(parcel, 1_000_000));
        }
        let end = |speed| {
            way(1, 7, Timestamp::UNIX_EPOCH, speed)
                .last()
                .map(|(at, _)| *at)
        };
        assert!(end(60) < end(1));
    }
}
