//! The way in: bounds before the mailbox, and the ways to talk to an order from anywhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use orderhub_domain::ids::OrderId;
use orderhub_domain::order::{Fact, Input, InputBody};
use ractor::ActorRef;
use tokio::sync::oneshot;

use super::ShardMsg;
use crate::api::{Done, HubError, NewOrder, Placed};
use crate::lanes::Urgency;
use crate::order::Envelope;
use crate::shared::Shared;

/// How long somebody who was refused stays away.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Tries to deliver an answer; after them the effect's lease brings it back.
const REPORTS: u32 = 6;

/// Where a shard can be reached.
#[derive(Clone)]
pub(crate) struct ShardDoor {
    pub(crate) actor: ActorRef<ShardMsg>,
    /// Requests and reports under way.
    pub(crate) busy: Arc<AtomicUsize>,
}

/// A place among those that may be under way at once; free again when dropped.
pub(crate) struct Permit(Arc<AtomicUsize>);

impl Permit {
    /// Takes a place, if there is one.
    pub(crate) fn take(busy: &Arc<AtomicUsize>, most: usize) -> Option<Self> {
        let below = |busy: usize| (busy < most).then_some(busy + 1);
        busy.fetch_update(Ordering::AcqRel, Ordering::Acquire, below)
            .ok()?;
        Some(Self(Arc::clone(busy)))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

pub(crate) fn overloaded() -> HubError {
    HubError::Overloaded {
        retry_after: RETRY_AFTER,
    }
}

fn gone() -> HubError {
    HubError::OutcomeUnknown("the order's process ended; the same request finds out".into())
}

impl Shared {
    /// Records an order, or recognises it.
    pub(crate) async fn place(&self, order: NewOrder) -> Result<Placed, HubError> {
        let external_id = &order.submission.draft.external_id;
        let shard = order.channel.shard(external_id);
        let door = self.shard(shard).ok_or_else(starting)?;
        let permit = Permit::take(&door.busy, self.limits.per_shard).ok_or_else(overloaded)?;
        let (reply, answer) = oneshot::channel();
        let message = ShardMsg::Place(Box::new(order), permit, reply);
        door.actor.cast(message).map_err(|_| starting())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Asks an order, under the bounds that hold for everybody outside.
    pub(crate) async fn ask(
        &self,
        order: OrderId,
        input: Input,
        urgency: Urgency,
    ) -> Result<Done, HubError> {
        let door = self.shard(order.shard()).ok_or_else(starting)?;
        let permit = Permit::take(&door.busy, self.limits.per_shard).ok_or_else(overloaded)?;
        self.deliver(&door, order, input, urgency, vec![permit], true)
            .await
    }

    /// Tells an order what came of its own effects. Never refused, and tried again while the store
    /// is away. Whether the order has committed it (or knew it).
    pub(crate) async fn report(&self, order: OrderId, fact: Fact) -> bool {
        for round in 0..REPORTS {
            let input = Input {
                actor: "system".into(),
                body: InputBody::Fact(fact.clone()),
            };
            let answer = match self.shard(order.shard()) {
                Some(door) => {
                    let no_bound = Vec::new();
                    self.deliver(&door, order, input, Urgency::Fact, no_bound, false)
                        .await
                }
                None => Err(starting()),
            };
            match answer {
                Ok(_) => return true,
                Err(
                    HubError::Unavailable(_)
                    | HubError::OutcomeUnknown(_)
                    | HubError::Overloaded { .. },
                ) => {}
                Err(error) => {
                    tracing::warn!(order.id = %order, %error, "an answer was not taken");
                    return false;
                }
            }
            if !self.health.is_serving() {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(100 << round)).await;
        }
        false
    }

    /// Wakes an order. A hint: nobody hears how it went.
    pub(crate) fn wake(&self, order: OrderId) {
        if let Some(door) = self.shard(order.shard()) {
            drop(door.actor.cast(ShardMsg::Wake(order)));
        }
    }

    async fn deliver(
        &self,
        door: &ShardDoor,
        order: OrderId,
        input: Input,
        urgency: Urgency,
        permits: Vec<Permit>,
        bounded: bool,
    ) -> Result<Done, HubError> {
        let (reply, answer) = oneshot::channel();
        let envelope = Envelope {
            input,
            urgency,
            troubled: false,
            reply: Some(reply),
            permits,
        };
        let message = ShardMsg::Deliver(order, Box::new(envelope), bounded);
        door.actor.cast(message).map_err(|_| starting())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }
}

pub(crate) fn starting() -> HubError {
    HubError::Unavailable("the shard is starting; try again".into())
}
