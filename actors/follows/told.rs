//! Who follows parcels of many carriers is told which ones are under way, whoever sold their labels; what it
//! sees of them it pushes.
//!
//! Each parcel is told once. What was told is remembered in memory alone: after a restart it is told again,
//! which the vendor recognises. One that is refused is told again a day later: somebody may have set right by
//! then what spoke against it. Parcels of test orders are none of a live connection's business.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use orderhub_channels::port::{Enlisted, UnderWay};
use tokio::time::Instant;
use uuid::Uuid;

use super::{Turn, count};
use crate::polls::{Broken, LONGEST, Rounds};
use crate::router::Inlet;

/// How long a parcel that was refused is not told again.
const REFUSED_FOR: Duration = Duration::from_hours(24);

pub(super) struct Telling {
    turn: Turn,
    inlet: Inlet,
    /// What is followed of this turn's parcels, by names made of their places, and of those of the turn before.
    followed: HashSet<Uuid>,
    followed_before: HashSet<Uuid>,
    /// What was refused, and when.
    refused: HashMap<Uuid, Instant>,
}

impl Telling {
    pub(super) fn new(turn: Turn, inlet: Inlet) -> Self {
        Self {
            turn,
            inlet,
            followed: HashSet::new(),
            followed_before: HashSet::new(),
            refused: HashMap::new(),
        }
    }

    /// The first parcel ahead that has to be told, after so many that need not.
    async fn next(&mut self) -> Result<(usize, Option<UnderWay>), Broken> {
        let mut known = 0;
        let live = self.inlet.connector.is_live();
        for parcel in self.turn.ahead().await? {
            if parcel.test && live {
                known += 1;
                continue;
            }
            let name = name(parcel);
            if self.followed_before.contains(&name) {
                self.followed.insert(name);
            }
            if !self.followed.contains(&name) && !self.refused.contains_key(&name) {
                return Ok((known, Some(parcel.clone())));
            }
            known += 1;
        }
        Ok((known, None))
    }

    /// Notes what became of a parcel.
    fn note(&mut self, parcel: &UnderWay, enlisted: Enlisted) {
        let source = &self.inlet.source;
        match enlisted {
            Enlisted::Followed => {
                count(source, "answered");
                self.followed.insert(name(parcel));
            }
            Enlisted::Refused { reason } => {
                count(source, "refused");
                tracing::warn!(
                    source,
                    order = %parcel.order,
                    why = reason,
                    "a parcel of this order is not followed there; it is told again in a day"
                );
                self.refused.insert(name(parcel), Instant::now());
            }
        }
    }

    /// What is not under way any more is forgotten, and what was refused long ago may be told again.
    fn forget(&mut self) {
        self.followed_before = std::mem::take(&mut self.followed);
        self.refused.retain(|_, at| at.elapsed() < REFUSED_FOR);
    }
}

#[async_trait]
impl Rounds for Telling {
    async fn round(&mut self) -> Result<Duration, Broken> {
        let connector = Arc::clone(&self.inlet.connector);
        let Some(enlist) = connector.enlist() else {
            return Ok(LONGEST);
        };
        let pace = enlist.pace();
        let (known, parcel) = self.next().await?;
        let Some(parcel) = parcel else {
            if known > 0 {
                self.turn.pass(known).await?;
                return Ok(Duration::ZERO);
            }
            self.forget();
            return Ok(self.turn.end(pace));
        };
        match enlist.enlist(&parcel).await {
            Ok(enlisted) => {
                self.note(&parcel, enlisted);
                self.turn.pass(known + 1).await?;
                Ok(pace.pause)
            }
            Err(error) => {
                count(&self.inlet.source, "failed");
                self.turn.give_way(known + 1).await?;
                Err(error.into())
            }
        }
    }
}

fn name(parcel: &UnderWay) -> Uuid {
    Uuid::new_v5(&Uuid::nil(), parcel.place().as_bytes())
}
