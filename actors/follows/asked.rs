//! Carriers that are asked for parcels by their numbers. What is seen of a parcel is taken as a webhook is.
//! Most of it is known from the turn before: only what is new is taken.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_channels::port::{Inbound, Statement};
use uuid::Uuid;

use super::{Turn, count};
use crate::polls::{Broken, LONGEST, Rounds};
use crate::router::{Inlet, Inlets};

pub(super) struct Asking {
    turn: Turn,
    inlets: Arc<dyn Inlets>,
    inlet: Inlet,
    /// What was stated in this turn, by names made of its bytes, and in the turn before.
    stated: HashSet<Uuid>,
    stated_before: HashSet<Uuid>,
}

impl Asking {
    pub(super) fn new(turn: Turn, inlets: &Arc<dyn Inlets>, inlet: Inlet) -> Self {
        Self {
            turn,
            inlets: Arc::clone(inlets),
            inlet,
            stated: HashSet::new(),
            stated_before: HashSet::new(),
        }
    }

    /// Takes what was seen of a parcel, unless the carrier says the same as before, or nothing yet.
    async fn take(&mut self, statement: Statement, asked_at: Timestamp) -> Result<(), Broken> {
        let name = Uuid::new_v5(&Uuid::nil(), &statement.raw);
        let known = self.stated.contains(&name) || self.stated_before.contains(&name);
        let delivery = self.inlet.stated(statement, asked_at);
        if known || delivery.items.iter().all(is_not_yet) {
            self.stated.insert(name);
            return Ok(());
        }
        let taken = self.turn.hub.take(&delivery).await;
        let receipt = taken.map_err(|error| Broken::stored(&error))?;
        metrics::counter!(
            "orderhub_statements_total",
            "source" => self.inlet.source.clone(), "outcome" => receipt.received.word()
        )
        .increment(1);
        self.inlets.note(&delivery, &receipt, asked_at);
        self.stated.insert(name);
        Ok(())
    }
}

#[async_trait]
impl Rounds for Asking {
    async fn round(&mut self) -> Result<Duration, Broken> {
        let connector = Arc::clone(&self.inlet.connector);
        let Some(follow) = connector.follow() else {
            return Ok(LONGEST);
        };
        let mut pace = follow.pace();
        pace.pause = self.inlet.poll_every.unwrap_or(pace.pause);
        let ahead = self.turn.ahead().await?.iter().take(pace.at_once.max(1));
        let numbers: Vec<String> = ahead.map(|parcel| parcel.number.clone()).collect();
        if numbers.is_empty() {
            self.stated_before = std::mem::take(&mut self.stated);
            return Ok(self.turn.end(pace));
        }
        let asked_at = self.turn.hub.shared.clock.now();
        let seen = follow.seen(&numbers).await;
        let result = if seen.is_ok() { "answered" } else { "failed" };
        count(&self.inlet.source, result);
        match seen {
            Ok(statements) => {
                for statement in statements {
                    self.take(statement, asked_at).await?;
                }
                self.turn.pass(numbers.len()).await?;
                Ok(pace.pause)
            }
            Err(error) => {
                self.turn.give_way(numbers.len()).await?;
                Err(error.into())
            }
        }
    }
}

/// Whether it says only that there is nothing to say yet.
fn is_not_yet(item: &Inbound) -> bool {
    matches!(item, Inbound::Unknown { topic } if topic.starts_with("not_yet:"))
}
