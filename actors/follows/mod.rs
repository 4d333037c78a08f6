//! Parcels that are under way: carriers that push too little are asked for them ([`asked`]), and who follows
//! parcels of many carriers is told of them ([`told`]).
//!
//! Which parcels these are the store knows: those of orders that are not over, and those of returns until they
//! have come. They are gone through in turn, a few at a time and no faster than the connection lets us; how far
//! a turn has come stands beside the cursors of those that are polled, so that a restart goes on there.

mod asked;
mod told;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use orderhub_channels::port::{Pace, UnderWay};
use tokio::time::Instant;

use crate::polls::{Broken, keep_asking};
use crate::ports::Whose;
use crate::router::{Hub, Inlet, Inlets};

/// Parcels that are read from the store at once.
const PAGE: u32 = 500;

/// After so many failures in a row the parcels in question are left for the next turn: they may be why.
const TRIES: u32 = 3;

/// Begins to ask every carrier that is to be asked for parcels, and to tell every one that is to be told.
pub(crate) fn begin(hub: &Hub, inlets: &Arc<dyn Inlets>) {
    for inlet in inlets.followed() {
        let source = inlet.source.clone();
        if inlet.connector.follow().is_some() {
            let turn = Turn::new(hub, &inlet, Whose::Own);
            let asking = asked::Asking::new(turn, inlets, inlet.clone());
            tokio::spawn(keep_asking(hub.clone(), source.clone(), asking));
        }
        if inlet.connector.enlist().is_some() {
            let turn = Turn::new(hub, &inlet, Whose::Everybodys);
            let telling = told::Telling::new(turn, inlet);
            tokio::spawn(keep_asking(hub.clone(), source, telling));
        }
    }
}

/// A turn through all parcels of a connection, and the turns after it.
struct Turn {
    hub: Hub,
    /// How far it has come is kept under this name, beside the connection's own cursor.
    name: String,
    account: String,
    whose: Whose,
    /// Parcels of this turn that were read and not taken yet.
    page: VecDeque<UnderWay>,
    began: Instant,
    /// How often in a row the same parcels could not be taken.
    failed: u32,
}

impl Turn {
    fn new(hub: &Hub, inlet: &Inlet, whose: Whose) -> Self {
        let kept_as = match whose {
            Whose::Own => "parcels",
            Whose::Everybodys => "told",
        };
        Self {
            hub: hub.clone(),
            name: format!("{}/{kept_as}", inlet.source),
            account: inlet.slug.to_string(),
            whose,
            page: VecDeque::new(),
            began: Instant::now(),
            failed: 0,
        }
    }

    /// The next parcels, the ones that come first before the others. None when the turn is over.
    async fn ahead(&mut self) -> Result<&VecDeque<UnderWay>, Broken> {
        if self.page.is_empty() {
            let journal = &self.hub.shared.journal;
            let mark = journal.cursor(&self.name).await;
            let mark = mark.map_err(|error| Broken::stored(&error))?;
            let mark = mark.unwrap_or_default();
            let page = journal.under_way(&self.account, self.whose, &mark, PAGE);
            self.page = page.await.map_err(|error| Broken::stored(&error))?.into();
            if self.page.is_empty() && !mark.is_empty() {
                let moved = journal.move_cursor(&self.name, "").await;
                moved.map_err(|error| Broken::stored(&error))?;
            }
        }
        Ok(&self.page)
    }

    /// The first so many were taken, or are left for the next turn.
    async fn pass(&mut self, count: usize) -> Result<(), Broken> {
        self.failed = 0;
        let last = count.checked_sub(1).and_then(|last| self.page.get(last));
        if let Some(last) = last {
            let journal = &self.hub.shared.journal;
            let moved = journal.move_cursor(&self.name, &last.place()).await;
            moved.map_err(|error| Broken::stored(&error))?;
        }
        self.page.drain(..count.min(self.page.len()));
        Ok(())
    }

    /// The first so many could not be taken. Tried often enough, they are left for the next turn.
    async fn give_way(&mut self, count: usize) -> Result<(), Broken> {
        self.failed += 1;
        if self.failed >= TRIES {
            self.pass(count).await?;
        }
        Ok(())
    }

    /// Ends the turn; how long to wait until the next one.
    fn end(&mut self, pace: Pace) -> Duration {
        let rest = pace.turn.saturating_sub(self.began.elapsed());
        let rest = rest.max(pace.pause);
        self.began = Instant::now() + rest;
        rest
    }
}

/// Counts a call by what came of it.
fn count(source: &str, result: &'static str) {
    metrics::counter!(
        "orderhub_follows_total", "source" => source.to_owned(), "result" => result
    )
    .increment(1);
}
