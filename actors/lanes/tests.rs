//! Batches, shedding, closing, and changes that rest on a failed one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::Stage;
use orderhub_domain::stock::StockChange;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{BATCH, Lane, LaneAnswer, QUEUE, Urgency, open_lane, open_stock_lane};
use crate::health::Health;
use crate::locked;
use crate::ports::{Append, Appended, LaneWriter, StockAppend, StockAppended, StockWriter};
use crate::testing::midnight;

/// A store that takes its time and remembers the sizes of its batches.
struct Slow {
    takes: Duration,
    batches: Arc<Mutex<Vec<usize>>>,
}

#[async_trait]
impl LaneWriter for Slow {
    fn stopped(&self) -> Option<&str> {
        None
    }

    async fn commit(&mut self, batch: &[Append]) -> Vec<Appended> {
        tokio::time::sleep(self.takes).await;
        locked(&self.batches).push(batch.len());
        vec![Appended::Committed; batch.len()]
    }
}

fn append() -> Append {
    Append {
        order: OrderId::from_uuid(Uuid::from_u128(1)),
        epoch: 1,
        expected: 1,
        identity: None,
        events: Vec::new(),
        stage: Stage::Received,
        wake_at: None,
        settle_wake: false,
        refs: Vec::new(),
        private: None,
        marks: Vec::new(),
        transits: Vec::new(),
    }
}

fn slow(takes: Duration) -> (Lane, Arc<Mutex<Vec<usize>>>, CancellationToken) {
    let batches = Arc::new(Mutex::new(Vec::new()));
    let writer = Slow {
        takes,
        batches: Arc::clone(&batches),
    };
    let closing = CancellationToken::new();
    let health = Arc::new(Health::default());
    let (lane, _) = open_lane("lane".into(), Box::new(writer), health, closing.clone());
    (lane, batches, closing)
}

async fn all(lane: &Lane, count: usize, urgency: Urgency) -> Vec<LaneAnswer> {
    let writes = (0..count).map(|_| {
        let lane = lane.clone();
        tokio::spawn(async move { lane.append(append(), urgency).await })
    });
    let mut answers = Vec::new();
    for write in writes.collect::<Vec<_>>() {
        answers.push(write.await.expect("no panic"));
    }
    answers
}

fn is_committed(answer: &LaneAnswer) -> bool {
    matches!(answer, LaneAnswer::Settled(Appended::Committed))
}

#[tokio::test(start_paused = true)]
async fn what_queues_up_while_a_batch_commits_is_the_next_batch() {
    let (lane, batches, _closing) = slow(Duration::from_millis(10));
    let first = tokio::spawn({
        let lane = lane.clone();
        async move { lane.append(append(), Urgency::Request).await }
    });
    tokio::time::sleep(Duration::from_millis(1)).await;
    let rest = all(&lane, 600, Urgency::Request).await;
    assert!(is_committed(&first.await.expect("no panic")));
    assert!(rest.iter().all(is_committed));
    assert_eq!(*locked(&batches), [1, 512, 88]);
}

#[tokio::test(start_paused = true)]
async fn requests_behind_a_full_commit_are_shed_after_a_while_and_facts_never() {
    // Behind the first commit of 300 ms stand a full one, and 88 that fit into the next.
    for (urgency, refused) in [(Urgency::Request, BATCH), (Urgency::Fact, 0)] {
        let (lane, batches, _closing) = slow(Duration::from_millis(300));
        let first = tokio::spawn({
            let lane = lane.clone();
            async move { lane.append(append(), urgency).await }
        });
        tokio::time::sleep(Duration::from_millis(1)).await;
        let answers = all(&lane, BATCH + 88, urgency).await;
        assert!(is_committed(&first.await.expect("no panic")));
        let shed = answers
            .iter()
            .filter(|a| matches!(a, LaneAnswer::Shed))
            .count();
        assert_eq!(shed, refused);
        let committed = locked(&batches).iter().sum::<usize>();
        assert_eq!(committed, 1 + BATCH + 88 - refused);
    }
}

#[tokio::test(start_paused = true)]
async fn a_closed_lane_empties_its_queue_and_takes_no_more() {
    let (lane, batches, closing) = slow(Duration::from_millis(10));
    let queued = tokio::spawn({
        let lane = lane.clone();
        async move { all(&lane, 100, Urgency::Fact).await }
    });
    tokio::time::sleep(Duration::from_millis(1)).await;
    closing.cancel();
    assert!(queued.await.expect("no panic").iter().all(is_committed));
    assert_eq!(locked(&batches).iter().sum::<usize>(), 100);
    let refused = lane.append(append(), Urgency::Fact).await;
    assert!(matches!(
        refused,
        LaneAnswer::Settled(Appended::Unavailable(_))
    ));
}

