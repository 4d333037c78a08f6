//! Messages without an order: kept, and offered again until there is one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use uuid::Uuid;

use super::inbound::Verdict;
use super::{Hub, Reader};
use crate::api::{Delivery, HubError};
use crate::order::unavailable;
use crate::ports::{OrderRef, Parked};

/// The root of kept messages' ids; its own value has no meaning.
const KEPT: Uuid = Uuid::from_u128(0x6f72_6465_7268_7562_0070_6172_6b65_6400);

/// How often kept messages are looked through.
const EVERY: Duration = Duration::from_secs(5);

/// The longest wait between two offers of one message.
const LONGEST: Duration = Duration::from_mins(10);

/// Messages offered in one round.
const ROUND: u32 = 200;

impl Hub {
    pub(super) async fn keep(
        &self,
        delivery: &Delivery,
        place: usize,
        reason: String,
        waiting_for: Option<OrderRef>,
    ) -> Result<(), HubError> {
        let message = Parked {
            id: id_of(delivery, place),
            source: delivery.source.clone(),
            reason,
            waiting_for,
            received_at: self.shared.clock.now(),
            body: delivery.body.clone(),
            headers: delivery.headers.clone(),
        };
        self.shared
            .journal
            .park(&message)
            .await
            .map_err(unavailable)
    }

    /// The order may have learnt the reference while the message was put away: whoever looks
    /// second sees what the other wrote. Whether the item was applied after all.
    pub(super) async fn keep_and_look_again(
        &self,
        delivery: &Delivery,
        place: usize,
        reference: OrderRef,
    ) -> Result<bool, HubError> {
        self.keep(delivery, place, "no_order".into(), Some(reference))
            .await?;
        let Some(item) = delivery.items.get(place) else {
            return Ok(false);
        };
        // It is safely kept: what fails now is done by the sweep.
        let again = self.offer(delivery, item).await;
        if !matches!(again, Ok(Verdict::Applied)) {
            return Ok(false);
        }
        let forgotten = self.shared.journal.unpark(id_of(delivery, place)).await;
        if let Err(error) = forgotten {
            tracing::warn!(%error, "an applied message is kept a little longer");
        }
        Ok(true)
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

/// Offers kept messages again: at once when a commit makes a reference known, and every few
/// seconds with back-off.
pub(crate) async fn sweep(hub: Hub, reader: Arc<dyn Reader>, mut hints: mpsc::Receiver<OrderRef>) {
    let mut resting: HashMap<Uuid, (u32, Instant)> = HashMap::new();
    let mut rounds = tokio::time::interval(EVERY);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let hint = tokio::select! {
            () = hub.shared.stop.cancelled() => return,
            Some(reference) = hints.recv() => Some(reference),
            _ = rounds.tick() => None,
        };
        let waiting = hub.shared.journal.parked(hint.as_ref(), ROUND).await;
        let waiting = match waiting {
            Ok(waiting) => waiting,
            Err(error) => {
                tracing::warn!(%error, "kept messages cannot be read");
                continue;
            }
        };
        if hint.is_none() {
            resting.retain(|id, _| waiting.iter().any(|message| message.id == *id));
        }
        for message in waiting {
            let now = Instant::now();
            let rest = resting.get(&message.id).copied();
            if hint.is_none() && rest.is_some_and(|(_, until)| now < until) {
                continue;
            }
            if let Ok(true) = hub.offer_again(reader.as_ref(), &message).await {
                resting.remove(&message.id);
            } else {
                let tries = rest.map_or(0, |(tries, _)| tries);
                let pause = EVERY.saturating_mul(1 << tries.min(8)).min(LONGEST);
                resting.insert(message.id, (tries + 1, now + pause));
            }
        }
    }
}
