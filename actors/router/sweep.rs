//! When kept messages are offered again: at once when a commit makes their reference known, and by
//! themselves with back-off until they are dead. What waits for no order is left alone.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Hub, Reader};
use crate::ports::{OrderRef, ParkedState};
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

/// The references that messages wait for, and when each is looked after again.
#[derive(Default)]
struct Waiting(HashMap<OrderRef, (u32, Instant)>);

impl Waiting {
    fn add(&mut self, reference: OrderRef) {
        if self.0.len() < MOST {
            let soon = Instant::now() + EVERY;
            self.0.entry(reference).or_insert((0, soon));
        }
    }

    fn due(&self) -> Vec<OrderRef> {
        let now = Instant::now();
        let due = self.0.iter().filter(|(_, (_, at))| *at <= now);
        due.map(|(reference, _)| reference.clone()).collect()
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
pub(crate) async fn sweep(hub: Hub, reader: Arc<dyn Reader>, mut hints: mpsc::Receiver<Hint>) {
    let mut waiting = Waiting::default();
    let mut rounds = tokio::time::interval(EVERY);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut inventory, mut count) = (Instant::now(), Instant::now());
    loop {
        let due = tokio::select! {
            () = hub.shared.stop.cancelled() => return,
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
                waiting.due()
            }
        };
        for reference in due {
            match hub.offer_waiting(reader.as_ref(), &reference).await {
                Ok(false) => drop(waiting.0.remove(&reference)),
                Ok(true) => waiting.put_off(&reference),
                Err(error) => {
                    tracing::warn!(%error, "kept messages cannot be offered again");
                    waiting.put_off(&reference);
                }
            }
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
