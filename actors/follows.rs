//! Asking carriers for the parcels that are under way, which push too little.
//!
//! Which numbers these are the store knows: those of orders that are not over, and those of returns until they
//! have come. They are asked for in turn, a
//! few at a time and no faster than the carrier lets us; how far a turn has come stands beside the cursors
//! of those that are polled, so that a restart goes on there. What is seen of a parcel is taken as a webhook
//! is. Most of it is known from the turn before: only what is new is taken.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_channels::port::{Inbound, Statement};
use tokio::time::Instant;
use uuid::Uuid;

use crate::polls::{Broken, LONGEST, Rounds, keep_asking};
use crate::router::{Hub, Inlet, Inlets};

/// Numbers that are read from the store at once.
const PAGE: u32 = 500;

/// After so many failures in a row the parcels asked for are left for the next turn: they may be why.
const TRIES: u32 = 3;

/// Begins to follow the parcels of every carrier that is to be asked for them.
pub(crate) fn begin(hub: &Hub, inlets: &Arc<dyn Inlets>) {
    for inlet in inlets.followed() {
        let source = inlet.source.clone();
        let follower = Follower {
            hub: hub.clone(),
            inlets: Arc::clone(inlets),
            inlet,
            page: VecDeque::new(),
            began: Instant::now(),
            failed: 0,
            told: HashSet::new(),
            told_before: HashSet::new(),
        };
        tokio::spawn(keep_asking(hub.clone(), source, follower));
    }
}

struct Follower {
    hub: Hub,
    inlets: Arc<dyn Inlets>,
    inlet: Inlet,
    /// Numbers of this turn that were read and not asked for yet.
    page: VecDeque<String>,
    /// When the turn began.
    began: Instant,
    /// How often in a row the same parcels could not be asked for.
    failed: u32,
    /// What was stated in this turn, by names made of its bytes, and in the turn before.
    told: HashSet<Uuid>,
    told_before: HashSet<Uuid>,
}

#[async_trait]
impl Rounds for Follower {
    async fn round(&mut self) -> Result<Duration, Broken> {
        let connector = Arc::clone(&self.inlet.connector);
        let Some(follow) = connector.follow() else {
            return Ok(LONGEST);
        };
        let mut pace = follow.pace();
        pace.pause = self.inlet.poll_every.unwrap_or(pace.pause);
        if self.page.is_empty() && !self.turn_page().await? {
            let rest = pace.turn.saturating_sub(self.began.elapsed());
            let rest = rest.max(pace.pause);
            self.began = Instant::now() + rest;
            self.told_before = std::mem::take(&mut self.told);
            return Ok(rest);
        }
        let at_once = pace.at_once.max(1);
        let numbers: Vec<String> = self.page.iter().take(at_once).cloned().collect();
        let asked_at = self.hub.shared.clock.now();
        let seen = follow.seen(&numbers).await;
        let result = if seen.is_ok() { "answered" } else { "failed" };
        metrics::counter!(
            "orderhub_follows_total", "source" => self.inlet.source.clone(), "result" => result
        )
        .increment(1);
        match seen {
            Ok(statements) => {
                for statement in statements {
                    self.take(statement, asked_at).await?;
                }
                self.pass(&numbers).await?;
                Ok(pace.pause)
            }
            Err(error) => {
                self.failed += 1;
                if self.failed >= TRIES {
                    self.pass(&numbers).await?;
                }
                Err(error.into())
            }
        }
    }
}

impl Follower {
    /// The name of how far the turn has come, beside the connection's own cursor.
    fn place(&self) -> String {
        format!("{}/parcels", self.inlet.source)
    }

    /// Reads the next numbers; whether there are any. When there are none the turn is over.
    async fn turn_page(&mut self) -> Result<bool, Broken> {
        let journal = &self.hub.shared.journal;
        let place = self.place();
        let mark = journal.cursor(&place).await;
        let mark = mark.map_err(|error| Broken::stored(&error))?;
        let mark = mark.unwrap_or_default();
        let account = self.inlet.slug.as_str();
        let page = journal.under_way(account, &mark, PAGE).await;
        self.page = page.map_err(|error| Broken::stored(&error))?.into();
        if self.page.is_empty() && !mark.is_empty() {
            let moved = journal.move_cursor(&place, "").await;
            moved.map_err(|error| Broken::stored(&error))?;
        }
        Ok(!self.page.is_empty())
    }

    /// These numbers were asked for, or are left for the next turn.
    async fn pass(&mut self, numbers: &[String]) -> Result<(), Broken> {
        self.failed = 0;
        if let Some(last) = numbers.last() {
            let journal = &self.hub.shared.journal;
            let moved = journal.move_cursor(&self.place(), last).await;
            moved.map_err(|error| Broken::stored(&error))?;
        }
        self.page.drain(..numbers.len().min(self.page.len()));
        Ok(())
    }

    /// Takes what was seen of a parcel, unless the carrier says the same as before, or nothing yet.
    async fn take(&mut self, statement: Statement, asked_at: Timestamp) -> Result<(), Broken> {
        let name = Uuid::new_v5(&Uuid::nil(), &statement.raw);
        let known = self.told.contains(&name) || self.told_before.contains(&name);
        let delivery = self.inlet.stated(statement, asked_at);
        if known || delivery.items.iter().all(is_not_yet) {
            self.told.insert(name);
            return Ok(());
        }
        let taken = self.hub.take(&delivery).await;
        let receipt = taken.map_err(|error| Broken::stored(&error))?;
        metrics::counter!(
            "orderhub_statements_total",
            "source" => self.inlet.source.clone(), "outcome" => receipt.received.word()
        )
        .increment(1);
        self.inlets.note(&delivery, &receipt, asked_at);
        self.told.insert(name);
        Ok(())
    }
}

/// Whether it says only that there is nothing to say yet.
fn is_not_yet(item: &Inbound) -> bool {
    matches!(item, Inbound::Unknown { topic } if topic.starts_with("not_yet:"))
}
