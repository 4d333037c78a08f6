//! The publisher's task: what it does when, and what it does when something is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::stream::Stream;
use futures_util::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use orderhub_actors::ports::{Journal, Parked};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::lag::Lag;
use super::memory;
use super::stream::{Bus, IN_FLIGHT, Session};
use super::track::{Delivered, Track, deliver};
use crate::events::cloud_event::{Envelope, Message};
use crate::store::{Checkpoints, CursorMove, Log, Logged, PublishCursor, PublishLog, Store};

/// The longest time between two looks at what is to be done.
const TICK: Duration = Duration::from_millis(250);
/// After a commit, commits that follow at once are waited for.
const GATHER: Duration = Duration::from_millis(20);
/// How often what waits is counted in all logs, whoever wrote them.
const SWEEP: Duration = Duration::from_secs(2);
/// After a failure the bus is left alone for this long.
const PAUSE: Duration = Duration::from_millis(500);
/// How long the end may take: what is not on the bus by then is published after the next start.
const FLUSH: Duration = Duration::from_secs(5);
/// Entries read at a time, over all logs, and the least of one log.
const BITE: usize = 4_096;
const MOUTHFUL: usize = 16;
/// Cursors that are looked up on the bus at the same time.
const LOOKUPS: usize = 32;

/// Takes what is committed to the bus. Without a bus it only counts what waits.
pub struct Publisher {
    log: PublishLog,
    journal: Arc<dyn Journal>,
    bus: Option<Bus>,
    node: String,
    tracks: BTreeMap<Log, Track>,
    /// Logs that may have entries after their cursor.
    pending: BTreeSet<Log>,
    /// The connection over which the bus was asked what it still has.
    ready: Option<(Session, Envelope)>,
    lag: Lag,
    sweep_at: Instant,
    bus_again_at: Instant,
}

impl Publisher {
    /// For this node; one per node.
    pub fn new(store: &Store, bus: Option<Bus>, node: impl Into<String>) -> Self {
        metrics::counter!("orderhub_dead_letters_total", "source" => REFUSED).absolute(0);
        Self {
            log: store.publish_log(),
            journal: Arc::new(store.clone()),
            bus,
            node: node.into(),
            tracks: BTreeMap::new(),
            pending: BTreeSet::new(),
            ready: None,
            lag: Lag::default(),
            sweep_at: Instant::now(),
            bus_again_at: Instant::now(),
        }
    }

