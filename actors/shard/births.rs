//! Creates: decided once, whoever asks how often at once.
//!
//! A create is optimistic: a new id, an append, no reading. While it is under way everybody who
//! sends the same order waits for it; a conflict reads the order that was there.

use std::sync::Arc;

use orderhub_domain::ids::OrderId;
use orderhub_domain::order::{Event, Recorded, Request};

use super::door::overloaded;
use super::live::{Entry, Phase};
use super::{Birth, NaturalKey, Permit, PlaceReply, ShardMsg, ShardState};
use crate::api::{HubError, NewOrder, Placed};
use crate::order::{OrderMsg, Start};

/// A create under way.
pub(super) struct Pending {
    pub(super) id: OrderId,
    waiters: Vec<Waiter>,
}

/// Somebody who sent the order. The first one's is the body that counts.
struct Waiter {
    body_hash: String,
    request: Option<Request>,
    reply: PlaceReply,
    /// Given back with the answer.
    _permit: Permit,
}

impl Waiter {
    fn answer(self, outcome: Result<Placed, HubError>) {
        // A sender that has gone away sends it again.
        drop(self.reply.send(outcome));
    }

    /// The answer to somebody who sent an order that is there.
    fn recognise(self, id: OrderId, received: &Arc<Recorded>, first: bool) {
        let Event::Received(stored) = &received.event else {
            let broken = "the order's log does not begin with its receipt";
            return self.answer(Err(HubError::ReadOnly(broken.into())));
        };
        let maker = stored.request.as_ref().zip(self.request.as_ref());
        let same_key = maker.is_some_and(|(one, other)| one.command_id == other.command_id);
        let outcome = if stored.body_hash == self.body_hash {
            Ok(Placed {
                order: id,
                repeated: !first,
                replayed: !first && same_key,
                received: received.as_ref().clone(),
            })
        } else if same_key {
            Err(HubError::KeyReused)
        } else {
            Err(HubError::ExternalIdConflict { existing: id })
        };
        self.answer(outcome);
    }
}

impl Pending {
    fn answer_all(self, outcome: &HubError) {
        for waiter in self.waiters {
            waiter.answer(Err(outcome.clone()));
        }
    }
}

impl ShardState {
    pub(super) async fn place(&mut self, order: NewOrder, permit: Permit, reply: PlaceReply) {
        let key: NaturalKey = (order.channel, order.submission.draft.external_id.clone());
        let waiter = Waiter {
            body_hash: order.body_hash.clone(),
            request: order.request.clone(),
            reply,
            _permit: permit,
        };
        if self.closed {
            return waiter.answer(Err(super::door::starting()));
        }
        if let Some(pending) = self.births.get_mut(&key) {
            if pending.waiters.len() >= self.shared.limits.per_order {
                return waiter.answer(Err(overloaded()));
            }
            pending.waiters.push(waiter);
            return;
        }
        let known = self.known.get(&key).copied();
        let received = known.and_then(|id| Some((id, self.orders.get(&id)?.received.clone()?)));
        if let Some((id, received)) = received {
            return waiter.recognise(id, &received, false);
        }
        let id = self.shared.new_order_id(order.channel.hash16(&key.1));
        let Some(actor) = self.spawn(id, Start::New).await else {
            return waiter.answer(Err(super::door::starting()));
        };
        drop(actor.cast(OrderMsg::Place(key.clone(), Box::new(order))));
        self.orders.insert(id, Entry::new(Phase::Live(actor)));
        let waiters = vec![waiter];
        self.births.insert(key, Pending { id, waiters });
    }

    pub(super) fn born(&mut self, key: NaturalKey, id: OrderId, birth: Birth) {
        match birth {
            Birth::Committed(received) => {
                let Some(pending) = self.births.remove(&key) else {
                    return;
                };
                if let Some(entry) = self.orders.get_mut(&id) {
                    entry.received = Some(Arc::clone(&received));
                    entry.key = Some(key.clone());
                    self.known.insert(key, id);
                }
                for (place, waiter) in pending.waiters.into_iter().enumerate() {
                    waiter.recognise(id, &received, place == 0);
                }
            }
            Birth::Duplicate(existing) => {
                self.dismiss(id);
                self.read_existing(key, existing);
            }
            Birth::Failed(error) => {
                self.dismiss(id);
                if let Some(pending) = self.births.remove(&key) {
                    pending.answer_all(&error);
                }
            }
        }
    }

    /// Reads the first event of the order that was there; who waits goes on waiting.
    fn read_existing(&self, key: NaturalKey, id: OrderId) {
        let (shared, myself) = (Arc::clone(&self.shared), self.myself.clone());
        tokio::spawn(async move {
            let loaded = shared.journal.load(&[id]).await;
            let read = match loaded {
                Err(error) => Err(HubError::Unavailable(error.0)),
                Ok(loaded) => match loaded.into_iter().next().map(|loaded| loaded.events) {
                    None => Err(HubError::NotFound("order")),
                    Some(Err(reason)) => Err(HubError::ReadOnly(reason)),
                    Some(Ok(events)) => {
                        let first = events.into_iter().next().map(Arc::new);
                        first.ok_or(HubError::NotFound("order"))
                    }
                },
            };
            drop(myself.cast(ShardMsg::Existing { key, id, read }));
        });
    }

    pub(super) fn existing(
        &mut self,
        key: &NaturalKey,
        id: OrderId,
        read: Result<Arc<Recorded>, HubError>,
    ) {
        let Some(pending) = self.births.remove(key) else {
            return;
        };
        match read {
            Ok(received) => {
                for waiter in pending.waiters {
                    waiter.recognise(id, &received, false);
                }
            }
            Err(error) => pending.answer_all(&error),
        }
    }

    /// The actor of a create died before it said how the commit ended.
    pub(super) fn stillborn(&mut self, id: OrderId) -> bool {
        let key = self.births.iter().find(|(_, pending)| pending.id == id);
        let Some(key) = key.map(|(key, _)| key.clone()) else {
            return false;
        };
        if let Some(pending) = self.births.remove(&key) {
            let unknown = "the order's process ended while it was recorded";
            pending.answer_all(&HubError::OutcomeUnknown(unknown.into()));
        }
        true
    }
}
