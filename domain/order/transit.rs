//! How long parcels take on their lanes. A lane is what a carrier does between two countries; what it took
//! there says after which time a parcel that nobody sees is overdue.
//!
//! Pure: what the deliveries of a lane took is remembered by the store and asked for through `Places`. The
//! rule that uses it is `decide/overdue.rs`.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Command, Event, Fact, Fulfilment, FulfilmentEvidence, FulfilmentStep, Input, InputBody, Order,
    Parcel, ParcelStatus, Places, Recorded, WorkSaid,
};
use crate::ids::Slug;

/// How many deliveries of a lane count, the newest ones.
pub const TRANSITS_COUNTED: u16 = 200;

/// With fewer deliveries a lane says nothing, and the policy's time holds.
pub const TRANSITS_NEEDED: u16 = 20;

/// Of a hundred deliveries so many took no longer than what is waited for.
const IN_TIME: usize = 95;

/// What took longer was not counted when it began, or its report is wrong.
const LONGEST: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A carrier's way from one country to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShippingLane {
    /// The connection that labels are bought through.
    pub account: Slug,
    /// The carrier, as the connection names it.
    pub carrier: String,
    /// Which of its services, where the connection says so.
    pub service: Option<String>,
    /// The country that parcels start in.
    pub origin: String,
    /// The country that they go to.
    pub destination: String,
}

/// A delivery, and how long it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transit {
    /// The fulfilment's number within its order.
    pub fulfilment: u16,
    /// The number of its parcel.
    pub parcel: u16,
    /// Where it went.
    pub lane: ShippingLane,
    /// From when the carrier had it until the buyer had it; more than nothing.
    pub took: SignedDuration,
    /// When the buyer had it.
    pub delivered_at: Timestamp,
}

/// After which time a parcel of a lane is overdue if nobody sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransitTime {
    /// How long it may not be seen.
    pub after: SignedDuration,
    /// From how many deliveries of the lane that was computed.
    pub deliveries: u16,
}

impl TransitTime {
    /// What the newest deliveries of a lane say, in seconds and in any order; nothing if they are too few.
    pub fn of(seconds: &[i64]) -> Option<Self> {
        let counted = seconds.get(..usize::from(TRANSITS_COUNTED).min(seconds.len()))?;
        let deliveries = u16::try_from(counted.len()).ok()?;
        let after = percentile(counted, IN_TIME).filter(|_| deliveries >= TRANSITS_NEEDED)?;
        Some(Self {
            after: SignedDuration::from_secs(after),
            deliveries,
        })
    }
}

/// The smallest of the values that at least so many hundredths of them do not exceed (the nearest rank);
/// nothing of nothing.
pub fn percentile(values: &[i64], hundredths: usize) -> Option<i64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * hundredths.min(100)).div_ceil(100);
    sorted.get(rank.max(1) - 1).copied()
}

impl Order {
    /// The lane of a parcel that has its label, if both its countries are known.
    pub fn shipping_lane(
        &self,
        work: &Fulfilment,
        parcel: &Parcel,
        places: &dyn Places,
    ) -> Option<ShippingLane> {
        let label = parcel.label.as_ref().filter(|label| !label.voided)?;
        let mut locations = places.locations().iter();
        let from = locations.find(|location| location.code == work.location)?;
        let destination = match &work.transfer {
            Some(transfer) => {
                let mut locations = places.locations().iter();
                let store = locations.find(|location| location.code == transfer.to)?;
                store.country.clone()
            }
            None => self.draft.destination.clone()?,
        };
        Some(ShippingLane {
            account: label.account.clone(),
            carrier: label.carrier.clone(),
            service: label.service.clone(),
            origin: from.country.clone(),
            destination,
        })
    }

    /// The lanes that an input may send parcels onto: what is known of them has to be at hand when it is
    /// decided. Empty for all other inputs.
    pub fn lanes_ahead(&self, input: &Input, places: &dyn Places) -> Vec<ShippingLane> {
        let about = |work: &Fulfilment, parcel: &Parcel| match &input.body {
            InputBody::Fact(Fact::Fulfilment(report)) => {
                report.fulfilment == work.number
                    && report.evidence == FulfilmentEvidence::HandedOver
            }
            InputBody::Fact(Fact::Work(report)) => {
                report.fulfilment == work.number
                    && report.said == WorkSaid::Evidence(FulfilmentEvidence::HandedOver)
            }
            InputBody::Fact(Fact::Scan(seen)) => parcel.label.as_ref().is_some_and(|label| {
                label.tracking_number == seen.tracking_number && seen.scan.status.implies_shipped()
            }),
            InputBody::Request(asked) => {
                let hands_over = |fulfilment| Command::Fulfil {
                    fulfilment,
                    step: FulfilmentStep::HandOver,
                };
                asked.command == hands_over(work.number)
            }
            _ => false,
        };
        let waiting = self.fulfilments.iter().filter(|work| !work.has_left());
        let leaving = waiting.filter(|work| work.parcels.iter().any(|parcel| about(work, parcel)));
        let parcels =
            leaving.flat_map(|work| work.parcels.iter().map(move |parcel| (work, parcel)));
        let mut lanes: Vec<ShippingLane> = parcels
            .filter_map(|(work, parcel)| self.shipping_lane(work, parcel, places))
            .collect();
        lanes.sort();
        lanes.dedup();
        lanes
    }

