//! The stock lane: many locations' changes in one statement.
//!
//! Simpler than the order lane where an answer is lost: a location may always load and decide
//! again, because its ledger's places and its holds' revs refuse what was decided on an old memory.
//! So a lost answer is `Unavailable`, given after the old statement has been fenced off.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use orderhub_actors::ports::{StockAppend, StockAppended, StockWriter};
use orderhub_domain::ids::LocationCode;

use super::super::Shared;
use super::super::failure::Failure;
use super::super::line::Line;
use super::statement::{self, Move};

const TRIES: u32 = 3;

/// The stock lane: one connection, one batch in flight. Belongs to a task that nobody drops.
pub struct PgStockLane {
    shared: Arc<Shared>,
    line: Line<LocationCode>,
}

type Moves<'a> = BTreeMap<&'a LocationCode, Move<'a>>;

impl PgStockLane {
    pub(in super::super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            line: Line::new(Arc::clone(&shared)),
            shared,
        }
    }

    /// Commits folded moves; one verdict per location.
    async fn commit_moves(&mut self, moves: &Moves<'_>) -> BTreeMap<LocationCode, StockAppended> {
        let mut tries = 0;
        loop {
            let failure = match self.send(moves).await {
                Ok(rows) => {
                    let verdicts: BTreeMap<String, bool> = rows.into_iter().collect();
                    let verdict = |location: &LocationCode| match verdicts.get(location.as_str()) {
                        Some(true) => {
                            self.shared.fences.note_stock(location);
                            StockAppended::Committed
                        }
                        Some(false) => StockAppended::Conflict,
                        None => StockAppended::Fenced,
                    };
                    return each(moves, verdict);
                }
                Err(failure) => failure,
            };
            let why = failure.message().to_owned();
            match failure {
                Failure::Transient(_) | Failure::LockTimeout(_) if tries < TRIES => tries += 1,
                // A key or the check refuses: some location's memory was wrong.
                Failure::Poison(_) | Failure::PlaceTaken(_) if moves.len() == 1 => {
                    tracing::error!(why, "the database refuses a location's change");
                    return each(moves, |_| StockAppended::Conflict);
                }
                // Which one, the caller finds out by taking them one by one.
                Failure::Poison(_) | Failure::PlaceTaken(_) => {
                    return each(moves, |_| StockAppended::Conflict);
                }
                Failure::Unknown(_) => {
                    tracing::warn!(why, "a stock batch got no answer; fencing it off");
                    if let Err(error) = self.line.ready().await {
                        tracing::error!(error, "a stock batch's outcome stays unknown");
                    }
                    return each(moves, |_| StockAppended::Unavailable(why.clone()));
                }
                _ => return each(moves, |_| StockAppended::Unavailable(why.clone())),
            }
        }
    }

    async fn send(&mut self, moves: &Moves<'_>) -> Result<Vec<(String, bool)>, Failure> {
        self.line.ready().await.map_err(Failure::NotSent)?;
        let locations = moves.keys().map(|location| (*location).clone());
        self.line.write(locations, statement::query(moves)).await
    }

    /// Takes one location's appends one by one, until the first that does not commit.
    async fn one_by_one(
        &mut self,
        batch: &[StockAppend],
        moved: &Move<'_>,
        answers: &mut [Option<StockAppended>],
    ) {
        let mut stopped: Option<StockAppended> = None;
        for place in &moved.places {
            if let Some(why) = &stopped {
                answers[*place] = Some(why.clone());
                continue;
            }
            let append = &batch[*place];
            let mut alone = Move::under(moved.epoch);
            alone.add(*place, append);
            let verdict = if alone.is_broken() {
                StockAppended::Conflict
            } else {
                let per_place = BTreeMap::from([(&append.location, alone)]);
                let mut done = self.commit_moves(&per_place).await;
                done.remove(&append.location)
                    .unwrap_or(StockAppended::Conflict)
            };
            if verdict != StockAppended::Committed {
                stopped = Some(verdict.clone());
            }
            answers[*place] = Some(verdict);
        }
    }
}

#[async_trait]
impl StockWriter for PgStockLane {
    fn stopped(&self) -> Option<&str> {
        self.line.stopped()
    }

    async fn commit(&mut self, batch: &[StockAppend]) -> Vec<StockAppended> {
        let mut answers: Vec<Option<StockAppended>> = vec![None; batch.len()];
        let mut per_place: Moves<'_> = BTreeMap::new();
        let mut fenced: BTreeSet<&LocationCode> = BTreeSet::new();
        for (place, append) in batch.iter().enumerate() {
            let location = &append.location;
            let admitted = self.shared.fences.admit_location(location, append.epoch);
            let Some(epoch) = admitted.filter(|_| !fenced.contains(location)) else {
                fenced.insert(location);
                answers[place] = Some(StockAppended::Fenced);
                continue;
            };
            let moved = per_place.entry(location).or_default();
            moved.epoch = epoch;
            moved.add(place, append);
        }
        let (broken, whole): (Moves<'_>, Moves<'_>) =
            per_place.into_iter().partition(|(_, at)| at.is_broken());
        let mut verdicts = if whole.is_empty() {
            BTreeMap::new()
        } else {
            Box::pin(self.commit_moves(&whole)).await
        };
        let alone = whole.len() == 1;
        for (location, moved) in whole.iter().chain(&broken) {
            match verdicts.remove(*location) {
                // A single append by itself has had its answer; others may owe theirs to a neighbour.
                Some(StockAppended::Conflict) if !(alone && moved.places.len() == 1) => {
                    Box::pin(self.one_by_one(batch, moved, &mut answers)).await;
                }
                None => Box::pin(self.one_by_one(batch, moved, &mut answers)).await,
                Some(verdict) => {
                    for place in &moved.places {
                        answers[*place] = Some(verdict.clone());
                    }
                }
            }
        }
        let unanswered = || StockAppended::Unavailable("the stock lane gave no answer".to_owned());
        answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(unanswered))
            .collect()
    }
}

fn each(
    moves: &Moves<'_>,
    answer: impl Fn(&LocationCode) -> StockAppended,
) -> BTreeMap<LocationCode, StockAppended> {
    moves
        .keys()
        .map(|location| ((*location).clone(), answer(location)))
        .collect()
}