/// A stock store that fails as told.
struct Failing(Vec<StockAppended>);

#[async_trait]
impl StockWriter for Failing {
    fn stopped(&self) -> Option<&str> {
        None
    }

    async fn commit(&mut self, batch: &[StockAppend]) -> Vec<StockAppended> {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let answer = self.0.pop().unwrap_or(StockAppended::Committed);
        vec![answer; batch.len()]
    }
}

#[tokio::test(start_paused = true)]
async fn changes_on_the_footing_of_a_failed_one_never_reach_the_store() {
    let writer = Failing(vec![StockAppended::Unavailable("away".into())]);
    let health = Arc::new(Health::default());
    let closing = CancellationToken::new();
    let (lane, _keeper) = open_stock_lane(Box::new(writer), health, closing);
    let change = |location: &str| StockAppend {
        location: location.into(),
        epoch: 1,
        change: StockChange::default(),
        now: midnight(),
    };
    let failed = lane.send(change("BER1"), 1).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    // Sent while the first was on its way, in a batch of its own that the store would take.
    let ahead = lane.send(change("BER1"), 1).await;
    let elsewhere = lane.send(change("HAM1"), 2).await;
    assert!(matches!(failed.await, Ok(StockAppended::Unavailable(_))));
    assert_eq!(ahead.await, Ok(StockAppended::Conflict));
    assert_eq!(elsewhere.await, Ok(StockAppended::Committed));
    let reloaded = lane.send(change("BER1"), 3).await;
    assert_eq!(reloaded.await, Ok(StockAppended::Committed));
}

/// A store that finds itself broken inside.
struct Torn(Option<&'static str>);

#[async_trait]
impl LaneWriter for Torn {
    fn stopped(&self) -> Option<&str> {
        self.0
    }

    async fn commit(&mut self, batch: &[Append]) -> Vec<Appended> {
        self.0 = Some("XX001: a page is torn");
        vec![Appended::Unavailable("XX001".into()); batch.len()]
    }
}

#[tokio::test]
async fn a_lane_whose_store_is_broken_writes_nothing_more_and_the_node_is_not_ready() {
    let health = Arc::new(Health::default());
    health.admit(true);
    health.lease(true);
    let closing = CancellationToken::new();
    let writer = Box::new(Torn(None));
    let (lane, _) = open_lane("lane-0".into(), writer, Arc::clone(&health), closing);
    for reason in ["XX001", "lane-0 is dead"] {
        let answer = lane.append(append(), Urgency::Request).await;
        let LaneAnswer::Settled(Appended::Unavailable(why)) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(why, reason);
    }
    assert!(!health.is_ready());
    assert_eq!(health.dead_parts(), ["lane-0"]);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_requests_at_once_and_lets_reports_wait() {
    let (lane, _, _closing) = slow(Duration::from_millis(10));
    let more = 11;
    let answers = all(&lane, QUEUE + more, Urgency::Request).await;
    let shed = answers.iter().filter(|a| matches!(a, LaneAnswer::Shed));
    assert_eq!(shed.count(), more);
    let answers = all(&lane, QUEUE + more, Urgency::Fact).await;
    assert!(answers.iter().all(is_committed));
}

/// A store that is away for so many batches.
struct Away(usize);

#[async_trait]
impl LaneWriter for Away {
    fn stopped(&self) -> Option<&str> {
        None
    }

    async fn commit(&mut self, batch: &[Append]) -> Vec<Appended> {
        let away = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        let answer = if away {
            Appended::Unavailable("the disk is full".into())
        } else {
            Appended::Committed
        };
        vec![answer; batch.len()]
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_whose_commits_fail_is_not_ready_until_one_succeeds_or_some_time_has_passed() {
    let health = Arc::new(Health::default());
    health.admit(true);
    health.lease(true);
    let closing = CancellationToken::new();
    let writer = Box::new(Away(2));
    let (lane, _) = open_lane("lane-0".into(), writer, Arc::clone(&health), closing);
    lane.append(append(), Urgency::Fact).await;
    assert!(!health.is_ready());
    assert!(health.is_open(), "somebody has to try");
    tokio::time::advance(Duration::from_secs(6)).await;
    assert!(health.is_ready(), "nobody knows any better");
    lane.append(append(), Urgency::Fact).await;
    assert!(!health.is_ready());
    lane.append(append(), Urgency::Fact).await;
    assert!(health.is_ready());
}
