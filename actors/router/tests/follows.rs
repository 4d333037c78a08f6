//! Carriers that are asked for the parcels under way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use orderhub_channels::port::{
    CallError, Connector, Follow, Forged, Inbound, Pace, RawRequest, Statement,
};
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::{
    Arrival, Command, FulfilmentStep, ParcelStatus, ReturnCommand, Scan, Stage,
};

use crate::api::{HubApi, Received};
use crate::ports::{OrderRef, RefKind};
use crate::router::Inlet;
use crate::testing::{Hall, Plan, midnight, order_of};
use crate::twin::Twin;

const PLACE: &str = "carriers/post/parcels";

/// A carrier that is asked for two parcels a minute, in turns of an hour. It has seen nothing of a parcel
/// but what is said here.
#[derive(Default)]
struct Counter {
    seen: Mutex<BTreeMap<String, &'static str>>,
    /// It never answers a question about this one.
    sore: Mutex<Option<String>>,
    asked: Mutex<Vec<Vec<String>>>,
}

impl Counter {
    fn asked(&self) -> Vec<Vec<String>> {
        self.asked.lock().expect("a lock").clone()
    }

    fn sees(&self, number: &str, word: &'static str) {
        let mut seen = self.seen.lock().expect("a lock");
        seen.insert(number.to_owned(), word);
    }
}

impl Connector for Counter {
    fn verify(&self, _: &RawRequest<'_>) -> Result<(), Forged> {
        Err(Forged::Missing)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        let said = std::str::from_utf8(request.body).expect("a text");
        let (number, word) = said.split_once(' ').expect("two words");
        let status = match word {
            "delivered" => ParcelStatus::Delivered,
            "moving" => ParcelStatus::InTransit,
            _ => {
                let topic = "not_yet:unseen".to_owned();
                return vec![Inbound::Unknown { topic }];
            }
        };
        let scan = Scan {
            at: midnight(),
            status,
            code: word.into(),
        };
        vec![Inbound::Scans {
            tracking_number: number.to_owned(),
            carrier: None,
            test: false,
            scans: vec![scan],
            proof: None,
        }]
    }

    fn is_live(&self) -> bool {
        true
    }

    fn follow(&self) -> Option<&dyn Follow> {
        Some(self)
    }
}

#[async_trait]
impl Follow for Counter {
    fn pace(&self) -> Pace {
        Pace {
            turn: Duration::from_hours(1),
            pause: Duration::from_mins(1),
            at_once: 2,
        }
    }

    async fn seen(&self, numbers: &[String]) -> Result<Vec<Statement>, CallError> {
        self.asked.lock().expect("a lock").push(numbers.to_vec());
        let sore = self.sore.lock().expect("a lock").clone();
        if numbers.iter().any(|number| Some(number) == sore.as_ref()) {
            return Err(CallError::not_done("the carrier's answer is too large"));
        }
        let known = self.seen.lock().expect("a lock");
        let seen = numbers.iter().map(|number| {
            let word = known.get(number).copied().unwrap_or("unseen");
            Statement {
                headers: BTreeMap::new(),
                raw: format!("{number} {word}").into_bytes(),
            }
        });
        Ok(seen.collect())
    }
}

async fn open(twin: Twin, counter: &Arc<Counter>) -> Hall {
    let inlet = Inlet {
        source: "carriers/post".into(),
        slug: "post".into(),
        channel: None,
        poll_every: None,
        connector: counter.clone(),
    };
    let plan = Plan {
        twin,
        inlet: Some(inlet),
        ..Plan::default()
    };
    plan.open().await
}

/// Three orders, packed and labelled; with the numbers of their parcels, in their order.
pub(super) async fn packed(hall: &Hall) -> BTreeMap<String, OrderId> {
    packed_as(hall, false).await
}

/// The same of orders that are test data, or are not.
pub(super) async fn packed_as(hall: &Hall, test: bool) -> BTreeMap<String, OrderId> {
    hall.stock("BER1", "A", 5).await;
    let mut parcels = BTreeMap::new();
    for name in ["F-1", "F-2", "F-3"] {
        let mut order = order_of(name, "A", 1, "pm");
        order.submission.draft.test = test;
        order.live_connection = !test;
        let placed = hall.hub.place(order).await;
        let order = placed.expect("placed").order;
        hall.until(order, &[Stage::Fulfilling]).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
            let command = Command::Fulfil {
                fulfilment: 1,
                step,
            };
            let done = hall
                .hub
                .command(order, command.into(), "operator:eve".into())
                .await;
            done.expect("legal");
        }
        let number = format!("TRACK-ful_{}_1", order.uuid().simple());
        let reference = OrderRef {
            kind: RefKind::Tracking,
            scope: "post".into(),
            value: number.clone(),
        };
        let journal = hall.twin.journal();
        while journal.resolve(&reference).await.expect("read").is_none() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        parcels.insert(number, order);
    }
    parcels
}

