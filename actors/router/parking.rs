//! Messages without an order: kept, looked at once more, and offered again until there is one.
//!
//! No message is lost on the way: it is committed before its sender is answered, and a row goes only
//! when the order has what it said. When that happens by itself is [`super::sweep`]'s.

use jiff::Timestamp;
use orderhub_domain::ids::OrderId;
use uuid::Uuid;

use super::inbound::Verdict;
use super::{Hub, Inlets};
use crate::api::{Delivery, HubError, KEPT_QUERY};
use crate::order::unavailable;
use crate::ports::{OrderRef, Parked, RefKind};
use crate::shared::Hint;

/// The root of kept messages' ids; its own value has no meaning.
const KEPT: Uuid = Uuid::from_u128(0x6f72_6465_7268_7562_0070_6172_6b65_6400);

/// Messages of one reference that are read at once.
const ROUND: u32 = 200;

/// Why a message is kept, and what is to become of it.
#[derive(Debug, Clone)]
pub(super) enum Keep {
    /// It waits for its order.
    Until(OrderRef),
    /// The hub does not act on it, for this reason.
    For(String),
    /// Nobody can read it, for this reason: a person has to.
    Dead(String),
}

impl Hub {
    pub(super) async fn keep(
        &self,
        delivery: &Delivery,
        place: usize,
        keep: Keep,
    ) -> Result<Uuid, HubError> {
        let now = self.shared.clock.now();
        let (reason, waiting_for, dead_since) = match keep {
            Keep::Until(reference) => (reason_of(&reference).to_owned(), Some(reference), None),
            Keep::For(reason) => (reason, None, None),
            Keep::Dead(reason) => (dead(&reason), None, Some(now)),
        };
        // Word that something has changed may come twice in the same bytes and mean two changes.
        let changed = waiting_for
            .as_ref()
            .is_some_and(|reference| reference.kind == RefKind::Resource);
        let message = Parked {
            id: if changed {
                Uuid::now_v7()
            } else {
                id_of(delivery, place)
            },
            source: delivery.source.clone(),
            reason,
            waiting_for,
            dead_since,
            received_at: now,
            body: delivery.body.clone(),
            headers: delivery.headers.clone(),
        };
        let died = self.shared.journal.park(&message).await;
        if died.map_err(unavailable)? {
            count_dead(&message.source);
        }
        if let Some(reference) = message.waiting_for {
            self.shared.hints.give(Hint::Awaited(reference));
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

    /// Everything that waits for a reference.
    pub(super) async fn waiting_for(&self, reference: &OrderRef) -> Result<Vec<Parked>, HubError> {
        let mut all: Vec<Parked> = Vec::new();
        loop {
            let mark = all.last().map(|last| (last.received_at, last.id));
            let page = self.shared.journal.parked(reference, mark, ROUND).await;
            let page = page.map_err(unavailable)?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    /// Offers everything that waits for a reference; whether anything living still does.
    pub(super) async fn offer_waiting(
        &self,
        inlets: &dyn Inlets,
        reference: &OrderRef,
    ) -> Result<bool, HubError> {
        let mut mark: Option<(Timestamp, Uuid)> = None;
        let mut waits = false;
        loop {
            let kept = self.shared.journal.parked(reference, mark, ROUND).await;
            let kept = kept.map_err(unavailable)?;
            let Some(last) = kept.last() else {
                return Ok(waits);
            };
            mark = Some((last.received_at, last.id));
            for message in &kept {
                waits |= self.offer_again(inlets, message).await?;
            }
        }
    }

    /// Offers a kept message again; whether it lives and waits for the same as before.
    async fn offer_again(&self, inlets: &dyn Inlets, message: &Parked) -> Result<bool, HubError> {
        let Some(delivery) = inlets.read(message) else {
            return self.wait_on(message, "its connection is gone").await;
        };
        // The id says which of the delivery's items the message is.
        let place = (0..delivery.items.len()).find(|place| id_of(&delivery, *place) == message.id);
        let Some((place, item)) = place.and_then(|p| Some((p, delivery.items.get(p)?))) else {
            return self
                .bury(message, "it does not say any more what it said")
                .await;
        };
        match self.offer(&delivery, item).await? {
            Verdict::Applied(_) => {
                let forgotten = self.shared.journal.unpark(message.id).await;
                forgotten.map_err(unavailable)?;
                metrics::counter!("orderhub_parked_applied_total").increment(1);
                let waited = self.shared.clock.now().duration_since(message.received_at);
                let source = message.source.clone();
                metrics::histogram!("orderhub_webhook_apply_delay_seconds", "source" => source)
                    .record(std::time::Duration::try_from(waited).unwrap_or_default());
                Ok(false)
            }
            Verdict::Waits(reference) if message.waiting_for.as_ref() == Some(&reference) => {
                self.wait_on(message, NO_ORDER).await
            }
            Verdict::Waits(reference) => {
                self.keep(&delivery, place, Keep::Until(reference)).await?;
                Ok(false)
            }
            Verdict::Kept(reason) => {
                self.keep(&delivery, place, Keep::For(reason)).await?;
                Ok(false)
            }
            Verdict::Unreadable(reason) => self.bury(message, &reason).await,
        }
    }

    /// Whether a message that still waits is to wait on; when it has waited for too long, it is
    /// dead.
    pub(super) async fn wait_on(&self, message: &Parked, why: &str) -> Result<bool, HubError> {
        if message.dead_since.is_some() {
            return Ok(false);
        }
        let waited = self.shared.clock.now().duration_since(message.received_at);
        if waited < self.shared.policy.parked_patience {
            return Ok(true);
        }
        let patience = self.shared.policy.parked_patience.as_secs();
        self.bury(message, &format!("{why} after {patience} s"))
            .await
    }

    /// Declares a message dead: it stays for a person to look at.
    async fn bury(&self, message: &Parked, why: &str) -> Result<bool, HubError> {
        let now = self.shared.clock.now();
        let buried = self.shared.journal.bury(message.id, &dead(why), now).await;
        if buried.map_err(unavailable)? {
            count_dead(&message.source);
            tracing::warn!(
                message.id = %message.id,
                source = message.source,
                why,
                "a parked message is dead; replay or discard it by hand"
            );
        }
        Ok(false)
    }
}

/// Why a message is kept that waits for its order.
const NO_ORDER: &str = "no_order";

/// Why a message is kept that waits for this.
pub(super) const fn reason_of(reference: &OrderRef) -> &'static str {
    match reference.kind {
        RefKind::Order | RefKind::Payment | RefKind::Tracking => NO_ORDER,
        RefKind::Resource => "to_look_up",
    }
}

fn dead(why: &str) -> String {
    format!("dead: {why}")
}

fn count_dead(source: &str) {
    metrics::counter!("orderhub_dead_letters_total", "source" => source.to_owned()).increment(1);
}

/// The id under which an item of a delivery is kept.
pub(super) fn id_of(delivery: &Delivery, place: usize) -> Uuid {
    let mut name = Vec::with_capacity(delivery.source.len() + delivery.body.len() + 16);
    let query = delivery.headers.get(KEPT_QUERY);
    let query = query.map(String::as_bytes);
    for part in [delivery.source.as_bytes(), &delivery.body]
        .into_iter()
        .chain(query)
    {
        name.extend_from_slice(&(part.len() as u64).to_be_bytes());
        name.extend_from_slice(part);
    }
    name.extend_from_slice(&(place as u64).to_be_bytes());
    Uuid::new_v5(&KEPT, &name)
}
