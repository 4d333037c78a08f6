//! The feed over logs in memory.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_actors::ports::Unavailable;
use orderhub_domain::ids::{OrderId, ShardId};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Feed, Logs, Places, Position};
use crate::store::{Entry, Log, Logged, LoggedEvent};

/// An entry of a shard's log, recorded `second` seconds into the day.
pub(crate) fn entry(shard: u8, seq: i64, second: i64) -> Logged {
    let at = Timestamp::from_second(1_800_000_000 + second).expect("a time");
    let event = LoggedEvent {
        order: OrderId::new(0, [1; 8], [shard, 0]),
        version: seq,
        kind: "order.received".into(),
        schema: 1,
        actor: "system".into(),
        occurred_at: None,
        body: json!({}),
        channel: Some("web".into()),
    };
    Logged {
        log: Log::Shard(ShardId(shard)),
        seq,
        recorded_at: at,
        read_at: at,
        entry: Entry::Event(event),
    }
}

/// Logs in memory.
#[derive(Default)]
pub(crate) struct Memory {
    entries: Mutex<Vec<Logged>>,
    grown: Mutex<BTreeSet<Log>>,
}

impl Memory {
    pub(crate) fn commit(&self, entry: Logged) {
        self.grown.lock().expect("grown").insert(entry.log.clone());
        self.entries.lock().expect("entries").push(entry);
    }
}

#[async_trait]
impl Logs for Memory {
    async fn all(&self) -> Result<Vec<Log>, Unavailable> {
        let entries = self.entries.lock().expect("entries");
        let logs: BTreeSet<Log> = entries.iter().map(|entry| entry.log.clone()).collect();
        Ok(logs.into_iter().collect())
    }

    async fn ends(&self, logs: &[Log]) -> Result<Places, Unavailable> {
        let entries = self.entries.lock().expect("entries");
        let of_logs = entries.iter().filter(|entry| logs.contains(&entry.log));
        Ok(of_logs
            .map(|entry| (entry.log.clone(), entry.seq))
            .collect())
    }

    async fn after(&self, places: &Places, most: i64) -> Result<Vec<Logged>, Unavailable> {
        let entries = self.entries.lock().expect("entries");
        let mut found = Vec::new();
        for (log, place) in places {
            let after = |entry: &&Logged| entry.log == *log && entry.seq > *place;
            let most = usize::try_from(most).expect("a number");
            found.extend(entries.iter().filter(after).take(most).cloned());
        }
        Ok(found)
    }

    fn take_grown(&self) -> Vec<Log> {
        let mut grown = self.grown.lock().expect("grown");
        std::mem::take(&mut *grown).into_iter().collect()
    }

    async fn generation(&self) -> Result<i32, Unavailable> {
        Ok(1)
    }
}

fn running(memory: &Arc<Memory>) -> (Feed, CancellationToken) {
    let stop = CancellationToken::new();
    let feed = Feed::new(memory.clone(), "hub-1", stop.clone());
    tokio::spawn(feed.clone().run());
    (feed, stop)
}

/// The places that a watcher is told, until it has `count`.
async fn told(watch: &mut super::Watch, count: usize) -> Vec<(Log, i64)> {
    let mut told = Vec::new();
    let hours = std::time::Duration::from_hours(1);
    while told.len() < count {
        let next = tokio::time::timeout(hours, watch.next()).await;
        let batch = next.expect("in time").expect("it goes on").expect("logs");
        told.extend(batch.told.into_iter().map(|one| (one.log, one.seq)));
    }
    told
}

fn places(shard: u8, seqs: std::ops::RangeInclusive<i64>) -> Vec<(Log, i64)> {
    seqs.map(|seq| (Log::Shard(ShardId(shard)), seq)).collect()
}

#[tokio::test(start_paused = true)]
async fn who_watches_from_now_on_hears_nothing_old_and_everything_new() {
    let memory = Arc::new(Memory::default());
    memory.commit(entry(1, 1, 1));
    let (feed, _stop) = running(&memory);
    let mut watch = feed.watch(None).await.expect("logs");
    for seq in 2..=40 {
        memory.commit(entry(1, seq, seq));
        tokio::task::yield_now().await;
    }
    assert_eq!(told(&mut watch, 39).await, places(1, 2..=40));
}

#[tokio::test(start_paused = true)]
async fn a_watcher_that_comes_back_hears_what_it_missed_once() {
    let memory = Arc::new(Memory::default());
    for seq in 1..=300 {
        memory.commit(entry(1, seq, seq));
    }
    let (feed, _stop) = running(&memory);
    let mut position = Position::default();
    position.pass(&Log::Shard(ShardId(1)), 7);
    let word = position.encode();
    let mut watch = feed.watch(Position::decode(&word)).await.expect("logs");
    let mut heard = told(&mut watch, 100).await;
    memory.commit(entry(1, 301, 301));
    heard.extend(told(&mut watch, 294 - heard.len()).await);
    assert_eq!(heard, places(1, 8..=301), "without gap or repeat");
}

#[tokio::test(start_paused = true)]
async fn a_slow_watcher_reads_for_itself_and_misses_nothing() {
    let memory = Arc::new(Memory::default());
    memory.commit(entry(1, 1, 1));
    let (feed, _stop) = running(&memory);
    let mut slow = feed.watch(None).await.expect("logs");
    let mut quick = feed.watch(None).await.expect("logs");
    for seq in 2..=200 {
        memory.commit(entry(1, seq, seq));
        assert_eq!(told(&mut quick, 1).await, places(1, seq..=seq));
    }
    assert_eq!(told(&mut slow, 199).await, places(1, 2..=200));
}

#[tokio::test(start_paused = true)]
async fn while_nobody_watched_nothing_is_lost_to_those_who_come_back() {
    let memory = Arc::new(Memory::default());
    memory.commit(entry(1, 1, 1));
    let (feed, _stop) = running(&memory);
    let watch = feed.watch(None).await.expect("logs");
    let left_at = watch.position().clone();
    drop(watch);
    for seq in 2..=5 {
        memory.commit(entry(2, seq, seq));
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    }
    let mut back = feed.watch(Some(left_at)).await.expect("logs");
    assert_eq!(told(&mut back, 4).await, places(2, 2..=5));
    memory.commit(entry(2, 6, 6));
    assert_eq!(told(&mut back, 1).await, places(2, 6..=6));
}

#[tokio::test(start_paused = true)]
async fn watching_ends_when_the_hub_stops() {
    let memory = Arc::new(Memory::default());
    let (feed, stop) = running(&memory);
    let mut watch = feed.watch(None).await.expect("logs");
    stop.cancel();
    assert!(watch.next().await.is_none());
}
