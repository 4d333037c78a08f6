//! A lane's own connection, and what must be fenced off before the lane may write again.
//!
//! A statement whose answer is lost may be running still, or may arrive late. So a new connection
//! first re-claims what the lane writes for: that waits for the old server process to let go of the
//! rows and raises their epochs, under which whatever it has not begun finds no row. Only after
//! that may anything be read back or written.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use orderhub_domain::ids::{LocationCode, ShardId};
use sqlx::FromRow;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::QueryAs;
use tokio::time::{Instant, sleep, timeout};

use super::Shared;
use super::backend::{Backend, BackendId, writer_options};
use super::failure::Failure;
use super::fences::Fences;

/// Between two tries of reaching the database.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// What a lane writes for: it owns rows of an owners' table, each with an epoch.
pub(super) trait Ground: Ord + Clone + Send + Sync {
    /// What the lane's connections are called in the database.
    const LANE: &'static str;
    /// The statement that raises the epochs of `$3` (names), where `$4` (ceilings) allows it, for
    /// node `$1` and incarnation `$2`. Answers names and epochs.
    const RECLAIM: &'static str;

    /// How the owners' table names it.
    fn name(&self) -> String;

    /// The epoch that this node last heard of.
    fn epoch(&self, fences: &Fences) -> i64;

    /// Notes a raised epoch.
    fn raise(&self, fences: &Fences, epoch: i64);
}

// The rows are locked in order, as every claim does. `ceiling` is the highest epoch that the row
// can have if nobody else claimed it: a re-claim that arrives late, after a newer one has
// succeeded, must not raise the epoch behind the lane's back.
macro_rules! reclaim {
    ($owners:literal, $key:literal, $type:literal) => {
        concat!(
            "with mine as materialized ( select o.",
            $key,
            " from ",
            $owners,
            " o join unnest($3::text[]::",
            $type,
            "[], $4::bigint[])",
            " as own (",
            $key,
            ", ceiling) on o.",
            $key,
            " = own.",
            $key,
            " and o.epoch <= own.ceiling where o.node = $1 and o.incarnation = $2",
            " order by o.",
            $key,
            " for update of o )",
            " update ",
            $owners,
            " o set epoch = o.epoch + 1 from mine where o.",
            $key,
            " = mine.",
            $key,
            " returning o.",
            $key,
            "::text, o.epoch"
        )
    };
}

impl Ground for ShardId {
    const LANE: &'static str = "orderhub lane";
    const RECLAIM: &'static str = reclaim!("orderhub.shard_owner", "shard", "smallint");

    fn name(&self) -> String {
        self.0.to_string()
    }

    fn epoch(&self, fences: &Fences) -> i64 {
        fences.epoch_of(*self)
    }

    fn raise(&self, fences: &Fences, epoch: i64) {
        fences.raise_shard(*self, epoch);
    }
}

impl Ground for LocationCode {
    const LANE: &'static str = "orderhub stock lane";
    const RECLAIM: &'static str = reclaim!("orderhub.location_owner", "location", "text");

    fn name(&self) -> String {
        self.as_str().to_owned()
    }

    fn epoch(&self, fences: &Fences) -> i64 {
        fences.epoch_at(self)
    }

    fn raise(&self, fences: &Fences, epoch: i64) {
        fences.raise_location(self, epoch);
    }
}

/// A lane's connection.
pub(super) struct Line<G> {
    shared: Arc<Shared>,
    backend: Option<Backend>,
    /// Statements that may still be running on connections that are gone.
    lost: Option<Lost<G>>,
    /// The server is broken inside, and nothing more must be written; why.
    stopped: Option<String>,
}

struct Lost<G> {
    ground: BTreeSet<G>,
    backends: Vec<BackendId>,
    /// Re-claims sent so far; each may have raised the epochs by one without our hearing of it.
    reclaims: i64,
}

