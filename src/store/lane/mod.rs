//! The commit lane: many orders' appends in one statement, each with a final answer.
//!
//! Never success before the commit, never failure before it is known that there was none. One
//! batch is in flight per lane, so a shard's events get their sequence in the order of the commits.

mod recover;
mod statement;
mod transits;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use async_trait::async_trait;
use orderhub_actors::ports::{Append, Appended, LaneWriter};
use orderhub_domain::ids::{OrderId, SHARDS, ShardId};
use uuid::Uuid;

use super::Shared;
use super::failure::Failure;
use super::journal::{DETAILS, private_row};
use super::line::Line;
use super::marks;

/// How often a batch is sent again that the server gave back for a lock, a deadlock or a limit.
const TRIES: u32 = 3;

/// A commit lane: one connection, one batch in flight. Belongs to a task that nobody drops.
pub struct PgLane {
    shared: Arc<Shared>,
    line: Line<ShardId>,
    /// The last place given in each shard's sequence, and the claim it was read under.
    places: Vec<Option<Place>>,
}

#[derive(Clone, Copy)]
struct Place {
    claim: i64,
    last: i64,
}

/// An append on its way.
struct Entry<'a> {
    /// Its place in the caller's batch.
    index: usize,
    append: &'a Append,
    /// Sealed personal data.
    private: Option<Vec<u8>>,
    /// Its marks by kind, hashed.
    marks: Vec<(i16, Uuid)>,
    /// The epoch it was last sent under; 0 when its claim is gone.
    epoch: i64,
    /// The place of its first event when it was last sent.
    first_seq: i64,
}

struct Chunk<'a> {
    entries: Vec<Entry<'a>>,
    tries: u32,
}

