//! Which of an order's effects are under way, as far as this actor knows.
//!
//! Not durable on purpose: after a load nothing is known, and everything open may have been sent.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use orderhub_domain::ids::EffectId;
use orderhub_domain::order::Effect;
use tokio::time::Instant;

#[derive(Debug, Default)]
pub(super) struct Flights {
    /// Effects sent, with the end of their lease.
    aloft: HashMap<EffectId, Instant>,
    /// Effects whose last try this actor saw fail for certain.
    undone: HashSet<EffectId>,
}

impl Flights {
    /// An effect was handed to its partner.
    pub(super) fn launch(&mut self, id: EffectId, effect: &Effect) {
        let lease = Duration::try_from(effect.lease()).unwrap_or(Duration::from_secs(30));
        self.aloft.insert(id, Instant::now() + lease);
        self.undone.remove(&id);
    }

    /// A try ended without an answer: certainly not carried out, or perhaps.
    pub(super) fn land(&mut self, id: EffectId, undone: bool) {
        self.aloft.remove(&id);
        if undone {
            self.undone.insert(id);
        } else {
            self.undone.remove(&id);
        }
    }

    /// It was sent, and its lease still runs.
    pub(super) fn is_aloft(&self, id: EffectId) -> bool {
        self.aloft
            .get(&id)
            .is_some_and(|until| *until > Instant::now())
    }

    /// Its last try was certainly not carried out.
    pub(super) fn is_known_undone(&self, id: EffectId) -> bool {
        self.undone.contains(&id)
    }

    /// Forgets effects that are closed.
    pub(super) fn keep(&mut self, is_open: impl Fn(&EffectId) -> bool) {
        self.aloft.retain(|id, _| is_open(id));
        self.undone.retain(|id| is_open(id));
    }

    /// Forgets what this actor saw itself; somebody else wrote to the log.
    pub(super) fn doubt(&mut self) {
        self.undone.clear();
    }

    /// How long until the next lease ends.
    pub(super) fn next_landing(&self) -> Option<Duration> {
        let now = Instant::now();
        let next = self.aloft.values().filter(|until| **until > now).min()?;
        Some(next.duration_since(now))
    }
}