impl<G: Ground> Line<G> {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            backend: None,
            lost: None,
            stopped: None,
        }
    }

    /// Why nothing is written any more.
    pub(super) fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// When the search for a lost answer is given up.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.shared.options.limits.resolve
    }

    /// Has a connection under which nothing of the past can still happen.
    pub(super) async fn ready(&mut self) -> Result<(), String> {
        self.ready_until(self.deadline()).await
    }

    pub(super) async fn ready_until(&mut self, until: Instant) -> Result<(), String> {
        if let Some(why) = &self.stopped {
            return Err(format!("the lane has stopped: {why}"));
        }
        if let Some(mut lost) = self.lost.take() {
            let claimed = self.reclaim(&mut lost, until).await;
            if claimed.is_err() {
                self.lost = Some(lost);
            }
            return claimed;
        }
        if self.backend.is_none() {
            self.backend = Some(self.connect().await.map_err(|error| error.to_string())?);
        }
        Ok(())
    }

    /// Runs a statement that writes for this ground. When its answer is lost, so is the connection.
    pub(super) async fn write<T>(
        &mut self,
        ground: impl Iterator<Item = G>,
        query: QueryAs<'_, sqlx::Postgres, T, PgArguments>,
    ) -> Result<Vec<T>, Failure>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let failure = match self.ask(query).await {
            Ok(rows) => return Ok(rows),
            Err(failure) => failure,
        };
        if let Failure::Broken(why) = &failure {
            self.stopped = Some(why.clone());
        }
        if let Failure::Unknown(_) = failure {
            let lost = self.lost.get_or_insert_with(|| Lost {
                ground: BTreeSet::new(),
                backends: Vec::new(),
                reclaims: 0,
            });
            lost.ground.extend(ground);
            lost.backends
                .extend(self.backend.take().map(|backend| backend.id));
        }
        Err(failure)
    }

    /// Runs a read; a connection that breaks is given up.
    pub(super) async fn read<T>(
        &mut self,
        query: QueryAs<'_, sqlx::Postgres, T, PgArguments>,
    ) -> Result<Vec<T>, Failure>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        self.ask(query).await.map_err(|failure| {
            // It was a read: whatever the server still does with it changes nothing.
            self.backend = None;
            Failure::NotSent(failure.message().to_owned())
        })
    }

    async fn ask<T>(
        &mut self,
        query: QueryAs<'_, sqlx::Postgres, T, PgArguments>,
    ) -> Result<Vec<T>, Failure>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let limit = self.shared.options.limits.answer;
        let Some(backend) = &mut self.backend else {
            return Err(Failure::NotSent("the lane is not connected".to_owned()));
        };
        match timeout(limit, query.fetch_all(&mut backend.conn)).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(error)) => Err(Failure::of(&error)),
            Err(_) => Err(Failure::Unknown(format!("no answer within {limit:?}"))),
        }
    }

    async fn connect(&self) -> Result<Backend, sqlx::Error> {
        let limits = self.shared.options.limits;
        let options = writer_options(&self.shared.base, G::LANE, limits.statement, limits.lock);
        Backend::connect(&options, limits.connect).await
    }

    /// Connects and re-claims until it succeeds or the time is over.
    async fn reclaim(&mut self, lost: &mut Lost<G>, until: Instant) -> Result<(), String> {
        loop {
            let why = match self.connect().await {
                Err(error) => error.to_string(),
                Ok(backend) => match self.reclaim_on(backend, lost).await {
                    Ok(()) => return Ok(()),
                    Err(why) => why,
                },
            };
            if Instant::now() >= until {
                return Err(why);
            }
            sleep(PAUSE).await;
        }
    }

    async fn reclaim_on(&mut self, mut backend: Backend, lost: &mut Lost<G>) -> Result<(), String> {
        let limits = self.shared.options.limits;
        let fences = &self.shared.fences;
        let names: Vec<String> = lost.ground.iter().map(Ground::name).collect();
        let epochs = lost.ground.iter().map(|ground| ground.epoch(fences));
        let ceilings: Vec<i64> = epochs.map(|epoch| epoch + lost.reclaims).collect();
        let query = sqlx::query_as(G::RECLAIM)
            .bind(&self.shared.options.node)
            .bind(self.shared.incarnation.load(Ordering::SeqCst))
            .bind(names)
            .bind(ceilings);
        lost.reclaims += 1;
        let patience = limits.lock + limits.connect;
        match timeout(patience, query.fetch_all(&mut backend.conn)).await {
            Ok(Ok(rows)) => {
                // What is missing here belongs to another node now, or to a newer process of ours: that
                // claim has fenced the old statement off just the same, and the next write learns it.
                let rows: Vec<(String, i64)> = rows;
                for (name, epoch) in rows {
                    if let Some(ground) = lost.ground.iter().find(|g| g.name() == name) {
                        ground.raise(fences, epoch);
                    }
                }
                self.backend = Some(backend);
                Ok(())
            }
            Ok(Err(error)) => {
                let failure = Failure::of(&error);
                if let Failure::LockTimeout(_) = failure {
                    tracing::warn!("an old connection still holds our rows; ending it");
                    let ending = backend.terminate(&lost.backends);
                    if let Ok(Err(error)) = timeout(limits.connect, ending).await {
                        tracing::warn!(%error, "the old connection could not be ended");
                    }
                } else {
                    lost.backends.push(backend.id);
                }
                Err(failure.message().to_owned())
            }
            Err(_) => {
                // This one may hold the rows itself when it wakes up.
                lost.backends.push(backend.id);
                Err("the re-claim got no answer".to_owned())
            }
        }
    }
}