    /// Publishes until `stop`, then what is committed by that time.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if self.round().await {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.log.grown() => sleep(GATHER).await,
                () = sleep(TICK) => {}
            }
        }
        let until = Instant::now() + FLUSH;
        self.sweep_at = Instant::now();
        while self.round().await && Instant::now() < until {}
        self.log.close().await;
    }

    /// Does what can be done now. Answers whether there is more.
    async fn round(&mut self) -> bool {
        let worked = self.try_round().await;
        self.lag.show();
        worked.unwrap_or_else(|why| {
            tracing::warn!(why, "events wait in the log");
            // Whatever was begun, the cursors tell, and the bus is asked again.
            self.tracks.clear();
            self.ready = None;
            self.bus_again_at = Instant::now() + PAUSE;
            false
        })
    }

    async fn try_round(&mut self) -> Result<bool, String> {
        self.pending.extend(self.log.take_fresh());
        if Instant::now() >= self.sweep_at {
            self.sweep_at = Instant::now() + SWEEP;
            self.sweep().await?;
        }
        let Some(bus) = self.bus.clone() else {
            return Ok(false);
        };
        if Instant::now() < self.bus_again_at || self.tracks.is_empty() {
            return Ok(false);
        }
        let Some(session) = bus.session() else {
            return Ok(false);
        };
        if self
            .ready
            .as_ref()
            .is_none_or(|(asked, _)| *asked != session)
        {
            self.compare(&bus, session).await?;
        }
        self.publish(&bus).await
    }

    /// Takes up logs that this node has claimed since, and counts what waits.
    async fn sweep(&mut self) -> Result<(), String> {
        let mut missing = self.log.owned();
        missing.retain(|log| !self.tracks.contains_key(log));
        if !missing.is_empty() {
            for cursor in self.log.cursors(&missing).await.map_err(text)? {
                self.lag.restart(&cursor);
                self.tracks.insert(cursor.log.clone(), Track::at(cursor));
            }
            self.ready = None;
        }
        self.lag.count(&mut self.log).await.map_err(text)?;
        let waiting: Vec<Log> = self.lag.waiting().collect();
        let tracked = waiting.iter().filter_map(|log| self.tracks.get(log));
        let cursors: Vec<PublishCursor> = tracked.map(|track| track.cursor.clone()).collect();
        let oldest = self.log.oldest(&cursors).await.map_err(text)?;
        self.lag.note_oldest(oldest);
        self.pending.extend(waiting);
        Ok(())
    }

    /// Asks the bus whether it still has each log's last message. What it forgot is published
    /// again.
    async fn compare(&mut self, bus: &Bus, session: Session) -> Result<(), String> {
        self.ready = None;
        let stream = bus.stream().await?;
        let generation = self.log.generation().await.map_err(text)?;
        let now = Timestamp::now();
        let cursors: Vec<_> = self.tracks.values().map(|t| t.cursor.clone()).collect();
        let asked = futures_util::stream::iter(cursors).map(|cursor| {
            let stream = &stream;
            async move {
                let remembers = memory::remembers(stream, &cursor, now).await;
                remembers.map(|remembers| (!remembers).then_some(cursor))
            }
        });
        let answers: Vec<_> = asked.buffer_unordered(LOOKUPS).try_collect().await?;
        let forgotten: Vec<PublishCursor> = answers.into_iter().flatten().collect();
        if !forgotten.is_empty() {
            self.go_back(&stream, forgotten).await?;
        }
        self.pending.extend(self.tracks.keys().cloned());
        let node = self.node.clone();
        self.ready = Some((session, Envelope { node, generation }));
        Ok(())
    }

    /// Takes logs that the bus forgot back to what it still has of them.
    async fn go_back(
        &mut self,
        stream: &Stream,
        forgotten: Vec<PublishCursor>,
    ) -> Result<(), String> {
        let logs: Vec<Log> = forgotten.iter().map(|cursor| cursor.log.clone()).collect();
        let mut checkpoints = self.log.checkpoints(&logs).await.map_err(text)?;
        let asked = futures_util::stream::iter(forgotten).map(|cursor| {
            let checkpoints = checkpoints.remove(&cursor.log).unwrap_or_default();
            async move {
                let had = cursor.published;
                let restart = memory::restart(stream, cursor, &checkpoints).await;
                restart.map(|to| CursorMove {
                    had,
                    to,
                    checkpoints: Checkpoints::new(),
                })
            }
        });
        let moves: Vec<_> = asked.buffer_unordered(LOOKUPS).try_collect().await?;
        tracing::warn!(
            logs = moves.len(),
            "the bus has forgotten events; publishing them again"
        );
        let logs = u64::try_from(moves.len()).unwrap_or_default();
        metrics::counter!("orderhub_bus_regressions_total").increment(logs);
        self.move_cursors(&moves).await?;
        for moved in moves {
            self.lag.restart(&moved.to);
            let log = moved.to.log.clone();
            let mut track = Track::at(moved.to);
            track.replaying_to = moved.had;
            self.tracks.insert(log, track);
        }
        Ok(())
    }

    /// Publishes the next entries of every pending log. Answers whether there are more.
    async fn publish(&mut self, bus: &Bus) -> Result<bool, String> {
        let Some((session, envelope)) = self.ready.clone() else {
            return Ok(false);
        };
        let tracked = self.pending.iter().filter_map(|log| self.tracks.get(log));
        let after: Vec<PublishCursor> = tracked
            .filter(|track| !track.pauses())
            .map(|track| track.cursor.clone())
            .collect();
        if after.is_empty() {
            return Ok(false);
        }
        let limit = (BITE / after.len()).max(MOUTHFUL);
        let read = self.log.bite(&after, i64::try_from(limit).unwrap_or(1));
        let mut by_log: BTreeMap<Log, Vec<Logged>> = BTreeMap::new();
        for entry in read.await.map_err(text)? {
            by_log.entry(entry.log.clone()).or_default().push(entry);
        }
        for cursor in &after {
            if by_log.get(&cursor.log).map_or(0, Vec::len) < limit {
                self.pending.remove(&cursor.log);
            }
        }
        let bites = after.into_iter().filter_map(|cursor| {
            let entries = by_log.remove(&cursor.log)?;
            Some((cursor, entries))
        });
        let (session, envelope) = (&session, &envelope);
        let sending = futures_util::stream::iter(bites.collect::<Vec<_>>()).map(
            |(from, entries)| async move {
                let delivered = deliver(bus, session, envelope, &from, entries).await;
                (from, delivered)
            },
        );
        let delivered: Vec<_> = sending.buffer_unordered(IN_FLIGHT).collect().await;
        self.settle(delivered).await?;
        Ok(self.pending.iter().any(|log| {
            let track = self.tracks.get(log);
            track.is_some_and(|track| !track.pauses())
        }))
    }

    /// Moves the cursors past what the bus has or will never have.
    async fn settle(&mut self, delivered: Vec<(PublishCursor, Delivered)>) -> Result<(), String> {
        let mut moves = Vec::new();
        let mut lost = None;
        for (from, delivered) in delivered {
            let Some(track) = self.tracks.get_mut(&from.log) else {
                continue;
            };
            for (seq, delay) in &delivered.done {
                self.lag.done(&from.log, *seq);
                if *seq > track.replaying_to {
                    metrics::histogram!("orderhub_publish_delay_seconds").record(*delay);
                }
            }
            track.pass(&delivered);
            if let Some((seq, message, why)) = delivered.refused {
                self.pending.insert(from.log.clone());
                if track.refused(seq) {
                    track.skip(seq);
                    self.lag.done(&from.log, seq);
                    park(self.journal.as_ref(), message, &why).await?;
                }
            }
            if track.cursor.published != from.published {
                moves.push(CursorMove {
                    had: from.published,
                    to: track.cursor.clone(),
                    checkpoints: delivered.checkpoints,
                });
            }
            if delivered.lost.is_some() {
                metrics::counter!("orderhub_publish_retries_total").increment(1);
                lost = delivered.lost;
            }
        }
        if !moves.is_empty() {
            self.move_cursors(&moves).await?;
        }
        // What the others have is written down; now the bus is looked at again.
        lost.map_or(Ok(()), Err)
    }

    async fn move_cursors(&mut self, moves: &[CursorMove]) -> Result<(), String> {
        let advanced = self.log.advance(moves).await.map_err(text)?;
        if advanced < moves.len() {
            return Err("another publisher has moved a log's cursor".to_owned());
        }
        Ok(())
    }
}

/// Where parked events say that they come from.
const REFUSED: &str = "bus/ORDERHUB_EVENTS";

/// Keeps a message that the bus will never take, for a person to look at.
async fn park(journal: &dyn Journal, message: Message, why: &str) -> Result<(), String> {
    tracing::error!(event.id = %message.id, why, "the bus refuses an event; it is parked");
    metrics::counter!("orderhub_publish_parked_total").increment(1);
    let now = Timestamp::now();
    let parked = Parked {
        id: message.id,
        source: REFUSED.to_owned(),
        reason: format!("refused: {why}"),
        waiting_for: None,
        dead_since: Some(now),
        received_at: now,
        body: message.body.to_vec(),
        headers: BTreeMap::from([("subject".to_owned(), message.subject)]),
    };
    if journal.park(&parked).await.map_err(|error| error.0)? {
        metrics::counter!("orderhub_dead_letters_total", "source" => REFUSED).increment(1);
    }
    Ok(())
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
