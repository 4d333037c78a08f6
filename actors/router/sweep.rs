//! When kept messages are offered again: at once when a commit makes their reference known, and by
//! themselves with back-off until they are dead. What waits for no order is left alone.
//!
//! What waits to be looked up is looked up beside that, a few things of a connection at once, so that a
//! vendor that does not answer keeps nobody else waiting.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Hub, Inlets};
use crate::api::HubError;
use crate::ports::{OrderRef, ParkedState, RefKind};
use crate::shared::Hint;

/// How often the sweep looks what is due; also the first wait of a message.
const EVERY: Duration = Duration::from_secs(5);

/// The longest wait between two offers of one message, and between two inventories.
const LONGEST: Duration = Duration::from_mins(10);

/// How often kept messages are counted.
const COUNT: Duration = Duration::from_secs(30);

/// References that an inventory reads at once.
const PAGE: u32 = 1_000;

/// References that are looked after at once. Those beyond are found by a later inventory, as these
/// are applied or die.
const MOST: usize = 100_000;

/// Things that are looked up at one connection at once.
const LOOK_UPS: usize = 4;

/// What became of a look-up, with what was looked up.
type LookedUp = (OrderRef, Result<bool, HubError>);

/// The look-ups that are under way.
#[derive(Default)]
struct LookUps {
    tasks: JoinSet<LookedUp>,
    under_way: HashSet<OrderRef>,
}

impl LookUps {
    fn has_room(&self, reference: &OrderRef) -> bool {
        let beside = self
            .under_way
            .iter()
            .filter(|one| one.scope == reference.scope);
        !self.under_way.contains(reference) && beside.count() < LOOK_UPS
    }

    /// Begins those that are due, as far as there is room.
    fn begin(&mut self, hub: &Hub, inlets: &Arc<dyn Inlets>, waiting: &Waiting) {
        for reference in waiting.due(true) {
            if !self.has_room(&reference) {
                continue;
            }
            self.under_way.insert(reference.clone());
            let (hub, inlets) = (hub.clone(), Arc::clone(inlets));
            self.tasks.spawn(async move {
                let done = hub.look_up(inlets.as_ref(), &reference).await;
                (reference, done)
            });
        }
    }
}

/// The references that messages wait for, and when each is looked after again.
#[derive(Default)]
struct Waiting(HashMap<OrderRef, (u32, Instant)>);

impl Waiting {
    fn add(&mut self, reference: OrderRef) {
        if self.0.len() < MOST {
            let now = Instant::now();
            // Whether an order comes takes its time; a thing can be looked up at once.
            let first = match reference.kind {
                RefKind::Resource => now,
                RefKind::Order | RefKind::Payment | RefKind::Tracking => now + EVERY,
            };
            self.0.entry(reference).or_insert((0, first));
        }
    }

    /// What is due: to be looked up, or to be offered.
    fn due(&self, looked_up: bool) -> Vec<OrderRef> {
        let now = Instant::now();
        let due = self.0.iter().filter(|(reference, (_, at))| {
            *at <= now && looked_up == (reference.kind == RefKind::Resource)
        });
        due.map(|(reference, _)| reference.clone()).collect()
    }

    /// Notes how looking after a reference went.
    fn done(&mut self, reference: &OrderRef, waits: Result<bool, HubError>) {
        match waits {
            Ok(false) => drop(self.0.remove(reference)),
            Ok(true) => self.put_off(reference),
            Err(error) => {
                tracing::warn!(%error, "kept messages cannot be offered again");
                self.put_off(reference);
            }
        }
    }

    fn put_off(&mut self, reference: &OrderRef) {
        if let Some((tries, at)) = self.0.get_mut(reference) {
            let pause = EVERY.saturating_mul(1 << (*tries).min(8)).min(LONGEST);
            *tries += 1;
            *at = Instant::now() + pause;
        }
    }

    /// Somebody may have become known without our hearing of it.
    fn hurry(&mut self) {
        let now = Instant::now();
        for (_, at) in self.0.values_mut() {
            *at = now;
        }
    }
}

/// Offers kept messages again until the node stops.
pub(crate) async fn sweep(hub: Hub, inlets: Arc<dyn Inlets>, mut hints: mpsc::Receiver<Hint>) {
    let mut waiting = Waiting::default();
    let mut look_ups = LookUps::default();
    let mut rounds = tokio::time::interval(EVERY);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut inventory, mut count) = (Instant::now(), Instant::now());
    loop {
        look_ups.begin(&hub, &inlets, &waiting);
        let due = tokio::select! {
            () = hub.shared.stop.cancelled() => return,
            Some(done) = look_ups.tasks.join_next() => {
                match done {
                    Ok((reference, waits)) => {
                        look_ups.under_way.remove(&reference);
                        waiting.done(&reference, waits);
                    }
                    Err(error) => {
                        // It panicked, and nobody knows which it was: all are tried again.
                        tracing::error!(%error, "a look-up ended without an answer");
                        look_ups = LookUps::default();
                    }
                }
                continue;
            }
            hint = hints.recv() => match hint {
                None => return,
                Some(Hint::Awaited(reference)) => {
                    waiting.add(reference);
                    continue;
                }
                Some(Hint::Known(reference)) => vec![reference],
            },
            _ = rounds.tick() => {
                let missed = hub.shared.hints.any_missed();
                if missed || inventory <= Instant::now() {
                    inventory = Instant::now() + LONGEST;
                    take_inventory(&hub, &mut waiting).await;
                }
                if missed {
                    waiting.hurry();
                }
                if count <= Instant::now() {
                    count = Instant::now() + COUNT;
                    count_kept(&hub).await;
                }
                waiting.due(false)
            }
        };
        for reference in due {
            let waits = hub.offer_waiting(inlets.as_ref(), &reference).await;
            waiting.done(&reference, waits);
        }
    }
}

/// Looks through what living messages wait for: after a start nobody else knows. Bodies stay where
/// they are.
async fn take_inventory(hub: &Hub, waiting: &mut Waiting) {
    let mut mark: Option<OrderRef> = None;
    while waiting.0.len() < MOST {
        match hub.shared.journal.awaited(mark.as_ref(), PAGE).await {
            Ok(page) => {
                mark = page.last().cloned();
                for reference in page {
                    waiting.add(reference);
                }
                if mark.is_none() {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "kept messages cannot be read");
                return;
            }
        }
    }
}

async fn count_kept(hub: &Hub) {
    match hub.shared.journal.count_parked().await {
        Ok(counts) => {
            for state in ParkedState::ALL {
                let count = counts.get(&state).copied().unwrap_or_default();
                let count = u32::try_from(count).unwrap_or(u32::MAX);
                metrics::gauge!("orderhub_parked_messages", "state" => state.word())
                    .set(f64::from(count));
            }
        }
        Err(error) => tracing::warn!(%error, "kept messages cannot be counted"),
    }
}
