//! Who follows parcels of many carriers is told of those that are under way.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use orderhub_channels::port::{
    CallError, Connector, Enlist, Enlisted, Forged, Inbound, Pace, RawRequest, UnderWay,
};
use orderhub_domain::order::Stage;

use super::aggregators::told;
use super::follows::{packed, packed_as};
use crate::api::{HubApi, Received};
use crate::router::Inlet;
use crate::testing::{Hall, Plan, midnight};
use crate::twin::Twin;

/// It is told of parcels, one a second in turns of ten minutes.
#[derive(Default)]
struct Follower {
    told: Mutex<Vec<UnderWay>>,
    /// It does not answer.
    away: Mutex<bool>,
    /// Numbers that it refuses.
    refuses: Mutex<BTreeSet<String>>,
}

impl Follower {
    fn numbers(&self) -> Vec<String> {
        let told = self.told.lock().expect("a lock");
        told.iter().map(|parcel| parcel.number.clone()).collect()
    }

    fn times(&self, number: &str) -> usize {
        self.numbers().iter().filter(|told| *told == number).count()
    }

    fn is_away(&self, away: bool) {
        *self.away.lock().expect("a lock") = away;
    }
}

impl Connector for Follower {
    fn verify(&self, _: &RawRequest<'_>) -> Result<(), Forged> {
        Err(Forged::Missing)
    }

    fn read(&self, _: &RawRequest<'_>) -> Vec<Inbound> {
        Vec::new()
    }

    fn is_live(&self) -> bool {
        true
    }

    fn enlist(&self) -> Option<&dyn Enlist> {
        Some(self)
    }
}

#[async_trait]
impl Enlist for Follower {
    fn pace(&self) -> Pace {
        Pace {
            turn: Duration::from_mins(10),
            pause: Duration::from_secs(1),
            at_once: 1,
        }
    }

    async fn enlist(&self, parcel: &UnderWay) -> Result<Enlisted, CallError> {
        self.told.lock().expect("a lock").push(parcel.clone());
        if *self.away.lock().expect("a lock") {
            return Err(CallError::not_done("the partner cannot be reached"));
        }
        let refuses = self.refuses.lock().expect("a lock");
        if refuses.contains(&parcel.number) {
            let reason = "its number is none that we take".to_owned();
            return Ok(Enlisted::Refused { reason });
        }
        Ok(Enlisted::Followed)
    }
}

async fn open(twin: Twin, follower: &Arc<Follower>) -> Hall {
    let inlet = Inlet {
        source: "carriers/follower".into(),
        slug: "follower".into(),
        channel: None,
        poll_every: None,
        connector: follower.clone(),
    };
    let plan = Plan {
        twin,
        inlet: Some(inlet),
        ..Plan::default()
    };
    plan.open().await
}

#[tokio::test(start_paused = true)]
async fn a_parcel_whose_label_another_sold_is_told_once_and_what_is_seen_of_it_counts() {
    let follower = Arc::new(Follower::default());
    let hall = open(Twin::new(midnight()), &follower).await;
    let parcels = packed(&hall).await;
    tokio::time::sleep(Duration::from_mins(45)).await;
    let expected: Vec<UnderWay> = parcels
        .iter()
        .map(|(number, order)| UnderWay {
            order: *order,
            test: false,
            number: number.clone(),
            carrier: Some("post".to_owned()),
        })
        .collect();
    let mut heard = follower.told.lock().expect("a lock").clone();
    heard.sort_by_key(UnderWay::place);
    assert_eq!(heard, expected, "each once");

    let UnderWay { order, number, .. } = &expected[1];
    let receipt = hall.hub.inbound(told("Post", number)).await;
    assert_eq!(receipt.expect("taken").received, Received::Applied);
    hall.until(*order, &[Stage::Completed]).await;
}

#[tokio::test(start_paused = true)]
async fn a_parcel_that_is_refused_costs_no_other_and_is_told_again_a_day_later() {
    let follower = Arc::new(Follower::default());
    let hall = Hall::open().await;
    let parcels = packed(&hall).await;
    let twin = hall.twin.clone();
    hall.node.drain(Duration::from_secs(30)).await;
    let numbers: Vec<String> = parcels.into_keys().collect();
    let refused = numbers[0].clone();
    follower.refuses.lock().expect("a lock").insert(refused);
    let hall = open(twin, &follower).await;
    tokio::time::sleep(Duration::from_mins(30)).await;
    assert_eq!(follower.numbers(), numbers, "each once");
    tokio::time::advance(Duration::from_hours(24)).await;
    tokio::time::sleep(Duration::from_mins(20)).await;
    assert_eq!(follower.times(&numbers[0]), 2, "it may have been set right");
    assert_eq!(follower.numbers().len(), 4);
    drop(hall);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_told_in_an_outage_is_told_after_it() {
    let follower = Arc::new(Follower::default());
    follower.is_away(true);
    let hall = open(Twin::new(midnight()), &follower).await;
    let parcels = packed(&hall).await;
    tokio::time::sleep(Duration::from_mins(20)).await;
    let in_vain = follower.numbers();
    assert!(in_vain.len() >= 4, "it is tried again: {in_vain:?}");
    assert!(in_vain.len() <= 12, "ever more seldom: {in_vain:?}");
    follower.is_away(false);
    follower.told.lock().expect("a lock").clear();
    tokio::time::sleep(Duration::from_mins(25)).await;
    let mut told = follower.numbers();
    told.sort_unstable();
    assert!(told.iter().eq(parcels.keys()), "each once: {told:?}");
    drop(hall);
}

#[tokio::test(start_paused = true)]
async fn parcels_of_test_orders_are_not_told_to_a_live_connection() {
    let follower = Arc::new(Follower::default());
    let hall = open(Twin::new(midnight()), &follower).await;
    assert_eq!(packed_as(&hall, true).await.len(), 3);
    tokio::time::sleep(Duration::from_mins(30)).await;
    assert_eq!(follower.numbers(), Vec::<String>::new());
}