    /// The deliveries among the events that lead to this state, each with what it took. A parcel that is
    /// delivered once more, after a correction, is among them again: who remembers them counts a parcel
    /// once.
    pub fn transits(&self, events: &[Recorded], places: &dyn Places) -> Vec<Transit> {
        let mut transits: Vec<Transit> = Vec::new();
        for recorded in events {
            let Event::Scanned {
                fulfilment,
                parcel,
                scan,
            } = &recorded.event
            else {
                continue;
            };
            let counted =
                |known: &Transit| (known.fulfilment, known.parcel) == (*fulfilment, *parcel);
            if scan.status == ParcelStatus::Delivered && !transits.iter().any(counted) {
                transits.extend(self.transit((*fulfilment, *parcel), places));
            }
        }
        transits
    }

    fn transit(&self, (fulfilment, number): (u16, u16), places: &dyn Places) -> Option<Transit> {
        let work = self.fulfilment(fulfilment)?;
        let parcel = work.parcel(number)?;
        let delivered = |status| status == ParcelStatus::Delivered;
        if !delivered(parcel.status()) {
            return None;
        }
        let first = |wanted: &dyn Fn(ParcelStatus) -> bool| {
            let mut scans = parcel.scans.iter();
            scans.find(|scan| wanted(scan.status)).map(|scan| scan.at)
        };
        // Somebody at the door may say it after the carrier has, or before.
        let seen = first(&ParcelStatus::implies_shipped);
        let left = work.shipped_at.into_iter().chain(seen).min()?;
        let arrived = first(&delivered)?;
        let took = arrived.duration_since(left);
        // A parcel of which only the arrival was seen says nothing.
        let plausible = took > SignedDuration::ZERO && took <= LONGEST;
        plausible.then_some(Transit {
            fulfilment,
            parcel: number,
            lane: self.shipping_lane(work, parcel, places)?,
            took,
            delivered_at: arrived,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_percentile_is_a_value_that_enough_of_them_do_not_exceed(
            values in prop::collection::vec(-1_000_i64..1_000, 1..300),
            hundredths in 1_usize..=100,
        ) {
            let found = percentile(&values, hundredths).expect("there is a value");
            prop_assert!(values.contains(&found));
            let within = values.iter().filter(|value| **value <= found).count();
            let below = values.iter().filter(|value| **value < found).count();
            prop_assert!(within * 100 >= values.len() * hundredths);
            // A smaller one would not be enough.
            prop_assert!(below * 100 < values.len() * hundredths);
        }

        #[test]
        fn the_order_of_the_values_says_nothing(
            mut values in prop::collection::vec(0_i64..1_000, 0..100),
            hundredths in 0_usize..=120,
        ) {
            let found = percentile(&values, hundredths);
            values.reverse();
            prop_assert_eq!(found, percentile(&values, hundredths));
            prop_assert_eq!(found.is_none(), values.is_empty());
        }

        #[test]
        fn a_lane_speaks_from_twenty_deliveries_on_and_of_the_newest_two_hundred(
            seconds in prop::collection::vec(1_i64..1_000_000, 0..260),
        ) {
            let said = TransitTime::of(&seconds);
            prop_assert_eq!(said.is_some(), seconds.len() >= 20);
            if let Some(said) = said {
                let newest = &seconds[..seconds.len().min(200)];
                prop_assert_eq!(usize::from(said.deliveries), newest.len());
                prop_assert_eq!(Some(said.after.as_secs()), percentile(newest, 95));
            }
        }
    }

    #[test]
    fn nineteen_of_twenty_in_time_are_ninety_five_of_a_hundred() {
        let mut days: Vec<i64> = (1..=20).collect();
        assert_eq!(percentile(&days, 95), Some(19));
        days.push(21);
        assert_eq!(percentile(&days, 95), Some(20));
        assert_eq!(percentile(&[], 95), None);
        assert_eq!(percentile(&[7], 0), Some(7));
    }
}