/// Lets hours pass in which little happens: most of each at once.
async fn pass_hours(hours: u32) {
    for _ in 0..hours {
        tokio::time::advance(Duration::from_mins(50)).await;
        tokio::time::sleep(Duration::from_mins(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn parcels_are_asked_for_in_turn_until_they_are_delivered() {
    let counter = Arc::new(Counter::default());
    let hall = open(Twin::new(midnight()), &counter).await;
    let parcels = packed(&hall).await;
    let [a, b, c] = <[&String; 3]>::try_from(parcels.keys().collect::<Vec<_>>()).expect("three");
    let turn = [vec![a.clone(), b.clone()], vec![c.clone()]];
    tokio::time::sleep(Duration::from_mins(90)).await;
    assert_eq!(counter.asked(), turn);
    pass_hours(1).await;
    assert_eq!(counter.asked(), [&turn[..], &turn].concat());
    assert!(
        hall.twin.kept().is_empty(),
        "what is unseen leaves no trace"
    );
    assert!(hall.shelf.noted().is_empty());

    counter.sees(b, "delivered");
    counter.sees(c, "moving");
    pass_hours(2).await;
    assert_eq!(hall.stage(parcels[b]).await, Stage::Completed);
    let noted = hall.shelf.noted();
    let fared: Vec<_> = noted.iter().map(|receipt| receipt.received).collect();
    assert_eq!(fared, [Received::Applied; 2], "each is told once");
    let asked = counter.asked();
    assert_eq!(asked.last(), Some(&vec![a.clone(), c.clone()]));
}

#[tokio::test(start_paused = true)]
async fn parcels_that_are_never_answered_hold_up_nobody_else() {
    let counter = Arc::new(Counter::default());
    let hall = open(Twin::new(midnight()), &counter).await;
    let parcels = packed(&hall).await;
    let numbers: Vec<&String> = parcels.keys().collect();
    *counter.sore.lock().expect("a lock") = Some(numbers[0].clone());
    counter.sees(numbers[2], "delivered");
    pass_hours(2).await;
    let last = parcels[numbers[2]];
    assert_eq!(hall.stage(last).await, Stage::Completed);
    let asked = counter.asked();
    let about = |number: &String| asked.iter().filter(|one| one.contains(number)).count();
    assert!(about(numbers[0]) >= 3, "it was tried: {asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_turn_goes_on_after_a_restart_where_it_was() {
    let hall = Hall::open().await;
    let parcels = packed(&hall).await;
    let numbers: Vec<String> = parcels.into_keys().collect();
    let twin = hall.twin.clone();
    hall.node.drain(Duration::from_secs(30)).await;
    let journal = twin.journal();
    let moved = journal.move_cursor(PLACE, &numbers[0]).await;
    moved.expect("moved");
    let counter = Arc::new(Counter::default());
    let hall = open(twin, &counter).await;
    tokio::time::sleep(Duration::from_mins(30)).await;
    assert_eq!(counter.asked(), [numbers[1..].to_vec()]);
    let place = hall.twin.journal().cursor(PLACE).await.expect("read");
    assert_eq!(place.as_deref(), Some(""), "the turn is over");
    tokio::time::sleep(Duration::from_mins(31)).await;
    assert_eq!(counter.asked()[1], numbers[..2]);
}

#[tokio::test(start_paused = true)]
async fn what_comes_back_of_a_completed_order_is_asked_for_until_somebody_has_opened_it() {
    let counter = Arc::new(Counter::default());
    let hall = open(Twin::new(midnight()), &counter).await;
    let parcels = packed(&hall).await;
    for number in parcels.keys() {
        counter.sees(number, "delivered");
    }
    let order = *parcels.values().next().expect("an order");
    // The carrier is asked once an hour.
    pass_hours(2).await;
    assert_eq!(hall.stage(order).await, Stage::Completed);
    let ask = |command: ReturnCommand| {
        let command = Command::Return(command);
        hall.hub
            .command(order, command.into(), "operator:eve".into())
    };
    let reason = || "does not fit".to_owned();
    let opened = ReturnCommand::Open {
        lines: None,
        reason: reason(),
    };
    ask(opened).await.expect("it may come back");
    let label = ReturnCommand::Approve {
        number: 1,
        reason: reason(),
        label: Some(("Post".to_owned(), "BACK-1".to_owned(), None)),
    };
    ask(label).await.expect("approved");
    let about = || {
        let asked = counter.asked();
        asked
            .iter()
            .filter(|one| one.contains(&"BACK-1".to_owned()))
            .count()
    };
    pass_hours(3).await;
    let times = about();
    assert!(times >= 2, "{:?}", counter.asked());
    counter.sees("BACK-1", "moving");
    pass_hours(2).await;
    let (known, _) = hall
        .hub
        .order(order)
        .await
        .expect("read")
        .expect("it is there");
    assert!(known.returns[0].is_on_its_way());
    let came = ReturnCommand::Receive {
        number: 1,
        parcel: Arrival {
            parcel: None,
            location: "BER1".into(),
            lines: None,
        },
    };
    ask(came).await.expect("it is there");
    let times = about();
    pass_hours(3).await;
    assert_eq!(about(), times, "nobody waits for it any more");
}
