//! Messages without an order: kept, and offered again until there is one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use orderhub_domain::ids::OrderId;
use tokio::sync::mpsc;
use tokio::time::Instant;
use uuid::Uuid;

use super::inbound::Verdict;
use super::{Hub, Reader};
use crate::api::{Delivery, HubError};
use crate::order::unavailable;
use crate::ports::{OrderRef, Parked};
use crate::shared::Hint;

/// The root of kept messages' ids; its own value has no meaning.
const KEPT: Uuid = Uuid::from_u128(0x6f72_6465_7268_7562_0070_6172_6b65_6400);

/// How often the sweep looks what is due; also the first wait of a message.
const EVERY: Duration = Duration::from_secs(5);

/// The longest wait between two offers of one message, and between two inventories.
const LONGEST: Duration = Duration::from_mins(10);

/// Messages of one reference offered at once.
const ROUND: u32 = 200;

/// Kept messages that are looked through for those that wait.
const INVENTORY: u32 = 10_000;

impl Hub {
    pub(super) async fn keep(
        &self,
        delivery: &Delivery,
        place: usize,
        reason: String,
        waiting_for: Option<OrderRef>,
    ) -> Result<Uuid, HubError> {
        let awaited = waiting_for.clone();
        let message = Parked {
            id: id_of(delivery, place),
            source: delivery.source.clone(),
            reason,
            waiting_for,
            received_at: self.shared.clock.now(),
            body: delivery.body.clone(),
            headers: delivery.headers.clone(),
        };
        let parked = self.shared.journal.park(&message).await;
        parked.map_err(unavailable)?;
        if let Some(reference) = awaited {
            // A full queue loses only the hint; the inventory finds the message.
            drop(self.shared.hints.try_send(Hint::Awaited(reference)));
        }
        Ok(message.id)
    }

    /// The order may have learnt the reference while the message was put away: whoever looks
    /// second sees what the other wrote. The order, if the item was applied after all.
    pub(super) async fn look_again(
        &self,
        delivery: &Delivery,
        place: usize,
        message: Uuid,
    ) -> Option<OrderId> {
        let item = delivery.items.get(place)?;
        // It is safely kept: what fails now is done by the sweep.
        let Ok(Verdict::Applied(order)) = self.offer(delivery, item).await else {
            return None;
        };
        if let Err(error) = self.shared.journal.unpark(message).await {
            tracing::warn!(%error, "an applied message is kept a little longer");
        }
        Some(order)
    }

    /// Offers everything that waits for a reference; whether nothing waits for it any more.
    async fn offer_waiting(
        &self,
        reader: &dyn Reader,
        reference: &OrderRef,
    ) -> Result<bool, HubError> {
        let kept = self.shared.journal.parked(Some(reference), ROUND).await;
        let mut done = true;
        for message in kept.map_err(unavailable)? {
            done &= self.offer_again(reader, &message).await?;
        }
        Ok(done)
    }

    /// Offers a kept message again; whether it is done with.
    async fn offer_again(&self, reader: &dyn Reader, message: &Parked) -> Result<bool, HubError> {
        let Some(delivery) = reader.read(message) else {
            return Ok(false);
        };
        for item in &delivery.items {
            if let Verdict::Waits(reference) = self.offer(&delivery, item).await?
                && message.waiting_for.as_ref() == Some(&reference)
            {
                return Ok(false);
            }
        }
        let forgotten = self.shared.journal.unpark(message.id).await;
        forgotten.map_err(unavailable)?;
        metrics::counter!("orderhub_parked_applied_total").increment(1);
        Ok(true)
    }
}

fn id_of(delivery: &Delivery, place: usize) -> Uuid {
    let mut name = Vec::with_capacity(delivery.source.len() + delivery.body.len() + 16);
    for part in [delivery.source.as_bytes(), &delivery.body] {
        name.extend_from_slice(&(part.len() as u64).to_be_bytes());
        name.extend_from_slice(part);
    }
    name.extend_from_slice(&(place as u64).to_be_bytes());
    Uuid::new_v5(&KEPT, &name)
}

/// The references that messages wait for, and when each is looked after again.
#[derive(Default)]
struct Waiting(HashMap<OrderRef, (u32, Instant)>);

impl Waiting {
    fn add(&mut self, reference: OrderRef) {
        let soon = Instant::now() + EVERY;
        self.0.entry(reference).or_insert((0, soon));
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
}

/// Offers kept messages again: at once when a commit makes their reference known, and by itself
/// with back-off. What waits for no order is left alone.
pub(crate) async fn sweep(hub: Hub, reader: Arc<dyn Reader>, mut hints: mpsc::Receiver<Hint>) {
    let mut waiting = Waiting::default();
    let mut rounds = tokio::time::interval(EVERY);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut inventory = Instant::now();
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
                if inventory <= Instant::now() {
                    inventory = Instant::now() + LONGEST;
                    take_inventory(&hub, &mut waiting).await;
                }
                waiting.due()
            }
        };
        for reference in due {
            match hub.offer_waiting(reader.as_ref(), &reference).await {
                Ok(true) => drop(waiting.0.remove(&reference)),
                Ok(false) => waiting.put_off(&reference),
                Err(error) => {
                    tracing::warn!(%error, "kept messages cannot be offered again");
                    waiting.put_off(&reference);
                }
            }
        }
    }
}

/// Looks through everything that is kept: after a start nobody else knows what waits.
async fn take_inventory(hub: &Hub, waiting: &mut Waiting) {
    match hub.shared.journal.parked(None, INVENTORY).await {
        Ok(kept) => {
            let references = kept.into_iter().filter_map(|message| message.waiting_for);
            references.for_each(|reference| waiting.add(reference));
        }
        Err(error) => tracing::warn!(%error, "kept messages cannot be read"),
    }
}