impl PgLane {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            line: Line::new(Arc::clone(&shared)),
            shared,
            places: vec![None; usize::from(SHARDS)],
        }
    }

    /// Refuses what could never be stored, and seals what is personal.
    fn prepare<'a>(&self, index: usize, append: &'a Append) -> Result<Entry<'a>, Appended> {
        let refuse = |why: &str| Appended::Refused(why.to_owned());
        if append.expected == 0 && (append.identity.is_none() || append.events.is_empty()) {
            return Err(refuse("a new order needs its identity and an event"));
        }
        let gapless = (append.expected + 1..).zip(&append.events);
        if gapless
            .into_iter()
            .any(|(version, event)| event.version != version)
        {
            return Err(refuse(
                "the events' versions do not follow on the expected one",
            ));
        }
        let private = match &append.private {
            None => None,
            Some(details) => {
                let plain = serde_json::to_vec(details).map_err(|e| refuse(&e.to_string()))?;
                let row = private_row(append.order, DETAILS);
                let sealed = self.shared.options.seal.close(&row, &plain);
                Some(sealed.map_err(|error| Appended::Unavailable(error.to_string()))?)
            }
        };
        let marks = append.marks.iter();
        let marks = marks.map(|mark| {
            (
                marks::number(mark.kind),
                self.shared.options.seal.hash(mark),
            )
        });
        Ok(Entry {
            index,
            append,
            private,
            marks: marks.collect(),
            epoch: 0,
            first_seq: 0,
        })
    }

    async fn commit_segment(&mut self, entries: Vec<Entry<'_>>, answers: &mut [Option<Appended>]) {
        let mut work = VecDeque::from([Chunk { entries, tries: 0 }]);
        while let Some(mut chunk) = work.pop_front() {
            match self.send(&mut chunk.entries).await {
                Ok(verdicts) => self.settle(&chunk.entries, &verdicts, answers).await,
                Err(Failure::Poison(why)) => {
                    if let [only] = chunk.entries.as_slice() {
                        let order = only.append.order;
                        tracing::error!(order.id = %order, why, "the database refuses an append");
                        answers[only.index] = Some(Appended::Refused(why));
                        continue;
                    }
                    let half = chunk.entries.split_off(chunk.entries.len() / 2);
                    let tries = chunk.tries;
                    work.push_front(Chunk {
                        entries: half,
                        tries,
                    });
                    work.push_front(chunk);
                }
                Err(Failure::NotSent(why)) => {
                    answer(&chunk, answers, &Appended::Unavailable(why.clone()));
                    for unsent in work.drain(..) {
                        answer(&unsent, answers, &Appended::Unavailable(why.clone()));
                    }
                }
                Err(Failure::Unknown(why)) => {
                    tracing::warn!(why, "a batch got no answer; finding out what it did");
                    match self.resolve(&chunk.entries).await {
                        Ok(committed) => {
                            chunk.entries.retain(|entry| {
                                let done = committed.contains(&entry.index);
                                if done {
                                    self.shared.fences.note_commit(entry.append.order.shard());
                                    answers[entry.index] = Some(Appended::Committed);
                                }
                                !done
                            });
                            again(chunk, why, &mut work, answers);
                        }
                        Err(unresolved) => {
                            tracing::error!(why = unresolved, "a batch's outcome stays unknown");
                            answer(
                                &chunk,
                                answers,
                                &Appended::OutcomeUnknown(unresolved.clone()),
                            );
                            for unsent in work.drain(..) {
                                let because = Appended::Unavailable(unresolved.clone());
                                answer(&unsent, answers, &because);
                            }
                        }
                    }
                }
                Err(Failure::PlaceTaken(why)) => {
                    for entry in &chunk.entries {
                        self.places[usize::from(entry.append.order.shard().0)] = None;
                    }
                    again(chunk, why, &mut work, answers);
                }
                Err(Failure::Transient(why) | Failure::LockTimeout(why)) => {
                    again(chunk, why, &mut work, answers);
                }
                Err(Failure::Refused(why)) => {
                    tracing::error!(why, "the database refuses a batch");
                    answer(&chunk, answers, &Appended::Unavailable(why));
                }
                Err(Failure::Broken(why)) => {
                    tracing::error!(why, "the database is broken inside; the lane has stopped");
                    answer(&chunk, answers, &Appended::Unavailable(why));
                }
            }
        }
    }

    /// Turns the statement's verdicts into answers. What was not inserted is looked up once more.
    async fn settle(
        &mut self,
        entries: &[Entry<'_>],
        verdicts: &statement::Verdicts,
        answers: &mut [Option<Appended>],
    ) {
        let mut conflicts = Vec::new();
        for (place, entry) in entries.iter().enumerate() {
            answers[entry.index] = match verdicts.get(&place) {
                Some(true) => {
                    self.shared.fences.note_commit(entry.append.order.shard());
                    Some(Appended::Committed)
                }
                Some(false) if entry.append.expected == 0 => {
                    conflicts.push(entry);
                    None
                }
                Some(false) => Some(Appended::Stale),
                None => {
                    metrics::counter!("orderhub_fenced_writes_total").increment(1);
                    Some(Appended::Fenced)
                }
            };
        }
        if conflicts.is_empty() {
            return;
        }
        match self.existing(&conflicts).await {
            Ok(existing) => {
                for entry in conflicts {
                    let found = existing.get(&entry.index).copied();
                    // The id itself is taken by an order with another name.
                    answers[entry.index] = Some(found.map_or(Appended::Stale, Appended::Duplicate));
                }
            }
            Err(failure) => {
                let why = failure.message().to_owned();
                for entry in conflicts {
                    answers[entry.index] = Some(Appended::Unavailable(why.clone()));
                }
            }
        }
    }

    /// Gives each entry its epoch and its places.
    fn number(&mut self, entries: &mut [Entry<'_>]) {
        for entry in entries {
            let shard = entry.append.order.shard();
            let admitted = self.shared.fences.admit_shard(shard, entry.append.epoch);
            entry.epoch = admitted.unwrap_or(0);
            if let Some(place) = &mut self.places[usize::from(shard.0)] {
                entry.first_seq = place.last + 1;
                place.last += i64::try_from(entry.append.events.len()).unwrap_or(i64::MAX / 2);
            }
        }
    }

    /// Shards of these entries whose last place is not known under the present claim.
    fn unplaced(&self, entries: &[Entry<'_>]) -> BTreeSet<u8> {
        let shards = entries.iter().map(|entry| entry.append.order.shard());
        shards
            .filter(|shard| {
                let claim = self.shared.fences.claim_of(*shard);
                let place = self.places[usize::from(shard.0)];
                place.is_none_or(|place| place.claim != claim)
            })
            .map(|shard| shard.0)
            .collect()
    }

    fn place(&mut self, shard: u8, last: i64) {
        let claim = self.shared.fences.claim_of(ShardId(shard));
        self.places[usize::from(shard)] = Some(Place { claim, last });
    }
}

#[async_trait]
impl LaneWriter for PgLane {
    fn stopped(&self) -> Option<&str> {
        self.line.stopped()
    }

    async fn commit(&mut self, batch: &[Append]) -> Vec<Appended> {
        let mut answers: Vec<Option<Appended>> = vec![None; batch.len()];
        let mut segment: Vec<Entry<'_>> = Vec::new();
        let mut orders: BTreeSet<OrderId> = BTreeSet::new();
        let mut names = BTreeSet::new();
        for (index, append) in batch.iter().enumerate() {
            let entry = match self.prepare(index, append) {
                Ok(entry) => entry,
                Err(refused) => {
                    answers[index] = Some(refused);
                    continue;
                }
            };
            let name = append
                .identity
                .as_ref()
                .filter(|_| append.expected == 0)
                .map(|identity| (identity.channel, identity.external_id.as_str()));
            // One statement writes a row once: a second append of the same order sees the first
            // one's result only in a statement of its own.
            if orders.contains(&append.order) || name.is_some_and(|name| names.contains(&name)) {
                let full = std::mem::take(&mut segment);
                Box::pin(self.commit_segment(full, &mut answers)).await;
                orders.clear();
                names.clear();
            }
            orders.insert(append.order);
            names.extend(name);
            segment.push(entry);
        }
        if !segment.is_empty() {
            Box::pin(self.commit_segment(segment, &mut answers)).await;
        }
        let unanswered = || Appended::Unavailable("the lane gave no answer".to_owned());
        answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(unanswered))
            .collect()
    }
}

fn answer(chunk: &Chunk<'_>, answers: &mut [Option<Appended>], with: &Appended) {
    for entry in &chunk.entries {
        answers[entry.index] = Some(with.clone());
    }
}

/// Puts a chunk that certainly was not committed back, or gives it up after its last try.
fn again<'a>(
    mut chunk: Chunk<'a>,
    why: String,
    work: &mut VecDeque<Chunk<'a>>,
    answers: &mut [Option<Appended>],
) {
    chunk.tries += 1;
    if chunk.tries > TRIES {
        answer(&chunk, answers, &Appended::Unavailable(why));
    } else if !chunk.entries.is_empty() {
        work.push_front(chunk);
    }
}
